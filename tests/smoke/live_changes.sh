#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Changes act while traffic runs: a new delay is felt at once, a cut link is gone round, and what
# cannot be done is refused and changes nothing.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping jq

write_lab
start_lab lab.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
ip netns exec "$west" ping -n -i 0.02 10.3.0.2 >ping.log 2>&1 &
pids+=($!)

# rtt FROM TO: the median of 25 pings, in microseconds.
rtt() { in_a_round pings_between "$1" "$2" "$west" 10.3.0.2 25; }
expect 0 "a delay is set" corridor link direct set delay 20ms
check "and felt at once" rtt 40000 42000
expect 0 "one direction alone" corridor link direct:reverse set delay 5ms
check "is felt at once" rtt 25000 27000
check "and the rate has stayed" test "$(corridor -j show channels direct:forward |
	jq '.[0].rate.rate')" = 12500000
expect 2 "a wrong word is refused" corridor link direct set delay 3mss
check "in one line" says_one_line
check "and nothing has changed" rtt 25000 27000

expect 0 "the link is cut" corridor link direct down
sleep 2
check "the traffic goes the long way round" rtt 60000 63000
expect 0 "the link is mended" corridor link direct up
sleep 2
check "the traffic comes back" rtt 25000 27000
check "the running ping saw the delays" grep -qE 'time=4[01]\.' ping.log
expect 0 "the lab ends" corridor stop
