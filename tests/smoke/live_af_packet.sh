#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Ports on interfaces of the host (af_packet on veths): ping at its time, TCP at the link's rate (its
# checksums are right although a veth leaves them to hardware), packets of the interface's MTU, an
# interface that another lab uses, and a lab that was killed and comes back.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping iperf3 jq

veths
write_lab_on af_packet
start_lab lab.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
check "ping takes 24 ms and at most 200 us more, in the median" \
	in_a_round pings_between 24000 24220 "$west" 10.3.0.2 100
check "over IPv6 too" in_a_round pings_between 24000 24220 "$west" 2001:db8:3::2 100
expect 0 "packets of 1500 bytes pass" ip netns exec "$west" ping -n -c 2 -W 3 -M "do" -s 1472 10.3.0.2
serve_iperf "$east"
check "TCP carries 85 to 100 Mbit/s" in_a_round carries "$west" 10.3.0.2 85 100
expect 0 "the lab shows its ports" corridor -j show ports
check "with the interface's MTU" json '[.[].mtu_bytes] == [1500, 1500]' out

expect 3 "another lab on the same interface is refused" "$CORRIDOR" run lab.ini --lab "other-$$"
check "in one line" says_one_line
expect 0 "and the first runs on" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
dies
start_lab lab.ini
expect 0 "after a kill it comes back" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
expect 0 "the lab ends" ends
