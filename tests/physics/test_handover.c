// SPDX-License-Identifier: BSD-3-Clause
// Handovers: evenly spaced circles by arithmetic, real constellations by their published rhythm.
#include "dataplane/physics/handover.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/physics/pass.h"
#include "dataplane/physics/utc.h"
#include "tests/physics/element_sets.h"
#include "tests/physics/near.h"

#define S              UTC_NS_PER_S
#define DEGREE         (M_PI / 180)
#define O3B_ALTITUDE_M 8062000.0
#define MOST           32

struct sky {
	struct ground from, to;
	struct orbit orbits[MOST];
	struct path paths[MOST];
	struct handover_request request;
};

static void sky_init(struct sky *sky, struct geodetic from, struct geodetic to, double mask_deg,
		     uint32_t count)
{
	sky->from = ground_at(from);
	sky->to = ground_at(to);
	for (uint32_t i = 0; i < count; i++)
		sky->paths[i] = (struct path){&sky->from, &sky->to,          mask_deg,
					      mask_deg,   {&sky->orbits[i]}, 1};
	sky->request = (struct handover_request){.paths = sky->paths,
						 .path_count = count,
						 .serving = HANDOVER_NONE,
						 .to_utc_ns = UTC_NS_PER_DAY};
}

// `count` satellites evenly on the equatorial circle, seen from one site below it.
static void ring_init(struct sky *sky, uint32_t count, double mask_deg)
{
	struct geodetic site = {0, 0, 0};

	for (uint32_t i = 0; i < count; i++)
		assert_true(orbit_make_equatorial(&sky->orbits[i], O3B_ALTITUDE_M,
						  360.0 - 360.0 / count * i, 0, NULL));
	sky_init(sky, site, site, mask_deg, count);
}

static double synodic_s(void)
{
	double radius_m = EARTH_EQUATORIAL_M + O3B_ALTITUDE_M;

	return 2 * M_PI / (sqrt(EARTH_MU_M3_PER_S2 / pow(radius_m, 3)) - UTC_GMST_RAD_PER_S);
}

// The list is whole: no hole, no overlap, no two neighbours alike.
static void whole(const struct sky *sky, const struct handover *services, size_t count)
{
	assert_true(count > 0);
	assert_true(services[0].from_utc_ns == sky->request.from_utc_ns);
	assert_true(services[count - 1].to_utc_ns == sky->request.to_utc_ns);
	for (size_t i = 0; i < count; i++) {
		assert_true(services[i].from_utc_ns < services[i].to_utc_ns);
		if (i == 0)
			continue;
		assert_true(services[i].from_utc_ns == services[i - 1].to_utc_ns);
		assert_true(services[i].path != services[i - 1].path);
	}
}

static struct handover *find(const struct sky *sky, size_t *count)
{
	struct handover *services;

	assert_int_equal(handover_find(&sky->request, &services, count), 0);
	whole(sky, services, *count);
	return services;
}

static double seconds(int64_t ns)
{
	return (double)ns * 1e-9;
}

static void the_highest_of_a_ring_serves_for_its_share_of_the_round(void **state)
{
	static struct sky sky;
	struct handover *services;
	double share_s = synodic_s() / 12;
	size_t count;

	(void)state;
	ring_init(&sky, 12, 5);
	services = find(&sky, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(services[i].path, i % 12);
		if (i > 0) // midway between the two culminations
			near_to(seconds(services[i].from_utc_ns), share_s * ((double)i - 0.5),
				0.02);
	}
	near_to(share_s / 60, 30.0, 0.01); // 359.96 min / 12
	free(services);
}

static void hysteresis_lets_the_better_one_wait(void **state)
{
	static struct sky sky;
	struct handover *services;
	double share_s = synodic_s() / 12;
	size_t count;

	(void)state;
	ring_init(&sky, 12, 5);
	sky.request.hysteresis_deg = 3;
	services = find(&sky, &count);
	for (size_t i = 1; i < count; i++) {
		int64_t at = services[i].from_utc_ns;
		double better_deg = path_margin_deg(&sky.paths[services[i].path], at) -
				    path_margin_deg(&sky.paths[services[i - 1].path], at);

		assert_true(seconds(at) > share_s * ((double)i - 0.5) + 1);
		near_to(better_deg, 3, 0.01);
	}
	free(services);
}

// It is kept until it sets; then the one that rose last takes over.
static void the_longest_stays_until_it_sets(void **state)
{
	static struct sky sky;
	struct handover *services;
	size_t count;

	(void)state;
	ring_init(&sky, 12, 20);
	sky.request.rule = HANDOVER_LONGEST;
	services = find(&sky, &count);
	assert_true(count >= 12); // a pass lasts some 2 hours
	for (size_t i = 0; i + 1 < count; i++) {
		int64_t end = services[i].to_utc_ns;
		uint32_t next = services[i + 1].path;

		near_to(path_margin_deg(&sky.paths[services[i].path], end), 0, 0.001);
		// Who rises next after the new one is not up yet.
		assert_true(path_margin_deg(&sky.paths[next], end) >= 0);
		assert_true(path_margin_deg(&sky.paths[(next + 1) % 12], end) < 0);
	}
	free(services);
	// Who serves when the span begins goes on, though others stay longer.
	sky.request.serving = 0;
	services = find(&sky, &count);
	assert_int_equal(services[0].path, 0);
	free(services);
}

static void between_the_passes_of_a_thin_ring_nobody_serves(void **state)
{
	static struct sky sky;
	double radius_m = EARTH_EQUATORIAL_M + O3B_ALTITUDE_M;
	double half = acos(EARTH_EQUATORIAL_M * cos(20 * DEGREE) / radius_m) - 20 * DEGREE;
	double pass_s = half / M_PI * synodic_s(), share_s = synodic_s() / 3;
	struct handover *services;
	size_t count;

	(void)state;
	ring_init(&sky, 3, 20);
	for (int rule = HANDOVER_HIGHEST; rule <= HANDOVER_LONGEST; rule++) {
		sky.request.rule = (enum handover_rule)rule;
		services = find(&sky, &count);
		for (size_t i = 1; i + 1 < count; i++) {
			bool gap = services[i].path == HANDOVER_NONE;

			assert_true(gap == (i % 2 == 1));
			near_to(seconds(services[i].to_utc_ns - services[i].from_utc_ns),
				gap ? share_s - pass_s : pass_s, 0.01);
		}
		free(services);
	}
}

static void a_schedule_holds_while_its_satellite_is_in_sight(void **state)
{
	static struct sky sky;
	const struct handover_slot slots[] = {
		{0, 0}, {1800 * S, 1}, {3600 * S, HANDOVER_NONE}, {5400 * S, 2}, {86400 * S, 3}};
	struct pass passes[8];
	struct handover *services;
	size_t count;

	(void)state;
	ring_init(&sky, 12, 20);
	sky.request.rule = HANDOVER_SCHEDULE;
	sky.request.slots = slots;
	sky.request.slot_count = 4;
	services = find(&sky, &count);
	assert_int_equal(services[0].path, 0);
	assert_int_equal(services[0].to_utc_ns, 1800 * S);
	assert_int_equal(services[1].path, 1);
	assert_int_equal(services[2].path, HANDOVER_NONE);
	assert_int_equal(services[2].from_utc_ns, 3600 * S);
	assert_int_equal(services[3].path, 2);
	assert_int_equal(services[3].from_utc_ns, 5400 * S);
	// Until it sets; it comes back when it rises again.
	assert_true(pass_find_path(&sky.paths[2], 0, UTC_NS_PER_DAY, passes, 8) > 2);
	near_to(seconds(services[3].to_utc_ns - passes[0].set_utc_ns), 0, 0.002);
	assert_int_equal(services[4].path, HANDOVER_NONE);
	near_to(seconds(services[5].from_utc_ns - passes[1].rise_utc_ns), 0, 0.002);
	assert_int_equal(services[5].path, 2);
	free(services);
}

static void nonsense_is_refused(void **state)
{
	static struct sky sky;
	struct handover_slot slots[] = {{0, 0}, {0, 1}};
	struct handover *services;
	size_t count;

	(void)state;
	ring_init(&sky, 2, 20);
	sky.request.to_utc_ns = 0;
	assert_int_equal(handover_find(&sky.request, &services, &count), -EINVAL);
	sky.request.to_utc_ns = S;
	sky.request.serving = 2;
	assert_int_equal(handover_find(&sky.request, &services, &count), -EINVAL);
	sky.request.serving = HANDOVER_NONE;
	sky.request.rule = HANDOVER_SCHEDULE;
	sky.request.slots = slots;
	sky.request.slot_count = 2;
	assert_int_equal(handover_find(&sky.request, &services, &count), -EINVAL);
	slots[1] = (struct handover_slot){1, 2};
	assert_int_equal(handover_find(&sky.request, &services, &count), -EINVAL);
	// Nobody at all is a gap.
	sky.request = (struct handover_request){.serving = HANDOVER_NONE, .to_utc_ns = S};
	assert_int_equal(handover_find(&sky.request, &services, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(services[0].path, HANDOVER_NONE);
	free(services);
}

static uint32_t fleet_init(struct sky *sky, const char *name, struct geodetic from,
			   struct geodetic to, double mask_deg)
{
	FILE *file = vectors_open(name);
	struct element_set set;
	uint32_t count = 0;

	if (!file)
		return 0;
	while (count < MOST && element_set_read(file, &set))
		assert_true(orbit_make_sgp4(&sky->orbits[count++], &set.elements, NULL));
	fclose(file);
	sky_init(sky, from, to, mask_deg, count);
	sky->request.from_utc_ns = utc_of_day(2026, 6, 14);
	sky->request.to_utc_ns = utc_of_day(2026, 6, 15);
	return count;
}

// 20 satellites in 15 slots, 24 minutes apart; 10 in 6 slots, 60 apart. Those that share a slot are
// up to 2.8 degrees apart, and the hysteresis keeps them from taking over from each other.
static void o3b_hands_over_every_24_minutes_and_mpower_every_60(void **state)
{
	static const struct {
		const char *name;
		uint32_t satellites;
		double hysteresis_deg, slot_min;
	} fleets[] = {{"tle/o3b.tle", 20, 1.5, 24}, {"tle/o3b-mpower.tle", 10, 4, 60}};
	static const struct geodetic nemea = {37.85, 22.62, 300},
				     thermopylae = {38.8225, 22.6867, 50};
	static struct sky sky;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct handover *services;
		double mean_min;
		size_t count;

		if (fleet_init(&sky, fleets[i].name, nemea, thermopylae, 5) == 0)
			skip();
		assert_int_equal(sky.request.path_count, fleets[i].satellites);
		sky.request.hysteresis_deg = fleets[i].hysteresis_deg;
		services = find(&sky, &count);
		for (size_t j = 0; j < count; j++)
			assert_true(services[j].path != HANDOVER_NONE);
		// Between the first handover and the last.
		mean_min = seconds(services[count - 1].from_utc_ns - services[0].to_utc_ns) / 60 /
			   (double)(count - 2);
		near_to(mean_min, fleets[i].slot_min, 0.01 * fleets[i].slot_min);
		free(services);
	}
}

// From Betzdorf at 10 degrees the ten satellites leave 24 gaps a day, of 4.5 to 9 minutes, 12 % of
// it.
static void betzdorf_loses_mpower_24_times_a_day_at_ten_degrees(void **state)
{
	static const struct geodetic betzdorf = {49.6935, 6.33, 300};
	static struct sky sky;
	struct handover *services;
	double gaps_min = 0;
	size_t count, gaps = 0;

	(void)state;
	if (fleet_init(&sky, "tle/o3b-mpower.tle", betzdorf, betzdorf, 10) == 0)
		skip();
	services = find(&sky, &count);
	for (size_t i = 0; i < count; i++) {
		double min = seconds(services[i].to_utc_ns - services[i].from_utc_ns) / 60;

		if (services[i].path != HANDOVER_NONE)
			continue;
		gaps++;
		gaps_min += min;
		if (i > 0 && i + 1 < count) // the day cuts the first and the last
			assert_true(min > 4.3 && min < 9.2);
	}
	assert_int_equal(gaps, 24);
	near_to(gaps_min / 1440, 0.12, 0.005);
	free(services);
}

// The list from what is wanted on is the tail of the whole one, to the nanosecond, and holds the
// service in force then and the one before. Gives how many it leaves out.
static size_t left_out(struct sky *sky, int64_t wanted_utc_ns)
{
	struct handover *whole_list, *late;
	size_t whole_count, late_count, left;

	sky->request.wanted_utc_ns = 0;
	assert_int_equal(handover_find(&sky->request, &whole_list, &whole_count), 0);
	sky->request.wanted_utc_ns = wanted_utc_ns;
	assert_int_equal(handover_find(&sky->request, &late, &late_count), 0);
	assert_true(late_count > 0 && late_count <= whole_count);
	left = whole_count - late_count;
	for (size_t i = 0; i < late_count; i++) {
		assert_true(late[i].from_utc_ns == whole_list[left + i].from_utc_ns);
		assert_true(late[i].to_utc_ns == whole_list[left + i].to_utc_ns);
		assert_int_equal(late[i].path, whole_list[left + i].path);
	}
	if (left > 0)
		assert_true(late_count > 1 && late[1].from_utc_ns <= wanted_utc_ns);
	free(whole_list);
	free(late);
	return left;
}

static void what_is_wanted_late_is_found_alike_without_the_days_before(void **state)
{
	static const struct geodetic site = {9, 3, 0};
	static struct sky sky;
	struct handover_slot slots[3] = {
		{5 * S, 2}, {7 * UTC_NS_PER_DAY + 3, 1}, {11 * UTC_NS_PER_DAY, 3}};

	(void)state;
	for (int thin = 0; thin < 2; thin++) {
		ring_init(&sky, 8, 0);
		sky_init(&sky, site, site, thin ? 55 : 12, 8);
		sky.request.from_utc_ns = 12345;
		sky.request.to_utc_ns = 12 * UTC_NS_PER_DAY + 77;
		for (int64_t h = 0; h < 12 * 24; h += 29)
			assert_true(left_out(&sky, h * 3600 * S) > 0 ||
				    h * 3600 * S < 3 * UTC_NS_PER_DAY);
		sky.request.rule = HANDOVER_SCHEDULE;
		sky.request.slots = slots;
		sky.request.slot_count = 3;
		assert_true(left_out(&sky, 10 * UTC_NS_PER_DAY) > 0);
		assert_true(left_out(&sky, 12 * UTC_NS_PER_DAY) > 0);
	}
}

static void a_rule_that_remembers_looks_at_the_whole_span(void **state)
{
	static const struct geodetic site = {9, 3, 0};
	static struct sky sky;

	(void)state;
	ring_init(&sky, 8, 0);
	sky_init(&sky, site, site, 12, 8);
	sky.request.to_utc_ns = 6 * UTC_NS_PER_DAY;
	sky.request.hysteresis_deg = 2;
	assert_int_equal(left_out(&sky, 5 * UTC_NS_PER_DAY), 0);
	sky.request.rule = HANDOVER_LONGEST;
	assert_int_equal(left_out(&sky, 5 * UTC_NS_PER_DAY), 0);
	// Nor is there an edge in two days from which to go on where all stand still.
	for (int i = 0; i < 2; i++)
		assert_true(orbit_make_geostationary(&sky.orbits[i], 10.0 * i, NULL));
	sky_init(&sky, site, site, 12, 2);
	sky.request.to_utc_ns = 6 * UTC_NS_PER_DAY;
	assert_int_equal(left_out(&sky, 5 * UTC_NS_PER_DAY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_highest_of_a_ring_serves_for_its_share_of_the_round),
		cmocka_unit_test(hysteresis_lets_the_better_one_wait),
		cmocka_unit_test(the_longest_stays_until_it_sets),
		cmocka_unit_test(between_the_passes_of_a_thin_ring_nobody_serves),
		cmocka_unit_test(a_schedule_holds_while_its_satellite_is_in_sight),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(what_is_wanted_late_is_found_alike_without_the_days_before),
		cmocka_unit_test(a_rule_that_remembers_looks_at_the_whole_span),
		cmocka_unit_test(o3b_hands_over_every_24_minutes_and_mpower_every_60),
		cmocka_unit_test(betzdorf_loses_mpower_24_times_a_day_at_ten_degrees),
	};

	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
