// SPDX-License-Identifier: BSD-3-Clause
// Measuring: figures computed by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "pcaps/measure.h"

// Sent frame i at sent_ns[i]; received frames in order: which one, and when.
struct arrival {
	uint32_t sent;
	uint64_t at_ns;
};

static void measure_these(const uint64_t *sent_ns, size_t sent_count,
			  const struct arrival *arrivals, size_t arrival_count,
			  uint64_t threshold_ns, struct measure *measure)
{
	struct frames sent = {.count = sent_count};
	struct frames received = {.count = arrival_count};
	struct match_options options = {0};
	struct match match;
	struct error error;

	sent.rows = calloc(sent_count, sizeof(*sent.rows));
	received.rows = calloc(arrival_count + 1, sizeof(*received.rows));
	for (uint32_t i = 0; i < sent_count; i++)
		sent.rows[i] = (struct frame_row){.at_ns = sent_ns[i], .key = i + 1};
	for (size_t i = 0; i < arrival_count; i++)
		received.rows[i] =
			(struct frame_row){.at_ns = arrivals[i].at_ns, .key = arrivals[i].sent + 1};
	assert_int_equal(match_frames(&sent, &received, &options, &match, &error), 0);
	assert_int_equal(measure_frames(&sent, &received, &match, threshold_ns, measure, &error),
			 0);
	match_free(&match);
	frames_free(&sent);
	frames_free(&received);
}

static void delay_loss_and_variation_by_hand(void **state)
{
	static const uint64_t sent[] = {100, 200, 300, 400, 500};
	static const struct arrival arrivals[] = {{0, 1100}, {1, 1250}, {3, 1390}, {4, 1500}};
	struct measure measure;

	(void)state;
	measure_these(sent, 5, arrivals, 4, UINT64_MAX, &measure);
	assert_int_equal(measure.sent, 5);
	assert_int_equal(measure.received, 4);
	assert_int_equal(measure.lost, 1);
	assert_true(measure.loss_ratio == 0.2);
	assert_int_equal(measure.delay.min_ns, 990);
	assert_int_equal(measure.delay.max_ns, 1050);
	assert_true(measure.delay.mean_ns == (1000 + 1050 + 990 + 1000) / 4.0);
	assert_false(measure.delay.p50.known); // four samples say nothing about a median
	// Neighbours that both arrived: 200 after 100, 500 after 400.
	assert_int_equal(measure.ipdv.count, 2);
	assert_int_equal(measure.ipdv.min_ns, 10);
	assert_int_equal(measure.ipdv.max_ns, 50);
	assert_int_equal(measure.negative, 0);
}

static void negative_delays_are_shown(void **state)
{
	static const uint64_t sent[] = {1000, 2000};
	static const struct arrival arrivals[] = {{0, 900}, {1, 2100}};
	struct measure measure;

	(void)state;
	measure_these(sent, 2, arrivals, 2, UINT64_MAX, &measure);
	assert_int_equal(measure.negative, 1);
	assert_int_equal(measure.delay.min_ns, -100);
	assert_true(measure.delay.mean_ns == 0);
}

static void later_than_the_threshold_is_lost(void **state)
{
	static const uint64_t sent[] = {0, 0, 0};
	static const struct arrival arrivals[] = {{0, 10}, {1, 20}, {2, 21}};
	struct measure measure;

	(void)state;
	measure_these(sent, 3, arrivals, 3, 20, &measure);
	assert_int_equal(measure.lost, 1);
	assert_int_equal(measure.late, 1);
	assert_int_equal(measure.delay.max_ns, 20);
}

// RFC 4737: arrivals 1 2 4 5 3 7 6: 3 and 6 are reordered; 3 came two arrivals after 4.
static void reordering_has_the_extent_of_rfc_4737(void **state)
{
	static const uint64_t sent[] = {0, 1, 2, 3, 4, 5, 6};
	static const struct arrival arrivals[] = {{0, 10}, {1, 11}, {3, 12}, {4, 13},
						  {2, 14}, {6, 15}, {5, 16}};
	struct measure measure;

	(void)state;
	measure_these(sent, 7, arrivals, 7, UINT64_MAX, &measure);
	assert_int_equal(measure.reordered, 2);
	assert_int_equal(measure.reorder_extent, 2);
	assert_true(fabs(measure.reordered_ratio - 2.0 / 7) < 1e-12);
}

static void duplicates_are_no_reordering(void **state)
{
	static const uint64_t sent[] = {0, 1, 2};
	static const struct arrival arrivals[] = {{0, 10}, {1, 11}, {2, 12}, {0, 13}};
	struct measure measure;

	(void)state;
	measure_these(sent, 3, arrivals, 4, UINT64_MAX, &measure);
	assert_int_equal(measure.duplicated, 1);
	assert_int_equal(measure.reordered, 0);
	assert_int_equal(measure.delay.max_ns, 10);
}

// RFC 3393: a pair of which one is lost has no variation; RFC 4737: nor a place in the order. Frame
// 1 comes 1000 ns late, after frames 2 and 3.
static void what_is_too_late_has_neither_variation_nor_place(void **state)
{
	static const uint64_t sent[] = {0, 100, 200, 300};
	static const struct arrival arrivals[] = {{0, 50}, {2, 260}, {3, 355}, {1, 1100}};
	struct measure measure;

	(void)state;
	measure_these(sent, 4, arrivals, 4, UINT64_MAX, &measure);
	assert_int_equal(measure.ipdv.count, 3);
	assert_int_equal(measure.ipdv.max_ns, 950);
	assert_int_equal(measure.reordered, 1);
	assert_int_equal(measure.reorder_extent, 2);
	assert_true(measure.reordered_ratio == 0.25);
	measure_these(sent, 4, arrivals, 4, 999, &measure);
	assert_int_equal(measure.late, 1);
	assert_true(measure.loss_ratio == 0.25);
	assert_int_equal(measure.ipdv.count, 1); // 3 after 2: 55 - 60
	assert_int_equal(measure.ipdv.max_ns, -5);
	assert_int_equal(measure.reordered, 0);
	assert_true(measure.reordered_ratio == 0);
}

// RFC 4737 section 4.2.2, by hand: arrivals 1 4 2 5 3 with NextExp 1 2 5 5 6; the extents are
// 2: 3 - 2 = 1 and 3: 5 - 2 = 3.
static void extents_reach_back_to_the_first_that_was_sent_later(void **state)
{
	static const uint64_t sent[] = {0, 1, 2, 3, 4};
	static const struct arrival arrivals[] = {{0, 10}, {3, 11}, {1, 12}, {4, 13}, {2, 14}};
	struct measure measure;

	(void)state;
	measure_these(sent, 5, arrivals, 5, UINT64_MAX, &measure);
	assert_int_equal(measure.reordered, 2);
	assert_int_equal(measure.reorder_extent, 3);
	assert_true(measure.reordered_ratio == 0.4);
}

// RFC 7679: the first copy has the delay; RFC 4737: only it has a place. Copies overtake and trail.
static void copies_count_once_wherever_they_come(void **state)
{
	static const uint64_t sent[] = {0, 10, 20};
	static const struct arrival arrivals[] = {{2, 30}, {0, 40}, {2, 41}, {0, 42}, {1, 43}};
	struct measure measure;

	(void)state;
	measure_these(sent, 3, arrivals, 5, UINT64_MAX, &measure);
	assert_int_equal(measure.duplicated, 2);
	assert_int_equal(measure.delay.count, 3);
	assert_int_equal(measure.delay.min_ns, 10);
	assert_int_equal(measure.delay.max_ns, 40);
	assert_int_equal(measure.reordered, 2); // frames 0 and 1, after 2
	assert_int_equal(measure.reorder_extent, 2);
}

// RFC 8219: PDV is the 99.9th percentile less the least, IPDV the difference of neighbours. Delays
// 1000, 1001, ... 10999 and neighbours 1 ns apart.
static void variation_has_two_names(void **state)
{
	uint64_t *sent = calloc(10000, sizeof(*sent));
	struct arrival *arrivals = calloc(10000, sizeof(*arrivals));
	struct measure measure;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		sent[i] = UINT64_C(100000) * i;
		arrivals[i] = (struct arrival){i, sent[i] + 1000 + i};
	}
	measure_these(sent, 10000, arrivals, 10000, UINT64_MAX, &measure);
	assert_true(measure.pdv.known);
	assert_int_equal(measure.pdv.value_ns, 9989); // rank 9990 of 1000, 1001, ...
	assert_int_equal(measure.ipdv.count, 9999);
	assert_int_equal(measure.ipdv.min_ns, 1);
	assert_int_equal(measure.ipdv.max_ns, 1);
	assert_true(measure.ipdv.mean_ns == 1);
	free(sent);
	free(arrivals);
}

// Delays 1 .. 10000: percentiles are the nearest rank, and known with ten samples beyond.
static void percentiles_need_ten_samples_beyond(void **state)
{
	struct measure_summary summary;
	int64_t values[10009];

	(void)state;
	for (int i = 0; i < 10000; i++)
		values[i] = 10000 - i;
	measure_summarise(values, 10000, &summary);
	assert_int_equal(summary.p50.value_ns, 5000);
	assert_int_equal(summary.p99.value_ns, 9900);
	assert_true(summary.p999.known);
	assert_int_equal(summary.p999.value_ns, 9990);
	assert_true(fabs(summary.deviation_ns - 2886.89568) < 1e-4); // of 1..n: sqrt(n(n+1)/12)
	for (int i = 0; i < 9990; i++)
		values[i] = i;
	measure_summarise(values, 9990, &summary);
	assert_false(summary.p999.known); // nine beyond
	for (int i = 0; i < 20; i++)
		values[i] = i;
	measure_summarise(values, 20, &summary);
	assert_true(summary.p50.known);
	assert_int_equal(summary.p50.value_ns, 9);
	measure_summarise(values, 19, &summary);
	assert_false(summary.p50.known);
	measure_summarise(values, 0, &summary);
	assert_int_equal(summary.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delay_loss_and_variation_by_hand),
		cmocka_unit_test(negative_delays_are_shown),
		cmocka_unit_test(later_than_the_threshold_is_lost),
		cmocka_unit_test(reordering_has_the_extent_of_rfc_4737),
		cmocka_unit_test(duplicates_are_no_reordering),
		cmocka_unit_test(what_is_too_late_has_neither_variation_nor_place),
		cmocka_unit_test(extents_reach_back_to_the_first_that_was_sent_later),
		cmocka_unit_test(copies_count_once_wherever_they_come),
		cmocka_unit_test(variation_has_two_names),
		cmocka_unit_test(percentiles_need_ten_samples_beyond),
	};

	return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
