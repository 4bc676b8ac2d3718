// SPDX-License-Identifier: BSD-3-Clause
// Physics becomes profiles (evolve.h).
#include "control/evolve.h"
#include "control/compile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "control/evolve_later.h"
#include "control/evolve_profiles.h"
#include "control/evolve_radio.h"
#include "topologies/sky.h"
#include "topologies/sky_sites.h"

struct moving {
	struct handover *services; // from clock 0 or a later service on, without holes
	size_t count;
	const struct profile *delay[LINK_DIRECTIONS];
	const struct profile *carrier;              // NULL: always up
	struct evolve_later later[LINK_DIRECTIONS]; // of its radio
};

struct evolve {
	const struct topology *topology;
	struct moving *links; // [link]
	bool moves;
	uint64_t made_from_ns; // of the last generation; EVOLVE_NEVER: none
};

// Is the link's delay a ramp? One that stands still has two sites then.
static bool has_ramps(const struct topology *topology, const struct link *link)
{
	return sky_link_moves(topology, link) || sky_has_sites(link);
}

struct evolve *evolve_create(const struct topology *topology)
{
	struct evolve *evolve = calloc(1, sizeof(*evolve));

	if (!evolve)
		return NULL;
	evolve->topology = topology;
	evolve->made_from_ns = EVOLVE_NEVER;
	for (size_t l = 0; l < topology->link_count; l++)
		evolve->moves |= has_ramps(topology, &topology->links[l]);
	evolve->links = calloc(topology->link_count + 1, sizeof(*evolve->links));
	if (!evolve->links) {
		free(evolve);
		return NULL;
	}
	for (uint32_t c = 0; c < LINK_DIRECTIONS * topology->link_count; c++)
		evolve->links[c / 2].later[c % 2] = evolve_later_begin(topology, c);
	return evolve;
}

// Leaves `to` such that it can be freed.
static int copy_link(struct moving *to, const struct moving *from)
{
	*to = *from;
	to->services = NULL;
	for (int d = 0; d < LINK_DIRECTIONS; d++)
		to->later[d].rows = (struct evolve_modem_rows){.items = NULL};
	if (from->count > 0) {
		to->services = malloc(from->count * sizeof(*to->services));
		if (!to->services)
			return -ENOMEM;
		memcpy(to->services, from->services, from->count * sizeof(*to->services));
	}
	for (int d = 0; d < LINK_DIRECTIONS; d++)
		if (evolve_later_copy(&to->later[d], &from->later[d]))
			return -ENOMEM;
	return 0;
}

struct evolve *evolve_copy(const struct evolve *evolve)
{
	struct evolve *copy = evolve_create(evolve->topology);

	if (!copy)
		return NULL;
	copy->made_from_ns = evolve->made_from_ns;
	for (size_t l = 0; l < evolve->topology->link_count; l++) {
		const struct moving *from = &evolve->links[l];
		struct moving *to = &copy->links[l];

		if (copy_link(to, from)) {
			evolve_free(copy);
			return NULL;
		}
	}
	return copy;
}

void evolve_free(struct evolve *evolve)
{
	if (!evolve)
		return;
	for (size_t l = 0; l < evolve->topology->link_count; l++) {
		free(evolve->links[l].services);
		for (int d = 0; d < LINK_DIRECTIONS; d++)
			evolve_later_fini(&evolve->links[l].later[d]);
	}
	free(evolve->links);
	free(evolve);
}

// ---- Making ----

static int no_memory(const struct evolve *evolve, uint32_t link, const char *what,
		     struct error *error)
{
	const struct link *of = &evolve->topology->links[link];
	char where[192];

	compile_where(&of->source, "link", of->name, where, sizeof(where));
	return error_set(error, -ENOMEM, where, "%s", what);
}

// Forgets the services that ended before at_ns, but for the one before the one that serves then: so
// a break is seen. What is not yet in force by then is found anew.
static void forget(struct moving *moving, int64_t at_utc_ns)
{
	size_t first = 0;

	while (moving->count > 0 && moving->services[moving->count - 1].from_utc_ns >= at_utc_ns)
		moving->count--;
	if (moving->count > 2)
		first = moving->count - 2;
	if (first > 0)
		memmove(moving->services, moving->services + first, 2 * sizeof(struct handover));
	moving->count -= first;
}

// The services known reach to to_ns from then on, and go on from who serves at from_ns, or from the
// epoch.
static int extend(struct evolve *evolve, const struct evolve_span *span, struct error *error)
{
	const struct topology *topology = evolve->topology;
	struct moving *moving = &evolve->links[span->link];
	struct sky_search search = {.orbits = span->ahead->orbits,
				    .serving = HANDOVER_NONE,
				    .from_utc_ns = sky_utc_ns(topology, span->from_ns),
				    .to_utc_ns = sky_utc_ns(topology, span->to_ns)};
	struct handover *services, *grown, *last;
	size_t count;
	int rc;

	forget(moving, search.from_utc_ns);
	last = moving->count > 0 ? &moving->services[moving->count - 1] : NULL;
	if (!last || last->to_utc_ns < search.from_utc_ns)
		search.from_utc_ns = last ? last->to_utc_ns : topology->epoch_utc_ns;
	if (last)
		search.serving = last->path;
	// Its radio looks at all that it missed.
	if (!moving->later[LINK_FORWARD].given && !moving->later[LINK_REVERSE].given)
		search.wanted_utc_ns = sky_utc_ns(topology, span->from_ns);
	rc = sky_serve(topology, &topology->links[span->link], &search, &services, &count, error);
	if (rc)
		return rc;
	grown = realloc(moving->services, (moving->count + count) * sizeof(*grown));
	if (!grown) {
		free(services);
		return no_memory(evolve, span->link, "no memory for its handovers", error);
	}
	moving->services = grown;
	if (services[0].from_utc_ns > search.from_utc_ns)
		moving->count = 0; // the two before what is wanted are there
	if (moving->count > 0)
		grown[moving->count - 1].to_utc_ns = services[0].from_utc_ns;
	for (size_t i = 0; i < count; i++) {
		if (moving->count > 0 && grown[moving->count - 1].path == services[i].path)
			grown[moving->count - 1].to_utc_ns = services[i].to_utc_ns;
		else
			grown[moving->count++] = services[i];
	}
	free(services);
	return 0;
}

static struct evolve_span span_of(const struct evolve *evolve, const struct sky_ahead *ahead,
				  uint32_t link, uint64_t from_ns)
{
	const struct moving *moving = &evolve->links[link];

	return (struct evolve_span){
		.topology = evolve->topology,
		.ahead = ahead,
		.link = link,
		.from_ns = from_ns,
		.to_ns = from_ns + EVOLVE_GENERATION_NS + EVOLVE_AHEAD_NS,
		.services = moving->services,
		.count = moving->count,
		.later = moving->later,
	};
}

static int make_services(struct evolve *evolve, const struct sky_ahead *ahead, uint32_t link,
			 uint64_t from_ns, struct error *error)
{
	struct evolve_span span = span_of(evolve, ahead, link, from_ns);
	int rc = extend(evolve, &span, error);

	if (rc)
		return rc;
	span = span_of(evolve, ahead, link, from_ns);
	return evolve_carrier(&span, &evolve->links[link].carrier, error);
}

// After the radio's generation, which says which sites are in use.
static int make_delays(struct evolve *evolve, const struct sky_ahead *ahead, uint32_t link,
		       uint64_t from_ns, struct error *error)
{
	struct evolve_span span = span_of(evolve, ahead, link, from_ns);
	struct handover always = {.from_utc_ns = sky_utc_ns(evolve->topology, from_ns),
				  .to_utc_ns = sky_utc_ns(evolve->topology, span.to_ns)};

	if (!sky_link_moves(evolve->topology, &evolve->topology->links[link])) {
		span.services = &always;
		span.count = 1;
	}
	for (int d = 0; d < LINK_DIRECTIONS; d++) {
		int rc = evolve_delay(&span, (enum link_direction)d, &evolve->links[link].delay[d],
				      error);

		if (rc)
			return rc;
	}
	return 0;
}

// The later days of a link's radio. 1: something new, 0: not, or -ENOMEM.
static int make_later(struct evolve *evolve, uint32_t link, uint64_t from_ns, struct error *error)
{
	struct moving *moving = &evolve->links[link];
	int any = 0;

	for (int d = 0; d < LINK_DIRECTIONS; d++) {
		int rc = evolve_later_make(&moving->later[d], evolve->topology, moving->services,
					   moving->count, from_ns);

		if (rc < 0)
			return no_memory(evolve, link, "no memory for its weather", error);
		any |= rc;
	}
	return any;
}

bool evolve_changes(const struct evolve *evolve, uint32_t link)
{
	const struct moving *moving = &evolve->links[link];

	return moving->later[LINK_FORWARD].given || moving->later[LINK_REVERSE].given ||
	       has_ramps(evolve->topology, &evolve->topology->links[link]);
}

// All links: who serves, then what that makes of radios, then delays. 1: something new, 0: not, or
// a negative errno with a sentence.
static int make_links(struct evolve *evolve, const struct sky_ahead *ahead, uint64_t from_ns,
		      struct error *error)
{
	const struct topology *topology = evolve->topology;
	int any = evolve->moves, rc = 0;

	for (uint32_t l = 0; l < topology->link_count && !rc; l++)
		if (sky_link_moves(topology, &topology->links[l]))
			rc = make_services(evolve, ahead, l, from_ns, error);
	for (uint32_t l = 0; l < topology->link_count && !rc; l++) {
		int later = make_later(evolve, l, from_ns, error);

		rc = later < 0 ? later : 0;
		any |= later;
		if (!rc && has_ramps(topology, &topology->links[l]))
			rc = make_delays(evolve, ahead, l, from_ns, error);
	}
	return rc ? rc : any;
}

// The orbits are worked out once for all links.
int evolve_to(struct evolve *evolve, uint64_t at_ns, struct error *error)
{
	const struct topology *topology = evolve->topology;
	uint64_t from_ns = at_ns - at_ns % EVOLVE_GENERATION_NS;
	int64_t from_utc_ns = sky_utc_ns(topology, from_ns);
	struct sky_ahead ahead = {.count = 0};
	int rc = 0;

	if (from_ns == evolve->made_from_ns)
		return 0;
	if (evolve->moves)
		rc = sky_ahead_make(&ahead, topology, from_utc_ns,
				    from_utc_ns +
					    (int64_t)(EVOLVE_GENERATION_NS + EVOLVE_AHEAD_NS));
	if (rc)
		return error_set(error, rc, topology->name, "no memory for its orbits");
	rc = make_links(evolve, &ahead, from_ns, error);
	sky_ahead_fini(&ahead);
	if (rc >= 0)
		evolve->made_from_ns = from_ns;
	return rc;
}

static bool in_use(const void *context, const struct table *table)
{
	const struct evolve *evolve = context;

	for (uint32_t c = 0; c < LINK_DIRECTIONS * evolve->topology->link_count; c++)
		if (evolve->links[c / 2].later[c % 2].table == table)
			return true;
	return false;
}

void evolve_forget_past(const struct evolve *evolve)
{
	if (evolve->made_from_ns != EVOLVE_NEVER && evolve->made_from_ns > EVOLVE_GENERATION_NS)
		tables_sweep(evolve->topology->tables, evolve->made_from_ns - EVOLVE_GENERATION_NS,
			     in_use, evolve);
}

// ---- Asking ----

// The last one may go on beyond what is known.
static int64_t end_of(const struct moving *moving, size_t i)
{
	return i + 1 < moving->count ? moving->services[i].to_utc_ns : INT64_MAX;
}

// The service at an instant: its index, or SIZE_MAX.
static size_t find(const struct evolve *evolve, const struct moving *moving, uint64_t at_ns)
{
	int64_t utc_ns = sky_utc_ns(evolve->topology, at_ns);

	for (size_t i = moving->count; i > 0; i--)
		if (moving->services[i - 1].from_utc_ns <= utc_ns)
			return i - 1;
	return SIZE_MAX;
}

// Until when the handover into service i breaks; the service's beginning when it does not.
static int64_t broken_until(const struct evolve *evolve, uint32_t link, size_t i)
{
	const struct moving *moving = &evolve->links[link];
	uint64_t break_ns = evolve->topology->links[link].handover.break_ns;
	int64_t from_ns = moving->services[i].from_utc_ns;

	if (i == 0 || moving->services[i].path == HANDOVER_NONE ||
	    moving->services[i - 1].path == HANDOVER_NONE)
		return from_ns;
	return from_ns + (int64_t)break_ns;
}

bool evolve_is_up(const struct evolve *evolve, uint32_t link, uint64_t at_ns)
{
	const struct moving *moving = &evolve->links[link];
	size_t i = find(evolve, moving, at_ns);

	if (i == SIZE_MAX)
		return true;
	return moving->services[i].path != HANDOVER_NONE &&
	       sky_utc_ns(evolve->topology, at_ns) >= broken_until(evolve, link, i);
}

bool evolve_breaks(const struct evolve *evolve, uint32_t link, uint64_t at_ns)
{
	const struct moving *moving = &evolve->links[link];
	size_t i = find(evolve, moving, at_ns);

	return i != SIZE_MAX &&
	       moving->services[i].from_utc_ns == sky_utc_ns(evolve->topology, at_ns) &&
	       broken_until(evolve, link, i) > moving->services[i].from_utc_ns;
}

bool evolve_service(const struct evolve *evolve, uint32_t link, uint64_t at_ns,
		    struct handover *service)
{
	const struct moving *moving = &evolve->links[link];
	size_t i = find(evolve, moving, at_ns);

	if (i == SIZE_MAX) {
		// It stands still.
		*service = (struct handover){.from_utc_ns = evolve->topology->epoch_utc_ns,
					     .to_utc_ns = INT64_MAX};
		return evolve->topology->links[link].medium == MEDIUM_SATELLITE;
	}
	*service = moving->services[i];
	service->to_utc_ns = end_of(moving, i);
	return service->path != HANDOVER_NONE;
}

static void take_earlier(int64_t utc_ns, int64_t after_ns, int64_t *next_ns)
{
	if (utc_ns > after_ns && utc_ns < *next_ns)
		*next_ns = utc_ns;
}

// The next generation after the one that holds at an instant: what moves has one each hour, weather
// from the end of its first day to where it stops changing.
static uint64_t next_generation_ns(const struct evolve *evolve, uint64_t at_ns)
{
	uint64_t next_ns = at_ns - at_ns % EVOLVE_GENERATION_NS + EVOLVE_GENERATION_NS;
	uint64_t weather_ns = next_ns > EVOLVE_RADIO_DAY_NS ? next_ns : EVOLVE_RADIO_DAY_NS;

	if (evolve->moves)
		return next_ns;
	for (uint32_t c = 0; c < LINK_DIRECTIONS * evolve->topology->link_count; c++) {
		const struct evolve_later *later = &evolve->links[c / 2].later[c % 2];

		if (later->given && later->horizon_ns > weather_ns)
			return weather_ns;
	}
	return EVOLVE_NEVER;
}

uint64_t evolve_next_ns(const struct evolve *evolve, uint64_t at_ns)
{
	int64_t now_ns = sky_utc_ns(evolve->topology, at_ns), next_utc_ns = INT64_MAX;
	uint64_t next_ns = next_generation_ns(evolve, at_ns);

	for (uint32_t l = 0; l < evolve->topology->link_count; l++) {
		const struct moving *moving = &evolve->links[l];

		for (size_t i = 0; i < moving->count; i++) {
			take_earlier(moving->services[i].from_utc_ns, now_ns, &next_utc_ns);
			take_earlier(broken_until(evolve, l, i), now_ns, &next_utc_ns);
		}
		for (int d = 0; d < LINK_DIRECTIONS; d++) {
			uint64_t turns_ns = evolve_later_next_ns(&moving->later[d], at_ns);

			next_ns = turns_ns < next_ns ? turns_ns : next_ns;
			turns_ns = evolve_later_next_site_ns(&moving->later[d], at_ns);
			next_ns = turns_ns < next_ns ? turns_ns : next_ns;
		}
	}
	if (next_utc_ns != INT64_MAX) {
		uint64_t service_ns = (uint64_t)(next_utc_ns - evolve->topology->epoch_utc_ns);

		next_ns = service_ns < next_ns ? service_ns : next_ns;
	}
	return next_ns;
}

bool evolve_turns(const struct evolve *evolve, uint32_t channel, uint64_t at_ns, bool *up)
{
	return evolve_later_turns(&evolve->links[channel / 2].later[channel % 2], at_ns, up);
}

uint64_t evolve_sites(const struct evolve *evolve, uint32_t channel, uint64_t at_ns)
{
	return evolve_later_sites(&evolve->links[channel / 2].later[channel % 2], at_ns);
}

bool evolve_changes_site(const struct evolve *evolve, uint32_t channel, uint64_t at_ns)
{
	const struct evolve_later *later = &evolve->links[channel / 2].later[channel % 2];

	return at_ns > 0 && evolve_later_next_site_ns(later, at_ns - 1) == at_ns;
}

struct impairment evolve_impairment(const struct evolve *evolve, uint32_t channel,
				    const struct impairment *impairment)
{
	const struct link *link = &evolve->topology->links[channel / 2];
	const struct table *table = evolve->links[channel / 2].later[channel % 2].table;
	struct impairment now = *impairment;

	if (table && now.trace.table == link->impairments[channel % 2].trace.table)
		now.trace.table = table;
	return now;
}

int evolve_apply(const struct evolve *evolve, uint32_t channel, uint64_t at_ns, bool delay_given,
		 struct channel_params *params)
{
	const struct link *link = &evolve->topology->links[channel / 2];
	const struct moving *moving = &evolve->links[channel / 2];
	const struct profile *delay = moving->delay[channel % 2];

	if (!delay)
		return 0;
	params->jitter.order_free |= link->handover.reorder_allowed;
	if (!delay_given && !params->delay_profile) {
		struct profile_cursor cursor = {.begun = false};

		params->delay_profile = delay;
		params->delay_ns = (uint64_t)profile_at(delay, &cursor, at_ns);
	}
	if (!moving->carrier)
		return 0;
	if (params->carrier_profile) {
		params->carrier_profile = evolve_both(evolve->topology->tables,
						      params->carrier_profile, moving->carrier);
		return params->carrier_profile ? 0 : -ENOMEM;
	}
	params->carrier_profile = moving->carrier;
	return 0;
}
