#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What captures show of a radio in the weather: its delay is the geometry's to 1 us beside a line
# whose rate follows the rain; a claim of more rain is found false, or of less, and so is one of an
# earlier storm or a later one, unless there are too few packets to say. And of radios that move: the epoch
# of the captures counts, a wrong one is found.
. "$(dirname "$0")/_init.sh"

storm=$topologies/storm.ini
# send COUNT MS FROM TO: a datagram of 400 bytes every so often, from a host to another.
send() {
	# shellcheck disable=SC2016 # perl's variables
	perl -e 'binmode STDOUT; my ($count, $step, @ends) = @ARGV;
		print pack "VvvVVVV", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1;
		for my $i (0 .. $count - 1) {
			my $data = pack("N", $i) . "x" x 354;
			my $ip = pack "CCnnnCCna4a4", 0x45, 0, 28 + length $data, $i % 65536, 0x4000, 64, 17, 0,
				map { pack "C4", split /\./ } @ends;
			my $sum = 0;
			$sum += $_ for unpack "n*", $ip;
			$sum = ($sum >> 16) + ($sum & 0xffff) while $sum >> 16;
			substr($ip, 10, 2) = pack "n", ~$sum & 0xffff;
			my $frame = pack("H12H12n", "020000000001", "020000000002", 0x800) . $ip .
				pack("nnnn", 7, 7, 8 + length $data, 0) . $data;
			my $ms = $i * $step;
			print pack("VVVV", 1781395200 + int($ms / 1000), $ms % 1000 * 1e6, (length $frame) x 2), $frame;
		}' "$@"
}
judge() { # SENT RECEIVED TOPOLOGY FROM TO
	"$CORRIDOR" -j verify --sent "$1" --received "$2" --topology "$3" --from "$4" --to "$5"
}
by_geometry='.tests[] | select(.name == "geometry")'

# Ka alone: its rates change, and it is down in the middle of the storm.
awk '/^\[/ { skip = $2 == "betzdorf-redu-x]" } !skip' "$storm" >ka.ini
send 3000 1000 10.6.0.9 10.7.0.9 >sent.pcap
expect 0 "50 minutes in a storm are replayed" "$CORRIDOR" -j replay ka.ini --in west=sent.pcap --out east=came.pcapng
check "some of it gets through" json '.ports.east.sent > 1200 and .ports.east.sent < 1700' out
expect 0 "and verify finds them so" judge sent.pcap came.pcapng ka.ini west east
check "their delays by the geometry alone, to 1 us" json "$by_geometry | .pass and .measured < 1000 and .measured > -1000" out
sed 's/^rain = 60mm/rain = 80mm/' ka.ini >heavier.ini
expect 1 "heavier rain would have been slower" judge sent.pcap came.pcapng heavier.ini west east
check "which the geometry shows" json "$by_geometry | .pass == false and .measured < -1000" out
sed 's/^start = 20min/start = 1190s/' ka.ini >earlier.ini
expect 1 "ten seconds earlier, too" judge sent.pcap came.pcapng earlier.ini west east
by_line='.tests[] | select(.name == "line")'
sed 's/^rain = 60mm/rain = 48mm/' ka.ini >lighter.ini
expect 1 "a fifth less rain would have been faster" judge sent.pcap came.pcapng lighter.ini west east
check "which the line shows, with both rates" json "$by_line | .pass == false and .unit == \"bit/s\" and
	.measured < .expected and (.note | contains(\"in a row\"))" out
check "and losses that nothing explains" json '.tests[] | select(.name == "loss") | .pass == false' out
sed 's/^start = 20min/start = 21min/' ka.ini >later.ini
expect 1 "a minute later, too" judge sent.pcap came.pcapng later.ini west east
check "by the line" json "$by_line | .pass == false" out
printf '[flow beat]\nfrom = betzdorf\nto = redu\nrate = 1pps\n' | cat ka.ini - >shared.ini
expect 0 "where others may be on the way" judge sent.pcap came.pcapng shared.ini west east
check "the line cannot tell" json "$by_line | .pass == null and (.note | contains(\"others\"))" out
send 100 30000 10.6.0.9 10.7.0.9 >few.pcap
expect 0 "two packets a minute" "$CORRIDOR" replay ka.ini --in west=few.pcap --out east=few.pcapng
expect 0 "are judged" judge few.pcap few.pcapng ka.ini west east
check "but too few to tell of the line" json "$by_line | .pass == null and (.note | contains(\"too few\"))" out

# A ring that moves, with radios. Without an epoch the run's is that of the captures.
ring() { # NODE
	printf '[network]\nname = ring\n'
	printf '[site %s]\naddress = %s\nsubnet = %s\nposition = %s\n' \
		betzdorf 10.255.0.1 10.6.0.0/16 '49.6935, 6.33, 300' \
		thermopylae 10.255.0.2 10.7.0.0/16 '38.8225, 22.6867, 50'
	printf '[port %s]\nsite = %s\naddress = %s\n' \
		west betzdorf 10.6.0.1/24 east thermopylae 10.7.0.1/24
	printf '[constellation ring]\nequal = 12 8062km inclination 5deg %s phase 7deg\n' "$1"
	printf '[link ring]\nends = betzdorf, thermopylae\nmedium = satellite\nvia = ring\n'
	printf 'band = Ka 28.5GHz 18.8GHz\nantenna = 3.7m\npower = 40W\nnoise = 250K\n'
	printf 'satellite_gt = 6dB/K\nsatellite_eirp = 46dBW\nsymbol_rate = 30Mbaud\nlimit = 100ms\n'
}
at() { sed "s/^name = ring/&\nepoch = $1/" "$2"; }
ring 'raan 100deg' >ring.ini
send 300 10000 10.6.0.9 10.7.0.9 >sent.pcap
expect 0 "50 minutes over a ring are replayed" "$CORRIDOR" -j replay ring.ini --in west=sent.pcap --out east=came.pcapng
check "whole, but for what a handover takes" json '.ports.east.sent > 295' out
expect 0 "and verify takes the epoch from the captures" judge sent.pcap came.pcapng ring.ini west east
check "by the geometry alone, to 1 us" json "$by_geometry | .pass and .measured < 1000 and .measured > -1000" out
at 2026-06-14T00:00:00Z ring.ini >same.ini
expect 0 "that epoch, written" judge sent.pcap came.pcapng same.ini west east
at 2026-06-14T00:00:10Z ring.ini >later.ini
expect 1 "ten seconds later is another sky" judge sent.pcap came.pcapng later.ini west east
check "which the geometry shows" json "$by_geometry | .pass == false" out
# Nodes that are counted from Greenwich at the epoch turn with it: a run a day on is the same run.
ring '' >greenwich.ini
expect 0 "a ring that goes with the epoch" "$CORRIDOR" replay greenwich.ini --in west=sent.pcap --out east=same.pcapng
at 2026-06-15T00:00:00Z greenwich.ini >morrow.ini
expect 0 "is the same from any" judge sent.pcap same.pcapng morrow.ini west east
