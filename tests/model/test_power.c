// SPDX-License-Identifier: BSD-3-Clause
// What tests by statistics can see, counted: a channel whose parameter is 5 % more or less than it
// should be is caught in at least 99 of 100 runs, by a statistic that an honest one exceeds once in
// 10^6. Sizes are such that 999 of 1000 are expected; the suite long makes 100 runs. What leaves
// nothing to chance once the seed is known (queues and their managers, policers, lines, slots, and
// memories of chances) is in power_law.h; patterns and n-ths are tested to the packet.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "dataplane/model/channel.h"
#include "tests/model/laws.h"
#include "tests/model/statistics.h"

#define MS       UINT64_C(1000000)
#define RUNS     3 // of each kind, or as many as POWER_RUNS says
#define GAP_NS   (200 * MS)
#define FRAME    1000
#define Z_SURELY 3.0902 // a normal number is below it with 99.9 %
#define HALFLIFE GAP_NS // so the correlation of two packets is 1/2

enum watched {
	WATCH_LOST,
	WATCH_LOST_AFTER_RECEIVED,
	WATCH_RECEIVED_AFTER_LOST,
	WATCH_COPIED,
	WATCH_CORRUPTED,
	WATCH_REORDERED,
	WATCH_BELOW, // the share of delays below a threshold
	WATCH_MEAN,
	WATCH_NEXT // how one deviation follows from the one before
};

// A row of the table: a channel with its parameter times `factor`, and what is expected at 1.
struct power {
	const char *name;
	void (*make)(struct channel_params *params, double factor);
	enum watched watched;
	double expected;  // probability, mean, or correlation
	double deviation; // of a mean; of a deviation about what is expected of it
	double threshold_ns;
	uint64_t packets;
};

// ---- Channels ----

static void random_loss(struct channel_params *params, double factor)
{
	loss_random_params(0.2 * factor, 0, "", &params->loss, NULL);
}

static void good_to_bad(struct channel_params *params, double factor)
{
	loss_gilbert_elliott_params(0.2 * factor, 0.5, 1, 0, "", &params->loss, NULL);
}

static void bad_to_good(struct channel_params *params, double factor)
{
	loss_gilbert_elliott_params(0.2, 0.5 * factor, 1, 0, "", &params->loss, NULL);
}

// p + r = 1: the states do not hang together, and losses neither.
static void lost_in_bad(struct channel_params *params, double factor)
{
	loss_gilbert_elliott_params(0.4, 0.6, 0.5 * factor, 0, "", &params->loss, NULL);
}

static void lost_in_good(struct channel_params *params, double factor)
{
	loss_gilbert_elliott_params(0.01, 0.99, 0, 0.3 * factor, "", &params->loss, NULL);
}

static void state_p13(struct channel_params *params, double factor)
{
	loss_states_params(0.2 * factor, 0.5, 0, 0, 0, "", &params->loss, NULL);
}

static void state_p31(struct channel_params *params, double factor)
{
	loss_states_params(0.2, 0.5 * factor, 0, 0, 0, "", &params->loss, NULL);
}

// In these states alone: one, then three and two by turns, of which only three loses.
static void state_p32(struct channel_params *params, double factor)
{
	loss_states_params(1, 0, 0.5 * factor, 0.2, 0, "", &params->loss, NULL);
}

static void state_p23(struct channel_params *params, double factor)
{
	loss_states_params(1, 0, 0.5, 0.2 * factor, 0, "", &params->loss, NULL);
}

static void state_p14(struct channel_params *params, double factor)
{
	loss_states_params(0, 1, 0, 0, 0.2 * factor, "", &params->loss, NULL);
}

static void bit_errors(struct channel_params *params, double factor)
{
	loss_ber_params(3e-5 * factor, "", &params->loss, NULL);
}

// Packets are so far apart that each meets an outage of its own.
static void outage(struct channel_params *params, double factor)
{
	loss_outage_params((uint64_t)(2e6 * factor), 10 * MS, false, "", &params->loss, NULL);
}

static void duplicate(struct channel_params *params, double factor)
{
	duplicate_make_params(0.2 * factor, 0, "", &params->duplicate, NULL);
}

static void corrupt(struct channel_params *params, double factor)
{
	corrupt_make_params(0.2 * factor, 0, 1, "", &params->corrupt, NULL);
}

static void reorder(struct channel_params *params, double factor)
{
	reorder_make_params(0.2 * factor, 0, 1, 0, "", &params->reorder, NULL);
}

static void slot_least(struct channel_params *params, double factor)
{
	slot_make_uniform((uint64_t)(6e6 * factor), 10 * MS, 0, 0, "", &params->slot, NULL);
}

static void slot_most(struct channel_params *params, double factor)
{
	slot_make_uniform(MS, (uint64_t)(10e6 * factor), 0, 0, "", &params->slot, NULL);
}

static void slot_mean(struct channel_params *params, double factor)
{
	struct jitter_params by = {0};

	jitter_make_params(JITTER_NORMAL, MS, 0, "", &by, NULL);
	slot_make_distribution((uint64_t)(10e6 * factor), &by, 0, 0, "", &params->slot, NULL);
}

static void chain(struct channel_params *params, double factor)
{
	const struct jitter_request request = {.kind = JITTER_UNIFORM,
					       .jitter_ns = MS,
					       .correlation = 0.5 * factor,
					       .order_free = true};

	jitter_make(&request, "", &params->jitter, NULL);
}

static void halflife(struct channel_params *params, double factor)
{
	const struct jitter_request request = {.kind = JITTER_NORMAL,
					       .jitter_ns = MS,
					       .halflife_ns = (uint64_t)(HALFLIFE * factor),
					       .order_free = true};

	jitter_make(&request, "", &params->jitter, NULL);
}

// ---- Runs ----

// Of what a run shows: how far the sum of (seen - expected) is from 0, in its own deviations.
struct sum {
	double off, variance;
};

static bool flag_of(const struct power *power, const struct channel_fate *fate)
{
	switch (power->watched) {
	case WATCH_COPIED:
		return fate->flags & CHANNEL_COPIED;
	case WATCH_CORRUPTED:
		return fate->flags & CHANNEL_CORRUPTED;
	case WATCH_REORDERED:
		return fate->flags & CHANNEL_REORDERED;
	default:
		return fate->lost != DROP_NONE;
	}
}

static void add_flag(const struct power *power, struct sum *sum, bool seen)
{
	sum->off += seen - power->expected;
	sum->variance += power->expected * (1 - power->expected);
}

static double run(const struct power *power, double factor, uint64_t seed)
{
	struct channel_params params = {
		.seed = seed, .random_key = 3, .carrier = true, .delay_ns = 100 * MS};
	struct channel_state state = {0};
	struct sum sum = {0};
	double last = NAN;

	power->make(&params, factor);
	channel_finish(&params);
	for (uint64_t n = 0; n < power->packets; n++) {
		uint64_t at_ns = n * GAP_NS;
		struct channel_fate fate = channel_offer(&params, &state, at_ns, FRAME);
		double off_ns = (double)(fate.release_at_ns - at_ns) - 1e8;
		bool flag = flag_of(power, &fate);

		if (power->watched == WATCH_LOST_AFTER_RECEIVED) {
			if (last == 0)
				add_flag(power, &sum, flag);
			last = flag;
		} else if (power->watched == WATCH_RECEIVED_AFTER_LOST) {
			if (last == 1)
				add_flag(power, &sum, !flag);
			last = flag;
		} else if (power->watched == WATCH_BELOW) {
			add_flag(power, &sum, off_ns < power->threshold_ns);
		} else if (power->watched == WATCH_MEAN) {
			sum.off += off_ns - power->expected;
			sum.variance += power->deviation * power->deviation;
		} else if (power->watched == WATCH_NEXT) {
			if (n > 0) {
				sum.off += last * (off_ns - power->expected * last);
				sum.variance += last * last * power->deviation * power->deviation;
			}
			last = off_ns;
		} else {
			add_flag(power, &sum, flag);
		}
	}
	return fabs(sum.off) / sqrt(sum.variance);
}

static void expect_power(const struct power *power)
{
	const char *asked = getenv("POWER_RUNS");
	int runs = asked ? atoi(asked) : RUNS, more = 0, less = 0, alarms = 0;

	for (uint64_t seed = 1; seed <= (uint64_t)runs; seed++) {
		more += run(power, 1 + WRONG_BY, seed) > Z_TWO_SIDED;
		less += run(power, 1 - WRONG_BY, seed) > Z_TWO_SIDED;
		alarms += run(power, 1, seed) > Z_TWO_SIDED;
	}
	if (alarms > 0)
		fail_msg("%s: %d of %d honest runs raise an alarm", power->name, alarms, runs);
	if (more < 0.99 * runs || less < 0.99 * runs)
		fail_msg("%s: 5 %% more is caught in %d of %d runs, less in %d", power->name, more,
			 runs, less);
}

// samples_for_mean at 99.9 %.
static uint64_t surely(double deviation, double shift)
{
	double ratio = (Z_TWO_SIDED + Z_SURELY) * deviation / shift;

	return (uint64_t)ceil(ratio * ratio);
}

// `share` of the packets tell something.
static uint64_t for_ratio(double probability, double share)
{
	double wrong = probability * (1 + WRONG_BY);

	return (uint64_t)((double)surely(
				  sqrt(fmax(wrong * (1 - wrong), probability * (1 - probability))),
				  probability * WRONG_BY) /
			  share);
}

static void chances_5_percent_off_are_caught(void **state)
{
	struct power rows[] = {
		{"loss random", random_loss, WATCH_LOST, 0.2, 0, 0, 1},
		{"gemodel p", good_to_bad, WATCH_LOST_AFTER_RECEIVED, 0.2, 0, 0, 1},
		{"gemodel r", bad_to_good, WATCH_RECEIVED_AFTER_LOST, 0.5, 0, 0, 1},
		{"gemodel 1-h", lost_in_bad, WATCH_LOST, 0.2, 0, 0, 1},
		{"gemodel 1-k", lost_in_good, WATCH_LOST, 0.297, 0, 0, 1},
		{"state p13", state_p13, WATCH_LOST_AFTER_RECEIVED, 0.2, 0, 0, 1},
		{"state p31", state_p31, WATCH_RECEIVED_AFTER_LOST, 0.5, 0, 0, 1},
		{"state p32", state_p32, WATCH_RECEIVED_AFTER_LOST, 0.5, 0, 0, 1},
		{"state p23", state_p23, WATCH_LOST_AFTER_RECEIVED, 0.2, 0, 0, 1},
		{"state p14", state_p14, WATCH_LOST_AFTER_RECEIVED, 0.2, 0, 0, 1},
		{"ber", bit_errors, WATCH_LOST, -expm1(8 * FRAME * log1p(-3e-5)), 0, 0, 1},
		{"outage", outage, WATCH_LOST, 0.2, 0, 0, 1},
		{"duplicate", duplicate, WATCH_COPIED, 0.2, 0, 0, 1},
		{"corrupt", corrupt, WATCH_CORRUPTED, 0.2, 0, 0, 1},
		{"reorder", reorder, WATCH_REORDERED, 0.2, 0, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double share = 1;

		if (rows[i].watched == WATCH_LOST_AFTER_RECEIVED)
			share = 0.7; // 5/7 are received with r = 1/2
		if (rows[i].watched == WATCH_RECEIVED_AFTER_LOST)
			share = 0.28;
		rows[i].packets = for_ratio(rows[i].expected, share);
		// 5 % more bit errors lose less than 5 % more frames.
		if (rows[i].make == bit_errors)
			rows[i].packets = rows[i].packets * 5 / 4;
		expect_power(&rows[i]);
	}
}

// Of the law under test.
static struct jitter_table table;
static const struct law *law;

static void jitter(struct channel_params *params, double factor)
{
	struct jitter_request request = {.kind = law->kind, .order_free = true};
	double deviation = 1e6 * factor;

	request.jitter_ns =
		(uint64_t)(law->kind == JITTER_UNIFORM ? deviation * sqrt(3) : deviation);
	request.table = law->kind > JITTER_NORMAL ? &table : NULL;
	jitter_make(&request, "", &params->jitter, NULL);
}

// How much the share below a threshold changes, in deviations of one packet.
static double shift(double threshold, double factor)
{
	double right = law->below(threshold), wrong = law->below(threshold / factor);

	return fabs(wrong - right) / sqrt(fmax(right * (1 - right), wrong * (1 - wrong)));
}

static void jitter_5_percent_off_is_caught(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct power power = {.name = laws[i].name, .make = jitter, .watched = WATCH_BELOW};
		double most = 0, at = 0;

		law = &laws[i];
		if (law->kind > JITTER_NORMAL)
			assert_int_equal(jitter_table_make(law->kind, law->shape, "", &table, NULL),
					 0);
		// Where it shows most for its chance.
		for (double x = -3; x < 3; x += 0.01) {
			double right = law->below(x);
			double shows = fmin(shift(x, 1 + WRONG_BY), shift(x, 1 - WRONG_BY));

			if (right > 0.02 && right < 0.98 && shows > most) {
				most = shows;
				at = x;
			}
		}
		power.threshold_ns = at * 1e6;
		power.expected = law->below(at);
		power.packets = surely(1, most);
		expect_power(&power);
	}
}

static void memory_5_percent_off_is_caught(void **state)
{
	// Uniform draws, x' = (1 - rho) x + rho last; normal ones at a half-life's distance.
	struct power rows[] = {
		{"correlation", chain, WATCH_NEXT, 0.5, 0.5e6 / sqrt(3), 0, 1},
		{"half-life", halflife, WATCH_NEXT, 0.5, 1e6 * sqrt(0.75), 0, 1},
		{"slot max", slot_most, WATCH_MEAN, 5.5e6, 9e6 / sqrt(12), 0, 1},
		{"slot min", slot_least, WATCH_MEAN, 8e6, 4e6 / sqrt(12), 0, 1},
		{"slot distribution", slot_mean, WATCH_MEAN, 10e6, 1e6, 0, 1},
	};

	(void)state;
	rows[0].packets = surely(sqrt(0.75), 0.5 * WRONG_BY);
	rows[1].packets = surely(sqrt(0.75), exp2(-1 / (1 + WRONG_BY)) - 0.5);
	rows[2].packets = surely(9.5e6 / sqrt(12), 0.25e6);
	rows[3].packets = surely(4.3e6 / sqrt(12), 0.15e6);
	rows[4].packets = surely(1e6, 0.5e6);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_power(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chances_5_percent_off_are_caught),
		cmocka_unit_test(jitter_5_percent_off_is_caught),
		cmocka_unit_test(memory_5_percent_off_is_caught),
	};

	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
