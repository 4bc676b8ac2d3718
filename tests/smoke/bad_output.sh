#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Output that cannot be written: a full disk, a folder that is not there, one that is not ours. One
# line, exit status 2, and never half a file under the name that was asked for. A reader that has
# gone is no fault.
. "$(dirname "$0")/_init.sh"

wire 1 'delay = 10ms' >wire.ini
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

# What is read is not written, by whatever name it goes.
cp "$golden/lux.pcap" in.pcap
ln -s in.pcap link.pcap
ln in.pcap hard.pcap
for name in in.pcap ./in.pcap "$PWD/in.pcap" link.pcap hard.pcap; do
	expect 2 "an output that is the input, as ${name/#"$PWD"/PWD}" \
		"$CORRIDOR" replay wire.ini --in west=in.pcap --out "east=$name"
done
check "says so in one line" says_one_line
expect 2 "a journal that is the input" \
	"$CORRIDOR" replay wire.ini --in west=in.pcap --journal link.pcap
expect 2 "an output that is the topology" replay ./wire.ini
expect 2 "a capture that is the output" \
	"$CORRIDOR" replay wire.ini --in west=in.pcap --out east=a.pcapng --capture ./a.pcapng
expect 2 "a report that is a capture" \
	"$CORRIDOR" verify --sent in.pcap --received link.pcap --report ./in.pcap
expect 2 "standard input for two ports" \
	"$CORRIDOR" replay wire.ini --in west=- --in east=- --out east=a.pcapng
check "says so in one line" says_one_line
check "and nothing of them has changed" cmp in.pcap "$golden/lux.pcap"
expect 0 "two ports into one new file, by two names" \
	"$CORRIDOR" replay wire.ini --in west=in.pcap --out east=b.pcapng --out west=./b.pcapng
check "which holds what came out" test "$(frames b.pcapng)" -gt 1000

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
