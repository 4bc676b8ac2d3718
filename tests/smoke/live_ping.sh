#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Ping between two hosts through the lab takes twice the path's one-way delay and at most 200
# microseconds more (the median), over IPv4 and IPv6; traceroute shows the sites in their order; and
# who cannot be reached is said to be so.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping traceroute jq

write_lab
expect 0 "the path is known beforehand" "$CORRIDOR" -j path lab.ini alpha beta
check "12 ms each way" json '.delay_ns == 12000000 and .rtt_ns == 24000000' out
start_lab lab.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
expect 0 "over IPv6 too" ip netns exec "$west" ping -n -c 2 -W 3 2001:db8:3::2

# Serialisation at 100 Mbit/s, each way: 8 us (10 us over IPv6).
check "ping takes 24 ms and at most 200 us more, in the median" \
	in_a_round pings_between 24000 24220 "$west" 10.3.0.2 100
check "over IPv6 too" in_a_round pings_between 24000 24220 "$west" 2001:db8:3::2 100

# trace_is WORDS TARGET HOPS: the hops in order, the first at once, the others after 24 to 29 ms.
trace_is() {
	# shellcheck disable=SC2086 # a word or none
	ip netns exec "$west" traceroute $1 -n -q 1 -w 2 "$2" >trace
	cat trace
	[ "$(awk 'NR > 1 { print $2 }' trace | xargs)" = "$3" ] &&
		awk 'NR == 2 && $3 > 5 || NR > 2 && ($3 < 24 || $3 > 29) { exit 1 }' trace
}
check "traceroute shows the sites in order, at their times" \
	in_a_round trace_is "" 10.3.0.2 "10.255.0.1 10.255.0.2 10.3.0.2"
check "over IPv6 too" in_a_round trace_is -6 2001:db8:3::2 \
	"2001:db8:ff::1 2001:db8:ff::2 2001:db8:3::2"
expect 1 "where nothing leads" ip netns exec "$west" ping -n -c 1 -W 2 203.0.113.1
check "the first site says so" grep -q 'From 10.255.0.1 .*Net Unreachable' out
expect 1 "over IPv6" ip netns exec "$west" ping -n -c 1 -W 2 2001:db8:9::1
check "too" grep -q 'From 2001:db8:ff::1 .*No route' out
expect 1 "where nobody answers" ip netns exec "$west" ping -n -c 1 -W 6 10.3.0.77
check "the last site says so" grep -q 'From 10.255.0.2 .*Host Unreachable' out
# The hosts have joined groups and told their neighbours meanwhile (MLD, IGMP, mDNS to a port of it).
for target in 224.0.0.251 239.255.255.250 255.255.255.255; do
	ip netns exec "$west" ping -n -b -c 1 -W 1 -I eth0 "$target" >/dev/null 2>&1 || true
done
expect 0 "the lab shows its sums" corridor -j show stats
check "what hosts say to all on their link is no loss" json '.[0].lost["no-route"] == 3' out
check "but heard" json '.[0].local >= 3' out
expect 0 "the lab ends" corridor stop
