#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Pipes whose other end says nothing: Ctrl-C, SIGTERM and a terminal that goes away end a replay that
# waits for them, with one line and without a trace; and so they end the demo.
. "$(dirname "$0")/_init.sh"

wire 1 'delay = 10ms' >wire.ini

# The program has its own idea of SIGINT (bit 1 of what it catches).
catches() { [ $((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status") & 2)) != 0 ]; }

# stopped SIGNAL STATUS SENTENCE WORDS...: the replay waits, gets the signal, and ends.
stopped() {
	local signal=$1 wanted=$2 sentence=$3 status=0 pid
	shift 3
	"$CORRIDOR" replay wire.ini "$@" >out 2>err &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 100); do
		! catches "$pid" || break
		sleep 0.1
	done
	sleep 0.5
	# A user presses the key again when nothing happens.
	for _ in $(seq 20); do
		kill "-$signal" "$pid" 2>/dev/null || break
		sleep 0.5
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" || status=$?
	check "$sentence: ends as of a signal" test "$status" = "$wanted"
	check "$sentence: says so in one line" says_one_line
	check "$sentence: leaves nothing behind" test -z "$(find . -name 'east.pcapng*')"
}

mkfifo unwritten unread short shorter full
stopped INT 130 "an input that nobody writes" --in west=unwritten --out east=east.pcapng
stopped INT 130 "an output that nobody reads" --in west="$golden/lux.pcap" --out east=unread

# Whoever holds both ends of a pipe open neither writes nor reads.
exec 6<>short 7<>shorter 8<>full
head -c 50000 "$golden/lux.pcap" >&6
stopped INT 130 "an input that stops short" --in west=short --out east=east.pcapng
head -c 50000 "$golden/lux.pcap" >&7
stopped TERM 143 "with two workers" --in west=shorter --out east=east.pcapng --workers 2
stopped HUP 129 "without its terminal" --in west=short --out east=east.pcapng
stopped INT 130 "an output that is full" --in west="$golden/lux.pcap" --out east=full

# Its folder keeps what went in, whole, and nothing of what was to come out.
interrupted_demo() {
	local status=0 pid
	"$CORRIDOR" demo --dir demo >out 2>err &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 1000); do
		! catches "$pid" || break
		sleep 0.01
	done
	kill -HUP "$pid"
	wait "$pid" || status=$?
	[ "$status" = 129 ]
}
check "a demo ends as of a signal" interrupted_demo
check "says so in one line" says_one_line
check "and leaves nothing half done" test -z "$(find demo -name '*.part-*' -o -name '*.pcapng')"
