#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A link narrower than the ports: routers cut IPv4 packets without DF up, and say how long a packet
# may be to the senders of others, so that TCP and ping find their way; the counters sum.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping iperf3 jq

write_lab
sed -i '/^ends = /a mtu = 1300' lab.ini
start_lab lab.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
expect 0 "long packets without DF pass" \
	ip netns exec "$west" ping -n -c 5 -i 0.1 -W 3 -M "dont" -s 1472 10.3.0.2
expect 0 "those that the host has cut up pass, too" \
	ip netns exec "$west" ping -n -c 3 -i 0.1 -W 3 -M "dont" -s 4000 10.3.0.2
corridor -j show stats >stats.json
# A request and a reply of 1500 bytes are one fragment more each; of three pieces of 4028 bytes, two
# are full: 5 x 2 + 3 x 2 x 2.
check "each fragment more is counted" json '.[0].fragmented == 22' stats.json
sums_close() { # unless something is counted while they are read
	corridor -j show stats >stats.json
	json '.[0] | .received + .flows_sent + .originated + .flooded + .fragmented ==
		.sent + .flows_received + .local + .pending + .in_flight + ([.lost[]] | add)' stats.json
}
check "and the sums close" until_true 5 sums_close

# Three, as the host remembers what it has learnt.
expect 1 "with DF they do not" ip netns exec "$west" ping -n -c 3 -i 0.3 -W 1 -M "do" -s 1472 10.3.0.2
check "and the site says how long they may be" grep -q 'mtu *= *1300' out
expect 0 "over IPv6 the host learns it, and cuts them up itself" ip netns exec "$west" \
	sh -c 'ping -6 -n -c 1 -W 1 -M want -s 1452 2001:db8:3::2
		ping -6 -n -c 3 -i 0.2 -W 3 -M want -s 1452 2001:db8:3::2'
ip netns exec "$west" ip route flush cache
serve_iperf "$east"
check "TCP finds its size, too" in_a_round carries "$west" 10.3.0.2 80 100
expect 0 "the lab ends" ends
