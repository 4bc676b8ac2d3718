#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# verify --fit learns a wire from its captures; the lines it prints make a wire that does the same.
. "$(dirname "$0")/_init.sh"

head_of() {
	cat <<'INI'
[network]
name = wire
seed = 7
[port west]
device = none
[port east]
device = none
INI
}
{ head_of; cat <<'INI'; } >first.ini
[link span]
medium = wire
ends = west, east
netem = delay 10ms 1ms distribution normal loss gemodel 2% 25% rate 20mbit 24
INI
expect 0 "a wire carries a capture" "$CORRIDOR" replay first.ini --in west="$golden/lux.pcap" \
	--out east=first.pcapng
fit() { "$CORRIDOR" "${@:2}" verify --sent "$golden/lux.pcap" --received "$1" --fit; }
expect 0 "a fit needs no topology" fit first.pcapng -j
mv out first.json
check "the kinds are right" json '.fit | .loss == "gilbert" and .distribution == "normal"' first.json
check "every value lies in its interval" json \
	'[.fit[] | objects | .low <= .value and .value <= .high] | length > 5 and all' first.json
expect 0 "people get lines of a topology" fit first.pcapng
{ head_of; sed -n '/^\[link/,$p' out; } >second.ini
sed -i 's/^seed = 7/seed = 8/' second.ini
expect 0 "which are a topology's" "$CORRIDOR" check second.ini
expect 0 "and carry the same capture" "$CORRIDOR" replay second.ini --in west="$golden/lux.pcap" \
	--out east=second.pcapng
expect 0 "in which a fit finds" fit second.pcapng -j
mv out second.json
# Two estimates of one quantity: intervals of 95 %, each stretched by 2.5 to a chance of 1e-6.
for what in mean_ns deviation_ns loss_ratio p r; do
	check "the same $what" jq -en --slurpfile a first.json --slurpfile b second.json \
		"(\$a[0].fit.$what) as \$a | (\$b[0].fit.$what) as \$b |
		 ((\$a.value - \$b.value) | fabs) <= 2.5 * ((\$a.high - \$a.low) + (\$b.high - \$b.low)) / 2"
done
expect 0 "beside a verdict, too" "$CORRIDOR" -j verify --sent "$golden/lux.pcap" \
	--received first.pcapng --topology first.ini --from west --to east --fit
check "both are told" json '.verdict == "pass" and .fit.sent == .sent' out

# A slow line with a short queue leaves nothing to chance: what was learned is what was, to the
# nanosecond.
{ head_of; cat <<'INI'; } >slow.ini
[link span]
medium = wire
ends = west, east
netem = delay 5ms rate 400kbit 24 limit 20p
INI
expect 0 "a slow wire carries a capture" "$CORRIDOR" replay slow.ini --in west="$golden/lux.pcap" \
	--out east=slow.pcapng
expect 0 "a fit of it" fit slow.pcapng
check "finds its very words" grep -qx 'netem = delay 5ms rate 400kbit 24 limit 20p' out
{ head_of; sed -n '/^\[link/,$p' out; } >learned.ini
expect 0 "which are promises that the first capture keeps" "$CORRIDOR" verify \
	--sent "$golden/lux.pcap" --received slow.pcapng --topology learned.ini --from west --to east
