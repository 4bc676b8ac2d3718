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

rtt_us=$(jq '.rtt_ns / 1000 | floor' path.json)
near() { [ -n "$1" ] && [ "$1" -ge $((rtt_us - 20)) ] && [ "$1" -le $((rtt_us + 200)) ]; }
median=$(median_rtt_us "$west" 10.3.0.2 100)
check "ping takes $rtt_us us and at most 200 more ($median)" near "$median"
median=$(median_rtt_us "$west" 2001:db8:3::2 100)
check "over IPv6 too ($median)" near "$median"

expect 0 "traceroute" ip netns exec "$west" traceroute -n -q 1 -w 2 10.3.0.2
check "names Bettembourg, Brussels, Antwerp, Rotterdam, Amsterdam" test \
	"$(awk 'NR > 1 { print $2 }' out | xargs)" = \
	"10.255.0.1 10.255.0.9 10.255.0.10 10.255.0.11 10.255.0.3 10.3.0.2"
# Each site answers after twice the delay up to it; five milliseconds are this machine's own.
jq '[foreach .hops[].delay_ns as $d (0; . + $d; . * 2 / 1e6)] | .[]' path.json >due
awk 'NR > 2 && NR < 7 { print $3 }' out | paste - due >answers
# shellcheck disable=SC2016 # awk's fields
check "each at twice the delay up to it" awk \
	'$1 < $2 - 0.1 || $1 > $2 + 5 { exit 1 } END { exit NR != 4 }' answers

expect 0 "the corridor's fibre is cut" corridor conduit ardennes down
sleep 1
expect 0 "hosts reach each other by the other" ip netns exec "$west" ping -n -c 3 -i 0.2 -W 3 10.3.0.2
expect 0 "the lab ends" corridor stop
