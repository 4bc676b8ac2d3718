// SPDX-License-Identifier: BSD-3-Clause
// What a site says by ICMP and ICMPv6: echo replies, time exceeded, fragmentation needed or packet
// too big, net, host and port unreachable (RFC 792, 1191, 1812, 4443).
//
// Errors are never sent about ICMP errors, about packets to or from a group or an address that
// is no single node's, about fragments but the first, about packets that the site made itself (or
// that claim so), or about built-in flows (no program listens for them). They quote the packet as
// it came in, and are limited per site, as RFC 4443, section 2.4 (f), demands. None of these
// functions takes the packet over.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/parse.h"

struct plan;
struct site_context;

// Errors that a site may send at once, and how fast the budget fills again.
#define ICMP_ERRORS_AT_ONCE    100
#define ICMP_ERRORS_PER_SECOND 1000

struct icmp_budget {
	uint32_t errors;
	uint64_t filled_at_ns;
};

void icmp_budget_init(struct icmp_budget *budget);

// The packet's lifetime has ended here.
void icmp_time_exceeded(const struct site_context *context, struct packet *packet);

// The packet is longer than the way on takes, and cannot be cut up.
void icmp_packet_too_big(const struct site_context *context, struct packet *packet,
			 uint32_t mtu_bytes);

// There is no way to the packet's destination (RFC 1812, section 4.3.3.1; RFC 4443, section 3.1,
// code 0). Says nothing about what came in on a promiscuous interface: a capture may hold anything.
void icmp_no_route(const struct site_context *context, struct packet *packet);

// The destination is behind this site, but nobody there answers for it (code 1; of ICMPv6, 3).
void icmp_host_unreachable(const struct site_context *context, struct packet *packet);

// A datagram to a port of the site itself, where nothing listens: how traceroute knows its end.
void icmp_port_unreachable(const struct site_context *context, struct packet *packet);

// Answers an echo request to the site itself; `upper` is its upper layer, not a fragment. Requests
// with a wrong checksum and everything else get no answer.
void icmp_answer_echo(const struct site_context *context, const struct packet *packet,
		      const struct parse_upper *upper);
