#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two labs at once, joined by memif: the client may come first, jumbo frames and TCP pass both, and
# each finds the other again when it was ended or killed.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" ping iperf3 jq

# write_half NAME NAMESPACE ROLE DELAY: a wire from a tap to the socket.
write_half() {
	cat >"$1.ini" <<INI
[network]
name = $1
seed = 1
[port tap]
device = tap
netns = $2
ifname = eth0
mtu = 9000
[port memif]
device = memif $work/m.sock,role=$3
[link span]
medium = wire
ends = tap, memif
delay = $4
INI
}
# start_half NAME: its process is then in half_pid.
declare -A half_pid
start_half() {
	lab=$1-$$
	start_lab "$1.ini"
	half_pid[$1]=$lab_pid
}
address() { # NAMESPACE ADDRESS
	ip -n "$1" link set eth0 up && ip -n "$1" addr add "$2/24" dev eth0
}
write_half left "$west" server 5ms
write_half right "$east" client 7ms
start_half right
check "a client without a server says so" grep -q 'nobody listens on .*m.sock yet' lab.err
start_half left
address "$west" 192.0.2.1
address "$east" 192.0.2.2
reached() { ip netns exec "$west" ping -n -c 1 -W 1 192.0.2.2; }
check "it finds the server when that comes" until_true 10 reached
# Nothing signals a frame in a memif: it is looked for every 50 us, which a busy machine stretches.
check "ping takes the delays of both, and at most 1 ms more in the median" \
	in_a_round pings_between 24000 25000 "$west" 192.0.2.2 100
expect 0 "jumbo frames pass" ip netns exec "$west" ping -n -c 2 -W 3 -M "do" -s 8972 192.0.2.2
serve_iperf "$east"
check "TCP passes" in_a_round carries "$west" 192.0.2.2 20 100000
expect 0 "labs are told apart" "$CORRIDOR" -j show stats --lab "right-$$"
check "by their names" json '.[0].lab | startswith("right-")' out

sed '/^\[port tap/,/^mtu/s/^device = tap/device = net_null0/; /^netns/d; /^ifname/d' left.ini >third.ini
expect 3 "a third lab on the server's socket is refused" "$CORRIDOR" run third.ini --lab "third-$$"
check "in one line" says_one_line
check "and the two run on" reached

lab=left-$$ lab_pid=${half_pid[left]}
dies
start_half left
address "$west" 192.0.2.1
check "after a kill of the server both find each other" until_true 10 reached
lab_pid=${half_pid[right]}
dies
start_half right
address "$east" 192.0.2.2
check "after one of the client, too" until_true 10 reached
expect 0 "one lab ends" ends
lab=left-$$ lab_pid=${half_pid[left]}
expect 0 "and the other" ends
check "and no socket stays behind" test ! -e m.sock
