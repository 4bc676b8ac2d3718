#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The traffic that mutants are shown: twelve flows, busy and quiet by turns, so that queues fill and
# empty again, with each protocol, length, DSCP and ECN that a law may ask for. A pcap with
# nanosecond times on standard output; always the same bytes, each frame unlike the others.
use strict;
use warnings;

my $frames = shift // 16000;
my $state = 719;

# Numerical Recipes' generator, of which the upper bits are good enough for traffic.
sub draw {
	my $below = shift;
	$state = ($state * 1664525 + 1013904223) % 4294967296;
	return int($state / 4294967296 * $below);
}

sub checksum {
	my $sum = 0;
	$sum += $_ for unpack('n*', shift);
	$sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
	return ~$sum & 0xffff;
}

# Flow n: its DSCP, and ECN n % 4, so that each of these occurs with each protocol.
my @dscp = (0, 46, 10, 8, 0, 34, 0, 1, 18, 0, 46, 0);
my @lengths = (60, 60, 60, 91, 200, 201, 593, 594, 1514, 1514);

sub frame {
	my ($number, $flow) = @_;
	my $length = $lengths[draw(scalar @lengths)];
	my $tcp = $flow % 3 == 0;
	my $ipv6 = $flow % 4 == 3 && $length >= 90;
	my $class = $dscp[$flow] << 2 | $flow % 4;
	my $ip_bytes = $ipv6 ? 40 : 20;
	my $upper = $length - 14 - $ip_bytes;
	my $port = 40000 + $flow;
	my ($head, $ip);

	# A short TCP frame is an acknowledgement, padded to Ethernet's least length.
	$upper = 20 if $tcp && $length == 60;
	$head = $tcp ? pack('nnNNnnnn', $port, 5201, $number, 1, 0x5010, 500, 0, 0)
		: pack('nnnn', $port, 5001, $upper, 0);
	if ($ipv6) {
		$ip = pack('NnCC', 6 << 28 | $class << 20, $upper, $tcp ? 6 : 17, 64) .
			pack('NNNN', 0x20010db8, 0, 0, 1 + $flow) . pack('NNNN', 0x20010db8, 1, 0, 1);
	} else {
		$ip = pack('CCnnnCCnNN', 0x45, $class, 20 + $upper, $number & 0xffff, 0x4000, 64,
			$tcp ? 6 : 17, 0, 0x0a010001 + $flow, 0x0a020001);
		substr($ip, 10, 2) = pack('n', checksum($ip));
	}
	my $bytes = pack('H12H12n', '020000000002', '020000000001', $ipv6 ? 0x86dd : 0x0800) .
		$ip . $head . pack('N', $number);
	$bytes .= chr(draw(256)) while length $bytes < $length;
	return substr($bytes, 0, $length);
}

binmode STDOUT;
print pack('LSSlLLL', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1);
my $at_ns = 0;
for my $number (0 .. $frames - 1) {
	my $busy = int($at_ns / 1e9) % 2 == 0;
	# Gaps of the quiet times are eight times as long; one in sixteen frames comes at the same
	# instant as the one before.
	$at_ns += (100_000 + draw(1_000_000)) * ($busy ? 1 : 8) if draw(16);
	my $bytes = frame($number, draw(12));
	print pack('LLLL', 1_700_000_000 + int($at_ns / 1e9), $at_ns % 1_000_000_000,
		length $bytes, length $bytes), $bytes;
}
