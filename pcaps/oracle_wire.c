// SPDX-License-Identifier: BSD-3-Clause
// The exact oracle: the law of a channel, run over the frames that went in.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/model/jitter_law.h"
#include "pcaps/oracle.h"

// One run of the law over a channel's journal.
struct wire {
	const struct journal_channel **entries;
	size_t count;
	size_t current;
	struct channel_state state;
	struct profile_cursor delay_cursor;
	uint64_t clock_ns;
	uint64_t held_until_ns;  // lab clock: no later frame leaves before (jitter at its most)
	uint64_t entry_held_ns;  // the same, of frames under earlier entries
	uint64_t sample_from_ns; // departures from here on know nothing of the last free frame's
				 // jitter
	bool sorts;              // a managed queue, reordering or copies: not all is in order
	bool era_begun;          // for the current entry
};

static int collect_entries(const struct journal *journal, uint32_t channel, struct wire *wire)
{
	wire->entries = malloc((journal->channel_entry_count + 1) * sizeof(*wire->entries));
	if (!wire->entries)
		return -ENOMEM;
	for (size_t i = 0; i < journal->channel_entry_count; i++) {
		const struct journal_channel *entry = &journal->channels[i];

		if (entry->channel != channel)
			continue;
		wire->entries[wire->count++] = entry;
		wire->sorts |= queue_is_managed(&entry->params.queue) ||
			       entry->params.reorder.gap != 0 || entry->params.jitter.order_free ||
			       entry->params.duplicate.chance.threshold != 0;
	}
	return 0;
}

static const struct channel_params *params_now(const struct wire *wire)
{
	return &wire->entries[wire->current]->params;
}

// Memory for a queue; false when there is none.
static bool take_memory(const struct queue_params *queue, void **memory)
{
	size_t bytes = queue_memory_bytes(queue);

	*memory = bytes ? calloc(1, bytes) : NULL;
	return bytes == 0 || *memory;
}

static struct oracle_era era_of(const struct channel_params *params)
{
	bool jitters = params->jitter.kind != JITTER_NONE;

	return (struct oracle_era){
		.loss_known = oracle_loss_is_known(&params->loss) && !params->loss_profile,
		.loss = params->loss,
		.overflow_ns = ORACLE_NEVER, // fates are certain
		.jitter_channels = jitters,
		.jitter = params->jitter,
		.jitter_delay_ns = params->delay_ns,
		.serialised = params->rate.ns_per_byte_q32 != 0,
		.rate = params->rate,
		.rate_slack_ns = oracle_spread_ns(&params->jitter),
		// What a queue sorts is known here; what is drawn may not be (--no-law).
		.delay_varies = params->delay_profile != NULL,
		.in_order = params->reorder.gap == 0 && !params->jitter.order_free,
		.copies = oracle_chance(&params->duplicate.chance),
		.damage = oracle_chance(&params->corrupt.chance),
		.dscps = oracle_dscps(&params->police),
	};
}

// The delay without jitter of what departs at an instant. Departures do not go back in time.
static uint64_t delay_at(struct wire *wire, uint64_t departs_at_ns)
{
	const struct channel_params *params = params_now(wire);
	int64_t delay_ns;

	if (!params->delay_profile)
		return params->delay_ns;
	delay_ns = profile_at(params->delay_profile, &wire->delay_cursor, departs_at_ns);
	return delay_ns > 0 ? (uint64_t)delay_ns : 0;
}

static bool reorders_early(const struct channel_params *params)
{
	return params->reorder.gap != 0 && params->reorder.late_ns == 0;
}

// Is this frame's jitter a draw of its distribution, independent of the last such frame's? netem's
// chain may hold it back too; the other laws keep order without changing the distribution. Where
// order is free a copy may come first, and who is chosen to overtake is not known by its jitter.
static bool is_free(struct wire *wire, const struct channel_fate *fate, uint64_t earliest_ns)
{
	const struct channel_params *params = params_now(wire);
	bool chained = params->jitter.law == JITTER_CHAINED;

	if (earliest_ns < (chained ? wire->held_until_ns : wire->entry_held_ns) ||
	    (params->reorder.gap != 0 && fate->flags & CHANNEL_REORDERED) ||
	    (params->jitter.order_free &&
	     (params->reorder.gap != 0 || params->duplicate.chance.threshold != 0)) ||
	    fate->departs_at_ns < wire->sample_from_ns)
		return false;
	wire->sample_from_ns =
		chained ? 0 : oracle_add_ns(fate->departs_at_ns, jitter_memory_ns(&params->jitter));
	return true;
}

// Before the first promise of an entry.
static int begin_era(struct wire *wire, struct oracle *oracle, struct error *error)
{
	struct oracle_era era = era_of(params_now(wire));

	if (wire->era_begun)
		return 0;
	wire->era_begun = true;
	return oracle_add_era(oracle, &era, error);
}

// What the law has said of a frame, as a promise.
static void promise(struct wire *wire, struct oracle *oracle, size_t sent,
		    const struct channel_fate *fate)
{
	const struct channel_params *params = params_now(wire);
	struct oracle_promise *made = &oracle->promises[sent];
	uint64_t clock_ns = wire->clock_ns;
	uint64_t spread_ns = (uint64_t)-jitter_minimum_ns(&params->jitter);
	uint64_t delay_ns = delay_at(wire, fate->departs_at_ns);
	uint64_t least_ns = delay_ns > spread_ns ? delay_ns - spread_ns : 0;
	uint64_t earliest_ns = fate->departs_at_ns + (reorders_early(params) ? 0 : least_ns);
	uint64_t latest_ns = fate->departs_at_ns + delay_ns +
			     (uint64_t)jitter_maximum_ns(&params->jitter) + params->reorder.late_ns;

	made->era = (uint32_t)oracle->era_count - 1; // of its departure
	made->lost = (uint8_t)fate->lost;
	made->is_free = is_free(wire, fate, earliest_ns);
	// What its jitter made it overtake is a sample of that like any other.
	made->reordered = params->reorder.gap != 0 && fate->flags & CHANNEL_REORDERED;
	made->damaged = fate->flags & CHANNEL_CORRUPTED;
	made->marked = fate->flags & CHANNEL_MARKED;
	if ((fate->lost == DROP_NONE || fate->lost == DROP_MODEL) && !made->reordered)
		wire->held_until_ns =
			latest_ns > wire->held_until_ns ? latest_ns : wire->held_until_ns;
	made->earliest_at_ns = clock_ns + earliest_ns;
	made->latest_at_ns = params->slot.packets ? ORACLE_NEVER : clock_ns + wire->held_until_ns;
	made->departs_at_ns = clock_ns + fate->departs_at_ns;
	made->constant_at_ns = clock_ns + fate->departs_at_ns + delay_ns;
	made->release_at_ns = fate->lost == DROP_NONE ? clock_ns + fate->release_at_ns : 0;
	if (fate->lost == DROP_NONE && fate->flags & CHANNEL_COPIED)
		made->copy_release_at_ns = clock_ns + fate->copy_release_at_ns;
}

// Frames leave the managed queue, as far as they are due before an instant (or at it).
static void depart(struct wire *wire, struct oracle *oracle, uint64_t until_ns, bool at_it)
{
	const struct channel_params *params = params_now(wire);
	uint64_t due_ns;

	while ((due_ns = channel_due_ns(params, &wire->state)) < until_ns ||
	       (at_it && due_ns == until_ns)) {
		uint32_t sent;
		struct channel_fate fate = channel_depart(params, &wire->state, due_ns, &sent);

		promise(wire, oracle, sent, &fate);
	}
}

// All in flight move by the difference of delays. Bounds are those of a frame of which only the law
// says whether it was in flight; one of which that, or whether it met the change itself, depends on
// its jitter is no sample of that.
static void retime(struct oracle_promise *promise, int64_t by_ns, uint64_t at_ns)
{
	uint64_t earliest_ns = promise->earliest_at_ns;

	if (promise->latest_at_ns < at_ns)
		return;
	promise->moved = true;
	promise->is_free &= earliest_ns >= at_ns &&
			    (by_ns >= 0 || earliest_ns >= oracle_add_ns(at_ns, -(uint64_t)by_ns));
	if (earliest_ns >= at_ns)
		promise->earliest_at_ns = oracle_moved_ns(earliest_ns, by_ns, at_ns);
	promise->latest_at_ns = oracle_moved_ns(promise->latest_at_ns, by_ns, at_ns);
	if (promise->release_at_ns >= at_ns) {
		promise->constant_at_ns = oracle_moved_ns(promise->constant_at_ns, by_ns, at_ns);
		promise->release_at_ns = oracle_moved_ns(promise->release_at_ns, by_ns, at_ns);
	}
	if (promise->copy_release_at_ns >= at_ns)
		promise->copy_release_at_ns =
			oracle_moved_ns(promise->copy_release_at_ns, by_ns, at_ns);
}

// What is in flight is lost: the frame, its copy, or both.
static void cut(struct oracle_promise *promise, uint64_t at_ns)
{
	if (promise->release_at_ns >= at_ns) {
		promise->release_at_ns = promise->copy_release_at_ns;
		promise->copy_release_at_ns = 0;
		if (promise->release_at_ns == 0 || promise->release_at_ns >= at_ns)
			promise->lost = DROP_CUT;
		// Of a copy that has come alone the delay is no sample.
		promise->is_free = false;
	} else if (promise->copy_release_at_ns >= at_ns) {
		promise->copy_release_at_ns = 0;
	}
}

// A change that does not leave packets in flight alone: those sent before it and due at or after.
// Those that wait have no promise yet.
static void touch_flight(struct wire *wire, struct oracle *oracle, size_t sent_before,
			 const struct journal_channel *entry)
{
	uint64_t at_ns = wire->clock_ns + entry->from_ns;
	int64_t by_ns = (int64_t)(entry->params.delay_ns - params_now(wire)->delay_ns);
	struct order_state *order = &wire->state.order;

	if (entry->inflight == JOURNAL_NEW)
		return;
	for (size_t i = sent_before; i-- > 0;) {
		struct oracle_promise *promise = &oracle->promises[i];

		if (promise->lost != DROP_NONE)
			continue;
		if (promise->release_at_ns < at_ns && promise->latest_at_ns < at_ns && !wire->sorts)
			break; // releases are in order
		if (entry->inflight == JOURNAL_CUT)
			cut(promise, at_ns);
		else
			retime(promise, by_ns, at_ns);
	}
	if (entry->inflight == JOURNAL_CUT) { // nobody waits for what is lost
		if (order->last_release_at_ns > entry->from_ns)
			order->last_release_at_ns = entry->from_ns;
		if (wire->held_until_ns > entry->from_ns)
			wire->held_until_ns = entry->from_ns;
		return;
	}
	// What comes behind keeps its place behind those that have moved.
	if (order->last_release_at_ns >= entry->from_ns)
		order->last_release_at_ns =
			oracle_moved_ns(order->last_release_at_ns, by_ns, entry->from_ns);
	if (wire->held_until_ns >= entry->from_ns)
		wire->held_until_ns = oracle_moved_ns(wire->held_until_ns, by_ns, entry->from_ns);
}

// A cut loses what waits for the line, too.
static void cut_waiting(struct wire *wire, struct oracle *oracle)
{
	struct waiting_entry left;

	while (queue_take(&params_now(wire)->queue, &wire->state.queue, &left)) {
		oracle->promises[left.frame.handle].lost = DROP_CUT;
		oracle->promises[left.frame.handle].era = (uint32_t)oracle->era_count - 1;
	}
}

// The next entry takes over, as a plan does in the engine: first what is due before, then those in
// flight, then the queue.
static int take_over(struct wire *wire, struct oracle *oracle, size_t sent_before,
		     struct error *error)
{
	const struct channel_params *before = params_now(wire), *after;
	const struct journal_channel *entry = wire->entries[wire->current + 1];
	void *memory;
	int code = 0;

	depart(wire, oracle, entry->from_ns, false);
	touch_flight(wire, oracle, sent_before, entry);
	if (entry->inflight == JOURNAL_CUT)
		cut_waiting(wire, oracle);
	if (!take_memory(&entry->params.queue, &memory))
		return error_set(error, -ENOMEM, "oracle", "no memory for a queue");
	wire->current++;
	wire->entry_held_ns = wire->held_until_ns;
	wire->era_begun = false;
	after = params_now(wire);
	if (memcmp(&before->queue, &after->queue, sizeof(after->queue)) != 0 ||
	    memcmp(&before->rate, &after->rate, sizeof(after->rate)) != 0)
		memory = queue_migrate(&before->queue, &after->queue, &after->rate,
				       &wire->state.queue, memory, entry->from_ns);
	if (queue_may_hold(&wire->state.queue)) {
		code = begin_era(wire, oracle, error);
		if (code == 0)
			depart(wire, oracle, entry->from_ns, true);
	}
	free(memory);
	return code;
}

// The policer does it as the frame enters, whatever waits for it then.
static void remark(const struct wire *wire, const struct frame_row *row, uint32_t flags,
		   struct oracle_promise *promise)
{
	const struct police_params *police = &params_now(wire)->police;

	promise->remarked = flags & CHANNEL_YELLOW && police->remarks && row->has_dscp;
	promise->dscp = promise->remarked ? police->yellow_dscp : row->dscp;
}

static void enter(struct wire *wire, struct oracle *oracle, size_t sent,
		  const struct frame_row *row)
{
	uint64_t at_ns = row->at_ns - wire->clock_ns;
	struct channel_frame frame = frames_channel_frame(row, (uint32_t)sent);
	struct channel_fate fate;

	depart(wire, oracle, at_ns, true);
	fate = channel_enter(params_now(wire), &wire->state, at_ns, &frame);
	remark(wire, row, fate.flags, &oracle->promises[sent]);
	if (!(fate.flags & CHANNEL_WAITS))
		promise(wire, oracle, sent, &fate);
}

static int run(struct wire *wire, const struct frames *sent, struct oracle *oracle,
	       struct error *error)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < sent->count; i++) {
		uint64_t at_ns = sent->rows[i].at_ns - wire->clock_ns;

		while (code == 0 && wire->current + 1 < wire->count &&
		       wire->entries[wire->current + 1]->from_ns <= at_ns)
			code = take_over(wire, oracle, i, error);
		if (code == 0)
			code = begin_era(wire, oracle, error);
		if (code == 0)
			enter(wire, oracle, i, &sent->rows[i]);
	}
	while (code == 0 && wire->current + 1 < wire->count)
		code = take_over(wire, oracle, sent->count, error);
	if (code == 0)
		depart(wire, oracle, UINT64_MAX, false);
	return code;
}

int oracle_wire(const struct journal *journal, uint32_t channel, uint64_t first_packet,
		const struct frames *sent, struct oracle *oracle, struct error *error)
{
	struct wire wire = {.state.packet = first_packet, .clock_ns = journal->clock_ns};
	void *memory = NULL;
	int code = oracle_begin(journal, sent, oracle, error);

	if (code < 0)
		return code;
	oracle->exact = true;
	oracle->from_start = first_packet == 0;
	if (collect_entries(journal, channel, &wire) < 0)
		code = error_set(error, -ENOMEM, "oracle", "no memory for the journal's entries");
	else if (wire.count == 0 || wire.entries[0]->from_ns > 0)
		code = error_set(error, -EINVAL, "journal",
				 "says nothing about channel %u at time 0, so nothing can be "
				 "promised",
				 channel);
	else if (!take_memory(&wire.entries[0]->params.queue, &memory))
		code = error_set(error, -ENOMEM, "oracle", "no memory for a queue");
	if (code == 0) {
		queue_attach(&wire.entries[0]->params.queue, &wire.state.queue, memory, 0);
		code = run(&wire, sent, oracle, error);
		free(queue_memory(&params_now(&wire)->queue, &wire.state.queue));
	}
	free(wire.entries);
	oracle_finish(oracle);
	if (code < 0)
		oracle_free(oracle);
	return code;
}
