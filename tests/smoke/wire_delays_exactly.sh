#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A wire of 10 ms delays every frame of a real capture by 10 ms, to the nanosecond, and changes none.
. "$(dirname "$0")/_init.sh"

wire 1 'delay = 10ms' >wire.ini

expect 0 "the capture goes through the wire" "$CORRIDOR" -j replay wire.ini \
	--in west="$golden/lux.pcap" --out east=east.pcapng
sent=$(frames "$golden/lux.pcap")
check "every frame is counted in and out" json \
	".ports.west.received == $sent and .ports.east.sent == $sent" out
check "none is lost or left behind" json '.channels["span:forward"] |
	.entered == .delivered and .in_flight == 0 and ([.lost[]] | add) == 0' out
check "there are as many frames as were sent" test "$(frames east.pcapng)" = "$sent"
paste -d . <(times "$golden/lux.pcap") <(times east.pcapng) |
	awk -F . '{ n[($3 - $1) * 1000000000 + $4 - $2]++ } END { for (d in n) print n[d], d }' >delays
check "each delay is 10000000 ns" test "$(cat delays)" = "$sent 10000000"
hex() { tcpdump -nn -t -xx -r "$1" 2>/dev/null; }
check "no byte has changed" cmp <(hex "$golden/lux.pcap") <(hex east.pcapng)

expect 0 "verify agrees" "$CORRIDOR" -j verify --sent "$golden/lux.pcap" --received east.pcapng \
	--topology wire.ini --from west --to east
check "and measures the same delay" json '.verdict == "pass" and .lost == 0 and
	.delay_ns.min == 10000000 and .delay_ns.max == 10000000' out
