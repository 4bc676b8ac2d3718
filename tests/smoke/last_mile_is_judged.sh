#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The shipped last mile: it is checked, replayed, and judged to do what its words say, on the wire
# frame by frame and on the routed path.
. "$(dirname "$0")/_init.sh"

topology=$topologies/last-mile.ini
expect 0 "it checks" "$CORRIDOR" check "$topology"
expect 0 "frames go up the line" "$CORRIDOR" -j replay "$topology" --in modem="$golden/lux.pcap" \
	--out dslam=up.pcapng --journal journal
check "each impairment is at work" json '.channels["line:forward"] | .lost.model > 0 and
	.duplicated > 0 and .corrupted > 0 and .reordered > 0' out
check "the routed call is delivered, but for what access loses" json \
	'.flows.call | .sent == 1000 and .received > 970' out
expect 0 "verify passes with the journal" "$CORRIDOR" -j verify --sent "$golden/lux.pcap" \
	--received up.pcapng --topology "$topology" --from modem --to dslam --journal journal
check "frame by frame" json '[.tests[] | select(.name == "law") | .pass] == [true]' out
expect 0 "verify passes without it" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
	--received up.pcapng --topology "$topology" --from modem --to dslam
sed 's/gemodel 0.5% 20%/gemodel 0.5% 40%/' "$topology" >other.ini
expect 1 "shorter bursts are something else" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
	--received up.pcapng --topology other.ini --from modem --to dslam
expect 0 "the way down is another queue" "$CORRIDOR" replay "$topology" --in dslam="$golden/lux.pcap" \
	--out modem=down.pcapng --journal journal
expect 0 "and judged too" "$CORRIDOR" verify --sent "$golden/lux.pcap" \
	--received down.pcapng --topology "$topology" --from dslam --to modem --journal journal
expect 0 "the routed path is known" "$CORRIDOR" path "$topology" home server
