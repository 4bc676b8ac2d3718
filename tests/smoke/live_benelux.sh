#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The shipped corridor, live: ping between Luxembourg and Amsterdam takes what `corridor path` says
# (the median at most 200 microseconds more), traceroute names the sites in order at their times,
# and a cut is gone round.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping traceroute jq

# Namespaces of our own, and no timeline: the story here has its own.
awk '/^\[/ { timeline = /^\[event / } !timeline' "$topologies/benelux.ini" |
	sed "s/^netns = lux$/netns = $west/; s/^netns = ams$/netns = $east/" >benelux.ini
"$CORRIDOR" -j path benelux.ini bettembourg amsterdam >path.json
start_lab benelux.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 3 -i 0.2 -W 3 10.3.0.2

# The longest fibre has a jitter of 20 us; the median may be as much below.
rtt_us=$(jq '.rtt_ns / 1000 | floor' path.json)
check "ping takes what the path says, and at most 200 us more in the median" \
	in_a_round pings_between $((rtt_us - 20)) $((rtt_us + 200)) "$west" 10.3.0.2 100
check "over IPv6 too" \
	in_a_round pings_between $((rtt_us - 20)) $((rtt_us + 200)) "$west" 2001:db8:3::2 100

# Each site answers after twice the delay up to it; the rest is this machine's own.
jq '[foreach .hops[].delay_ns as $d (0; . + $d; . * 2 / 1e6)] | .[]' path.json >due
sites_in_order() {
	ip netns exec "$west" traceroute -n -q 1 -w 2 10.3.0.2 >trace
	cat trace
	[ "$(awk 'NR > 1 { print $2 }' trace | xargs)" = \
		"10.255.0.1 10.255.0.9 10.255.0.10 10.255.0.11 10.255.0.3 10.3.0.2" ] &&
		awk 'NR > 2 && NR < 7 { print $3 }' trace | paste - due |
		awk '$1 < $2 - 0.2 || $1 > $2 + 3 { exit 1 } END { exit NR != 4 }'
}
check "traceroute names the sites in order, at their times" in_a_round sites_in_order

expect 0 "the corridor's fibre is cut" corridor conduit ardennes down
sleep 1
expect 0 "hosts reach each other by the other" ip netns exec "$west" ping -n -c 3 -i 0.2 -W 3 10.3.0.2
expect 0 "the lab ends" corridor stop
