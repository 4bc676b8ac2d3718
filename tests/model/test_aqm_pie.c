// SPDX-License-Identifier: BSD-3-Clause
// PIE: whole channels against RFC 8033's appendix A written out in double precision with a timer
// that is run, and the draws against their closed forms.
#include "dataplane/model/aqm_pie.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/channel.h"
#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define MS  UINT64_C(1000000)
#define ONE 72057594037927936.0 // 2^PIE_PROBABILITY_BITS

enum { PACKETS = 60000 };

static double arrives[PACKETS];
static uint32_t bytes[PACKETS];
static uint8_t ecn[PACKETS];

static struct pie_params usual(void)
{
	struct pie_params params = queue_defaults(QUEUE_PIE).pie;

	assert_int_equal(pie_finish(&params, "", NULL), 0);
	return params;
}

// ---- Whole channels against the RFC's text ----

struct reference {
	double probability, delay_old, burst_allowance, accumulated;
	double line_free, next_tick;
	bool ranges[7];
	double nearest; // of a draw to the probability that it is compared with
};

// calculate_drop_prob() of appendix A; times in seconds but for `now`.
static void tick(struct reference *r)
{
	double now = r->next_tick;
	double delay = fmax(0, r->line_free - now) / 1e9, target = 0.015;
	double p = 0.125 * (delay - target) + 1.25 * (delay - r->delay_old);
	int range;

	if (r->probability < 0.000001)
		p /= 2048, range = 0;
	else if (r->probability < 0.00001)
		p /= 512, range = 1;
	else if (r->probability < 0.0001)
		p /= 128, range = 2;
	else if (r->probability < 0.001)
		p /= 32, range = 3;
	else if (r->probability < 0.01)
		p /= 8, range = 4;
	else if (r->probability < 0.1)
		p /= 2, range = 5;
	else
		range = 6;
	r->ranges[range] = true;
	if (r->probability >= 0.1 && p > 0.02)
		p = 0.02;
	r->probability += p;
	if (delay < target / 2 && r->delay_old < target / 2)
		r->probability *= 0.98;
	r->probability = fmin(fmax(r->probability, 0), 1);
	r->burst_allowance = fmax(0, r->burst_allowance - 0.015);
	if (r->probability == 0 && delay < target / 2 && r->delay_old < target / 2)
		r->burst_allowance = 0.15;
	r->delay_old = delay;
	r->next_tick += 15e6;
}

// drop_early() of appendix A with section 5.4.
static bool drops_early(struct reference *r, int packet, bool derandomise)
{
	double u = rng_draw(719, 3, RNG_QUEUE, (uint64_t)packet) / 4294967296.0;

	if ((r->delay_old < 0.0075 && r->probability < 0.2) ||
	    r->line_free - arrives[packet] <= 2 * 1514 * 1000)
		return false;
	if (r->probability == 0)
		r->accumulated = 0;
	if (derandomise) {
		r->accumulated += r->probability;
		if (r->accumulated < 0.85)
			return false;
		if (r->accumulated >= 8.5)
			return true;
	}
	r->nearest = fmin(r->nearest, fabs(u - r->probability));
	return u < r->probability;
}

static enum aqm_verdict offer(struct reference *r, int packet, bool derandomise, bool marks)
{
	while (r->next_tick <= arrives[packet])
		tick(r);
	if (r->burst_allowance > 1e-9 || !drops_early(r, packet, derandomise))
		return AQM_PASS;
	r->accumulated = 0;
	if (!marks || r->probability >= 0.1 || ecn[packet] == FRAME_NOT_ECT)
		return AQM_DROP;
	return ecn[packet] == FRAME_CE ? AQM_PASS : AQM_MARK;
}

static void make_load(uint32_t key)
{
	static const double loads[] = {0.5, 1.05, 1.06, 0.9, 4, 1.07, 0.1, 1.04, 1.06, 1.05};
	double at = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct rng_block random = rng_block(719, key, (uint64_t)i, 0);
		double load = loads[(i / 3000) % 10];

		bytes[i] = 60 + random.word[0] % 1455;
		ecn[i] = (uint8_t)(random.word[2] % 4);
		at += floor(-log((random.word[1] + 0.5) / 4294967296.0) * 787000 / load);
		arrives[i] = at;
	}
}

// A line of 8 Mbit/s, a microsecond a byte.
static struct channel_params line_with_pie(bool derandomise, bool marks)
{
	struct channel_params params = {
		.seed = 719, .random_key = 3, .carrier = true, .queue = queue_defaults(QUEUE_PIE)};

	assert_int_equal(rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL), 0);
	params.queue.limit = QUEUE_UNLIMITED;
	params.queue.pie.derandomise = derandomise;
	params.queue.pie.ecn = marks;
	assert_int_equal(queue_finish(&params.queue, &params.rate, "", NULL), 0);
	return params;
}

static void whole_channels_do_what_the_rfc_says(void **state)
{
	(void)state;
	for (uint32_t way = 0; way < 4; way++) {
		bool derandomise = way & 1, marks = way & 2;
		struct channel_params params = line_with_pie(derandomise, marks);
		struct channel_state channel = {0};
		struct reference r = {.burst_allowance = 0.15, .next_tick = 15e6, .nearest = 1};
		int lost = 0, marked = 0;

		make_load(way);
		for (int i = 0; i < PACKETS; i++) {
			struct channel_frame frame = {.bytes = bytes[i], .ecn = ecn[i]};
			struct channel_fate fate =
				channel_enter(&params, &channel, (uint64_t)arrives[i], &frame);
			enum aqm_verdict verdict = offer(&r, i, derandomise, marks);

			assert_near((double)channel.queue.pie.probability / ONE, r.probability,
				    1e-11);
			assert_int_equal(fate.lost, verdict == AQM_DROP ? DROP_AQM : DROP_NONE);
			assert_int_equal(fate.flags, verdict == AQM_MARK ? CHANNEL_MARKED : 0);
			if (verdict == AQM_DROP) {
				lost++;
				continue;
			}
			marked += verdict == AQM_MARK;
			r.line_free = fmax(r.line_free, arrives[i]) + 1000.0 * bytes[i];
			assert_true((double)fate.departs_at_ns == r.line_free);
		}
		assert_true(r.nearest > 1e-9); // no decision hangs on rounding
		assert_true(lost > 5000 && (marks ? marked > 100 : marked == 0));
		for (int range = 0; range < 7; range++)
			assert_true(r.ranges[range]);
	}
}

// ---- The timer ----

static void ticks_that_were_missed_are_made_up_for_exactly(void **state)
{
	struct pie_params params = usual();
	const uint64_t tupdates[] = {100000, 100001, 15 * MS, 999999937};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct pie_state at_once = {.line_free_at_ns = 3000 * MS}, by_steps = at_once;
		uint64_t at = 0;

		params.tupdate_ns = tupdates[i];
		assert_int_equal(pie_finish(&params, "", NULL), 0);
		for (int n = 0; n < 2000; n++) {
			at += rng_draw(1, (uint32_t)i, RNG_FLOW_GAP, (uint64_t)n) % (20 * MS);
			pie_tick(&params, &by_steps, at);
		}
		pie_tick(&params, &at_once, at);
		assert_memory_equal(&at_once, &by_steps, sizeof(at_once));
		assert_int_equal(at_once.ticked_at_ns, at - at % tupdates[i]);
		// Idle for ever: no tick is left to do.
		pie_tick(&params, &at_once, UINT64_MAX);
		assert_int_equal(at_once.ticked_at_ns, UINT64_MAX - UINT64_MAX % tupdates[i]);
		assert_int_equal(at_once.probability, 0);
		assert_int_equal(at_once.burst_used_ns, 0);
	}
}

static void a_start_in_the_midst_of_time_has_no_past(void **state)
{
	struct pie_params params = usual();
	struct pie_state pie = {.probability = 1};

	(void)state;
	pie_start(&params, &pie, 3600000 * MS + 7);
	assert_int_equal(pie.ticked_at_ns, 3600000 * MS);
	assert_int_equal(pie.probability, 0);
	// A backlog that was there before counts from then on, one tick at a time.
	pie.line_free_at_ns = 3700000 * MS;
	pie_tick(&params, &pie, 3600000 * MS + 15 * MS - 1);
	assert_int_equal(pie.probability, 0);
	pie_tick(&params, &pie, 3600000 * MS + 15 * MS);
	assert_true(pie.probability > 0);
	assert_int_equal(pie.burst_used_ns, 15 * MS);
}

static void a_burst_of_150_ms_passes_and_not_a_tick_more(void **state)
{
	struct pie_params params = usual();
	struct pie_state pie = {.line_free_at_ns = UINT64_MAX};
	int ticks = 0;

	(void)state;
	params.derandomise = false;
	// So much is waiting that the probability is 1 soon after.
	while (pie_offer(&params, &pie, false, FRAME_NOT_ECT, 0) == AQM_PASS) {
		ticks++;
		pie_tick(&params, &pie, (uint64_t)ticks * 15 * MS);
	}
	assert_int_equal(ticks, 10);
	params.burst_ns = 0;
	pie = (struct pie_state){.line_free_at_ns = UINT64_MAX};
	pie_tick(&params, &pie, 15 * MS);
	assert_int_equal(pie_offer(&params, &pie, false, FRAME_NOT_ECT, 0), AQM_DROP);
}

// ---- The draws ----

// Trials with which a probability that is 5 % off is caught with 99 %, at a false alarm in 10^6.
static double trials_for(double p)
{
	double z = Z_TWO_SIDED + 2.3263;

	return ceil(z * z * (1.1 - p) / (0.05 * 0.05 * p));
}

static struct pie_state state_with(double probability)
{
	return (struct pie_state){.probability = (uint64_t)(probability * ONE),
				  .delay_old_ns = 20 * MS,
				  .burst_used_ns = PIE_BURST_NS};
}

static void drops_are_as_frequent_as_the_probability(void **state)
{
	const double probabilities[] = {0.01, 0.2, 0.7};
	struct pie_params params = usual();

	(void)state;
	params.derandomise = false;
	for (int i = 0; i < 3; i++) {
		struct pie_state pie = state_with(probabilities[i]);
		double trials = trials_for(probabilities[i]), drops = 0;

		for (uint64_t n = 0; n < (uint64_t)trials; n++)
			drops += pie_offer(&params, &pie, false, FRAME_NOT_ECT,
					   rng_draw(1, (uint32_t)i, RNG_QUEUE, n)) == AQM_DROP;
		assert_true(binomial_fits(drops, trials, probabilities[i]));
		assert_false(binomial_fits(drops, trials, probabilities[i] * 1.05));
		assert_false(binomial_fits(drops, trials, probabilities[i] / 1.05));
	}
}

// Section 5.4: none until the probabilities sum up to 0.85, one for certain from 8.5.
static void derandomised_drops_keep_apart_by_their_closed_form(void **state)
{
	enum { FIRST = 9, LAST = 85, DROPS = 200000, BINS = 30 };
	struct pie_params params = usual();
	struct pie_state pie = state_with(0.1);
	double counts[LAST + 1] = {0}, square = 0, left = 1;
	int distance = 0, forced = 0;

	(void)state;
	for (uint64_t n = 0, drops = 0; drops < DROPS; n++) {
		distance++;
		if (pie_offer(&params, &pie, false, FRAME_NOT_ECT, rng_draw(2, 0, RNG_QUEUE, n)) !=
		    AQM_DROP)
			continue;
		assert_true(distance >= FIRST && distance <= LAST);
		counts[distance]++;
		distance = 0;
		drops++;
	}
	for (int k = FIRST; k < FIRST + BINS; k++) {
		double p = 0.1 * pow(0.9, k - FIRST);

		left -= p;
		square += pow(counts[k] - DROPS * p, 2) / (DROPS * p);
	}
	for (int k = FIRST + BINS; k <= LAST; k++)
		forced += (int)counts[k];
	square += pow(forced - DROPS * left, 2) / (DROPS * left);
	assert_true(square < chi_square_bound(BINS));
	// All that never drew a drop in 76 tries get one: 0.9^76 of them.
	assert_true(counts[LAST] > 0);
	pie = state_with(0.1);
	for (int k = 1; k < LAST; k++)
		assert_int_equal(pie_offer(&params, &pie, false, 0, UINT32_MAX), AQM_PASS);
	assert_int_equal(pie_offer(&params, &pie, false, 0, UINT32_MAX), AQM_DROP);
	// A full queue begins anew.
	for (int k = 1; k < FIRST; k++)
		assert_int_equal(pie_offer(&params, &pie, false, 0, 0), AQM_PASS);
	pie_overflow(&pie);
	for (int k = 1; k < FIRST; k++)
		assert_int_equal(pie_offer(&params, &pie, false, 0, 0), AQM_PASS);
	assert_int_equal(pie_offer(&params, &pie, false, 0, 0), AQM_DROP);
}

static void marks_take_the_place_of_drops_below_the_threshold(void **state)
{
	struct pie_params params = usual();
	struct pie_state below = state_with(0.0999999), at = state_with(0.1000001);

	(void)state;
	params.ecn = true;
	params.derandomise = false;
	assert_int_equal(pie_offer(&params, &below, false, FRAME_ECT_0, 0), AQM_MARK);
	assert_int_equal(pie_offer(&params, &below, false, FRAME_ECT_1, 0), AQM_MARK);
	assert_int_equal(pie_offer(&params, &below, false, FRAME_CE, 0), AQM_PASS);
	assert_int_equal(pie_offer(&params, &below, false, FRAME_NOT_ECT, 0), AQM_DROP);
	assert_int_equal(pie_offer(&params, &at, false, FRAME_ECT_0, 0), AQM_DROP);
	params.ecn = false;
	assert_int_equal(pie_offer(&params, &below, false, FRAME_ECT_0, 0), AQM_DROP);
	// Two packets or fewer, or a low wait with a low probability: nothing.
	assert_int_equal(pie_offer(&params, &at, true, FRAME_NOT_ECT, 0), AQM_PASS);
	at.delay_old_ns = 7499999;
	assert_int_equal(pie_offer(&params, &at, false, FRAME_NOT_ECT, 0), AQM_PASS);
	at.delay_old_ns = 7500000;
	assert_int_equal(pie_offer(&params, &at, false, FRAME_NOT_ECT, 0), AQM_DROP);
}

static int refused(struct pie_params params)
{
	struct pie_params before = params;
	struct error error = {0};
	int code = pie_finish(&params, "lab.ini:3", &error);

	assert_memory_equal(&params, &before, sizeof(params));
	assert_true(error.what[0] != '\0');
	return code;
}

#define assert_refused(change)                                                                     \
	do {                                                                                       \
		struct pie_params wrong = usual();                                                 \
		wrong.change;                                                                      \
		assert_int_equal(refused(wrong), -EINVAL);                                         \
	} while (0)

static void parameters_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_refused(target_ns = 0);
	assert_refused(target_ns = 3600000 * MS + 1);
	assert_refused(tupdate_ns = 99999);
	assert_refused(burst_ns = 3600000 * MS + 1);
	assert_refused(alpha = 33);
	assert_refused(beta = 33);
	assert_refused(alpha = wrong.beta = 0);
	assert_refused(mtu_bytes = 0);
	assert_refused(ecn_threshold = (wrong.ecn = true) ? 0 : 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_channels_do_what_the_rfc_says),
		cmocka_unit_test(ticks_that_were_missed_are_made_up_for_exactly),
		cmocka_unit_test(a_start_in_the_midst_of_time_has_no_past),
		cmocka_unit_test(a_burst_of_150_ms_passes_and_not_a_tick_more),
		cmocka_unit_test(drops_are_as_frequent_as_the_probability),
		cmocka_unit_test(derandomised_drops_keep_apart_by_their_closed_form),
		cmocka_unit_test(marks_take_the_place_of_drops_below_the_threshold),
		cmocka_unit_test(parameters_out_of_range_are_refused),
	};

	return cmocka_run_group_tests_name("aqm_pie", tests, NULL, NULL);
}
