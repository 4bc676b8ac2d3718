#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Ping between two hosts through the lab takes twice the path's one-way delay and at most 200
# microseconds more (the median), over IPv4 and IPv6; traceroute shows the sites in their order.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping traceroute jq

write_lab
expect 0 "the path is known beforehand" "$CORRIDOR" -j path lab.ini alpha beta
check "12 ms each way" json '.delay_ns == 12000000 and .rtt_ns == 24000000' out
start_lab lab.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
expect 0 "over IPv6 too" ip netns exec "$west" ping -n -c 2 -W 3 2001:db8:3::2

# 98 bytes (118 over IPv6) at 100 Mbit/s, each way: 8 (10) us.
near() { [ -n "$1" ] && [ "$1" -ge 24000 ] && [ "$1" -le $((24000 + 200 + 20)) ]; }
rtt=$(median_rtt_us "$west" 10.3.0.2 100)
check "the median is 24 ms and at most 200 us more (${rtt} us)" near "$rtt"
rtt=$(median_rtt_us "$west" 2001:db8:3::2 100)
check "over IPv6 too (${rtt} us)" near "$rtt"

expect 0 "traceroute" ip netns exec "$west" traceroute -n -q 1 -w 2 10.3.0.2
check "shows the sites in order" test "$(awk 'NR > 1 { print $2 }' out | xargs)" = \
	"10.255.0.1 10.255.0.2 10.3.0.2"
# shellcheck disable=SC2016 # awk's fields
check "with the delay of each" awk 'NR == 2 && $3 > 5 || NR > 2 && ($3 < 24 || $3 > 30) { exit 1 }' out
expect 0 "traceroute over IPv6" ip netns exec "$west" traceroute -6 -n -q 1 -w 2 2001:db8:3::2
check "shows the sites in order" test "$(awk 'NR > 1 { print $2 }' out | xargs)" = \
	"2001:db8:ff::1 2001:db8:ff::2 2001:db8:3::2"
expect 0 "the lab ends" corridor stop
