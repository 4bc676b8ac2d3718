// SPDX-License-Identifier: BSD-3-Clause
// ARP (RFC 826) on a site's interface: answers for the interface's own IPv4 address, asks, learns.
// Nothing is announced unasked.
#pragma once

#include <stdint.h>

#include "dataplane/engine/site.h"

// A frame of type ARP that came in on context->interface. Takes it over and consumes it.
void arp_input(const struct site_context *context, packet_ref ref);

// Asks for an address: of all, or with `mac` of one neighbour that is to confirm it.
void arp_ask(const struct site_context *context, uint32_t interface, const uint8_t target[4],
	     const uint8_t *mac);
