#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A wire's queue becomes every other kind while frames wait in it, its line changes, and what waits
# is cut: each frame's fate is what the law says, with any number of workers.
. "$(dirname "$0")/_init.sh"

wire 7 'delay = 3ms' 'rate = 250kbit' 'limit = 40kb' 'queue = codel' >wire.ini
n=0
while read -r words; do
	n=$((n + 1))
	printf '[event e%d]\nat = %d.5s\ndo = link span %s\n' $n $((2 * n)) "$words" >>wire.ini
done <<'LINES'
set queue prio
set limit 10 queue fq_codel
set limit 50 queue tail
set queue drr weights 3,1,1
set rate 300kbit
set queue head
set queue red min 3000 max 9000 avpkt 500 limit 60kb
set queue codel target 3ms limit 30
set queue pie
set limit 100ms queue prio inflight cut
set queue codel inflight cut
set delay 4ms inflight retime
set rate 200kbit queue fq_codel flows 4
LINES

expect 0 "the changes are made" "$CORRIDOR" -j replay wire.ini --in west="$golden/lux.pcap" \
	--out east=east.pcapng
check "frames were waiting when they were cut" json '.channels["span:forward"].lost.cut > 0' out
check "and none is left" json '.channels["span:forward"] | .in_flight == 0 and
	.entered == .delivered + ([.lost[]] | add)' out
cp out one
"$CORRIDOR" -j replay wire.ini --in west="$golden/lux.pcap" --out east=three.pcapng \
	--workers 3 >out 2>err || true
check "the same with three workers" cmp east.pcapng three.pcapng
check "and the same counters" cmp one out
expect 0 "verify agrees" "$CORRIDOR" -j verify --sent "$golden/lux.pcap" --received east.pcapng \
	--topology wire.ini --from west --to east
check "on each frame" json '[.tests[] | select(.name == "law") | .pass] == [true]' out
