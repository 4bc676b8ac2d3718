#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The way between two sites: sums of its hops, at an instant of the timeline, and why there is none.
. "$(dirname "$0")/_init.sh"

cat >line.ini <<'INI'
[site a]
jurisdiction = LU
[site b]
jurisdiction = BE
[site c]
[link ab]
ends = a, b
delay = 1.5ms
rate = 100mbit
loss = 10%
[link bc]
ends = c, b
delay.forward = 2ms
delay.reverse = 3ms
loss = 10%
mtu = 1500
[event cut]
at = 1s
do = link bc down
INI
expect 0 "a way of two hops" "$CORRIDOR" -j path line.ini a c
check "its delays add up, either way" json '.delay_ns == 4500000 and .rtt_ns == 8000000' out
check "the least rate and MTU count" json '.rate_bps == 100000000 and .mtu_bytes == 1500' out
check "losses multiply" json '.loss - 0.19 | fabs < 1e-9' out
check "jurisdictions stand in order" json '.jurisdictions == ["LU", "BE"]' out
expect 1 "no way after the cut" "$CORRIDOR" path line.ini a c --at 1.5s
check "says why in one line" says_one_line
expect 0 "a site to itself" "$CORRIDOR" -j path line.ini a a
check "takes no time" json '.delay_ns == 0 and .hops == []' out
expect 2 "a site that is not there" "$CORRIDOR" path line.ini a nowhere
check "says so in one line" says_one_line

# Longer than any packet with a usual TTL comes, and no circle.
{
	for i in $(seq 0 70); do echo "[site s$i]"; done
	for i in $(seq 0 69); do printf '[link l%s]\nends = s%s, s%s\ndelay = 1ms\n' "$i" "$i" $((i + 1)); done
} >long.ini
expect 0 "a way of 64 hops" "$CORRIDOR" path long.ini s0 s64
expect 1 "one of 70 is not followed" "$CORRIDOR" path long.ini s0 s70
check "and is not called a circle" grep "longer than 64 hops" err
