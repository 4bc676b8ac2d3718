#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Ten million packets through a replay, from a pipe and into one: all are accounted for, and memory
# does not grow with them.
. "$(dirname "$0")/_init.sh"

wire 5 'delay = 10ms 1ms distribution normal' 'loss = gemodel 1% 25%' 'rate = 1gbit' 'limit = 5ms' >wire.ini
packets=10000000

# Headers of 16 bytes and frames of 60, made by a program of a few lines: 100 ns to 2 us apart.
mkfifo in.pcap out.pcapng
perl -e '
	binmode STDOUT;
	my ($packets, $at) = (shift, 0);
	my $frame = pack("H*", "020000000001020000000002") . pack("n", 0x88b5);
	print pack("VvvVVVV", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1);
	my $block = "";
	for my $i (1 .. $packets) {
		$at += 100 + ($i * 2654435761 % 1900);
		$block .= pack("VVVV", 1 + int($at / 1e9), $at % 1000000000, 60, 60) . $frame . pack("Nx42", $i);
		if ($i % 1000 == 0) { print $block; $block = "" }
	}
	print $block' "$packets" >in.pcap &
pids+=($!)
wc -c <out.pcapng >bytes &
reader=$!
pids+=("$reader")

"$CORRIDOR" -j replay wire.ini --in west=in.pcap --out east=out.pcapng >out 2>err &
replay=$!
pids+=("$replay")
# Resident memory in kB, five times a second.
while [ -e "/proc/$replay/status" ]; do
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$replay/status" >>memory 2>/dev/null || true
	sleep 0.2
done
status=0
wait "$replay" || status=$?
wait "$reader" || true
check "the replay comes to its end" test "$status" = 0
check "all packets entered" json ".channels[\"span:forward\"].entered == $packets" out
check "each has one end" json '.channels["span:forward"] | .entered == .delivered + ([.lost[]] | add) and .in_flight == 0' out
check "what was delivered left the port" json '.ports.east.sent == .channels["span:forward"].delivered' out
check "and was written" test "$(cat bytes)" -gt $((packets * 80))
samples=$(wc -l <memory)
early=$(head -n $((samples / 4)) memory | sort -n | tail -n 1)
late=$(sort -n memory | tail -n 1)
echo "# resident: $early kB in the first quarter, $late kB at most, $samples samples"
check "memory was looked at often enough" test "$samples" -ge 12
# Packets in flight and buffers are there from the first quarter on.
check "memory does not grow with packets" test "$late" -le $((early + 4096))
