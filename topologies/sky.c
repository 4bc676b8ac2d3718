// SPDX-License-Identifier: BSD-3-Clause
// The moving part of a topology (sky.h).
#include "topologies/sky.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/utc.h"
#include "topologies/quantity.h"

#define DEGREES_PER_RADIAN (180 / M_PI)
#define J2000_UTC_NS       INT64_C(946728000000000000)
// The first look, and the longest, for a link's first service.
#define FIRST_LOOK_NS   UTC_NS_PER_DAY
#define LONGEST_LOOK_NS (10 * UTC_NS_PER_DAY)

// The angle within 0 to 360.
static double turn(double degrees)
{
	double rest = fmod(degrees, 360);

	return rest < 0 ? rest + 360 : rest;
}

bool sky_make_orbit(struct satellite *satellite, int64_t epoch_utc_ns, struct range_fault *fault)
{
	struct orbit_ellipse ellipse = satellite->ellipse;

	if (!satellite->epoch_given)
		ellipse.epoch_utc_ns = epoch_utc_ns;
	if (!satellite->node_given)
		ellipse.ascending_node_deg =
			turn(ellipse.ascending_node_deg +
			     utc_gmst_rad(ellipse.epoch_utc_ns) * DEGREES_PER_RADIAN);
	switch (satellite->kind) {
	case SATELLITE_GEOSTATIONARY:
		return orbit_make_geostationary(&satellite->orbit, satellite->longitude_deg, fault);
	case SATELLITE_CIRCULAR:
		return orbit_make_circular(
			&satellite->orbit, ellipse.semi_major_axis_m - EARTH_EQUATORIAL_M,
			ellipse.inclination_deg, ellipse.ascending_node_deg,
			turn(ellipse.mean_anomaly_deg), ellipse.epoch_utc_ns, fault);
	case SATELLITE_KEPLER:
		return orbit_make_kepler(&satellite->orbit, &ellipse, fault);
	case SATELLITE_ELEMENTS:
		return orbit_make_sgp4(&satellite->orbit, &satellite->elements, fault);
	case SATELLITE_NONE:
		break;
	}
	return true;
}

static int64_t default_epoch(const struct topology *topology)
{
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < topology->satellite_count; i++) {
		const struct satellite *satellite = &topology->satellites[i];

		if (satellite->kind == SATELLITE_ELEMENTS &&
		    satellite->elements.epoch_utc_ns > newest)
			newest = satellite->elements.epoch_utc_ns;
	}
	return newest == INT64_MIN ? J2000_UTC_NS : newest;
}

static int fail_satellite(const struct satellite *satellite, struct error *error, const char *what)
{
	char where[192];

	snprintf(where, sizeof(where), "%s:%u [satellite %s]", satellite->source.file,
		 satellite->source.line, satellite->name);
	return error_set(error, -EINVAL, where, "%s", what);
}

static int start_satellite(struct satellite *satellite, int64_t epoch_utc_ns, struct error *error)
{
	struct range_fault fault;
	struct orbit_state state;
	char what[300], epoch[UTC_TEXT_BYTES], elements[UTC_TEXT_BYTES];

	if (satellite->kind == SATELLITE_NONE)
		return 0;
	if (!sky_make_orbit(satellite, epoch_utc_ns, &fault)) {
		range_format(&fault, what, sizeof(what));
		return fail_satellite(satellite, error, what);
	}
	if (orbit_at(&satellite->orbit, epoch_utc_ns, &state) == 0)
		return 0;
	snprintf(what, sizeof(what),
		 "its elements of %s say nothing of %s, where the run begins: %s; give newer ones, "
		 "or another epoch in [network]",
		 utc_format(orbit_epoch_utc_ns(&satellite->orbit), elements),
		 utc_format(epoch_utc_ns, epoch), sgp4_error_text(state.error));
	return fail_satellite(satellite, error, what);
}

int sky_start(struct topology *topology, int64_t epoch_utc_ns, struct error *error)
{
	if (!topology->epoch_given)
		topology->epoch_utc_ns =
			epoch_utc_ns == INT64_MIN ? default_epoch(topology) : epoch_utc_ns;
	for (size_t i = 0; i < topology->satellite_count; i++) {
		int rc = start_satellite(&topology->satellites[i], topology->epoch_utc_ns, error);

		if (rc)
			return rc;
	}
	for (size_t i = 0; i < topology->link_count; i++) {
		struct link *link = &topology->links[i];
		uint64_t delay_ns;
		int rc;

		if (link->medium != MEDIUM_SATELLITE || !sky_link_moves(topology, link))
			continue;
		rc = sky_first_service(topology, link, &delay_ns, error);
		if (rc)
			return rc;
		link->propagation_ns = delay_ns + link->processing_ns;
	}
	return 0;
}

bool sky_link_moves(const struct topology *topology, const struct link *link)
{
	if (link->medium != MEDIUM_SATELLITE || sky_way_count(topology, link) == 0)
		return false;
	if (link->constellation != TOPOLOGY_NONE)
		return true;
	for (uint32_t i = 0; i < link->chain_count; i++)
		if (topology->satellites[link->chain[i]].kind != SATELLITE_GEOSTATIONARY)
			return true;
	return false;
}

bool sky_moves(const struct topology *topology)
{
	for (size_t i = 0; i < topology->link_count; i++)
		if (sky_link_moves(topology, &topology->links[i]))
			return true;
	return false;
}

int64_t sky_utc_ns(const struct topology *topology, uint64_t at_ns)
{
	return topology->epoch_utc_ns + (int64_t)at_ns;
}

// An instant begins with its year and a dash.
static bool looks_like_utc(const char *text)
{
	return isdigit((unsigned char)text[0]) && strspn(text, "0123456789") == 4 && text[4] == '-';
}

int sky_parse_instant(const struct topology *topology, const char *text, const char *where,
		      uint64_t *at_ns, struct error *error)
{
	char epoch[UTC_TEXT_BYTES];
	int64_t utc_ns;

	if (!looks_like_utc(text))
		return quantity_parse_time_ns(text, where, at_ns, error);
	if (utc_parse(text, &utc_ns) < 0)
		return error_set(error, -EINVAL, where,
				 "\"%.40s\" is not an instant of UTC; write e.g. "
				 "2026-06-14T04:13:00Z",
				 text);
	if (!topology->epoch_given)
		return error_set(error, -EINVAL, where,
				 "\"%.40s\" has no place on the lab's clock; say when that begins, "
				 "with epoch = ... in [network]",
				 text);
	if (utc_ns < topology->epoch_utc_ns ||
	    (uint64_t)utc_ns - (uint64_t)topology->epoch_utc_ns > QUANTITY_TIME_MOST_NS)
		return error_set(error, -EINVAL, where,
				 "\"%.40s\" is before the lab begins, at %s, or a hundred years "
				 "after",
				 text, utc_format(topology->epoch_utc_ns, epoch));
	*at_ns = (uint64_t)utc_ns - (uint64_t)topology->epoch_utc_ns;
	return 0;
}

// ---- Ways ----

uint32_t sky_way_count(const struct topology *topology, const struct link *link)
{
	if (link->constellation != TOPOLOGY_NONE)
		return (uint32_t)topology->constellations[link->constellation].satellite_count;
	return link->chain_count > 0;
}

static const struct orbit *orbit_of(const struct topology *topology, const struct orbit *orbits,
				    uint32_t satellite)
{
	return orbits ? &orbits[satellite] : &topology->satellites[satellite].orbit;
}

struct path sky_way(const struct topology *topology, const struct link *link,
		    enum link_direction direction, uint32_t way)
{
	return sky_way_over(topology, NULL, link, direction, way);
}

struct path sky_way_over(const struct topology *topology, const struct orbit *orbits,
			 const struct link *link, enum link_direction direction, uint32_t way)
{
	const struct site *from = &topology->sites[link->ends[direction].site];
	const struct site *to = &topology->sites[link->ends[1 - direction].site];
	struct path path = {.from = &from->ground,
			    .to = &to->ground,
			    .from_mask_deg = link->elevation_mask_deg,
			    .to_mask_deg = link->elevation_mask_deg,
			    .satellite_count = link->chain_count};

	if (link->constellation != TOPOLOGY_NONE) {
		uint32_t index = topology->constellations[link->constellation].satellites[way];

		path.satellites[0] = orbit_of(topology, orbits, index);
		path.satellite_count = 1;
		return path;
	}
	for (uint32_t i = 0; i < link->chain_count; i++) {
		uint32_t place = direction == LINK_FORWARD ? i : link->chain_count - 1 - i;

		path.satellites[i] = orbit_of(topology, orbits, link->chain[place]);
	}
	return path;
}

char *sky_way_name(const struct topology *topology, const struct link *link, uint32_t way,
		   char *text, size_t size)
{
	size_t used = 0;

	if (way == HANDOVER_NONE) {
		snprintf(text, size, "none");
	} else if (link->constellation != TOPOLOGY_NONE) {
		const struct constellation *constellation =
			&topology->constellations[link->constellation];

		snprintf(text, size, "%s",
			 topology->satellites[constellation->satellites[way]].name);
	} else {
		for (uint32_t i = 0; i < link->chain_count && used < size; i++)
			used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
						 topology->satellites[link->chain[i]].name);
	}
	return text;
}

// ---- Services ----

static char *where_of(const struct link *link, char *where, size_t size)
{
	snprintf(where, size, "%s:%u [link %s]", link->source.file, link->source.line, link->name);
	return where;
}

// A schedule is written in times of the lab's clock.
static struct handover_slot *slots_of(const struct topology *topology, const struct link *link)
{
	size_t count = link->handover.slot_count;
	struct handover_slot *slots = calloc(count + 1, sizeof(*slots));

	for (size_t i = 0; slots && i < count; i++) {
		slots[i] = link->handover.slots[i];
		slots[i].from_utc_ns += topology->epoch_utc_ns;
	}
	return slots;
}

int sky_find_services(const struct topology *topology, const struct link *link, int64_t from_utc_ns,
		      int64_t to_utc_ns, struct handover **services, size_t *count,
		      struct error *error)
{
	struct sky_search search = {
		.serving = HANDOVER_NONE, .from_utc_ns = from_utc_ns, .to_utc_ns = to_utc_ns};

	return sky_serve(topology, link, &search, services, count, error);
}

int sky_find_services_at(const struct topology *topology, const struct link *link,
			 int64_t wanted_utc_ns, int64_t to_utc_ns, struct handover **services,
			 size_t *count, struct error *error)
{
	struct sky_search search = {.serving = HANDOVER_NONE,
				    .from_utc_ns = topology->epoch_utc_ns,
				    .to_utc_ns = to_utc_ns,
				    .wanted_utc_ns = wanted_utc_ns};

	return sky_serve(topology, link, &search, services, count, error);
}

int sky_serve(const struct topology *topology, const struct link *link,
	      const struct sky_search *search, struct handover **services, size_t *count,
	      struct error *error)
{
	uint32_t ways = sky_way_count(topology, link);
	struct path *paths = calloc(ways + 1, sizeof(*paths));
	struct handover_slot *slots = slots_of(topology, link);
	struct handover_request request = {.paths = paths,
					   .path_count = ways,
					   .rule = link->handover.rule,
					   .hysteresis_deg = link->handover.hysteresis_deg,
					   .slots = slots,
					   .slot_count = link->handover.slot_count,
					   .serving = search->serving,
					   .from_utc_ns = search->from_utc_ns,
					   .to_utc_ns = search->to_utc_ns,
					   .wanted_utc_ns = search->wanted_utc_ns};
	char where[192];
	int rc = -ENOMEM;

	for (uint32_t i = 0; paths && i < ways; i++)
		paths[i] = sky_way_over(topology, search->orbits, link, LINK_FORWARD, i);
	if (paths && slots)
		rc = handover_find(&request, services, count);
	free(paths);
	free(slots);
	if (rc)
		error_set(error, rc, where_of(link, where, sizeof(where)),
			  rc == -ENOMEM ? "no memory for its handovers"
					: "its handovers cannot be found; check choose");
	return rc;
}

int sky_first_service(const struct topology *topology, const struct link *link, uint64_t *delay_ns,
		      struct error *error)
{
	int64_t from_ns = topology->epoch_utc_ns;
	char where[192], name[200], begin[UTC_TEXT_BYTES];

	for (int64_t look_ns = FIRST_LOOK_NS; look_ns <= LONGEST_LOOK_NS;
	     look_ns += LONGEST_LOOK_NS - FIRST_LOOK_NS) {
		struct handover *services;
		size_t count;
		int rc = sky_find_services(topology, link, from_ns, from_ns + look_ns, &services,
					   &count, error);

		if (rc)
			return rc;
		for (size_t i = 0; i < count; i++) {
			struct path path;

			if (services[i].path == HANDOVER_NONE)
				continue;
			path = sky_way(topology, link, LINK_FORWARD, services[i].path);
			*delay_ns =
				(uint64_t)llround(path_delay_ns(&path, services[i].from_utc_ns));
			free(services);
			return 0;
		}
		free(services);
	}
	return error_set(error, -ENOENT, where_of(link, where, sizeof(where)),
			 "%s is never in sight of both ends above %g deg within ten days from %s; "
			 "choose other satellites or sites, or lower elevation",
			 link->constellation != TOPOLOGY_NONE
				 ? topology->constellations[link->constellation].name
				 : sky_way_name(topology, link, 0, name, sizeof(name)),
			 link->elevation_mask_deg, utc_format(from_ns, begin));
}

// ---- Stale elements ----

// Trackers' elements of this kind are good to a kilometre when new; along the orbit the error grows
// by about 1 km a day above the air, by 3 km a day and faster within it (Vallado and Cefola,
// "Two-line element sets - practice and use", IAC-12).
static double error_km(const struct satellite *satellite, double days)
{
	return satellite->elements.mean_motion_rev_per_day > 6.4 ? 1 + 3 * days : 1 + days;
}

void sky_warn(const struct topology *topology, int64_t from_utc_ns, int64_t to_utc_ns,
	      void (*tell)(void *context, const struct satellite *satellite, const char *what),
	      void *context)
{
	for (size_t i = 0; i < topology->satellite_count; i++) {
		const struct satellite *satellite = &topology->satellites[i];
		char what[256], epoch[UTC_TEXT_BYTES];
		int64_t at_utc_ns = to_utc_ns;
		double days, off_km;

		if (satellite->kind != SATELLITE_ELEMENTS)
			continue;
		if (satellite->elements.epoch_utc_ns - from_utc_ns >
		    to_utc_ns - satellite->elements.epoch_utc_ns)
			at_utc_ns = from_utc_ns;
		days = fabs((double)(at_utc_ns - satellite->elements.epoch_utc_ns)) /
		       (double)UTC_NS_PER_DAY;
		if (days <= SKY_FRESH_DAYS)
			continue;
		off_km = error_km(satellite, days);
		snprintf(what, sizeof(what),
			 "its elements are %.0f days from %s: it may be %.0f "
			 "km from where they say, and its delay %.0f us off (get newer ones)",
			 days, utc_format(at_utc_ns, epoch), off_km, 2 * off_km / 299.792458 * 1e3);
		tell(context, satellite, what);
	}
}
