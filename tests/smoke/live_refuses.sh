#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A port that does not come up: whatever stands in the way, one line says what and how to mend it,
# with the exit status for the request (2) or for the machine (3), and nothing is left behind.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh"

write_lab
veths
state() { # what a lab makes
	interfaces
	ip -n "$west" -o link | cut -d ' ' -f 2
	ip -n "$east" -o link | cut -d ' ' -f 2
	find "$XDG_RUNTIME_DIR" -mindepth 2
	find /run/dpdk -mindepth 1 -name "*$lab*" 2>/dev/null || true
	find "$work" -maxdepth 1 -type s
}
mkdir -p "$XDG_RUNTIME_DIR/corridor"
state >before
clean() { diff before <(state); }

# refuses STATUS WHAT WORDS EXPRESSION...: the lab with its ports changed so by sed ends with that
# status, and one line with these words.
refuses() {
	local status=$1 what=$2 words=$3
	shift 3
	sed "$@" lab.ini >wrong.ini
	expect "$status" "$what: exit status $status" timeout 20 "$CORRIDOR" run wrong.ini --lab "$lab"
	check "$what: one line" says_one_line
	check "$what: with the remedy" grep -qE "$words" "$work/err"
	check "$what: nothing is left" clean
}
# The ports on another device, without what goes with taps.
on() { echo "s|^device = tap|device = $1|; /^netns/d; /^ifname/d"; }

refuses 3 "a namespace that is not there" "ip netns add nosuch" "s/^netns = $east/netns = nosuch/"
refuses 2 "a name that is taken where the tap goes" "ip -n $west link del lo" \
	"s/^ifname = eth0/ifname = lo/"
refuses 2 "a name that is taken here" "ip link del $near_west" \
	-e "s/^ifname = eth0/ifname = $near_west/" -e '/^netns/d'
refuses 2 "two ports of one name" "port east: .*another ifname" \
	"s/^netns.*/netns = $west/; s/^ifname.*/ifname = same0/"
refuses 3 "an interface that is not there" "see .ip link" "$(on "af_packet nosuch0")"
refuses 2 "an interface for two ports" "port east: .*of its own" "$(on "af_packet $near_west")"
refuses 3 "a PCI device that is not there" "dpdk-devbind.py" "$(on ffff:1f:1f.6)"
refuses 3 "a driver that DPDK has not" "device string" "$(on net_nosuch0)"
refuses 2 "one DPDK device for two ports" "port east: .*of its own" "$(on net_null0)"
refuses 2 "a socket in a directory that is not there" "make it" "$(on "memif $work/nosuch/m.sock")"
touch plain.sock
refuses 2 "a socket's path that is a file" "another path" "$(on "memif $work/plain.sock")"
check "which stays as it was" test -f plain.sock
refuses 2 "both ends of a memif in one lab" "by a link" \
	-e "$(on "memif $work/m.sock")" -e "/^\\[port east/,\$ s/m\\.sock/m.sock,role=client/"

expect 2 "an option that EAL does not know" "$CORRIDOR" run lab.ini --lab "$lab" -- --nonsense
check "one line" says_one_line
check "nothing is left" clean

# Without /dev/net/tun: a file system of its own over it.
without_tun() {
	unshare --mount sh -c 'mount -t tmpfs none /dev/net && exec "$@"' sh "$@"
}
if unshare --mount true 2>/dev/null; then
	expect 3 "without /dev/net/tun" without_tun "$CORRIDOR" run lab.ini --lab "$lab"
	check "one line" says_one_line
	check "with the remedy" grep -q "modprobe tun" "$work/err"
fi

# As an ordinary user, where the program can be reached.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_RUNTIME_DIR="$work/nobody" "$@"
}
chmod 755 "$work"
mkdir nobody && chown 65534:65534 nobody
cp "$CORRIDOR" program && chmod 755 program
if as_nobody ./program help >/dev/null 2>&1; then
	expect 3 "an ordinary user and a tap" as_nobody ./program run lab.ini --lab "$lab"
	check "one line" says_one_line
	sed "$(on "af_packet $near_west")" lab.ini >interface.ini
	expect 3 "an ordinary user and an interface" as_nobody ./program run interface.ini --lab "$lab"
	check "one line" says_one_line
	sed "$(on net_nullX)" lab.ini | awk '/net_nullX/ { sub(/X/, n++) } 1' >plain.ini
	expect 0 "an ordinary user and net_null" \
		as_nobody ./program run plain.ini --lab "$lab" --for 200ms
fi
check "nothing is left of any" clean
