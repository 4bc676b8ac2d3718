// SPDX-License-Identifier: BSD-3-Clause
// Replays over satellites that verify holds against the closed form: what the lab made passes to a
// microsecond, over one satellite link, two in a row or one after the other; another epoch,
// altitude or place does not, and where more than geometry makes the delay the clause says what.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/stories.h"

#define S UINT64_C(1000000000)

// Betzdorf and Thermopylae. What is given: epoch, height of a, and the sky with link l.
#define LAB                                                                                        \
	"[network]\n%s[site a]\naddress = 10.255.0.1\nsubnet = 10.1.0.0/16\n"                      \
	"position = 49.6935, 6.33, %s\n"                                                           \
	"[site b]\naddress = 10.255.0.2\nposition = 38.8225, 22.6867, 50\n"                        \
	"[site c]\naddress = 10.255.0.3\nsubnet = 10.2.0.0/16\n"                                   \
	"[port pa]\nsite = a\naddress = 10.1.0.1/24\n"                                             \
	"[port pb]\nsite = c\naddress = 10.2.0.1/24\n"                                             \
	"[link bc]\nends = b, c\ndelay = 3ms\n%s"
#define EPOCH      "epoch = 2026-06-14T00:00:00Z\n"
#define LINK       "[link l]\nends = a, b\nmedium = satellite\n"
#define RING       "[constellation ring]\nequal = 12 8062km inclination 0deg phase 0deg\n"
#define RING_ABOVE "[constellation ring]\nequal = 12 8063km inclination 0deg phase 0deg\n"
#define OVER_RING  LINK "via = ring\nprocessing = 2ms\n"

static void write_lab(const char *epoch, const char *height, const char *sky)
{
	stories_write_lab(LAB, epoch, height, sky);
}

static json_t *find(const json_t *said, const char *name)
{
	json_t *test;
	size_t i;

	json_array_foreach(json_object_get(said, "tests"), i,
			   test) if (strcmp(json_string_value(json_object_get(test, "name")),
					    name) == 0) return test;
	return NULL;
}

// Sent and verified by the same text, with so many lost at most; the worst deviation in
// nanoseconds.
static double worst_with_loss_ns(const char *epoch, const char *sky, uint32_t frames,
				 uint64_t gap_ns, uint32_t lost)
{
	json_t *said, *clause;
	double worst;

	write_lab(epoch, "300", sky);
	stories_send(frames, gap_ns, stories_plain);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	clause = find(said, "geometry");
	assert_non_null(clause);
	assert_true(json_is_true(json_object_get(clause, "pass")));
	assert_true(stories_number(said, "lost") <= lost);
	worst = json_number_value(json_object_get(clause, "measured"));
	json_decref(said);
	return worst;
}

static double worst_ns(const char *epoch, const char *sky, uint32_t frames, uint64_t gap_ns)
{
	return worst_with_loss_ns(epoch, sky, frames, gap_ns, 0);
}

static void a_day_over_a_ring_is_the_closed_form(void **state)
{
	(void)state;
	assert_true(fabs(worst_ns(EPOCH, RING OVER_RING, 2400, 36 * S)) <= 20);
	// The node from the equinox, and inclined: sidereal time takes part.
	assert_true(fabs(worst_ns(EPOCH,
				  "[constellation ring]\nequal = 12 8062km inclination 5deg raan "
				  "100deg phase 7deg\n" OVER_RING,
				  2400, 36 * S)) <= 20);
}

// A ring that goes westwards, and a handover a second or two after the beginning to a way that
// is 3.2 ms shorter: for so long packets wait for those before them.
static void packets_held_at_a_handover_are_not_accused(void **state)
{
	json_t *said;
	const char *note;

	(void)state;
	write_lab(EPOCH, "300",
		  "[constellation ring]\nequal = 12 8062km inclination 180deg phase "
		  "8.634deg\n" OVER_RING);
	stories_send(20000, MS / 5, stories_plain);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_clause(said, "geometry"), 1);
	note = json_string_value(json_object_get(find(said, "geometry"), "note"));
	if (!strstr(note, "packets were held") || strstr(note, " 0 packets were held"))
		fail_msg("%s", note);
	json_decref(said);
}

// 24 Mbit/s into 20: packets wait longer than another satellite in sight is further away.
static void packets_that_wait_are_not_taken_for_those_of_another_satellite(void **state)
{
	json_t *said;

	(void)state;
	write_lab(EPOCH, "300", RING OVER_RING "rate = 20mbit\nlimit = 50ms\n");
	stories_send(10000, MS / 5, stories_plain);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_clause(said, "geometry"), 1);
	assert_true(stories_number(said, "lost") > 100);
	json_decref(said);
}

static void without_an_epoch_the_captures_begin_it(void **state)
{
	(void)state;
	assert_true(fabs(worst_ns("", RING OVER_RING, 600, 36 * S)) <= 20);
}

static void satellites_that_stand_still_are_the_closed_form(void **state)
{
	(void)state;
	assert_true(
		fabs(worst_ns("", "[satellite s]\norbit = geostationary 19.2\n" LINK "via = s\n",
			      200, S)) <= 20);
	assert_true(fabs(worst_ns("",
				  "[satellite s]\norbit = geostationary 19.2\n"
				  "[satellite r]\norbit = geostationary 5.0\n" LINK
				  "via = r, s\nrate = 10mbit\n",
				  200, S)) <= 20);
}

static void another_epoch_altitude_or_height_fails(void **state)
{
	(void)state;
	write_lab(EPOCH, "300", RING OVER_RING);
	stories_send(600, 36 * S, stories_plain);
	stories_replay();
	write_lab("epoch = 2026-06-14T00:01:00Z\n", "300", RING OVER_RING);
	// The epoch moves clock and satellites alike, as both are counted from it; but not these:
	json_decref(stories_verify("received.pcapng", 0));
	write_lab(EPOCH, "300", RING_ABOVE OVER_RING);
	stories_fails("geometry");
	write_lab(EPOCH, "3300", RING OVER_RING);
	stories_fails("geometry");
	write_lab(EPOCH, "300",
		  "[constellation ring]\nequal = 12 8062km inclination 0deg raan 0deg phase "
		  "0deg\n" OVER_RING);
	stories_replay();
	write_lab("epoch = 2026-06-14T00:01:00Z\n", "300",
		  "[constellation ring]\nequal = 12 8062km inclination 0deg raan 0deg phase "
		  "0deg\n" OVER_RING);
	stories_fails("geometry");
}

// A second site 500 km south of a, or none, and rain that falls on a from 100 s to 300 s.
#define RADIO                                                                                      \
	"band = Ka 30GHz 20.5GHz\nantenna = 4.5m\npower = 40W\nnoise = 200K\n"                     \
	"satellite_gt = 8dB/K\nsatellite_eirp = 50dBW\nsymbol_rate = 30Mbaud\n"
#define STILL "[satellite s]\norbit = geostationary 19.2\n" LINK "via = s\nprocessing = 2ms\n" RADIO
#define FAR   "[link cd]\nends = c, d\ndelay = 20ms\nmetric = 1000000\n"
#define RAIN  "[weather w]\nrain = 20mm/h\nsites = a\nstart = 100s\nstop = 300s\n"

// While the modem has not heard of the rain, frames are lost.
static void the_site_in_use_makes_the_delay(void **state)
{
	static const char other[] = "[site d]\nposition = 45.2, 6.3, 500\n" FAR;
	static const char moved[] = "[site d]\nposition = 45.3, 6.3, 500\n" FAR;
	static const char cable[] = "[link ad]\nends = a, d\nlength = 600km\nmetric = 1000000\n";
	char sky[2048];

	(void)state;
	snprintf(sky, sizeof(sky), RAIN "%s" STILL "diversity.forward = d\n", other);
	assert_true(fabs(worst_with_loss_ns(EPOCH, sky, 600, S, 4)) <= 20);
	snprintf(sky, sizeof(sky), RAIN "%s" STILL, other);
	write_lab(EPOCH, "300", sky);
	stories_fails("geometry");
	snprintf(sky, sizeof(sky), RAIN "%s" STILL "diversity.forward = d\n", moved);
	write_lab(EPOCH, "300", sky);
	stories_fails("geometry");
	snprintf(sky, sizeof(sky), RAIN "%s%s" STILL "diversity.forward = d\n", cable, other);
	write_lab(EPOCH, "300", sky);
	stories_fails("geometry");
	assert_true(fabs(worst_with_loss_ns(EPOCH, sky, 600, S, 4)) <= 20);
	// Of a ring, too: its ramps change with the site.
	snprintf(sky, sizeof(sky), RAIN "%s" RING OVER_RING RADIO "diversity.forward = d\n", other);
	assert_true(fabs(worst_with_loss_ns(EPOCH, sky, 600, S, 4)) <= 20);
}

// The other site takes over after a second, a millisecond nearer: order is kept, as at a handover,
// unless the topology allows reordering.
static void packets_are_held_where_a_nearer_site_takes_over(void **state)
{
	static const char rain[] = "[weather w]\nrain = 20mm/h\nsites = a\n"
				   "[site d]\nposition = 45.2, 6.3, 500\n";
	static const char *const skies[] = {STILL, RING OVER_RING RADIO,
					    RING OVER_RING RADIO
					    "handover = make-before-break reorder allowed\n"};
	json_t *said;
	char sky[2048];

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *note;

		snprintf(sky, sizeof(sky), "%s%sdiversity.forward = d switch 1s\n", rain, skies[i]);
		write_lab(EPOCH, "300", sky);
		stories_send(20000, MS / 5, stories_plain);
		stories_replay();
		said = stories_verify("received.pcapng", 0);
		assert_int_equal(stories_clause(said, "geometry"), 1);
		assert_int_equal(stories_number(said, "lost"), 0);
		assert_true((stories_number(said, "reordered") > 0) == (i == 2));
		note = json_string_value(json_object_get(find(said, "geometry"), "note"));
		if (i < 2 &&
		    (!strstr(note, "packets were held") || strstr(note, " 0 packets were held")))
			fail_msg("%s", note);
		json_decref(said);
	}
}

// Betzdorf to Thermopylae over a ring and on to Cyprus over a satellite that stands still; or there
// at once over another ring, which is longer by its metric. %s: that ring, and what happens.
#define FURTHER                                                                                    \
	"[network]\n" EPOCH "[site a]\naddress = 10.255.0.1\nsubnet = 10.1.0.0/16\n"               \
	"position = 49.6935, 6.33, 300\n"                                                          \
	"[site b]\naddress = 10.255.0.2\nposition = 38.8225, 22.6867, 50\n"                        \
	"[site c]\naddress = 10.255.0.3\nsubnet = 10.2.0.0/16\nposition = 34.9, 33.0, 100\n"       \
	"[port pa]\nsite = a\naddress = 10.1.0.1/24\n"                                             \
	"[port pb]\nsite = c\naddress = 10.2.0.1/24\n"                                             \
	"[constellation ring]\nequal = 12 8062km inclination 0deg phase 0deg\n"                    \
	"[constellation far]\nequal = 10 %skm inclination 3deg phase 20deg\n"                      \
	"[satellite still]\norbit = geostationary %s\n"                                            \
	"[link ab]\nends = a, b\nmedium = satellite\nvia = ring\nmetric = 10\nrate = 20mbit\n"     \
	"processing = 1ms\n"                                                                       \
	"[link bc]\nends = b, c\nmedium = satellite\nvia = still\nmetric = 10\n"                   \
	"processing = 2ms\n"                                                                       \
	"[link ac]\nends = a, c\nmedium = satellite\nvia = far\nmetric = 100\n%s"

static void satellites_in_a_row_and_side_by_side_are_each_judged(void **state)
{
	static const char change[] = "[event turn]\nat = 2h\ndo = link bc down\n";
	json_t *said;
	const char *note;

	(void)state;
	stories_write_lab(FURTHER, "9000", "19.2", change);
	stories_send(1200, 12 * S, stories_plain);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_clause(said, "geometry"), 1);
	assert_true(fabs(json_number_value(json_object_get(find(said, "geometry"), "measured"))) <=
		    30);
	note = json_string_value(json_object_get(find(said, "geometry"), "note"));
	if (!strstr(note, "ab:forward") || !strstr(note, "bc:forward") ||
	    !strstr(note, "ac:forward"))
		fail_msg("%s", note);
	json_decref(said);
	// The second in the row, and the one that is taken later.
	stories_write_lab(FURTHER, "9000", "19.3", change);
	stories_fails("geometry");
	stories_write_lab(FURTHER, "9001", "19.2", change);
	stories_fails("geometry");
}

static void where_more_than_geometry_makes_the_delay_it_says_so(void **state)
{
	static const char *const skies[][2] = {
		{RING OVER_RING "jitter = 1ms\n", "l:forward has jitter"},
		{RING OVER_RING "delay = 70ms\n", "l:forward has a delay that is given"},
		{"[satellite k]\norbit = kepler axis 42164km eccentricity 0.0002\n" LINK
		 "via = k\n",
		 "neither stand still nor circle"},
		{"[link l]\nends = a, b\nlength = 2000km\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(skies) / sizeof(skies[0]); i++) {
		json_t *said;

		write_lab(EPOCH, "300", skies[i][0]);
		stories_send(100, S, stories_plain);
		stories_replay();
		said = stories_verify("received.pcapng", 0);
		if (skies[i][1]) {
			const char *note =
				json_string_value(json_object_get(find(said, "geometry"), "note"));

			assert_int_equal(stories_clause(said, "geometry"), -1);
			if (!strstr(note, skies[i][1]))
				fail_msg("%s", note);
		} else {
			assert_null(find(said, "geometry"));
		}
		json_decref(said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_over_a_ring_is_the_closed_form),
		cmocka_unit_test(packets_held_at_a_handover_are_not_accused),
		cmocka_unit_test(packets_that_wait_are_not_taken_for_those_of_another_satellite),
		cmocka_unit_test(the_site_in_use_makes_the_delay),
		cmocka_unit_test(packets_are_held_where_a_nearer_site_takes_over),
		cmocka_unit_test(without_an_epoch_the_captures_begin_it),
		cmocka_unit_test(satellites_that_stand_still_are_the_closed_form),
		cmocka_unit_test(another_epoch_altitude_or_height_fails),
		cmocka_unit_test(satellites_in_a_row_and_side_by_side_are_each_judged),
		cmocka_unit_test(where_more_than_geometry_makes_the_delay_it_says_so),
	};

	return cmocka_run_group_tests(tests, stories_enter, stories_leave);
}
