// SPDX-License-Identifier: BSD-3-Clause
// The way out of a port: by device or by file.
#include "dataplane/engine/port_output.h"

#include "dataplane/engine/core.h"
#include "dataplane/engine/live.h"
#include "dataplane/engine/port.h"

static void device_output(struct worker *worker, uint32_t port, packet_ref ref, uint64_t due_at_ns)
{
	struct engine_port_counters *counters = &worker->ports[port];
	struct packet *packet = worker_packet(worker, ref);

	if (port_device_queue(worker->engine->ports[port].device, packet->frame, packet->length,
			      due_at_ns)) {
		counters->sent++;
		counters->sent_bytes += packet->wire_length;
	} else {
		counters->lost[DROP_PORT]++;
		if (packet->flags & PACKET_FLOW)
			worker->flow_lost[packet->flow][DROP_PORT]++;
	}
	core_end_packet(worker, ref);
}

void port_output(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns)
{
	if (worker->engine->ports[port].device)
		device_output(worker, port, ref, at_ns);
	else
		file_port_output(worker, port, ref, at_ns);
}
