#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A lab that ends leaves nothing behind, whether it is told to stop, interrupted, or out of time;
# two of one name cannot run; a lab that is not there is exit status 3.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh"

write_lab
state() { # what a lab makes: interfaces, sockets and run-time files
	interfaces
	ip -n "$west" -o link | cut -d ' ' -f 2
	ip -n "$east" -o link | cut -d ' ' -f 2
	find "$XDG_RUNTIME_DIR" -mindepth 2
	find /run/dpdk -mindepth 1 -name "*$lab*" 2>/dev/null || true
}
state >before
clean() { diff before <(state); }

expect 3 "no lab, no answer" corridor show links
check "in one line" says_one_line
start_lab lab.ini
check "a port stands in the namespace" ip -n "$west" link show eth0
expect 3 "a second lab of the same name is refused" corridor run lab.ini
check "in one line" says_one_line
expect 0 "and the first runs on" corridor -j show stats
expect 0 "stop" corridor stop
check "ends it" until_true 10 gone
wait "$lab_pid" && status=0 || status=$?
check "with exit status 0" test "$status" = 0
check "and leaves nothing behind" clean

for signal in TERM HUP; do
	start_lab lab.ini
	kill -"$signal" "$lab_pid"
	check "SIG$signal ends it" until_true 10 gone
	check "and leaves nothing behind" clean
done
expect 0 "a lab with an end" timeout 30 "$CORRIDOR" run lab.ini --lab "$lab" --for 1s
check "leaves nothing behind" clean
expect 0 "Ctrl-C ends it as well" timeout --preserve-status -k 10 -s INT 3 \
	"$CORRIDOR" run lab.ini --lab "$lab"
check "and leaves nothing behind" clean

sed 's/device = tap/device = af_packet nothere0/' lab.ini >missing.ini
expect 3 "a device that is not there" "$CORRIDOR" run missing.ini --lab "$lab"
check "in one line" says_one_line
check "leaves nothing behind" clean
