// SPDX-License-Identifier: BSD-3-Clause
// The engine's counters as the views show them: each under its own name, and their sums.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/view_rows.h"

static json_int_t lost_sum(const json_t *object)
{
	json_int_t sum = 0;
	const char *cause;
	json_t *count;
	json_object_foreach(json_object_get(object, "lost"), cause, count)
	{
		(void)cause;
		sum += json_integer_value(count);
	}
	return sum;
}

// Each cause under its own name, none left out.
static void assert_lost(const json_t *object, const uint64_t lost[DROP_REASONS])
{
	const json_t *shown = json_object_get(object, "lost");
	assert_int_equal(json_object_size(shown), DROP_REASONS - 1);
	for (int i = DROP_NONE + 1; i < DROP_REASONS; i++)
		assert_int_equal(view_number(shown, drop_reason_name((enum drop_reason)i)),
				 lost[i]);
}

static void each_thing_shows_its_own_counters(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(view_everything);
	view_count_differently();
	json_t *rows = view_rows(&fake, "channels", NULL);
	for (uint32_t i = 0; i < fake.topology->link_count * 2; i++) {
		const struct engine_channel_counters *c = &fake_engine.channels[i];
		char name[TOPOLOGY_NAME_MAX + 16];
		topology_channel_name(fake.topology, i, name, sizeof(name));
		const json_t *one = view_row(rows, "channel", name);
		assert_int_equal(view_number(one, "entered"), c->entered);
		assert_int_equal(view_number(one, "delivered"), c->delivered);
		assert_int_equal(view_number(one, "duplicated"), c->duplicated);
		assert_int_equal(view_number(one, "corrupted"), c->corrupted);
		assert_int_equal(view_number(one, "reordered"), c->reordered);
		assert_int_equal(view_number(one, "marked"), c->marked);
		assert_int_equal(view_number(one, "entered_bytes"), c->entered_bytes);
		assert_int_equal(view_number(one, "delivered_bytes"), c->delivered_bytes);
		assert_int_equal(view_number(one, "in_flight"), c->in_flight);
		assert_int_equal(view_number(one, "retimed"), c->retimed);
		assert_lost(one, c->lost);
	}
	json_decref(rows);
	rows = view_rows(&fake, "ports", NULL);
	for (uint32_t i = 0; i < fake.topology->port_count; i++) {
		const json_t *one = view_row(rows, "port", fake.topology->ports[i].name);
		assert_int_equal(view_number(one, "received"), fake_engine.ports[i].received);
		assert_int_equal(view_number(one, "received_bytes"),
				 fake_engine.ports[i].received_bytes);
		assert_int_equal(view_number(one, "sent"), fake_engine.ports[i].sent);
		assert_int_equal(view_number(one, "sent_bytes"), fake_engine.ports[i].sent_bytes);
		assert_lost(one, fake_engine.ports[i].lost);
	}
	json_decref(rows);
	rows = view_rows(&fake, "sites", NULL);
	for (uint32_t i = 0; i < fake.topology->site_count; i++) {
		const json_t *one = view_row(rows, "site", fake.topology->sites[i].name);
		assert_int_equal(view_number(one, "local"), fake_engine.sites[i].local);
		assert_int_equal(view_number(one, "originated"), fake_engine.sites[i].originated);
		assert_int_equal(view_number(one, "pending"), fake_engine.sites[i].pending);
		assert_int_equal(view_number(one, "flooded"), fake_engine.sites[i].flooded);
		assert_int_equal(view_number(one, "fragmented"), fake_engine.sites[i].fragmented);
		assert_lost(one, fake_engine.sites[i].lost);
	}
	json_decref(rows);
	rows = view_rows(&fake, "flows", NULL);
	for (uint32_t i = 0; i < fake.topology->flow_count; i++) {
		const json_t *one = view_row(rows, "flow", fake.topology->flows[i].name);
		assert_int_equal(view_number(one, "sent"), fake_engine.flows[i].sent);
		assert_int_equal(view_number(one, "received"), fake_engine.flows[i].received);
		assert_int_equal(view_number(one, "duplicated"), fake_engine.flows[i].duplicated);
		assert_int_equal(view_number(one, "reordered"), fake_engine.flows[i].reordered);
		assert_int_equal(view_number(one, "corrupted"), fake_engine.flows[i].corrupted);
		assert_int_equal(view_number(one, "gap_ns"), fake_engine.flows[i].gap_ns);
		assert_int_equal(view_number(one, "gap_from_ns"), fake_engine.flows[i].gap_from_ns);
		assert_int_equal(view_number(one, "gap_until_ns"),
				 fake_engine.flows[i].gap_until_ns);
		assert_lost(one, fake_engine.flows[i].lost);
	}
	json_decref(rows);
	fake_lab_end(&fake);
}

static json_int_t sum_of(json_t *rows, const char *key)
{
	json_int_t sum = 0;
	size_t index;
	const json_t *one;
	json_array_foreach(rows, index, one) sum += view_number(one, key);
	return sum;
}

static void the_stats_are_the_sums_of_the_other_views(void **state)
{
	(void)state;
	static const struct {
		const char *view, *key, *sum;
	} sums[] = {
		{"ports", "received", "received"},      {"ports", "sent", "sent"},
		{"flows", "sent", "flows_sent"},        {"flows", "received", "flows_received"},
		{"sites", "originated", "originated"},  {"sites", "local", "local"},
		{"sites", "pending", "pending"},        {"sites", "flooded", "flooded"},
		{"sites", "fragmented", "fragmented"},  {"channels", "duplicated", "duplicated"},
		{"channels", "in_flight", "in_flight"},
	};
	struct fake_lab fake = fake_lab_start(view_everything);
	view_count_differently();
	json_t *rows = view_rows(&fake, "stats", NULL), *stats = json_array_get(rows, 0);
	assert_int_equal(json_array_size(rows), 1);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		json_t *parts = view_rows(&fake, sums[i].view, NULL);
		assert_int_equal(view_number(stats, sums[i].sum), sum_of(parts, sums[i].key));
		json_decref(parts);
	}
	// What is lost is lost once: a flow's losses are in a channel, site or port already.
	json_int_t lost = 0;
	static const char *const losers[] = {"ports", "channels", "sites"};
	for (size_t i = 0; i < 3; i++) {
		json_t *parts = view_rows(&fake, losers[i], NULL);
		size_t index;
		const json_t *one;
		json_array_foreach(parts, index, one) lost += lost_sum(one);
		json_decref(parts);
	}
	assert_int_equal(lost_sum(stats), lost);
	json_decref(rows);
	fake_lab_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thing_shows_its_own_counters),
		cmocka_unit_test(the_stats_are_the_sums_of_the_other_views),
	};
	return cmocka_run_group_tests_name("view counters", tests, NULL, NULL);
}
