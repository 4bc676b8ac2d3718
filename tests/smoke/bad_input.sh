#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Bad topologies and captures: one line that says what is wrong, exit status 2, and no output files.
. "$(dirname "$0")/_init.sh"

wire 1 'delay = 10ms' >wire.ini
: >empty
head -c 100000 "$CORRIDOR" >binary
head -c 40 wire.ini >cut.ini
head -c 20 "$golden/lux.pcap" >header.pcap
head -c 100000 "$golden/lux.pcap" >cut.pcap

refused() { # SENTENCE STATUS COMMAND...
	expect "$2" "$1" "$CORRIDOR" "${@:3}"
	check "$1: in one line" says_one_line
}
refused "a topology that is not there" 2 check nothing.ini
refused "an empty topology" 2 check empty
refused "a folder for a topology" 2 check .
refused "a command that is not there" 2 chekc wire.ini
refused "an option that is not there" 2 check --foo wire.ini
refused "a topology too few" 2 check
expect 2 "a topology that is a program" timeout 20 "$CORRIDOR" check binary
expect 2 "a topology that breaks off" "$CORRIDOR" check cut.ini

replay() { "$CORRIDOR" replay wire.ini --in "west=$1" --out "east=$2"; }
bad_capture() { # SENTENCE FILE
	expect 2 "$1" replay "$2" out.pcapng
	check "$1: in one line" says_one_line
	check "$1: leaves nothing behind" test -z "$(find . -name 'out.pcapng*')"
}
bad_capture "a capture that is not there" nothing.pcap
bad_capture "an empty capture" empty
bad_capture "a capture that is a program" binary
bad_capture "a capture that breaks off in its header" header.pcap
refused "a port that is not there" 2 replay wire.ini --in north="$golden/lux.pcap"
refused "a port without a file" 2 replay wire.ini --in west

expect 0 "a capture that breaks off later is used up to there" replay cut.pcap out.pcapng
check "with a warning" grep -iE 'cut\.pcap' err
check "and gives its whole frames" test "$(frames out.pcapng)" -gt 200
