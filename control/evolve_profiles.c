// SPDX-License-Identifier: BSD-3-Clause
// A generation's profiles of one link (evolve_profiles.h).
#include "control/evolve_profiles.h"
#include "control/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/path_ramp.h"
#include "topologies/sky.h"
#include "topologies/sky_sites.h"

// A stepped carrier that repeats is written out over this much when it is put together.
#define STEPS_MOST 100000

struct points {
	struct profile_point *items;
	size_t count, room;
};

static int add(struct points *points, uint64_t at_ns, int64_t value)
{
	if (points->count > 0 && points->items[points->count - 1].at_ns >= at_ns)
		return 0;
	if (points->count == points->room) {
		size_t room = points->room ? 2 * points->room : 256;
		struct profile_point *items = realloc(points->items, room * sizeof(*items));

		if (!items)
			return -ENOMEM;
		points->items = items;
		points->room = room;
	}
	points->items[points->count++] = (struct profile_point){.at_ns = at_ns, .value = value};
	return 0;
}

struct memory {
	struct profile profile;
	struct profile_point points[];
};

// Of equal keys and as many points there is one profile: whoever asks again for the same generation
// gets the same.
static const struct profile *keep(struct tables *tables, const uint64_t *key, size_t key_words,
				  const struct points *points, uint64_t start_ns, bool interpolated)
{
	size_t bytes = points->count * sizeof(*points->items);
	struct memory *memory;
	bool made;

	memory = tables_derive(tables, key, key_words * sizeof(*key), sizeof(*memory) + bytes,
			       &made);
	if (!memory || made)
		return memory ? &memory->profile : NULL;
	memcpy(memory->points, points->items, bytes);
	memory->profile = (struct profile){.points = memory->points,
					   .count = (uint32_t)points->count,
					   .interpolated = interpolated,
					   .start_ns = start_ns};
	if (profile_make(&memory->profile, "sky", NULL) == 0) {
		tables_pass(memory, start_ns);
		return &memory->profile;
	}
	tables_forget(tables, memory);
	return NULL;
}

// What a key begins with; no other key of the pool does.
enum { KEY_DELAY = 0x796c6564, KEY_CARRIER = KEY_DELAY + LINK_DIRECTIONS, KEY_BOTH };

// A generation of a link follows from the lab's epoch, the span, and who serves in it since when
// and until when; its points need not be in the key.
static const struct profile *keep_generation(const struct evolve_span *span, uint64_t what,
					     const struct points *points)
{
	size_t count = 0;
	uint64_t *key = calloc(5 + 3 * span->count, sizeof(*key));
	const struct profile *profile;

	if (!key)
		return NULL;
	key[count++] = what;
	key[count++] = span->link;
	key[count++] = (uint64_t)span->topology->epoch_utc_ns;
	key[count++] = span->from_ns;
	key[count++] = span->to_ns;
	for (size_t i = 0; i < span->count; i++) {
		key[count++] = span->services[i].path;
		key[count++] = (uint64_t)span->services[i].from_utc_ns;
		key[count++] = (uint64_t)span->services[i].to_utc_ns;
	}
	profile = keep(span->topology->tables, key, count, points, span->from_ns,
		       what != KEY_CARRIER);
	free(key);
	return profile;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// A ramp of one service from one pair of sites.
static int draw_piece(const struct evolve_span *span, enum link_direction direction, uint32_t way,
		      uint64_t sites, int64_t from_ns, int64_t to_ns, struct points *points)
{
	const struct link *link = &span->topology->links[span->link];
	int64_t start_ns = sky_utc_ns(span->topology, span->from_ns);
	int64_t beside_ns =
		(int64_t)(link->processing_ns + sky_haul_ns(span->topology, link, sites));
	struct path path =
		sky_way_of_sites(span->topology, span->ahead->orbits, link, direction, way, sites);
	struct ramp ramp = {.points = NULL};
	int rc;

	if (to_ns - from_ns < 2)
		return 0;
	// The modem looks on whole seconds: until then a satellite may serve that the other site
	// does not see.
	if (sites != SKY_SITES_MAIN && !(path_margin_deg(&path, from_ns) >= 0))
		return draw_piece(span, direction, way, SKY_SITES_MAIN, from_ns, to_ns, points);
	// The last instant before the next one's first.
	rc = path_ramp_draw(&path, &ramp, from_ns, to_ns - 1);
	for (size_t i = 0; i < ramp.count && !rc; i++)
		rc = add(points, (uint64_t)(ramp.points[i].at_utc_ns - start_ns),
			 ramp.points[i].delay_ns + beside_ns);
	free(ramp.points);
	return rc;
}

// One service, as far as it lies within the span, from one change of sites to the next.
static int draw(const struct evolve_span *span, enum link_direction direction,
		const struct handover *service, struct points *points)
{
	const struct evolve_later *later_on = &span->later[direction];
	int64_t zero_ns = sky_utc_ns(span->topology, 0);
	int64_t from_ns = later(service->from_utc_ns, sky_utc_ns(span->topology, span->from_ns));
	int64_t to_ns = sooner(service->to_utc_ns, sky_utc_ns(span->topology, span->to_ns));
	int rc = 0;

	while (from_ns < to_ns && !rc) {
		uint64_t at_ns = (uint64_t)(from_ns - zero_ns);
		uint64_t next_ns = evolve_later_next_site_ns(later_on, at_ns);
		int64_t until_ns =
			next_ns < span->to_ns ? sooner(to_ns, zero_ns + (int64_t)next_ns) : to_ns;

		rc = draw_piece(span, direction, service->path, evolve_later_sites(later_on, at_ns),
				from_ns, until_ns, points);
		from_ns = until_ns;
	}
	return rc;
}

static int fail(const struct evolve_span *span, int rc, struct error *error)
{
	const struct link *link = &span->topology->links[span->link];
	char where[192];

	compile_where(&link->source, "link", link->name, where, sizeof(where));
	if (rc == -EDOM)
		return error_set(error, rc, where,
				 "a satellite's elements say nothing of what comes next (it has "
				 "decayed); end the run earlier or give newer elements");
	return error_set(error, rc, where, "no memory for its profiles");
}

int evolve_delay(const struct evolve_span *span, enum link_direction direction,
		 const struct profile **profile, struct error *error)
{
	const struct link *link = &span->topology->links[span->link];
	struct points points = {.items = NULL};
	int rc = 0;

	for (size_t i = 0; i < span->count && !rc; i++)
		if (span->services[i].path != HANDOVER_NONE)
			rc = draw(span, direction, &span->services[i], &points);
	// Nobody at the beginning, or at all: what comes first holds, or what the link has.
	if (!rc && points.count == 0)
		rc = add(&points, 0, (int64_t)link->propagation_ns);
	if (!rc && points.items[0].at_ns > 0) {
		int64_t value = points.items[0].value;

		rc = add(&points, points.items[points.count - 1].at_ns + 1,
			 points.items[points.count - 1].value);
		if (!rc) {
			memmove(points.items + 1, points.items,
				(points.count - 1) * sizeof(*points.items));
			points.items[0] = (struct profile_point){.at_ns = 0, .value = value};
		}
	}
	*profile = rc ? NULL : keep_generation(span, KEY_DELAY + direction, &points);
	free(points.items);
	if (rc || !*profile)
		return fail(span, rc ? rc : -ENOMEM, error);
	return 0;
}

int evolve_carrier(const struct evolve_span *span, const struct profile **profile,
		   struct error *error)
{
	const struct link *link = &span->topology->links[span->link];
	int64_t start_ns = sky_utc_ns(span->topology, span->from_ns);
	struct points points = {.items = NULL};
	bool always = true;
	int rc = 0;

	for (size_t i = 0; i < span->count && !rc; i++) {
		const struct handover *service = &span->services[i];
		bool up = service->path != HANDOVER_NONE;
		bool breaks = up && i > 0 && link->handover.break_ns > 0 &&
			      span->services[i - 1].path != HANDOVER_NONE;
		int64_t up_ns =
			service->from_utc_ns + (breaks ? (int64_t)link->handover.break_ns : 0);

		if (service->to_utc_ns <= start_ns)
			continue;
		if (!up || (breaks && up_ns > start_ns)) {
			always = false;
			rc = add(&points,
				 (uint64_t)(later(service->from_utc_ns, start_ns) - start_ns), 0);
		}
		if (!rc && up)
			rc = add(&points, (uint64_t)(later(up_ns, start_ns) - start_ns), 1);
	}
	*profile = NULL;
	if (!rc && !always) {
		*profile = keep_generation(span, KEY_CARRIER, &points);
		rc = *profile ? 0 : -ENOMEM;
	}
	free(points.items);
	return rc ? fail(span, rc, error) : 0;
}

// The next instant after at_ns at which a stepped profile begins a new point; UINT64_MAX: none.
static uint64_t next_step(const struct profile *profile, uint64_t at_ns)
{
	struct profile_cursor cursor = {.begun = false};
	uint64_t since_ns = at_ns > profile->start_ns ? at_ns - profile->start_ns : 0;

	if (at_ns < profile->start_ns)
		return profile->start_ns;
	profile_find(profile, &cursor, since_ns);
	if (cursor.index + 1 < profile->count)
		return profile->start_ns + cursor.round_at_ns +
		       profile->points[cursor.index + 1].at_ns;
	return profile->period_ns ? profile->start_ns + cursor.round_at_ns + profile->period_ns
				  : UINT64_MAX;
}

const struct profile *evolve_both(struct tables *tables, const struct profile *one,
				  const struct profile *other)
{
	// `other` is a generation: both are looked at from its start, as far as it counts.
	uint64_t start_ns = other->start_ns, at_ns = start_ns;
	uint64_t end_ns = start_ns + UINT64_C(3720000000000);
	struct profile_cursor first = {.begun = false}, second = {.begun = false};
	// Both are the pool's: one stays, and what comes of the other is forgotten with it.
	uint64_t key[] = {KEY_BOTH, (uintptr_t)one, (uintptr_t)other};
	struct points points = {.items = NULL};
	const struct profile *both = NULL;
	int rc = 0;

	while (!rc && at_ns < end_ns && points.count < STEPS_MOST) {
		uint64_t a = next_step(one, at_ns), b = next_step(other, at_ns);

		rc = add(&points, at_ns - start_ns,
			 profile_at(one, &first, at_ns) && profile_at(other, &second, at_ns));
		at_ns = a < b ? a : b;
	}
	if (!rc)
		both = keep(tables, key, sizeof(key) / sizeof(key[0]), &points, start_ns, false);
	free(points.items);
	return both;
}
