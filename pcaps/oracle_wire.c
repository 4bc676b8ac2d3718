// SPDX-License-Identifier: BSD-3-Clause
// The exact oracle: the law of a channel, run over the frames that went in.
#include <errno.h>
#include <stdlib.h>

#include "pcaps/oracle.h"

// One run of the law over a channel's journal.
struct wire {
	const struct journal_channel **entries;
	size_t count;
	size_t current;
	struct channel_state state;
	uint64_t held_until_ns; // lab clock: no later frame leaves before (jitter at its most)
};

static int collect_entries(const struct journal *journal, uint32_t channel, struct wire *wire)
{
	uint32_t slots = 0;

	wire->entries = malloc((journal->channel_entry_count + 1) * sizeof(*wire->entries));
	if (!wire->entries)
		return -ENOMEM;
	for (size_t i = 0; i < journal->channel_entry_count; i++) {
		const struct journal_channel *entry = &journal->channels[i];

		if (entry->channel != channel)
			continue;
		if (queue_slots_needed(&entry->params.queue) > slots)
			slots = queue_slots_needed(&entry->params.queue);
		wire->entries[wire->count++] = entry;
	}
	wire->state.queue.capacity = slots;
	wire->state.queue.slots = calloc((size_t)slots + 1, sizeof(*wire->state.queue.slots));
	return wire->state.queue.slots ? 0 : -ENOMEM;
}

static struct oracle_era era_of(const struct channel_params *params)
{
	bool jitters = params->jitter.kind != JITTER_NONE;

	return (struct oracle_era){
		// netem's correlated random loss has a long memory and no simple law.
		.loss_known = params->loss.kind != LOSS_RANDOM || params->loss.correlation == 0,
		.loss = params->loss,
		.jitter_channels = jitters,
		.jitter = params->jitter,
		.jitter_delay_ns = params->delay_ns,
		.serialised = params->rate.ns_per_byte_q32 != 0,
		.rate = params->rate,
		.rate_slack_ns = 2 * (uint64_t)-jitter_minimum_ns(&params->jitter),
	};
}

static struct oracle_promise promise_of(struct wire *wire, const struct frame_row *row,
					uint64_t clock_ns, uint32_t era)
{
	const struct channel_params *params = &wire->entries[wire->current]->params;
	struct channel_fate fate =
		channel_offer(params, &wire->state, row->at_ns - clock_ns, row->wire_length);
	uint64_t spread_ns = (uint64_t)-jitter_minimum_ns(&params->jitter);
	uint64_t least_ns = params->delay_ns > spread_ns ? params->delay_ns - spread_ns : 0;
	uint64_t earliest_ns = fate.departs_at_ns + least_ns;
	uint64_t latest_ns = fate.departs_at_ns + params->delay_ns + spread_ns;
	struct oracle_promise promise = {.era = era, .lost = (uint8_t)fate.lost};

	promise.is_free = earliest_ns >= wire->held_until_ns;
	if (fate.lost == DROP_NONE || fate.lost == DROP_MODEL)
		wire->held_until_ns =
			latest_ns > wire->held_until_ns ? latest_ns : wire->held_until_ns;
	promise.earliest_at_ns = clock_ns + earliest_ns;
	promise.latest_at_ns = clock_ns + wire->held_until_ns;
	promise.constant_at_ns = clock_ns + fate.departs_at_ns + params->delay_ns;
	promise.release_at_ns = fate.lost == DROP_NONE ? clock_ns + fate.release_at_ns : 0;
	return promise;
}

// A change that does not leave packets in flight alone: those sent before it and due at or after.
static void touch_flight(struct oracle *oracle, size_t sent_before,
			 const struct journal_channel *entry, uint64_t clock_ns)
{
	uint64_t at_ns = clock_ns + entry->from_ns;

	if (entry->inflight == JOURNAL_NEW)
		return;
	for (size_t i = sent_before; i-- > 0;) {
		struct oracle_promise *promise = &oracle->promises[i];

		if (promise->lost != DROP_NONE)
			continue;
		if (promise->release_at_ns < at_ns)
			break; // releases are in order
		if (entry->inflight == JOURNAL_CUT)
			promise->lost = DROP_CUT;
		else
			promise->class = ORACLE_CONVERGING;
	}
}

static int run(const struct journal *journal, struct wire *wire, const struct frames *sent,
	       struct oracle *oracle, struct error *error)
{
	bool begun = false;
	int code = 0;

	for (size_t i = 0; code == 0 && i < sent->count; i++) {
		uint64_t at_ns = sent->rows[i].at_ns - journal->clock_ns;

		while (code == 0 && wire->current + 1 < wire->count &&
		       wire->entries[wire->current + 1]->from_ns <= at_ns) {
			touch_flight(oracle, i, wire->entries[++wire->current], journal->clock_ns);
			begun = false;
		}
		if (!begun) {
			struct oracle_era era = era_of(&wire->entries[wire->current]->params);

			code = oracle_add_era(oracle, &era, error);
			begun = true;
		}
		oracle->promises[i] = promise_of(wire, &sent->rows[i], journal->clock_ns,
						 (uint32_t)oracle->era_count - 1);
	}
	while (code == 0 && wire->current + 1 < wire->count)
		touch_flight(oracle, sent->count, wire->entries[++wire->current],
			     journal->clock_ns);
	return code;
}

int oracle_wire(const struct journal *journal, uint32_t channel, uint64_t first_packet,
		const struct frames *sent, struct oracle *oracle, struct error *error)
{
	struct wire wire = {.state.packet = first_packet};
	int code = oracle_begin(journal, sent, oracle, error);

	if (code < 0)
		return code;
	oracle->exact = true;
	oracle->from_start = first_packet == 0;
	if (collect_entries(journal, channel, &wire) < 0)
		code = error_set(error, -ENOMEM, "oracle", "no memory for a queue");
	else if (wire.count == 0 || wire.entries[0]->from_ns > 0)
		code = error_set(error, -EINVAL, "journal",
				 "says nothing about channel %u at time 0, so nothing can be "
				 "promised",
				 channel);
	else
		code = run(journal, &wire, sent, oracle, error);
	free(wire.entries);
	free(wire.state.queue.slots);
	oracle_finish(oracle);
	if (code < 0)
		oracle_free(oracle);
	return code;
}
