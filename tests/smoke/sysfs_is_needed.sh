#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# In a bare chroot /sys may be empty, and DPDK counts processors there: what needs it says so in one
# line with the remedy, and what does not works.
. "$(dirname "$0")/_init.sh"

# Hides /sys from one command alone.
without_sys() {
	unshare "${user[@]}" --mount --propagation private \
		sh -c 'mount -t tmpfs none /sys && exec "$@"' sh "$@"
}
user=()
[ "$(id -u)" = 0 ] || user=(--user --map-root-user)
without_sys true 2>/dev/null || skip "a mount namespace cannot be made here"

expect 3 "a replay without /sys" without_sys "$CORRIDOR" replay "$topologies/wire.ini" \
	--in "west=$golden/lux.pcap" --out east=out.pcapng
check "says so in one line" says_one_line
check "with the remedy" grep -q 'mount -t sysfs' err
check "and writes nothing else" test ! -s out
check "nor a capture" test ! -e out.pcapng
expect 0 "a path needs none" without_sys "$CORRIDOR" path "$topologies/triangle.ini" a c
expect 0 "doctor looks for it" without_sys "$CORRIDOR" -j doctor
check "and says how to mend it" json '.offline == false and
	(.findings[0] | .ok == false and .mend == "sudo mount -t sysfs sysfs /sys")' out
expect 0 "and with it" "$CORRIDOR" -j doctor
check "all is well" json '.offline and .findings[0].ok' out
