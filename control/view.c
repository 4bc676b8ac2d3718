// SPDX-License-Identifier: BSD-3-Clause
// The list of views, and the pieces that they share.
#include "control/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct view views[VIEWS_MOST + 1] = {
	{"sites", "sites, their addresses and what ended there", view_sites},
	{"links", "links with both directions' state, delay and rate", view_links},
	{"channels", "each direction: impairments as in tc, counters with every cause of loss",
	 view_channels},
	{"ports", "ports, their devices and counters", view_ports},
	{"routes", "each site's way to each other, and when it changed", view_routes},
	{"flows", "built-in traffic: counters, one-way delay, path, longest gap", view_flows},
	{"satellites", "satellites, and how their teleports see them", view_satellites},
	{"events", "what happened, what is scheduled, and changes still to come", view_events},
	{"stats", "the lab as a whole: clock, memory, sums of all counters", view_stats},
	{"lateness", "actual minus intended departure at the ports", view_lateness},
	{NULL, NULL, NULL},
};

json_t *view_lost(const uint64_t lost[DROP_REASONS])
{
	json_t *object = json_object();
	for (int reason = DROP_NONE + 1; reason < DROP_REASONS; reason++)
		json_object_set_new(object, drop_reason_name(reason),
				    json_integer((json_int_t)lost[reason]));
	return object;
}

uint64_t view_lost_sum(const uint64_t lost[DROP_REASONS])
{
	uint64_t sum = 0;
	for (int reason = DROP_NONE + 1; reason < DROP_REASONS; reason++)
		sum += lost[reason];
	return sum;
}

const char *view_lost_text(const uint64_t lost[DROP_REASONS], const uint64_t *before, char *buffer,
			   size_t size)
{
	size_t used = 0;
	snprintf(buffer, size, "-");
	for (unsigned i = DROP_NONE + 1; i < DROP_REASONS; i++) {
		uint64_t count = lost[i] - (before ? before[i] : 0);
		if (count > 0 && used < size)
			used += (size_t)snprintf(buffer + used, size - used, "%s%s %llu",
						 used > 0 ? ", " : "", drop_reason_name(i),
						 (unsigned long long)count);
	}
	return buffer;
}

json_t *view_histogram(const struct histogram *histogram)
{
	static const struct {
		const char *key;
		double quantile;
	} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};

	json_t *object = json_object();
	bool any = histogram->count > 0;
	json_object_set_new(object, "samples", json_integer((json_int_t)histogram->count));
	json_object_set_new(object, "min",
			    any ? json_integer((json_int_t)histogram->minimum) : json_null());
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		double quantile = quantiles[i].quantile;
		bool known = histogram_quantile_is_known(histogram, quantile);
		json_object_set_new(
			object, quantiles[i].key,
			known ? json_integer((json_int_t)histogram_quantile(histogram, quantile))
			      : json_null());
	}
	json_object_set_new(object, "max",
			    any ? json_integer((json_int_t)histogram->maximum) : json_null());
	json_object_set_new(object, "mean",
			    any ? json_real(histogram->sum / (double)histogram->count)
				: json_null());
	return object;
}

// tc prints seconds, ratios and bytes per second.
json_t *view_address(const struct address *address)
{
	char text[64];
	if (address->family == ADDRESS_NONE)
		return json_null();
	return json_string(address_format(address, text, sizeof(text)));
}

json_t *view_mac(const uint8_t mac[6])
{
	char text[18];
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return json_string(text);
}

json_t *view_channel_names(const struct topology *topology, const uint32_t *channels, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		char name[TOPOLOGY_NAME_MAX + 16];
		topology_channel_name(topology, channels[i], name, sizeof(name));
		json_array_append_new(list, json_string(name));
	}
	return list;
}

bool view_wants(const json_t *names, const char *name, const char *other)
{
	if (names == NULL)
		return true;
	size_t index;
	const json_t *wanted;
	json_array_foreach(names, index, wanted)
	{
		const char *text = json_string_value(wanted);
		if (strcmp(text, name) == 0 || (other != NULL && strcmp(text, other) == 0))
			return true;
	}
	return false;
}

int view_check_names(const struct topology *topology, const json_t *names, const char *kind,
		     uint32_t (*find)(const struct topology *, const char *), struct error *error)
{
	size_t index;
	const json_t *name;
	json_array_foreach(names, index, name)
	{
		if (find(topology, json_string_value(name)) == TOPOLOGY_NONE)
			return error_set(error, -EINVAL, "show", "there is no %s \"%.70s\" in %s",
					 kind, json_string_value(name), topology->name);
	}
	return 0;
}
