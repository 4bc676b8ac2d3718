#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Satellites move, hand over and set: the sky's report, a day's replay, a verdict, and named faults.
. "$(dirname "$0")/_init.sh"

day=$topologies/o3b-day.ini
expect 0 "a day of O3b mPOWER" "$CORRIDOR" -j satellites "$day"
check "its shortest round trip is 145.1 ms, as computed elsewhere" \
	json '.links[0].rtt_ns.min | . > 145050000 and . < 145150000' out
check "and its mean is SES's 150 ms" json '.links[0].rtt_ns.mean | . > 148e6 and . < 151e6' out
check "at 5 degrees it is never away" json '.gaps == [] and .links[0].availability == 1' out
check "each satellite comes four times over each site" \
	json '[.passes[] | select(.satellite == "mpower-f1" and .site == "betzdorf")] | length == 4' out
check "and no higher than 15.3 degrees over Betzdorf" \
	json '[.passes[] | select(.site == "betzdorf" and (.begun or .unended | not)) | .max_elevation_deg] | max < 15.3 and min > 15.0' out
check "handovers name both" json '.handovers | length > 20 and all(.from != .to)' out
expect 0 "in words, too" "$CORRIDOR" satellites "$day" --to 2h

sed 's/^elevation = 5deg/elevation = 10deg/' "$day" >masked.ini
expect 0 "with a mask of 10 degrees" "$CORRIDOR" -j satellites masked.ini
check "there are 24 gaps, of 4.5 to 9.5 minutes" json '.gaps | length == 24 and all(
	(.to[0:19] + "Z" | fromdate) - (.from[0:19] + "Z" | fromdate) | . > 265 and . < 575)' out
check "and 12 % of the day is dark" json '.links[0].availability | . > 0.87 and . < 0.89' out

expect 2 "a budget at noon, of a link without a radio" \
	"$CORRIDOR" budget "$day" mpower --at 2026-06-14T12:00:00Z
check "is missed by its radio, not by its hour" grep -q 'no radio' err
expect 0 "a replay to an instant of UTC" "$CORRIDOR" -j replay "$day" --until 2026-06-14T00:00:02Z
check "ends there" json '.end_ns == 2000000000' out
expect 0 "a path at noon" "$CORRIDOR" -j path "$day" betzdorf thermopylae --at 2026-06-14T12:00:00Z
check "has the delay of then" json '.rtt_ns > 145100000 and .rtt_ns < 162000000' out
expect 2 "an instant before the epoch is refused" \
	"$CORRIDOR" path "$day" betzdorf thermopylae --at 2025-06-14T12:00:00Z
check "in one line" says_one_line

# The flow's packets of a day, and what the judge says of those that a port gives out.
expect 0 "a day is replayed" "$CORRIDOR" -j replay "$day" --capture mpower=points.pcapng
check "with every packet" json '.channels["mpower:forward"] | .entered > 1400 and .entered == .delivered' out

# A dark hour: what is sent in gaps is lost, and a break takes what is in flight.
sed -e 's/^choose = elevation/choose = longest/' -e 's/^rate = 0.017pps/rate = 500pps/' \
	-e 's/^stop = 24h/stop = 2h/' -e 's/^handover = .*/handover = break-before-make 5s/' \
	"$day" >breaks.ini
expect 0 "breaks are replayed" "$CORRIDOR" -j replay breaks.ini
check "and cost what is in flight, what comes until routing knows, and what it then keeps" \
	json '.channels["mpower:forward"].lost.cut > 60 and .channels["mpower:forward"].lost.carrier > 60 and
		.sites.betzdorf.lost["no-route"] > 4000 and
		.flows.pulse.sent == .flows.pulse.received + (.flows.pulse.lost | add)' out

sed 's/^orbit = elements EPOCH=2026-06-13/orbit = elements EPOCH=2026-05-13/' "$day" >stale.ini
expect 0 "old elements are used" "$CORRIDOR" satellites stale.ini --to 1h
check "with a warning that says how far off" grep -q 'warning: .*days from.* us off' err
expect 0 "a week on it is fresh" "$CORRIDOR" satellites "$day" --to 7d
check "which is not warned of" test ! -s err
for ask in "satellites $day --from 60d --to 61d" "path $day betzdorf thermopylae --at 61d"; do
	# shellcheck disable=SC2086 # words
	expect 0 "two months on it is told" "$CORRIDOR" $ask
	check "with a warning that counts from then: ${ask%% *}" grep -q 'warning: .* 61 days from 2026-08-1' err
done

expect 0 "the sun stands behind ASTRA" "$CORRIDOR" -j satellites "$topologies/equinox.ini" --to 15d --dish 2.4m
check "at each site, for some days, for minutes" json '[.sun_outages[] |
	select(.site == "betzdorf" and .satellite == "astra-1n")] | length >= 3 and length <= 12' out
check "at most 10 minutes a day" json '.sun_outages | all((.to[0:19] + "Z" | fromdate) -
	(.from[0:19] + "Z" | fromdate) < 600)' out

# What a capture shows of a ring of circles, against a closed form of them.
ring() {
	printf '[network]\nepoch = 2026-06-14T00:00:00Z\n'
	printf '[site %s]\naddress = %s\nsubnet = %s\nsubnet6 = %s\nposition = %s\n' \
		betzdorf 10.255.0.1 10.1.0.0/16 2001:db8:1::/48 '49.6935, 6.33, 300' \
		thermopylae 10.255.0.2 10.3.0.0/16 2001:db8:3::/48 '38.8225, 22.6867, 50'
	printf '[port %s]\nsite = %s\naddress = %s\naddress6 = %s\n' \
		lux betzdorf 10.1.0.1/24 2001:db8:1::1/64 greece thermopylae 10.3.0.1/24 2001:db8:3::1/64
	printf '[constellation ring]\nequal = 12 %s inclination 5deg raan 100deg phase 7deg\n' "$1"
	printf '[link ring]\nends = betzdorf, thermopylae\nmedium = satellite\nvia = ring\n'
}
ring 8062km >ring.ini
ring 8063km >higher.ini
judge() {
	"$CORRIDOR" -j verify --sent "$golden/lux.pcap" --received greece.pcapng \
		--topology "$1" --from lux --to greece
}
expect 0 "captured packets go over a ring of circles" "$CORRIDOR" replay ring.ini \
	--in lux="$golden/lux.pcap" --out greece=greece.pcapng
expect 0 "and verify finds them so" judge ring.ini
check "by the geometry alone, to 1 us" json '.tests[] | select(.name == "geometry") |
	.pass and .measured < 1000 and .measured > -1000' out
expect 1 "a kilometre more of altitude is another orbit" judge higher.ini
check "by the geometry, too" json '.tests[] | select(.name == "geometry") | .pass == false' out
