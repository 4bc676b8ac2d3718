// SPDX-License-Identifier: BSD-3-Clause
// Traffic over the law, and a fit of it.
#include "tests/pcaps/passage.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/pcaps/captures.h"

#define START UINT64_C(1700000000000000000)

static void send_traffic(const struct traffic *traffic, uint64_t seed, struct frames *sent)
{
	uint64_t random = seed, at_ns = START;

	*sent = (struct frames){.count = traffic->frames, .have_ids = true};
	sent->rows = calloc(traffic->frames, sizeof(*sent->rows));
	assert_non_null(sent->rows);
	for (size_t i = 0; i < traffic->frames; i++) {
		double gap = -log(1 - captures_uniform(&random)) * traffic->gap_ns;
		uint32_t length = 60 + (uint32_t)(captures_uniform(&random) * 1455);

		if (captures_uniform(&random) >= traffic->burst)
			at_ns += 1 + (uint64_t)gap;
		sent->rows[i] = (struct frame_row){
			.at_ns = at_ns,
			.key = captures_random(&random),
			.lanes = captures_random(&random),
			.packet_id = i,
			.wire_length = traffic->one_length ? traffic->one_length : length};
		sent->rows[i].length = sent->rows[i].wire_length;
	}
}

static int by_time(const void *one, const void *other)
{
	const struct frame_row *a = one;
	const struct frame_row *b = other;

	return a->at_ns != b->at_ns ? (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns)
				    : (a->packet_id > b->packet_id) - (a->packet_id < b->packet_id);
}

static void carry(struct channel_params *params, const struct frames *sent, struct frames *received)
{
	struct channel_state state = {0};
	size_t needed;
	void *memory;

	channel_finish(params);
	needed = queue_memory_bytes(&params->queue);
	memory = calloc(1, needed + 1);
	assert_non_null(memory);
	queue_attach(&params->queue, &state.queue, needed ? memory : NULL, 0);
	*received = (struct frames){.have_ids = true};
	received->rows = calloc(2 * sent->count, sizeof(*received->rows));
	assert_non_null(received->rows);
	for (size_t i = 0; i < sent->count; i++) {
		struct channel_fate fate = channel_offer(params, &state, sent->rows[i].at_ns,
							 sent->rows[i].wire_length);
		struct frame_row row = sent->rows[i];

		if (fate.lost != DROP_NONE)
			continue;
		if (fate.flags & CHANNEL_CORRUPTED) {
			row.key ^= 1;
			row.lanes ^= UINT64_C(1) << 8 * (i % 8);
		}
		row.at_ns = fate.release_at_ns;
		received->rows[received->count++] = row;
		row.at_ns = fate.copy_release_at_ns;
		if (fate.flags & CHANNEL_COPIED)
			received->rows[received->count++] = row;
	}
	qsort(received->rows, received->count, sizeof(*received->rows), by_time);
	free(memory);
}

struct fit passage_fit(struct channel_params *params, const struct traffic *traffic, uint64_t seed)
{
	const struct match_options options = {0};
	struct frames sent, received;
	struct error error;
	struct match match;
	struct fit fit;

	params->seed = seed;
	params->carrier = true;
	send_traffic(traffic, seed, &sent);
	carry(params, &sent, &received);
	assert_int_equal(match_frames(&sent, &received, &options, &match, &error), 0);
	assert_int_equal(fit_frames(&sent, &received, &match, &fit, &error), 0);
	match_free(&match);
	free(sent.rows);
	free(received.rows);
	return fit;
}

void coverage_count(struct coverage *coverage, const char *name,
		    const struct fit_estimate *estimate, double truth)
{
	coverage->name = name;
	coverage->tried++;
	if (!estimate->known)
		fail_msg("%s is not told", name);
	coverage->held += estimate->low <= truth && truth <= estimate->high;
}

// P(at most so many of n) with 95 % each, exactly.
static double at_most(size_t n, size_t held)
{
	double sum = 0;

	for (size_t k = 0; k <= held; k++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)k + 1) -
			   lgamma((double)(n - k) + 1) + (double)k * log(0.95) +
			   (double)(n - k) * log(0.05));
	return sum;
}

void coverage_expect(const struct coverage *coverage, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (at_most(coverage[i].tried, coverage[i].held) < ALARM)
			fail_msg("%s lies within its interval %zu times of %zu", coverage[i].name,
				 coverage[i].held, coverage[i].tried);
	}
}
