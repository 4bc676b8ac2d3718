// SPDX-License-Identifier: BSD-3-Clause
// The memory of queues, what becomes of waiting frames when parameters change, and departures.
#include <string.h>

#include "dataplane/model/queue.h"
#include "dataplane/model/queue_managed.h"

size_t queue_memory_bytes(const struct queue_params *params)
{
	// One more than may wait: a frame is taken in before another is thrown out for it.
	if (queue_is_managed(params))
		return waiting_memory_bytes(managed_class_count(params),
					    queue_frames_held(params) + 1);
	return queue_slots_needed(params) * sizeof(struct queue_slot);
}

static void start_aqm(const struct queue_params *params, struct queue_state *state, uint64_t at_ns)
{
	if (params->kind == QUEUE_RED)
		red_start(&state->red, at_ns);
	else if (params->kind == QUEUE_PIE)
		pie_start(&params->pie, &state->pie, at_ns);
}

void queue_attach(const struct queue_params *params, struct queue_state *state, void *memory,
		  uint64_t at_ns)
{
	*state = (struct queue_state){0};
	if (queue_is_managed(params)) {
		state->waiting = waiting_init(memory, managed_class_count(params),
					      queue_frames_held(params) + 1);
		state->waiting->since_ns = at_ns;
	} else {
		state->slots = memory;
		state->capacity = queue_slots_needed(params);
	}
	start_aqm(params, state, at_ns);
}

void *queue_memory(const struct queue_params *params, const struct queue_state *state)
{
	return queue_is_managed(params) ? (void *)state->waiting : (void *)state->slots;
}

// The ring of accepted packets moves to the larger memory; the other comes back. A ring that is
// begun anew knows nothing of what is on the line already.
static void *move_ring(const struct queue_params *to, struct queue_state *state,
		       struct queue_slot *slots)
{
	uint32_t capacity = queue_slots_needed(to);
	struct queue_slot *old = state->slots;

	if (capacity > 0 && capacity <= state->capacity)
		return slots;
	for (uint32_t i = 0; capacity > 0 && i < state->count; i++)
		slots[i] = old[(state->head + i) & (state->capacity - 1)];
	if (capacity == 0) {
		state->count = 0;
		state->bytes = 0;
	}
	state->slots = slots;
	state->capacity = capacity;
	state->head = 0;
	return old;
}

// A block of the same kind and lines: nothing in it points anywhere, so it moves as it is.
static void *move_block(const struct queue_params *to, struct queue_state *state, void *memory)
{
	struct waiting *old = state->waiting;
	uint32_t capacity = queue_frames_held(to) + 1;

	if (capacity <= old->capacity)
		return memory;
	memcpy(memory, old, waiting_memory_bytes(old->class_count, old->touched));
	state->waiting = memory;
	state->waiting->capacity = capacity;
	return old;
}

// All that wait, in order of departure, into the line of those thrown out.
static void line_up(const struct queue_params *params, struct waiting *waiting, uint64_t at_ns)
{
	enum aqm_verdict verdict;

	while (waiting->count > 0)
		waiting_push(waiting, &waiting->out,
			     managed_next(params, waiting, at_ns, false, &verdict));
	waiting->since_ns = at_ns;
}

// As many of a line of frames as there is room for; the rest stays.
static void move_line(const struct queue_params *to, const struct rate_params *rate,
		      struct waiting *into, struct waiting *from)
{
	while (from->out.packets > 0 &&
	       managed_move(to, into, waiting_entry(from, from->out.head), rate))
		waiting_give(from, waiting_pop(from, &from->out));
}

static bool is_alike(const struct queue_params *from, const struct queue_params *to)
{
	return from->kind == to->kind && managed_class_count(from) == managed_class_count(to);
}

void *queue_migrate(const struct queue_params *from, const struct queue_params *to,
		    const struct rate_params *rate, struct queue_state *state, void *memory,
		    uint64_t at_ns)
{
	struct waiting *old = state->waiting;
	struct queue_slot *slots = state->slots;

	if (!queue_is_managed(from) && !queue_is_managed(to)) {
		if (from->kind != to->kind)
			start_aqm(to, state, at_ns);
		return move_ring(to, state, memory);
	}
	if (is_alike(from, to)) {
		void *unused = move_block(to, state, memory);

		state->waiting->since_ns = at_ns;
		return unused;
	}
	queue_attach(to, state, memory, at_ns);
	if (!queue_is_managed(from))
		return slots;
	line_up(from, old, at_ns);
	if (queue_is_managed(to))
		move_line(to, rate, state->waiting, old);
	state->leaving = old->out.packets > 0 ? old : NULL;
	return old;
}

uint64_t queue_due_ns(const struct queue_state *state, const struct rate_params *rate,
		      const struct rate_state *line)
{
	const struct waiting *waiting = state->waiting;

	if (state->leaving != NULL)
		return state->leaving->since_ns;
	if (waiting == NULL || (waiting->count == 0 && waiting->out.packets == 0))
		return UINT64_MAX;
	if (waiting->out.packets > 0)
		return waiting->since_ns;
	return waiting->since_ns + rate_wait_ns(rate, line, waiting->since_ns);
}

static void hand_over(struct waiting *waiting, uint32_t entry, struct waiting_entry *left)
{
	*left = *waiting_entry(waiting, entry);
	waiting_give(waiting, entry);
}

// Frames of a queue that is no more: on the line, as far as the new queue's limit lets them.
static enum queue_verdict next_leaving(const struct queue_params *params, struct queue_state *state,
				       uint64_t at_ns, uint64_t wait_ns, struct waiting_entry *left)
{
	struct waiting *leaving = state->leaving;

	hand_over(leaving, waiting_pop(leaving, &leaving->out), left);
	if (leaving->out.packets == 0)
		state->leaving = NULL;
	if (queue_is_managed(params))
		return QUEUE_FULL;
	return queue_admit(params, state, at_ns, wait_ns, left->frame.bytes) ? QUEUE_PASS
									     : QUEUE_FULL;
}

enum queue_verdict queue_next(const struct queue_params *params, struct queue_state *state,
			      uint64_t at_ns, uint64_t wait_ns, struct waiting_entry *left)
{
	static const enum queue_verdict verdicts[] = {
		[AQM_PASS] = QUEUE_PASS, [AQM_MARK] = QUEUE_MARK, [AQM_DROP] = QUEUE_EARLY};
	struct waiting *waiting = state->waiting;
	enum aqm_verdict verdict;

	if (state->leaving != NULL)
		return next_leaving(params, state, at_ns, wait_ns, left);
	if (waiting->out.packets > 0) {
		hand_over(waiting, waiting_pop(waiting, &waiting->out), left);
		return QUEUE_FULL;
	}
	hand_over(waiting, managed_next(params, waiting, at_ns, true, &verdict), left);
	return verdicts[verdict];
}

bool queue_take(const struct queue_params *params, struct queue_state *state,
		struct waiting_entry *left)
{
	struct waiting *waiting = state->leaving ? state->leaving : state->waiting;
	enum aqm_verdict verdict;

	if (waiting == NULL || (waiting->count == 0 && waiting->out.packets == 0))
		return false;
	if (waiting->out.packets > 0)
		hand_over(waiting, waiting_pop(waiting, &waiting->out), left);
	else
		hand_over(waiting, managed_next(params, waiting, 0, false, &verdict), left);
	if (waiting->out.packets == 0)
		state->leaving = NULL;
	return true;
}
