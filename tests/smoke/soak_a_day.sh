#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Twenty-four hours of the lab's clock with a packet a second: nothing drifts, nothing is lost that
# was not to be, and the judge follows it to the nanosecond.
. "$(dirname "$0")/_init.sh"

wire 5 'delay = 250ms 10ms distribution normal' 'loss = random 1%' 'rate = 1mbit' >wire.ini
# A cut of a minute each hour, and another delay each hour, for what is in flight, too.
for hour in $(seq 0 23); do
	printf '[event cut%s]\nat = %smin\ndo = link span down\n' "$hour" $((hour * 60 + 30))
	printf '[event mend%s]\nat = %smin\ndo = link span up\n' "$hour" $((hour * 60 + 31))
	printf '[event move%s]\nat = %s.1s\ndo = link span set delay %sms inflight retime\n' \
		"$hour" $((hour * 3600 + 2700)) $((hour % 2 ? 250 : 300))
done >>wire.ini
perl -e '
	binmode STDOUT;
	my $frame = pack("H*", "020000000001020000000002") . pack("n", 0x88b5);
	print pack("VvvVVVV", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1);
	print pack("VVVV", 1700000000 + $_, $_ * 7919 % 50000000, 60, 60) . $frame . pack("Nx42", $_) for 0 .. 86399' >in.pcap

expect 0 "a day is replayed" "$CORRIDOR" -j replay wire.ini --in west=in.pcap --out east=east.pcapng --journal journal
check "its clock ends with the day" json '.end_ns > 86399000000000 and .end_ns < 86401000000000' out
check "each packet has one end" json \
	'.channels["span:forward"] | .entered == 86400 and .delivered + .lost.model + .lost.carrier == 86400' out
check "packets were in flight at changes of delay" json '.channels["span:forward"].retimed >= 22' out
check "the cuts took a minute each" json '.channels["span:forward"].lost.carrier == 24 * 60' out
for words in "" "--journal journal"; do
	# shellcheck disable=SC2086 # words
	expect 0 "the judge passes it${words:+, by the journal}" "$CORRIDOR" -j verify --sent in.pcap \
		--received east.pcapng --topology wire.ini --from west --to east $words
	check "each packet by the law" json '.settled == 86400 and (.tests[] | select(.name == "law") | .pass)' out
done
expect 0 "with two workers" "$CORRIDOR" replay wire.ini --in west=in.pcap --out east=again.pcapng --workers 2
check "the same bytes come out" cmp east.pcapng again.pcapng
