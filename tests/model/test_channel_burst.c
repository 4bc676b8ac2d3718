// SPDX-License-Identifier: BSD-3-Clause
// The law over bursts is the law: whatever the parameters, the sizes of bursts, and the processor's
// ways of drawing.
#include "dataplane/model/channel_burst.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"

#define PACKETS 30000

// ---- Random words ----

static void every_way_of_drawing_a_burst_gives_the_draws_of_the_addresses(void **state)
{
	const uint64_t places[] = {0,          3,           1000000007,     0xffffff00,
				   0xffffffc0, 0x100000000, UINT64_MAX - 9, 0x123456789abcdef0};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (uint32_t count = 1; count <= RNG_BURST_PACKETS; count += 7) {
			static struct rng_burst bursts[4];
			uint64_t seed = 0x9e3779b97f4a7c15 * (i + 1);
			bool there[4] = {true, true};

			rng_burst_fill(&bursts[0], seed, 77, places[i], count, i % 3);
			rng_burst_fill_plain(&bursts[1], seed, 77, places[i], count, i % 3);
#if defined(__x86_64__)
			there[2] =
				rng_burst_fill_avx2(&bursts[2], seed, 77, places[i], count, i % 3);
			there[3] = rng_burst_fill_avx512(&bursts[3], seed, 77, places[i], count,
							 i % 3);
#endif
			for (uint32_t n = 0; n < 4 * count; n++)
				for (int way = 0; way < 4; way++)
					if (there[way])
						assert_int_equal(bursts[way].word[n % 4][n / 4],
								 rng_draw(seed, 77,
									  4 * (i % 3) + n % 4,
									  places[i] + n / 4));
		}
	}
}

// ---- Fates ----

enum trait {
	RANDOM = 1 << 0,
	CHAIN = 1 << 1, // Gilbert and Elliott, in its place
	STATES = 1 << 2,
	JITTER = 1 << 3,
	FREE = 1 << 4,       // order is
	CORRELATED = 1 << 5, // jitter and random loss
	RATE = 1 << 6,
	SHORT = 1 << 7, // a limit that is often reached
	IN_TIME = 1 << 8,
	UNIFORM = 1 << 9, // jitter
	SLOW = 1 << 10,   // jitter that is long beside the gaps, so that its chain moves by little
	VARYING = 1 << 11,
	TRAITS = 1 << 12
};

static const struct profile *varying_delay(void)
{
	static struct profile_point points[] = {{.value = 40000},
						{.at_ns = 30000000, .value = 900},
						{.at_ns = 90000000, .value = 70000}};
	static struct profile profile = {.points = points, .count = 3, .interpolated = true};
	struct error error;

	if (profile.tag == 0)
		assert_int_equal(profile_make(&profile, "", &error), 0);
	return &profile;
}

static struct channel_params params_of(uint32_t traits)
{
	struct channel_params params = {
		.seed = 719 + traits, .random_key = 5, .carrier = true, .delay_ns = 30000};
	const struct jitter_request request = {.kind = traits & UNIFORM ? JITTER_UNIFORM
									: JITTER_NORMAL,
					       .jitter_ns = traits & SLOW ? 500000 : 7000,
					       .correlation = traits & CORRELATED ? 0.3 : 0,
					       .order_free = traits & FREE};
	struct error error;

	if (traits & RANDOM)
		loss_random_params(0.1, traits & CORRELATED ? 0.4 : 0, "", &params.loss, &error);
	if (traits & CHAIN)
		loss_gilbert_elliott_params(0.03, 0.2, traits & RANDOM ? 1 : 0.7,
					    traits & RANDOM ? 0 : 0.1, "", &params.loss, &error);
	if (traits & STATES)
		loss_states_params(0.02, 0.3, 0.1, 0.5, 0.01, "", &params.loss, &error);
	if (traits & JITTER)
		assert_int_equal(jitter_make(&request, "", &params.jitter, &error), 0);
	if (traits & RATE)
		rate_make_params(traits & SHORT ? 400000000 : 800000000, 24, 0, 0, "", &params.rate,
				 &error);
	if (traits & (SHORT | IN_TIME))
		assert_int_equal(queue_make_params(traits & IN_TIME  ? QUEUE_TIME
						   : traits & JITTER ? QUEUE_BYTES
								     : QUEUE_PACKETS,
						   traits & IN_TIME  ? 20000
						   : traits & JITTER ? 4000
								     : 20,
						   "", &params.queue, &error),
				 0);
	if (traits & VARYING)
		params.delay_profile = varying_delay();
	channel_finish(&params);
	return params;
}

static void attach(const struct channel_params *params, struct channel_state *state)
{
	size_t bytes = queue_memory_bytes(&params->queue);

	*state = (struct channel_state){.packet = UINT32_MAX - PACKETS / 2};
	queue_attach(&params->queue, &state->queue, bytes ? calloc(1, bytes) : NULL, 0);
}

// One by one and in bursts: the same fates, whether they are lost, and when they are released.
static void compare(uint32_t traits)
{
	struct channel_params params = params_of(traits);
	struct channel_state single, burst;
	struct channel_burst out;
	uint64_t at_ns = 0;
	unsigned lost = 0, refused = 0;

	assert_true(channel_takes_bursts(&params, 1500));
	attach(&params, &single);
	attach(&params, &burst);
	for (uint64_t n = 0, done = 0; n < PACKETS; n += done) {
		uint32_t bytes[CHANNEL_BURST];
		unsigned count = 1 + rng_draw(1, 0, RNG_FLOW_SIZE, n) % CHANNEL_BURST, taken;

		for (unsigned i = 0; i < count; i++)
			bytes[i] = 60 + rng_draw(2, 0, RNG_FLOW_SIZE, n + i) % 200;
		at_ns += rng_draw(1, 0, RNG_FLOW_GAP, n) % 200000;
		taken = channel_enter_burst(&params, &burst, at_ns, bytes, count, &out);
		done = taken + (taken < count);
		for (unsigned i = 0; i < done; i++) {
			struct channel_fate fate = channel_offer(&params, &single, at_ns, bytes[i]);

			if (i == taken) {
				struct channel_fate last =
					channel_offer(&params, &burst, at_ns, bytes[i]);

				assert_int_equal(fate.lost, DROP_QUEUE);
				assert_int_equal(last.lost, DROP_QUEUE);
				refused++;
				break;
			}
			assert_int_equal(fate.lost, out.lost >> i & 1 ? DROP_MODEL : DROP_NONE);
			lost += fate.lost == DROP_MODEL;
			assert_int_equal(fate.departs_at_ns, out.departs_at_ns[i]);
			if (fate.lost != DROP_NONE)
				continue;
			assert_int_equal(fate.release_at_ns, out.release_at_ns[i]);
			assert_int_equal(fate.flags,
					 out.reordered >> i & 1 ? CHANNEL_REORDERED : 0);
		}
		assert_int_equal(single.packet, burst.packet);
	}
	assert_true((lost > 0) == ((traits & (RANDOM | CHAIN | STATES)) != 0));
	assert_true(refused == 0 || traits & (SHORT | IN_TIME));
	assert_true(refused > 0 || !(traits & RATE && traits & SHORT));
	free(queue_memory(&params.queue, &single.queue));
	free(queue_memory(&params.queue, &burst.queue));
}

static void a_burst_has_the_fates_of_its_frames_one_by_one(void **state)
{
	(void)state;
	// Each trait alone, none, and many of all mixtures.
	for (uint32_t traits = 1; traits < TRAITS; traits *= 2)
		compare(traits);
	for (uint32_t i = 0; i < 60; i++)
		compare(rng_draw(3, 0, RNG_QUEUE, i) % TRAITS);
	compare(0);
	compare(CHAIN | JITTER | RATE | IN_TIME);
	compare(CHAIN | JITTER | RATE | IN_TIME | SLOW);
}

static void what_the_stages_cannot_do_is_not_called_a_burst(void **state)
{
	static const struct profile profile = {0};
	struct channel_params params[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		params[i] = params_of(JITTER | CHAIN);
	params[0].carrier = false;
	params[1].carrier_profile = &profile;
	params[2].loss_profile = &profile;
	params[3].queue = queue_defaults(QUEUE_CODEL);
	corrupt_make_params(0.1, 0, 1, "", &params[4].corrupt, NULL);
	reorder_make_params(0.1, 0, 5, 0, "", &params[5].reorder, NULL);
	slot_make_uniform(1000, 2000, 0, 0, "", &params[6].slot, NULL);
	params[7].mtu_bytes = 1000;
	for (size_t i = 0; i < 8; i++) {
		channel_finish(&params[i]);
		assert_false(channel_takes_bursts(&params[i], 1500));
	}
	assert_true(channel_takes_bursts(&params[7], 1014));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_of_drawing_a_burst_gives_the_draws_of_the_addresses),
		cmocka_unit_test(a_burst_has_the_fates_of_its_frames_one_by_one),
		cmocka_unit_test(what_the_stages_cannot_do_is_not_called_a_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
