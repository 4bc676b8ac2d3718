#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The demo: real packets and flows through the corridor while both fibres are cut in turn and mended;
# it ends with a verdict on captures that are the same bytes each time, with any number of workers.
. "$(dirname "$0")/_init.sh"

expect 0 "the demo passes" "$CORRIDOR" demo --dir one
check "it says so" grep -q 'verdict: pass' out
check "the first cut is told" grep -q 'conduit ardennes down' out
check "the second too" grep -q 'conduit oesling down' out
check "the satellite carries" grep -qE 'betzdorf.*redu' out
check "something is lost at each, for a reason" grep -qE 'carrier [0-9]+|cut [0-9]+' out
mv out one.txt
expect 0 "once more, with two workers" "$CORRIDOR" demo --dir two --workers 2
check "captures were written" test "$(find one -name '*.pcapng' -size +100k | wc -l)" -ge 2
check "both runs wrote the same bytes" diff -r one two
check "and told the same story" diff one.txt <(sed -E 's,(^|[ =])two,\1one,g; s/ --workers 2$//' out)
expect 0 "as JSON" "$CORRIDOR" -j demo --dir three
check "each flow has its phases and their delays" json \
	'[.phases[] | select(.flow == "fintech") | .delay_ns.p50 | numbers] | length == 5' out
check "and both verdicts are there" json '[.verdicts[].verdict] == ["pass", "pass"]' out
check "and the commands" json '.commands | length == 3 and all(.[]; contains("three/benelux.ini"))' out
expect 2 "a number of workers that is none" "$CORRIDOR" demo --workers many
