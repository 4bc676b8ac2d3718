// SPDX-License-Identifier: BSD-3-Clause
// Views of a lab on the fake engine, for the tests of views.
#include "tests/control/view_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

const char view_everything[] =
	TIMES "[site a]\nkind = router\nposition = 49.5, 6.1, 300\njurisdiction = LU\n"
	      "address = 10.255.0.1\naddress6 = 2001:db8::1\nsubnet = 10.1.0.0/16\n"
	      "[site b]\nkind = teleport\nposition = 50.0, 5.1\naddress = 10.255.0.2\n"
	      "[site c]\nkind = teleport\nposition = 52.0, 5.0\naddress = 10.255.0.3\n"
	      "[satellite sky]\norbit = geostationary 21.5deg\n"
	      "[link ab]\nends = a, b\nlength = 200km\nrate = 100mbit\nlimit = 20ms\n"
	      "delay = 3ms 100us\nloss = random 1%\n"
	      "[link bc]\nends = b, c\nmedium = satellite\nvia = sky\nloss = gemodel 1% 25%\n"
	      "[link span]\nends = east, west\nmedium = wire\ndelay = 1ms\n"
	      "[port lux]\nsite = a\ndevice = net_null0\nnetns = r1\nifname = eth0\n"
	      "address = 10.1.0.1/24\n"
	      "[port east]\ndevice = net_null1\n[port west]\ndevice = net_null2\n"
	      "[flow fast]\nfrom = a\nto = c\nrate = 1mbit\nsize = 200b\n"
	      "[flow slow]\nfrom = c\nto = a\nrate = 10pps\nsize = 200b\n"
	      "[event later]\nat = 1h\ndo = link ab down\n";

json_t *view_rows(const struct fake_lab *fake, const char *name, json_t *names)
{
	struct error error = {0};
	json_t *rows = NULL;
	for (const struct view *v = views; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			rows = v->make(fake->lab, names, &error);
	json_decref(names);
	if (rows == NULL)
		fail_msg("%s: %s", name, error.what);
	return rows;
}

json_t *view_row(json_t *rows, const char *key, const char *name)
{
	size_t index;
	json_t *one;
	json_array_foreach(rows, index, one)
	{
		const char *value = json_string_value(json_object_get(one, key));
		if (value != NULL && strcmp(value, name) == 0)
			return one;
	}
	fail_msg("there is no %s %s", key, name);
	return NULL;
}

json_int_t view_number(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	if (!json_is_integer(value))
		fail_msg("%s is no whole number", key);
	return json_integer_value(value);
}

void view_count_differently(void)
{
	uint64_t next = 1;
	for (int i = 0; i < FAKE_ENGINE_CHANNELS; i++) {
		struct engine_channel_counters *c = &fake_engine.channels[i];
		c->entered = next++;
		c->delivered = next++;
		c->duplicated = next++;
		c->entered_bytes = next++;
		c->delivered_bytes = next++;
		c->in_flight = next++;
		c->retimed = next++;
		c->marked = next++;
		c->corrupted = next++;
		c->reordered = next++;
		for (int k = DROP_NONE + 1; k < DROP_REASONS; k++)
			c->lost[k] = next++;
	}
	for (int i = 0; i < FAKE_ENGINE_PORTS; i++) {
		struct engine_port_counters *c = &fake_engine.ports[i];
		c->received = next++;
		c->received_bytes = next++;
		c->sent = next++;
		c->sent_bytes = next++;
		c->lost[DROP_PORT] = next++;
		c->lost[DROP_MTU] = next++;
	}
	for (int i = 0; i < FAKE_ENGINE_SITES; i++) {
		struct engine_site_counters *c = &fake_engine.sites[i];
		c->local = next++;
		c->originated = next++;
		c->pending = next++;
		c->flooded = next++;
		c->fragmented = next++;
		c->lost[DROP_TTL] = next++;
		c->lost[DROP_NO_ROUTE] = next++;
	}
	for (int i = 0; i < FAKE_ENGINE_FLOWS; i++) {
		struct engine_flow_counters *c = &fake_engine.flows[i];
		c->sent = next++;
		c->received = next++;
		c->duplicated = next++;
		c->reordered = next++;
		c->corrupted = next++;
		c->gap_ns = next++;
		c->gap_from_ns = next++;
		c->gap_until_ns = next++;
		c->lost[DROP_MODEL] = next++;
	}
}
