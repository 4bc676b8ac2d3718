// SPDX-License-Identifier: BSD-3-Clause
// Built-in traffic: UDP packets that carry their sequence number and the instant they were sent.
#include <math.h>
#include <string.h>

#include "dataplane/engine/checksum.h"
#include "dataplane/engine/compose.h"
#include "dataplane/engine/core.h"
#include "dataplane/engine/parse.h"
#include "dataplane/model/rng.h"

#define ID_FLOW        (UINT64_C(1) << 62)
#define FLOW_MAGIC     UINT32_C(0x636f7272) // "corr"
#define ETHERNET       14
#define UDP            8
#define PROTOCOL_UDP   17
#define FLOW_HOP_LIMIT 64

// The first bytes of the UDP payload; the rest is zero.
struct stamp {
	uint32_t magic;
	uint32_t flow;
	uint64_t sequence;
	uint64_t sent_at_ns;
} __attribute__((packed));

static void put_be16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t draw(const struct plan *plan, const struct plan_flow *flow,
		     enum rng_purpose purpose, uint64_t number)
{
	return rng_draw(plan->seed, flow->random_key, purpose, number);
}

// Exponentially distributed with the given mean, at least 1 ns.
static uint64_t exponential_ns(double mean_ns, uint32_t uniform)
{
	double value = -mean_ns * log(((double)uniform + 0.5) / 4294967296.0);

	return value < 1.0 ? 1 : (uint64_t)value;
}

static uint32_t frame_bytes(const struct plan *plan, const struct plan_flow *flow,
			    uint64_t sequence)
{
	uint32_t twelfth;

	if (flow->pattern != PLAN_FLOW_IMIX)
		return flow->frame_bytes;
	twelfth = (uint32_t)(((uint64_t)draw(plan, flow, RNG_FLOW_SIZE, sequence) * 12) >> 32);
	if (twelfth < 7)
		return PLAN_IMIX_SMALL;
	return twelfth < 11 ? PLAN_IMIX_MEDIUM : PLAN_IMIX_LARGE;
}

// The checksum of UDP over its pseudo-header; the payload is zero behind the stamp.
static void write_udp(uint8_t *udp, const struct plan_flow *flow, uint32_t length,
		      const struct stamp *stamp)
{
	const uint8_t *source = flow->source.bytes;
	const uint8_t *target = flow->target.bytes;
	uint64_t sum = flow->source.family == 4
			       ? checksum_pseudo4(source, target, PROTOCOL_UDP, length)
			       : checksum_pseudo6(source, target, PROTOCOL_UDP, length);
	uint16_t checksum;

	put_be16(udp, flow->source_port);
	put_be16(udp + 2, flow->target_port);
	put_be16(udp + 4, length);
	put_be16(udp + 6, 0);
	memcpy(udp + UDP, stamp, sizeof(*stamp));
	checksum = checksum_finish(checksum_add(sum, udp, UDP + sizeof(*stamp)));
	checksum_store(udp + 6, checksum ? checksum : 0xffff);
}

static void fill(struct packet *packet, const struct plan_flow *flow, uint32_t number,
		 uint64_t sequence, uint64_t at_ns)
{
	uint32_t header = flow->source.family == 4 ? 20 : 40;
	struct stamp stamp = {FLOW_MAGIC, number, sequence, at_ns};
	uint8_t *ip = packet->frame + ETHERNET;
	uint32_t length = packet->length - ETHERNET - header;

	memset(packet->frame, 0, packet->length);
	put_be16(packet->frame + 12, flow->source.family == 4 ? 0x0800 : 0x86dd);
	if (flow->source.family == 4)
		compose_ipv4(packet, 0, PROTOCOL_UDP, flow->source.bytes, flow->target.bytes);
	else
		compose_ipv6(packet, FLOW_HOP_LIMIT, PROTOCOL_UDP, flow->source.bytes,
			     flow->target.bytes);
	write_udp(ip + header, flow, length, &stamp);
	packet->id = ID_FLOW | (uint64_t)number << 40 | sequence;
	packet->flow = number;
	packet->flags = PACKET_FLOW;
}

// Sets next_at_ns for the packet after the one sent at at_ns.
static void advance_sender(const struct plan *plan, const struct plan_flow *flow,
			   struct core_flow_sender *sender, uint64_t at_ns)
{
	double mean_ns = (double)flow->interval_ns_q16 / 65536.0;
	uint64_t next = at_ns;

	if (flow->pattern == PLAN_FLOW_POISSON) {
		next += exponential_ns(mean_ns, draw(plan, flow, RNG_FLOW_GAP, sender->draws++));
	} else {
		sender->phase_q16 += flow->interval_ns_q16;
		next += sender->phase_q16 >> 16;
		sender->phase_q16 &= 0xffff;
	}
	if (flow->pattern == PLAN_FLOW_ONOFF && next >= sender->on_until_ns) {
		uint32_t off = draw(plan, flow, RNG_FLOW_GAP, sender->draws++);
		uint32_t on = draw(plan, flow, RNG_FLOW_GAP, sender->draws++);

		next = sender->on_until_ns + exponential_ns((double)flow->off_ns, off);
		sender->on_until_ns = next + exponential_ns((double)flow->on_ns, on);
	}
	sender->next_at_ns = next < flow->stop_ns ? next : AGENDA_NEVER;
}

void flow_schedule(struct worker *worker, uint32_t number)
{
	const struct plan_flow *flow = &worker->plan->flows[number];
	struct core_flow_sender *sender = &worker->engine->senders[number];

	if (sender->sequence == 0 && sender->draws == 0) {
		sender->next_at_ns = flow->start_ns < flow->stop_ns ? flow->start_ns : AGENDA_NEVER;
		if (flow->pattern == PLAN_FLOW_ONOFF)
			sender->on_until_ns = flow->start_ns +
					      exponential_ns((double)flow->on_ns,
							     draw(worker->plan, flow, RNG_FLOW_GAP,
								  sender->draws++));
	}
	agenda_set(&worker->agenda, core_source_of_flow(worker->engine, number),
		   sender->next_at_ns);
}

void flow_send(struct worker *worker, uint32_t number, uint64_t at_ns)
{
	const struct plan *plan = worker->plan;
	const struct plan_flow *flow = &plan->flows[number];
	struct core_flow_sender *sender = &worker->engine->senders[number];
	packet_ref ref = core_take_packet(worker, frame_bytes(plan, flow, sender->sequence));

	if (ref == PACKET_NONE)
		worker->flow_lost[number][DROP_MEMORY]++;
	else
		fill(worker_packet(worker, ref), flow, number, sender->sequence, at_ns);
	sender->sequence++;
	advance_sender(plan, flow, sender, at_ns);
	agenda_set(&worker->agenda, core_source_of_flow(worker->engine, number),
		   sender->next_at_ns);
	if (ref != PACKET_NONE)
		site_originate(worker, flow->from_site, ref, at_ns);
}

static void count_sequence(struct engine_flow_counters *counters, uint64_t sequence, bool copy)
{
	if (copy)
		counters->duplicated++;
	else if (sequence < counters->next_sequence)
		counters->reordered++;
	else
		counters->next_sequence = sequence + 1;
}

// Is a damaged packet one that UDP would still take? Its payload is zero behind the stamp.
static bool is_whole(const struct packet *packet)
{
	struct parse_upper upper;
	const uint8_t *source, *target;
	uint64_t sum;

	if (!parse_upper(packet, &upper) || upper.fragment || upper.protocol != PROTOCOL_UDP ||
	    upper.length < UDP + sizeof(struct stamp) || upper.available < upper.length)
		return false;
	source = parse_source(packet);
	target = parse_target(packet);
	sum = packet->flags & PACKET_IPV4
		      ? checksum_pseudo4(source, target, PROTOCOL_UDP, upper.length)
		      : checksum_pseudo6(source, target, PROTOCOL_UDP, upper.length);
	sum = checksum_add(sum, packet->frame + upper.offset, upper.length);
	return checksum_finish(sum) == 0;
}

void worker_flow_receive(struct worker *worker, packet_ref ref, uint64_t at_ns)
{
	struct packet *packet = worker_packet(worker, ref);
	struct core_flow_receiver *receiver = &worker->engine->receivers[packet->flow];
	struct engine_flow_counters *counters = &receiver->counters;
	uint32_t header = worker->plan->flows[packet->flow].source.family == 4 ? 20 : 40;
	uint64_t gap_ns = at_ns - counters->last_received_at_ns;
	struct stamp stamp;

	if (packet->flags & PACKET_DAMAGED && !is_whole(packet)) {
		counters->received++;
		counters->corrupted++;
		core_end_packet(worker, ref);
		return;
	}
	memcpy(&stamp, packet->frame + ETHERNET + header + UDP, sizeof(stamp));
	if (counters->received && gap_ns > counters->gap_ns) {
		counters->gap_ns = gap_ns;
		counters->gap_from_ns = counters->last_received_at_ns;
		counters->gap_until_ns = at_ns;
	}
	count_sequence(counters, stamp.sequence, packet->flags & PACKET_COPY);
	counters->received++;
	counters->last_received_at_ns = at_ns;
	counters->last_path = packet->path;
	histogram_record(&receiver->delay, at_ns - stamp.sent_at_ns);
	core_end_packet(worker, ref);
}
