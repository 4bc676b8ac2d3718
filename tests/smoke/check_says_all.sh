#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A file with many faults: check names every one of them in one go, and where each stands.
. "$(dirname "$0")/_init.sh"

cat >bad.ini <<'INI'
[network]
name = bad
seed = many
[site alpha]
kind = rooter
[site beta]
kind = router
positon = 49.5, 6.1
[link span]
medium = fibre
ends = alpha, nowhere
length = 245
delay = 2.4mss
[link span]
medium = ethernet
ends = alpha, beta
delay = 5
[flood storm]
from = alpha
INI

expect 2 "a bad file is refused" "$CORRIDOR" check bad.ini
check "the seed's line is named" grep -E 'bad\.ini:3.*seed.*many' err
check "an unknown kind of site is named" grep -E 'bad\.ini:5.*kind.*rooter' err
check "the nearest known key is offered" grep -E 'bad\.ini:8.*positon.*position' err
check "an unknown end is named" grep -E 'bad\.ini:11.*nowhere' err
check "a length without unit is refused, and the unit named" grep -E 'bad\.ini:12.*245.*km' err
check "a wrong unit is refused" grep -E 'bad\.ini:13.*2\.4mss' err
check "a link that is there twice is named" grep -E 'bad\.ini:14.*span' err
check "a time without unit is refused, and the unit named" grep -E 'bad\.ini:17.*5.*ms' err
check "an unknown section is named" grep -E 'bad\.ini:18.*flood' err
check "each fault is one line, and nothing else is said" test \
	"$(grep -cE '^corridor: .*bad\.ini:[0-9]+' err)" = "$(wc -l <err)"
expect 0 "a good file is accepted" "$CORRIDOR" check "$topologies/benelux.ini"
expect 0 "and summed up as JSON" "$CORRIDOR" -j check "$topologies/benelux.ini"
check "the JSON is one value" json 'type == "object"' out

cat >correlated.ini <<'INI'
[site a]
[site b]
[link span]
ends = a, b
delay = 5ms
loss = random 1% 25%
INI
expect 0 "a loss that correlation all but takes away is accepted" "$CORRIDOR" check correlated.ini
check "with a warning that says what comes and what to write" grep -E \
	'warning: correlated\.ini:3 \[link span\] loss: .* 0\.000242% .* instead of 1%.* write 8\.2' err
expect 0 "and as JSON" "$CORRIDOR" -j check correlated.ini
check "with both rates" json '.notes[0] | .asked == 0.01 and .achieved < 3e-6 and .achieved > 2e-6' out

cat >terminal.ini <<'INI'
[site a]
[site b]
[link up]
ends = a, b
delay = 250ms
access.reverse = rbdc 2mbit superframe 25ms schedule 30ms
[event cut]
at = 5s
do = link up down
INI
expect 0 "a return link is accepted" "$CORRIDOR" check terminal.ini
check "its capacity and its wait are told" grep -E \
	'return links +1 +0bit for good, 2mbit on request; a first frame waits 562.5 ms, up to 575.0 ms' out
expect 0 "and as JSON" "$CORRIDOR" -j check terminal.ini
check "by channel" json '.events == 1 and .access == [{channel: "up:reverse", cra_bps: 0,
	rbdc_bps: 2000000, wait_mean_ns: 562500000, wait_longest_ns: 575000000}]' out
expect 0 "a storm is accepted" "$CORRIDOR" -j check "$topologies/storm.ini"
check "its events are the user's, a modem's changes stand apart" json \
	'.events == 0 and .modem_changes == 4' out
