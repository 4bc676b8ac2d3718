#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Who guards the guards? Builds the models with one deliberate fault at a time (the lists beside
# this script), and shows who notices: the suites of tests/, and `corridor verify` on nothing but the
# captures of a replay by the faulty program. Works on a copy of the tree, in a temporary folder.
#
#     run.sh             all mutants: a table, and a closing line; 1 if one survives
#     run.sh WORD...     those whose names begin with one of the words
#     run.sh --check     only whether the lists still fit the sources (seconds)
#
# A list, *.list, holds entries of these lines; # begins a comment:
#
#     mutant NAME: what the fault is
#     in FILE
#     -OLD               text that FILE holds exactly once; several lines for several lines
#     +NEW               what stands there instead
#     suite ROOM/NAME... tests/ROOM/test_NAME.c, one of which must fail
#     link KEY = VALUE   of the wire that is replayed; may be repeated
#     verify CLAUSE...   the clauses of verify that must fail
#     hidden REASON      instead of the last two: why no capture can show it
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "$0")" && pwd)
tree=${here%/tests/mutants}
longest_s=120 # of a test or a replay; a faulty one may never end

die() {
	echo "mutants: $*" >&2
	exit 2
}

# ---- The lists ----

names=() whats=() files=() olds=() news=() suites=() links=() clauses=() hiddens=() places=()

add() { # ARRAY TEXT: one more line of the newest entry's field
	local -n field=$1
	local last=$((${#names[@]} - 1))
	field[last]=${field[last]:+${field[last]}$'\n'}$2
}

read_list() {
	local line number=0
	while IFS= read -r line; do
		number=$((number + 1))
		case $line in
		'' | '#'*) continue ;;
		'mutant '*:*)
			line=${line#mutant }
			names+=("${line%%:*}")
			whats+=("${line#*: }")
			places+=("${1##*/}:$number")
			files+=('') olds+=('') news+=('') suites+=('') links+=('') clauses+=('')
			hiddens+=('')
			continue
			;;
		esac
		[ ${#names[@]} -gt 0 ] || die "${1##*/}:$number: stands before the first mutant"
		case $line in
		'in '*) add files "${line#in }" ;;
		-*) add olds "${line#-}" ;;
		+*) add news "${line#+}" ;;
		'suite '*) add suites "${line#suite }" ;;
		'link '*) add links "${line#link }" ;;
		'verify '*) add clauses "${line#verify }" ;;
		'hidden '*) add hiddens "${line#hidden }" ;;
		*) die "${1##*/}:$number: \"$line\" is no line of a list" ;;
		esac
	done <"$1"
}

# edit FILE OLD NEW: replaces the one place; NEW may be --count, which only says how many there are.
edit() {
	perl -e '
		my ($file, $old, $new) = @ARGV;
		local $/;
		open my $in, "<", $file or die "$file: $!\n";
		my $text = <$in>;
		my $at = index $text, $old;
		my $count = $at < 0 ? 0 : index($text, $old, $at + 1) < 0 ? 1 : 2;
		if ($new eq "--count") { print $count; exit }
		die "$file: the old text is there $count times\n" if $count != 1;
		substr($text, $at, length $old) = $new;
		open my $out, ">", $file or die "$file: $!\n";
		print $out $text;' "$@"
}

# Says what is wrong with an entry; nothing when it is sound.
faults_of() { # INDEX
	local i=$1 count suite
	if [ ! -f "$tree/${files[i]}" ]; then
		echo "there is no file ${files[i]}"
	elif [ -z "${olds[i]}" ] || [ "${olds[i]}" = "${news[i]}" ]; then
		echo "it changes nothing"
	else
		count=$(edit "$tree/${files[i]}" "${olds[i]}" --count)
		[ "$count" = 1 ] || echo "${files[i]} holds the old text $(
			[ "$count" = 0 ] && echo "no more" || echo "more than once"): ${olds[i]}"
	fi
	for suite in ${suites[i]:-none/named}; do
		[ -f "$tree/tests/${suite%/*}/test_${suite##*/}.c" ] || echo "there is no suite $suite"
	done
	if [ -n "${hiddens[i]}" ]; then
		[ -z "${links[i]}${clauses[i]}" ] || echo "hidden excludes link and verify"
	elif [ -z "${links[i]}" ] || [ -z "${clauses[i]}" ]; then
		echo "link and verify belong together, or hidden says why there are none"
	fi
}

check_lists() {
	local i fault bad=0
	for i in "${!names[@]}"; do
		while read -r fault; do
			[ -n "$fault" ] || continue
			echo "# ${places[i]}: ${names[i]}: $fault"
			bad=1
		done <<<"$(faults_of "$i")"
	done
	for fault in $(printf '%s\n' "${names[@]}" | sort | uniq -d); do
		echo "# $fault: two mutants have this name"
		bad=1
	done
	return "$bad"
}

# ---- The copy, and what is right in it ----

prepare() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	copy=$work/tree build=$work/build
	mkdir "$copy" "$work/links"
	tar -C "$tree" --exclude=./.git --exclude='./build*' -cf - . | tar -C "$copy" -xf -
	meson setup "$build" "$copy" -Doptimization=1 -Ddebug=false >"$work/setup.log" 2>&1 || {
		tail -n 15 "$work/setup.log" >&2
		die "meson setup failed"
	}
	perl "$here/traffic.pl" >"$work/links/sent.pcap"
	fixtures
}

# Files that links name.
fixtures() {
	echo 0001000000100000000000000001 >"$work/links/loss.bits"
	# Delivery opportunities, up to three in a millisecond, some of them far apart.
	awk 'BEGIN {
		for (n = 1; n <= 40; n++) {
			t += n % 7 == 0 ? 9 : n % 3
			for (k = 0; k <= n % 3; k++) print t
		}
	}' >"$work/links/line.trace"
	cat >"$work/links/series.csv" <<-'CSV'
		time_s,delay,rate,loss,carrier
		0,10ms,8mbit,0.1%,1
		0.5,20ms,4mbit,2%,1
		0.9,15ms,0,0%,1
		1.0,15ms,6mbit,5%,0
		1.2,12ms,6mbit,5%,1
	CSV
	# 4096 samples on one side of a parabola, in units of 2^-13.
	awk 'BEGIN { for (n = 0; n < 4096; n++) print int(24000 * n * n / 16777216) - 8000 }' \
		>"$work/links/samples.dist"
	# A frame takes many steps of this one.
	awk 'BEGIN {
		print "time_s,rate"
		for (n = 0; n < 50; n++) printf "%.4f,%dmbit\n", n / 10000, 3 + n * 7 % 5
	}' >"$work/links/fine.csv"
}

targets_of() { # SUITE...: what ninja is asked for
	local suite
	for suite in "$@"; do echo "tests/${suite%/*}/test_${suite##*/}"; done
}

compile() { # TARGET...
	ninja -C "$build" "$@" >"$work/ninja.log" 2>&1
}

# run_suite SUITE: the names of the cases that fail, or what else went wrong.
run_suite() {
	local status=0 program
	program=$build/$(targets_of "$1")
	CMOCKA_MESSAGE_OUTPUT=TAP timeout "$longest_s" "$program" \
		>"$work/suite.out" 2>"$work/suite.err" || status=$?
	[ "$status" != 0 ] || return 0
	[ "$status" != 124 ] || { echo "does not end"; return; }
	sed -n 's/^not ok [0-9]* - //p' "$work/suite.out" | grep . || echo "status $status"
}

# verdict PROGRAM LINK: what the unchanged judge says of PROGRAM's replay: the clauses that fail, one
# a line; "broken: ..." when there is no verdict.
verdict() {
	local folder=$work/links status=0
	{
		printf '%s\n' '[network]' 'name = wire' 'seed = 8361925304071186719' \
			'[port west]' 'device = none' '[port east]' 'device = none' \
			'[link span]' 'medium = wire' 'ends = west, east' "$2"
	} >"$folder/wire.ini"
	rm -f "$folder/received.pcapng"
	timeout "$longest_s" "$1" -j replay "$folder/wire.ini" --in west="$folder/sent.pcap" \
		--out east="$folder/received.pcapng" >"$folder/replay.json" 2>"$folder/err" || status=$?
	[ "$status" = 0 ] || { echo "broken: the replay ends with $status: $(head -n 1 "$folder/err")"; return; }
	"$work/corridor" -j verify --sent "$folder/sent.pcap" --received "$folder/received.pcapng" \
		--topology "$folder/wire.ini" --from west --to east \
		>"$folder/verify.json" 2>"$folder/err" || status=$?
	case $status in
	0) ;;
	1) jq -r '.tests[] | select(.pass == false) | .name' "$folder/verify.json" ;;
	*) echo "broken: verify ends with $status: $(head -n 1 "$folder/err")" ;;
	esac
}

# Nothing is shown by a test that fails, or a judge that says no, without a fault. Fills sound, the
# links that the judge passes.
declare -A sound=()
check_baseline() { # INDEX...
	local i suite link all
	# shellcheck disable=SC2086 # words
	all=$(for i in "$@"; do printf '%s\n' ${suites[i]}; done | sort -u)
	# shellcheck disable=SC2046,SC2086 # words
	compile control/corridor $(targets_of $all) || {
		tail -n 30 "$work/ninja.log" >&2
		die "the build failed"
	}
	cp "$build/control/corridor" "$work/corridor"
	for suite in $all; do
		[ -z "$(run_suite "$suite")" ] || die "$suite fails without a fault, too"
	done
	for i in "$@"; do
		link=${links[i]}
		[ -n "$link" ] || continue
		[ -z "${sound[$link]-}" ] || continue
		sound[$link]=$(verdict "$work/corridor" "$link" | tr '\n' ' ')
		[ -n "${sound[$link]}" ] || sound[$link]=sound
	done
}

# ---- The mutants ----

count=0 by_suite=0 by_verify=0 hidden=0 survived=0

row() { printf '%-30s %-70s %s\n' "$@"; }

# The cases that fail in an entry's suites: the first, and how many more.
suite_cell() { # INDEX
	local suite failed cell='' more=0
	for suite in ${suites[$1]}; do
		failed=$(run_suite "$suite")
		[ -n "$failed" ] || continue
		[ -n "$cell" ] || { cell="$suite: $(head -n 1 <<<"$failed")" more=-1; }
		more=$((more + $(wc -l <<<"$failed")))
	done
	[ "$more" -le 0 ] || cell="$cell (+$more)"
	echo "$cell"
}

# judge INDEX: sets cell and caught.
judge() {
	local i=$1 failed clause
	caught='' cell="hidden: ${hiddens[i]}"
	[ -z "${hiddens[i]}" ] || return 0
	if [ "${sound[${links[i]}]}" != sound ]; then
		cell="NOT JUDGED: verify fails without the fault, too: ${sound[${links[i]}]}"
		return 0
	fi
	failed=$(verdict "$build/control/corridor" "${links[i]}")
	cell=$(paste -sd ' ' <<<"$failed")
	[ -n "$failed" ] || { cell=SURVIVES; return 0; }
	case $failed in broken:*) return 0 ;; esac
	caught=yes
	for clause in ${clauses[i]}; do
		grep -qx "$clause" <<<"$failed" || caught='' cell="$cell (WITHOUT $clause)"
	done
}

mutate() { # INDEX
	local i=$1 suite_says original=$copy/${files[$1]}
	cp -p "$original" "$work/original"
	edit "$original" "${olds[i]}" "${news[i]}"
	# shellcheck disable=SC2046,SC2086 # words
	if compile control/corridor $(targets_of ${suites[i]}); then
		suite_says=$(suite_cell "$i")
		judge "$i"
	else
		suite_says="DOES NOT COMPILE: $(grep -m 1 error "$work/ninja.log" || true)"
		caught='' cell=
	fi
	cp "$work/original" "$original" # with a new time, so that ninja sees it
	count=$((count + 1))
	row "${names[i]}" "${suite_says:-SURVIVES}" "$cell"
	case $suite_says in '' | 'DOES NOT'*) survived=$((survived + 1)) ;; *) by_suite=$((by_suite + 1)) ;; esac
	if [ -n "$caught" ]; then
		by_verify=$((by_verify + 1))
	elif [ -n "${hiddens[i]}" ]; then
		hidden=$((hidden + 1))
	else
		survived=$((survived + 1))
	fi
}

main() {
	local list word i chosen=()
	for list in "$here"/*.list; do read_list "$list"; done
	if [ "${1-}" = --check ]; then
		# One TAP case, for the suite of rules.
		echo 1..1
		list=$(check_lists) || { echo "not ok 1 - the mutants fit the sources"; echo "$list"; exit 1; }
		echo "ok 1 - the mutants fit the sources"
		return
	fi
	list=$(check_lists) || { echo "$list" >&2; die "the lists do not fit the sources"; }
	for i in "${!names[@]}"; do
		[ $# = 0 ] && chosen+=("$i")
		for word in "$@"; do [[ ${names[i]} == "$word"* ]] && { chosen+=("$i"); break; }; done
	done
	[ ${#chosen[@]} -gt 0 ] || die "no mutant's name begins with: $*"
	prepare
	check_baseline "${chosen[@]}"
	row mutant 'what the suites say' 'clauses of verify that fail'
	for i in "${chosen[@]}"; do mutate "$i"; done
	[ "$hidden" = 0 ] || echo "$hidden of them cannot show in a capture."
	echo "$count mutants, $by_suite caught by the suite, $by_verify by verify"
	[ "$survived" = 0 ]
}

main "$@"
