# SPDX-License-Identifier: BSD-3-Clause
# What stories with a running lab begin with, after _init.sh: two namespaces of their own, each
# with a host whose only way out is a port of the lab.
# shellcheck shell=bash disable=SC2154 # work, pids and namespaces are _init.sh's

[ "$(id -u)" = 0 ] || skip "a live lab needs root"
[ -c /dev/net/tun ] || skip "a live lab needs /dev/net/tun"
for program in ip "$@"; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done

# ip6_default NAMESPACE KEY=VALUE...: for the interfaces that are still to come there.
ip6_default() {
	# shellcheck disable=SC2016 # expanded in the namespace
	ip netns exec "$1" sh -c 'for word do
		echo "${word#*=}" >"/proc/sys/net/ipv6/conf/default/${word%%=*}"
	done' sh "${@:2}"
}

lab=smoke-$$
west=corridor-west-$$ east=corridor-east-$$
for name in "$west" "$east"; do
	ip netns add "$name" 2>"$work/err" || skip "no network namespaces here: $(cat "$work/err")"
	namespaces+=("$name")
	# An idle host says nothing of its own accord.
	ip6_default "$name" router_solicitations=0 accept_ra=0 accept_dad=0
	ip -n "$name" link set lo up
done

# live_wire SEED KEYS...: the topology of a wire between taps in the two namespaces.
live_wire() {
	wire "$@" | awk -v west="$west" -v east="$east" '
		$1 == "[port" { netns = $2 == "west]" ? west : east }
		$0 == "device = none" { print "device = tap\nnetns = " netns "\nifname = eth0"; next }
		1'
}

# until_true SECONDS COMMAND...: waits for it.
until_true() {
	local left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.05
	done
}

# in_a_round COMMAND...: true when one of six rounds is. For times by the wall clock: what the lab
# does wrong shows in every round, what a busy machine does in some.
in_a_round() {
	local round
	for round in 1 2 3 4 5 6; do
		"$@" && return
		sleep "$round"
	done
	return 1
}

# start_lab TOPOLOGY WORDS...: runs it, and returns when it says that it is ready.
start_lab() {
	: >"$work/lab.out" # the last lab's word is not this one's
	"$CORRIDOR" run "$@" --lab "$lab" >"$work/lab.out" 2>"$work/lab.err" </dev/null &
	lab_pid=$!
	pids+=("$lab_pid")
	if ! until_true 30 grep -q 'is running' "$work/lab.out"; then
		cat "$work/lab.err" >"$work/err"
		report 1 "the lab comes up"
		exit 1
	fi
}
corridor() { "$CORRIDOR" --lab "$lab" "$@"; }

# host NAMESPACE ADDRESS4 GATEWAY4 ADDRESS6 GATEWAY6: addresses of a host behind the port's eth0.
host() {
	ip -n "$1" link set eth0 up
	ip -n "$1" addr add "$2/24" dev eth0
	ip -n "$1" addr add "$4/64" dev eth0 nodad
	ip -n "$1" route add default via "$3"
	ip -n "$1" -6 route add default via "$5"
}

# What this machine takes for the way into the lab and back out, at both ends: the medians of pings
# to the first site of either host, together, in whole microseconds. These wait for nothing.
machine_us() {
	local name gateway
	for name in "$west" "$east"; do
		gateway=$(ip -n "$name" route show default | awk '{ print $3; exit }')
		[ -z "$gateway" ] || ip netns exec "$name" ping -n -i 0.02 -c 25 -W 2 "$gateway" |
			sed -nE 's/.*time=([0-9.]+) ms/\1/p' | sort -n | sed -n 13p
	done | awk '{ sum += $1 * 1000 } END { print int(sum) }'
}

# pings_between FROM TO NAMESPACE TARGET COUNT: the median round-trip time of COUNT pings lies between
# these two, in microseconds. On a machine that takes so long itself that no lab could keep TO, it
# is that time and twice 60 us, by which a lab that sleeps may be late.
pings_between() {
	local least_us=$(($1 + $(machine_us) + 120))
	ip netns exec "$3" ping -n -i 0.02 -c "$5" -W 2 "$4" | tee "$work/pings" |
		sed -nE 's/.*time=([0-9.]+) ms/\1/p' | sort -n | awk -v from="$1" \
		-v to="$((least_us > $2 ? least_us : $2))" '
			{ rtt[NR] = $1 * 1000 }
			END {
				median = rtt[int((NR + 1) / 2)]
				print "median " median " us of " NR ", expected " from " to " to
				exit NR == 0 || median < from || median > to
			}'
}

# ends: the lab ends, and is waited for. dies: it is killed.
gone() { ! kill -0 "$lab_pid" 2>/dev/null; }
ends() { corridor stop && until_true 10 gone; }
dies() {
	kill -9 "$lab_pid"
	wait "$lab_pid" 2>/dev/null || true
}

# Two sites 12 ms apart by a link of 100 Mbit/s, and a longer way round by a third.
write_lab() {
	cat >"$work/lab.ini" <<INI
[network]
name = smoke
seed = 1
[site alpha]
kind = router
address = 10.255.0.1
address6 = 2001:db8:ff::1
subnet = 10.1.0.0/16
subnet6 = 2001:db8:1::/64
[site beta]
kind = router
address = 10.255.0.2
address6 = 2001:db8:ff::2
subnet = 10.3.0.0/16
subnet6 = 2001:db8:3::/64
[site gamma]
kind = router
address = 10.255.0.3
address6 = 2001:db8:ff::3
[link direct]
medium = ethernet
ends = alpha, beta
delay = 12ms
rate = 100mbit
limit = 50ms
[link round-west]
medium = ethernet
ends = alpha, gamma
delay = 15ms
[link round-east]
medium = ethernet
ends = gamma, beta
delay = 15ms
[port west]
site = alpha
device = tap
netns = $west
ifname = eth0
address = 10.1.0.1/24
address6 = 2001:db8:1::1/64
[port east]
site = beta
device = tap
netns = $east
ifname = eth0
address = 10.3.0.1/24
address6 = 2001:db8:3::1/64
INI
}
hosts() {
	host "$west" 10.1.0.2 10.1.0.1 2001:db8:1::2 2001:db8:1::1
	host "$east" 10.3.0.2 10.3.0.1 2001:db8:3::2 2001:db8:3::1
}

# interfaces: the names of those here, but for veths of tests that run beside this one.
interfaces() { ip -o link | cut -d ' ' -f 2 | grep -vE '^c[evw][0-9]+@'; }

# veths: a veth pair to eth0 of each namespace; the near ends are $near_west and $near_east, and go
# with the namespaces. No IPv6 of the near end's own before the lab has it.
near_west=cw$$ near_east=ce$$
veths() {
	local side
	for side in west east; do
		local near=near_$side
		ip link add "${!near}" type veth peer name eth0 netns "${!side}" 2>"$work/err" ||
			skip "no veth here: $(cat "$work/err")"
		ip link set "${!near}" up
	done
}

# write_lab_on KIND: the same lab, its ports on the near ends of the veths.
write_lab_on() {
	write_lab
	sed -i -e '/^netns/d; /^ifname/d' -e "/^\[port west/,/^address =/s/= tap/= $1 $near_west/" \
		-e "/^\[port east/,/^address =/s/= tap/= $1 $near_east/" lab.ini
}

# carries NAMESPACE TARGET FROM TO: iperf3 over TCP to the target (where its server runs) carries
# that many Mbit/s of payload.
carries() {
	ip netns exec "$1" iperf3 -J -c "$2" -t 6 -O 2 >iperf.json
	jq -e --argjson from "$3" --argjson to "$4" '.end.sum_received.bits_per_second / 1e6 |
		debug | . >= $from and . <= $to' iperf.json
}
serve_iperf() { # NAMESPACE
	ip netns exec "$1" iperf3 -s >/dev/null 2>&1 &
	pids+=($!)
	until_true 5 ip netns exec "$1" bash -c 'ss -Hltn | grep -q :5201'
}
