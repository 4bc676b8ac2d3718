#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A storm over Betzdorf: the link budget falls, Ka slows down and drops, routing takes X, and goes
# back when the rain has passed. What is wrong with a radio or a weather is said in one line each.
. "$(dirname "$0")/_init.sh"

storm=$topologies/storm.ini
expect 0 "a budget under a clear sky" "$CORRIDOR" -j budget "$storm" betzdorf-redu-ka
check "of the known free-space loss" json '.up.free_space_db - 213.84 | fabs < 0.01' out
check "Betzdorf sees 21.5 E" json '.up.elevation_deg - 31.23 | fabs < 0.01' out
check "no rain" json '.up.rain_db == 0 and .reverse.down.rain_db == 0' out
check "the best rate" json '.modcod == "256APSK 3/4" and .rate_bps == 177025650' out
expect 1 "in the storm Ka is below its lowest MODCOD" \
	"$CORRIDOR" -j budget "$storm" betzdorf-redu-ka --at 30min
check "it says so" json '.modcod == null and .rate_bps == 0 and .up.rain_db > 30' out
expect 0 "X loses little" "$CORRIDOR" -j budget "$storm" betzdorf-redu-x --at 30min
check "and keeps a rate" json '.up.rain_db > 1 and .up.rain_db < 10 and .rate_bps > 50000000' out
expect 0 "the year's rain in X" "$CORRIDOR" -j budget "$storm" betzdorf-redu-x --exceeded 0.01%
check "at both stations" json '.up.rain_db > 0.5 and .down.rain_db > 0.5 and .exceeded_percent == 0.01' out
check "X has no law of durations" json '.up.fades_over_1min_a_year == null' out
expect 0 "and in Ka" "$CORRIDOR" -j budget "$storm" betzdorf-redu-ka --exceeded 0.1%
check "fades of a minute, and fewer of ten" json '.up.fades_over_1min_a_year > 2 * .up.fades_over_10min_a_year and .up.fades_over_10min_a_year > 1 and .up.fades_over_1min_a_year < 526' out
expect 0 "an instant" "$CORRIDOR" -j budget "$storm" betzdorf-redu-ka --at 15min
check "has no year" json '.up.fades_over_1min_a_year == null' out

sed 's/^rain_rate = 28.230mm.h/&\nclouds = 1.26kg\/m2/' "$storm" >clouds.ini
expect 0 "clouds over Betzdorf" "$CORRIDOR" -j budget clouds.ini betzdorf-redu-ka --exceeded 1%
check "take what P.840 says, there alone" json '.up.cloud_db > 1.9 and .up.cloud_db < 2.3 and .down.cloud_db == 0' out
expect 0 "but not of the weather of an instant" "$CORRIDOR" -j budget clouds.ini betzdorf-redu-ka
check "which has rain alone" json '.up.cloud_db == 0' out
sed 's/^rain_rate = 28.230mm.h/&\nclouds = 1.26/' "$storm" >cloud.ini
expect 2 "clouds without a unit" "$CORRIDOR" check cloud.ini
check "are named with their line" grep -E 'cloud.ini:[0-9]+ .site betzdorf. clouds: "1.26" is not' err

expect 0 "before the storm" "$CORRIDOR" -j path "$storm" betzdorf redu --at 15min
check "by Ka" json '.hops[0].link == "betzdorf-redu-ka"' out
check "at its rate of that instant" json '.rate_bps == 177025650 and .loss == 0' out
expect 0 "in the storm" "$CORRIDOR" -j path "$storm" betzdorf redu --at 30min
check "by X" json '.hops[0].link == "betzdorf-redu-x"' out
expect 0 "after the storm" "$CORRIDOR" -j path "$storm" betzdorf redu --at 60min
check "by Ka again" json '.hops[0].link == "betzdorf-redu-ka"' out

{
	cat "$storm"
	printf '[flow beat]\nfrom = betzdorf\nto = redu\nrate = 10pps\nstop = 3600s\n'
} >flow.ini
expect 0 "an hour of traffic" "$CORRIDOR" -j replay flow.ini
check "goes by both" json '.channels["betzdorf-redu-ka:forward"].delivered > 15000 and
	.channels["betzdorf-redu-x:forward"].delivered > 15000' out
check "and little is lost on the change" json '[.channels[].lost | add // 0] | add < 50' out

# A user's down in the storm, when the modem is down, too: it stays when the modem is back.
{
	cat "$storm"
	printf '[event %s]\nat = %s\ndo = link betzdorf-redu-ka %s\n' \
		off 30min down on 61min up
} >user.ini
ka_at() { # TIME YES-OR-NO SENTENCE
	expect 0 "a path at $1" "$CORRIDOR" -j path user.ini betzdorf redu --at "$1"
	check "$3" json '(.hops[0].link == "betzdorf-redu-ka") == '"$2" out
}
ka_at 55min false "after the storm Ka stays as the user has put it"
ka_at 62min true "until he says up"

differ()
{
	! cmp -s "$1" "$2"
}
for dish in "" "--dish 4.5m" "--dish 3.7m"; do
	# shellcheck disable=SC2086
	expect 0 "the sun behind GovSat-1 ${dish:-for its antennas}" \
		"$CORRIDOR" -j satellites "$storm" --from 50d --to 75d $dish
	jq .sun_outages out >"sun${dish#--dish }"
done
check "the antennas of the link are meant" cmp sun "sun4.5m"
check "another dish sees it otherwise" differ sun "sun3.7m"

sed 's/power = 40W/power = 1mW/' "$storm" >weak.ini
expect 2 "a link that never closes" "$CORRIDOR" check weak.ini
check "is named" grep "betzdorf-redu-ka.*under a clear sky" err
sed 's/symbol_rate = 30Mbaud/symbol_rate = 31Mbaud/' "$storm" >wide.ini
expect 2 "a carrier wider than its transponder" "$CORRIDOR" check wide.ini
check "is named" grep "37.2 MHz" err
sed 's/speed = 15m.s/speed = 15/' "$storm" >speed.ini
expect 2 "a speed without a unit" "$CORRIDOR" check speed.ini
check "is named with its line" grep -E 'speed.ini:[0-9]+ \[weather storm\] speed: "15" is not a speed' err
