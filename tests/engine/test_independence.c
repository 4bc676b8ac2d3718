// SPDX-License-Identifier: BSD-3-Clause
// What becomes of a packet depends on nothing but the packets before it on its channel: not on how
// many frames are read at once, on the steps in which the clock is advanced, on the number of
// workers, or on what else is done to packets there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/lab_plan.h"

#define MS       UINT64_C(1000000)
#define FRAMES   3000
#define SITES    6
#define CHANNELS (2 * (SITES - 1))

// What may be done to packets of a channel.
enum impairment {
	LOSS = 1 << 0,    // independent from packet to packet
	BURSTS = 1 << 1,  // in its place: a chain that moves with each packet that departs
	JITTER = 1 << 2,  // correlated, so that it is a chain, too
	COPIES = 1 << 3,  //
	DAMAGE = 1 << 4,  //
	REORDER = 1 << 5, //
	SLOTS = 1 << 6,   //
	QUEUE = 1 << 7,   // a line that is too slow, with CoDel in front
	POLICE = 1 << 8,
	EVERYTHING = (1 << 9) - 1
};

static void impair(struct channel_params *params, uint32_t what)
{
	if (what & LOSS)
		loss_random_params(0.05, 0, "", &params->loss, NULL);
	if (what & BURSTS)
		loss_gilbert_elliott_params(0.02, 0.3, 0.9, 0.01, "", &params->loss, NULL);
	if (what & JITTER)
		jitter_make_params(JITTER_NORMAL, MS / 5, 0.3, "", &params->jitter, NULL);
	if (what & COPIES)
		duplicate_make_params(0.1, 0.2, "", &params->duplicate, NULL);
	if (what & DAMAGE)
		corrupt_make_params(0.1, 0.2, 2, "", &params->corrupt, NULL);
	if (what & REORDER)
		reorder_make_params(0.2, 0.2, 3, MS, "", &params->reorder, NULL);
	if (what & SLOTS)
		slot_make_uniform(MS, 2 * MS, 5, 0, "", &params->slot, NULL);
	if (what & QUEUE) {
		rate_make_params(1000000, 0, 0, 0, "", &params->rate, NULL);
		params->queue = queue_defaults(QUEUE_CODEL);
		params->queue.limit_amount = 40;
		assert_int_equal(queue_finish(&params->queue, &params->rate, "", NULL), 0);
	}
	if (what & POLICE)
		police_make_single_rate(1200000, 3000, 0, "", &params->police, NULL);
	channel_finish(params);
}

// A source that gives `burst` frames at a time, if it is asked for so many.
struct source {
	struct frame_list frames;
	unsigned burst;
};

static int read_burst(void *context, struct engine_frame *frames, unsigned most)
{
	struct source *source = context;
	struct engine_source all = frame_list_source(&source->frames);

	return all.read(all.context, frames, most < source->burst ? most : source->burst);
}

// Towards the other port; several at one instant, and times at which the line can rest.
static void source_init(struct source *source, unsigned burst, bool from_west)
{
	uint8_t frame[256];
	uint64_t at_ns = 0;

	source->burst = burst;
	frame_list_init(&source->frames, FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t length = make_udp(frame, from_west ? "10.0.0.9" : "10.1.0.9",
					   from_west ? "10.1.7.7" : "10.0.7.7", 64, i, i * 7 % 190);

		at_ns += i % 4 ? MS / 3 : i % 1000 ? 0 : 300 * MS;
		frame_list_add(&source->frames, at_ns, frame, length);
	}
}

// ---- The same results, however it is run ----

struct way {
	unsigned workers;
	unsigned burst;
	uint64_t step_ns; // 0: from one thing that is due to the next
};

struct outcome {
	struct frame_list out[2];
	struct engine_channel_counters channels[CHANNELS];
};

static void advance(struct engine *engine, uint64_t step_ns)
{
	uint64_t due_ns;

	while ((due_ns = engine_next_due_ns(engine)) != ENGINE_IDLE) {
		uint64_t until_ns = step_ns < UINT64_MAX - due_ns ? due_ns + step_ns : UINT64_MAX;

		assert_int_equal(engine_advance(engine, until_ns + (step_ns == 0), NULL), 0);
	}
}

static struct outcome *run_chain(struct way way)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct plan *plan = plan_of_chain(SITES, 2 * MS, 2);
	struct engine *engine = new_engine(way.workers);
	struct source sources[2];

	for (uint32_t i = 0; i < plan->channel_count; i++)
		impair(&plan->channels[i].params, i % 3 ? EVERYTHING : EVERYTHING & ~BURSTS);
	for (uint32_t port = 0; port < 2; port++) {
		struct engine_source source = {&sources[port], read_burst};
		struct engine_sink sink = frame_list_sink(&outcome->out[port]);

		source_init(&sources[port], way.burst, port == 0);
		frame_list_init(&outcome->out[port], 4 * FRAMES);
		assert_int_equal(engine_port_files(engine, port, &source, &sink, NULL), 0);
	}
	assert_int_equal(engine_publish(engine, plan, NULL), 0);
	advance(engine, way.step_ns);
	for (uint32_t i = 0; i < CHANNELS; i++)
		engine_channel_read(engine, i, &outcome->channels[i]);
	engine_destroy(engine);
	for (int port = 0; port < 2; port++)
		frame_list_fini(&sources[port].frames);
	return outcome;
}

static void outcome_free(struct outcome *outcome)
{
	frame_list_fini(&outcome->out[0]);
	frame_list_fini(&outcome->out[1]);
	free(outcome);
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
	assert_memory_equal(a->channels, b->channels, sizeof(a->channels));
	for (int port = 0; port < 2; port++) {
		assert_int_equal(a->out[port].count, b->out[port].count);
		for (unsigned i = 0; i < a->out[port].count; i++) {
			const struct engine_frame *x = &a->out[port].frames[i];
			const struct engine_frame *y = &b->out[port].frames[i];

			assert_int_equal(x->at_ns, y->at_ns);
			assert_int_equal(x->packet, y->packet);
			assert_int_equal(x->length, y->length);
			assert_memory_equal(x->bytes, y->bytes, x->length);
		}
	}
}

// Each thing that is done to packets is done to many, or nothing is shown.
static void assert_busy(const struct outcome *outcome)
{
	struct engine_channel_counters sum = {0};

	for (uint32_t i = 0; i < CHANNELS; i++) {
		const struct engine_channel_counters *channel = &outcome->channels[i];

		sum.duplicated += channel->duplicated;
		sum.corrupted += channel->corrupted;
		sum.reordered += channel->reordered;
		for (int reason = 0; reason < DROP_REASONS; reason++)
			sum.lost[reason] += channel->lost[reason];
	}
	assert_true(sum.duplicated > 100 && sum.corrupted > 100 && sum.reordered > 100);
	assert_true(sum.lost[DROP_MODEL] > 100 && sum.lost[DROP_POLICY] > 100);
	assert_true(sum.lost[DROP_QUEUE] + sum.lost[DROP_AQM] > 100);
	assert_true(outcome->out[0].count > 100 && outcome->out[1].count > 100);
}

static void check_ways(const struct way *ways, size_t count)
{
	struct outcome *first = run_chain(ways[0]);

	assert_busy(first);
	for (size_t i = 1; i < count; i++) {
		struct outcome *other = run_chain(ways[i]);

		assert_same(first, other);
		outcome_free(other);
	}
	outcome_free(first);
}

static void fates_do_not_depend_on_how_many_frames_are_read_at_once(void **state)
{
	const struct way ways[] = {{1, 1, UINT64_MAX},
				   {1, 3, UINT64_MAX},
				   {1, 32, UINT64_MAX},
				   {1, UINT32_MAX, UINT64_MAX},
				   {2, 5, UINT64_MAX}};

	(void)state;
	check_ways(ways, sizeof(ways) / sizeof(ways[0]));
}

static void fates_do_not_depend_on_the_steps_of_the_clock(void **state)
{
	const struct way ways[] = {
		{1, 32, UINT64_MAX}, {1, 32, 0}, {1, 32, MS}, {1, 32, 77777}, {2, 32, 333333}};

	(void)state;
	check_ways(ways, sizeof(ways) / sizeof(ways[0]));
}

static void fates_do_not_depend_on_the_number_of_workers(void **state)
{
	const struct way ways[] = {
		{1, 32, UINT64_MAX}, {2, 32, UINT64_MAX}, {3, 32, UINT64_MAX}, {5, 32, UINT64_MAX}};

	(void)state;
	check_ways(ways, sizeof(ways) / sizeof(ways[0]));
}

// ---- The same lot, whatever else is done ----

struct fate {
	bool lost;    // by the model
	bool decided; // the model had a say: neither queue nor policer had lost it
	bool damaged;
	unsigned left; // how often
};

struct fates {
	const struct frame_list *sent;
	struct fate of[FRAMES];
};

static void note(void *context, unsigned worker, const struct engine_observation *observation)
{
	struct fates *fates = context;
	uint32_t number = (uint32_t)observation->frame.packet; // above it stands the port
	struct fate *fate = &fates->of[number];
	const struct engine_frame *sent = &fates->sent->frames[number];

	(void)worker;
	if (observation->point == ENGINE_CHANNEL_ENTER) {
		assert_memory_equal(observation->frame.bytes, sent->bytes, sent->length);
		fate->decided = true;
	}
	if (observation->point == ENGINE_CHANNEL_LOST) {
		fate->lost = observation->reason == DROP_MODEL;
		fate->decided = fate->lost;
	}
	if (observation->point == ENGINE_CHANNEL_LEAVE) {
		fate->left++;
		fate->damaged = memcmp(observation->frame.bytes, sent->bytes, sent->length) != 0;
	}
}

static void run_wire(uint32_t what, struct fates *fates)
{
	struct plan *plan = plan_of_wire(3 * MS);
	struct engine *engine = new_engine(1);
	struct source source;
	struct engine_source read = {&source, read_burst};

	source_init(&source, 32, true);
	*fates = (struct fates){.sent = &source.frames};
	impair(&plan->channels[0].params, what);
	assert_int_equal(engine_port_files(engine, 0, &read, NULL, NULL), 0);
	assert_int_equal(engine_publish(engine, plan, NULL), 0);
	engine_observe(engine, note, fates);
	advance(engine, UINT64_MAX);
	engine_destroy(engine);
	frame_list_fini(&source.frames);
}

// Of packets on which the model decides in both runs: those that `by` does something to are the
// same ones. Gives how many.
static unsigned same_lot(const struct fates *a, const struct fates *b, uint32_t by)
{
	unsigned hit = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		const struct fate *x = &a->of[i], *y = &b->of[i];

		if (!x->decided || !y->decided)
			continue;
		if (by & (LOSS | BURSTS)) {
			assert_int_equal(x->lost, y->lost);
			hit += x->lost;
		} else if (!x->lost && !y->lost) {
			assert_int_equal(x->left, y->left);
			assert_int_equal(x->damaged, y->damaged);
			hit += x->left > 1 || x->damaged;
		}
	}
	return hit;
}

static void check_lots(uint32_t base, const uint32_t *others, size_t count)
{
	struct fates *alone = malloc(sizeof(*alone)), *together = malloc(sizeof(*together));

	run_wire(base, alone);
	for (size_t i = 0; i < count; i++) {
		run_wire(base | others[i], together);
		assert_true(same_lot(alone, together, base) > 50);
	}
	free(alone);
	free(together);
}

static void random_loss_hits_the_same_whatever_else_is_on(void **state)
{
	const uint32_t others[] = {JITTER, COPIES, DAMAGE, REORDER,
				   SLOTS,  QUEUE,  POLICE, EVERYTHING & ~BURSTS};

	(void)state;
	check_lots(LOSS, others, sizeof(others) / sizeof(others[0]));
}

// A queue or a policer in front takes packets away that would have moved the chain.
static void bursts_of_loss_hit_the_same_whatever_comes_behind_them(void **state)
{
	const uint32_t others[] = {JITTER,  COPIES, DAMAGE,
				   REORDER, SLOTS,  JITTER | COPIES | DAMAGE | REORDER | SLOTS};

	(void)state;
	check_lots(BURSTS, others, sizeof(others) / sizeof(others[0]));
}

static void copies_and_damage_hit_the_same_whatever_else_is_on(void **state)
{
	const uint32_t others[] = {LOSS,    BURSTS, JITTER,
				   REORDER, SLOTS,  BURSTS | JITTER | REORDER | SLOTS};

	(void)state;
	check_lots(COPIES | DAMAGE, others, sizeof(others) / sizeof(others[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fates_do_not_depend_on_how_many_frames_are_read_at_once),
		cmocka_unit_test(fates_do_not_depend_on_the_steps_of_the_clock),
		cmocka_unit_test(fates_do_not_depend_on_the_number_of_workers),
		cmocka_unit_test(random_loss_hits_the_same_whatever_else_is_on),
		cmocka_unit_test(bursts_of_loss_hit_the_same_whatever_comes_behind_them),
		cmocka_unit_test(copies_and_damage_hit_the_same_whatever_else_is_on),
	};

	return cmocka_run_group_tests_name("independence", tests, NULL, NULL);
}
