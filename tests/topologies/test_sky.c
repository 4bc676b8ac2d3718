// SPDX-License-Identifier: BSD-3-Clause
// Orbits as they are written, files of elements, constellations, and links over them.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/physics/utc.h"
#include "tests/control/paper.h"
#include "topologies/elements.h"
#include "topologies/load.h"
#include "topologies/sky.h"

#define SITES                                                                                      \
	"[site a]\nkind = teleport\nposition = 49.6935, 6.33, 300\n"                               \
	"[site b]\nkind = teleport\nposition = 38.8225, 22.6867, 50\n"
#define EPOCH "[network]\nrouting = external\nepoch = 2026-06-14T04:13:00Z\n"
#define LINK  "[link x]\nends = a, b\nmedium = satellite\n"
// O3b mPOWER F1 as published, and its figures one by one.
#define LINE1 "1 54755U 22174A   26164.82607139 -.00000013  00000+0  00000+0 0  9990\n"
#define LINE2 "2 54755   0.0527 342.0736 0006396 114.5126  48.9702  5.00114934 65199\n"
#define FIGURES                                                                                    \
	"EPOCH=2026-06-13T19:49:32.568096Z MEAN_MOTION=5.00114934 ECCENTRICITY=0.0006396 "         \
	"INCLINATION=0.0527 RA_OF_ASC_NODE=342.0736 ARG_OF_PERICENTER=114.5126 "                   \
	"MEAN_ANOMALY=48.9702 BSTAR=0"

// The first fault stands at `where` and speaks of `what`.
static void expect_fault(const char *text, const char *where, const char *what)
{
	struct errors errors = {0};
	struct topology *topology = topology_load_text(text, "lab.ini", &errors);

	assert_null(topology);
	assert_string_equal(errors.items[0].where, where);
	if (!strstr(errors.items[0].what, what))
		fail_msg("\"%s\" does not speak of \"%s\"", errors.items[0].what, what);
	errors_fini(&errors);
}

static int parse(const char *text, enum elements_format format, struct element_sets *sets,
		 struct error *error)
{
	char *copy = strdup(text);
	int rc = elements_parse(copy, "f", format, sets, error);

	free(copy);
	return rc;
}

static void expect_f1(const struct element_set *set)
{
	assert_string_equal(set->name, "O3B MPOWER F1");
	assert_string_equal(set->catalogue, "54755");
	assert_true(set->mean.mean_motion_rev_per_day == 5.00114934);
	assert_true(set->mean.eccentricity == 0.0006396);
	assert_true(set->mean.inclination_deg == 0.0527);
	assert_true(set->mean.ascending_node_deg == 342.0736);
	assert_true(set->mean.perigee_deg == 114.5126);
	assert_true(set->mean.mean_anomaly_deg == 48.9702);
	// Day 164 of 2026 is 13 June; 0.82607139 of it are 71372.568096 s.
	assert_in_range(set->mean.epoch_utc_ns, utc_of_day(2026, 6, 13) + 71372568095998,
			utc_of_day(2026, 6, 13) + 71372568096002);
}

static void a_tle_and_each_form_of_an_omm_say_the_same(void **state)
{
	static const char *const messages[] = {
		"OBJECT_NAME,NORAD_CAT_ID,EPOCH,MEAN_MOTION,ECCENTRICITY,INCLINATION,RA_OF_ASC_"
		"NODE,"
		"ARG_OF_PERICENTER,MEAN_ANOMALY,BSTAR\nO3B MPOWER "
		"F1,54755,2026-06-13T19:49:32.568096,5.00114934,.0006396,.0527,342.0736,114.5126,"
		"48.9702,0\n",
		"[{\"OBJECT_NAME\": \"O3B MPOWER F1\", \"NORAD_CAT_ID\": 54755,\n\"EPOCH\": "
		"\"2026-06-13T19:49:32.568096\", \"MEAN_MOTION\": 5.00114934, \"ECCENTRICITY\": "
		"0.0006396, \"INCLINATION\": 0.0527, \"RA_OF_ASC_NODE\": 342.0736, "
		"\"ARG_OF_PERICENTER\": 114.5126, \"MEAN_ANOMALY\": 48.9702, \"BSTAR\": 0}]\n",
		"CCSDS_OMM_VERS = 2.0\nOBJECT_NAME = O3B MPOWER F1\nTIME_SYSTEM = UTC\nEPOCH = "
		"2026-06-13T19:49:32.568096\nMEAN_MOTION = 5.00114934 [rev/day]\nECCENTRICITY = "
		".0006396\nINCLINATION = .0527 [deg]\nRA_OF_ASC_NODE = 342.0736\nARG_OF_PERICENTER "
		"= 114.5126\nMEAN_ANOMALY = 48.9702\nNORAD_CAT_ID = 54755\nBSTAR = 0\n",
	};
	struct element_sets sets;
	struct error error;

	(void)state;
	assert_int_equal(
		parse("O3B MPOWER F1           \n" LINE1 LINE2, ELEMENTS_TLE, &sets, &error), 0);
	assert_int_equal(sets.count, 1);
	expect_f1(&sets.items[0]);
	assert_ptr_equal(elements_find(&sets, "o3b mpower f1"), &sets.items[0]);
	assert_ptr_equal(elements_find(&sets, "54755"), &sets.items[0]);
	elements_free(&sets);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (parse(messages[i], ELEMENTS_OMM, &sets, &error))
			fail_msg("%s: %s", error.where, error.what);
		assert_int_equal(sets.count, 1);
		expect_f1(&sets.items[0]);
		elements_free(&sets);
	}
}

static void a_drag_term_is_a_mantissa_and_a_power(void **state)
{
	struct element_sets sets;
	struct error error;

	(void)state;
	// ISS, epoch of 2008 (a textbook's example).
	assert_int_equal(
		parse("1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927\n"
		      "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537\n",
		      ELEMENTS_TLE, &sets, &error),
		0);
	assert_float_equal(sets.items[0].mean.drag_per_earth_radius, -0.11606e-4, 1e-15);
	elements_free(&sets);
}

static void what_is_wrong_with_elements_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text;
		enum elements_format format;
		const char *where, *what;
	} cases[] = {
		{"F\n1 54755U 22174A   26164.82607139 -.00000013  00000+0  00000+0 0  9991\n" LINE2,
		 ELEMENTS_TLE, "f:2", "checksum"},
		{LINE1 "2 54756   0.0527 342.0736 0006396 114.5126  48.9702  5.00114934 65190\n",
		 ELEMENTS_TLE, "f:2", "object"},
		{LINE1, ELEMENTS_TLE, "f:2", "not line 2"},
		{LINE2, ELEMENTS_TLE, "f:1", "without its line 1"},
		{"1 54755U short\n" LINE2, ELEMENTS_TLE, "f:1", "characters"},
		{"nothing\n", ELEMENTS_TLE, "f", "no element set"},
		{"EPOCH,MEAN_MOTION\n2026-06-13T19:49:32,5\n", ELEMENTS_OMM, "f:2", "ECCENTRICITY"},
		{"EPOCH,MEAN_MOTION\n2026-06-13T19:49:32,five\n", ELEMENTS_OMM, "f:2",
		 "MEAN_MOTION"},
		{"{\"EPOCH\": {\"a\": 1}}", ELEMENTS_OMM, "f:1", "nested"},
		{"{\"EPOCH\": \"2026-06-13T19:49:32\", \"REF_FRAME\": \"GCRF\"}", ELEMENTS_OMM,
		 "f:1", "REF_FRAME"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct element_sets sets;
		struct error error;

		assert_true(parse(cases[i].text, cases[i].format, &sets, &error) < 0);
		assert_string_equal(error.where, cases[i].where);
		if (!strstr(error.what, cases[i].what))
			fail_msg("\"%s\" does not speak of \"%s\"", error.what, cases[i].what);
	}
}

static void an_orbit_is_written_in_each_of_its_ways(void **state)
{
	struct topology *t =
		paper(EPOCH SITES
		      "[satellite geo]\norbit = geostationary 21.5deg\n"
		      "[satellite ring]\norbit = circular 8062km inclination 0deg phase 30deg\n"
		      "[satellite polar]\norbit = circular 1200km inclination 87.9deg raan 45deg "
		      "phase 10deg\n"
		      "[satellite egg]\norbit = kepler axis 26600km eccentricity 0.7 inclination "
		      "63.4deg raan 10deg perigee 270deg anomaly 0deg epoch "
		      "2026-06-14T00:00:00Z\n"
		      "[satellite f1]\norbit = elements " FIGURES "\n");
	struct orbit_state at;

	(void)state;
	assert_int_equal(t->epoch_utc_ns, utc_of_day(2026, 6, 14) + 15180 * UTC_NS_PER_S);
	assert_int_equal(t->satellites[0].orbit.law, ORBIT_LAW_STATIONARY);
	// Without raan the phase is the longitude at the run's epoch.
	assert_int_equal(orbit_at(&t->satellites[1].orbit, t->epoch_utc_ns, &at), 0);
	assert_float_equal(at.position_m[0], 14440137 * 0.8660254037844387, 1);
	assert_float_equal(at.position_m[1], 14440137 * 0.5, 1);
	assert_int_equal(t->satellites[2].orbit.law, ORBIT_LAW_CIRCULAR);
	assert_int_equal(t->satellites[3].orbit.law, ORBIT_LAW_KEPLER_J2);
	assert_int_equal(t->satellites[4].orbit.law, ORBIT_LAW_SGP4);
	topology_free(t);
}

static void a_constellation_makes_its_satellites(void **state)
{
	struct topology *t = paper(
		EPOCH SITES "[constellation ring]\nequal = 12 8062km inclination 0deg phase 0deg\n"
			    "[constellation shell]\nwalker = 6/3/1 1200km inclination 55deg\n"
			    "[satellite lone]\norbit = geostationary 0deg\n"
			    "[constellation mixed]\nsatellites = lone, lone\n");
	struct orbit_state at;

	(void)state;
	assert_int_equal(t->satellite_count, 19);
	assert_int_equal(t->constellations[0].satellite_count, 12);
	assert_string_equal(t->satellites[t->constellations[0].satellites[3]].name, "ring-4");
	assert_int_equal(orbit_at(&t->satellites[t->constellations[0].satellites[3]].orbit,
				  t->epoch_utc_ns, &at),
			 0);
	assert_float_equal(at.position_m[1], 14440137, 1); // 3 x 30 deg east
	// Walker 6/3/1: the third is the first of plane 2, 120 deg east and 60 deg on.
	assert_float_equal(
		t->satellites[t->constellations[1].satellites[2]].ellipse.ascending_node_deg, 120,
		1e-9);
	assert_float_equal(
		t->satellites[t->constellations[1].satellites[2]].ellipse.mean_anomaly_deg, 60,
		1e-9);
	topology_free(t);
}

static void times_may_be_instants_of_utc(void **state)
{
	struct topology *t = paper(EPOCH SITES "[link ab]\nends = a, b\ndelay = 20ms\n"
					       "[event e]\nat = 2026-06-14T04:14:30.5Z\ndo = link "
					       "ab down\n");

	(void)state;
	assert_int_equal(t->events[0].at_ns, 90500000000);
	topology_free(t);
	t = paper(EPOCH "[site a]\naddress = 10.255.0.1\n[site b]\naddress = 10.255.0.2\n[link "
			"ab]\nends = a, b\ndelay = 20ms\n[flow f]\nfrom = a\nto = b\n"
			"rate = 1mbit\nstart = 2026-06-14T04:14:30.5Z\nstop = 100s\n");
	assert_int_equal(t->flows[0].start_ns, 90500000000);
	assert_int_equal(t->flows[0].stop_ns, 100000000000);
	topology_free(t);
}

static void faults_of_the_sky_are_named(void **state)
{
	static const struct {
		const char *text, *where, *what;
	} cases[] = {
		{"[satellite s]\norbit = circular 8062km inclination 190deg phase 0deg\n",
		 "lab.ini:2 [satellite s] orbit", "inclination is 190 deg"},
		{"[satellite s]\norbit = circular 50km inclination 0deg phase 0deg\n",
		 "lab.ini:2 [satellite s] orbit", "altitude"},
		{"[satellite s]\norbit = circular 8062km phase 0deg phase 1deg\n",
		 "lab.ini:2 [satellite s] orbit", "twice"},
		{"[satellite s]\norbit = elements EPOCH=2026-06-13T19:49:32Z\n",
		 "lab.ini:2 [satellite s] orbit", "MEAN_MOTION is missing"},
		// There was no leap second then, and there is a name for it.
		{"[satellite s]\norbit = elements EPOCH=2026-05-31T23:59:60Z\n",
		 "lab.ini:2 [satellite s] orbit", "leap second"},
		{"[satellite s]\norbit = elements MEAN_MOTION=fast\n",
		 "lab.ini:2 [satellite s] orbit", "a number expected"},
		{"[satellite s]\norbit = tle nowhere.tle X\n", "lab.ini:2 [satellite s] orbit",
		 "cannot be opened"},
		{"[constellation c]\nwalker = 7/3/1 1200km\n", "lab.ini:2 [constellation c] walker",
		 "divide"},
		{"[network]\nepoch = yesterday\n", "lab.ini:2 [network] epoch", "UTC"},
		{SITES "[link ab]\nends = a, b\ndelay = 20ms\n[event e]\nat = "
		       "2026-06-14T04:14:30Z\ndo = link ab down\n",
		 "lab.ini:11 [event e] at", "epoch"},
		{SITES "[link ab]\nends = a, b\ndelay = 20ms\n[flow f]\nfrom = a\nto = b\n"
		       "rate = 1mbit\nstop = 2026-06-14T04:14:30Z\n",
		 "lab.ini:14 [flow f] stop", "epoch"},
		{EPOCH SITES "[link ab]\nends = a, b\ndelay = 20ms\n[flow f]\nfrom = a\nto = b\n"
			     "rate = 1mbit\nstart = 95s\nstop = 2026-06-14T04:14:30Z\n",
		 "lab.ini:18 [flow f] stop", "before it starts"},
		{SITES "[satellite s]\norbit = circular 300km inclination 0deg phase 0deg\n" LINK
		       "via = s\n",
		 "lab.ini:12 [link x] via", "never in sight"},
		{SITES "[satellite s]\norbit = geostationary 10deg\n" LINK
		       "via = s\nchoose = longest\n",
		 "lab.ini:13 [link x] choose", "constellation"},
		{SITES "[constellation c]\nequal = 12 8062km\n" LINK
		       "via = c\nhandover = sometimes\n",
		 "lab.ini:13 [link x] handover", "make-before-break"},
		{SITES "[constellation c]\nequal = 12 8062km\n" LINK
		       "via = c\nchoose = schedule d-1 0s\n",
		 "lab.ini:13 [link x] choose", "not a satellite of this link"},
		// A century after its elements a low orbit has decayed.
		{"[network]\nepoch = 2090-01-01T00:00:00Z\n[satellite s]\norbit = elements "
		 "EPOCH=2026-01-01T00:00:00Z MEAN_MOTION=16.2 ECCENTRICITY=0.0005 INCLINATION=51 "
		 "RA_OF_ASC_NODE=0 ARG_OF_PERICENTER=0 MEAN_ANOMALY=0 BSTAR=0.001\n",
		 "lab.ini:3 [satellite s]", "say nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_fault(cases[i].text, cases[i].where, cases[i].what);
}

// The way back over two satellites takes the last one first.
static void a_chain_is_taken_from_either_end(void **state)
{
	struct topology *t =
		paper(EPOCH SITES "[satellite west]\norbit = geostationary 5deg\n[satellite east]\n"
				  "orbit = geostationary 25deg\n" LINK "via = west, east\n");
	struct path there = sky_way(t, &t->links[0], LINK_FORWARD, 0);
	struct path back = sky_way(t, &t->links[0], LINK_REVERSE, 0);

	(void)state;
	assert_int_equal(there.satellite_count, 2);
	assert_int_equal(back.satellite_count, 2);
	assert_ptr_equal(there.satellites[0], &t->satellites[0].orbit);
	assert_ptr_equal(there.satellites[1], &t->satellites[1].orbit);
	assert_ptr_equal(back.satellites[0], &t->satellites[1].orbit);
	assert_ptr_equal(back.satellites[1], &t->satellites[0].orbit);
	assert_ptr_equal(there.from, back.to);
	topology_free(t);
}

static void keep(void *context, const struct satellite *satellite, const char *what)
{
	(void)satellite;
	snprintf(context, 300, "%s", what);
}

static void stale_elements_say_how_far_off_they_may_be(void **state)
{
	struct topology *t =
		paper("[network]\nrouting = external\nepoch = 2026-07-03T19:49:32Z\n" SITES
		      "[satellite f1]\norbit = elements " FIGURES "\n");
	char said[300] = "";

	(void)state;
	sky_warn(t, t->epoch_utc_ns, t->epoch_utc_ns, keep, said);
	assert_non_null(strstr(said, "20 days from 2026-07-03T19:49:32"));
	assert_non_null(strstr(said, "21 km"));
	topology_free(t);
	t = paper(EPOCH SITES "[satellite f1]\norbit = elements " FIGURES "\n");
	said[0] = '\0';
	sky_warn(t, t->epoch_utc_ns, t->epoch_utc_ns + 13 * UTC_NS_PER_DAY, keep, said);
	assert_string_equal(said, "");
	// Fresh as the run begins, but not when asked about; before the elements, too.
	sky_warn(t, t->epoch_utc_ns, t->epoch_utc_ns + 100 * UTC_NS_PER_DAY, keep, said);
	assert_non_null(strstr(said, "100 days"));
	sky_warn(t, t->epoch_utc_ns - 50 * UTC_NS_PER_DAY, t->epoch_utc_ns, keep, said);
	assert_non_null(strstr(said, "50 days"));
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tle_and_each_form_of_an_omm_say_the_same),
		cmocka_unit_test(a_drag_term_is_a_mantissa_and_a_power),
		cmocka_unit_test(what_is_wrong_with_elements_is_said_with_its_line),
		cmocka_unit_test(an_orbit_is_written_in_each_of_its_ways),
		cmocka_unit_test(a_constellation_makes_its_satellites),
		cmocka_unit_test(times_may_be_instants_of_utc),
		cmocka_unit_test(a_chain_is_taken_from_either_end),
		cmocka_unit_test(faults_of_the_sky_are_named),
		cmocka_unit_test(stale_elements_say_how_far_off_they_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
