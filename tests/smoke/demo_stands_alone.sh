#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The installed program runs the demo where the source tree is gone, and leaves behind what one needs
# to do by hand what it did.
. "$(dirname "$0")/_init.sh"
: "${CORRIDOR_BUILD:?the folder of the build}"

# Hides a folder from one command alone.
# shellcheck disable=SC2016 # for the inner shell
without() {
	local folder=$1
	shift
	unshare "${user[@]}" --mount --propagation private \
		sh -c 'mount -t tmpfs none "$0" && exec "$@"' "$folder" "$@"
}
user=()
[ "$(id -u)" = 0 ] || user=(--user --map-root-user)
mkdir nothing
without nothing true 2>/dev/null || skip "a mount namespace cannot be made here"

expect 0 "it installs" meson install -C "$CORRIDOR_BUILD" --no-rebuild --destdir "$work/root"
program=$(find root -name corridor -type f)
check "the program" test -x "$program"
check "and its manual page" test "$(find root -name 'corridor.1*' -type f | wc -l)" = 1
PATH=$work/$(dirname "$program"):$PATH

dir="$work/it's here"
expect 0 "the demo without a source tree" without "$tree" corridor demo --dir "$dir"
check "which was gone indeed" grep -q 'verdict: pass' out
check "the tree is hidden" without "$tree" test ! -e "$tree/topologies"
check "topology and captures lie there" test -s "$dir/benelux.ini" -a -s "$dir/lux.pcap" -a \
	-s "$dir/ams.pcap"
check "as they are in the tree" cmp "$dir/benelux.ini" "$topologies/benelux.ini"
check "both of them" cmp "$dir/lux.pcap" "$golden/lux.pcap"
check "and the other" cmp "$dir/ams.pcap" "$golden/ams.pcap"

# The last three lines are commands.
tail -n 3 out | sed 's/^  //' >commands
check "they are a replay and two verdicts" test \
	"$(cut -d ' ' -f 1,2 commands | tr '\n' ' ')" = \
	"corridor replay corridor verify corridor verify "
cp -r "$dir" kept
rm "$dir"/*.pcapng "$dir/journal.txt"
expect 0 "by hand, as printed" without "$tree" bash -e commands
check "both verdicts are the same" test "$(grep -c 'verdict: pass' out)" = 2
check "and so is each byte" diff -r kept "$dir"

echo '; mine' >>"$dir/benelux.ini"
expect 0 "again, over a topology that was changed" corridor demo --dir "$dir"
check "which is kept" grep -q '^; mine' "$dir/benelux.ini~"
check "and that is said" grep -q 'is now .*benelux.ini~' err
check "the demo is the same" cmp "$dir/ams.pcapng" kept/ams.pcapng
mkdir shut && : >shut/file
expect 2 "a folder that is a file" corridor demo --dir shut/file
check "says so in one line" says_one_line
expect 2 "a folder without a name" corridor demo --dir ''
check "says so in one line" says_one_line
mkdir -p taken/lux.pcap
expect 2 "something else in the way" corridor demo --dir taken
check "says so in one line" says_one_line
check "and is left alone" test -d taken/lux.pcap
