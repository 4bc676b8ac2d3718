// SPDX-License-Identifier: BSD-3-Clause
// Ephemerides of all satellites that links take (sky_ahead.h).
#include "topologies/sky_ahead.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "dataplane/physics/handover.h"
#include "dataplane/physics/pass.h"
#include "dataplane/physics/utc.h"
#include "topologies/sky.h"

// How far passes are looked for beyond a span: two steps, and one before it.
#define STEPS_BEYOND 3

static void note_way(const struct link *link, const struct path *path, const struct orbit *orbits,
		     int64_t *beyond_ns)
{
	for (unsigned i = 0; i < path->satellite_count; i++) {
		const struct orbit *orbit = path->satellites[i];
		int64_t look_ns = STEPS_BEYOND * pass_step_ns(orbit);
		int64_t *own_ns = &beyond_ns[orbit - orbits];

		if (link->handover.rule == HANDOVER_LONGEST)
			look_ns += UTC_NS_PER_DAY;
		if (orbit->law != ORBIT_LAW_STATIONARY && look_ns > *own_ns)
			*own_ns = look_ns;
	}
}

// How far beyond the span each satellite is asked about; 0: not at all.
static void note_links(const struct topology *topology, const struct orbit *orbits,
		       int64_t *beyond_ns)
{
	for (size_t l = 0; l < topology->link_count; l++) {
		const struct link *link = &topology->links[l];

		if (!sky_link_moves(topology, link))
			continue;
		for (uint32_t way = 0; way < sky_way_count(topology, link); way++) {
			struct path path = sky_way_over(topology, orbits, link, LINK_FORWARD, way);

			note_way(link, &path, orbits, beyond_ns);
		}
	}
}

static int make(struct sky_ahead *ahead, size_t i, const struct orbit *orbit, int64_t from_utc_ns,
		int64_t to_utc_ns, int64_t beyond_ns)
{
	int64_t before_ns = STEPS_BEYOND * pass_step_ns(orbit);
	int code;

	if (beyond_ns == 0)
		return 0;
	code = ephemeris_make(&ahead->ephemerides[i], orbit, from_utc_ns - before_ns,
			      to_utc_ns + beyond_ns);
	if (code == 0)
		orbit_make_tabled(&ahead->orbits[i], &ahead->ephemerides[i]);
	return code;
}

int sky_ahead_make(struct sky_ahead *ahead, const struct topology *topology, int64_t from_utc_ns,
		   int64_t to_utc_ns)
{
	size_t count = topology->satellite_count;
	int64_t *beyond_ns = calloc(count + 1, sizeof(*beyond_ns));
	int code = -ENOMEM;

	*ahead = (struct sky_ahead){
		.count = count,
		.ephemerides = calloc(count + 1, sizeof(*ahead->ephemerides)),
		.orbits = calloc(count + 1, sizeof(*ahead->orbits)),
	};
	if (beyond_ns && ahead->ephemerides && ahead->orbits) {
		code = from_utc_ns < to_utc_ns ? 0 : -EINVAL;
		for (size_t i = 0; i < count; i++)
			ahead->orbits[i] = topology->satellites[i].orbit;
		note_links(topology, ahead->orbits, beyond_ns);
	}
	for (size_t i = 0; i < count && !code; i++)
		code = make(ahead, i, &topology->satellites[i].orbit, from_utc_ns, to_utc_ns,
			    beyond_ns[i]);
	free(beyond_ns);
	if (code)
		sky_ahead_fini(ahead);
	return code;
}

void sky_ahead_fini(struct sky_ahead *ahead)
{
	for (size_t i = 0; ahead->ephemerides && i < ahead->count; i++)
		ephemeris_fini(&ahead->ephemerides[i]);
	free(ahead->ephemerides);
	free(ahead->orbits);
	*ahead = (struct sky_ahead){.count = 0};
}
