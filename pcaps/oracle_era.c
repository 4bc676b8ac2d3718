// SPDX-License-Identifier: BSD-3-Clause
// What holds for all frames of a path while the parameters of its channels stay: the oracle's eras.
#include <math.h>

#include "dataplane/model/jitter_law.h"
#include "pcaps/oracle.h"

#define LONGEST_FRAME 9230
#define TWO_32        4294967296.0

uint64_t oracle_line_frame_ns(const struct rate_params *rate, uint32_t frame_bytes)
{
	double slowest_ns;

	if (rate->kind != RATE_PROFILE)
		return rate_serialisation_ns(rate, frame_bytes);
	slowest_ns = rate_line_bytes(rate, frame_bytes) * 8e9 /
		     (double)rate->profile->least_bits_per_second;
	return slowest_ns < 1e15 ? (uint64_t)ceil(slowest_ns) : UINT64_C(1000000000000000);
}

// Is each packet lost or not on its own?
static bool is_own(const struct loss_params *loss)
{
	return loss->kind == LOSS_NONE ||
	       (loss->kind == LOSS_RANDOM && loss->correlation == 0 && !loss->ecn);
}

// Independent losses of several channels add up to one; any other mixture has no simple law. Beside
// a profile, which takes the place of the loss, each packet has its own chance.
static void add_loss(struct oracle_era *era, const struct channel_params *params)
{
	const struct loss_params *loss = &params->loss;

	if (params->loss_profile || era->loss_varies) {
		era->loss_known &= params->loss_profile || is_own(loss);
		era->loss_known &= era->loss_varies || is_own(&era->loss);
		era->loss_varies = true;
		return;
	}
	if (loss->kind == LOSS_NONE)
		return;
	if (era->loss.kind == LOSS_NONE) {
		era->loss = *loss;
		era->loss_known = oracle_loss_is_known(loss);
		return;
	}
	if (era->loss.kind != LOSS_RANDOM || era->loss.correlation != 0 ||
	    loss->kind != LOSS_RANDOM || loss->correlation != 0) {
		era->loss_known = false;
		return;
	}
	era->loss.random =
		(uint64_t)llround(TWO_32 * (1 - (1 - (double)era->loss.random / TWO_32) *
							(1 - (double)loss->random / TWO_32)));
}

static uint64_t overflow_ns(const struct channel_params *params)
{
	const struct queue_params *queue = &params->queue;
	struct rate_params line = params->rate;

	if (params->police.kind != POLICE_NONE || queue->kind != QUEUE_TAIL)
		return 0;
	if (params->rate.ns_per_byte_q32 == 0 || queue->limit == QUEUE_UNLIMITED)
		return ORACLE_NEVER;
	if (line.kind != RATE_CONSTANT && line.kind != RATE_PROFILE)
		return 0;
	if (queue->limit == QUEUE_TIME)
		return queue->limit_amount;
	// At its fastest a line makes the fewest wait in a full queue.
	if (line.kind == RATE_PROFILE)
		line.ns_per_byte_q32 =
			(uint64_t)(8e9 * TWO_32 / (double)line.profile->most_bits_per_second);
	// As many or as long as fit, all but the one in service.
	if (queue->limit == QUEUE_PACKETS)
		return (queue->limit_amount - 1) *
		       rate_serialisation_ns(&line, QUEUE_SHORTEST_FRAME_BYTES);
	return queue->limit_amount > 2 * LONGEST_FRAME
		       ? (queue->limit_amount - 2 * LONGEST_FRAME) * (line.ns_per_byte_q32 >> 32)
		       : 0;
}

// Routers drop what they can no longer read, so damage counts, too.
static bool may_lose(const struct channel_params *params)
{
	return params->loss.kind != LOSS_NONE || params->loss_profile ||
	       params->corrupt.chance.threshold || overflow_ns(params) != ORACLE_NEVER;
}

static uint64_t slot_most_ns(const struct slot_params *slot)
{
	return slot->least_ns + slot->range_ns + (uint64_t)jitter_maximum_ns(&slot->by);
}

struct oracle_era oracle_era_of(const struct journal_channel *const *hops, size_t hop_count)
{
	struct oracle_era era = {.loss_known = true, .in_order = true, .overflow_ns = ORACLE_NEVER};

	for (size_t i = 0; i < hop_count; i++) {
		const struct channel_params *params = &hops[i]->params;
		uint32_t longest = params->mtu_bytes ? params->mtu_bytes + 14 : LONGEST_FRAME;

		era.copies_lost |= era.copies != 0 && may_lose(params);
		add_loss(&era, params);
		// One of two may get through.
		if (era.copies != 0 && (params->loss.kind != LOSS_NONE || params->loss_profile))
			era.loss_known = false;
		if (overflow_ns(params) < era.overflow_ns)
			era.overflow_ns = overflow_ns(params);
		// Routers drop what they can no longer read.
		if (params->corrupt.chance.threshold)
			era.loss_known = false;
		if (params->slot.packets)
			era.queues_ns += slot_most_ns(&params->slot);
		if (params->rate.kind == RATE_ACCESS)
			era.queues_ns += oracle_access_idle_ns(&params->rate, longest);
		era.in_order &= oracle_keeps_order(params);
		era.delay_varies |= params->delay_profile != NULL;
		era.dscps |= oracle_dscps(&params->police);
		era.copies = 1 - (1 - era.copies) * (1 - oracle_chance(&params->duplicate.chance));
		era.damage = 1 - (1 - era.damage) * (1 - oracle_chance(&params->corrupt.chance));
		if (params->corrupt.chance.threshold)
			era.damaged_bits += params->corrupt.bits;
		if (params->rate.ns_per_byte_q32 != 0) {
			era.serialised = true;
			era.rate = params->rate;
			era.rate_slack_ns = 0;
			era.queues_ns += oracle_line_frame_ns(&params->rate, longest) + 1;
		}
		era.rate_slack_ns += oracle_spread_ns(&params->jitter);
		if (params->jitter.kind == JITTER_NONE)
			continue;
		era.jitter_channels++;
		era.jitter = params->jitter;
		era.jitter_delay_ns = params->delay_ns;
	}
	return era;
}
