// SPDX-License-Identifier: BSD-3-Clause
// The way out of a port: by device or by file.
#include "dataplane/engine/port_output.h"

#include "dataplane/engine/core.h"
#include "dataplane/engine/live.h"
#include "dataplane/engine/port.h"

// The device did not take it.
static void refuse(struct worker *worker, uint32_t port, const struct packet *packet)
{
	struct engine_port_counters *counters = &worker->ports[port];

	counters->sent--;
	counters->sent_bytes -= packet->wire_length;
	counters->lost[DROP_PORT]++;
	if (packet->flags & PACKET_FLOW)
		worker->flow_lost[packet->flow][DROP_PORT]++;
}

static void device_output(struct worker *worker, uint32_t port, const packet_ref *refs,
			  const uint64_t *due_at_ns, unsigned count)
{
	const struct store *store = worker->engine->store;
	struct engine_port_counters *counters = &worker->ports[port];
	struct port_frame frames[PORT_BURST];
	uint64_t bytes = 0;
	uint32_t refused;

	for (unsigned i = 0; i < count; i++) {
		const struct packet *packet = store_packet(store, refs[i]);

		frames[i] = (struct port_frame){packet->frame, packet->length};
		bytes += packet->wire_length;
	}
	counters->sent += count;
	counters->sent_bytes += bytes;
	refused = port_device_queue_burst(worker->engine->ports[port].device, frames, due_at_ns,
					  count);
	for (; refused; refused &= refused - 1)
		refuse(worker, port, store_packet(store, refs[__builtin_ctz(refused)]));
	store_give_many(&worker->store, refs, count);
	worker->packets -= count;
}

// The device has it already.
static void end_output(struct worker *worker, uint32_t port, packet_ref ref)
{
	struct engine_port_counters *counters = &worker->ports[port];

	counters->sent++;
	counters->sent_bytes += worker_packet(worker, ref)->wire_length;
	core_end_packet(worker, ref);
}

void port_output_burst(struct worker *worker, uint32_t port, const packet_ref *refs,
		       const uint64_t *at_ns, unsigned count)
{
	if (worker->engine->ports[port].device) {
		for (; count && ready_awaits(&worker->ready, port); refs++, at_ns++, count--) {
			if (ready_end(&worker->ready, *refs))
				end_output(worker, port, *refs);
			else
				device_output(worker, port, refs, at_ns, 1);
		}
		if (count)
			device_output(worker, port, refs, at_ns, count);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		file_port_output(worker, port, refs[i], at_ns[i]);
}

void port_output(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns)
{
	port_output_burst(worker, port, &ref, &at_ns, 1);
}
