// SPDX-License-Identifier: BSD-3-Clause
// Reads [network] and [site NAME].
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/utc.h"
#include "topologies/load_radio.h"
#include "topologies/load_weather.h"
#include "topologies/quantity.h"
#include "topologies/reader.h"

// The network's parts that a key may set; the first member makes it a convergence_thing.
struct network_thing {
	struct convergence *convergence;
	struct topology *topology;
};

struct site_thing {
	struct convergence *convergence;
	struct site *site;
};

static void read_network_name(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct topology *topology = ((struct network_thing *)thing)->topology;
	size_t plain = strspn(entry->value, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	if (entry->value[plain] != '\0' || entry->value[0] == '.' || entry->value[0] == '-')
		reader_fail(reader, entry,
			    "\"%s\" is not a name; write one lower-case word of letters, digits, - "
			    "_ . such as benelux",
			    entry->value);
	else
		reader_text(reader, entry, topology->name, sizeof(topology->name));
}

static void read_seed(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_count(reader, entry, 0, UINT64_MAX,
		     &((struct network_thing *)thing)->topology->seed);
}

static void read_routing(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"spf", "static", "external", NULL};
	unsigned choice;

	if (reader_choice(reader, entry, words, &choice))
		((struct network_thing *)thing)->topology->routing = (enum routing_kind)choice;
}

static void read_epoch(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct topology *topology = ((struct network_thing *)thing)->topology;

	if (utc_parse(entry->value, &topology->epoch_utc_ns) < 0)
		reader_fail(reader, entry,
			    "\"%s\" is not an instant of UTC; write e.g. 2026-06-14T04:13:00Z",
			    entry->value);
	else
		topology->epoch_given = true;
}

// Includes are followed while the files are read (load_files.c).
static void read_include(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	(void)reader;
	(void)thing;
	(void)entry;
}

const struct key_rule network_keys[] = {
	{"name", read_network_name, false, NULL},     {"seed", read_seed, false, NULL},
	{"routing", read_routing, false, NULL},       {"include", read_include, false, NULL},
	{"epoch", read_epoch, false, NULL},           {"detection", read_detection, false, NULL},
	{"flooding", read_flooding, false, NULL},     {"spf_delay", read_spf_delay, false, NULL},
	{"fib_update", read_fib_update, false, NULL}, {NULL, NULL, false, NULL},
};

void read_network(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct network_thing thing = {&reader->topology->convergence, reader->topology};

	(void)section;
	(void)index;
	reader_read_keys(reader, &thing);
}

static void read_kind(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"router", "exchange", "teleport", "host", NULL};
	unsigned choice;

	if (reader_choice(reader, entry, words, &choice))
		((struct site_thing *)thing)->site->kind = (enum site_kind)choice;
}

static void read_position(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct site *site = ((struct site_thing *)thing)->site;
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	const char *north;
	const char *east;
	char *height;
	struct geodetic position = {0};
	size_t length;

	snprintf(list, sizeof(list), "%s", entry->value);
	north = reader_next_item(&rest);
	east = reader_next_item(&rest);
	height = reader_next_item(&rest);
	length = height ? strlen(height) : 0;
	if (length > 1 && height[length - 1] == 'm')
		height[length - 1] = '\0';
	if (!east || rest ||
	    quantity_parse_angle_deg(north, "", &position.latitude_deg, NULL) < 0 ||
	    quantity_parse_angle_deg(east, "", &position.longitude_deg, NULL) < 0 ||
	    (height && !reader_decimal(height, &position.height_m))) {
		reader_fail(reader, entry,
			    "\"%s\" is not a position; write degrees north, degrees east and, if "
			    "known, metres: e.g. 49.6937, 6.3300, 300",
			    entry->value);
		return;
	}
	if (position.latitude_deg < -90 || position.latitude_deg > 90 ||
	    position.longitude_deg < -180 || position.longitude_deg > 180 ||
	    position.height_m < -500 || position.height_m > 9000) {
		reader_fail(reader, entry,
			    "\"%s\" is not on the ground; north is -90 to 90, east -180 to 180, "
			    "height -500 to 9000 m",
			    entry->value);
		return;
	}
	site->position = position;
	site->ground = ground_at(position);
	site->has_position = true;
}

static void read_jurisdiction(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct site *site = ((struct site_thing *)thing)->site;
	const char *value = entry->value;
	size_t country = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	size_t rest = value[country] == '-'
			      ? strspn(value + country + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
			      : 0;

	if (country != 2 || (value[2] != '\0' && (rest < 1 || rest > 3 || value[3 + rest] != '\0')))
		reader_fail(reader, entry,
			    "\"%s\" is not an ISO 3166 code; write two capitals such as LU", value);
	else
		reader_text(reader, entry, site->jurisdiction, sizeof(site->jurisdiction));
}

static void read_site_address(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_address(reader, entry, ADDRESS_IPV4, &((struct site_thing *)thing)->site->address);
}

static void read_site_address6(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_address(reader, entry, ADDRESS_IPV6, &((struct site_thing *)thing)->site->address6);
}

static void read_subnet(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct site *site = ((struct site_thing *)thing)->site;
	bool six = strcmp(entry->key, "subnet6") == 0;
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	char *item;

	snprintf(list, sizeof(list), "%s", entry->value);
	while ((item = reader_next_item(&rest))) {
		struct prefix prefix;
		struct prefix *grown;

		if (prefix_parse(item, &prefix) < 0 ||
		    (prefix.address.family == ADDRESS_IPV6) != six) {
			reader_fail(reader, entry, "\"%s\" is not an IPv%d prefix; write e.g. %s",
				    item, six ? 6 : 4, six ? "2001:db8:1::/48" : "10.1.0.0/16");
			continue;
		}
		grown = reallocarray(site->subnets, site->subnet_count + 1, sizeof(*grown));
		if (!grown) {
			reader_no_memory(reader);
			return;
		}
		site->subnets = grown;
		site->subnets[site->subnet_count++] = prefix;
	}
}

static void read_route(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct site *site = ((struct site_thing *)thing)->site;
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	char *item;

	snprintf(list, sizeof(list), "%s", entry->value);
	while ((item = reader_next_item(&rest))) {
		char prefix[64];
		char via[64];
		int end = 0;
		struct static_route route;
		struct static_route *grown;

		if (sscanf(item, "%63s via %63s%n", prefix, via, &end) != 2 || item[end] != '\0' ||
		    prefix_parse(prefix, &route.prefix) < 0 || address_parse(via, &route.via) < 0 ||
		    route.via.family != route.prefix.address.family) {
			reader_fail(reader, entry,
				    "\"%s\" is not a route; write PREFIX via ADDRESS of one "
				    "family, e.g. 10.9.0.0/16 via 203.0.113.7",
				    item);
			continue;
		}
		grown = reallocarray(site->routes, site->route_count + 1, sizeof(*grown));
		if (!grown) {
			reader_no_memory(reader);
			return;
		}
		site->routes = grown;
		site->routes[site->route_count++] = route;
	}
}

static void read_rain_rate(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	read_rain_rate_value(reader, entry, &((struct site_thing *)thing)->site->rain_001_mm_per_h);
}

static void read_rain_height(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	double metres;

	if (!reader_length(reader, entry, &metres))
		return;
	if (metres > 10000.0)
		reader_fail(reader, entry, "\"%s\" is above any rain; write e.g. 2.718km",
			    entry->value);
	else
		((struct site_thing *)thing)->site->rain_height_km = metres / 1000;
}

static void read_clouds(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	read_clouds_value(reader, entry, &((struct site_thing *)thing)->site->cloud_kg_per_m2);
}

const struct key_rule site_keys[] = {
	{"kind", read_kind, false, NULL},
	{"position", read_position, false, NULL},
	{"jurisdiction", read_jurisdiction, false, NULL},
	{"address", read_site_address, false, NULL},
	{"address6", read_site_address6, false, NULL},
	{"subnet", read_subnet, false, NULL},
	{"subnet6", read_subnet, false, NULL},
	{"route", read_route, false, NULL},
	{"rain_rate", read_rain_rate, false, NULL},
	{"rain_height", read_rain_height, false, NULL},
	{"clouds", read_clouds, false, NULL},
	{"detection", read_detection, false, NULL},
	{"flooding", read_flooding, false, NULL},
	{"spf_delay", read_spf_delay, false, NULL},
	{"fib_update", read_fib_update, false, NULL},
	{NULL, NULL, false, NULL},
};

void read_site(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct site *site = &reader->topology->sites[index];
	struct site_thing thing = {&site->convergence, site};

	reader_start(section, site->name, &site->source);
	site->convergence = reader->topology->convergence;
	reader_read_keys(reader, &thing);
}
