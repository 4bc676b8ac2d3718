// SPDX-License-Identifier: BSD-3-Clause
// The one translator from words to laws: the models have the last word on what they can carry.
#include "topologies/impairment_translate.h"

#include <errno.h>
#include <inttypes.h>

static int translate_jitter(const struct translation *t)
{
	return translate_jitter_words(t, &t->from->jitter, t->to->delay_ns,
				      t->from->order == ORDER_FREE, &t->to->jitter);
}

static int translate_meter(const struct translation *t)
{
	const struct impairment_police *police = &t->from->police;

	if (police->pir_bps)
		return police_make_two_rate(police->cir_bps, police->cbs_bytes, police->pir_bps,
					    police->pbs_bytes, t->where, &t->to->police, t->error);
	return police_make_single_rate(police->cir_bps, police->cbs_bytes, police->ebs_bytes,
				       t->where, &t->to->police, t->error);
}

static int translate_police(const struct translation *t)
{
	const struct impairment_police *police = &t->from->police;
	int result;

	t->to->police = (struct police_params){.kind = POLICE_NONE};
	if (police->cir_bps == 0)
		return 0;
	result = translate_meter(t);
	if (result == 0) {
		t->to->police.remarks = police->remarks;
		t->to->police.yellow_dscp = police->yellow_dscp;
	}
	return result;
}

static int translate_slot(const struct translation *t)
{
	const struct impairment_slot *slot = &t->from->slot;
	struct jitter_params by;
	int result;

	t->to->slot = (struct slot_params){0};
	if (slot->least_ns == 0 && slot->most_ns == 0)
		return 0;
	if (slot->by.kind == DISTRIBUTION_NONE)
		return slot_make_uniform(slot->least_ns, slot->most_ns, slot->packets, slot->bytes,
					 t->where, &t->to->slot, t->error);
	result = translate_jitter_words(t, &slot->by, slot->least_ns, true, &by);
	if (result < 0)
		return result;
	return slot_make_distribution(slot->least_ns, &by, slot->packets, slot->bytes, t->where,
				      &t->to->slot, t->error);
}

static int translate_loss_words(const struct translation *t)
{
	const struct impairment_loss *loss = &t->from->loss;
	const struct impairment_loss_packet *packet = &loss->packet;
	const struct channel_frame flow = {.protocol = packet->protocol,
					   .is_segment = packet->segments,
					   .source_port = packet->source_port,
					   .target_port = packet->target_port};
	const double *p = loss->p;
	struct loss_params *to = &t->to->loss;

	*to = (struct loss_params){.kind = LOSS_NONE};
	switch (loss->kind) {
	case LOSS_WORDS_NONE:
		return 0;
	case LOSS_WORDS_RANDOM:
		return loss_random_params(loss->ratio, loss->correlation, t->where, to, t->error);
	case LOSS_WORDS_GEMODEL:
		return loss_gilbert_elliott_params(p[0], p[1], p[2], p[3], t->where, to, t->error);
	case LOSS_WORDS_STATE:
		return loss_states_params(p[0], p[1], p[2], p[3], p[4], t->where, to, t->error);
	case LOSS_WORDS_BER:
		return loss_ber_params(loss->ratio, t->where, to, t->error);
	case LOSS_WORDS_PATTERN:
		return loss_pattern_params(loss->pattern->bits, loss->pattern->count, loss->once,
					   t->where, to, t->error);
	case LOSS_WORDS_EVERY:
		return loss_every_params(loss->every, loss->offset, t->where, to, t->error);
	case LOSS_WORDS_PACKET:
		return loss_packets_params(packet->numbers, packet->count, &flow, t->where, to,
					   t->error);
	case LOSS_WORDS_OUTAGE:
		return loss_outage_params(loss->outage_ns, loss->interval_ns, loss->fixed, t->where,
					  to, t->error);
	}
	return error_set(t->error, -EINVAL, t->where, "loss of an unknown kind %d",
			 (int)loss->kind);
}

static int translate_loss(const struct translation *t)
{
	int result = translate_loss_words(t);

	t->to->loss.ecn = t->from->loss.ecn;
	return result;
}

static int translate_rate(const struct translation *t)
{
	const struct impairment_overhead *overhead = &t->from->overhead;

	const struct impairment_burst *burst = &t->from->burst;
	int result =
		rate_make_params(t->from->rate.bps, overhead->bytes, overhead->cell_bytes,
				 overhead->cell_overhead_bytes, t->where, &t->to->rate, t->error);

	if (result < 0 || burst->bytes == 0)
		return result;
	if (burst->bytes > UINT32_MAX || burst->peak_bytes > UINT32_MAX)
		return error_set(t->error, -EINVAL, t->where,
				 "a burst of %" PRIu64 " bytes is too long; the most is 4 GiB",
				 burst->bytes > UINT32_MAX ? burst->bytes : burst->peak_bytes);
	return rate_add_bucket(&t->to->rate, (uint32_t)burst->bytes, burst->peak_bps,
			       (uint32_t)burst->peak_bytes, t->where, t->error);
}

static const enum queue_kind queue_kinds[] = {
	[QUEUE_WORDS_TAIL] = QUEUE_TAIL, [QUEUE_WORDS_HEAD] = QUEUE_HEAD,
	[QUEUE_WORDS_RED] = QUEUE_RED,   [QUEUE_WORDS_CODEL] = QUEUE_CODEL,
	[QUEUE_WORDS_PIE] = QUEUE_PIE,   [QUEUE_WORDS_FQ_CODEL] = QUEUE_FQ_CODEL,
	[QUEUE_WORDS_PRIO] = QUEUE_PRIO, [QUEUE_WORDS_DRR] = QUEUE_DRR,
	[QUEUE_WORDS_STEP] = QUEUE_TAIL,
};

// What is given replaces a default.
#define GIVE(to, given)                                                                            \
	do {                                                                                       \
		if (given)                                                                         \
			(to) = (__typeof__(to))(given);                                            \
	} while (0)

static void give_aqm(const struct impairment_queue *from, struct queue_params *to)
{
	GIVE(to->codel.target_ns, from->target_ns);
	GIVE(to->codel.interval_ns, from->interval_ns);
	GIVE(to->codel.ce_threshold_ns, from->ce_threshold_ns);
	GIVE(to->pie.target_ns, from->target_ns);
	GIVE(to->pie.tupdate_ns, from->update_ns);
	GIVE(to->pie.burst_ns, from->allowance_ns);
	GIVE(to->pie.alpha, from->alpha);
	GIVE(to->pie.beta, from->beta);
	GIVE(to->red.min_bytes, from->min_bytes);
	GIVE(to->red.max_bytes, from->max_bytes);
	GIVE(to->red.avpkt_bytes, from->packet_bytes);
	GIVE(to->red.burst_packets, from->burst_packets);
	if (from->probability > 0)
		to->red.probability = (uint64_t)(from->probability * 4294967296.0 + 0.5);
	to->red.adaptive = from->adaptive;
	to->red.harddrop = from->harddrop;
	to->red.nodrop = from->nodrop;
	if (from->ecn)
		to->codel.ecn = to->pie.ecn = to->red.ecn = from->ecn > 0;
	GIVE(to->fair.flows, from->flows);
	GIVE(to->fair.quantum_bytes, from->quantum_bytes);
	GIVE(to->fair.memory_bytes, from->memory_bytes);
}

// Bands: those named, the rest as by default, none beyond the last.
static void give_classes(const struct impairment_queue *from, struct queue_params *to)
{
	GIVE(to->classes.count, from->bands);
	GIVE(to->classes.quantum_bytes, from->quantum_bytes);
	for (uint32_t i = 0; i < to->classes.count; i++)
		GIVE(to->classes.weight[i], from->weights[i]);
	for (unsigned dscp = 0; dscp < 64; dscp++) {
		if (from->bands_given && from->band_of[dscp] != 0xff)
			to->classes.of_dscp[dscp] = from->band_of[dscp];
		if (to->classes.of_dscp[dscp] >= to->classes.count)
			to->classes.of_dscp[dscp] = (uint8_t)(to->classes.count - 1);
	}
}

static int translate_queue(const struct translation *t)
{
	static const enum queue_limit limits[] = {[LIMIT_NONE] = QUEUE_UNLIMITED,
						  [LIMIT_PACKETS] = QUEUE_PACKETS,
						  [LIMIT_BYTES] = QUEUE_BYTES,
						  [LIMIT_TIME] = QUEUE_TIME};
	const struct impairment_queue *queue = &t->from->queue;
	struct queue_params made = queue_defaults(queue_kinds[queue->kind]);
	int result;

	if (t->from->given & IMPAIRMENT(GROUP_LIMIT)) {
		made.limit = limits[t->from->limit.kind];
		made.limit_amount = t->from->limit.amount;
	}
	give_aqm(queue, &made);
	give_classes(queue, &made);
	if (queue->kind == QUEUE_WORDS_STEP) {
		made.mark = QUEUE_TIME;
		made.mark_amount = queue->target_ns;
		made.mark_ect1_only = queue->ect1_only;
	}
	result = queue_finish(&made, &t->to->rate, t->where, t->error);
	if (result < 0)
		return result;
	// Without a line nothing waits.
	t->to->queue = t->to->rate.ns_per_byte_q32
			       ? made
			       : (struct queue_params){.limit = QUEUE_UNLIMITED};
	return 0;
}

static int translate_mishaps(const struct translation *t)
{
	const struct impairment *from = t->from;
	const struct impairment_reorder *reorder = &from->reorder;
	int result;

	result = duplicate_make_params(from->duplicate.ratio, from->duplicate.correlation, t->where,
				       &t->to->duplicate, t->error);
	t->to->corrupt = (struct corrupt_params){0};
	if (result == 0 && from->corrupt.chance.ratio > 0)
		result = corrupt_make_params(from->corrupt.chance.ratio,
					     from->corrupt.chance.correlation, from->corrupt.bits,
					     t->where, &t->to->corrupt, t->error);
	t->to->reorder = (struct reorder_params){0};
	if (result < 0 || reorder->chance.ratio <= 0)
		return result;
	if (t->to->delay_ns == 0 && reorder->late_ns == 0)
		return error_set(t->error, -EINVAL, t->where,
				 "reorder sends packets without their delay, and there is none; "
				 "give a delay, or reorder ... late TIME");
	return reorder_make_params(reorder->chance.ratio, reorder->chance.correlation, reorder->gap,
				   reorder->late_ns, t->where, &t->to->reorder, t->error);
}

int impairment_params(const struct impairment *impairment, const char *where, struct tables *tables,
		      struct channel_params *params, struct error *error)
{
	struct channel_params made = *params;
	struct translation t = {
		.from = impairment, .where = where, .tables = tables, .to = &made, .error = error};
	int result;

	if (impairment->given & IMPAIRMENT(GROUP_DELAY))
		made.delay_ns = impairment->delay.delay_ns;
	made.delay_profile = made.loss_profile = made.carrier_profile = NULL;
	result = translate_jitter(&t);
	if (result == 0)
		result = translate_loss(&t);
	if (result == 0)
		result = translate_rate(&t);
	if (result == 0)
		result = translate_waves(&t);
	if (result == 0)
		result = translate_trace(&t);
	if (result == 0)
		result = translate_access(&t);
	if (result == 0)
		result = translate_queue(&t);
	if (result == 0)
		result = translate_mishaps(&t);
	if (result == 0)
		result = translate_police(&t);
	if (result == 0)
		result = translate_slot(&t);
	if (result < 0)
		return result;
	channel_finish(&made);
	*params = made;
	return 0;
}
