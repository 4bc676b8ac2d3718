#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every packet that enters ends in exactly one counter: channel by channel the sums close, through
# cuts, loss and a full queue.
. "$(dirname "$0")/_init.sh"

closes='[.channels[] | .entered + .duplicated == .delivered + .in_flight + ([.lost[]] | add)] | all'

expect 0 "the corridor with its cuts" "$CORRIDOR" -j replay "$topologies/benelux.ini" \
	--in lux="$golden/lux.pcap" --in ams="$golden/ams.pcap"
check "there are many channels" json '.channels | length >= 20' out
check "each closes" json "$closes" out
check "nothing is left in flight at the end" json '[.channels[].in_flight] | add == 0' out
check "the ports took in all of both captures" json \
	".ports.lux.received == $(frames "$golden/lux.pcap") and
	 .ports.ams.received == $(frames "$golden/ams.pcap")" out
check "something was lost on the way" json '[.channels[].lost[]] | add > 0' out

cat >narrow.ini <<'INI'
[network]
name = narrow
seed = 3
[port west]
device = none
[port east]
device = none
[link span]
medium = wire
ends = west, east
netem = delay 20ms loss gemodel 1% 25% rate 300kbit limit 20
INI
expect 0 "a narrow wire with bursts of loss" "$CORRIDOR" -j replay narrow.ini \
	--in west="$golden/lux.pcap" --in east="$golden/ams.pcap" --out east=east.pcapng
check "each closes" json "$closes" out
check "the queue overflows and the model loses" json \
	'.channels["span:forward"].lost | .queue > 0 and .model > 0' out
check "the capture holds what was delivered" test "$(frames east.pcapng)" = \
	"$(jq '.channels["span:forward"].delivered' out)"
check "and the port sent it" test "$(frames east.pcapng)" = "$(jq .ports.east.sent out)"

expect 0 "a run that is stopped in the middle" "$CORRIDOR" -j replay narrow.ini \
	--in west="$golden/lux.pcap" --until 5s
check "each closes" json "$closes" out
check "with packets still in flight" json '.channels["span:forward"].in_flight > 0' out
