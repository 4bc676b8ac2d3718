#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes lux.pcap and ams.pcap: real programs talk for 37 s between two network namespaces over a
# veth pair, and each side records what it sends itself. Needs root, iproute2, ethtool, procps,
# tcpdump, iperf3, iputils-ping, python3. Writes into the folder given (default: this one).
set -eu

out=$(cd "${1:-$(dirname "$0")}" && pwd)
lux=golden-lux-$$ ams=golden-ams-$$
work=$(mktemp -d)
pids=()

cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait
	ip netns del "$lux" 2>/dev/null || true
	ip netns del "$ams" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
# start NAMESPACE COMMAND...: in the background; the process ID is the command's own.
start() { ip netns exec "$@" >>"$work/log" 2>&1 & pids+=("$!"); }

# host NAMESPACE OWN-MAC OWN-4 OWN-6 PEER-MAC PEER-4 PEER-6: one end of the pair, with its neighbour
# written down, so that no ARP or neighbour discovery is needed, and with checksums made by the
# sender (a veth leaves them to hardware that never comes).
host() {
	ip netns exec "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.accept_ra=0
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 address "$2" mtu 1500
	ip netns exec "$1" ethtool -K eth0 tx off gso off tso off gro off >/dev/null
	ip -n "$1" link set eth0 up
	ip -n "$1" addr add "$3/24" dev eth0
	ip -n "$1" addr add "$4/64" dev eth0 nodad
	ip -n "$1" route add "$6/32" dev eth0
	ip -n "$1" -6 route add "$7/128" dev eth0
	ip -n "$1" neigh add "$6" lladdr "$5" dev eth0 nud permanent
	ip -n "$1" neigh add "$7" lladdr "$5" dev eth0 nud permanent
}
ip netns add "$lux"
ip netns add "$ams"
ip link add eth0 netns "$lux" type veth peer name eth0 netns "$ams"
host "$lux" 02:00:0a:01:00:02 10.1.0.2 2001:db8:1::2 02:00:0a:03:00:02 10.3.0.2 2001:db8:3::2
host "$ams" 02:00:0a:03:00:02 10.3.0.2 2001:db8:3::2 02:00:0a:01:00:02 10.1.0.2 2001:db8:1::2
sleep 1

record=(tcpdump -i eth0 -Q out --time-stamp-precision=nano -Z root -B 8192 -n)
start "$lux" "${record[@]}" -w "$work/lux.pcap" 'src host 10.1.0.2 or src host 2001:db8:1::2'
start "$ams" "${record[@]}" -w "$work/ams.pcap" 'src host 10.3.0.2 or src host 2001:db8:3::2'
recorders=("${pids[@]}")
mkdir "$work/www"
head -c 6000 /dev/urandom >"$work/www/object"
start "$ams" iperf3 -s -p 5201
start "$ams" iperf3 -s -p 5202
start "$lux" iperf3 -s -p 5203
start "$ams" python3 -m http.server --directory "$work/www" 80
sleep 2

start "$lux" iperf3 -c 10.3.0.2 -p 5201 -t 36 -b 200k -l 1200               # TCP over IPv4
start "$lux" iperf3 -c 2001:db8:3::2 -p 5202 -t 36 -u -b 64k -l 160         # UDP over IPv6
start "$ams" iperf3 -c 10.1.0.2 -p 5203 -t 36 -u -b 64k -l 160              # UDP the other way
start "$lux" ping -q -i 0.05 -w 36 10.3.0.2
start "$ams" ping -q -i 0.05 -w 36 2001:db8:1::2
# One small page a second over HTTP, each over a TCP connection of its own.
start "$lux" python3 -c '
import time, urllib.request
for _ in range(34):
    urllib.request.urlopen("http://10.3.0.2/object", timeout=5).read()
    time.sleep(1)'
sleep 37.5
for pid in "${recorders[@]}"; do kill "$pid"; wait "$pid" || true; done
cp "$work/lux.pcap" "$work/ams.pcap" "$out/"
for side in lux ams; do
	echo "$side.pcap: $(tcpdump -nr "$out/$side.pcap" 2>/dev/null | wc -l) frames," \
		"$(stat -c %s "$out/$side.pcap") bytes"
done
