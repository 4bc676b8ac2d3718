#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A replay through a link that is too narrow: what may be cut up is, the counters sum, with any
# number of workers, and the judge takes fragments for what they are.
. "$(dirname "$0")/_init.sh"
for program in perl jq; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done

cat >narrow.ini <<'INI'
[network]
name = narrow
seed = 3
[site a]
kind = router
address = 10.255.0.1
subnet = 10.1.0.0/16
[site b]
kind = router
address = 10.255.0.2
subnet = 10.3.0.0/16
[link span]
medium = ethernet
ends = a, b
delay = 3ms
mtu = 1000
[port west]
site = a
address = 10.1.0.1/24
[port east]
site = b
address = 10.3.0.1/24
INI
# 200 UDP packets, 1 ms apart, of 300 and, each fourth, 1400 bytes: without DF, and every other of
# the long ones with it.
perl -e '
	sub sum { my ($s, @w) = (0, unpack("n*", $_[0])); $s += $_ for @w;
		$s = ($s & 0xffff) + ($s >> 16) while $s >> 16; return ~$s & 0xffff }
	binmode STDOUT;
	print pack("VvvVVVV", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1);
	for my $i (0 .. 199) {
		my $bytes = $i % 4 ? 272 : 1372;
		my $h = pack("CCnnnCCna4a4", 0x45, 0, 28 + $bytes, $i, $i % 8 == 4 ? 0x4000 : 0, 64, 17, 0,
			pack("C4", 10, 1, 0, 2), pack("C4", 10, 3, 0, 2));
		substr($h, 10, 2) = pack("n", sum($h));
		my $frame = pack("H*", "02c000000001020000000099") . pack("n", 0x800) . $h .
			pack("nnnnN", 1000, 2000, 8 + $bytes, 0, $i) . "\0" x ($bytes - 4);
		print pack("VVVV", 1, $i * 1000000, length $frame, length $frame), $frame;
	}' >in.pcap

expect 0 "it is replayed" "$CORRIDOR" -j replay narrow.ini --in west=in.pcap \
	--out east=east.pcapng --out west=west.pcapng
check "25 packets are cut in two, 25 have DF" json \
	'.sites.a.fragmented == 25 and .sites.a.lost.mtu == 25' out
check "their sender is told" json '.sites.a.originated == 25 and .ports.west.sent == 25' out
check "all pieces arrive" json '.ports.east.sent == 200 and .ports.east.sent ==
	.ports.west.received + .sites.a.fragmented - .sites.a.lost.mtu' out
check "none is longer than the link takes" test -z "$(tcpdump -nn -r east.pcapng 'ip[2:2] > 1000' 2>/dev/null)"
expect 0 "the judge passes it" "$CORRIDOR" -j verify --sent in.pcap --received east.pcapng \
	--topology narrow.ini --from west --to east
check "of 200 packets 150 came whole and 25 in parts, and nothing came that was not sent" json \
	'.sent == 200 and .received == 175 and .lost == 25 and .extra == 0 and .unreachable == 25 and .fragments == 50' out
expect 0 "with two workers" "$CORRIDOR" replay narrow.ini --in west=in.pcap --workers 2 \
	--out east=east2.pcapng
check "the same bytes come out" cmp east.pcapng east2.pcapng
