#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# vhost ports, and virtio at the other end (dpdk-testpmd in place of a virtual machine): frames go
# round through a wire, and none is lost; the sockets are one lab's, and go with it.
. "$(dirname "$0")/_init.sh"
. "$here/_live.sh" jq dpdk-testpmd

cat >lab.ini <<INI
[network]
name = vhost
seed = 1
[port west]
device = vhost $work/west.sock
[port east]
device = vhost $work/east.sock
[link span]
medium = wire
ends = west, east
delay = 1ms
INI
prefix=corridor-vhost-$$
# Sends 32 frames from each end, and what comes back again, until it is told to stop.
virtio() {
	# It ends when its input does; what it says is for a failure.
	(sleep 2; echo start tx_first; sleep 3; echo stop; sleep 1; echo quit) |
		dpdk-testpmd --no-huge -m 256 --no-pci --no-shconf --no-telemetry \
			--file-prefix "$prefix" -l 0-1 \
			--vdev "net_virtio_user0,path=$work/west.sock,queues=1" \
			--vdev "net_virtio_user1,path=$work/east.sock,queues=1" \
			-- -i --total-num-mbufs=2048
	rm -rf "/run/dpdk/$prefix" "${XDG_RUNTIME_DIR}/dpdk/$prefix"
}
counts() { # of frames: all are out again, but for the last on their way
	corridor -j show ports >ports.json
	# shellcheck disable=SC2016 # jq's variables
	json 'map(.received) as $in | map(.sent) as $out | map(.lost | add) as $lost |
		$lost == [0, 0] and $in == ($out | reverse) and ($in | min) > 1000' ports.json
}
start_lab lab.ini
expect 0 "virtio comes and goes" timeout 60 bash -c "$(declare -f virtio)
	work=$work prefix=$prefix; virtio"
check "frames went both ways, and all arrived" until_true 5 counts
expect 3 "another lab on the same sockets is refused" "$CORRIDOR" run lab.ini --lab "other-$$"
check "in one line" says_one_line
dies
start_lab lab.ini
expect 0 "after a kill it takes the sockets again" corridor show ports
expect 0 "the lab ends" ends
check "and leaves no socket" bash -c '! ls ./*.sock'
