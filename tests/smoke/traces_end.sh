#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A trace that runs once leaves a line that has stopped: what it cannot end is lost by name, the
# replay ends with its input, and the captures can be judged.
. "$(dirname "$0")/_init.sh"

printf 'time_s,rate\n0,20kbit\n1,0bit\n' >steps.csv
for queue in '' 'queue codel' 'queue head limit 50p'; do
	cat >wire.ini <<INI
[network]
name = wire
[port west]
device = none
[port east]
device = none
[link span]
medium = wire
ends = west, east
netem = delay 1ms $queue
trace = steps.csv once
INI
	what=${queue:-tail drop}
	expect 0 "a replay past the end of its trace: $what" "$CORRIDOR" -j replay wire.ini \
		--in west="$golden/lux.pcap" --out east=east.pcapng --journal journal
	check "nothing stays in flight, and all sums" json '.channels["span:forward"] |
		.in_flight == 0 and .lost.queue > 1000 and
		.entered == .delivered + ([.lost[]] | add)' out
	expect 0 "and is judged" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
		--received east.pcapng --topology wire.ini --from west --to east
	expect 0 "by its journal, too" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
		--received east.pcapng --topology wire.ini --journal journal \
		--from west --to east
done
