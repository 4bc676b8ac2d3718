// SPDX-License-Identifier: BSD-3-Clause
// Where a frame goes that leaves a port: a capture file's sink or a live device.
#pragma once

#include <stdint.h>

#include "dataplane/engine/worker.h"

// Takes the packet over; counts it as sent, or lost at the port.
void port_output(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns);
// The same for several, at most PORT_BURST, in this order.
void port_output_burst(struct worker *worker, uint32_t port, const packet_ref *refs,
		       const uint64_t *at_ns, unsigned count);
