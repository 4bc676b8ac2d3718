// SPDX-License-Identifier: BSD-3-Clause
// Classes by DSCP: strict priority never serves a lower one while a higher one waits, and deficit
// round robin shares by weight within a turn.
#include "dataplane/model/discipline_classes.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/queue_run.h"

#define MS   RUN_MS
#define LINE 8000000 // a microsecond a byte

enum { PACKETS = 20000, CLASSES = 4 };

static struct run_outcome outcomes[PACKETS];
static uint64_t arrives[PACKETS];
static uint32_t bytes[PACKETS];
static uint8_t class[PACKETS];

// A DSCP of each class of the defaults: EF, AF11, default, LE.
static const uint8_t dscp_of[CLASSES] = {46, 10, 0, 1};

static struct queue_params with_limit(enum queue_kind kind, uint64_t limit)
{
	struct queue_params params = queue_defaults(kind);

	params.limit_amount = limit;
	return params;
}

static void make_load(double load)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		struct rng_block random = rng_block(719, 5, i, 0);

		bytes[i] = 60 + random.word[0] % 1455;
		class[i] = (uint8_t)(random.word[2] % CLASSES);
		at += (uint64_t)(-log((random.word[1] + 0.5) / 4294967296.0) * 787000 / load);
		arrives[i] = at;
	}
}

static void run_load(const struct queue_params *params)
{
	struct run run;

	memset(outcomes, 0, sizeof(outcomes));
	run_begin(&run, params, LINE, outcomes);
	for (uint32_t i = 0; i < PACKETS; i++)
		run_enter(&run, arrives[i],
			  (struct channel_frame){
				  .handle = i, .bytes = bytes[i], .dscp = dscp_of[class[i]]});
	run_out(&run);
	assert_int_equal(run.left, PACKETS);
	run_end(&run);
}

// When the frame began to be sent.
static uint64_t served_at_ns(uint32_t i)
{
	return outcomes[i].left_at_ns - 1000 * (uint64_t)bytes[i];
}

static void a_lower_class_is_never_served_while_a_higher_one_waits(void **state)
{
	struct queue_params params = with_limit(QUEUE_PRIO, 50);
	static uint32_t by_turn[PACKETS];
	uint32_t waited = 0, lost[CLASSES] = {0};

	(void)state;
	make_load(1.1);
	run_load(&params);
	for (uint32_t i = 0; i < PACKETS; i++) {
		lost[class[i]] += outcomes[i].lost == DROP_QUEUE;
		by_turn[outcomes[i].turn] = i;
	}
	// Whoever arrived before a frame was served, and was served after it, is not of a higher
	// class; of the same class only those behind.
	for (uint32_t turn = 0; turn < PACKETS; turn++) {
		uint32_t i = by_turn[turn];

		if (outcomes[i].lost)
			continue;
		for (uint32_t k = i > 400 ? i - 400 : 0; k < PACKETS && k < i + 400; k++) {
			if (outcomes[k].lost || outcomes[k].turn <= turn ||
			    arrives[k] >= served_at_ns(i))
				continue;
			assert_true(class[k] > class[i] || (class[k] == class[i] && k > i));
			waited++;
		}
	}
	assert_true(waited > 10000);
	// What is too much is lost by the lowest.
	assert_true(lost[3] > 500 && lost[0] == 0 && lost[1] == 0);
}

// The limit is each class's own: a full one takes no place from another.
static void a_class_fills_its_own_places_alone(void **state)
{
	const enum queue_kind kinds[] = {QUEUE_PRIO, QUEUE_DRR};

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct queue_params params = with_limit(kinds[kind], 3);
		struct run_outcome few[20] = {{0}};
		struct run run;

		run_begin(&run, &params, LINE, few);
		run_enter(&run, 0, (struct channel_frame){.handle = 0, .bytes = 1000});
		for (uint32_t i = 1; i < 17; i++) {
			run_enter(&run, 0,
				  (struct channel_frame){.handle = i,
							 .bytes = 1000,
							 .dscp = dscp_of[(i - 1) / 4]});
			assert_int_equal(few[i].lost, (i - 1) % 4 == 3 ? DROP_QUEUE : DROP_NONE);
		}
		run_out(&run);
		run_end(&run);
	}
}

static void backlogged_classes_share_by_weight_within_a_turn(void **state)
{
	static const uint16_t weights[][CLASSES] = {{8, 4, 2, 1}, {1, 1, 1, 1}, {1, 100, 3, 7}};

	(void)state;
	for (int way = 0; way < 3; way++) {
		struct queue_params params = with_limit(QUEUE_DRR, PACKETS);
		static uint32_t by_turn[PACKETS];
		double sent[CLASSES] = {0}, waiting[CLASSES] = {0};

		memcpy(params.classes.weight, weights[way], sizeof(weights[way]));
		make_load(1);
		memset(arrives, 0, sizeof(arrives)); // all at once
		run_load(&params);
		for (uint32_t i = 0; i < PACKETS; i++) {
			by_turn[outcomes[i].turn] = i;
			waiting[class[i]] += bytes[i];
		}
		for (uint32_t turn = 1; turn < PACKETS; turn++) {
			uint32_t i = by_turn[turn];
			double least = 1e18, most = 0;

			sent[class[i]] += bytes[i];
			waiting[class[i]] -= bytes[i];
			if (waiting[class[i]] < 100000)
				break; // from here on one might have nothing to send
			for (int c = 0; c < CLASSES; c++) {
				least = fmin(least, sent[c] / weights[way][c]);
				most = fmax(most, sent[c] / weights[way][c]);
			}
			// A quantum, and what a frame may go beyond or fall short.
			assert_true(most - least <= 1514 + 1514);
			assert_true(turn < PACKETS - 1);
		}
		assert_true(sent[0] + sent[1] + sent[2] + sent[3] > 2e6);
	}
}

// A quantum of 500, worked out by hand.
static void turns_go_as_in_an_example_by_hand(void **state)
{
	struct queue_params params = with_limit(QUEUE_DRR, 10);
	struct run_outcome few[10] = {{0}};
	// Class 0: 200, 750, 20; class 1: 500, 500; class 2: 600, 100, 400.
	static const struct {
		uint8_t class;
		uint32_t bytes, turn;
	} frames[] = {{0, 200, 1}, {0, 750, 3}, {0, 20, 4},  {1, 500, 2},
		      {1, 500, 5}, {2, 600, 6}, {2, 100, 7}, {2, 400, 8}};
	struct run run;

	(void)state;
	params.classes.quantum_bytes = 500;
	for (int c = 0; c < CLASSES; c++)
		params.classes.weight[c] = 1;
	run_begin(&run, &params, LINE, few);
	run_enter(&run, 0, (struct channel_frame){.handle = 0, .bytes = 1000});
	for (uint32_t i = 0; i < 8; i++)
		run_enter(&run, 0,
			  (struct channel_frame){.handle = 1 + i,
						 .bytes = frames[i].bytes,
						 .dscp = dscp_of[frames[i].class]});
	run_out(&run);
	// Round 1: 200 of class 0 (300 left), 500 of class 1 (0), none of class 2 (500 left).
	// Round 2: 750 and 20 of class 0 (800 - 770), 500 of class 1, 600, 100 of class 2 (300
	// left). Round 3: 400 of class 2.
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(few[1 + i].turn, frames[i].turn);
	run_end(&run);
}

static void a_class_that_was_empty_brings_no_savings(void **state)
{
	struct queue_params params = with_limit(QUEUE_DRR, 100);
	struct run_outcome few[64] = {{0}};
	struct run run;
	uint32_t first = 0;

	(void)state;
	for (int c = 0; c < CLASSES; c++)
		params.classes.weight[c] = 1;
	run_begin(&run, &params, LINE, few);
	run_enter(&run, 0, (struct channel_frame){.handle = 0, .bytes = 1000});
	// Class 0 sends one short frame and is empty: 1454 bytes of its turn are gone.
	run_enter(&run, 0, (struct channel_frame){.handle = 1, .bytes = 60, .dscp = 46});
	for (uint32_t i = 2; i < 22; i++)
		run_enter(&run, 0, (struct channel_frame){.handle = i, .bytes = 1500});
	run_until(&run, 5 * MS);
	for (uint32_t i = 22; i < 42; i++)
		run_enter(&run, 5 * MS,
			  (struct channel_frame){.handle = i, .bytes = 1000, .dscp = 46});
	run_out(&run);
	// From then on the classes take turns of 1514 bytes: one frame of 1000, a long one, two of
	// 1000 out of 1514 + 514, a long one.
	for (uint32_t i = 22; i < 42; i++)
		first += few[i].turn < few[6].turn;
	assert_int_equal(first, 3);
	run_end(&run);
}

static void defaults_put_dscps_where_rfc_4594_would(void **state)
{
	struct classes_params params;

	(void)state;
	classes_defaults(&params);
	assert_int_equal(classes_check(&params, true, "", NULL), 0);
	assert_int_equal(params.of_dscp[46], 0); // EF
	assert_int_equal(params.of_dscp[48], 0); // CS6
	assert_int_equal(params.of_dscp[34], 1); // AF41
	assert_int_equal(params.of_dscp[0], 2);
	assert_int_equal(params.of_dscp[63], 2); // unknown as default
	assert_int_equal(params.of_dscp[1], 3);  // LE
	assert_int_equal(params.of_dscp[8], 3);  // CS1
}

static void parameters_that_make_no_sense_are_refused(void **state)
{
	struct classes_params params, usual;
	struct error error = {0};

	(void)state;
	classes_defaults(&usual);
	params = usual;
	params.count = 3; // LE is in class 3
	assert_int_equal(classes_check(&params, false, "lab.ini:9", &error), -EINVAL);
	assert_string_equal(error.where, "lab.ini:9");
	params.count = 0;
	assert_int_equal(classes_check(&params, false, "", NULL), -EINVAL);
	params.count = 9;
	assert_int_equal(classes_check(&params, false, "", NULL), -EINVAL);
	params = usual;
	params.weight[3] = 0;
	assert_int_equal(classes_check(&params, true, "", NULL), -EINVAL);
	assert_int_equal(classes_check(&params, false, "", NULL), 0);
	params = usual;
	params.quantum_bytes = 63;
	assert_int_equal(classes_check(&params, true, "", NULL), -EINVAL);
	params.quantum_bytes = (1 << 20) + 1;
	assert_int_equal(classes_check(&params, true, "", NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lower_class_is_never_served_while_a_higher_one_waits),
		cmocka_unit_test(a_class_fills_its_own_places_alone),
		cmocka_unit_test(backlogged_classes_share_by_weight_within_a_turn),
		cmocka_unit_test(turns_go_as_in_an_example_by_hand),
		cmocka_unit_test(a_class_that_was_empty_brings_no_savings),
		cmocka_unit_test(defaults_put_dscps_where_rfc_4594_would),
		cmocka_unit_test(parameters_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests_name("discipline_classes", tests, NULL, NULL);
}
