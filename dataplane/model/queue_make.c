// SPDX-License-Identifier: BSD-3-Clause
// The parameters of queues: defaults, what is refused, and what follows from them.
#include <errno.h>
#include <inttypes.h>

#include "dataplane/model/queue.h"

// tc's default limits.
#define QUEUE_DEFAULT_PACKETS      1000
#define QUEUE_DEFAULT_FAIR_PACKETS 10240
#define QUEUE_DEFAULT_RED_BYTES    400000

// Frames that a limit in time is dimensioned for where the line has no constant rate.
#define QUEUE_TIME_PACKETS 65536

static const char *const names[QUEUE_KINDS] = {
	[QUEUE_TAIL] = "tail", [QUEUE_RED] = "red",     [QUEUE_PIE] = "pie",
	[QUEUE_HEAD] = "head", [QUEUE_CODEL] = "codel", [QUEUE_FQ_CODEL] = "fq_codel",
	[QUEUE_PRIO] = "prio", [QUEUE_DRR] = "drr",
};

const char *queue_kind_name(enum queue_kind kind)
{
	return (unsigned)kind < QUEUE_KINDS ? names[kind] : "unknown";
}

struct queue_params queue_defaults(enum queue_kind kind)
{
	struct queue_params params = {
		.limit = QUEUE_PACKETS,
		.limit_amount =
			kind == QUEUE_FQ_CODEL ? QUEUE_DEFAULT_FAIR_PACKETS : QUEUE_DEFAULT_PACKETS,
		.kind = kind,
		.red = {.probability = RED_PROBABILITY, .avpkt_bytes = RED_AVPKT_BYTES},
		.pie = {.target_ns = PIE_TARGET_NS,
			.tupdate_ns = PIE_TUPDATE_NS,
			.burst_ns = PIE_BURST_NS,
			.ecn_threshold = PIE_ECN_THRESHOLD,
			.alpha = PIE_ALPHA,
			.beta = PIE_BETA,
			.mtu_bytes = CODEL_MTU_BYTES,
			.derandomise = true},
		.codel = {.target_ns = CODEL_TARGET_NS,
			  .interval_ns = CODEL_INTERVAL_NS,
			  .mtu_bytes = CODEL_MTU_BYTES,
			  .ecn = kind == QUEUE_FQ_CODEL},
		.fair = {.flows = FAIR_FLOWS,
			 .quantum_bytes = FAIR_QUANTUM_BYTES,
			 .batch_packets = FAIR_BATCH,
			 .memory_bytes = FAIR_MEMORY_BYTES},
	};

	classes_defaults(&params.classes);
	if (kind == QUEUE_RED) {
		params.limit = QUEUE_BYTES;
		params.limit_amount = QUEUE_DEFAULT_RED_BYTES;
	}
	return params;
}

static int check_limit(enum queue_limit limit, uint64_t amount, const char *where,
		       struct error *error)
{
	if (limit == QUEUE_UNLIMITED)
		return 0;
	if (limit != QUEUE_PACKETS && limit != QUEUE_BYTES && limit != QUEUE_TIME)
		return error_set(error, -EINVAL, where,
				 "queue limit of unknown kind %d: use packets, bytes or a time",
				 (int)limit);
	if (amount == 0)
		return error_set(error, -EINVAL, where,
				 "queue limit 0 would lose every packet: give at least 1, or leave "
				 "the limit out for an unlimited queue");
	if (limit == QUEUE_PACKETS && amount > QUEUE_MAX_PACKETS)
		return error_set(error, -EINVAL, where,
				 "queue limit of %" PRIu64 " packets is more than %u: lower it, or "
				 "give the limit as a time",
				 amount, QUEUE_MAX_PACKETS);
	if (limit == QUEUE_BYTES && amount > QUEUE_MAX_BYTES)
		return error_set(error, -EINVAL, where,
				 "queue limit of %" PRIu64 " bytes is more than %" PRIu64
				 ": lower it, or give the limit as a time",
				 amount, QUEUE_MAX_BYTES);
	return 0;
}

int queue_make_params(enum queue_limit limit, uint64_t amount, const char *where,
		      struct queue_params *params, struct error *error)
{
	int code = check_limit(limit, amount, where, error);

	if (code < 0)
		return code;
	*params = (struct queue_params){.limit = limit,
					.limit_amount = limit == QUEUE_UNLIMITED ? 0 : amount};
	return 0;
}

static int check_mark(const struct queue_params *params, const char *where, struct error *error)
{
	if (params->mark == QUEUE_UNLIMITED)
		return !params->mark_ect1_only
			       ? 0
			       : error_set(error, -EINVAL, where,
					   "marking ECT(1) alone needs a threshold to mark above");
	if (params->kind != QUEUE_TAIL)
		return error_set(
			error, -EINVAL, where,
			"a marking threshold goes with tail drop: %s marks by itself (ecn)",
			queue_kind_name(params->kind));
	if (params->mark != QUEUE_TIME && params->mark != QUEUE_PACKETS &&
	    params->mark != QUEUE_BYTES)
		return error_set(error, -EINVAL, where,
				 "marking threshold of unknown kind %d: use packets, bytes or a "
				 "time",
				 (int)params->mark);
	if (params->mark_amount == 0)
		return error_set(error, -EINVAL, where,
				 "marking threshold 0 would mark every packet: give at least 1");
	if (params->mark != QUEUE_TIME && params->limit != params->mark)
		return error_set(
			error, -EINVAL, where,
			"a marking threshold in packets or bytes needs a limit in the same "
			"unit; or give the threshold as a time");
	if (params->mark == params->limit && params->mark_amount >= params->limit_amount)
		return error_set(error, -EINVAL, where,
				 "marking threshold of %" PRIu64
				 " is not below the limit of %" PRIu64 ": nothing would be marked",
				 params->mark_amount, params->limit_amount);
	return 0;
}

// The limit in bytes, or 0 where it is none or not known.
static uint64_t limit_bytes(const struct queue_params *params, const struct rate_params *rate)
{
	switch (params->limit) {
	case QUEUE_BYTES:
		return params->limit_amount;
	case QUEUE_PACKETS:
		return params->limit_amount * params->red.avpkt_bytes;
	case QUEUE_TIME:
		return (uint64_t)((double)params->limit_amount * (double)rate->bits_per_second /
				  8e9);
	case QUEUE_UNLIMITED:
		break;
	}
	return 0;
}

// As tc: a quarter of the limit, and a third of that.
static int finish_red(struct queue_params *params, const struct rate_params *rate,
		      const char *where, struct error *error)
{
	struct red_params red = params->red;
	uint64_t limit = limit_bytes(params, rate);
	int code;

	if (red.max_bytes == 0)
		red.max_bytes = red.min_bytes > 0 ? 3 * red.min_bytes : limit / 4;
	if (red.min_bytes == 0)
		red.min_bytes = red.max_bytes / 3;
	if (limit > 0 && red.max_bytes > limit)
		return error_set(error, -EINVAL, where,
				 "red max of %" PRIu64 " bytes is above the limit of about %" PRIu64
				 " bytes: raise the limit or lower max",
				 red.max_bytes, limit);
	code = red_finish(&red, rate->bits_per_second, where, error);
	if (code == 0)
		params->red = red;
	return code;
}

static int check_classes(const struct queue_params *params, const char *where, struct error *error)
{
	int code = classes_check(&params->classes, params->kind == QUEUE_DRR, where, error);

	if (code == 0 && queue_frames_held(params) > QUEUE_MAX_PACKETS)
		code = error_set(error, -EINVAL, where,
				 "a limit for each of %" PRIu32
				 " classes that is more than %u packets in all: lower it",
				 params->classes.count, QUEUE_MAX_PACKETS);
	return code;
}

static int finish_kind(struct queue_params *params, const struct rate_params *rate,
		       const char *where, struct error *error)
{
	int code;

	switch (params->kind) {
	case QUEUE_RED:
		return finish_red(params, rate, where, error);
	case QUEUE_PIE:
		return pie_finish(&params->pie, where, error);
	case QUEUE_CODEL:
		return codel_check(&params->codel, where, error);
	case QUEUE_FQ_CODEL:
		code = codel_check(&params->codel, where, error);
		return code < 0 ? code : fair_check(&params->fair, where, error);
	case QUEUE_PRIO:
	case QUEUE_DRR:
		return check_classes(params, where, error);
	default:
		return 0;
	}
}

// Frames that wait at most while the line sends for so long, if all are as short as can be. A line
// of no constant rate may send more than on average.
static uint32_t frames_in(uint64_t limit_ns, const struct rate_params *rate)
{
	uint64_t frame_ns = rate_serialisation_ns(rate, QUEUE_SHORTEST_FRAME_BYTES);
	uint64_t frames = limit_ns / (frame_ns > 0 ? frame_ns : 1) + 2;

	if (rate->ns_per_byte_q32 == 0)
		return QUEUE_TIME_PACKETS;
	if (rate->kind != RATE_CONSTANT && frames < QUEUE_TIME_PACKETS)
		return QUEUE_TIME_PACKETS;
	return frames < QUEUE_MAX_PACKETS ? (uint32_t)frames : QUEUE_MAX_PACKETS;
}

int queue_finish(struct queue_params *params, const struct rate_params *rate, const char *where,
		 struct error *error)
{
	struct queue_params made = *params;
	int code = check_limit(params->limit, params->limit_amount, where, error);

	if (code == 0 && (unsigned)params->kind >= QUEUE_KINDS)
		code = error_set(error, -EINVAL, where, "queue of unknown kind %d",
				 (int)params->kind);
	if (code == 0 && params->limit == QUEUE_UNLIMITED && params->kind != QUEUE_TAIL &&
	    params->kind != QUEUE_PIE)
		code = error_set(error, -EINVAL, where,
				 "queue %s needs a limit, in packets, bytes or as a time",
				 queue_kind_name(params->kind));
	if (code == 0)
		code = check_mark(params, where, error);
	if (code < 0)
		return code;
	made.capacity = params->limit == QUEUE_TIME ? frames_in(params->limit_amount, rate) : 0;
	code = finish_kind(&made, rate, where, error);
	if (code == 0)
		*params = made;
	return code;
}

bool queue_reads_headers(const struct queue_params *params)
{
	switch (params->kind) {
	case QUEUE_TAIL:
		return params->mark != QUEUE_UNLIMITED;
	case QUEUE_RED:
		return params->red.ecn;
	case QUEUE_PIE:
		return params->pie.ecn;
	default:
		// What waits may be sorted by its headers after a change.
		return queue_is_managed(params);
	}
}
