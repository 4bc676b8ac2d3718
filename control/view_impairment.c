// SPDX-License-Identifier: BSD-3-Clause
// A channel's impairments in JSON: tc's own key names and base units (seconds, ratios, bytes per
// second), and ours for what tc does not have.
#include <jansson.h>

#include "control/view.h"

static double seconds(uint64_t time_ns)
{
	return (double)time_ns / 1e9;
}

static void add_delay(json_t *object, const struct channel_params *params,
		      const struct impairment *impairment)
{
	static const char *const names[] = {
		[DISTRIBUTION_UNIFORM] = "uniform",
		[DISTRIBUTION_NORMAL] = "normal",
		[DISTRIBUTION_PARETO] = "pareto",
		[DISTRIBUTION_PARETONORMAL] = "paretonormal",
		[DISTRIBUTION_EXPONENTIAL] = "exponential",
		[DISTRIBUTION_GAMMA] = "gamma",
		[DISTRIBUTION_LOGNORMAL] = "lognormal",
	};
	const struct impairment_jitter *jitter = &impairment->jitter;

	json_object_set_new(object, "delay",
			    json_pack("{s:f, s:f, s:f}", "delay", seconds(params->delay_ns),
				      "jitter", seconds(jitter->jitter_ns), "correlation",
				      jitter->correlation));
	if (jitter->kind == DISTRIBUTION_NONE)
		return;
	json_object_set_new(object, "distribution",
			    json_string(jitter->kind == DISTRIBUTION_TABLE ? jitter->table->path
									   : names[jitter->kind]));
	json_object_set_new(object, "order",
			    json_string(impairment->order == ORDER_FREE ? "free" : "keep"));
	if (jitter->halflife_ns)
		json_object_set_new(object, "halflife", json_real(seconds(jitter->halflife_ns)));
	if (jitter->shape > 0)
		json_object_set_new(object, "shape", json_real(jitter->shape));
}

static json_t *packets_json(const struct impairment_loss_packet *packet)
{
	json_t *numbers = json_array();

	for (uint32_t i = 0; i < packet->count; i++)
		json_array_append_new(numbers, json_integer((json_int_t)packet->numbers[i]));
	return json_pack("{s:o, s:i, s:b, s:i, s:i}", "packets", numbers, "protocol",
			 packet->protocol, "segments", packet->segments, "sport",
			 packet->source_port, "dport", packet->target_port);
}

static void add_loss(json_t *object, const struct impairment_loss *loss)
{
	const double *p = loss->p;

	switch (loss->kind) {
	case LOSS_WORDS_NONE:
		break;
	case LOSS_WORDS_RANDOM:
		json_object_set_new(object, "loss-random",
				    json_pack("{s:f, s:f}", "loss", loss->ratio, "correlation",
					      loss->correlation));
		break;
	case LOSS_WORDS_STATE:
		json_object_set_new(object, "loss-state",
				    json_pack("{s:f, s:f, s:f, s:f, s:f}", "p13", p[0], "p31", p[1],
					      "p32", p[2], "p23", p[3], "p14", p[4]));
		break;
	case LOSS_WORDS_GEMODEL:
		json_object_set_new(object, "loss-gemodel",
				    json_pack("{s:f, s:f, s:f, s:f}", "p", p[0], "r", p[1], "1-h",
					      p[2], "1-k", p[3]));
		break;
	case LOSS_WORDS_BER:
		json_object_set_new(object, "loss-ber", json_pack("{s:f}", "ber", loss->ratio));
		break;
	case LOSS_WORDS_PATTERN:
		json_object_set_new(object, "loss-pattern",
				    json_pack("{s:s, s:I, s:b}", "file", loss->pattern->path,
					      "packets", (json_int_t)loss->pattern->count, "once",
					      loss->once));
		break;
	case LOSS_WORDS_EVERY:
		json_object_set_new(object, "loss-every",
				    json_pack("{s:I, s:I}", "every", (json_int_t)loss->every,
					      "from", (json_int_t)loss->offset));
		break;
	case LOSS_WORDS_PACKET:
		json_object_set_new(object, "loss-packet", packets_json(&loss->packet));
		break;
	case LOSS_WORDS_OUTAGE:
		json_object_set_new(object, "loss-outage",
				    json_pack("{s:f, s:f, s:b}", "outage", seconds(loss->outage_ns),
					      "every", seconds(loss->interval_ns), "fixed",
					      loss->fixed));
		break;
	}
	if (loss->ecn)
		json_object_set_new(object, "ecn", json_true());
}

static void add_chance(json_t *object, const char *key, const struct impairment_chance *chance)
{
	if (chance->ratio > 0)
		json_object_set_new(object, key,
				    json_pack("{s:f, s:f}", key, chance->ratio, "correlation",
					      chance->correlation));
}

static void add_reorder(json_t *object, const struct impairment_reorder *reorder)
{
	add_chance(object, "reorder", &reorder->chance);
	if (reorder->chance.ratio > 0 && reorder->late_ns)
		json_object_set_new(object, "late", json_real(seconds(reorder->late_ns)));
	else if (reorder->chance.ratio > 0)
		json_object_set_new(object, "gap", json_integer(reorder->gap));
}

static void add_rate(json_t *object, const struct impairment *impairment)
{
	const struct impairment_overhead *overhead = &impairment->overhead;
	const struct impairment_police *police = &impairment->police;

	if (impairment->rate.bps > 0)
		json_object_set_new(object, "rate",
				    json_pack("{s:I, s:i, s:I, s:I}", "rate",
					      (json_int_t)(impairment->rate.bps / 8),
					      "packetoverhead", (int)overhead->bytes, "cellsize",
					      (json_int_t)overhead->cell_bytes, "celloverhead",
					      (json_int_t)overhead->cell_overhead_bytes));
	if (impairment->burst.bytes)
		json_object_set_new(object, "burst",
				    json_integer((json_int_t)impairment->burst.bytes));
	if (impairment->burst.peak_bps) {
		json_object_set_new(object, "peakrate",
				    json_integer((json_int_t)(impairment->burst.peak_bps / 8)));
		json_object_set_new(object, "mtu",
				    json_integer((json_int_t)impairment->burst.peak_bytes));
	}
	if (police->cir_bps)
		json_object_set_new(object, "police",
				    json_pack("{s:I, s:I, s:I, s:I, s:I}", "cir",
					      (json_int_t)(police->cir_bps / 8), "cbs",
					      (json_int_t)police->cbs_bytes, "ebs",
					      (json_int_t)police->ebs_bytes, "pir",
					      (json_int_t)(police->pir_bps / 8), "pbs",
					      (json_int_t)police->pbs_bytes));
	if (police->remarks)
		json_object_set_new(json_object_get(object, "police"), "remark",
				    json_integer(police->yellow_dscp));
}

static void add_slot(json_t *object, const struct impairment_slot *slot)
{
	if (slot->least_ns == 0 && slot->most_ns == 0)
		return;
	if (slot->by.kind != DISTRIBUTION_NONE)
		json_object_set_new(
			object, "slot",
			json_pack("{s:f, s:f, s:I, s:I}", "delay", seconds(slot->least_ns),
				  "jitter", seconds(slot->by.jitter_ns), "packets",
				  (json_int_t)slot->packets, "bytes", (json_int_t)slot->bytes));
	else
		json_object_set_new(
			object, "slot",
			json_pack("{s:f, s:f, s:I, s:I}", "min-delay", seconds(slot->least_ns),
				  "max-delay", seconds(slot->most_ns), "packets",
				  (json_int_t)slot->packets, "bytes", (json_int_t)slot->bytes));
}

static void add_access(json_t *object, const struct impairment_access *access)
{
	if (access->cra_bps == 0 && access->rbdc_bps == 0)
		return;
	json_object_set_new(
		object, "access",
		json_pack("{s:I, s:I, s:f, s:f, s:f}", "cra", (json_int_t)(access->cra_bps / 8),
			  "rbdc", (json_int_t)(access->rbdc_bps / 8), "superframe",
			  seconds(access->superframe_ns), "schedule", seconds(access->schedule_ns),
			  "timeout", seconds(access->timeout_ns)));
}

static void add_queue(json_t *object, const struct channel_params *params,
		      const struct impairment_queue *queue)
{
	static const char *const keys[] = {[QUEUE_PACKETS] = "limit",
					   [QUEUE_BYTES] = "limit_bytes",
					   [QUEUE_TIME] = "limit_ns"};
	static const char *const names[] = {
		[QUEUE_WORDS_TAIL] = "tail", [QUEUE_WORDS_HEAD] = "head",
		[QUEUE_WORDS_RED] = "red",   [QUEUE_WORDS_CODEL] = "codel",
		[QUEUE_WORDS_PIE] = "pie",   [QUEUE_WORDS_FQ_CODEL] = "fq_codel",
		[QUEUE_WORDS_PRIO] = "prio", [QUEUE_WORDS_DRR] = "drr",
		[QUEUE_WORDS_STEP] = "step",
	};

	if (params->queue.limit != QUEUE_UNLIMITED)
		json_object_set_new(object, keys[params->queue.limit],
				    json_integer((json_int_t)params->queue.limit_amount));
	json_object_set_new(object, "queue", json_string(names[queue->kind]));
}

void view_add_impairment(json_t *object, const struct channel_params *params,
			 const struct impairment *impairment)
{
	add_delay(object, params, impairment);
	add_loss(object, &impairment->loss);
	add_chance(object, "duplicate", &impairment->duplicate);
	add_chance(object, "corrupt", &impairment->corrupt.chance);
	add_reorder(object, &impairment->reorder);
	add_rate(object, impairment);
	add_slot(object, &impairment->slot);
	add_access(object, &impairment->access);
	add_queue(object, params, &impairment->queue);
	if (impairment->trace.table)
		json_object_set_new(object, "trace", json_string(impairment->trace.table->path));
}
