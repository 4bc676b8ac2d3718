// SPDX-License-Identifier: BSD-3-Clause
// Cuts IPv4 packets up for a way that is too narrow for them (RFC 791, section 3.2; RFC 1812,
// section 5.2.7). Off the fast path: who needs this pays for it.
//
// The fragments of a packet have its id, as copies do; all but one are flagged PACKET_COPY and
// counted as made (`fragmented` of the site). Their hash follows from the addresses alone, as that
// of any fragment: from here on all of them go one way, whatever that of whole packets is.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/packet.h"

struct site_context;

// IPv4 without DF. Built-in flows have DF: a piece would carry no stamp. `packet` is parsed.
bool fragment_is_allowed(const struct packet *packet);

// Cuts up such a packet, longer than mtu_bytes, whose TTL and destination are final, and hands the
// fragments to `send`, first to last; `way` is passed on to it. Takes the packet over. One whose
// header has been damaged on its way is lost (no-route), as is (mtu) one of which not even eight
// bytes fit.
void fragment_packet(const struct site_context *context, packet_ref ref, uint32_t mtu_bytes,
		     void (*send)(const struct site_context *context, const void *way,
				  packet_ref ref),
		     const void *way);
