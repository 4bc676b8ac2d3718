// SPDX-License-Identifier: BSD-3-Clause
// Managed queues: the limit at arrival, the choice at departure.
#include "dataplane/model/queue_managed.h"

uint32_t managed_class_count(const struct queue_params *params)
{
	switch (params->kind) {
	case QUEUE_FQ_CODEL:
		return params->fair.flows;
	case QUEUE_PRIO:
	case QUEUE_DRR:
		return params->classes.count;
	default:
		return 1;
	}
}

static uint64_t line_ns(const struct rate_params *rate, uint64_t line_bytes)
{
	return (uint64_t)(((unsigned __int128)line_bytes * rate->ns_per_byte_q32) >> 32);
}

// Would a frame stay within the limit behind so much? A time counts what the line needs for those
// ahead, the one in service included; packets and bytes count those that wait.
static bool fits(const struct queue_params *params, const struct rate_params *rate,
		 uint64_t wait_ns, uint64_t packets, uint64_t bytes, uint64_t line_bytes,
		 uint32_t frame_bytes)
{
	switch (params->limit) {
	case QUEUE_PACKETS:
		return packets < params->limit_amount;
	case QUEUE_BYTES:
		return bytes + frame_bytes <= params->limit_amount;
	case QUEUE_TIME:
		return wait_ns + line_ns(rate, line_bytes) <= params->limit_amount;
	case QUEUE_UNLIMITED:
		break;
	}
	return true;
}

static bool line_fits(const struct queue_params *params, const struct rate_params *rate,
		      uint64_t wait_ns, const struct waiting_line *line, uint32_t frame_bytes)
{
	return fits(params, rate, wait_ns, line->packets, line->bytes, line->line_bytes,
		    frame_bytes);
}

// FQ-CoDel counts all flows together, the newest entry among them, and has a second limit.
static bool is_over(const struct queue_params *params, const struct rate_params *rate,
		    uint64_t wait_ns, const struct waiting *waiting, uint32_t newest_line_bytes)
{
	uint64_t ahead = waiting->line_bytes > newest_line_bytes
				 ? waiting->line_bytes - newest_line_bytes
				 : 0;

	if (waiting->count == 0)
		return false;
	return (params->fair.memory_bytes > 0 && waiting->bytes > params->fair.memory_bytes) ||
	       !fits(params, rate, wait_ns, waiting->count - 1, waiting->bytes, ahead, 0);
}

static uint32_t class_of(const struct queue_params *params, const struct channel_frame *frame)
{
	if (params->kind == QUEUE_PRIO || params->kind == QUEUE_DRR)
		return params->classes.of_dscp[frame->dscp & 63];
	return 0;
}

static void file(const struct queue_params *params, struct waiting *waiting, uint32_t class,
		 uint32_t entry)
{
	if (params->kind == QUEUE_FQ_CODEL)
		fair_enter(&params->fair, waiting, entry);
	else if (params->kind == QUEUE_DRR)
		classes_enter_weighted(waiting, class, entry);
	else
		waiting_enter(waiting, class, entry);
}

// Head drop: the frames that have waited longest make room. Not for one that would never fit.
static bool make_room(const struct queue_params *params, struct waiting *waiting,
		      const struct queue_arrival *arrival)
{
	static const struct waiting_line none = {0};
	const struct waiting_line *line = &waiting_class(waiting, 0)->line;
	uint32_t bytes = arrival->frame->bytes;

	if (!line_fits(params, arrival->rate, arrival->wait_ns, &none, bytes))
		return false;
	while (!line_fits(params, arrival->rate, arrival->wait_ns, line, bytes))
		waiting_throw(waiting, 0);
	return true;
}

static bool may_enter(const struct queue_params *params, struct waiting *waiting, uint32_t class,
		      const struct queue_arrival *arrival)
{
	if (params->kind == QUEUE_HEAD)
		return make_room(params, waiting, arrival);
	if (params->kind == QUEUE_FQ_CODEL)
		return true;
	return line_fits(params, arrival->rate, arrival->wait_ns,
			 &waiting_class(waiting, class)->line, arrival->frame->bytes);
}

static uint32_t line_bytes_of(const struct queue_params *params, const struct rate_params *rate,
			      uint32_t frame_bytes)
{
	return params->limit == QUEUE_TIME ? rate_line_bytes(rate, frame_bytes) : 0;
}

enum queue_verdict managed_offer(const struct queue_params *params, struct waiting *waiting,
				 const struct queue_arrival *arrival)
{
	uint32_t class = class_of(params, arrival->frame);
	uint32_t line_bytes = line_bytes_of(params, arrival->rate, arrival->frame->bytes);
	uint32_t entry = waiting_take(waiting);

	if (params->kind == QUEUE_FQ_CODEL && waiting->count == 0 && arrival->wait_ns == 0)
		fair_empty(waiting);
	waiting->since_ns = arrival->at_ns;
	if (entry == 0)
		return QUEUE_FULL;
	if (!may_enter(params, waiting, class, arrival)) {
		waiting_give(waiting, entry);
		return QUEUE_FULL;
	}
	*waiting_entry(waiting, entry) = (struct waiting_entry){.frame = *arrival->frame,
								.arrival_at_ns = arrival->at_ns,
								.packet = arrival->packet,
								.line_bytes = line_bytes};
	file(params, waiting, class, entry);
	while (params->kind == QUEUE_FQ_CODEL &&
	       is_over(params, arrival->rate, arrival->wait_ns, waiting, line_bytes))
		fair_relieve(&params->fair, waiting);
	return QUEUE_WAIT;
}

bool managed_move(const struct queue_params *params, struct waiting *waiting,
		  const struct waiting_entry *entry, const struct rate_params *rate)
{
	uint32_t class = class_of(params, &entry->frame), number;
	uint32_t bytes = entry->frame.bytes;
	const struct waiting_line *line = &waiting_class(waiting, class)->line;
	bool has_room = params->kind == QUEUE_FQ_CODEL
				? fits(params, rate, 0, waiting->count, waiting->bytes,
				       waiting->line_bytes, bytes)
				: line_fits(params, rate, 0, line, bytes);

	number = has_room ? waiting_take(waiting) : 0;
	if (number == 0)
		return false;
	*waiting_entry(waiting, number) = *entry;
	waiting_entry(waiting, number)->line_bytes = line_bytes_of(params, rate, bytes);
	file(params, waiting, class, number);
	return true;
}

uint32_t managed_next(const struct queue_params *params, struct waiting *waiting, uint64_t now_ns,
		      bool aqm, enum aqm_verdict *verdict)
{
	struct waiting_class *class = waiting_class(waiting, 0);
	const struct waiting_entry *left;
	uint32_t entry;

	*verdict = AQM_PASS;
	switch (params->kind) {
	case QUEUE_FQ_CODEL:
		return fair_next(&params->fair, aqm ? &params->codel : NULL, waiting, now_ns,
				 verdict);
	case QUEUE_PRIO:
		return classes_next_priority(waiting);
	case QUEUE_DRR:
		return classes_next_weighted(&params->classes, waiting);
	default:
		break;
	}
	entry = waiting_leave(waiting, 0);
	left = waiting_entry(waiting, entry);
	if (aqm && params->kind == QUEUE_CODEL)
		*verdict = codel_offer(&params->codel, &class->codel, now_ns, left->arrival_at_ns,
				       class->line.bytes, left->frame.ecn);
	return entry;
}
