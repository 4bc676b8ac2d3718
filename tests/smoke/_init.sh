# SPDX-License-Identifier: BSD-3-Clause
# What every story begins with: `. "$(dirname "$0")/_init.sh"`. A story runs the real program
# ($CORRIDOR) and speaks TAP: each `expect` and `check` is one case. It works in $work, which goes
# away with it, as do its processes and namespaces, by their own ids.
# shellcheck shell=bash disable=SC2034 # the stories use what is set here
set -eu
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=${here%/tests/smoke}
golden=$tree/pcaps/golden
topologies=$tree/topologies
: "${CORRIDOR:?the program to test, such as build/control/corridor}"
export NO_COLOR=1

work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work/run # sockets of labs: apart from the user's own
mkdir -m 700 "$XDG_RUNTIME_DIR"
cd "$work"

cases=0 failures=0 finished=
pids=() namespaces=()

# What went wrong is in out and err, the output of the last `expect` or `check`.
report() {
	cases=$((cases + 1))
	if [ "$1" = 0 ]; then echo "ok $cases - $2"; return; fi
	failures=$((failures + 1))
	echo "not ok $cases - $2"
	sed 's/^/# /' <(head -n 20 "$work/out") <(head -n 20 "$work/err")
}

# expect STATUS SENTENCE COMMAND...: the command ends with that exit status.
expect() {
	local wanted=$1 sentence=$2 status=0
	shift 2
	"$@" >"$work/out" 2>"$work/err" || status=$?
	if [ "$status" = "$wanted" ]; then report 0 "$sentence"; return; fi
	echo "exit status $status instead of $wanted: $*" >>"$work/err"
	report 1 "$sentence"
}

# check SENTENCE COMMAND...: the command is true. Its output is kept in seen.
check() {
	local sentence=$1 status=0
	shift
	"$@" >"$work/seen" 2>&1 || status=$?
	[ "$status" = 0 ] || { echo "false: $*"; cat "$work/seen"; } >>"$work/err"
	report "$status" "$sentence"
}

# The last command said exactly one line, of corridor's own form.
says_one_line() {
	[ "$(wc -l <"$work/err")" = 1 ] && grep -qE '^corridor: .+: .+' "$work/err"
}

# wire SEED KEYS...: a topology of two ports, west and east, for captures, and the wire span.
wire() {
	printf '[network]\nname = wire\nseed = %s\n' "$1"
	printf '[port %s]\ndevice = none\n' west east
	printf '[link span]\nmedium = wire\nends = west, east\n'
	printf '%s\n' "${@:2}"
}

# json FILTER FILE: the file holds one JSON value, of which the filter of jq is true.
json() { jq -es "length == 1 and (.[0] | $1)" "$2"; }

# The instants of a capture's frames, as seconds with nine digits.
times() { tcpdump -nn -tt --time-stamp-precision=nano -r "$1" 2>/dev/null | cut -d ' ' -f 1; }
frames() { times "$1" | wc -l; }

skip() {
	finished=yes
	echo "1..0 # SKIP $1"
	exit 0
}

cleanup() {
	local status=$? pid name
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	for name in "${namespaces[@]}"; do ip netns del "$name" 2>/dev/null || true; done
	cd /
	rm -rf "$work"
	[ -z "$finished" ] || exit "$status"
	# A story that ends early is a failure, whatever it had shown by then.
	if [ "$status" != 0 ]; then
		echo "not ok $((cases += 1)) - the story comes to its end (status $status)"
		failures=$((failures + 1))
	fi
	echo "1..$cases"
	[ "$failures" = 0 ]
	exit
}
trap cleanup EXIT
trap 'exit 130' INT TERM
