// SPDX-License-Identifier: BSD-3-Clause
// A card's clock against the lab's, in invented time: what is asked for is never early, what is
// told never before it was, and neither is off by more than the stated error.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/engine/device_clock.h"

#define MS 1000000ull

// A card: its pace in ticks a second, off by so many parts in a billion, and where it began.
struct card {
	uint64_t hz;
	int64_t off_ppb;
	uint64_t offset;
};

static const struct card cards[] = {
	{1000000000, 37000, 1700000000000000000ull}, // nanoseconds since 1970
	{1000000000, -99000, 12345},
	{156250000, 20000, 0xfffffff0},
	{78125000, -55000, 7},
	{1000000, 1000, 5}, // a tick is a microsecond
};

// Of the card at an instant of the lab, times 2^16.
static unsigned __int128 exact_ticks(const struct card *card, uint64_t at_ns)
{
	unsigned __int128 mhz =
		(unsigned __int128)card->hz * (uint64_t)(1000000000 + card->off_ppb);

	return ((unsigned __int128)card->offset << 16) +
	       (unsigned __int128)at_ns * mhz / 1000000000 * 65536 / 1000000000;
}

static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

// Looked at between two readings of the lab's clock, anywhere between them.
static struct device_reading look(const struct card *card, uint64_t at_ns, uint32_t *state)
{
	uint64_t before = noise(state) % 700, after = noise(state) % 700;

	return (struct device_reading){.ticks = (uint64_t)(exact_ticks(card, at_ns) >> 16),
				       .before_ns = at_ns - before,
				       .after_ns = at_ns + after};
}

static void begin(struct device_clock *clock, const struct card *card, uint64_t at_ns,
		  uint32_t *state)
{
	struct device_reading readings[3];

	for (unsigned i = 0; i < 3; i++)
		readings[i] = look(card, at_ns + i * 10 * MS, state);
	assert_int_equal(device_clock_init(clock, readings), DEVICE_CLOCK_GOOD);
}

// Up to 100 ms on from an instant, both ways.
static void check_from(const struct device_clock *clock, const struct card *card, uint64_t from_ns,
		       uint32_t *state)
{
	uint64_t tick_ns = 1 + 1000000000 / card->hz;

	for (unsigned i = 0; i < 20; i++) {
		uint64_t at_ns = from_ns + noise(state) % 1000 * 100000;
		uint64_t ticks = device_clock_ticks(clock, at_ns);
		uint64_t latest_ns = at_ns + 2 * clock->error_ns + 2 * tick_ns + 20;

		// The card comes to this tick not before the instant, and soon after it.
		assert_true(((unsigned __int128)ticks << 16) >= exact_ticks(card, at_ns));
		assert_true(((unsigned __int128)ticks << 16) <=
			    exact_ticks(card, latest_ns) + 65536);
		// What came at this instant is said to have come not before it, and not much later.
		ticks = (uint64_t)(exact_ticks(card, at_ns) >> 16);
		assert_true(device_clock_ns(clock, ticks) + tick_ns >= at_ns);
		assert_true(device_clock_ns(clock, ticks) <= at_ns + 2 * clock->error_ns + 20);
	}
}

static void instants_are_never_early_nor_off_by_more_than_is_said(void **state)
{
	(void)state;
	for (unsigned c = 0; c < sizeof(cards) / sizeof(cards[0]); c++) {
		struct device_clock clock;
		uint32_t random = 42 + c;
		uint64_t at_ns = 5000 * MS;

		begin(&clock, &cards[c], at_ns, &random);
		at_ns += 20 * MS;
		for (unsigned i = 0; i < 600; i++) { // a minute
			check_from(&clock, &cards[c], at_ns, &random);
			at_ns += 100 * MS;
			struct device_reading reading = look(&cards[c], at_ns, &random);
			assert_false(device_clock_follow(&clock, &reading));
		}
		// Half of a reading's width, at most 700 ns, and what the last ones were off by; a
		// card of few ticks is off by one, too.
		assert_true(clock.error_ns <= 1000 + 2000000000 / cards[c].hz);
		assert_true(device_clock_hz(&clock) >= cards[c].hz - cards[c].hz / 5000);
		assert_true(device_clock_hz(&clock) <= cards[c].hz + cards[c].hz / 5000);
		assert_int_equal(clock.jumps, 0);
	}
}

static void nothing_adds_up_over_a_day(void **state)
{
	(void)state;
	struct device_clock clock;
	uint32_t random = 3;
	uint64_t at_ns = 1000 * MS;

	begin(&clock, &cards[2], at_ns, &random);
	for (at_ns += 120 * MS; at_ns < 86400000 * MS; at_ns += 100 * MS) {
		struct device_reading reading = look(&cards[2], at_ns, &random);
		assert_false(device_clock_follow(&clock, &reading));
	}
	check_from(&clock, &cards[2], at_ns - 100 * MS, &random);
	assert_true(clock.error_ns <= 1000);
	assert_int_equal(clock.jumps, 0);
}

// A clock that is steered (by PTP, say) while it is followed.
static void a_card_that_changes_its_pace_is_followed(void **state)
{
	(void)state;
	struct card card = {1000000000, 0, 1ull << 40};
	struct device_clock clock;
	uint32_t random = 9;
	uint64_t at_ns = 1000 * MS;

	begin(&clock, &card, at_ns, &random);
	at_ns += 20 * MS;
	for (unsigned i = 0; i < 300; i++) {
		uint64_t stood = (uint64_t)(exact_ticks(&card, at_ns) >> 16);
		card.off_ppb += i % 100 == 69 ? 5000 : 0; // 5 ppm more
		card.offset += stood - (uint64_t)(exact_ticks(&card, at_ns) >> 16);
		at_ns += 100 * MS;
		struct device_reading reading = look(&card, at_ns, &random);
		assert_false(device_clock_follow(&clock, &reading));
	}
	// Three seconds later nothing of it is left but what fades.
	check_from(&clock, &card, at_ns, &random);
	assert_int_equal(clock.jumps, 0);
}

static void a_card_that_is_set_is_noticed_and_followed_anew(void **state)
{
	(void)state;
	struct card card = cards[0];
	struct device_clock clock;
	uint32_t random = 11;
	uint64_t at_ns = 1000 * MS;

	begin(&clock, &card, at_ns, &random);
	for (int step = -1; step <= 1; step += 2) {
		card.offset += (uint64_t)(step * 37000000000); // as far as TAI is from UTC
		at_ns += 100 * MS;
		struct device_reading reading = look(&card, at_ns, &random);
		assert_true(device_clock_follow(&clock, &reading));
		check_from(&clock, &card, at_ns, &random);
	}
	assert_int_equal(clock.jumps, 2);
}

static void a_reading_that_took_long_is_passed_over_until_it_says_more_than_is_known(void **state)
{
	(void)state;
	struct device_clock clock;
	uint32_t random = 13;
	uint64_t at_ns = 1000 * MS, error_ns;

	begin(&clock, &cards[1], at_ns, &random);
	for (unsigned i = 1; i <= 30; i++) {
		struct device_reading reading =
			look(&cards[1], at_ns + (20 + i * 100) * MS, &random);
		device_clock_follow(&clock, &reading);
	}
	uint64_t ticks = clock.ticks;
	error_ns = clock.error_ns;
	at_ns += 3020 * MS;
	for (unsigned i = 1; clock.ticks == ticks; i++) {
		struct device_reading wide = look(&cards[1], at_ns + i * 100 * MS, &random);
		wide.after_ns += 4000;
		device_clock_follow(&clock, &wide);
		assert_true(i < 5 ? clock.ticks == ticks : i < 1000);
		check_from(&clock, &cards[1], at_ns + i * 100 * MS, &random);
		assert_true(clock.error_ns > error_ns); // what is not known better is owned up to
		error_ns = clock.ticks == ticks ? clock.error_ns : 0;
	}
	assert_true(clock.error_ns >= 2000);
}

static void a_clock_that_stands_or_limps_is_refused(void **state)
{
	(void)state;
	struct device_clock clock;
	uint32_t random = 17;
	struct device_reading readings[3];

	for (unsigned i = 0; i < 3; i++)
		readings[i] = look(&cards[0], (100 + i * 10) * MS, &random);
	struct device_reading good = readings[2];
	readings[2].ticks = readings[1].ticks;
	assert_int_equal(device_clock_init(&clock, readings), DEVICE_CLOCK_STANDS);
	readings[2] = good;
	readings[0].ticks = readings[1].ticks + 1;
	assert_int_equal(device_clock_init(&clock, readings), DEVICE_CLOCK_STANDS);
	readings[0] = look(&cards[0], 100 * MS, &random);
	readings[2].ticks += 100000; // 100 us in 10 ms
	assert_int_equal(device_clock_init(&clock, readings), DEVICE_CLOCK_UNEVEN);
	readings[2] = good;
	assert_int_equal(device_clock_init(&clock, readings), DEVICE_CLOCK_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instants_are_never_early_nor_off_by_more_than_is_said),
		cmocka_unit_test(nothing_adds_up_over_a_day),
		cmocka_unit_test(a_card_that_changes_its_pace_is_followed),
		cmocka_unit_test(a_card_that_is_set_is_noticed_and_followed_anew),
		cmocka_unit_test(
			a_reading_that_took_long_is_passed_over_until_it_says_more_than_is_known),
		cmocka_unit_test(a_clock_that_stands_or_limps_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
