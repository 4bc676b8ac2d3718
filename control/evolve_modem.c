// SPDX-License-Identifier: BSD-3-Clause
// A modem that follows the weather (evolve_modem.h).
#include "control/evolve_modem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "control/sky_weather.h"
#include "topologies/sky_sites.h"

// A front reaches the end of a low path when it is so far from the site.
#define PATH_REACH_M 100e3
// A front takes no longer than this.
#define FRONT_MOST_S 3e9
// How often the geometry of a link that moves is looked at again.
#define GEOMETRY_STEP_NS (10 * EVOLVE_MODEM_STEP_NS)
// Below this, residual loss is none; above, it is followed by decades.
#define LOSS_LEAST 1e-9

struct evolve_modem evolve_modem_begin(uint32_t link, enum link_direction direction)
{
	return (struct evolve_modem){.link = link,
				     .direction = direction,
				     .best_db = -INFINITY,
				     .rung = -1,
				     .better_since_ns = {UINT64_MAX, UINT64_MAX}};
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
		return UINT64_MAX;
	case WEATHER_SERIES:
		return rain->rows[rain->row_count - 1].at_ns + EVOLVE_MODEM_STEP_NS;
	case WEATHER_CONSTANT:
		return rain->stop_ns == UINT64_MAX ? rain->start_ns : rain->stop_ns;
	case WEATHER_FRONT:
		break;
	}
	if (rain->front.speed_m_per_s <= 0)
		return 0;
	seconds = (furthest_m(topology, rain->front.at) + rain->front.width_m + PATH_REACH_M) /
		  rain->front.speed_m_per_s;
	return rain->start_ns + (uint64_t)(fmin(seconds, FRONT_MOST_S) * 1e9);
}

uint64_t evolve_modem_horizon_ns(const struct topology *topology, const struct link *link)
{
	uint64_t horizon = 0;

	if (sky_link_moves(topology, link))
		return UINT64_MAX;
	for (size_t w = 0; w < topology->weather_count; w++) {
		uint64_t end = end_of(topology, &topology->weathers[w].rain);

		if (end > horizon)
			horizon = end;
	}
	// Time for the modem to climb again.
	return horizon == UINT64_MAX
		       ? horizon
		       : horizon + 2 * link->radio.loop_ns + 10 * EVOLVE_MODEM_STEP_NS;
}

// ---- The geometry under it ----

// The way that serves at an instant, and since when.
static uint32_t find_way(const struct handover *services, size_t count, int64_t utc_ns,
			 int64_t *since_utc_ns)
{
	size_t low = 0, high = count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (services[middle].from_utc_ns <= utc_ns)
			low = middle;
		else
			high = middle;
	}
	*since_utc_ns = services[low].from_utc_ns;
	return services[low].path;
}

// Does the other site of an end see the way's satellites until the geometry is looked at again?
static bool stays_in_sight(const struct topology *topology, const struct evolve_modem *modem,
			   unsigned end, uint32_t way, uint64_t at_ns)
{
	const struct link *link = &topology->links[modem->link];
	struct path path = sky_way_of_sites(topology, NULL, link, LINK_FORWARD, way, 1U << end);
	struct path_state state;
	const struct topocentric *seen = end == 0 ? &state.up : &state.down;

	return path_at(&path, sky_utc_ns(topology, at_ns + GEOMETRY_STEP_NS), &state, NULL) == 0 &&
	       seen->elevation_deg >= link->elevation_mask_deg;
}

// The clear sky's budget at an instant. False while nobody serves: then the link's carrier is down
// by its geometry, and nothing is asked of the modem. `fresh`: the modem has another satellite.
static bool look(struct evolve_modem *modem, const struct topology *clear_sky,
		 const struct handover *services, size_t count, uint64_t at_ns, bool *fresh,
		 struct error *unseen)
{
	struct sky_budget budget;
	uint32_t way = 0;

	*fresh = !modem->seen;
	if (!services && modem->seen)
		return true;
	if (services) {
		int64_t since = 0;

		way = find_way(services, count, sky_utc_ns(clear_sky, at_ns), &since);
		*fresh |= since != modem->service_utc;
		modem->service_utc = since;
		if (way == HANDOVER_NONE) {
			modem->seen = false;
			return false;
		}
		if (!*fresh && at_ns < modem->seen_ns + GEOMETRY_STEP_NS)
			return true;
	}
	// At the very edge of a service it may fail by a hair; what stood before then stands.
	if (sky_budget_of_way(clear_sky, modem->link, modem->direction, way, at_ns, 0, &budget,
			      unseen))
		return modem->seen;
	for (unsigned i = 0; i < 2; i++) {
		unsigned end = i == 0 ? modem->direction : 1U - modem->direction;

		if (services && budget.sites[i].other != TOPOLOGY_NONE &&
		    !stays_in_sight(clear_sky, modem, end, way, at_ns))
			budget.sites[i].other = TOPOLOGY_NONE;
		sky_budget_use(&budget, i, modem->on_other[i]);
		modem->on_other[i] = budget.sites[i].on_other;
	}
	modem->clear = budget;
	modem->seen = true;
	modem->seen_ns = at_ns;
	modem->best_db = fmax(modem->best_db, budget.budget.es_n0_db);
	return true;
}

static double wet_db(const struct topology *topology, const struct sky_path *path, uint64_t at_ns)
{
	return sky_rain_db(topology, path, at_ns) + sky_cloud_db(topology, path, at_ns);
}

// Which of its two sites each station uses: the other, once it has lost less to rain and clouds for
// long enough.
static void choose_sites(const struct topology *topology, struct evolve_modem *modem,
			 const struct radio *radio, uint64_t at_ns)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct sky_sites *sites = &modem->clear.sites[i];
		uint32_t end = i == 0 ? modem->direction : 1 - modem->direction;
		const struct radio_diversity *diversity = &radio->stations[end].diversity;
		double now_db, other_db;

		if (sites->other == TOPOLOGY_NONE)
			continue;
		now_db = wet_db(topology, &sites->paths[modem->on_other[i]], at_ns);
		other_db = wet_db(topology, &sites->paths[!modem->on_other[i]], at_ns);
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

// The sites in use, by the link's ends.
static uint64_t sites_of(const struct evolve_modem *modem)
{
	return (uint64_t)modem->on_other[0] << modem->direction | (uint64_t)modem->on_other[1]
									  << (1 - modem->direction);
}

// ---- A modem over time ----

int evolve_modem_add_row(struct evolve_modem_rows *rows, const struct evolve_modem_row *row)
{
	// Room doubles whenever the count is a power of two.
	if ((rows->count & (rows->count - 1)) == 0) {
		size_t room = rows->count ? 2 * rows->count : 1;
		struct evolve_modem_row *items =
			reallocarray(rows->items, room, sizeof(*rows->items));

		if (!items)
			return -ENOMEM;
		rows->items = items;
	}
	rows->items[rows->count++] = *row;
	return 0;
}

struct evolve_modem_row evolve_modem_now(const struct evolve_modem *modem, uint64_t at_ns)
{
	return (struct evolve_modem_row){.at_ns = at_ns,
					 .rate_bps = modem->rate_bps,
					 .loss = modem->loss,
					 .sites = sites_of(modem),
					 .up = !modem->begun || modem->rung >= 0};
}

// What the rung in use gives at this instant: a row, when it differs from the last one, or when a
// site has changed.
static int note_state(struct evolve_modem *modem, const struct radio *radio, uint64_t at_ns,
		      int rung, double now_db, bool moved, struct evolve_modem_rows *rows)
{
	const struct modcod *rungs = modem->clear.ladder.rungs;
	bool begun = modem->begun, turns = (rung < 0) != (modem->rung < 0);
	struct evolve_modem_row row;
	double loss = 0;
	int decade;

	if (rung >= 0)
		loss = modem_frame_error_ratio(&rungs[rung], now_db);
	if (loss < LOSS_LEAST)
		loss = 0;
	decade = loss > 0 ? (int)ceil(log10(loss)) : -99;
	if (begun && !turns && !moved &&
	    (rung < 0 || (rung == modem->rung && decade == modem->decade)))
		return 0;
	if (!begun || rung >= 0) {
		modem->rate_bps = modem_rate_bps(&rungs[rung >= 0 ? rung : 0],
						 radio->symbol_rate_per_s[modem->direction]);
		modem->loss = loss;
		modem->decade = decade;
	}
	modem->begun = true;
	modem->rung = rung;
	row = evolve_modem_now(modem, at_ns);
	return evolve_modem_add_row(rows, &row);
}

int evolve_modem_follow(struct evolve_modem *modem, const struct topology *topology,
			const struct handover *services, size_t service_count, uint64_t to_ns,
			struct evolve_modem_rows *rows, struct error *unseen)
{
	const struct radio *radio = &topology->links[modem->link].radio;
	struct topology clear_sky = *topology;
	int rc = 0;

	clear_sky.weather_count = 0;
	for (; modem->next_ns < to_ns && !rc; modem->next_ns += EVOLVE_MODEM_STEP_NS) {
		uint64_t at_ns = modem->next_ns;
		uint64_t told_ns = at_ns > radio->loop_ns ? at_ns - radio->loop_ns : 0;
		int rung = modem->rung;
		uint64_t sites = sites_of(modem);
		double told_db;
		bool fresh;

		if (!look(modem, &clear_sky, services, service_count, at_ns, &fresh, unseen))
			continue;
		choose_sites(topology, modem, radio, at_ns);
		told_db = sky_budget_es_n0_db(topology, &modem->clear, told_ns);
		// With another satellite the modem begins with what its receiver told.
		if (fresh)
			rung = modem_select(&modem->clear.ladder, told_db,
					    radio->control.margin_db);
		rung = modem_adapt(&modem->clear.ladder, &radio->control, rung, told_db);
		rc = note_state(modem, radio, at_ns, rung,
				sky_budget_es_n0_db(topology, &modem->clear, at_ns),
				sites != sites_of(modem), rows);
	}
	return rc;
}

const struct table *evolve_modem_table(struct tables *tables, const struct evolve_modem_rows *rows,
				       uint64_t from_ns)
{
	struct series_row *series = calloc(rows->count + 1, sizeof(*series));
	const struct table *table = NULL;
	size_t count = 0;

	// While it is down, the line stays as it was: nothing comes to it.
	for (size_t i = 0; series && i < rows->count; i++)
		if (i == 0 || rows->items[i].up)
			series[count++] = (struct series_row){
				.at_ns = i == 0 ? 0 : rows->items[i].at_ns,
				.values = {[SERIES_RATE] = rows->items[i].rate_bps,
					   [SERIES_LOSS] = rows->items[i].loss}};
	if (series)
		table = tables_keep_series(tables, "(weather)", series, count,
					   1U << SERIES_RATE | 1U << SERIES_LOSS, from_ns);
	if (!table)
		free(series);
	return table;
}
