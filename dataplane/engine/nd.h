// SPDX-License-Identifier: BSD-3-Clause
// Neighbour Discovery (RFC 4861) on a site's interface: answers solicitations for the interface's
// IPv6 addresses, solicits, learns. No router advertisements, no announcements, no duplicate
// address detection of its own: nothing is sent unasked.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/site.h"

// Is this parsed packet a message of Neighbour Discovery (router and neighbour solicitation and
// advertisement, redirect, with the hop limit of 255 that says it was not forwarded)?
bool nd_is_message(const struct packet *packet);

// Such a packet that came in on context->interface. Takes it over and consumes it.
void nd_input(const struct site_context *context, packet_ref ref);

// Solicits an address: by its solicited-node group, or with `mac` from one neighbour that is to
// confirm it.
void nd_ask(const struct site_context *context, uint32_t interface, const uint8_t target[16],
	    const uint8_t *mac);
