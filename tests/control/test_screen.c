// SPDX-License-Identifier: BSD-3-Clause
// The live table of `corridor run`: busiest channels first, rates since the last picture, within
// the terminal.
#include "control/cli/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/fake_lab.h"

struct picture {
	char *text;
	size_t size;
	FILE *out; // no terminal: 24 lines of 80 columns
	struct screen *screen;
};

static struct picture *open_picture(const struct fake_lab *fake, bool colour)
{
	struct picture *picture = calloc(1, sizeof(*picture));
	picture->out = open_memstream(&picture->text, &picture->size);
	picture->screen = screen_create(fake->lab, picture->out, colour);
	assert_non_null(picture->screen);
	return picture;
}

static void close_picture(struct picture *picture)
{
	screen_free(picture->screen);
	fclose(picture->out);
	free(picture->text);
	free(picture);
}

// Draws anew, and gives what was drawn.
static const char *draw(struct picture *picture, const struct fake_lab *fake)
{
	size_t before = picture->size;
	screen_draw(picture->screen, fake->lab);
	return picture->text + before;
}

static void rates_are_those_since_the_last_picture_busiest_first(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	struct picture *picture = open_picture(&fake, false);
	uint32_t ab = paper_channel(fake.topology, "ab:forward");
	uint32_t cb = paper_channel(fake.topology, "cb:reverse");
	fake_engine.channels[ab] = (struct engine_channel_counters){
		.delivered = 1000, .delivered_bytes = 100000, .in_flight = 3};
	fake_engine.now_ns = 1000 * MS;
	draw(picture, &fake);
	// In the two seconds that follow cb has 500 packets of 250 bytes, and loses 100; ab has 10.
	fake_engine.channels[ab].delivered += 10;
	fake_engine.channels[cb] =
		(struct engine_channel_counters){.delivered = 500, .delivered_bytes = 125000};
	fake_engine.channels[cb].lost[DROP_QUEUE] = 100;
	fake_engine.now_ns = 3000 * MS;
	const char *text = draw(picture, &fake);
	const char *busiest = strstr(text, "cb:reverse"), *next = strstr(text, "ab:forward");
	assert_true(busiest != NULL && next != NULL && busiest < next);
	assert_true(strstr(text, "ac:forward") > next);
	char name[16], state_word[8], delay[16];
	double packets, megabits;
	unsigned in_flight, lost;
	assert_int_equal(sscanf(busiest, "%15s %7s %15s %lf %lf %u %u", name, state_word, delay,
				&packets, &megabits, &in_flight, &lost),
			 7);
	assert_string_equal(state_word, "up");
	assert_string_equal(delay, "3ms");
	assert_float_equal(packets, 300, 0.01);
	assert_float_equal(megabits, 0.5, 0.001);
	assert_int_equal(in_flight, 0);
	assert_int_equal(lost, 100);
	assert_int_equal(sscanf(next, "%*s %*s %*s %lf %*f %u", &packets, &in_flight), 2);
	assert_float_equal(packets, 5, 0.01);
	assert_int_equal(in_flight, 3);
	close_picture(picture);
	fake_lab_end(&fake);
}

static void a_picture_stays_within_the_terminal(void **state)
{
	(void)state;
	char text[8192] = "";
	// More channels than 24 lines hold, with long names.
	for (int i = 0; i < 20; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[link the-rather-long-name-of-link-%d]\nends = a, b\n"
			 "medium = ethernet\ndelay = 1ms\n",
			 i);
	char *whole = malloc(sizeof(text) + 200);
	snprintf(whole, sizeof(text) + 200, "%s%s", ROUTER("a") ROUTER("b"), text);
	struct fake_lab fake = fake_lab_start(whole);
	struct picture *picture = open_picture(&fake, true);
	char *drawn = strdup(draw(picture, &fake)), *rest = NULL;
	size_t lines = 0;
	assert_memory_equal(drawn, "\033[H", 3); // over the last one
	for (char *line = strtok_r(drawn, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest), lines++) {
		size_t width = 0;
		for (const char *c = line; *c != '\0'; c++) {
			if (*c == '\033')
				c += strcspn(c, "HKJm");
			else
				width++;
		}
		assert_true(width <= 80);
		// All columns are there, and of long names the end that tells them apart.
		if (lines == 2)
			assert_non_null(strstr(line, " LOST"));
		unsigned in_flight, lost;
		if (lines > 2 && line[0] != '\033') {
			assert_non_null(strstr(line, lines % 2 ? ":forward up" : ":reverse up"));
			assert_int_equal(
				sscanf(line, "%*s %*s %*s %*f %*f %u %u", &in_flight, &lost), 2);
		}
	}
	assert_true(lines <= 24);
	free(drawn);
	close_picture(picture);
	fake_lab_end(&fake);
	free(whole);
}

static void a_channel_that_is_down_is_red_where_colour_is_wanted(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	struct picture *plain = open_picture(&fake, false), *colour = open_picture(&fake, true);
	assert_null(strstr(draw(colour, &fake), "\033[31m"));
	fake_lab_change(&fake, "link ab:forward down");
	assert_null(strstr(draw(plain, &fake), "\033[31m"));
	assert_non_null(strstr(draw(colour, &fake), "\033[31mab:forward"));
	close_picture(plain);
	close_picture(colour);
	fake_lab_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_those_since_the_last_picture_busiest_first),
		cmocka_unit_test(a_picture_stays_within_the_terminal),
		cmocka_unit_test(a_channel_that_is_down_is_red_where_colour_is_wanted),
	};
	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
