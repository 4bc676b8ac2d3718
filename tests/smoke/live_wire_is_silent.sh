#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An idle live wire between two namespaces carries no frame; and what link-local protocols send
# passes, unchanged.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" tcpdump jq

live_wire 1 'delay = 1ms' >wire.ini
for name in "$west" "$east"; do
	ip6_default "$name" disable_ipv6=1
done
start_lab wire.ini
ip -n "$west" link set eth0 up
ip -n "$east" link set eth0 up
sleep 3
expect 0 "the lab shows its ports" corridor -j show ports
check "no frame has passed" json 'length == 2 and ([.[] | .received + .sent] | add == 0)' out

# A real protocol of the link-local kind: the host's own ARP, and then ping.
ip -n "$west" addr add 192.0.2.1/30 dev eth0
ip -n "$east" addr add 192.0.2.2/30 dev eth0
expect 0 "ping passes" ip netns exec "$west" ping -n -c 3 -i 0.1 -W 2 192.0.2.2
expect 0 "the lab shows its ports" corridor -j show ports
check "each frame in is a frame out" json \
	'.[0].received == .[1].sent and .[1].received == .[0].sent and .[0].received >= 4' out
expect 0 "the lab ends" corridor stop
