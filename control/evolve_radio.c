// SPDX-License-Identifier: BSD-3-Clause
// From weather to the modem's rates over time (evolve_radio.h).
#include "control/evolve_radio.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/compile.h"
#include "control/evolve.h"
#include "control/evolve_modem.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"
#include "topologies/sky_sites.h"

// A direction while its modem is followed over the first day.
struct draft {
	const struct link *link;
	uint32_t index;
	enum link_direction direction;
	uint64_t horizon_ns;
	struct evolve_modem modem;
	struct evolve_modem_rows rows;
	struct handover *services; // of a link that moves, else NULL
	size_t service_count;
};

static int no_memory(const struct link *link, struct error *error)
{
	char where[192];

	compile_where(&link->source, "link", link->name, where, sizeof(where));
	return error_set(error, -ENOMEM, where, "no memory for its weather");
}

// ---- What the later days begin with ----

// The modem after its first day lies in the topology's pool under this key.
struct later_key {
	char name[16];
	int64_t epoch_utc_ns;
	uint32_t channel;
};

static struct evolve_modem *later_of(const struct topology *topology, uint32_t channel, bool *made)
{
	struct later_key key;

	memset(&key, 0, sizeof(key)); // its padding is compared too
	memcpy(key.name, "modem's day", sizeof("modem's day"));
	key.epoch_utc_ns = topology->epoch_utc_ns;
	key.channel = channel;
	return tables_derive(topology->tables, &key, sizeof(key), sizeof(struct evolve_modem),
			     made);
}

const struct evolve_modem *evolve_radio_later(const struct topology *topology, uint32_t channel)
{
	const struct radio *radio = &topology->links[channel / LINK_DIRECTIONS].radio;
	struct evolve_modem *modem;
	bool made = true;

	if (!radio->evolved[channel % LINK_DIRECTIONS] ||
	    evolve_modem_horizon_ns(topology, &topology->links[channel / LINK_DIRECTIONS]) <=
		    EVOLVE_RADIO_DAY_NS)
		return NULL;
	modem = later_of(topology, channel, &made);
	if (modem && made)
		return modem;
	tables_forget(topology->tables, modem);
	return NULL;
}

// ---- The first day ----

// An event that takes the direction down or up.
static int add_event(struct topology *topology, const struct draft *draft, uint64_t at_ns, bool up)
{
	struct event *events =
		realloc(topology->events, (topology->event_count + 1) * sizeof(*events));
	struct event event = {.source = draft->link->source, .at_ns = at_ns, .of_modem = true};
	size_t at;

	if (!events)
		return -ENOMEM;
	topology->events = events;
	snprintf(event.name, sizeof(event.name), "%.50s-modem", draft->link->name);
	if (asprintf(&event.command, "link %s:%s %s", draft->link->name,
		     draft->direction == LINK_FORWARD ? "forward" : "reverse",
		     up ? "up" : "down") < 0)
		return -ENOMEM;
	for (at = topology->event_count; at > 0 && events[at - 1].at_ns > at_ns; at--)
		events[at] = events[at - 1];
	events[at] = event;
	topology->event_count++;
	return 0;
}

// The first day, and as much more as profiles reach ahead. The modem after the day is kept, where
// it goes on.
static int follow(struct topology *topology, struct draft *draft, struct error *unseen)
{
	bool goes_on = draft->horizon_ns > EVOLVE_RADIO_DAY_NS, made;
	uint64_t to_ns = goes_on ? EVOLVE_RADIO_DAY_NS : draft->horizon_ns + 1;
	struct evolve_modem *later;
	int rc = evolve_modem_follow(&draft->modem, topology, draft->services, draft->service_count,
				     to_ns, &draft->rows, unseen);

	if (rc || !goes_on)
		return rc;
	later = later_of(topology, topology_channel(draft->index, draft->direction), &made);
	if (!later)
		return -ENOMEM;
	*later = draft->modem;
	return evolve_modem_follow(&draft->modem, topology, draft->services, draft->service_count,
				   EVOLVE_RADIO_DAY_NS + EVOLVE_AHEAD_NS, &draft->rows, unseen);
}

// ---- Into the topology ----

static int refuse(const struct draft *draft, struct error *error)
{
	char where[192];

	compile_where(&draft->link->source, "link", draft->link->name, where, sizeof(where));
	return error_set(
		error, -EINVAL, where,
		"Es/N0 is %.1f dB at best under a clear sky, and the lowest MODCOD needs %.1f dB; "
		"raise power, satellite_eirp or antenna, or lower symbol_rate",
		draft->modem.best_db, draft->modem.clear.ladder.rungs[0].threshold_db);
}

// One rate for ever is said as a rate, all else as a trace; a modem that is below its lowest MODCOD
// is an event, up to where the later days' generations begin.
static int put(struct topology *topology, const struct draft *draft, struct error *error)
{
	struct impairment *impairment =
		&topology->links[draft->index].impairments[draft->direction];
	const struct evolve_modem_row *rows = draft->rows.items;
	bool goes_on = draft->horizon_ns > EVOLVE_RADIO_DAY_NS, up = true;

	for (size_t i = 0; i < draft->rows.count; i++) {
		if (rows[i].up != up && (!goes_on || rows[i].at_ns < EVOLVE_RADIO_DAY_NS) &&
		    add_event(topology, draft, rows[i].at_ns, rows[i].up))
			return no_memory(draft->link, error);
		up = rows[i].up;
	}
	if (draft->rows.count == 1 && rows[0].loss == 0 && !goes_on) {
		impairment->rate.bps = (uint64_t)llround(rows[0].rate_bps);
		impairment->given |= IMPAIRMENT(GROUP_RATE);
		return 0;
	}
	impairment->trace = (struct impairment_trace){
		.table = evolve_modem_table(topology->tables, &draft->rows, TABLES_STAY),
		.once = true};
	if (!impairment->trace.table)
		return no_memory(draft->link, error);
	impairment->given |= IMPAIRMENT(GROUP_TRACE);
	return 0;
}

// A modem that is never as fast as what its access may assign, in the best MODCOD of its day.
static int check_access(const struct draft *draft, struct error *error)
{
	const struct link *link = draft->link;
	const struct impairment *impairment = &link->impairments[draft->direction];
	uint64_t asked_bps = impairment->access.cra_bps + impairment->access.rbdc_bps;
	char where[192], asked[32], best[32];
	double best_bps = 0;

	for (size_t i = 0; i < draft->rows.count; i++)
		best_bps = fmax(best_bps, draft->rows.items[i].rate_bps);
	if (!(impairment->given & IMPAIRMENT(GROUP_ACCESS)) || isinf(draft->modem.best_db) ||
	    (double)asked_bps <= best_bps)
		return 0;
	snprintf(where, sizeof(where), "%s:%u [link %s] access.%s", link->source.file,
		 link->access_line[draft->direction], link->name,
		 draft->direction == LINK_FORWARD ? "forward" : "reverse");
	return error_set(error, -EINVAL, where,
			 "cra and rbdc may assign %s together, and the modem sends %s at best; "
			 "lower cra or rbdc, or raise symbol_rate",
			 quantity_format_rate(asked_bps, asked, sizeof(asked)),
			 quantity_format_rate((uint64_t)llround(best_bps), best, sizeof(best)));
}

// The sites in use over the day, where a station has two.
static int put_sites(struct topology *topology, const struct draft *draft)
{
	struct radio *radio = &topology->links[draft->index].radio;
	size_t bytes = draft->rows.count * sizeof(struct radio_sites);
	struct radio_sites *changes, *kept;
	size_t count = 0;
	bool made;

	if (!sky_has_sites(draft->link))
		return 0;
	changes = malloc(bytes);
	for (size_t i = 0; changes && i < draft->rows.count; i++)
		if (i == 0 || draft->rows.items[i].sites != changes[count - 1].sites)
			changes[count++] =
				(struct radio_sites){.at_ns = i ? draft->rows.items[i].at_ns : 0,
						     .sites = draft->rows.items[i].sites};
	if (!changes)
		return -ENOMEM;
	bytes = count * sizeof(*changes);
	kept = tables_derive(topology->tables, changes, bytes, bytes, &made);
	if (kept) {
		memcpy(kept, changes, bytes);
		radio->site_changes[draft->direction] = kept;
		radio->site_change_count[draft->direction] = count;
	}
	free(changes);
	return kept ? 0 : -ENOMEM;
}

static int find_services(const struct topology *topology, struct draft *draft, struct error *error)
{
	int64_t from_utc_ns = sky_utc_ns(topology, 0);

	if (!sky_link_moves(topology, draft->link))
		return 0;
	return sky_find_services(topology, draft->link, from_utc_ns,
				 from_utc_ns + (int64_t)(EVOLVE_RADIO_DAY_NS + EVOLVE_AHEAD_NS),
				 &draft->services, &draft->service_count, error);
}

static int closes(const struct topology *topology, const struct draft *draft, struct error *error)
{
	const struct evolve_modem *modem = &draft->modem;

	// Without a fault nobody has served yet: it is down until somebody does.
	if (isinf(modem->best_db))
		return error->code;
	if (modem_select(&modem->clear.ladder, modem->best_db,
			 topology->links[draft->index].radio.control.margin_db) < 0 &&
	    modem_select(&modem->clear.ladder, modem->best_db, 0) < 0)
		return refuse(draft, error);
	return 0;
}

// Until a satellite first serves, a modem stands at its lowest MODCOD.
static double lowest_bps(const struct radio *radio, enum link_direction direction)
{
	struct modem_ladder ladder;

	if (!radio->modcod[direction] ||
	    !modem_ladder_fix(&ladder, radio->standard, radio->modcod[direction]))
		modem_ladder_make(&ladder, radio->standard);
	return modem_rate_bps(&ladder.rungs[0], radio->symbol_rate_per_s[direction]);
}

static int evolve_direction(struct topology *topology, uint32_t link, enum link_direction direction,
			    struct error *error)
{
	struct draft draft = {.link = &topology->links[link],
			      .index = link,
			      .direction = direction,
			      .modem = evolve_modem_begin(link, direction)};
	struct error unseen = {.code = 0};
	int rc;

	draft.modem.rate_bps = lowest_bps(&draft.link->radio, direction);
	draft.horizon_ns = evolve_modem_horizon_ns(topology, draft.link);
	rc = find_services(topology, &draft, error);
	if (!rc && follow(topology, &draft, &unseen))
		rc = no_memory(draft.link, error);
	if (!rc && draft.rows.count == 0) {
		struct evolve_modem_row row = evolve_modem_now(&draft.modem, 0);

		if (evolve_modem_add_row(&draft.rows, &row))
			rc = no_memory(draft.link, error);
	}
	if (!rc) {
		*error = unseen;
		rc = closes(topology, &draft, error);
	}
	if (!rc)
		rc = check_access(&draft, error);
	if (!rc)
		rc = put(topology, &draft, error);
	if (!rc && put_sites(topology, &draft))
		rc = no_memory(draft.link, error);
	topology->links[link].radio.evolved[direction] = rc == 0;
	free(draft.services);
	free(draft.rows.items);
	return rc;
}

// Takes back what an earlier call gave.
static void undo(struct topology *topology)
{
	size_t kept = 0;

	for (size_t e = 0; e < topology->event_count; e++) {
		if (topology->events[e].of_modem)
			free(topology->events[e].command);
		else
			topology->events[kept++] = topology->events[e];
	}
	topology->event_count = kept;
	for (size_t l = 0; l < topology->link_count; l++)
		for (unsigned d = 0; d < LINK_DIRECTIONS; d++) {
			struct impairment *impairment = &topology->links[l].impairments[d];

			if (!topology->links[l].radio.evolved[d])
				continue;
			topology->links[l].radio.evolved[d] = false;
			topology->links[l].radio.site_changes[d] = NULL;
			topology->links[l].radio.site_change_count[d] = 0;
			impairment->rate.bps = 0;
			impairment->trace = (struct impairment_trace){.table = NULL};
			impairment->given &= ~(IMPAIRMENT(GROUP_RATE) | IMPAIRMENT(GROUP_TRACE));
		}
}

int evolve_radio(struct topology *topology, struct error *error)
{
	undo(topology);
	for (uint32_t l = 0; l < topology->link_count; l++) {
		const struct link *link = &topology->links[l];

		for (unsigned d = 0; d < LINK_DIRECTIONS; d++) {
			int rc;

			if (!link->radio.given || !link->radio.adaptive[d] ||
			    link->impairments[d].trace.table)
				continue;
			rc = evolve_direction(topology, l, (enum link_direction)d, error);
			if (rc)
				return rc;
		}
	}
	return 0;
}
