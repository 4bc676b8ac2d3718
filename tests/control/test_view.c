// SPDX-License-Identifier: BSD-3-Clause
// What there is to see of a running lab: each view has the keys that docs/json.md promises and no
// others, and prints as a table. What is counted: test_view_counters.c.
#include "control/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/show_table.h"
#include "tests/control/view_rows.h"

// ---- The page ----

// The section of docs/json.md about show, or its row about a view. The caller frees.
static char *promised(const char *name)
{
	char wanted[64], *text = NULL;
	size_t length = 0;
	FILE *page = fopen(JSON_PAGE, "r");
	assert_non_null(page);
	assert_true(getdelim(&text, &length, '\0', page) > 0);
	fclose(page);
	char *from = strstr(text, "\n## show\n");
	assert_non_null(from);
	char *end = strstr(from + 1, "\n## ");
	if (name != NULL) {
		snprintf(wanted, sizeof(wanted), "\n| %s | ", name);
		from = strstr(from, wanted);
		if (from == NULL)
			fail_msg("docs/json.md has no row for %s", name);
		from += strlen(wanted);
		end = strchr(from, '\n');
	}
	char *part = strndup(from, (size_t)(end - from));
	free(text);
	return part;
}

// Is a word a key, at any depth, or a text of `value`?
static bool is_there(const json_t *value, const char *word)
{
	size_t index;
	json_t *item;
	const char *key;
	if (json_is_string(value))
		return strcmp(json_string_value(value), word) == 0;
	json_array_foreach(value, index, item)
	{
		if (is_there(item, word))
			return true;
	}
	json_object_foreach((json_t *)value, key, item)
	{
		if (strcmp(key, word) == 0 || is_there(item, word))
			return true;
	}
	return false;
}

static bool is_promised(const char *text, const char *key)
{
	size_t length = strlen(key);
	for (const char *at = text + 1; (at = strstr(at, key)) != NULL; at++)
		if (strchr("` {", at[-1]) != NULL && strchr("` }:", at[length]) != NULL)
			return true;
	return false;
}

// A lab with everything, whose past is longer than what is kept of it.
static struct fake_lab full_lab(void)
{
	struct fake_lab fake = fake_lab_start(view_everything);
	for (int i = 0; i <= NETWORK_EVENTS_KEPT; i++)
		fake_lab_change(&fake, "link ab set loss 1%");
	static const char *const ahead[] = {"link ab up"};
	assert_int_equal(lab_change_at(fake.lab, 7200000 * MS, ahead, 1, NULL), 0);
	return fake;
}

static void every_key_of_the_page_is_in_its_view(void **state)
{
	(void)state;
	struct fake_lab fake = full_lab();
	for (const struct view *v = views; v->name != NULL; v++) {
		json_t *rows = view_rows(&fake, v->name, NULL);
		char *page = promised(v->name), *rest = NULL;
		assert_true(json_is_array(rows) && json_array_size(rows) > 0);
		// What stands between backquotes is a list of words.
		for (char *at = strchr(page, '`'); at != NULL; at = strchr(at, '`')) {
			char *end = strchr(++at, '`');
			assert_non_null(end);
			*end = '\0';
			for (char *word = strtok_r(at, " {}", &rest); word != NULL;
			     word = strtok_r(NULL, " {}", &rest))
				if (!is_there(rows, word))
					fail_msg("%s has no %s", v->name, word);
			at = end + 1;
		}
		free(page);
		json_decref(rows);
	}
	fake_lab_end(&fake);
}

static void every_key_of_a_view_is_on_the_page(void **state)
{
	(void)state;
	struct fake_lab fake = full_lab();
	char *section = promised(NULL);
	for (const struct view *v = views; v->name != NULL; v++) {
		json_t *rows = view_rows(&fake, v->name, NULL), *one, *value;
		char *page = promised(v->name);
		size_t index;
		const char *key;
		json_array_foreach(rows, index, one) json_object_foreach(one, key, value)
		{
			bool is_impairment = strcmp(v->name, "channels") == 0;
			if (!is_promised(page, key) &&
			    !(is_impairment && is_promised(section, key)))
				fail_msg("docs/json.md does not know %s of %s", key, v->name);
		}
		free(page);
		json_decref(rows);
	}
	free(section);
	fake_lab_end(&fake);
}

// ---- What they say ----

static void the_lab_as_a_whole_is_described(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	fake_engine.now_ns = 5000 * MS;
	fake_engine.memory = (struct engine_memory){
		.packets = 1, .packets_most = 2, .bytes_used = 3, .bytes_limit = 4};
	json_t *rows = view_rows(&fake, "stats", NULL), *stats = json_array_get(rows, 0);
	assert_int_equal(view_number(stats, "now_ns"), 5000 * MS);
	assert_int_equal(view_number(stats, "epoch_ns"), FAKE_ENGINE_EPOCH_NS);
	assert_int_equal(view_number(stats, "sites"), 3);
	assert_int_equal(view_number(stats, "links"), 3);
	assert_int_equal(view_number(stats, "ports"), 3);
	assert_int_equal(view_number(stats, "flows"), 2);
	assert_int_equal(view_number(stats, "memory_packets"), 1);
	assert_int_equal(view_number(stats, "memory_packets_most"), 2);
	assert_int_equal(view_number(stats, "memory_bytes"), 3);
	assert_int_equal(view_number(stats, "memory_limit_bytes"), 4);
	assert_true(json_is_true(json_object_get(stats, "settled")));
	json_decref(rows);
	fake_lab_change(&fake, "link ab down");
	rows = view_rows(&fake, "stats", NULL);
	assert_true(json_is_false(json_object_get(json_array_get(rows, 0), "settled")));
	json_decref(rows);
	fake_lab_end(&fake);
}

static void a_link_that_is_cut_is_down_where_it_is(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	fake_lab_change(&fake, "link ab:forward down");
	fake_lab_change(&fake, "site c down");
	json_t *rows = view_rows(&fake, "links", NULL), *one = view_row(rows, "link", "ab");
	assert_true(json_is_false(json_object_get(one, "up")));
	assert_true(json_is_false(json_object_get(json_object_get(one, "forward"), "up")));
	assert_true(json_is_true(json_object_get(json_object_get(one, "reverse"), "up")));
	assert_true(json_is_true(json_object_get(view_row(rows, "link", "bc"), "up")));
	json_decref(rows);
	rows = view_rows(&fake, "channels", NULL);
	assert_true(
		json_is_false(json_object_get(view_row(rows, "channel", "ab:forward"), "carrier")));
	assert_true(
		json_is_true(json_object_get(view_row(rows, "channel", "ab:reverse"), "carrier")));
	json_decref(rows);
	rows = view_rows(&fake, "sites", NULL);
	assert_true(json_is_true(json_object_get(view_row(rows, "site", "b"), "up")));
	assert_true(json_is_false(json_object_get(view_row(rows, "site", "c"), "up")));
	json_decref(rows);
	fake_lab_end(&fake);
}

static void the_words_of_a_channel_can_be_given_back(void **state)
{
	(void)state;
	static const char *const given[] = {
		"delay 5ms 1ms 25% distribution normal loss gemodel 1% 10% 70% 0.1%",
		"rate 1mbit 24 limit 20ms", "loss random 0.1% 25%"};
	struct fake_lab fake = fake_lab_start(view_everything);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		char line[512];
		snprintf(line, sizeof(line), "link ab set %s", given[i]);
		fake_lab_change(&fake, line);
		json_t *before = view_rows(&fake, "channels", json_pack("[s]", "ab:forward"));
		const char *words =
			json_string_value(json_object_get(json_array_get(before, 0), "words"));
		fake_lab_change(&fake, "link ab reset");
		snprintf(line, sizeof(line), "link ab set %s", words);
		fake_lab_change(&fake, line);
		json_t *after = view_rows(&fake, "channels", json_pack("[s]", "ab:forward"));
		assert_true(json_equal(before, after));
		json_decref(before);
		json_decref(after);
	}
	fake_lab_end(&fake);
}

static void impairments_are_in_tcs_own_units(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	json_t *rows = view_rows(&fake, "channels", NULL);
	const json_t *ab = view_row(rows, "channel", "ab:forward");
	const json_t *bc = view_row(rows, "channel", "bc:reverse");
	const json_t *delay = json_object_get(ab, "delay");
	assert_float_equal(json_real_value(json_object_get(delay, "delay")), 0.003, 1e-12);
	assert_float_equal(json_real_value(json_object_get(delay, "jitter")), 0.0001, 1e-12);
	assert_int_equal(view_number(json_object_get(ab, "rate"), "rate"), 12500000);
	assert_int_equal(view_number(ab, "rate_bps"), 100000000);
	assert_int_equal(view_number(ab, "delay_ns"), 3 * MS);
	assert_float_equal(
		json_real_value(json_object_get(json_object_get(ab, "loss-random"), "loss")), 0.01,
		1e-12);
	assert_float_equal(
		json_real_value(json_object_get(json_object_get(bc, "loss-gemodel"), "r")), 0.25,
		1e-12);
	json_decref(rows);
	fake_lab_end(&fake);
}

static void a_port_shows_its_device_and_what_that_lacks(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	fake_engine.mtu_limit_bytes[0] = 1400;
	strcpy(fake_engine.warnings[0], "it takes 1400 bytes");
	json_t *rows = view_rows(&fake, "ports", NULL);
	const json_t *lux = view_row(rows, "port", "lux"), *east = view_row(rows, "port", "east");
	assert_string_equal(json_string_value(json_object_get(lux, "warning")),
			    "it takes 1400 bytes");
	assert_int_equal(view_number(lux, "mtu_bytes"), 1400);
	assert_string_equal(json_string_value(json_object_get(lux, "accuracy")), "sleeping");
	assert_string_equal(json_string_value(json_object_get(lux, "site")), "a");
	assert_string_equal(json_string_value(json_object_get(lux, "netns")), "r1");
	assert_string_equal(json_string_value(json_object_get(lux, "device")), "net_null0");
	assert_true(json_is_null(json_object_get(lux, "wire")));
	assert_true(json_is_null(json_object_get(east, "warning")));
	assert_true(json_is_null(json_object_get(east, "site")));
	assert_string_equal(json_string_value(json_object_get(east, "wire")), "span");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	show_table("ports", rows, out);
	fclose(out);
	assert_non_null(strstr(text, "\nport lux: it takes 1400 bytes\n"));
	assert_null(strstr(text, "\nport east:"));
	free(text);
	json_decref(rows);
	fake_lab_end(&fake);
}

// Which card paces and stamps, how good its clock is, and what it was given in time.
static void a_port_shows_how_its_device_keeps_time(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	fake_engine.timings[0] = (struct engine_port_timing){.paces = true,
							     .stamps = true,
							     .clock_hz = 1000000037,
							     .error_ns = 412,
							     .clock_set = 1,
							     .handed_in_time = 70,
							     .handed_late = 3,
							     .stamped = 50,
							     .unstamped = 2};
	fake_engine.timings[1] = (struct engine_port_timing){.stamps = true};
	json_t *rows = view_rows(&fake, "ports", NULL);
	const json_t *lux = view_row(rows, "port", "lux"), *east = json_array_get(rows, 1);
	json_t *expected = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "clock_hz", 1000000037,
				     "error_ns", 412, "clock_set", 1, "handed_in_time", 70,
				     "handed_late", 3, "stamped", 50, "unstamped", 2);
	assert_true(json_equal(json_object_get(lux, "timing"), expected));
	json_decref(expected);
	assert_string_equal(json_string_value(json_object_get(lux, "accuracy")), "hardware-paced");
	assert_string_equal(json_string_value(json_object_get(lux, "arrivals")), "hardware");
	assert_string_equal(json_string_value(json_object_get(east, "accuracy")), "sleeping");
	assert_string_equal(json_string_value(json_object_get(east, "arrivals")), "hardware");
	json_decref(rows);
	fake_engine.timings[0] = fake_engine.timings[1] = (struct engine_port_timing){0};
	fake_engine.options.spin = true;
	rows = view_rows(&fake, "ports", NULL);
	lux = view_row(rows, "port", "lux");
	assert_string_equal(json_string_value(json_object_get(lux, "accuracy")), "spinning");
	assert_string_equal(json_string_value(json_object_get(lux, "arrivals")), "software");
	assert_true(json_is_null(json_object_get(lux, "timing")));
	json_decref(rows);
	fake_lab_end(&fake);
}

static void routes_tell_the_way_its_delay_and_when_it_changed(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	fake_engine.now_ns = 98 * MS;
	fake_lab_change(&fake, "link ab down");
	fake_lab_run_to(&fake, 1000 * MS);
	json_t *rows = view_rows(&fake, "routes", json_pack("[s]", "a"));
	assert_int_equal(json_array_size(rows), 2);
	json_t *expected = json_pack("{s:s, s:s, s:[s], s:[s, s], s:i, s:I}", "site", "a", "to",
				     "b", "via", "ac:forward", "path", "ac:forward", "cb:forward",
				     "delay_ns", 5000000, "changed_at_ns", (json_int_t)(190 * MS));
	assert_true(json_equal(view_row(rows, "to", "b"), expected));
	json_decref(expected);
	json_decref(rows);
	fake_lab_change(&fake, "site c down");
	fake_lab_run_to(&fake, 3000 * MS);
	rows = view_rows(&fake, "routes", json_pack("[s]", "a"));
	const json_t *none = view_row(rows, "to", "b");
	assert_int_equal(json_array_size(json_object_get(none, "via")), 0);
	assert_int_equal(json_array_size(json_object_get(none, "path")), 0);
	assert_true(json_is_null(json_object_get(none, "delay_ns")));
	json_decref(rows);
	fake_lab_end(&fake);
}

static void events_are_done_scheduled_or_forgotten(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	json_t *rows = view_rows(&fake, "events", NULL);
	json_t *expected =
		json_pack("[{s:I, s:s, s:s, s:s}]", "at_ns", (json_int_t)3600000 * 1000000, "state",
			  "scheduled", "what", "link ab down", "event", "later");
	assert_true(json_equal(rows, expected));
	json_decref(rows);
	json_decref(expected);
	fake_lab_run_to(&fake, 3600000 * MS);
	rows = view_rows(&fake, "events", NULL);
	expected = json_pack("[{s:I, s:I, s:s, s:s}]", "at_ns", (json_int_t)3600000 * 1000000,
			     "applied_at_ns", (json_int_t)3600000 * 1000000, "state", "done",
			     "what", "link ab down");
	assert_true(json_equal(rows, expected));
	json_decref(rows);
	json_decref(expected);
	for (int i = 0; i < NETWORK_EVENTS_KEPT + 6; i++)
		fake_lab_change(&fake, "link ab set loss 2%");
	rows = view_rows(&fake, "events", NULL);
	assert_int_equal(json_array_size(rows), 1 + NETWORK_EVENTS_KEPT);
	const json_t *first = json_array_get(rows, 0);
	assert_string_equal(json_string_value(json_object_get(first, "state")), "forgotten");
	assert_int_equal(view_number(first, "count"), 7);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 1), "state")),
			    "done");
	json_decref(rows);
	fake_lab_end(&fake);
}

static void changes_asked_for_ahead_are_pending_until_their_instant(void **state)
{
	(void)state;
	static const char *const late[] = {"link ab set delay 7ms", "link ab set loss 1%"};
	static const char *const soon[] = {"link ab down"};
	struct fake_lab fake = fake_lab_start(view_everything);
	assert_int_equal(lab_change_at(fake.lab, 500 * MS, late, 2, NULL), 0);
	assert_int_equal(lab_change_at(fake.lab, 300 * MS, soon, 1, NULL), 0);
	json_t *rows = view_rows(&fake, "events", NULL);
	json_t *expected = json_pack(
		"[{s:I, s:s, s:s, s:s}, {s:I, s:s, s:s}, {s:I, s:s, s:s}, {s:I, s:s, s:s}]",
		"at_ns", (json_int_t)3600000 * 1000000, "state", "scheduled", "what",
		"link ab down", "event", "later", "at_ns", (json_int_t)(300 * MS), "state",
		"pending", "what", "link ab down", "at_ns", (json_int_t)(500 * MS), "state",
		"pending", "what", "link ab set delay 7ms", "at_ns", (json_int_t)(500 * MS),
		"state", "pending", "what", "link ab set loss 1%");
	assert_true(json_equal(rows, expected));
	json_decref(rows);
	json_decref(expected);
	fake_lab_run_to(&fake, 600 * MS);
	rows = view_rows(&fake, "events", NULL);
	assert_false(is_there(rows, "pending"));
	assert_true(is_there(rows, "link ab set delay 7ms"));
	assert_true(is_there(rows, "link ab set loss random 1%"));
	json_decref(rows);
	fake_lab_end(&fake);
}

static void a_percentile_needs_ten_samples_beyond_it(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	for (uint64_t i = 0; i < 999; i++)
		histogram_record(&fake_engine.lateness, 1000 + i);
	json_t *rows = view_rows(&fake, "lateness", NULL);
	json_t *late = json_object_get(json_array_get(rows, 0), "lateness_ns");
	assert_int_equal(view_number(late, "samples"), 999);
	assert_int_equal(view_number(late, "min"), 1000);
	assert_int_equal(view_number(late, "max"), 1998);
	assert_true(json_is_integer(json_object_get(late, "p90")));
	assert_true(json_is_null(json_object_get(late, "p99")));
	assert_true(json_is_null(json_object_get(late, "p999")));
	json_decref(rows);
	histogram_record(&fake_engine.lateness, 1500);
	rows = view_rows(&fake, "lateness", NULL);
	late = json_object_get(json_array_get(rows, 0), "lateness_ns");
	assert_true(json_is_integer(json_object_get(late, "p99")));
	assert_true(json_is_null(json_object_get(late, "p999")));
	json_decref(rows);
	fake_lab_end(&fake);
}

static void a_flows_path_is_told_by_channels(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	fake_engine.path[0] = paper_channel(fake.topology, "ab:forward");
	fake_engine.path[1] = paper_channel(fake.topology, "bc:forward");
	fake_engine.path_count = 2;
	fake_engine.flows[0].received = 1;
	json_t *rows = view_rows(&fake, "flows", NULL),
	       *path = json_pack("[s, s]", "ab:forward", "bc:forward");
	assert_true(json_equal(json_object_get(view_row(rows, "flow", "fast"), "path"), path));
	// Without a packet there is no path.
	assert_int_equal(json_array_size(json_object_get(view_row(rows, "flow", "slow"), "path")),
			 0);
	json_decref(path);
	json_decref(rows);
	fake_lab_end(&fake);
}

// ---- Names ----

static void names_pick_some_and_unknown_ones_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *view, *name;
		size_t count;
	} cases[] = {
		{"sites", "b", 1},     {"links", "bc", 1},
		{"channels", "ab", 2}, {"channels", "ab:reverse", 1},
		{"ports", "east", 1},  {"routes", "a", 2},
		{"flows", "slow", 1},  {"satellites", "sky", 1},
	};
	struct fake_lab fake = fake_lab_start(view_everything);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *rows = view_rows(&fake, cases[i].view, json_pack("[s]", cases[i].name));
		assert_int_equal(json_array_size(rows), cases[i].count);
		json_decref(rows);
	}
	for (const struct view *v = views; v->name != NULL; v++) {
		json_t *names = json_pack("[s, s]", "b", "nowhere");
		struct error error = {0};
		assert_null(v->make(fake.lab, names, &error));
		assert_int_equal(error.code, -EINVAL);
		assert_true(strstr(error.what, "there is no") != NULL ||
			    strstr(error.what, "takes no name") != NULL);
		json_decref(names);
	}
	fake_lab_end(&fake);
}

// ---- Tables ----

static void every_view_is_a_table_without_an_empty_column(void **state)
{
	(void)state;
	struct fake_lab fake = full_lab();
	view_count_differently();
	for (uint64_t i = 0; i < 20000; i++) {
		histogram_record(&fake_engine.lateness, 1000 + i);
		histogram_record(&fake_engine.delay, 1000 + i);
	}
	for (const struct view *v = views; v->name != NULL; v++) {
		json_t *rows = view_rows(&fake, v->name, NULL);
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		show_table(v->name, rows, out);
		fclose(out);
		// A column without a value would be a key that is not there.
		char *rest = NULL, *heading = strtok_r(text, "\n", &rest);
		size_t width = strlen(heading), lines = 0;
		bool *filled = calloc(width + 1, sizeof(*filled));
		for (char *line; (line = strtok_r(NULL, "\n", &rest)) != NULL; lines++)
			for (size_t i = 0; i < strlen(line) && i < width; i++)
				filled[i] |= line[i] != ' ' && line[i] != '-';
		assert_true(lines > 0);
		for (size_t i = 0; i < width;) {
			size_t from = i;
			bool any = false;
			// A heading reaches to the next but one space.
			while (i < width && (heading[i] != ' ' || heading[i + 1] != ' '))
				any |= filled[i++];
			while (i < width && heading[i] == ' ')
				any |= filled[i++];
			if (!any)
				fail_msg("%s has nothing under %.20s", v->name, heading + from);
		}
		free(filled);
		free(text);
		json_decref(rows);
	}
	fake_lab_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_the_page_is_in_its_view),
		cmocka_unit_test(every_key_of_a_view_is_on_the_page),
		cmocka_unit_test(the_lab_as_a_whole_is_described),
		cmocka_unit_test(a_link_that_is_cut_is_down_where_it_is),
		cmocka_unit_test(the_words_of_a_channel_can_be_given_back),
		cmocka_unit_test(impairments_are_in_tcs_own_units),
		cmocka_unit_test(a_port_shows_its_device_and_what_that_lacks),
		cmocka_unit_test(a_port_shows_how_its_device_keeps_time),
		cmocka_unit_test(routes_tell_the_way_its_delay_and_when_it_changed),
		cmocka_unit_test(events_are_done_scheduled_or_forgotten),
		cmocka_unit_test(changes_asked_for_ahead_are_pending_until_their_instant),
		cmocka_unit_test(a_percentile_needs_ten_samples_beyond_it),
		cmocka_unit_test(a_flows_path_is_told_by_channels),
		cmocka_unit_test(names_pick_some_and_unknown_ones_are_refused),
		cmocka_unit_test(every_view_is_a_table_without_an_empty_column),
	};
	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
