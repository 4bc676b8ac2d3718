// SPDX-License-Identifier: BSD-3-Clause
// Packets for the site itself.
#pragma once

#include "dataplane/engine/site.h"

// Answers echo requests; tells the sender of a UDP datagram that nothing listens; consumes all.
// Fragments are consumed without an answer: a site does not put packets together. Takes the packet
// over.
void local_deliver(const struct site_context *context, packet_ref ref);
