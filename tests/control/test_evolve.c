// SPDX-License-Identifier: BSD-3-Clause
// The sky in a network: delays against a closed form of circular orbits that shares no code with
// physics, gaps, handovers and what users write beside them.
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/network.h"
#include "tests/control/network_steps.h"
#include "tests/control/paper.h"
#include "topologies/load.h"
#include "topologies/sky.h"

#define S UINT64_C(1000000000)
#define H (3600 * S)

#define SITES                                                                                      \
	"[network]\nepoch = 2026-06-14T00:00:00Z\n"                                                \
	"[site a]\nkind = teleport\nposition = 49.6935, 6.33, 300\n"                               \
	"[site b]\nkind = teleport\nposition = 38.8225, 22.6867, 50\n"
#define LINK_OVER(name) "[link x]\nends = a, b\nmedium = satellite\nvia = " name "\n"
#define TWELVE          "[constellation ring]\nequal = 12 8062km inclination 0deg phase 0deg\n"

// ---- The closed form: everything in a frame that does not turn, the Earth turning in it ----

#define LIGHT_M_S 299792458.0
#define MU        3.986004418e14
#define TURN      7.292115855306589e-5 // of sidereal time, radians a second
#define RADIUS    (6378137.0 + 8062e3)

struct point {
	double x, y, z;
};

// A site at t seconds after the epoch, Greenwich along x at the epoch.
static struct point site_at(double latitude_deg, double longitude_deg, double height_m, double t)
{
	double f = 1 / 298.257223563, e2 = f * (2 - f), latitude = latitude_deg * M_PI / 180;
	double normal = 6378137.0 / sqrt(1 - e2 * sin(latitude) * sin(latitude));
	double angle = longitude_deg * M_PI / 180 + TURN * t;

	return (struct point){(normal + height_m) * cos(latitude) * cos(angle),
			      (normal + height_m) * cos(latitude) * sin(angle),
			      (normal * (1 - e2) + height_m) * sin(latitude)};
}

static struct point satellite_at(int number, double t)
{
	double angle = number * M_PI / 6 + sqrt(MU / (RADIUS * RADIUS * RADIUS)) * t;

	return (struct point){RADIUS * cos(angle), RADIUS * sin(angle), 0};
}

static double seconds_between(struct point a, struct point b)
{
	return sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) +
		    (a.z - b.z) * (a.z - b.z)) /
	       LIGHT_M_S;
}

// One way from a to b over the satellite, for what leaves at t: each leg ends where its end then
// is.
static double delay_s(int number, double t)
{
	struct point from = site_at(49.6935, 6.33, 300, t);
	double up = 0.04, down = 0.04;

	for (int i = 0; i < 6; i++)
		up = seconds_between(from, satellite_at(number, t + up));
	for (int i = 0; i < 6; i++)
		down = seconds_between(satellite_at(number, t + up),
				       site_at(38.8225, 22.6867, 50, t + up + down));
	return up + down;
}

// ---- Tests ----

static void a_moving_delay_is_the_closed_form_to_ten_nanoseconds(void **state)
{
	struct topology *t = paper(SITES TWELVE LINK_OVER("ring"));
	struct network *network = start(t);
	unsigned changes = 0;
	uint32_t last = HANDOVER_NONE;
	double worst_ns = 0;

	(void)state;
	for (uint64_t at_ns = 0; at_ns < 4 * H; at_ns += 3777777777) {
		struct handover service;
		double off_ns;

		run_to(network, at_ns);
		assert_true(network_service(network, 0, at_ns, &service));
		changes += service.path != last;
		last = service.path;
		off_ns = (double)network_delay_ns(network, 0, at_ns) -
			 delay_s((int)service.path, (double)at_ns / 1e9) * 1e9;
		worst_ns = fabs(off_ns) > worst_ns ? fabs(off_ns) : worst_ns;
	}
	// A handover each half hour, 359.96 min / 12.
	assert_in_range(changes, 8, 9);
	if (worst_ns > 10)
		fail_msg("off by %g ns", worst_ns);
	network_free(network);
	topology_free(t);
}

static void profiles_always_reach_two_minutes_ahead(void **state)
{
	struct topology *t = paper(SITES TWELVE LINK_OVER("ring"));
	struct network *network = start(t);

	(void)state;
	for (uint64_t at_ns = 0; at_ns < 3 * H; at_ns += 59 * S) {
		const struct profile *profile;

		run_to(network, at_ns);
		profile = network_plan(network)->channels[0].params.delay_profile;
		assert_non_null(profile);
		assert_true(profile->interpolated && profile->start_ns <= at_ns);
		assert_true(profile->start_ns + profile->points[profile->count - 1].at_ns + 1 >=
			    at_ns + 120 * S);
	}
	network_free(network);
	topology_free(t);
}

// Control that comes two minutes late has delayed nobody: what was in force says the same until
// then as what comes next.
static void a_late_hour_changes_no_delay(void **state)
{
	struct topology *t = paper(SITES TWELVE LINK_OVER("ring"));
	struct network *network = start(t), *late = start(t);

	(void)state;
	for (uint64_t hour = 1; hour <= 12; hour++) {
		struct profile_cursor cursor = {.begun = false};
		const struct profile *old;

		run_to(late, hour * H - S);
		old = network_plan(late)->channels[0].params.delay_profile;
		for (uint64_t at_ns = hour * H; at_ns < hour * H + 120 * S; at_ns += 7 * S) {
			int64_t apart_ns;

			run_to(network, at_ns);
			apart_ns = profile_at(old, &cursor, at_ns) -
				   (int64_t)network_delay_ns(network, 0, at_ns);
			assert_in_range(apart_ns + 20, 0, 40); // each is within 10 ns
		}
	}
	network_free(network);
	network_free(late);
	topology_free(t);
}

// One satellite is away most of the time: the carrier is too, and routing hears of it.
static void a_gap_takes_the_carrier_and_routing_sees_it(void **state)
{
	struct topology *t = paper(
		SITES
		"[satellite one]\norbit = circular 8062km inclination 0deg phase 15deg\n" LINK_OVER(
			"one") "elevation = 5deg\n[site c]\n[link ac]\nends = a, c\ndelay = 100ms\n"
			       "[link cb]\nends = c, b\ndelay = 100ms\n");
	struct network *network = start(t);
	struct handover service;
	uint64_t set_ns;

	(void)state;
	run_to(network, 1 * S);
	assert_true(network_channel_is_up(network, 0));
	assert_path(t, network, "a", "b", "x:forward");
	assert_true(network_service(network, 0, 1 * S, &service));
	for (set_ns = 0; network_channel_is_up(network, 0) && set_ns < 3 * H;) {
		set_ns = network_next_change_ns(network);
		run_to(network, set_ns);
	}
	assert_in_range(set_ns, 10 * 60 * S, 60 * 60 * S);
	assert_false(network_plan(network)->channels[0].params.carrier);
	run_to(network, set_ns + 2 * S);
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	// Four times a day relative to the ground: it comes back.
	run_to(network, set_ns + 6 * H);
	assert_true(network_service(network, 0, set_ns + 6 * H - 60 * S, &service));
	network_free(network);
	topology_free(t);
}

// The same satellite before it rises: routing never held the link to be up, and nothing had to
// find out; then it hears of the rise.
static void a_gap_at_the_start_is_no_failure(void **state)
{
	struct topology *t = paper(
		SITES
		"[satellite one]\norbit = circular 8062km inclination 0deg phase "
		"215deg\n" LINK_OVER(
			"one") "elevation = 5deg\n[site c]\n[link ac]\nends = a, c\ndelay = 100ms\n"
			       "[link cb]\nends = c, b\ndelay = 100ms\n");
	struct network *network = start(t);
	struct handover service;
	struct error error;
	uint64_t rise_ns;

	(void)state;
	assert_false(network_service(network, 0, 0, &service));
	assert_false(network_channel_is_up(network, 0));
	assert_false(network_plan(network)->channels[0].params.carrier);
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	assert_true(network_is_settled(network));
	for (rise_ns = 0; !network_plan(network)->channels[0].params.carrier && rise_ns < 6 * H;) {
		rise_ns = network_next_change_ns(network);
		run_to(network, rise_ns);
	}
	assert_in_range(rise_ns, 10 * 60 * S, 6 * H - 1);
	// What is heard of the rise can be taken back, and is heard again.
	assert_int_equal(network_begin(network, &error), 0);
	run_to(network, rise_ns + 2 * S);
	assert_path(t, network, "a", "b", "x:forward");
	network_undo(network);
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	run_to(network, rise_ns + 2 * S);
	assert_path(t, network, "a", "b", "x:forward");
	network_free(network);
	topology_free(t);
}

static void a_break_cuts_what_is_in_flight_and_a_make_does_not(void **state)
{
	static const char *const words[] = {"make-before-break", "break-before-make 5s"};

	(void)state;
	for (int breaks = 0; breaks < 2; breaks++) {
		char text[1000];
		struct topology *t;
		struct network *network;
		unsigned cut = 0, down = 0;

		snprintf(text, sizeof(text), "%shandover = %s\n", SITES TWELVE LINK_OVER("ring"),
			 words[breaks]);
		t = paper(text);
		network = start(t);
		for (uint64_t at_ns = 0; at_ns < H;) {
			struct error error;

			at_ns = network_next_change_ns(network);
			assert_int_equal(network_step(network, at_ns, &error), 0);
			for (size_t i = 0; i < network_plan(network)->touched_count; i++)
				cut += network_plan(network)->touched[i].inflight == PLAN_CUT;
			down += !network_channel_is_up(network, 0);
		}
		assert_true(breaks ? cut == 4 || cut == 2 : cut == 0); // both directions
		assert_true(breaks ? down > 0 : down == 0);
		network_free(network);
		topology_free(t);
	}
}

static void what_users_write_goes_before_the_geometry(void **state)
{
	struct topology *t =
		paper(SITES TWELVE LINK_OVER("ring") "processing = 10ms\njitter = 1ms\n");
	struct network *network = start(t);
	const struct channel_params *params;

	(void)state;
	run_to(network, S);
	params = &network_plan(network)->channels[0].params;
	assert_non_null(params->delay_profile);
	assert_int_not_equal(params->jitter.kind, JITTER_NONE);
	assert_true(
		fabs((double)network_delay_ns(network, 0, S) - 10e6 - delay_s(0, 1) * 1e9) < 11 ||
		fabs((double)network_delay_ns(network, 0, S) - 10e6 - delay_s(1, 1) * 1e9) < 11);
	command(network, 2 * S, "link x set delay 50ms");
	params = &network_plan(network)->channels[0].params;
	assert_null(params->delay_profile);
	assert_int_equal(params->delay_ns, 50 * MS);
	command(network, 3 * S, "link x reset");
	assert_non_null(network_plan(network)->channels[0].params.delay_profile);
	// And what users take down the sky does not bring up.
	command(network, 4 * S, "link x down");
	run_to(network, 2 * H);
	assert_false(network_channel_is_up(network, 0));
	network_free(network);
	topology_free(t);
}

static void hours_that_are_undone_come_again(void **state)
{
	struct topology *t = paper(SITES TWELVE LINK_OVER("ring") "choose = longest\n");
	struct network *network = start(t), *untouched = start(t);
	struct error error;

	(void)state;
	run_to(network, H / 2);
	run_to(untouched, H / 2);
	assert_int_equal(network_begin(network, &error), 0);
	run_to(network, 5 * H / 2);
	network_undo(network);
	assert_int_equal(network_next_change_ns(network), network_next_change_ns(untouched));
	assert_int_equal(network_delay_ns(network, 0, H / 2),
			 network_delay_ns(untouched, 0, H / 2));
	run_to(network, 5 * H / 2);
	run_to(untouched, 5 * H / 2);
	assert_int_equal(network_delay_ns(network, 0, 5 * H / 2),
			 network_delay_ns(untouched, 0, 5 * H / 2));
	network_free(network);
	network_free(untouched);
	topology_free(t);
}

static void who_looks_at_one_instant_need_not_live_through_all_before(void **state)
{
	static const char *const rules[] = {"choose = longest\n",
					    "choose = elevation hysteresis 2deg\n"};
	char text[4096];

	(void)state;
	for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
		snprintf(text, sizeof(text), "%s%s", SITES TWELVE LINK_OVER("ring"), rules[r]);
		struct topology *t = paper(text);
		struct network *stepped = start(t), *passed = start(t);
		uint64_t at_ns = 31 * H + 11 * 60 * S;
		struct handover one, other;

		run_to(stepped, at_ns);
		network_pass_sky(passed, at_ns - H);
		assert_true(network_next_change_ns(passed) == at_ns - H);
		run_to(passed, at_ns);
		assert_true(network_service(stepped, 0, at_ns, &one));
		assert_true(network_service(passed, 0, at_ns, &other));
		assert_int_equal(one.path, other.path);
		assert_int_equal(network_delay_ns(stepped, 0, at_ns),
				 network_delay_ns(passed, 0, at_ns));
		assert_path(t, passed, "a", "b", "x:forward");
		network_free(stepped);
		network_free(passed);
		topology_free(t);
	}
}

// The first satellite of the ring is past its height when the lab begins: the one that stays
// longest is another, and no hour's going on falls back to the first.
static void hours_go_on_as_one_look_at_the_day_sees_it(void **state)
{
	static const char *const rules[] = {"choose = longest\n",
					    "choose = elevation hysteresis 2deg\n",
					    "choose = elevation\nelevation = 12deg\n"};
	char text[4096];

	(void)state;
	for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
		snprintf(text, sizeof(text), "%s%s%s", SITES,
			 "[constellation ring]\nequal = 12 8062km inclination 0deg phase "
			 "50deg\n" LINK_OVER("ring"),
			 rules[r]);
		struct topology *t = paper(text);
		struct network *network = start(t);
		struct handover *services, now;
		struct error error;
		size_t count;

		assert_int_equal(sky_find_services(t, &t->links[0], t->epoch_utc_ns,
						   t->epoch_utc_ns + (int64_t)(25 * H), &services,
						   &count, &error),
				 0);
		assert_true(count > 20);
		if (r == 0)
			assert_int_not_equal(services[0].path, 0);
		for (size_t i = 0; i + 1 < count; i++) {
			uint64_t at_ns = (uint64_t)(services[i].from_utc_ns - t->epoch_utc_ns);

			if (at_ns > 24 * H)
				break;
			// A beginning is good to a millisecond.
			run_to(network, at_ns + S / 500);
			network_service(network, 0, at_ns + S / 500, &now);
			assert_int_equal(now.path, services[i].path);
			assert_in_range(now.from_utc_ns - services[i].from_utc_ns + 1000000, 0,
					2000000);
		}
		free(services);
		network_free(network);
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moving_delay_is_the_closed_form_to_ten_nanoseconds),
		cmocka_unit_test(profiles_always_reach_two_minutes_ahead),
		cmocka_unit_test(a_late_hour_changes_no_delay),
		cmocka_unit_test(a_gap_takes_the_carrier_and_routing_sees_it),
		cmocka_unit_test(a_gap_at_the_start_is_no_failure),
		cmocka_unit_test(a_break_cuts_what_is_in_flight_and_a_make_does_not),
		cmocka_unit_test(what_users_write_goes_before_the_geometry),
		cmocka_unit_test(hours_that_are_undone_come_again),
		cmocka_unit_test(hours_go_on_as_one_look_at_the_day_sees_it),
		cmocka_unit_test(who_looks_at_one_instant_need_not_live_through_all_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
