// SPDX-License-Identifier: BSD-3-Clause
// CoDel: the control law by its formula, and whole channels against RFC 8289's pseudocode written
// out in double precision.
#include "dataplane/model/aqm_codel.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/codel_reference.h"
#include "tests/model/queue_run.h"
#include "tests/model/statistics.h"

#define MS RUN_MS

static const struct codel_params usual = {.target_ns = CODEL_TARGET_NS,
					  .interval_ns = CODEL_INTERVAL_NS,
					  .mtu_bytes = CODEL_MTU_BYTES};

static void spacing_is_the_interval_over_the_root_of_the_count(void **state)
{
	(void)state;
	for (uint32_t count = 1; count != 0; count += count < 100000 ? 1 : count / 7) {
		double expected = 1e8 / sqrt(count), huge = 3.6e12 / sqrt(count);

		assert_near((double)codel_spacing_ns(100 * MS, count), expected,
			    1 + expected / (1 << 29));
		assert_near((double)codel_spacing_ns(3600000 * MS, count), huge,
			    1 + huge / (1 << 29));
		if (count > UINT32_MAX - count / 7)
			break;
	}
	assert_int_equal(codel_spacing_ns(100 * MS, 1), 100 * MS);
	assert_int_equal(codel_spacing_ns(100 * MS, 4), 50 * MS);
	assert_int_equal(codel_spacing_ns(100 * MS, 10000), MS);
}

// A queue that stays too long, looked at every microsecond: RFC 8289, section 4.2.
static void drops_come_at_the_known_sequence_of_intervals(void **state)
{
	struct codel_state codel = {0};
	double due = 100e6; // the first, an interval after the target was passed
	int drops = 0;

	(void)state;
	for (uint64_t now = 0; drops < 200; now += 1000) {
		enum aqm_verdict verdict =
			codel_offer(&usual, &codel, now + MS, now - 9 * MS, 100000, FRAME_NOT_ECT);

		if (verdict != AQM_DROP)
			continue;
		assert_true((double)now >= due - drops && (double)now < due + 1000 + drops);
		drops++;
		due += 100e6 / sqrt(drops);
		// The frame behind the dropped one goes at once.
		assert_int_equal(
			codel_offer(&usual, &codel, now + MS, now - 9 * MS, 100000, FRAME_NOT_ECT),
			AQM_PASS);
	}
}

static void the_edges_of_target_interval_and_mtu_are_where_the_rfc_has_them(void **state)
{
	const uint64_t t = 500 * MS, interval = CODEL_INTERVAL_NS;
	struct codel_state codel = {0};

	(void)state;
	// Just below the target, or no more than one mtu behind it: never above.
	codel_offer(&usual, &codel, t, t - CODEL_TARGET_NS + 1, 99999, 0);
	assert_int_equal(codel.first_above_at_ns, 0);
	codel_offer(&usual, &codel, t, t - CODEL_TARGET_NS, CODEL_MTU_BYTES, 0);
	assert_int_equal(codel.first_above_at_ns, 0);
	codel_offer(&usual, &codel, t, t - CODEL_TARGET_NS, CODEL_MTU_BYTES + 1, 0);
	assert_int_equal(codel.first_above_at_ns, t + interval);
	// An interval later, not a nanosecond before.
	assert_int_equal(codel_offer(&usual, &codel, t + interval - 1, t, 99999, 0), AQM_PASS);
	assert_int_equal(codel_offer(&usual, &codel, t + interval, t, 99999, 0), AQM_DROP);
	assert_int_equal(codel.drop_next_at_ns, t + 2 * interval);
	assert_int_equal(codel_offer(&usual, &codel, t + interval, t, 99999, 0), AQM_PASS);
	assert_int_equal(codel_offer(&usual, &codel, t + 2 * interval - 1, t, 99999, 0), AQM_PASS);
	assert_int_equal(codel_offer(&usual, &codel, t + 2 * interval, t, 99999, 0), AQM_DROP);
	// Below the target the dropping ends, even in the midst of a dequeue.
	assert_int_equal(codel_offer(&usual, &codel, t + 2 * interval, t + 2 * interval, 99999, 0),
			 AQM_PASS);
	assert_false(codel.dropping);
}

// Three drops, a rest, and the queue is back: the drop rate goes on where it was, or begins anew.
static void a_dropping_state_soon_after_the_last_goes_on_at_its_rate(void **state)
{
	const uint64_t rests[] = {15 * 100 * MS, 17 * 100 * MS};
	const uint32_t expected[] = {2, 1};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct codel_state codel = {.first_above_at_ns = 1,
					    .drop_next_at_ns = 1000 * MS,
					    .count = 3,
					    .last_count = 1};
		uint64_t now = 1000 * MS + rests[i];

		assert_int_equal(codel_offer(&usual, &codel, now, 0, 99999, 0), AQM_DROP);
		assert_int_equal(codel.count, expected[i]);
		assert_int_equal(codel.last_count, expected[i]);
		assert_int_equal(codel.drop_next_at_ns,
				 now + codel_spacing_ns(100 * MS, expected[i]));
	}
}

static void the_ce_threshold_marks_what_has_waited_longer_and_only_ect(void **state)
{
	struct codel_params params = usual;
	struct codel_state codel = {0};
	const uint64_t now = 100 * MS;

	(void)state;
	params.ce_threshold_ns = MS;
	assert_int_equal(codel_offer(&params, &codel, now, now - MS, 0, FRAME_ECT_0), AQM_PASS);
	assert_int_equal(codel_offer(&params, &codel, now, now - MS - 1, 0, FRAME_ECT_0), AQM_MARK);
	assert_int_equal(codel_offer(&params, &codel, now, now - MS - 1, 0, FRAME_ECT_1), AQM_MARK);
	assert_int_equal(codel_offer(&params, &codel, now, 0, 0, FRAME_NOT_ECT), AQM_PASS);
	assert_int_equal(codel_offer(&params, &codel, now, 0, 0, FRAME_CE), AQM_PASS);
	params.ect1_only = true;
	assert_int_equal(codel_offer(&params, &codel, now, 0, 0, FRAME_ECT_0), AQM_PASS);
	assert_int_equal(codel_offer(&params, &codel, now, 0, 0, FRAME_ECT_1), AQM_MARK);
}

// ---- Whole channels against the RFC's text ----

enum { PACKETS = 30000 };

static struct reference_packet packets[PACKETS];
static struct run_outcome found[PACKETS];

// A line of 8 Mbit/s: a microsecond a byte, so all instants are whole numbers.
static struct reference_codel reference_run(bool marks)
{
	struct reference_codel r = reference_codel(packets, marks);
	double line_free = 0;
	int next = 0;

	while (next < PACKETS || r.head >= 0) {
		if (r.head >= 0 && (next == PACKETS || line_free <= packets[next].arrives)) {
			int packet = reference_dequeue(&r, line_free);

			if (packet >= 0)
				packets[packet].departs = line_free +=
					1000.0 * packets[packet].bytes;
			continue;
		}
		line_free = fmax(line_free, packets[next].arrives);
		reference_push(&r, next++);
	}
	return r;
}

// Packets by load: from idle to three times what the line takes, each for a while.
static void make_load(uint32_t key)
{
	static const double loads[] = {0.5, 1.1, 0.8, 1.5, 3, 0.2, 1.02};
	double at = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct rng_block random = rng_block(719, key, (uint64_t)i, 0);
		double load = loads[(i / 1500) % 7];

		at += floor(-log((random.word[1] + 0.5) / 4294967296.0) * 787000 / load);
		packets[i] = (struct reference_packet){.arrives = at,
						       .bytes = 60 + random.word[0] % 1455,
						       .ecn = (uint8_t)(random.word[2] % 4)};
	}
}

static void channel_run(bool marks, enum queue_kind kind)
{
	struct queue_params params = queue_defaults(kind);
	struct run run;

	params.codel.ecn = marks;
	params.limit_amount = 100000;
	params.fair.flows = 1;
	memset(found, 0, sizeof(found));
	run_begin(&run, &params, 8000000, found);
	for (uint32_t i = 0; i < PACKETS; i++)
		run_enter(&run, (uint64_t)packets[i].arrives,
			  (struct channel_frame){
				  .handle = i, .bytes = packets[i].bytes, .ecn = packets[i].ecn});
	run_out(&run);
	assert_int_equal(run.left, PACKETS);
	run_end(&run);
}

static void whole_channels_do_what_the_rfc_says(void **state)
{
	(void)state;
	for (int marks = 0; marks < 2; marks++) {
		struct reference_codel r;
		int lost = 0, marked = 0;

		make_load((uint32_t)marks);
		r = reference_run(marks);
		// No decision hangs on the last nanoseconds, where integers and doubles may differ.
		assert_true(r.nearest > 200);
		// FQ-CoDel with one queue is CoDel.
		for (int fair = 0; fair < 2; fair++) {
			channel_run(marks, fair ? QUEUE_FQ_CODEL : QUEUE_CODEL);
			for (int i = 0; i < PACKETS; i++) {
				assert_int_equal(found[i].lost,
						 packets[i].lost ? DROP_AQM : DROP_NONE);
				assert_int_equal(found[i].marked, packets[i].marked);
				if (!packets[i].lost)
					assert_true((double)found[i].left_at_ns ==
						    packets[i].departs);
				lost += packets[i].lost;
				marked += packets[i].marked;
			}
		}
		assert_true(lost > 500);
		assert_true(marks ? marked > 500 : marked == 0);
	}
}

static void parameters_that_contradict_themselves_are_refused(void **state)
{
	struct codel_params params = usual;
	struct error error = {0};

	(void)state;
	assert_int_equal(codel_check(&params, "", NULL), 0);
	params.target_ns = params.interval_ns;
	assert_int_equal(codel_check(&params, "lab.ini:7", &error), -EINVAL);
	assert_string_equal(error.where, "lab.ini:7");
	params.target_ns = 0;
	assert_int_equal(codel_check(&params, "", NULL), -EINVAL);
	params = usual;
	params.target_ns = 1;
	params.interval_ns = 999;
	assert_int_equal(codel_check(&params, "", NULL), -EINVAL);
	params.interval_ns = 3600000 * MS + 1;
	assert_int_equal(codel_check(&params, "", NULL), -EINVAL);
	params = usual;
	params.mtu_bytes = 0;
	assert_int_equal(codel_check(&params, "", NULL), -EINVAL);
	params = usual;
	params.ect1_only = true;
	assert_int_equal(codel_check(&params, "", NULL), -EINVAL);
	params.ce_threshold_ns = 1;
	assert_int_equal(codel_check(&params, "", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spacing_is_the_interval_over_the_root_of_the_count),
		cmocka_unit_test(drops_come_at_the_known_sequence_of_intervals),
		cmocka_unit_test(the_edges_of_target_interval_and_mtu_are_where_the_rfc_has_them),
		cmocka_unit_test(a_dropping_state_soon_after_the_last_goes_on_at_its_rate),
		cmocka_unit_test(the_ce_threshold_marks_what_has_waited_longer_and_only_ect),
		cmocka_unit_test(whole_channels_do_what_the_rfc_says),
		cmocka_unit_test(parameters_that_contradict_themselves_are_refused),
	};

	return cmocka_run_group_tests_name("aqm_codel", tests, NULL, NULL);
}
