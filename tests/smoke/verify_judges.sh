#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# verify judges from the captures alone: what the engine made passes; a packet that is late, gone or
# changed does not.
. "$(dirname "$0")/_init.sh"

wire 7 'netem = delay 10ms 1ms distribution normal loss gemodel 1% 25%' >wire.ini
expect 0 "a wire with jitter and bursts of loss" "$CORRIDOR" -j replay wire.ini \
	--in west="$golden/lux.pcap" --out east=east.pcap
mv out replay.json

# judge RECEIVED WORDS...: what the judge says of it.
judge() {
	"$CORRIDOR" -j verify --sent "$golden/lux.pcap" --received "$1" \
		--topology wire.ini --from west --to east "${@:2}"
}
expect 0 "passes" judge east.pcap
check "and says so" json '.verdict == "pass" and ([.tests[].pass | . != false] | all)' out
check "it counts as the engine did" test "$(jq -c '[.sent, .received, .lost]' out)" = \
	"$(jq -c '.channels["span:forward"] | [.entered, .delivered, .entered - .delivered]' replay.json)"
check "packets are lost" json '.lost > 0 and .duplicated == 0 and .corrupted == 0' out

# The 100th frame's record: nanoseconds are bytes 4 to 7, the frame begins at byte 16.
record=$(perl -e 'binmode STDIN; local $/; $_ = <STDIN>; $at = 24;
	for (1 .. 99) { $at += 16 + unpack("V", substr($_, $at + 8, 4)) } print $at' <east.pcap)
# tamper NAME BYTE: a copy in which one byte of that record has another top bit.
tamper() {
	perl -e 'binmode STDIN; binmode STDOUT; local $/; $_ = <STDIN>;
		substr($_, $ARGV[0], 1) ^= "\x40"; print' $((record + $2)) <east.pcap >"$1"
}
tamper late.pcap 6
expect 1 "one packet some milliseconds off fails" judge late.pcap
check "with a test that says so" json '.verdict == "fail" and ([.tests[].pass] | all | not)' out
tamper changed.pcap 60
expect 1 "one changed byte of payload fails" judge changed.pcap
tcpdump -r east.pcap -w short.pcap -c 3000 2>/dev/null
expect 1 "a capture that ends early fails" judge short.pcap
expect 1 "a capture of something else fails" judge "$golden/ams.pcap"
sed 's/gemodel 1% 25%/random 0.1%/' wire.ini >other.ini
expect 1 "another model fails" "$CORRIDOR" verify --sent "$golden/lux.pcap" --received east.pcap \
	--topology other.ini --from west --to east
