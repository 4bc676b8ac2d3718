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

# Commands of a batch: what cannot be read is said before any lab is looked for, and one that can
# finds none.
printf 'link span set delay 5ms\n# a word\n' >commands
truncate -s 1G hole
{ printf 'link span set '; head -c 5000 /dev/zero | tr '\0' x; } >long
printf 'link span \0down\n' >zero
printf 'link sp\344n down\n' >latin
refused "a batch that is not there" 2 batch nothing
refused "a folder for a batch" 2 batch .
refused "an empty batch" 2 batch empty
refused "a batch that is a program" 2 batch binary
refused "a batch of a gigabyte of nothing" 2 batch hole
check "and says why" grep -q 'zero byte' err
refused "a batch with a zero byte in a line" 2 batch zero
refused "a batch with a line that does not end" 2 batch long
refused "a batch in another alphabet" 2 batch latin
check "and says why" grep -q 'UTF-8' err
refused "a batch without a lab" 3 batch commands

# The labs of another user.
mkdir -m 0 "$XDG_RUNTIME_DIR/corridor"
if [ "$(id -u)" = 0 ]; then
	chmod 711 "$work" "$XDG_RUNTIME_DIR"
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$CORRIDOR" "$@"; }
else
	as_nobody() { "$CORRIDOR" "$@"; }
fi
# The tree may lie where nobody else may look.
if as_nobody --version >/dev/null 2>&1; then
	expect 3 "labs of another user" as_nobody show links
	check "are not called none" grep -q 'belong to another user' err
fi
rmdir "$XDG_RUNTIME_DIR/corridor"

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
