#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Instructions a packet, counted by valgrind's callgrind, within a tenth of the figures in
# instructions.list: a slow-down is noticed where a clock would only show how busy the machine is.
# What a start costs goes out with the difference of two lengths. The figures hold for one compiler
# and its flags and processors with AVX2, which the models use; the C library is told to be plain.
#   ninja -C build renew-instructions    counts anew and writes the list
renew=
[ "${1-}" != --renew ] || renew=yes
. "$(dirname "$0")/_init.sh"
: "${CORRIDOR_FLAGS:?compiler and flags of the program, as meson.build of this folder says them}"
command -v valgrind >/dev/null || skip "valgrind is not installed"
command -v perl >/dev/null || skip "perl is not installed"
grep -qw avx2 /proc/cpuinfo || skip "the figures are of a processor with AVX2"
list=$here/instructions.list
stored=$(sed -n 's/^# built with: //p' "$list" 2>/dev/null || true)
[ -n "$renew" ] || [ "$stored" = "$CORRIDOR_FLAGS" ] ||
	skip "the figures are of \"$stored\", this program is of \"$CORRIDOR_FLAGS\"; ninja -C build renew-instructions counts anew"
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-ERMS,-FSRM

chain() {
	local site
	printf '[network]\nname = guard\nseed = 719\n[site r1]\nkind = router\naddress = 10.255.0.1\n'
	for site in 2 3 4 5 6; do
		printf '[site r%d]\nkind = router\naddress = 10.255.0.%d\n' "$site" "$site"
		printf '[link l%d]\nends = r%d, r%d\ndelay = 1ms\n' "$site" $((site - 1)) "$site"
	done
	printf '[flow f]\nfrom = r1\nto = r6\nrate = 1000000pps\nsize = 66b\nstop = %dus\n' "$1"
}

# count FILE WORDS...: instructions of a whole replay.
count() {
	local topology=$1
	shift
	valgrind --tool=callgrind --callgrind-out-file=callgrind.out "$CORRIDOR" replay "$topology" "$@" \
		2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}

# scene NAME: instructions a packet, of packets FEW + 1 to MANY.
few=2000 many=6000
scene() {
	local first last
	case $1 in
	routed)
		first=$(count few.ini) last=$(count many.ini) ;;
	*)
		first=$(count "$1.ini" --in west=few.pcap --out east=out.pcap)
		last=$(count "$1.ini" --in west=many.pcap --out east=out.pcap) ;;
	esac
	[ -n "$first" ] && [ -n "$last" ] && echo $(((last - first) / (many - few)))
}

for length in few many; do
	perl "$tree/tests/mutants/traffic.pl" "${!length}" >$length.pcap
	chain "${!length}" >$length.ini
done
wire 719 'delay = 10ms' >wire.ini
wire 719 'netem = delay 10ms 1ms distribution normal loss gemodel 1% 25% duplicate 1% corrupt 1% reorder 5% 25% rate 100mbit limit 1000' >models.ini

: >out
: >err
is_near() { echo "$1 instructions a packet, $2 stored"; [ "$1" -ge $(($2 * 9 / 10)) ] && [ "$1" -le $(($2 * 11 / 10)) ]; }
if [ -n "$renew" ]; then
	{
		echo "# Instructions a packet of $many, startup left out; routed: over five hops. By ninja renew-instructions."
		echo "# built with: $CORRIDOR_FLAGS"
		for name in wire models routed; do echo "$name $(scene $name)"; done
	} >list.new
	cat list.new >"$list"
	check "the figures are renewed" [ "$(grep -c '^[a-z]* [0-9][0-9]*$' list.new)" = 3 ]
	exit
fi
for name in wire models routed; do
	check "$name: instructions a packet are within a tenth of those stored" \
		is_near "$(scene $name)" "$(sed -n "s/^$name //p" "$list")"
done
