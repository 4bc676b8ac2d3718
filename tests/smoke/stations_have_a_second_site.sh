#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The storm over Betzdorf again, with a second site 70 km west of it: Ka stays up, since the front is over
# one of the two at a time. And a modem that keeps to its MODCOD, and one that is told to adapt.
. "$(dirname "$0")/_init.sh"

# storm FILE LINE: the shipped storm with a line more in its Ka link.
storm() {
	awk -v line="$2" '/^\[/ { ka = $0 == "[link betzdorf-redu-ka]" }
		{ print }
		ka && /^medium/ { print line }' "$topologies/storm.ini" >"$1"
	printf '%s\n' '[site arlon]' 'position = 49.69, 5.35, 400' 'rain_rate = 28.2mm/h' \
		'rain_height = 2.7km' '[flow beat]' 'from = betzdorf' 'to = redu' 'rate = 10pps' \
		'stop = 3600s' >>"$1"
	# One that stands in for nobody is a site like others.
	[[ $2 == diversity.forward\ =\ arlon* ]] ||
		printf '%s\n' '[link arlon-betzdorf]' 'ends = arlon, betzdorf' 'medium = fibre' \
			'stretch = 1.4' >>"$1"
}

storm two.ini 'diversity.forward = arlon switch 20s'
expect 0 "it checks, and the second site needs no link" "$CORRIDOR" check two.ini
expect 0 "in the storm Ka has a budget" "$CORRIDOR" -j budget two.ini betzdorf-redu-ka --at 35min
check "from the other site" json '.up | .site == "arlon" and .other_site == "betzdorf" and
	.rain_db < 1' out
check "and to it" json '.reverse.down.site == "arlon"' out
expect 0 "in words, too" "$CORRIDOR" budget two.ini betzdorf-redu-ka --at 35min
check "who stands in for whom" grep -F 'arlon stands in for betzdorf' out
expect 0 "who serves when" "$CORRIDOR" -j satellites two.ini --to 2h
check "at first the station itself" json '.site_changes[0] | .direction == "forward" and .from == null and
	.to == "betzdorf"' out
check "then the other site" json '[.site_changes[] | select(.direction == "forward")] |
	length == 2 and .[1].from == "betzdorf" and .[1].to == "arlon"' out
expect 0 "in a table, too" "$CORRIDOR" satellites two.ini --to 2h
check "with the site in use" grep -E '^betzdorf-redu-ka:forward .*Z  arlon$' out
expect 0 "over the year" "$CORRIDOR" -j budget two.ini betzdorf-redu-x --exceeded 0.01%
check "a station without a second site gains nothing" json '.up.diversity_gain_db == 0' out
expect 0 "Ka at 0.01 % of the year" "$CORRIDOR" -j budget two.ini betzdorf-redu-ka:forward --exceeded 0.01%
check "gains by P.618" json '.up | .diversity_gain_db > 5 and .rain_db > 5' out
expect 1 "which is what it lacks alone" "$CORRIDOR" budget "$topologies/storm.ini" \
	betzdorf-redu-ka:forward --exceeded 0.01%
expect 0 "routes in the storm" "$CORRIDOR" -j path two.ini betzdorf redu --at 35min
check "stay on Ka" json '.hops[0].link == "betzdorf-redu-ka"' out
# Slant ranges on WGS-84 to 42164.17 km over 21.5 E, by hand: 128.405670 ms from betzdorf, 128.474173 from arlon
# and 128.581660 from redu; the Earth turns by some ns meanwhile. 20 ms are processing.
near() { json "(.hops[0].delay_ns - $1) | fabs < 100" out; }
check "from the second site" json '.hops[0] | .from_diversity == "arlon" and .to_diversity == null' out
check "by its own slant range" near 277055833
expect 0 "routes before it" "$CORRIDOR" -j path two.ini betzdorf redu --at 0s
check "go from the first" json '.hops[0].from_diversity == null' out
check "by that one's" near 276987330
expect 0 "an hour of traffic" "$CORRIDOR" -j replay two.ini
check "goes by Ka more than without" json '.channels["betzdorf-redu-ka:forward"].delivered > 25000' out

storm fixed.ini 'modcod = QPSK 1/2'
expect 0 "one MODCOD" "$CORRIDOR" -j budget fixed.ini betzdorf-redu-ka
check "is kept to" json '.modcod == "QPSK 1/2" and .coding == "ccm" and .rate_bps == 29665740' out
expect 0 "under rain, too" "$CORRIDOR" -j path fixed.ini betzdorf redu --at 22min
expect 1 "until the carrier drops" "$CORRIDOR" -j budget fixed.ini betzdorf-redu-ka --at 35min

storm acm.ini 'rate = acm'
expect 0 "adaptive coding in so many words" "$CORRIDOR" -j budget acm.ini betzdorf-redu-ka
check "is what it is without" json '.modcod == "256APSK 3/4" and .coding == "acm"' out

refused() { # SENTENCE LINE WORDS
	storm bad.ini "$2"
	expect 2 "$1" "$CORRIDOR" check bad.ini
	check "$1: in one line" says_one_line
	check "$1: by file and line" grep -E '^corridor: bad\.ini:[0-9]+ \[link betzdorf-redu-ka' err
	check "$1: by what to do" grep -F "$3" err
}
refused "a site that stands in for itself" 'diversity.forward = betzdorf' 'name another site'
refused "a site that stands in for nobody" 'diversity = arlon' 'write diversity.forward'
refused "a site that is not there" 'diversity.forward = arlom' 'did you mean arlon'
refused "a switch without a unit" 'diversity.forward = arlon switch 5' 'switch 10s'
refused "a MODCOD that is none" 'modcod = QPSK 7/8' 'write e.g. QPSK 3/4'
refused "more on request than the modem sends" 'access.reverse = cra 1mbit rbdc 900mbit' \
	'] access.reverse: cra and rbdc may assign 901mbit together, and the modem sends 177.02565mbit at best; lower cra or rbdc'
