#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A lab that was killed starts again: its stale socket is taken over, its taps are gone with it, and
# nothing of DPDK's own lies about. Two labs of different names run side by side meanwhile.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping jq

write_lab
sed 's/^ifname = eth0/ifname = eth1/; s/10\.\([13]\)\./10.\1\1./; s/2001:db8:\([13]\):/2001:db8:1\1:/' \
	lab.ini >second.ini
first=$lab second=second-$$
names() { "$CORRIDOR" -j show stats --lab "$1" | jq -r '.[0].lab'; }

start_lab lab.ini
first_pid=$lab_pid
lab=$second
start_lab second.ini
second_pid=$lab_pid
hosts
expect 0 "hosts of the first reach each other" ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
check "each lab answers to its name" test "$(names "$first") $(names "$second")" = "$first $second"

lab_pid=$first_pid
dies
check "its socket stays behind" test -S "$XDG_RUNTIME_DIR/corridor/$first.sock"
expect 3 "but nobody answers there" "$CORRIDOR" show stats --lab "$first"
check "its taps are gone" bash -c "! ip -n $west link show eth0"
check "and so is what DPDK keeps in files" test -z "$(find /run/dpdk -mindepth 1 -name "*$first*" 2>/dev/null)"
check "the other lab runs on" test "$(names "$second")" = "$second"
lab=$first
start_lab lab.ini
hosts
expect 0 "it starts again, and hosts reach each other" \
	ip netns exec "$west" ping -n -c 2 -W 3 10.3.0.2
expect 0 "one ends" ends
lab=$second lab_pid=$second_pid
expect 0 "and the other" ends
check "no socket stays behind" test -z "$(ls "$XDG_RUNTIME_DIR/corridor")"
