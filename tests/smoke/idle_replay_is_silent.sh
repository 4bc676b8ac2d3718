#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An idle wire carries no frame: the lab injects none of its own, neither in a replay nor live.
. "$(dirname "$0")/_init.sh"

wire 1 'delay = 1ms' >wire.ini
expect 0 "a replay without input" "$CORRIDOR" -j replay wire.ini --out east=east.pcapng --until 60s
check "writes a capture" test -s east.pcapng
check "without a frame" test "$(frames east.pcapng)" = 0
check "and counts none" json '[.ports[] | .received + .sent] | add == 0' out
