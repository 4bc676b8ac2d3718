#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Live and replayed are one: what went into a live wire, replayed in the same order with the changes
# that were made, has the same fate packet by packet, lost, delivered or copied; and live nothing
# comes before its instant in the replay.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" tcpdump jq perl

live_wire 8361925304071186719 \
	'netem = delay 30ms 4ms 25% distribution normal loss gemodel 3% 30% duplicate 5% 20% reorder 4% late 9ms' >lab.ini
change='loss random 8% duplicate 10% delay 50ms 9ms 40%'
for name in "$west" "$east"; do ip6_default "$name" disable_ipv6=1; done

# send FROM COUNT: numbered datagrams, up to nine in a row without a pause.
send() {
	# shellcheck disable=SC2016 # perl's variables
	ip netns exec "$west" perl -MSocket -e '
		my ($number, $count) = @ARGV;
		socket(my $out, PF_INET, SOCK_DGRAM, 17) or die $!;
		my $to = pack_sockaddr_in(7, inet_aton("192.0.2.2"));
		for (1 .. $count) {
			my $data = pack("N", $number++) . "x" x ($number * 37 % 1200);
			send($out, $data, 0, $to) or die $!;
			select(undef, undef, undef, 0.002) unless $number * 7 % 9;
		}' "$@"
}

# dump NAMESPACE DIRECTION FILE: captures datagrams from now on; its pid is in dump_pid.
dump() {
	ip netns exec "$1" tcpdump -i eth0 -Q "$2" -B 16384 --immediate-mode -n --time-stamp-precision=nano \
		-w "$3" udp port 7 >/dev/null 2>"$3.err" &
	dump_pid=$!
	pids+=("$dump_pid")
	until_true 10 grep -q 'listening on' "$3.err"
}

# arrivals FILE: number and instant of each datagram in a capture.
arrivals() {
	# shellcheck disable=SC2016 # perl's variables
	perl -e 'binmode STDIN; local $/; my ($all, $at) = (scalar <STDIN>, 24);
		while ($at < length $all) {
			my ($seconds, $ns, $stored) = unpack "VVV", substr $all, $at, 12;
			printf "%d %d.%09d\n", unpack("N", substr $all, $at + 16 + 42, 4), $seconds, $ns;
			$at += 16 + $stored;
		}' <"$1"
}
# fates FILE: how often each number came, of those that did.
fates() { arrivals "$1" | awk '{ n[$1]++ } END { for (i in n) print i, n[i] }' | sort -n; }

passed() { corridor -j show ports | jq -e '.[0].received >= '"$1"; }
settled() { # nothing is in flight any more
	corridor -j show channels span:forward | jq -e '.[0].in_flight == 0'
}
all_through() { # COUNT
	until_true 10 passed "$1" || return 0 # the count at the end will tell
	until_true 10 settled || true
}

# run_live: 1500 datagrams, a change while nothing is in flight, 1500 more. False when the kernel has
# lost one before the lab saw it, as a busy machine may.
run_live() {
	rm -f in.pcap out.pcap
	start_lab lab.ini
	ip -n "$west" link set eth0 up
	ip -n "$east" link set eth0 up
	ip -n "$west" addr add 192.0.2.1/30 dev eth0
	ip -n "$west" neigh add 192.0.2.2 lladdr 02:00:00:00:00:77 dev eth0 nud permanent
	dump "$west" out in.pcap
	local in_pid=$dump_pid
	dump "$east" in out.pcap
	local out_pid=$dump_pid
	send 0 1500
	all_through 1500
	# shellcheck disable=SC2086 # words
	corridor link span:forward set $change
	sleep 1
	send 1500 1500
	all_through 3000
	sleep 0.3
	corridor -j show ports >ports.json
	corridor -j show channels span:forward >channels.json
	ends
	kill "$in_pid" "$out_pid"
	wait "$in_pid" "$out_pid" || true
	[ "$(frames in.pcap)" = 3000 ] && json '.[0].received == 3000' ports.json &&
		[ "$(jq '.[1].sent' ports.json)" = "$(frames out.pcap)" ]
}
check "3000 datagrams are sent through a live wire" in_a_round run_live

# The change again, in the middle of the pause in which it was made.
at_ns=$(arrivals in.pcap | awk '
	NR == 1 { first = $2 }
	$1 == 1500 { printf "%.0f", ((last + $2) / 2 - first) * 1e9 }
	{ last = $2 }')
cp lab.ini replay.ini
printf '%s\n' '[event change]' "at = ${at_ns}ns" "do = link span:forward set $change" >>replay.ini
expect 0 "what went in is replayed, with the change" "$CORRIDOR" -j replay replay.ini \
	--in west=in.pcap --out east=replayed.pcap --journal journal.txt
mv out replay.json
fates out.pcap >live.fates
fates replayed.pcap >replay.fates
check "each datagram has the same fate" cmp live.fates replay.fates
# shellcheck disable=SC2016 # awk's variables
check "some are lost and some come twice" awk '
	{ one += $2 == 1; two += $2 == 2 } END { exit !(one + two < 2950 && two > 50) }' live.fates
expect 0 "with another seed" "$CORRIDOR" replay replay.ini --in west=in.pcap --out east=other.pcap --seed 1
fates other.pcap >other.fates
check "it would have another" bash -c '! cmp -s live.fates other.fates'
check "the counters agree" test \
	"$(jq -c '.[0] | [.entered, .delivered, .duplicated, .reordered]' channels.json)" = \
	"$(jq -c '.channels["span:forward"] | [.entered, .delivered, .duplicated, .reordered]' replay.json)"

# By how many microseconds the first arrival of each number is later live than replayed: the lab
# reads its clock after the capture has.
arrivals replayed.pcap | awk '!($1 in at) { at[$1] = $2; print }' | sort >replayed.first
arrivals out.pcap | awk '!($1 in at) { at[$1] = $2; print }' | sort >live.first
join live.first replayed.first | awk '{ printf "%.3f\n", ($2 - $3) * 1e6 }' | sort -n >late.us
# 50 us are for two clocks of the kernel and the rounding of awk.
# shellcheck disable=SC2016 # awk's variables
check "live nothing comes before its instant" awk '
	NR == 1 { least = $1 } END { exit NR < 2000 || least < -50 }' late.us
expect 0 "and the judge agrees, by the replay's journal" "$CORRIDOR" -j verify \
	--sent in.pcap --received out.pcap --topology replay.ini --journal journal.txt \
	--from west --to east --tolerance 2s
check "on every packet's fate" json '[.tests[] | select(.name == "law") | .pass] == [true]' out
