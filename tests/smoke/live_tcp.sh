#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# iperf3 over TCP through a link of 100 Mbit/s carries 85 to 100 Mbit/s.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping iperf3 jq

write_lab
start_lab lab.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
serve_iperf "$east"
check "TCP carries 85 to 100 Mbit/s" in_a_round carries "$west" 10.3.0.2 85 100
expect 0 "the lab shows the channel" corridor -j show channels direct:forward
check "which counted it" json '.[0].delivered_bytes > 80000000' out
expect 0 "the lab ends" corridor stop
