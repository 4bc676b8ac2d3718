// SPDX-License-Identifier: BSD-3-Clause
// From weather to the modem's rates over time (evolve_radio.h).
#include "control/evolve_radio.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/compile.h"
#include "control/sky_budget.h"
#include "control/sky_weather.h"
#include "topologies/sky.h"

// A front reaches the end of a low path when it is so far from the site.
#define PATH_REACH_M 100e3
// How often the geometry of a link that moves is looked at again.
#define GEOMETRY_STEP_NS (10 * EVOLVE_RADIO_STEP_NS)
// Below this, residual loss is none; above, it is followed by decades.
#define LOSS_LEAST 1e-9

// A direction while its modem is followed.
struct modem {
	const struct link *link;
	uint32_t index;
	enum link_direction direction;
	struct topology sky;       // the topology without its weather
	struct handover *services; // of a link that moves, else NULL
	size_t service_count, service;
	bool seen;        // `clear` is of a satellite in service
	uint64_t seen_ns; // since when `clear` stands
	struct sky_budget clear;
	double best_db; // the best Es/N0 under a clear sky so far
	int rung;
	uint64_t better_since_ns[2]; // up, down: the site that is not in use; UINT64_MAX: it is not
	bool on_other[2];
	struct series_row *rows;
	size_t count, room;
	int decade; // of the loss in force
};

static int no_memory(const struct link *link, struct error *error)
{
	char where[192];

	compile_where(&link->source, "link", link->name, where, sizeof(where));
	return error_set(error, -ENOMEM, where, "no memory for its weather");
}

// ---- Until when weather changes ----

static double furthest_m(const struct topology *topology, struct geodetic at)
{
	double most_m = 0;

	for (size_t s = 0; s < topology->site_count; s++)
		if (topology->sites[s].has_position)
			most_m = fmax(most_m, geodesic_distance_m(at, topology->sites[s].position));
	return most_m;
}

static uint64_t end_of(const struct topology *topology, const struct weather_rain *rain)
{
	double seconds;

	switch (rain->kind) {
	case WEATHER_FADING:
		return EVOLVE_RADIO_MOST_NS;
	case WEATHER_SERIES:
		return rain->rows[rain->row_count - 1].at_ns + EVOLVE_RADIO_STEP_NS;
	case WEATHER_CONSTANT:
		return rain->stop_ns == UINT64_MAX ? rain->start_ns : rain->stop_ns;
	case WEATHER_FRONT:
		break;
	}
	if (rain->front.speed_m_per_s <= 0)
		return 0;
	seconds = (furthest_m(topology, rain->front.at) + rain->front.width_m + PATH_REACH_M) /
		  rain->front.speed_m_per_s;
	return rain->start_ns + (uint64_t)(fmin(seconds, 1e6) * 1e9);
}

static uint64_t horizon_ns(const struct topology *topology, const struct link *link)
{
	uint64_t horizon = 0;

	if (sky_link_moves(topology, link))
		return EVOLVE_RADIO_MOST_NS;
	for (size_t w = 0; w < topology->weather_count; w++) {
		uint64_t end = end_of(topology, &topology->weathers[w].rain);

		if (end > horizon)
			horizon = end;
	}
	// Time for the modem to climb again.
	horizon += 2 * link->radio.loop_ns + 10 * EVOLVE_RADIO_STEP_NS;
	return horizon < EVOLVE_RADIO_MOST_NS ? horizon : EVOLVE_RADIO_MOST_NS;
}

// ---- A modem over time ----

static int add_row(struct modem *modem, uint64_t at_ns, double rate_bps, double loss)
{
	if (modem->count == modem->room) {
		size_t room = modem->room ? 2 * modem->room : 64;
		struct series_row *rows = realloc(modem->rows, room * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		modem->rows = rows;
		modem->room = room;
	}
	modem->rows[modem->count++] = (struct series_row){
		.at_ns = at_ns, .values = {[SERIES_RATE] = rate_bps, [SERIES_LOSS] = loss}};
	return 0;
}

// An event that takes the direction down or up.
static int add_event(struct topology *topology, const struct modem *modem, uint64_t at_ns, bool up)
{
	struct event *events =
		realloc(topology->events, (topology->event_count + 1) * sizeof(*events));
	struct event event = {.source = modem->link->source, .at_ns = at_ns, .of_modem = true};
	size_t at;

	if (!events)
		return -ENOMEM;
	topology->events = events;
	snprintf(event.name, sizeof(event.name), "%.50s-modem", modem->link->name);
	if (asprintf(&event.command, "link %s:%s %s", modem->link->name,
		     modem->direction == LINK_FORWARD ? "forward" : "reverse",
		     up ? "up" : "down") < 0)
		return -ENOMEM;
	for (at = topology->event_count; at > 0 && events[at - 1].at_ns > at_ns; at--)
		events[at] = events[at - 1];
	events[at] = event;
	topology->event_count++;
	return 0;
}

// What the rung in use gives at this instant: a row, when it differs from the last one.
static int note_state(struct topology *topology, struct modem *modem, uint64_t at_ns, int rung,
		      double now_db)
{
	const struct modcod *rungs = modem->clear.ladder.rungs;
	double symbols = modem->link->radio.symbol_rate_per_s[modem->direction];
	double loss = 0;
	int decade, rc = 0;
	bool begun = modem->count > 0; // It begins up, unless the storm is there already.
	if (begun ? (rung < 0) != (modem->rung < 0) : rung < 0)
		rc = add_event(topology, modem, at_ns, rung >= 0);
	if (rung >= 0)
		loss = modem_frame_error_ratio(&rungs[rung], now_db);
	if (loss < LOSS_LEAST)
		loss = 0;
	decade = loss > 0 ? (int)ceil(log10(loss)) : -99;
	// While it is down, the line stays as it was: nothing comes to it.
	if (!rc && (!begun || (rung >= 0 && (rung != modem->rung || decade != modem->decade)))) {
		rc = add_row(modem, begun ? at_ns : 0,
			     modem_rate_bps(&rungs[rung >= 0 ? rung : 0], symbols), loss);
		modem->decade = decade;
	}
	modem->rung = rung;
	return rc;
}

// ---- The geometry under it ----

// The clear sky's budget at an instant. False while nobody serves: then the link's carrier is down
// by its geometry, and nothing is asked of the modem. `fresh`: the modem has another satellite.
static bool look(struct modem *modem, uint64_t at_ns, bool *fresh, struct error *error)
{
	int64_t utc_ns = sky_utc_ns(&modem->sky, at_ns);
	struct sky_budget budget;
	uint32_t way = 0;

	*fresh = !modem->seen;
	if (!modem->services && modem->seen)
		return true;
	if (modem->services) {
		size_t before = modem->service;

		while (modem->service + 1 < modem->service_count &&
		       modem->services[modem->service + 1].from_utc_ns <= utc_ns)
			modem->service++;
		way = modem->services[modem->service].path;
		*fresh |= modem->service != before;
		if (way == HANDOVER_NONE) {
			modem->seen = false;
			return false;
		}
		if (!*fresh && at_ns < modem->seen_ns + GEOMETRY_STEP_NS)
			return true;
	}
	// At the very edge of a service it may fail by a hair; what stood before then stands.
	if (sky_budget_of_way(&modem->sky, modem->index, modem->direction, way, at_ns, 0, &budget,
			      error))
		return modem->seen;
	for (unsigned i = 0; i < 2; i++)
		sky_budget_use(&budget, i, modem->on_other[i]);
	modem->clear = budget;
	modem->seen = true;
	modem->seen_ns = at_ns;
	modem->best_db = fmax(modem->best_db, budget.budget.es_n0_db);
	return true;
}

// Which of its two sites each station uses: the other, once it has lost less to rain for long
// enough.
static void choose_sites(const struct topology *topology, struct modem *modem, uint64_t at_ns)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct sky_sites *sites = &modem->clear.sites[i];
		uint32_t end = i == 0 ? modem->direction : 1 - modem->direction;
		const struct radio_diversity *diversity =
			&modem->link->radio.stations[end].diversity;
		double now_db, other_db;

		if (sites->other == TOPOLOGY_NONE)
			continue;
		now_db = sky_rain_db(topology, &sites->paths[modem->on_other[i]], at_ns);
		other_db = sky_rain_db(topology, &sites->paths[!modem->on_other[i]], at_ns);
		if (other_db >= now_db - diversity->hysteresis_db) {
			modem->better_since_ns[i] = UINT64_MAX;
			continue;
		}
		if (modem->better_since_ns[i] == UINT64_MAX)
			modem->better_since_ns[i] = at_ns;
		if (at_ns - modem->better_since_ns[i] < diversity->switch_ns)
			continue;
		modem->on_other[i] = !modem->on_other[i];
		modem->better_since_ns[i] = UINT64_MAX;
		sky_budget_use(&modem->clear, i, modem->on_other[i]);
	}
}

static int follow(struct topology *topology, struct modem *modem, struct error *error)
{
	const struct radio *radio = &modem->link->radio;
	uint64_t end_ns = horizon_ns(topology, modem->link);
	int rc = 0, rung = -1;

	for (uint64_t at_ns = 0; at_ns <= end_ns && !rc; at_ns += EVOLVE_RADIO_STEP_NS) {
		uint64_t told_ns = at_ns > radio->loop_ns ? at_ns - radio->loop_ns : 0;
		double told_db;
		bool fresh;

		if (!look(modem, at_ns, &fresh, error))
			continue;
		choose_sites(topology, modem, at_ns);
		told_db = sky_budget_es_n0_db(topology, &modem->clear, told_ns);
		// With another satellite the modem begins with what its receiver told.
		if (fresh)
			rung = modem_select(&modem->clear.ladder, told_db,
					    radio->control.margin_db);
		rung = modem_adapt(&modem->clear.ladder, &radio->control, rung, told_db);
		rc = note_state(topology, modem, at_ns, rung,
				sky_budget_es_n0_db(topology, &modem->clear, at_ns));
	}
	return rc;
}

// ---- Into the topology ----

static int refuse(const struct modem *modem, struct error *error)
{
	char where[192];

	compile_where(&modem->link->source, "link", modem->link->name, where, sizeof(where));
	return error_set(
		error, -EINVAL, where,
		"Es/N0 is %.1f dB at best under a clear sky, and the lowest MODCOD needs %.1f dB; "
		"raise power, satellite_eirp or antenna, or lower symbol_rate",
		modem->best_db, modem->clear.ladder.rungs[0].threshold_db);
}

// One rate for ever is said as a rate, all else as a trace.
static int put(struct topology *topology, struct modem *modem, struct error *error)
{
	struct impairment *impairment =
		&topology->links[modem->index].impairments[modem->direction];
	const struct table *table;

	if (modem->count == 1 && modem->rows[0].values[SERIES_LOSS] == 0) {
		impairment->rate.bps = (uint64_t)llround(modem->rows[0].values[SERIES_RATE]);
		impairment->given |= IMPAIRMENT(GROUP_RATE);
		free(modem->rows);
		modem->rows = NULL;
		return 0;
	}
	table = tables_keep_series(topology->tables, "weather", modem->rows, modem->count,
				   1U << SERIES_RATE | 1U << SERIES_LOSS);
	if (!table)
		return no_memory(modem->link, error);
	modem->rows = NULL; // the pool's
	impairment->trace = (struct impairment_trace){.table = table, .once = true};
	impairment->given |= IMPAIRMENT(GROUP_TRACE);
	return 0;
}

static int find_services(const struct topology *topology, struct modem *modem, struct error *error)
{
	int64_t from_utc_ns = sky_utc_ns(topology, 0);

	if (!sky_link_moves(topology, modem->link))
		return 0;
	return sky_find_services(topology, modem->link, from_utc_ns,
				 from_utc_ns + (int64_t)EVOLVE_RADIO_MOST_NS, &modem->services,
				 &modem->service_count, error);
}

static int closes(const struct topology *topology, const struct modem *modem, struct error *error)
{
	char where[192];

	if (isinf(modem->best_db)) {
		if (error->code)
			return error->code;
		compile_where(&modem->link->source, "link", modem->link->name, where,
			      sizeof(where));
		return error_set(error, -EINVAL, where,
				 "no satellite serves it in its first day, so its modem has no "
				 "rate; choose another epoch, or give it a rate");
	}
	if (modem_select(&modem->clear.ladder, modem->best_db,
			 topology->links[modem->index].radio.control.margin_db) < 0 &&
	    modem_select(&modem->clear.ladder, modem->best_db, 0) < 0)
		return refuse(modem, error);
	return 0;
}

static int evolve_direction(struct topology *topology, uint32_t link, enum link_direction direction,
			    struct error *error)
{
	struct modem modem = {.link = &topology->links[link],
			      .index = link,
			      .direction = direction,
			      .sky = *topology,
			      .best_db = -INFINITY,
			      .better_since_ns = {UINT64_MAX, UINT64_MAX}};
	struct error unseen = {.code = 0};
	int rc;

	modem.sky.weather_count = 0;
	rc = find_services(topology, &modem, error);
	if (!rc && follow(topology, &modem, &unseen))
		rc = no_memory(modem.link, error);
	if (!rc) {
		*error = unseen;
		rc = closes(topology, &modem, error);
	}
	if (!rc)
		rc = put(topology, &modem, error);
	topology->links[link].radio.evolved[direction] = rc == 0;
	free(modem.services);
	free(modem.rows);
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
