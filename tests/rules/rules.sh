#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The rules of the house (docs/architecture.md) over a tree: one TAP line a rule, each violation
# named below it as `# file:line: what`. Usage: rules.sh ROOT. Environment: CC, RULES_CFLAGS.
set -eu
shopt -s inherit_errexit lastpipe
cd "$1"

# Sources as they lie there, without what git, builds and runs put beside them.
find_files() {
	find . \( -name .git -o -name 'build' -o -name 'build-*' -o -name out \) -type d -prune -o \
		-type f \( "$@" \) -print | sed 's,^\./,,' | LC_ALL=C sort
}
sources=$(find_files -name '*.c' -o -name '*.h')
headers=$(grep '\.h$' <<<"$sources" || true)
scripts=$(find_files -name '*.sh' -o -name 'meson.build' -o -path ./lab -o -path ./.ci/run)

# One line an include: FILE:LINE, then the target with its quotes or brackets.
includes=$(xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include' <<<"$sources" |
	sed -E 's/^([^:]*:[0-9]+):.*include[[:space:]]*([<"][^>"]*[>"]).*/\1 \2/')

count=0 failed=0
# rule NAME: reads violations from standard input and reports the rule.
rule() {
	local found
	found=$(cat)
	count=$((count + 1))
	if [ -z "$found" ]; then echo "ok $count - $1"; return; fi
	failed=$((failed + 1))
	echo "not ok $count - $1"
	while read -r line; do echo "# $line"; done <<<"$found"
}

# The arrows: which rooms a room may include, itself among them. Only tests and bench see all.
awk '
	function room(path) {
		if (match(path, /^dataplane\/[a-z]+\//)) return substr(path, 1, RLENGTH - 1)
		sub(/\/.*/, "", path)
		return path
	}
	BEGIN {
		sees["dataplane/model"] = " dataplane/model "
		sees["dataplane/physics"] = " dataplane/physics "
		sees["dataplane/engine"] = " dataplane/engine dataplane/model "
		sees["topologies"] = " topologies dataplane/model dataplane/physics "
		sees["pcaps"] = " pcaps dataplane/model "
		sees["control"] = " control pcaps topologies dataplane/engine dataplane/model dataplane/physics "
		sees["tests"] = sees["control"] "tests "
		sees["bench"] = sees["control"] "bench "
	}
	$2 ~ /^"/ {
		file = $1; sub(/:.*/, "", file)
		from = room(file); to = room(substr($2, 2))
		if (!(from in sees)) print $1 ": " from " is no room"
		else if (!index(sees[from], " " to " ")) print $1 ": " from " must not include " $2
	}' <<<"$includes" | rule "includes go down the page, never up or sideways"

while read -r place target; do
	case $target in
	\"*)
		file=${target//\"/}
		[[ $file == */* && $file != *..* && -f $file ]] ||
			echo "$place: $target is not written from the root"
		;;
	esac
done <<<"$includes" | rule "includes are written from the root"

# One library, one door: a pattern of headers, and the only files that may include them.
while read -r header door; do
	awk -v header="$header" -v door="$door" '$2 ~ header && $1 !~ door && $1 !~ /^(tests|bench)\// {
		print $1 ": " $2 " only in " door }' <<<"$includes"
done <<'DOORS' | rule "each library has one door"
^<pcap[./] ^pcaps/trace[a-z_]*\.c:
^<iniparser|^<dictionary\.h ^topologies/load[a-z_]*\.c:
^<rte_ ^dataplane/engine/
^<urcu ^dataplane/engine/
^<netlink/|^<linux/(rt)?netlink ^dataplane/engine/
^<jansson ^control/
^<igraph ^control/
DOORS

# What control sees of the engine is two headers, and they know no library.
{
	xargs -r grep -nE '(rte_[a-z]|urcu|rcu_[a-z]|nl_[a-z])' /dev/null < <(
		grep -E '^dataplane/engine/(engine|plan)\.h$' <<<"$headers" || true) |
		sed 's/$/ (no library in a public header)/' || true
	awk '$2 ~ /^"dataplane\/engine\// && $2 !~ /\/(engine|plan)\.h"$/ &&
		$1 !~ /^(dataplane\/engine|tests|bench)\// {
		print $1 ": " $2 " is private to the engine" }' <<<"$includes"
} | rule "the engine's public headers are engine.h and plan.h, without a library's types"

# Models and physics are pure: no files, clocks, sockets or threads to be had. One file has the
# processor's vectors.
awk '$1 ~ /^dataplane\/(model|physics)\// && $2 ~ /^</ && $2 !~ \
	/^<(assert|errno|float|inttypes|limits|math|stdarg|stdbool|stddef|stdint|stdio|stdlib|string)\.h>$/ &&
	!($1 ~ /^dataplane\/model\/rng_(batch|burst)\.c:/ && $2 == "<immintrin.h>") {
	print $1 ": " $2 " is more than numbers need" }' <<<"$includes" |
	rule "models and physics include nothing but plain C"

# Twice, so that a missing #pragma once shows too.
compile_alone() {
	local report
	# shellcheck disable=SC2086 # flags are words
	report=$(printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
		${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -I. ${RULES_CFLAGS-} -Wall -Wextra -Werror \
			-fsyntax-only -x c - 2>&1) ||
		echo "$1: does not compile alone: $(grep -m 1 error <<<"$report" || head -n 1 <<<"$report")"
}
export -f compile_alone
xargs -r -P 2 -I HEADER bash -c 'compile_alone HEADER' <<<"$headers" | LC_ALL=C sort |
	rule "each header compiles alone"

# A shell script has its interpreter first, everything else the licence; then what the file is.
for file in $sources $scripts; do
	awk -v file="$file" '
		FNR == 1 && /^#!/ { next }
		++line == 1 && !/^(\/\/|#) SPDX-License-Identifier: BSD-3-Clause$/ {
			print file ":" FNR ": no SPDX line"; exit }
		line == 2 && file ~ /\.[ch]$/ && !/^\/\/ ./ {
			print file ":" FNR ": no sentence that says what the file is"; exit }
		line == 2 { exit }' "$file"
done | rule "files open with the licence and a sentence"

# 'loss' in tests/model/meson.build stands for test_loss.c, 'wire' in bench/meson.build for wire.c.
grep '\.c$' <<<"$sources" | while read -r file; do
	folder=$file
	listed=
	while [ -z "$listed" ] && [[ $folder == */* ]]; do
		folder=${folder%/*}
		[ -f "$folder/meson.build" ] || continue
		name=${file#"$folder"/}
		short=${name%.c}
		short=${short#test_} short=${short#bench_}
		if grep -qF "'$name'" "$folder/meson.build"; then listed=yes
		elif [[ $name == test_* || $file == bench/* ]] &&
			grep -qF "'$short'" "$folder/meson.build"; then listed=yes
		fi
	done
	[ -n "$listed" ] || echo "$file: in no meson.build"
done | rule "each source is listed in a meson.build"

# The words are put together here so that this file does not hold them.
{
	leftover='TO''DO|FIX''ME|XX''X'
	xargs -r grep -HnwE "$leftover" <<<"$sources
$scripts" || true
} | rule "nothing is left for later"

{
	machine='\.\./sha''red|(^|[^a-z])/wo''rk/'
	{ echo "$sources"; echo "$scripts"; find_files -name '*.md' -o -name '*.ini'; } |
		grep -v '^\.ci/' | xargs -r grep -HnE "$machine" || true
} | rule "no path of somebody's machine"

xargs -r wc -l <<<"$sources" | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }' |
	rule "no file is longer than 600 lines"

echo "1..$count"
[ "$failed" = 0 ]
