#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Series that others recorded become traces: CSV with units, Hypatia's round trips, TheaterQ's.
. "$(dirname "$0")/_init.sh"

printf 'time_ms,rtt_ms,rate_mbps\n0,40,10\n500,50,12.5\n' >series.csv
expect 0 "a series in CSV" "$CORRIDOR" import series.csv a.csv
check "is a trace of half the round trips" cmp a.csv <(printf \
	'time_s,delay,rate\n0.000000000,20000000ns,10000000bit\n0.500000000,25000000ns,12500000bit\n')
check "and the line to write is said" grep -qx 'trace = a.csv once interpolate' out
printf '0,40000000\n100000000,42000000\n' >rtt.txt
expect 0 "Hypatia's table" "$CORRIDOR" import rtt.txt b.csv --format hypatia
check "is one, too" cmp b.csv <(printf 'time_s,delay\n0.000000000,20000000ns\n0.100000000,21000000ns\n')
printf '# trace\n1000,20000000,1000000,0,100\n2000,30000000,2000000,2147483647,100\n' >simple.trace
expect 0 "a simple trace of TheaterQ" "$CORRIDOR" import simple.trace c.csv --format theaterq
check "becomes rows that last as long" grep -q '^0.001000000,30000000ns,2000000bit,50%$' c.csv
printf '1000,20000000,5,1000000,0,100,0,0\n' >extended.trace
expect 0 "an extended one" "$CORRIDOR" import extended.trace d.csv --format theaterq
check "keeps its rate" grep -q '^0.000000000,20000000ns,1000000bit,0%' d.csv

for trace in a b c; do
	printf '[network]\nname = t\n[port w]\ndevice = none\n[port e]\ndevice = none\n[link s]\nends = w, e\nmedium = wire\ntrace = %s.csv\n' $trace >$trace.ini
	expect 0 "a topology reads it" "$CORRIDOR" check $trace.ini
done
printf 'time_s,delay_ms\n0,20\n0,30\n' >back.csv
expect 2 "time that stands still is refused" "$CORRIDOR" import back.csv no.csv
check "in one line" says_one_line
check "and nothing is left" test ! -e no.csv
printf 'time_s,lag\n0,20\n' >lag.csv
expect 2 "an unknown column too" "$CORRIDOR" import lag.csv no.csv

# What is no series, and what must not be written over.
refused() { # SENTENCE WORDS...
	expect 2 "$1" timeout 20 "$CORRIDOR" import "${@:2}"
	check "$1: in one line" says_one_line
}
cp series.csv kept.csv
: >empty.csv
truncate -s 1G hole.csv
{ printf 'time_s,delay_ms\n'; head -c 5000 /dev/zero | tr '\0' 1; } >long.csv
refused "a series over itself" series.csv ./series.csv
check "and it is as it was" cmp series.csv kept.csv
refused "a folder for a series" . no.csv
check "is called one" grep -qi 'directory' err
refused "an empty series" empty.csv no.csv
refused "a gigabyte of nothing" hole.csv no.csv
refused "a line that does not end" long.csv no.csv
check "and nothing is left" test -z "$(find . -name 'no.csv*')"
