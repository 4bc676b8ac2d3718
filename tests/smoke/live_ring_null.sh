#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Ports that are DPDK's own: what is sent into net_ring comes back from it, net_null swallows what it
# is sent and makes frames of its own. They need no privilege, so this runs as any user.
. "$(dirname "$0")/_init.sh"
command -v jq >/dev/null || skip "jq is not installed"

lab=smoke-$$
corridor() { "$CORRIDOR" --lab "$lab" "$@"; }
# run_and_count PORTS: the lab runs until frames have passed; its counters are in ports.json and stats.json.
run_and_count() {
	"$CORRIDOR" run lab.ini --lab "$lab" >lab.out 2>lab.err </dev/null &
	local pid=$! left=200
	pids+=("$pid")
	until corridor -j show ports >ports.json 2>/dev/null && json "$1" ports.json >/dev/null; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || { cat ports.json lab.err >err; report 1 "frames pass"; exit 1; }
		sleep 0.05
	done
	corridor -j show stats >stats.json
	expect 0 "the lab ends" corridor stop
	wait "$pid" && check "with exit status 0" true
}

lacks() { ! grep -q "$@"; }

cat >lab.ini <<INI
[network]
name = devices
seed = 1
[port left]
device = net_null0
[port right]
device = net_null1,no-rx=1
[link span]
medium = wire
ends = left, right
rate = 10mbit
delay = 1ms
INI
run_and_count '.[0].received > 100000 and .[1].sent > 100'
check "net_null makes frames, the wire carries what its rate allows, net_null swallows them" \
	json '.[0] | .lost.queue > 0 and .originated == 0 and .sent > 0' stats.json

# What net_null makes goes over the wire into the ring, comes out of it and back over the wire.
cat >lab.ini <<INI
[network]
name = devices
seed = 1
[port left]
device = net_ring0
[port right]
device = net_null0
[link span]
medium = wire
ends = right, left
rate = 1mbit
delay = 2ms
INI
run_and_count '.[0].sent > 20 and .[0].received > 20'
check "memory that suffices is not spoken of" lacks memory lab.err
check "its ports say what paces them" json 'all(.[]; .accuracy == "sleeping")' ports.json
check "net_ring gives back what was sent into it" \
	json '.[0] | .received <= .sent and .received > .sent - 40' ports.json
check "and it comes back over the wire" json '.[1].sent > 0' ports.json

# Links that may hold more than any machine does.
sed -i 's/^rate = .*/rate = 1tbit/; s/^delay = .*/delay = 10s/' lab.ini
run_and_count '.[0].received >= 0'
check "memory that is too small for bandwidth times delay is said at the start, with the figure" \
	grep -q 'memory: all links .* hold [1-9][0-9.]* GB, and there are [0-9.]* GB' lab.err
