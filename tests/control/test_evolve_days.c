// SPDX-License-Identifier: BSD-3-Clause
// Weather after the first day: rate, loss and carrier of a radio go on as in the first, hour after
// hour, and what users have set goes before them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "control/evolve_radio.h"
#include "tests/control/network_steps.h"
#include "tests/control/paper.h"

#define S     UINT64_C(1000000000)
#define LATER UINT64_C(172800) // seconds: two days

#define LAB                                                                                        \
	"[site a]\nposition = 49.7, 6.3, 300\nrain_rate = 28.2mm/h\nrain_height = 2.7km\n"         \
	"[site b]\nposition = 50, 5, 300\nrain_rate = 31mm/h\nrain_height = 2.6km\n"               \
	"[satellite s]\norbit = geostationary 21.5deg\n[link l]\nends = a, b\n"                    \
	"medium = satellite\nvia = s\nband = Ka 30GHz 20.5GHz\nantenna = 4.5m\npower = 40W\n"      \
	"noise = 200K\nsatellite_gt = 8dB/K\nsatellite_eirp = 50dBW\nsymbol_rate = 30Mbaud\n"

// 10 mm/h, and in the middle of it what is too much for any MODCOD, around a whole hour.
static struct topology *rainy(uint64_t after_s)
{
	char text[2000];
	struct topology *topology;
	struct error error;

	snprintf(text, sizeof(text),
		 "%s[weather light]\nrain = 10mm/h\nstart = %us\nstop = %us\nsites = a\n"
		 "[weather heavy]\nrain = 120mm/h\nstart = %us\nstop = %us\nsites = a\n",
		 LAB, (unsigned)after_s + 3400, (unsigned)after_s + 3800, (unsigned)after_s + 3560,
		 (unsigned)after_s + 3700);
	topology = paper(text);
	if (evolve_radio(topology, &error))
		fail_msg("%s: %s", error.where, error.what);
	return topology;
}

struct state {
	int64_t rate_bps, loss;
	bool up;
};

static struct state state_of(const struct network *network, uint64_t at_ns)
{
	const struct channel_params *params = &network_plan(network)->channels[0].params;
	struct profile_cursor rate = {0}, loss = {0};

	assert_non_null(params->rate.profile);
	return (struct state){profile_at(params->rate.profile->profile, &rate, at_ns),
			      profile_at(params->loss_profile, &loss, at_ns), params->carrier};
}

static void weather_of_the_third_day_is_as_on_the_first(void **state)
{
	struct topology *one = rainy(0), *other = rainy(LATER);
	struct network *first = start(one), *third = start(other);
	unsigned down = 0, slow = 0, lossy = 0;
	int64_t most_bps = 0;

	(void)state;
	assert_null(evolve_radio_later(one, 0));
	assert_non_null(evolve_radio_later(other, 0));
	for (uint64_t s = 3300; s < 4000; s++) {
		struct state now, then;

		run_to(first, s * S);
		run_to(third, (LATER + s) * S);
		now = state_of(first, s * S);
		then = state_of(third, (LATER + s) * S);
		assert_int_equal(now.rate_bps, then.rate_bps);
		assert_int_equal(now.loss, then.loss);
		assert_int_equal(now.up, then.up);
		most_bps = now.rate_bps > most_bps ? now.rate_bps : most_bps;
		slow += now.rate_bps < most_bps;
		lossy += now.loss > 0;
		down += !now.up;
	}
	// 140 s of heavy rain; the light one 400 s; a loop of 1.5 s after each.
	assert_int_equal(down, 140);
	assert_in_range(slow, 390, 410);
	assert_true(lossy > 0);
	// Nothing more is to come.
	run_to(third, UINT64_MAX);
	network_free(first);
	network_free(third);
	topology_free(one);
	topology_free(other);
}

static void what_users_set_goes_before_later_weather(void **state)
{
	struct topology *topology = rainy(LATER);
	struct network *network = start(topology);
	struct error error;
	struct state now;

	(void)state;
	command(network, 100 * S, "link l:forward set rate 5mbit");
	run_to(network, (LATER + 3500) * S);
	assert_null(network_plan(network)->channels[0].params.rate.profile);
	assert_null(network_plan(network)->channels[0].params.loss_profile);
	assert_non_null(network_plan(network)->channels[1].params.rate.profile);
	command(network, (LATER + 3501) * S, "link l:forward reset");
	now = state_of(network, (LATER + 3501) * S);
	assert_true(now.rate_bps > 5000000 && now.up);
	// What the weather did can be taken back, and comes again.
	assert_true(network_channel_is_up(network, 1));
	assert_int_equal(network_begin(network, &error), 0);
	run_to(network, (LATER + 3650) * S);
	assert_false(network_channel_is_up(network, 1));
	network_undo(network);
	assert_true(network_channel_is_up(network, 1));
	run_to(network, (LATER + 3650) * S);
	assert_false(network_channel_is_up(network, 1));
	run_to(network, (LATER + 3750) * S);
	assert_true(network_channel_is_up(network, 1));
	network_free(network);
	topology_free(topology);
}

// Says who keeps channel 0 down at a second after `from_s`: "" when it is up.
static const char *down_by(struct network *network, uint64_t from_s, uint64_t s)
{
	const char *by;

	run_to(network, (from_s + s) * S);
	by = network_down_by(network, 0);
	assert_int_equal(network_channel_is_up(network, 0), by == NULL);
	assert_int_equal(network_plan(network)->channels[0].params.carrier, by == NULL);
	return by ? by : "";
}

// The modem is down from 3562 s to 3702 s: a user's down lasts through its up, and a user's up
// waits for it, on the first day and on later ones.
static void a_users_down_outlasts_the_modem_and_his_up_waits_for_it(void **state)
{
	const uint64_t days_s[] = {0, LATER};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t from_s = days_s[i];
		struct topology *topology = rainy(from_s);
		struct network *network = start(topology);
		struct error error;

		assert_string_equal(down_by(network, from_s, 3550), "");
		command(network, (from_s + 3551) * S, "link l:forward down");
		assert_string_equal(down_by(network, from_s, 3551), "user");
		assert_string_equal(down_by(network, from_s, 3600), "user");
		assert_int_equal(network_begin(network, &error), 0);
		assert_string_equal(down_by(network, from_s, 3710), "user");
		network_undo(network);
		command(network, (from_s + 3650) * S, "link l:forward up");
		assert_string_equal(down_by(network, from_s, 3650), "modem");
		assert_string_equal(down_by(network, from_s, 3701), "modem");
		assert_string_equal(down_by(network, from_s, 3702), "");
		command(network, (from_s + 3703) * S, "link l down");
		assert_string_equal(down_by(network, from_s, 3704), "user");
		command(network, (from_s + 3705) * S, "link l up");
		assert_string_equal(down_by(network, from_s, 3705), "");
		network_free(network);
		network = start(topology);
		command(network, (from_s + 3600) * S, "link l down");
		assert_string_equal(down_by(network, from_s, 3750), "user");
		command(network, (from_s + 3751) * S, "link l up");
		assert_string_equal(down_by(network, from_s, 3751), "");
		network_free(network);
		topology_free(topology);
	}
}

// A whole hour's modem may be slower than what its access assigns: the lab goes on, at the modem's
// rate.
static void a_return_link_goes_on_through_hours_of_rain(void **state)
{
	char text[2000];
	struct topology *topology;
	struct network *network;
	struct error error;

	(void)state;
	snprintf(text, sizeof(text),
		 "%slimit = 1s\naccess.forward = rbdc 100mbit\n"
		 "[weather light]\nrain = 14mm/h\nstart = %us\nstop = %us\nsites = a\n",
		 LAB, (unsigned)LATER - 600, (unsigned)LATER + 9000);
	topology = paper(text);
	assert_int_equal(evolve_radio(topology, &error), 0);
	network = start(topology);
	assert_int_equal(network_rate_bps(network, 0, 0), 100000000);
	run_to(network, (LATER + 5000) * S);
	assert_in_range(network_rate_bps(network, 0, (LATER + 5000) * S), 1000000, 99000000);
	run_to(network, (LATER + 9100) * S);
	assert_int_equal(network_rate_bps(network, 0, (LATER + 9100) * S), 100000000);
	network_free(network);
	topology_free(topology);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weather_of_the_third_day_is_as_on_the_first),
		cmocka_unit_test(what_users_set_goes_before_later_weather),
		cmocka_unit_test(a_return_link_goes_on_through_hours_of_rain),
		cmocka_unit_test(a_users_down_outlasts_the_modem_and_his_up_waits_for_it),
	};

	return cmocka_run_group_tests_name("evolve_days", tests, NULL, NULL);
}
