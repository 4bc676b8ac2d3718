// SPDX-License-Identifier: BSD-3-Clause
// Delivery opportunities against a simulation that walks through every one of them.
#include "dataplane/model/opportunity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/instant.h"
#include "dataplane/model/rate.h"
#include "dataplane/model/rng.h"

#define MS UINT64_C(1000000)

static struct opportunities list_of(const uint64_t *at_ms, uint32_t count)
{
	struct opportunities list = {.at_ms = at_ms, .count = count};

	assert_int_equal(opportunities_make(&list, "test", NULL), 0);
	return list;
}

static struct rate_params line_of(const struct opportunities *list)
{
	struct rate_params params;

	assert_int_equal(
		rate_make_params(0, OPPORTUNITY_OVERHEAD_BYTES, 0, 0, "test", &params, NULL), 0);
	rate_follow_opportunities(&params, list);
	return params;
}

static void a_packet_of_1500_bytes_takes_one_opportunity(void **state)
{
	const uint64_t at_ms[] = {10, 20, 20, 40};
	struct opportunities list = list_of(at_ms, 4);
	struct rate_params params = line_of(&list);
	struct rate_state rate = {0};
	const uint64_t expected[] = {10, 20, 20, 40, 50, 60, 60, 80, 90};

	(void)state;
	assert_int_equal(rate_line_bytes(&params, 1514), OPPORTUNITY_BYTES);
	for (int i = 0; i < 9; i++)
		assert_int_equal(rate_offer(&params, &rate, 0, 1514), expected[i] * MS);
	assert_int_equal(list.bits_per_second, 4 * 1504 * 8 * 1000 / 40);
}

static void what_is_left_serves_the_next_and_what_is_missing_waits(void **state)
{
	const uint64_t at_ms[] = {10, 20, 30};
	struct opportunities list = list_of(at_ms, 3);
	struct opportunity_state place = {0};
	uint64_t free_ns = 0;

	(void)state;
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 0, 2000), 20 * MS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 1, 1000), 20 * MS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 2, 8), 20 * MS); // just fits
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 3, 1), 30 * MS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 3, 1503), 30 * MS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 3, 9000), (60 + 30) * MS);
}

static void an_opportunity_serves_who_was_there_before_it(void **state)
{
	const uint64_t at_ms[] = {10, 20, 20, 30};
	struct opportunities list = list_of(at_ms, 4);
	struct opportunity_state place = {0};
	uint64_t free_ns = 0;

	(void)state;
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 10 * MS - 1, 100), 10 * MS);
	// The rest of the one at 10 ms is lost to those who come then or later.
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 10 * MS, 100), 20 * MS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 20 * MS - 1, 100), 20 * MS);
	// So is the second one at 20 ms.
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 20 * MS, 100), 30 * MS);
}

static void the_last_instant_is_the_period(void **state)
{
	const uint64_t at_ms[] = {0, 5, 12};
	struct opportunities list = list_of(at_ms, 3);
	struct opportunity_state place = {0};
	uint64_t free_ns = 0;
	const uint64_t expected[] = {5, 12, 12, 17, 24, 24, 29};

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(opportunity_offer(&list, &place, &free_ns, 0, 1504),
				 expected[i] * MS);
}

static void a_trace_that_runs_once_ends(void **state)
{
	const uint64_t at_ms[] = {1, 2};
	struct opportunities list = {.at_ms = at_ms, .count = 2, .once = true, .start_ns = 7};
	struct opportunity_state place = {0};
	uint64_t free_ns = 0;

	(void)state;
	assert_int_equal(opportunities_make(&list, "", NULL), 0);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 0, 1504), 7 + 1 * MS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 0, 1504), 7 + 2 * MS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 0, 1), INSTANT_LATEST_NS);
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 0, 1), INSTANT_LATEST_NS);
	place = (struct opportunity_state){0};
	free_ns = 0;
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 100 * MS, 1),
			 INSTANT_LATEST_NS);
}

// ---- By definition: every opportunity in turn, a queue of packets, nothing remembered. ----

struct packet {
	uint64_t arrival_ns;
	uint64_t bytes;
	uint64_t departs_ns;
};

// All packets are known beforehand, in order of arrival.
static void walk(const struct opportunities *list, struct packet *packets, size_t count)
{
	size_t head = 0;
	uint64_t missing = packets[0].bytes;

	for (uint64_t round = 0; head < count; round++) {
		for (uint32_t i = 0; i < list->count && head < count; i++) {
			uint64_t now = list->start_ns + round * list->at_ms[list->count - 1] * MS +
				       list->at_ms[i] * MS;
			uint64_t left = list->bytes;

			while (left > 0 && head < count && packets[head].arrival_ns < now) {
				uint64_t sent = missing < left ? missing : left;

				left -= sent;
				missing -= sent;
				if (missing > 0)
					continue;
				packets[head].departs_ns = now;
				if (++head < count)
					missing = packets[head].bytes;
			}
		}
	}
}

static void check_against_the_walk(const struct opportunities *list, uint64_t seed, size_t count,
				   uint64_t gap_ns)
{
	struct packet *packets = calloc(count, sizeof(*packets));
	struct opportunity_state place = {0};
	uint64_t at_ns = 0, free_ns = 0;

	assert_non_null(packets);
	for (size_t i = 0; i < count; i++) {
		struct rng_block draw = rng_block(seed, 3, i, 0);

		// Bursts, gaps, and every so often an instant that is a whole millisecond.
		if (draw.word[0] % 3 > 0)
			at_ns += draw.word[1] % gap_ns;
		if (draw.word[0] % 64 == 0)
			at_ns += draw.word[1] % (200 * gap_ns);
		if (draw.word[0] % 7 == 0)
			at_ns = (at_ns + MS - 1) / MS * MS;
		packets[i].arrival_ns = at_ns;
		packets[i].bytes =
			draw.word[2] % 16 == 0 ? 1 + draw.word[3] % 9000 : 1 + draw.word[3] % 1504;
	}
	walk(list, packets, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t start = opportunity_start_ns(list, &place, free_ns, packets[i].arrival_ns);
		uint64_t departs = opportunity_offer(list, &place, &free_ns, packets[i].arrival_ns,
						     (uint32_t)packets[i].bytes);

		if (departs != packets[i].departs_ns)
			fail_msg("packet %zu at %lu: %lu, walked %lu", i, packets[i].arrival_ns,
				 departs, packets[i].departs_ns);
		assert_true(start <= departs && start > packets[i].arrival_ns);
	}
	free(packets);
}

static void departures_are_those_of_the_walk(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 300; n++) {
		uint64_t at_ms[40], at = n % 3;
		uint32_t count = 1 + (uint32_t)(n % 40);
		struct opportunities list;

		for (uint32_t i = 0; i < count; i++) {
			uint32_t draw = rng_draw(719, 4, RNG_LOSS, n * 100 + i);

			at += draw % 4 == 0 ? draw / 4 % 90 : draw / 4 % 3;
			at_ms[i] = at;
		}
		at_ms[count - 1] += at == 0;
		list = (struct opportunities){.at_ms = at_ms,
					      .count = count,
					      .bytes = n % 5 == 0 ? 100 : 0,
					      .start_ns = n % 4 == 0 ? 123456789 : 0};
		assert_int_equal(opportunities_make(&list, "", NULL), 0);
		check_against_the_walk(&list, n, 400, (1 + n % 20) * MS);
	}
}

static void idle_hours_and_jumps_cost_no_walk(void **state)
{
	const uint64_t at_ms[] = {3, 3, 8, 11};
	struct opportunities list = list_of(at_ms, 4);
	struct opportunity_state place = {0};
	uint64_t free_ns = 0;

	(void)state;
	for (uint64_t hour = 1; hour < 1000000; hour++) { // over a century
		uint64_t at_ns = hour * 3600000 * MS + hour % (11 * MS);
		uint64_t within = at_ns % (11 * MS), round = at_ns - within;
		uint64_t expected = within < 3 * MS   ? round + 3 * MS
				    : within < 8 * MS ? round + 8 * MS
						      : round + 11 * MS;

		assert_int_equal(opportunity_offer(&list, &place, &free_ns, at_ns, 40), expected);
	}
	free_ns = 0; // the line forgets, and time goes back
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 5 * MS, 1), 8 * MS);
	free_ns = 0;
	assert_int_equal(opportunity_offer(&list, &place, &free_ns, 1 * MS, 1), 3 * MS);
}

static void a_queue_may_ask_when_and_then_choose(void **state)
{
	const uint64_t at_ms[] = {10, 20, 20, 30};
	struct opportunities list = list_of(at_ms, 4);
	struct rate_params params = line_of(&list);
	struct rate_state rate = {0};

	(void)state;
	assert_int_equal(rate_start_ns(&params, &rate, 0, 1514), 10 * MS);
	assert_int_equal(rate_take(&params, &rate, 10 * MS, 110), 10 * MS);
	assert_int_equal(rate_start_ns(&params, &rate, 0, 1514), 10 * MS); // 1404 bytes are left
	assert_int_equal(rate_take(&params, &rate, 10 * MS, 1514), 20 * MS);
	assert_int_equal(rate_start_ns(&params, &rate, 0, 1514), 20 * MS);
	assert_int_equal(rate_take(&params, &rate, 20 * MS, 1514), 20 * MS);
	assert_int_equal(rate_take(&params, &rate, 20 * MS, 1414), 20 * MS); // just fits
	assert_int_equal(rate_start_ns(&params, &rate, 0, 60), 30 * MS);
	assert_int_equal(rate_take(&params, &rate, 30 * MS, 60), 30 * MS);
	assert_int_equal(rate_start_ns(&params, &rate, 30 * MS, 60), 40 * MS);
	assert_int_equal(rate_wait_ns(&params, &rate, 30 * MS), 10 * MS);
	assert_int_equal(rate_minimum_ns(&params), 1);
}

// ---- The public traces: 1500-byte packets, and a mixture, over more than one round. ----

static uint64_t *read_trace(const char *name, uint32_t *count)
{
	const char *vectors = getenv("CORRIDOR_VECTORS");
	char path[4096];
	unsigned value;
	uint64_t *at_ms;
	uint32_t room = 1 << 20;
	FILE *file;

	if (vectors == NULL)
		skip();
	snprintf(path, sizeof(path), "%s/samples/mahimahi/%s", vectors, name);
	file = fopen(path, "r");
	at_ms = malloc(room * sizeof(*at_ms));
	*count = 0;
	assert_non_null(file);
	assert_non_null(at_ms);
	while (fscanf(file, "%u", &value) == 1 && *count < room)
		at_ms[(*count)++] = value;
	fclose(file);
	return at_ms;
}

static void check_trace(const char *name, uint32_t lines, uint32_t last_ms)
{
	uint32_t count;
	uint64_t *at_ms = read_trace(name, &count);
	struct opportunities list = {.at_ms = at_ms, .count = count};
	struct opportunity_state place = {0};
	uint64_t free_ns = 0;

	assert_int_equal(count, lines);
	assert_int_equal(at_ms[count - 1], last_ms);
	assert_int_equal(opportunities_make(&list, name, NULL), 0);
	// Always something to send: a packet of 1500 bytes leaves with every line of the file, but
	// those at 0 of the first round, before which nobody was there.
	for (uint64_t i = 0; i < 3 * (uint64_t)count; i++) {
		uint64_t at_ns = (i / count * last_ms + at_ms[i % count]) * MS;

		if (at_ns > 0)
			assert_int_equal(opportunity_offer(&list, &place, &free_ns, 0, 1504),
					 at_ns);
	}
	check_against_the_walk(&list, 11, 200000, MS);
	free(at_ms);
}

static void the_public_lte_trace_of_t_mobile(void **state)
{
	(void)state;
	check_trace("TMobile-LTE-short.down", 194846, 139986);
}

static void the_public_lte_trace_of_verizon(void **state)
{
	(void)state;
	check_trace("Verizon-LTE-short.down", 58655, 140000);
}

static void traces_that_mahimahi_refuses_are_refused(void **state)
{
	const uint64_t falls[] = {1, 5, 4}, zeros[] = {0, 0};
	struct opportunities list = {.at_ms = falls, .count = 3};
	struct error error;

	(void)state;
	assert_int_equal(opportunities_make(&list, "lte.down", &error), -EINVAL);
	assert_non_null(strstr(error.what, "opportunity 3"));
	assert_string_equal(error.where, "lte.down");
	list = (struct opportunities){.at_ms = zeros, .count = 2};
	assert_int_equal(opportunities_make(&list, "lte.down", &error), -EINVAL);
	assert_non_null(strstr(error.what, "at 0 ms"));
	list.count = 0;
	assert_int_equal(opportunities_make(&list, "lte.down", &error), -EINVAL);
	list = (struct opportunities){.at_ms = falls, .count = 2, .bytes = 65536};
	assert_int_equal(opportunities_make(&list, "lte.down", &error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_of_1500_bytes_takes_one_opportunity),
		cmocka_unit_test(what_is_left_serves_the_next_and_what_is_missing_waits),
		cmocka_unit_test(an_opportunity_serves_who_was_there_before_it),
		cmocka_unit_test(the_last_instant_is_the_period),
		cmocka_unit_test(a_trace_that_runs_once_ends),
		cmocka_unit_test(departures_are_those_of_the_walk),
		cmocka_unit_test(idle_hours_and_jumps_cost_no_walk),
		cmocka_unit_test(a_queue_may_ask_when_and_then_choose),
		cmocka_unit_test(the_public_lte_trace_of_t_mobile),
		cmocka_unit_test(the_public_lte_trace_of_verizon),
		cmocka_unit_test(traces_that_mahimahi_refuses_are_refused),
	};

	return cmocka_run_group_tests_name("opportunity", tests, NULL, NULL);
}
