#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Output that cannot be written: a full disk, a folder that is not there, one that is not ours. One
# line, exit status 2, and never half a file under the name that was asked for. A reader that has
# gone is no fault.
. "$(dirname "$0")/_init.sh"

cat >wire.ini <<'INI'
[network]
name = wire
seed = 1
[port west]
device = none
[port east]
device = none
[link span]
medium = wire
ends = west, east
delay = 10ms
INI
replay() { "$CORRIDOR" replay wire.ini --in west="$golden/lux.pcap" --out "east=$1"; }

expect 2 "a folder that is not there" replay nowhere/east.pcapng
check "says so in one line" says_one_line
mkdir east.pcapng
expect 2 "a folder under that name" replay east.pcapng
check "says so in one line" says_one_line
check "and the folder is left alone" test -d east.pcapng -a -z "$(ls -A east.pcapng)"
echo precious >kept.pcapng
expect 2 "a fault in the input" "$CORRIDOR" replay wire.ini --in west=nothing --out east=kept.pcapng
check "leaves an older file as it was" grep -qx precious kept.pcapng
expect 2 "standard output on a full disk" bash -c "'$CORRIDOR' -j check wire.ini >/dev/full"

# What `corridor ... | head` comes to: the reader has gone before the first byte.
to_nobody() {
	local status=0
	exec 3> >(:)
	wait "$!"
	"$@" >&3 || status=$?
	exec 3>&-
	return "$status"
}
expect 141 "a reader that has gone ends it as SIGPIPE would" to_nobody "$CORRIDOR" help --man
check "and nothing is said" test ! -s err
expect 141 "a capture that nobody reads ends so too" to_nobody \
	"$CORRIDOR" replay wire.ini --in west="$golden/lux.pcap" --out east=-
check "and nothing is said" test ! -s err

[ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=64k none small 2>/dev/null || exit 0
expect 2 "a full disk" replay small/east.pcapng
left=$(ls -A small)
check "says so in one line" says_one_line
check "and is left empty" test -z "$left"
expect 2 "the demo on a full disk" "$CORRIDOR" demo --dir small
left=$(ls -A small)
umount small
check "says so in one line" says_one_line
check "and leaves no half file" test "$left" = benelux.ini
