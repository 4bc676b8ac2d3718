// SPDX-License-Identifier: BSD-3-Clause
// Capture files as ports of a replay: frames in by their time, frames out with their release time.
#include <errno.h>
#include <string.h>

#include "dataplane/engine/core.h"

void file_port_schedule(struct worker *worker, uint32_t port)
{
	struct core_port *p = &worker->engine->ports[port];
	uint32_t source = core_source_of_port(worker->engine, port);

	if (p->in_next == p->in_count && p->source.read && !p->in_ended) {
		int n = p->source.read(p->source.context, p->in, CORE_BURST);

		p->in_next = 0;
		p->in_count = n > 0 ? (unsigned)n : 0;
		p->in_ended = n <= 0;
		if (n < 0 && !worker->fault)
			worker->fault = n;
	}
	agenda_set(&worker->agenda, source,
		   p->in_next < p->in_count ? p->in[p->in_next].at_ns : AGENDA_NEVER);
}

void file_port_input(struct worker *worker, uint32_t port, uint64_t at_ns)
{
	struct core_port *p = &worker->engine->ports[port];
	const struct engine_frame *frame = &p->in[p->in_next];
	packet_ref ref = core_take_packet(worker, frame->length);

	if (ref == PACKET_NONE) {
		worker->ports[port].received++;
		worker->ports[port].received_bytes += frame->wire_length;
		worker->ports[port].lost[DROP_MEMORY]++;
		p->sequence++;
	} else {
		struct packet *packet = worker_packet(worker, ref);

		memcpy(packet->frame, frame->bytes, frame->length);
		packet->wire_length = frame->wire_length;
		core_port_receive(worker, port, ref, at_ns);
	}
	p->in_next++;
	file_port_schedule(worker, port);
}

void file_port_output(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns)
{
	struct core_port *p = &worker->engine->ports[port];

	worker->ports[port].sent++;
	worker->ports[port].sent_bytes += worker_packet(worker, ref)->wire_length;
	core_observe_port(worker, port, ENGINE_PORT_OUT, ref, at_ns);
	if (!p->sink.write) {
		core_end_packet(worker, ref);
		return;
	}
	p->out[p->out_count] = ref;
	p->out_at_ns[p->out_count] = at_ns;
	if (++p->out_count == CORE_BURST)
		file_port_flush(worker, port);
}

void file_port_flush(struct worker *worker, uint32_t port)
{
	struct core_port *p = &worker->engine->ports[port];
	struct engine_frame frames[CORE_BURST];
	int rc;

	if (p->out_count == 0)
		return;
	for (unsigned i = 0; i < p->out_count; i++) {
		const struct packet *packet = worker_packet(worker, p->out[i]);

		frames[i] = (struct engine_frame){
			.at_ns = p->out_at_ns[i],
			.bytes = packet->frame,
			.length = packet->length,
			.wire_length = packet->wire_length,
			.packet = packet->id,
		};
	}
	rc = p->sink.write(p->sink.context, frames, p->out_count);
	if (rc < 0 && !worker->fault)
		worker->fault = rc;
	for (unsigned i = 0; i < p->out_count; i++)
		core_end_packet(worker, p->out[i]);
	p->out_count = 0;
}
