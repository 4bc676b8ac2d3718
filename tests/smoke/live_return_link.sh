#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A running lab's link becomes one that asks for its capacity: TCP's first segment after a silence
# waits for a grant, so connecting takes a round trip more, and it is shown and taken back again.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping python3 jq

write_lab
start_lab lab.ini
hosts
expect 0 "hosts reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
ip netns exec "$east" python3 -m http.server 8080 --bind 10.3.0.2 >http.log 2>&1 &
pids+=($!)
connect() { # the time that a connection takes, in milliseconds
	ip netns exec "$west" python3 -c 'import socket, time
began = time.monotonic()
socket.create_connection(("10.3.0.2", 8080), 20).close()
print(int(1000 * (time.monotonic() - began)))'
}
check "a server listens" until_true 10 connect

takes() { # LEAST MOST: after a silence in which every grant has ended
	sleep 1
	connect >ms && [ "$(cat ms)" -ge "$1" ] && [ "$(cat ms)" -le "$2" ]
}
expect 0 "a satellite's delay" corridor link direct set delay 250ms
check "connecting takes there and back" in_a_round takes 500 590
expect 0 "its way up asks for capacity" corridor link direct:forward set access rbdc 2mbit \
	superframe 25ms schedule 75ms timeout 25ms limit 1000p
# Up to 25 ms to the slot, 500 ms to the hub and back, 75 ms of schedule.
check "connecting takes a request's round trip more" in_a_round takes 1075 1190
expect 0 "the channel says so" corridor -j show channels direct:forward
check "in figures" json '.[0].access | .rbdc == 250000 and .cra == 0 and .superframe == 0.025' out
expect 0 "and in words" corridor show channels direct:forward
expect 2 "more than the modem sends is refused" corridor link direct:forward set access rbdc 2gbit
check "with what to do" grep -F 'lower cra or rbdc' err
expect 0 "some is there for good" corridor link direct:forward set access cra 1mbit superframe 25ms
check "then it takes a slot more" in_a_round takes 500 620
expect 0 "the line is its own again" corridor link direct:forward set access none
check "as before" in_a_round takes 500 590
expect 0 "the lab ends" corridor stop
