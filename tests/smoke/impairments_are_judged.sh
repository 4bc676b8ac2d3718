#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Each impairment, from its words through a replay to the judge: the promise is kept frame by frame
# (through a saved journal), with any number of workers; and a topology that says something else is
# found out.
. "$(dirname "$0")/_init.sh"

printf '0\n4\n9\n11\n20\n' >steps.down
printf 'time_s,delay,rate,loss\n0,10ms,2mbit,0%%\n3,25ms,1mbit,5%%\n5,5ms,3mbit,1%%\n' >series.csv
printf '0 0 1 0 0 0 0 1 1 0\n' >pattern
printf '%s\n' -12000 -8000 -3000 0 100 200 4000 9000 >samples.dist

# topology FILE WORDS...
topology() {
	wire 7 "netem = ${*:2}" >"$1"
}

# story WORDS | OTHER WORDS: the first are judged right, the second wrong.
while IFS='|' read -r words other; do
	words=$(xargs -n 100 <<<"$words") other=$(xargs -n 100 <<<"$other")
	topology right.ini "$words"
	topology wrong.ini "$other"
	expect 0 "$words: replays" "$CORRIDOR" replay right.ini --in west="$golden/lux.pcap" \
		--out east=east.pcapng --journal journal
	"$CORRIDOR" replay right.ini --in west="$golden/lux.pcap" --out east=three.pcapng \
		--workers 3 >out 2>err || true
	check "the same with three workers" cmp east.pcapng three.pcapng
	expect 0 "the journal's promise is kept" "$CORRIDOR" -j verify --sent "$golden/lux.pcap" \
		--received east.pcapng --topology right.ini --from west --to east --journal journal
	check "each frame's" json '[.tests[] | select(.name == "law") | .pass] == [true]' out
	expect 0 "the topology's too" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
		--received east.pcapng --topology right.ini --from west --to east
	expect 1 "$other is something else" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
		--received east.pcapng --topology wrong.ini --from west --to east
done <<'LINES'
delay 10ms 2ms | delay 10ms 2.1ms
delay 10ms 2ms order free | delay 10ms 2ms
delay 10ms 2ms 25% distribution normal | delay 10ms 2ms 30% distribution normal
delay 10ms 1ms distribution pareto halflife 50ms order free | delay 10ms 1ms distribution pareto halflife 40ms order free
delay 10ms 1ms distribution paretonormal | delay 10ms 1ms distribution pareto
delay 10ms 1ms distribution exponential | delay 10ms 1ms distribution lognormal
delay 10ms 5ms distribution gamma | delay 10ms 5ms distribution gamma shape 3
delay 10ms 1ms distribution samples.dist | delay 10ms 1.1ms distribution samples.dist
loss random 20% 25% | loss random 20% 20%
loss gemodel 1% 10% 70% 0.1% | loss gemodel 1% 10% 60% 0.1%
loss state 2% 30% 5% 50% 1% | loss state 2% 30% 5% 50%
loss ber 1e-5 | loss ber 2e-5
loss pattern pattern | loss pattern pattern once
loss every 50 from 3 | loss every 50
loss packet 3,9 segment dport 5201 | loss packet 3,10 segment dport 5201
loss outage 50ms every 2s | loss outage 50ms every 2s fixed
loss 5% wave square 4% 3s | loss 5%
duplicate 3% | duplicate 2%
duplicate 3% 25% delay 10ms 1ms | duplicate 3% delay 10ms 1ms
corrupt 2% bits 3 | corrupt 1.9% bits 3
delay 10ms reorder 25% 50% gap 5 | delay 10ms reorder 25% 50% gap 4
delay 10ms reorder 2% late 5ms | delay 10ms reorder 2% late 6ms
rate 1mbit 24 48 5 | rate 1mbit 24 53 5
rate 250kbit burst 10kb limit 50p | rate 250kbit burst 11kb limit 50p
rate 250kbit burst 10kb peakrate 1mbit mtu 1600b limit 50p | rate 250kbit burst 10kb peakrate 1100kbit mtu 1600b limit 50p
police cir 300kbit cbs 4kb ebs 4kb | police cir 300kbit cbs 5kb ebs 4kb
police cir 200kbit cbs 4kb ebs 6kb remark 12 | police cir 200kbit cbs 4kb ebs 6kb remark 13
police cir 200kbit cbs 4kb pir 300kbit pbs 6kb remark 12 corrupt 2% bits 3 | police cir 201kbit cbs 4kb pir 300kbit pbs 6kb remark 12 corrupt 2% bits 3
rate 250kbit police cir 200kbit cbs 4kb ebs 6kb remark 8 queue prio bands 2 dscp 8:0 limit 50 | rate 250kbit police cir 200kbit cbs 4kb ebs 6kb remark 8 queue prio bands 2 dscp 9:0 limit 50
police cir 200kbit cbs 4kb pir 300kbit pbs 6kb | police cir 200kbit cbs 4kb pir 350kbit pbs 6kb
slot 5ms 20ms packets 4 | slot 5ms 20ms packets 5
delay 10ms 1ms slot 5ms 20ms packets 4 | delay 10ms 1ms slot 5ms 20ms packets 5
rate 250kbit delay 5ms slot 5ms 20ms limit 50p | rate 240kbit delay 5ms slot 5ms 20ms limit 50p
slot distribution normal 10ms 3ms bytes 6000 delay 1ms | slot distribution normal 10ms 2ms bytes 6000 delay 1ms
rate 250kbit limit 20p | rate 250kbit limit 21p
rate 250kbit limit 8kb | rate 250kbit limit 7kb
rate 250kbit limit 100ms | rate 250kbit limit 110ms
rate 250kbit queue head limit 20p | rate 250kbit limit 20p
rate 250kbit queue red min 3000 max 9000 avpkt 500 burst 12 probability 0.1 limit 60kb | rate 250kbit queue red min 3000 max 9000 avpkt 500 burst 12 probability 0.2 limit 60kb
rate 250kbit queue codel target 5ms | rate 250kbit queue codel interval 50ms
rate 250kbit queue pie | rate 250kbit queue pie alpha 3
rate 250kbit queue fq_codel | rate 250kbit queue fq_codel quantum 300
rate 250kbit queue prio limit 50 | rate 250kbit queue prio limit 40
rate 250kbit queue drr weights 4,2,1 dscp 0:1 limit 50 | rate 250kbit queue drr weights 4,2,1 dscp 0:2 limit 5
access cra 500kbit | access cra 500kbit superframe 27ms
delay 100ms access rbdc 1mbit schedule 50ms timeout 300ms | delay 100ms access rbdc 1mbit schedule 90ms timeout 300ms
delay 50ms rate 4mbit access cra 64kbit rbdc 2mbit queue codel | delay 50ms rate 4mbit access cra 64kbit rbdc 2mbit
trace series.csv access cra 200kbit rbdc 500kbit superframe 40ms | trace series.csv access cra 200kbit rbdc 600kbit superframe 40ms
trace steps.down | trace steps.down once
trace series.csv | trace series.csv interpolate
delay 20ms wave sine 5ms 3s | delay 20ms wave sine 4ms 3s
rate 1mbit wave triangle 500kbit 2s | rate 1mbit
LINES
