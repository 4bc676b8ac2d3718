// SPDX-License-Identifier: BSD-3-Clause
// Fits of delays: each distribution, and how the delays of packets hang together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "dataplane/model/jitter_table.h"
#include "tests/pcaps/passage.h"

static const struct traffic plain = {.frames = 10000, .gap_ns = 1e6};

// Each at three widths, those with a shape at three of these.
static void each_distribution_is_known(void **state)
{
	static const struct {
		enum jitter_kind kind;
		double shapes[3];
	} laws[] = {{JITTER_UNIFORM, {0}},
		    {JITTER_NORMAL, {0}},
		    {JITTER_PARETO, {0}},
		    {JITTER_PARETONORMAL, {0}},
		    {JITTER_EXPONENTIAL, {0}},
		    {JITTER_GAMMA, {3, 2, 5}},
		    {JITTER_LOGNORMAL, {0.8, 0.5, 1.1}}};
	static const uint64_t widths_ns[] = {MS / 5, MS / 50, 2 * MS};
	static const char *const names[] = {"uniform",     "normal", "pareto",   "paretonormal",
					    "exponential", "gamma",  "lognormal"};
	struct coverage coverage[2] = {0};

	(void)state;
	for (size_t n = 0; n < 3 * sizeof(laws) / sizeof(laws[0]); n++) {
		size_t i = n / 3, setting = n % 3;
		struct jitter_table table;
		struct jitter_request request = {
			.kind = laws[i].kind, .jitter_ns = widths_ns[setting], .order_free = true};

		if (laws[i].kind > JITTER_NORMAL) {
			assert_int_equal(jitter_table_make(laws[i].kind, laws[i].shapes[setting],
							   "", &table, NULL),
					 0);
			request.table = &table;
		}
		struct channel_params params = {.delay_ns = 20 * MS};
		struct fit found;

		assert_int_equal(jitter_make(&request, "", &params.jitter, NULL), 0);
		found = passage_fit(&params, &plain, 1 + setting);
		if (found.kind != laws[i].kind)
			fail_msg("%s, setting %zu, is taken for kind %d", names[i], setting,
				 (int)found.kind);
		coverage_count(&coverage[0], "delay", &found.delay_ns, 2e7);
		coverage_count(&coverage[1], "jitter", &found.jitter_ns,
			       (double)widths_ns[setting]);
		assert_int_equal(found.order, FIT_ORDER_FREE);
		assert_false(found.rate_bps.known);
		assert_false(found.halflife_ns.known);
	}
	coverage_expect(coverage, 2);
}

static void memory_in_packets_and_in_time_are_told_apart(void **state)
{
	const struct traffic quick = {.frames = 10000, .gap_ns = 1e5};
	struct coverage coverage[4] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct jitter_request request = {
			.kind = JITTER_NORMAL, .jitter_ns = MS, .order_free = true};
		struct channel_params params = {.delay_ns = 10 * MS};
		struct fit found;

		request.halflife_ns = MS / 2;
		assert_int_equal(jitter_make(&request, "", &params.jitter, NULL), 0);
		found = passage_fit(&params, &quick, seed);
		assert_int_equal(found.order, FIT_ORDER_FREE);
		assert_false(found.correlation.known);
		coverage_count(&coverage[0], "half-life", &found.halflife_ns, 5e5);
		request.halflife_ns = 0;
		request.correlation = 0.5;
		assert_int_equal(jitter_make(&request, "", &params.jitter, NULL), 0);
		found = passage_fit(&params, &quick, seed);
		assert_false(found.halflife_ns.known);
		coverage_count(&coverage[1], "correlation", &found.correlation, 0.5);
		assert_int_equal(found.kind, JITTER_NORMAL);
		coverage_count(&coverage[2], "jitter of a chain", &found.jitter_ns, 1e6);
		coverage_count(&coverage[3], "delay of a chain", &found.delay_ns, 1e7);
	}
	coverage_expect(coverage, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_distribution_is_known),
		cmocka_unit_test(memory_in_packets_and_in_time_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
