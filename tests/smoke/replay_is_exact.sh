#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A replay is exact: the same topology, captures and seed give the same bytes, whatever the number
# of workers, captures of any point included; another seed gives others.
. "$(dirname "$0")/_init.sh"

# replay FOLDER WORDS...: both golden captures through the corridor, to both ports.
replay() {
	mkdir "$1"
	"$CORRIDOR" -j replay "$topologies/benelux.ini" \
		--in lux="$golden/lux.pcap" --in ams="$golden/ams.pcap" \
		--out lux="$1/lux.pcapng" --out ams="$1/ams.pcapng" \
		--capture "lux,ams,brussels-antwerp=$1/points.pcapng" "${@:2}"
}
expect 0 "one worker" replay one --workers 1
mv out one/out
expect 0 "once more" replay again --workers 1
mv out again/out
expect 0 "two workers" replay two --workers 2
mv out two/out
check "frames arrive" test "$(frames one/ams.pcapng)" -gt 1000
check "a second run writes the same bytes" cmp one/lux.pcapng again/lux.pcapng
check "at both ports" cmp one/ams.pcapng again/ams.pcapng
check "two workers write the same bytes" cmp one/lux.pcapng two/lux.pcapng
check "at both ports" cmp one/ams.pcapng two/ams.pcapng
check "and the same capture of ports and a link" cmp one/points.pcapng two/points.pcapng
check "and count the same" cmp <(jq -S '.ports, .channels' one/out) <(jq -S '.ports, .channels' two/out)

cat >lossy.ini <<'INI'
[network]
name = lossy
seed = 1
[port west]
device = none
[port east]
device = none
[link span]
medium = wire
ends = west, east
netem = delay 10ms 1ms distribution normal loss random 5%
INI
lossy() { "$CORRIDOR" -j replay lossy.ini --in west="$golden/lux.pcap" --out east="$1" "${@:2}"; }
expect 0 "loss and jitter, seed of the file" lossy a.pcapng
expect 0 "the same seed asked for" lossy b.pcapng --seed 1 --workers 2
expect 0 "a port alone is captured" lossy p.pcapng --capture west=west.pcapng
check "all that came in there" cmp <(times west.pcapng) <(times "$golden/lux.pcap")
expect 2 "a point that is none" lossy p.pcapng --capture west,spam=west.pcapng
check "is named, and the nearest one" grep -q '"spam" (did you mean span?)' err
expect 0 "another seed" lossy c.pcapng --seed 2
check "the same seed loses the same packets at the same instants" cmp \
	<(times a.pcapng) <(times b.pcapng)
check "another seed does not" bash -c '! cmp -s <(tcpdump -nn -tt -r a.pcapng 2>/dev/null) \
	<(tcpdump -nn -tt -r c.pcapng 2>/dev/null)'
