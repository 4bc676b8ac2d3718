// SPDX-License-Identifier: BSD-3-Clause
// Waveforms against their definitions, within the bounds that the header states; the law of a walk.
#include "dataplane/model/wave.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rate_profile.h"
#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define PI 3.14159265358979323846
#define MS UINT64_C(1000000)

static struct profile_point points[WAVE_MOST_POINTS];

static struct profile profile_of(const struct wave *wave)
{
	struct profile profile;

	assert_int_equal(wave_make(wave, points, &profile, "test", NULL), 0);
	return profile;
}

static double by_definition(const struct wave *wave, uint64_t at_ns)
{
	double t = (double)((at_ns - wave->start_ns) % wave->period_ns) / (double)wave->period_ns;
	double value = 0;

	if (wave->kind == WAVE_SINE)
		value = sin(2 * PI * t);
	else if (wave->kind == WAVE_TRIANGLE)
		value = 2 / PI * asin(sin(2 * PI * t));
	else if (wave->kind == WAVE_SQUARE)
		value = t < 0.5 ? 1 : -1;
	return wave->mean + wave->amplitude * value;
}

static double bound(const struct wave *wave)
{
	double ns = 1 / (double)wave->period_ns;

	if (wave->kind == WAVE_SQUARE)
		return 1;
	if (wave->steps)
		return wave->amplitude * (wave->kind == WAVE_SINE ? PI : 2) * (1.0 / 512 + ns) + 1;
	if (wave->kind == WAVE_SINE)
		return wave->amplitude * pow(PI / 512, 2) / 2 * pow(1 + 512 * ns, 2) + 2;
	return wave->amplitude * 8 * ns + 2;
}

static void check_wave(const struct wave *wave)
{
	struct profile profile = profile_of(wave);
	struct profile_cursor cursor = {0};
	double worst = 0, allowed = bound(wave);

	assert_int_equal(profile.count, wave_points(wave->kind, wave->steps));
	assert_int_equal(profile.period_ns, wave->period_ns);
	assert_true((double)profile.minimum >= wave->mean - wave->amplitude - 0.5);
	assert_true((double)profile.maximum <= wave->mean + wave->amplitude + 0.5);
	for (uint64_t n = 0; n < 20000; n++) {
		uint64_t at_ns = wave->start_ns + rng_draw(719, 1, RNG_LOSS, 2 * n) *
							  (wave->period_ns / 100000000 + 1);
		double error = fabs((double)profile_at(&profile, &cursor, at_ns) -
				    by_definition(wave, at_ns));
		uint64_t twice = (at_ns - wave->start_ns) % wave->period_ns * 2;
		uint64_t to_edge =
			twice > wave->period_ns ? twice - wave->period_ns : wave->period_ns - twice;

		if (wave->kind == WAVE_SQUARE && to_edge < 4)
			continue; // at the edge it may be either
		worst = fmax(worst, error);
	}
	if (worst > allowed)
		fail_msg("wave %d, period %lu: off by %g, allowed %g", (int)wave->kind,
			 wave->period_ns, worst, allowed);
	// The bound says something: it is reached within a factor of four, beside the rounding.
	if (wave->amplitude > 1e6 && wave->kind != WAVE_SQUARE &&
	    (wave->kind == WAVE_SINE || wave->steps))
		assert_true(worst > allowed / 4);
}

static void waves_are_what_they_are_called_within_the_stated_bounds(void **state)
{
	const uint64_t periods[] = {1000, 1001, 77777, MS, 30000 * MS, 86400000 * MS};
	const struct wave quantities[] = {
		{.mean = 20e6, .amplitude = 5e6, .most = 1e18},            // delay, ns
		{.mean = 0.05 * 0x1p32, .amplitude = 3e7, .most = 0x1p32}, // loss
		{.mean = 1e8, .amplitude = 9e7, .least = 8, .most = 1e13}, // rate, bit/s
		{.mean = 10, .amplitude = 1, .most = 1e3},
	};

	(void)state;
	for (size_t q = 0; q < 4; q++)
		for (size_t p = 0; p < 6; p++)
			for (int kind = WAVE_SINE; kind <= WAVE_SQUARE; kind++)
				for (int steps = 0; steps < 2; steps++) {
					struct wave wave = quantities[q];

					wave.kind = (enum wave_kind)kind;
					wave.period_ns = periods[p];
					wave.steps = steps;
					wave.start_ns = 12345 * p;
					check_wave(&wave);
				}
}

static void a_rate_in_steps_carries_what_the_sine_does(void **state)
{
	struct wave wave = {.kind = WAVE_SINE,
			    .mean = 1e8,
			    .amplitude = 9e7,
			    .least = 8,
			    .most = 1e13,
			    .period_ns = 10000 * MS,
			    .steps = true};
	static struct rate_step steps[WAVE_STEPS];
	struct profile profile = profile_of(&wave);
	struct rate_profile line;
	double carried = 0, worst = 0;

	(void)state;
	assert_int_equal(rate_profile_make(&line, &profile, steps, "", NULL), 0);
	assert_near((double)line.mean_bits_per_second, 1e8, 1);
	// The integral at each step's end, in bits: mean t - A T/2pi (cos(2 pi t/T) - 1).
	for (uint32_t i = 0; i < profile.count; i++) {
		uint64_t end_ns = i + 1 < profile.count ? points[i + 1].at_ns : profile.period_ns;
		double t = (double)end_ns / 1e9;
		double exact = 1e8 * t - 9e7 * 10 / (2 * PI) * (cos(2 * PI * t / 10) - 1);

		carried += (double)points[i].value * (double)(end_ns - points[i].at_ns) / 1e9;
		worst = fmax(worst, fabs(carried - exact));
	}
	// The middle of a step is above its mean by at most A (2 pi/512)^2 / 24, summed over half a
	// period.
	assert_true(worst < 9e7 * pow(2 * PI / 512, 2) / 24 * 5 + 10);
}

static struct wave walk(uint32_t key, uint32_t quantity)
{
	return (struct wave){.kind = WAVE_WALK,
			     .mean = 20e6,
			     .amplitude = 8e6,
			     .most = 1e18,
			     .period_ns = 1000 * MS,
			     .seed = 719,
			     .random_key = key,
			     .quantity = quantity};
}

// Up and down likewise, but at the bounds; never beyond; and back on the same way.
static void a_walk_goes_up_or_down_by_an_eighth(void **state)
{
	double up = 0, steps = 0, held = 0, at_bound = 0;

	(void)state;
	for (uint32_t key = 0; steps < (double)samples_for_ratio(0.5); key++) {
		struct wave wave = walk(key, 0);
		struct profile profile = profile_of(&wave);

		assert_int_equal(profile.count, WAVE_MOST_POINTS);
		assert_int_equal(profile.period_ns, 64 * wave.period_ns);
		assert_int_equal(points[0].value, 20000000);
		for (uint32_t i = 0; i < WAVE_MOST_POINTS / 2; i++) {
			int64_t step = points[i + 1].value - points[i].value;
			bool bound = llabs(points[i].value - 20000000) == 8000000;

			assert_int_equal(points[i].at_ns, i * 1000 * MS / 64);
			assert_true(llabs(points[i + 1].value - 20000000) <= 8000000);
			assert_int_equal(points[i + 1].value,
					 points[WAVE_MOST_POINTS - i - 1].value);
			assert_true(llabs(step) == 1000000 || (step == 0 && bound));
			if (bound) {
				at_bound++;
				held += step == 0;
			} else {
				steps++;
				up += step > 0;
			}
		}
	}
	assert_true(binomial_fits(up, steps, 0.5));
	assert_true(binomial_fits(held, at_bound, 0.5));
}

static void a_walk_is_everywhere_alike_in_the_long_run(void **state)
{
	const uint32_t walks = 6800;
	uint32_t counts[17] = {0};

	(void)state;
	// After 2000 steps among 17 places nothing is left of the start: exp(-2000 (pi/17)^2 / 2).
	for (uint32_t key = 0; key < walks; key++) {
		struct wave wave = walk(key, 0);

		profile_of(&wave);
		// 2000 is even, but staying at a bound changes that.
		counts[(points[2000].value - 12000000) / 1000000]++;
	}
	assert_true(chi_square_of_equal(counts, 17, walks) < chi_square_bound(16));
	// Bounds 5 % off would make a place of 17 appear or vanish.
	assert_true(chi_square_notices(walks / 17.0, 16));
}

static void quantities_and_channels_walk_apart(void **state)
{
	static int64_t first[WAVE_MOST_POINTS];
	const struct wave others[] = {walk(5, 1), walk(6, 0)};
	struct wave wave = walk(5, 0);
	double same[2] = {0};

	(void)state;
	profile_of(&wave);
	for (int i = 0; i < WAVE_MOST_POINTS; i++)
		first[i] = points[i].value;
	for (int k = 0; k < 2; k++) {
		profile_of(&others[k]);
		for (int i = 1; i < WAVE_MOST_POINTS / 2; i++)
			same[k] += (first[i] > first[i - 1]) ==
				   (points[i].value > points[i - 1].value);
		// Up or not: 1/2 each, but for the bounds, where it is less often up.
		assert_true(same[k] > 800 && same[k] < 1250);
	}
}

static void waves_that_cannot_be_are_refused(void **state)
{
	const struct wave right = {
		.kind = WAVE_SINE, .mean = 100, .amplitude = 100, .most = 200, .period_ns = 1000};
	struct wave wrong[] = {right, right, right, right, right, right, right, right};
	struct profile profile = {.count = 99};
	struct error error;

	(void)state;
	wrong[0].kind = WAVE_NONE;
	wrong[1].period_ns = 999;
	wrong[2].period_ns = (UINT64_C(1) << 56) + 1;
	wrong[3].amplitude = 0;
	wrong[4].amplitude = 0.4;
	wrong[5].amplitude = 101;
	wrong[6].most = 199;
	wrong[7].amplitude = NAN;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&error, 0, sizeof(error));
		assert_int_equal(wave_make(&wrong[i], points, &profile, "lab.ini:5", &error),
				 -EINVAL);
		assert_string_equal(error.where, "lab.ini:5");
		assert_true(strlen(error.what) > 20);
	}
	assert_int_equal(profile.count, 99);
	assert_int_equal(wave_make(&right, points, &profile, "", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waves_are_what_they_are_called_within_the_stated_bounds),
		cmocka_unit_test(a_rate_in_steps_carries_what_the_sine_does),
		cmocka_unit_test(a_walk_goes_up_or_down_by_an_eighth),
		cmocka_unit_test(a_walk_is_everywhere_alike_in_the_long_run),
		cmocka_unit_test(quantities_and_channels_walk_apart),
		cmocka_unit_test(waves_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests_name("wave", tests, NULL, NULL);
}
