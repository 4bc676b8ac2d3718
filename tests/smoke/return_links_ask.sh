#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A terminal on a return link asks for its capacity: what comes after a silence is later by the
# request's round trip and the hub's schedule, what follows is not; more constant capacity, none of it.
. "$(dirname "$0")/_init.sh"

# vsat FILE ACCESS: the terminal's traffic goes up to the hub by a geostationary satellite, 500 ms
# there and back.
vsat() {
	cat >"$1" <<-INI
		[network]
		name = vsat
		[site hub]
		kind = router
		address = 10.255.0.1
		[site terminal]
		kind = router
		address = 10.255.0.2
		[link sky]
		ends = hub, terminal
		delay = 250ms
		$2
		[flow seldom]
		from = terminal
		to = hub
		rate = 0.5pps
		size = 200b
		stop = 30s
		start = 0s
		[flow often]
		from = terminal
		to = hub
		rate = 50pps
		size = 200b
		start = 100s
		stop = 130s
	INI
}

vsat asks.ini 'access.reverse = rbdc 1mbit superframe 25ms schedule 50ms timeout 500ms'
expect 0 "it checks" "$CORRIDOR" check asks.ini
expect 0 "it is replayed" "$CORRIDOR" -j replay asks.ini --until 140s
# From the slot where it asks: 550 ms to the grant's slot, 1.6 ms to send, 250 ms of light.
check "each that comes after a silence waits for its grant" json '.flows.seldom.delay_ns |
	.min >= 800000000 and .max <= 840000000' out
check "of many, only the first ones do" json '.flows.often.delay_ns |
	.min >= 250000000 and .p50 <= 280000000 and .max >= 800000000 and .max <= 840000000' out
vsat has.ini 'access.reverse = cra 1mbit superframe 25ms'
expect 0 "with constant capacity" "$CORRIDOR" -j replay has.ini --until 140s
check "none waits for more than a slot" json '[.flows[].delay_ns | .min >= 250000000 and
	.max <= 280000000] | all' out
vsat free.ini ''
expect 0 "with a line of its own" "$CORRIDOR" -j replay free.ini --until 140s
check "none waits at all" json '[.flows[].delay_ns | .max == 250000000] | all' out

refused() { # SENTENCE WORDS KEY-AND-VALUE
	vsat bad.ini "$3"
	expect 2 "$1" "$CORRIDOR" check bad.ini
	check "$1: by name" grep -F "$2" err
	check "$1: where" grep -F 'bad.ini:' err
}
refused "more than the modem sends" 'lower cra or rbdc' \
	$'rate = 1mbit\naccess = cra 64kbit rbdc 2mbit'
refused "no capacity" 'write e.g. access cra 64kbit' 'access = superframe 25ms'
refused "a rate without a unit" 'has no unit' 'access = rbdc 64'
refused "a limit below the wait" 'raise limit' $'access = rbdc 1mbit\nlimit = 20ms'
refused "a timeout of nothing" 'raise timeout' 'access = rbdc 1mbit timeout 1ms'
refused "a timeout of what is not granted" 'on request' 'access = cra 1mbit timeout 1s'
refused "two of them" 'give it once' $'netem = access cra 1mbit\naccess = cra 2mbit'

# routed FILE ACCESS: packets of a capture, over the same link between two sites.
routed() {
	cat >"$1" <<-INI
		[network]
		name = routed
		[site lux]
		kind = router
		address = 10.255.0.1
		subnet = 10.1.0.0/16
		[site ams]
		kind = router
		address = 10.255.0.2
		subnet = 10.3.0.0/16
		[link sky]
		ends = lux, ams
		delay = 250ms
		rate = 10mbit
		limit = 2000p
		$2
		[port west]
		site = lux
		device = none
		address = 10.1.0.1/24
		[port east]
		site = ams
		device = none
		address = 10.3.0.1/24
		[event later]
		at = 10s
		do = link sky:forward set access rbdc 2mbit timeout 400ms
		[event last]
		at = 20s
		do = link sky:forward set access none limit 20ms
	INI
}
routed link.ini 'access.forward = cra 500kbit superframe 400ms'
expect 0 "a capture over a link that changes" "$CORRIDOR" -j replay link.ini \
	--in west="$golden/lux.pcap" --out east=east.pcapng --journal journal
check "all of it" json '.channels["sky:forward"] | .entered > 1000 and .delivered == .entered' out
expect 0 "is judged" "$CORRIDOR" -j verify --sent "$golden/lux.pcap" --received east.pcapng \
	--topology link.ini --from west --to east --journal journal
check "by every clause" json '[.tests[].pass] | all' out
sed 's/^access.*//; s/2000p/20ms/; s/^do = .*/do = link sky up/' link.ini >other.ini
expect 1 "a line of its own is something else" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
	--received east.pcapng --topology other.ini --from west --to east

sed 's/rbdc 2mbit/rbdc 20mbit/' link.ini >event.ini
expect 2 "an event that asks for more than the modem sends" "$CORRIDOR" check event.ini
check "is refused by name" grep -F 'event.ini:25 [event later]: do: access may assign' err
sed 's/access rbdc 2mbit/rate 40mbit access rbdc 20mbit/' link.ini >event.ini
expect 0 "but not with a faster modem" "$CORRIDOR" check event.ini
