// SPDX-License-Identifier: BSD-3-Clause
// What happens to many packets at once, and is therefore where the time goes: bursts into a wire,
// runs out of a channel. All of it does what worker.c does packet by packet, in the same order.
#include "dataplane/engine/core.h"
#include "dataplane/engine/forward.h"
#include "dataplane/engine/frame_copy.h"
#include "dataplane/engine/parse.h"
#include "dataplane/engine/port.h"
#include "dataplane/engine/port_output.h"
#include "dataplane/model/channel_burst.h"

static_assert(PORT_BURST <= CHANNEL_BURST, "the law takes what a port gives at once");

// ---- In ----

static void lose_without_memory(struct worker *worker, uint32_t port, uint32_t bytes)
{
	worker->ports[port].received++;
	worker->ports[port].received_bytes += bytes;
	worker->ports[port].lost[DROP_MEMORY]++;
}

// A burst of frames that have become packets.
struct intake {
	unsigned count;
	uint32_t longest;
	uint64_t bytes;
	packet_ref refs[PORT_BURST];
	uint32_t lengths[PORT_BURST];
};

// Fetches the header of a packet, and the line behind it.
static inline void fetch(const struct store *store, packet_ref ref)
{
	const uint8_t *packet = store_block(store, ref);

	__builtin_prefetch(packet);
	__builtin_prefetch(packet + 64);
}

// Copies frames into packets as a port numbers them, all those for which there is memory. Those
// that go into a wire, whose flight is given, will leave in order, nearly all, and lie together.
// And while one comes in, one that leaves soon is fetched: all of them in a row would have to wait
// for each other.
static void take_in(struct worker *worker, uint32_t port, const struct port_frame *frames,
		    unsigned count, const struct flight *wire, struct intake *intake)
{
	struct store_packer *packer = &worker->engine->ports[port].packer;
	const struct store *store = worker->engine->store;
	uint64_t id = (uint64_t)(port + 1) << 40;
	uint64_t sequence = worker->engine->ports[port].sequence;
	uint64_t bytes = 0;
	uint32_t longest = 0;
	packet_ref leaving[PORT_BURST];
	unsigned taken = 0, near = wire ? hold_peek(&wire->hold, store, leaving, count) : 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t length = frames[i].length;
		uint32_t most = (uint32_t)sizeof(struct packet) + length;
		packet_ref ref = wire ? store_take_packed(&worker->store, packer, most)
				      : store_take(&worker->store, most);
		struct packet *packet;

		if (i < near)
			fetch(store, leaving[i]);
		if (__builtin_expect(ref == PACKET_NONE, 0)) {
			lose_without_memory(worker, port, length);
			continue;
		}
		packet = store_packet(store, ref);
		*packet = (struct packet){.id = id | sequence++,
					  .destination = PLAN_NONE,
					  .length = length,
					  .wire_length = length};
		frame_copy(packet->frame, frames[i].bytes, length);
		bytes += length;
		longest = length > longest ? length : longest;
		intake->refs[taken] = ref;
		intake->lengths[taken++] = length;
	}
	intake->count = taken;
	intake->longest = longest;
	intake->bytes = bytes;
	worker->engine->ports[port].sequence = sequence;
	worker->ports[port].received += taken;
	worker->ports[port].received_bytes += bytes;
	worker->packets += taken;
	if (worker->packets > worker->packets_most)
		worker->packets_most = worker->packets;
}

// Can a burst go into the channel in one piece? Not where somebody looks at each packet, frames
// wait in the law, or the far end is another worker's.
static bool takes_bursts(const struct worker *worker, uint32_t channel)
{
	const struct engine *engine = worker->engine;
	const struct plan_channel *c = &worker->plan->channels[channel];

	return engine->observe == NULL && !c->params.reads_headers &&
	       !queue_may_hold(&engine->states[channel].queue) &&
	       core_exit_owner(engine, c) == worker->index;
}

static void lose_in_flight(struct worker *worker, uint32_t channel, packet_ref ref,
			   uint64_t release_at_ns)
{
	core_lose_in_channel(worker, channel, ref, DROP_MEMORY, release_at_ns, release_at_ns);
}

// All have one fate.
static void offer_constant(struct worker *worker, uint32_t channel, const packet_ref *refs,
			   unsigned count, uint64_t at_ns)
{
	uint64_t release_at_ns =
		channel_enter_constant(&worker->plan->channels[channel].params,
				       &worker->engine->states[channel], at_ns, count);
	unsigned held = flight_push_many(&worker->engine->flights[channel], &worker->store,
					 release_at_ns, refs, count);

	for (; held < count; held++)
		lose_in_flight(worker, channel, refs[held], release_at_ns);
}

// Each has its own, decided one by one.
static void offer_each(struct worker *worker, uint32_t channel, const packet_ref *refs,
		       const uint32_t *lengths, unsigned count, uint64_t at_ns)
{
	const struct channel_params *params = &worker->plan->channels[channel].params;
	struct channel_state *state = &worker->engine->states[channel];
	struct flight *flight = &worker->engine->flights[channel];

	for (unsigned i = 0; i < count; i++) {
		struct channel_frame frame = {.bytes = lengths[i]};
		struct channel_fate fate = channel_enter(params, state, at_ns, &frame);

		if (__builtin_expect(fate.lost != DROP_NONE || fate.flags != 0, 0))
			core_offered(worker, channel, refs[i], at_ns, &fate);
		else if (__builtin_expect(!flight_push(flight, &worker->store, fate.release_at_ns,
						       refs[i], false),
					  0))
			lose_in_flight(worker, channel, refs[i], fate.release_at_ns);
	}
}

// What the law has decided on a burst of which some are lost or out of order.
static void settle_each(struct worker *worker, uint32_t channel, const packet_ref *refs,
			unsigned count, uint64_t at_ns, const struct channel_burst *burst)
{
	for (unsigned i = 0; i < count; i++) {
		struct channel_fate fate = {.release_at_ns = burst->release_at_ns[i]};

		fate.lost = burst->lost >> i & 1 ? DROP_MODEL : DROP_NONE;
		fate.flags = burst->reordered >> i & 1 ? CHANNEL_REORDERED : 0;
		core_offered(worker, channel, refs[i], at_ns, &fate);
	}
}

// Each has its own, decided together. Gives how many of the first are dealt with.
static unsigned offer_together(struct worker *worker, uint32_t channel, const struct intake *intake,
			       uint64_t at_ns)
{
	struct channel_burst burst; // filled in as far as it is used
	const packet_ref *refs = intake->refs;
	unsigned held, count = channel_enter_burst(&worker->plan->channels[channel].params,
						   &worker->engine->states[channel], at_ns,
						   intake->lengths, intake->count, &burst);

	if ((burst.lost | burst.reordered) != 0) {
		settle_each(worker, channel, refs, count, at_ns, &burst);
		return count;
	}
	held = flight_push_each(&worker->engine->flights[channel], &worker->store,
				burst.release_at_ns, refs, count);
	for (; held < count; held++)
		lose_in_flight(worker, channel, refs[held], burst.release_at_ns[held]);
	return count;
}

// Frames of one instant into a wire: worker_offer for each, with the agenda set once.
static void offer_burst(struct worker *worker, uint32_t channel, const struct intake *intake,
			uint64_t at_ns)
{
	const struct channel_params *params = &worker->plan->channels[channel].params;

	unsigned done = 0;

	if (channel_is_constant(params, intake->longest)) {
		offer_constant(worker, channel, intake->refs, intake->count, at_ns);
	} else {
		if (intake->count >= CHANNEL_BURST_LESS &&
		    channel_takes_bursts(params, intake->longest))
			done = offer_together(worker, channel, intake, at_ns);
		offer_each(worker, channel, intake->refs + done, intake->lengths + done,
			   intake->count - done, at_ns);
	}
	worker->channels[channel].entered += intake->count;
	worker->channels[channel].entered_bytes += intake->bytes;
	agenda_set(&worker->agenda, channel,
		   flight_due_ns(&worker->engine->flights[channel], worker->engine->store));
}

void core_receive_burst(struct worker *worker, uint32_t port, const struct port_frame *frames,
			unsigned count, uint64_t at_ns)
{
	const struct plan_port *p = &worker->plan->ports[port];
	const struct flight *wire = NULL;
	struct intake intake; // take_in fills it in; it is too long to be zeroed first

	if (p->wire_channel != PLAN_NONE && takes_bursts(worker, p->wire_channel))
		wire = &worker->engine->flights[p->wire_channel];
	take_in(worker, port, frames, count, wire, &intake);
	if (wire) {
		if (intake.count)
			offer_burst(worker, p->wire_channel, &intake, at_ns);
		return;
	}
	for (unsigned i = 0; i < intake.count; i++)
		core_port_input(worker, port, intake.refs[i], at_ns);
}

// ---- Out ----

// A run: the packets of one channel that leave before anything else happens.
struct run {
	struct flight *flight;
	uint32_t channel;
	uint64_t until_ns;
	uint64_t before_ns; // what leaves before this leaves before anything else happens
	uint32_t changes;   // of the agenda, when that was read
};

static inline void look_beside(const struct worker *worker, struct run *run)
{
	const struct agenda *agenda = &worker->agenda;
	struct agenda_item beside = agenda_first(agenda);

	run->before_ns = run->until_ns;
	run->changes = agenda->changes;
	// At equal instants the lesser number is first.
	if (beside.at_ns < run->until_ns)
		run->before_ns = beside.at_ns + (run->channel < beside.source);
}

static inline bool goes_on(const struct worker *worker, const struct run *run)
{
	return flight_due_ns(run->flight, worker->store.store) < run->before_ns;
}

static void count_out(struct worker *worker, uint32_t channel, const struct packet *packet)
{
	worker->channels[channel].delivered++;
	worker->channels[channel].delivered_bytes += packet->wire_length;
}

// One after the other, since a site may do anything.
static void release_to_site(struct worker *worker, struct run *run, uint32_t site)
{
	const struct store *store = worker->engine->store;

	do {
		uint64_t at_ns;
		packet_ref ref = flight_pop(run->flight, &worker->store, &at_ns);

		flight_prefetch(run->flight, store);
		count_out(worker, run->channel, store_packet(store, ref));
		if (__builtin_expect(worker->engine->observe != NULL, 0))
			core_observe_channel(worker, run->channel, ENGINE_CHANNEL_LEAVE, ref, at_ns,
					     DROP_NONE, 0);
		site_input(worker, site, (struct ingress){PLAN_NONE, run->channel}, ref, at_ns);
		if (worker->agenda.changes != run->changes)
			look_beside(worker, run);
	} while (goes_on(worker, run));
}

// Out of a port that may be too narrow for some of them, or with a TTL that is yet to be written.
static void send_each(struct worker *worker, uint32_t port, const packet_ref *refs,
		      const uint64_t *at_ns, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		worker_transmit(worker, port, refs[i], at_ns[i]);
}

unsigned core_release_burst(struct worker *worker, uint32_t channel, uint64_t before_ns,
			    uint64_t *last_at_ns)
{
	const struct store *store = worker->engine->store;
	struct flight *flight = &worker->engine->flights[channel];
	struct engine_channel_counters *counters = &worker->channels[channel];
	uint32_t port = worker->plan->channels[channel].to_port, longest = 0, flags = 0;
	uint32_t mtu_bytes = worker->plan->ports[port].mtu_bytes;
	uint64_t most = mtu_bytes ? (uint64_t)mtu_bytes + PARSE_ETHERNET_BYTES : UINT64_MAX;
	packet_ref refs[PORT_BURST];
	uint64_t at_ns[PORT_BURST], bytes = 0;
	unsigned count =
		flight_pop_before(flight, &worker->store, before_ns, refs, at_ns, PORT_BURST);

	// For the next run, which may be a turn of the loop away. Its packets are fetched while
	// others come in.
	if (flight->hold.count)
		hold_prefetch(&flight->hold, store);
	for (unsigned i = 0; i < count; i++) {
		const struct packet *packet = store_packet(store, refs[i]);

		bytes += packet->wire_length;
		flags |= packet->flags;
		longest = packet->wire_length > longest ? packet->wire_length : longest;
	}
	counters->delivered += count;
	counters->delivered_bytes += bytes;
	if (count)
		*last_at_ns = at_ns[count - 1];
	if (__builtin_expect(longest <= most && !(flags & PACKET_TTL_STALE), 1))
		port_output_burst(worker, port, refs, at_ns, count);
	else
		send_each(worker, port, refs, at_ns, count);
	return count;
}

// Nothing that happens at a port changes the agenda.
static void release_to_port(struct worker *worker, struct run *run)
{
	uint64_t last_at_ns;

	while (core_release_burst(worker, run->channel, run->before_ns, &last_at_ns) ==
		       PORT_BURST &&
	       goes_on(worker, run))
		;
}

static void release_to_port_observed(struct worker *worker, struct run *run, uint32_t port)
{
	do {
		uint64_t at_ns;
		packet_ref ref = flight_pop(run->flight, &worker->store, &at_ns);

		count_out(worker, run->channel, store_packet(worker->engine->store, ref));
		core_observe_channel(worker, run->channel, ENGINE_CHANNEL_LEAVE, ref, at_ns,
				     DROP_NONE, 0);
		worker_transmit(worker, port, ref, at_ns);
	} while (goes_on(worker, run));
}

void core_release(struct worker *worker, uint32_t channel, uint64_t until_ns)
{
	const struct plan_channel *c = &worker->plan->channels[channel];
	struct run run = {.flight = &worker->engine->flights[channel],
			  .channel = channel,
			  .until_ns = until_ns};

	look_beside(worker, &run);
	if (c->to_site != PLAN_NONE)
		release_to_site(worker, &run, c->to_site);
	else if (worker->engine->observe != NULL)
		release_to_port_observed(worker, &run, c->to_port);
	else
		release_to_port(worker, &run);
	agenda_set(&worker->agenda, channel, flight_due_ns(run.flight, worker->engine->store));
}
