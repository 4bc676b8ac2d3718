// SPDX-License-Identifier: BSD-3-Clause
// The one translator from words to laws: the models have the last word on what they can carry.
#include "topologies/impairment_params.h"

#include <errno.h>

// What is at hand while one impairment is translated.
struct translation {
	const struct impairment *from;
	const char *where;
	struct tables *tables;
	struct channel_params *to;
	struct error *error;
};

static int absent(const struct translation *t, const char *what)
{
	return error_set(t->error, -EINVAL, t->where, "%s is not in this version; leave it out",
			 what);
}

static int translate_jitter(const struct translation *t)
{
	const struct impairment_jitter *jitter = &t->from->jitter;
	enum jitter_kind kind = JITTER_NONE;

	if (jitter->kind == DISTRIBUTION_UNIFORM)
		kind = JITTER_UNIFORM;
	else if (jitter->kind == DISTRIBUTION_NORMAL)
		kind = JITTER_NORMAL;
	else if (jitter->kind != DISTRIBUTION_NONE)
		return absent(t, "this distribution");
	return jitter_make_params(kind, jitter->jitter_ns, jitter->correlation, t->where,
				  &t->to->jitter, t->error);
}

static int translate_loss(const struct translation *t)
{
	const struct impairment_loss *loss = &t->from->loss;
	struct loss_params *to = &t->to->loss;

	*to = (struct loss_params){.kind = LOSS_NONE};
	switch (loss->kind) {
	case LOSS_WORDS_NONE:
		return 0;
	case LOSS_WORDS_RANDOM:
		return loss_random_params(loss->ratio, loss->correlation, t->where, to, t->error);
	case LOSS_WORDS_GEMODEL:
		return loss_gilbert_elliott_params(loss->p[0], loss->p[1], loss->p[2], loss->p[3],
						   t->where, to, t->error);
	default:
		return absent(t, "this loss");
	}
}

static int translate_rate(const struct translation *t)
{
	const struct impairment_overhead *overhead = &t->from->overhead;

	return rate_make_params(t->from->rate.bps, overhead->bytes, overhead->cell_bytes,
				overhead->cell_overhead_bytes, t->where, &t->to->rate, t->error);
}

static int translate_queue(const struct translation *t)
{
	static const enum queue_limit limits[] = {[LIMIT_PACKETS] = QUEUE_PACKETS,
						  [LIMIT_BYTES] = QUEUE_BYTES,
						  [LIMIT_TIME] = QUEUE_TIME};
	const struct impairment_limit *limit = &t->from->limit;
	struct queue_params *to = &t->to->queue, unused;

	if (t->from->queue.kind != QUEUE_WORDS_TAIL)
		return absent(t, "this queue");
	*to = (struct queue_params){.limit = QUEUE_UNLIMITED};
	if (limit->kind != LIMIT_NONE) // refused even where nothing waits
		return queue_make_params(limits[limit->kind], limit->amount, t->where,
					 t->from->rate.bps ? to : &unused, t->error);
	if (t->from->rate.bps == 0 || (t->from->given & IMPAIRMENT(GROUP_LIMIT)))
		return 0;
	return queue_make_params(QUEUE_PACKETS, IMPAIRMENT_LIMIT_PACKETS, t->where, to, t->error);
}

static int translate_rest(const struct translation *t)
{
	const struct impairment *from = t->from;

	if (from->given & IMPAIRMENT(GROUP_DUPLICATE))
		return absent(t, "duplicate");
	if (from->given & IMPAIRMENT(GROUP_CORRUPT))
		return absent(t, "corrupt");
	if (from->given & IMPAIRMENT(GROUP_REORDER))
		return absent(t, "reorder");
	if (from->given & IMPAIRMENT(GROUP_BURST))
		return absent(t, "burst");
	if (from->given & IMPAIRMENT(GROUP_POLICE))
		return absent(t, "police");
	if (from->given & IMPAIRMENT(GROUP_SLOT))
		return absent(t, "slot");
	if (from->trace.table)
		return absent(t, "trace");
	if (from->delay.wave.kind || from->loss.wave.kind || from->rate.wave.kind)
		return absent(t, "wave");
	return 0;
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
	result = translate_jitter(&t);
	if (result == 0)
		result = translate_loss(&t);
	if (result == 0)
		result = translate_rate(&t);
	if (result == 0)
		result = translate_queue(&t);
	if (result == 0)
		result = translate_rest(&t);
	if (result < 0)
		return result;
	channel_finish(&made);
	*params = made;
	return 0;
}
