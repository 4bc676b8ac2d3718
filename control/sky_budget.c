// SPDX-License-Identifier: BSD-3-Clause
// From a topology to a link budget (sky_budget.h).
#include "control/sky_budget.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/compile.h"
#include "control/sky_weather.h"
#include "dataplane/physics/cloud.h"
#include "dataplane/physics/diversity.h"
#include "dataplane/physics/gas.h"
#include "dataplane/physics/path.h"
#include "dataplane/physics/scintillation.h"
#include "topologies/sky.h"

// Rain height where a site gives none: P.839 over the Benelux, above the sea.
#define RAIN_HEIGHT_KM 2.4

static int fail(const struct link *link, struct error *error, const char *format, const char *site)
{
	char where[192], what[192];

	compile_where(&link->source, "link", link->name, where, sizeof(where));
	snprintf(what, sizeof(what), format, site);
	return error_set(error, -EINVAL, where, "%s", what);
}

// Who serves at an instant of the lab's clock.
static int choose_way(const struct topology *topology, const struct link *link, uint64_t at_ns,
		      uint32_t *way, struct error *error)
{
	int64_t utc_ns = sky_utc_ns(topology, at_ns);
	struct handover *services;
	size_t count;
	int rc;

	*way = 0;
	if (sky_way_count(topology, link) <= 1)
		return 0;
	rc = sky_find_services_at(topology, link, utc_ns, utc_ns + 1000000000, &services, &count,
				  error);
	if (rc)
		return rc;
	for (size_t i = 0; i < count && services[i].from_utc_ns <= utc_ns; i++)
		*way = services[i].path;
	free(services);
	if (*way == HANDOVER_NONE)
		return fail(link, error, "no satellite serves %s at that time; choose another time",
			    link->name);
	return 0;
}

// What both stations of a direction see of a way.
static int see(const struct topology *topology, const struct link *link,
	       enum link_direction direction, uint32_t way, uint64_t at_ns, struct path_state *seen,
	       struct error *error)
{
	struct path path = sky_way(topology, link, direction, way);
	struct path_failure failure;

	if (path_at(&path, sky_utc_ns(topology, at_ns), seen, &failure))
		return fail(link, error, "the elements of %s say nothing of that time", link->name);
	return 0;
}

static double within(double value, double least, double most)
{
	return fmin(fmax(value, least), most);
}

// What is asked of a budget.
struct question {
	const struct topology *topology;
	const struct link *link;
	uint32_t end;
	uint64_t at_ns;
	double exceeded_percent;
	double frequency_hz;
};

static int fill_hop(const struct question *question, uint32_t s, struct topocentric look,
		    struct sky_hop *out, struct sky_path *path, struct error *error)
{
	const struct topology *topology = question->topology;
	const struct link *link = question->link;
	const struct radio_station *station = &link->radio.stations[question->end];
	double frequency_hz = question->frequency_hz, exceeded_percent = question->exceeded_percent;
	uint64_t at_ns = question->at_ns;
	const struct site *site = &topology->sites[s];
	double height_km = site->position.height_m / 1000;
	struct sky_path seen = {
		.site = s,
		.azimuth_deg = look.azimuth_deg,
		.rain = {.latitude_deg = site->position.latitude_deg,
			 .site_height_km = height_km,
			 .rain_height_km =
				 site->rain_height_km > 0 ? site->rain_height_km : RAIN_HEIGHT_KM,
			 .frequency_ghz = frequency_hz / 1e9,
			 .elevation_deg = look.elevation_deg,
			 .tilt_deg = link->radio.tilt_deg,
			 .rain_001_mm_per_h = site->rain_001_mm_per_h},
	};
	struct scintillation_path air = {frequency_hz / 1e9, within(look.elevation_deg, 5, 90),
					 station->diameter_m, station->efficiency, SKY_WET_TERM};

	if (look.elevation_deg < link->elevation_mask_deg)
		return fail(link, error,
			    "the satellite is below the elevation mask of %s at that time; choose "
			    "another time",
			    site->name);
	if (exceeded_percent > 0 && site->rain_001_mm_per_h <= 0)
		return fail(link, error,
			    "the year's rain at %s is not known; give the site a rain_rate",
			    site->name);
	sky_path_finish(&seen);
	*path = seen;
	*out = (struct sky_hop){
		.site = s,
		.azimuth_deg = look.azimuth_deg,
		.elevation_deg = look.elevation_deg,
		.rain_mm_per_h = sky_rain_mm_per_h(topology, s, at_ns),
		.hop = {.frequency_hz = frequency_hz,
			.range_m = look.range_m,
			.diameter_m = station->diameter_m,
			.efficiency = station->efficiency,
			.pointing_deg = station->pointing_deg},
	};
	out->hop.air.gas_db = gas_slant_db(frequency_hz / 1e9, look.elevation_deg,
					   air_at(height_km, SKY_VAPOUR_G_PER_M3));
	if (exceeded_percent > 0) {
		out->hop.air.rain_db = rain_exceeded_db(&seen.rain, exceeded_percent);
		// P.618-13, 2.5 has that of 1 % of the year below it; above, it is a bound.
		out->hop.air.cloud_db = cloud_slant_db(
			frequency_hz / 1e9, within(look.elevation_deg, CLOUD_LOWEST_DEG, 90),
			site->cloud_kg_per_m2);
		out->hop.air.scintillation_db =
			scintillation_exceeded_db(&air, fmax(exceeded_percent, 0.01));
	} else {
		out->hop.air.rain_db = sky_rain_db(topology, &seen, at_ns);
		out->hop.air.cloud_db = sky_cloud_db(topology, &seen, at_ns);
	}
	return 0;
}

// P.618-13, 2.2.4.2: the line between the sites against the path's azimuth.
static double gain_db(const struct question *question, const struct sky_sites *sites)
{
	const struct topology *topology = question->topology;
	struct geodetic from = topology->sites[sites->main].position;
	struct geodetic to = topology->sites[sites->other].position;
	double east = (to.longitude_deg - from.longitude_deg) * cos(from.latitude_deg * M_PI / 180);
	double line_deg = atan2(east, to.latitude_deg - from.latitude_deg) * 180 / M_PI;
	double baseline_deg = fabs(remainder(line_deg - sites->hops[0].azimuth_deg, 180));

	return fmin(diversity_gain_db(sites->hops[0].hop.air.rain_db,
				      geodesic_distance_m(from, to) / 1000,
				      question->frequency_hz / 1e9, sites->hops[0].elevation_deg,
				      baseline_deg),
		    sites->hops[0].hop.air.rain_db);
}

static double wet_db(const struct sky_hop *hop)
{
	return hop->hop.air.rain_db + hop->hop.air.cloud_db;
}

// Both sites of a station that has two; the one in use is that which loses less to rain and clouds.
static int fill_sites(const struct question *question, struct path way, struct topocentric look,
		      bool down, struct sky_sites *sites, struct error *error)
{
	const struct topology *topology = question->topology;
	const struct radio_station *station = &question->link->radio.stations[question->end];
	struct path_state seen;
	struct path_failure failure;
	int rc;

	*sites = (struct sky_sites){.main = question->link->ends[question->end].site,
				    .other = station->diversity.site};
	rc = fill_hop(question, sites->main, look, &sites->hops[0], &sites->paths[0], error);
	if (rc || sites->other == TOPOLOGY_NONE)
		return rc;
	if (down)
		way.to = &topology->sites[sites->other].ground;
	else
		way.from = &topology->sites[sites->other].ground;
	if (path_at(&way, sky_utc_ns(topology, question->at_ns), &seen, &failure))
		return fail(question->link, error, "the elements of %s say nothing of that time",
			    question->link->name);
	if (question->exceeded_percent > 0) {
		sites->hops[0].diversity_gain_db = gain_db(question, sites);
		sites->hops[0].hop.air.rain_db -= sites->hops[0].diversity_gain_db;
		return 0;
	}
	// A site that does not see the satellite stands in for nobody.
	if ((down ? seen.down : seen.up).elevation_deg < question->link->elevation_mask_deg) {
		sites->other = TOPOLOGY_NONE;
		return 0;
	}
	rc = fill_hop(question, sites->other, down ? seen.down : seen.up, &sites->hops[1],
		      &sites->paths[1], error);
	sites->on_other = rc == 0 && wet_db(&sites->hops[1]) < wet_db(&sites->hops[0]);
	return rc;
}

void sky_budget_use(struct sky_budget *budget, unsigned way, bool on_other)
{
	struct sky_sites *sites = &budget->sites[way];

	sites->on_other = on_other && sites->other != TOPOLOGY_NONE;
	budget->paths[way] = sites->paths[sites->on_other];
	*(way ? &budget->down : &budget->up) = sites->hops[sites->on_other];
	*(way ? &budget->input.down : &budget->input.up) = sites->hops[sites->on_other].hop;
}

static void choose_rung(const struct radio *radio, const char *modcod, double symbol_rate_per_s,
			struct sky_budget *budget)
{
	double es_n0_db = budget->budget.es_n0_db;
	const struct modcod *rung;

	if (!modcod || !modem_ladder_fix(&budget->ladder, radio->standard, modcod))
		modem_ladder_make(&budget->ladder, radio->standard);
	budget->rung = modem_select(&budget->ladder, es_n0_db, radio->control.margin_db);
	if (budget->rung < 0 && modem_select(&budget->ladder, es_n0_db, 0) >= 0)
		budget->rung = 0;
	budget->rate_bps = 0;
	budget->frame_error_ratio = 1;
	if (budget->rung < 0)
		return;
	rung = &budget->ladder.rungs[budget->rung];
	budget->rate_bps = modem_rate_bps(rung, symbol_rate_per_s);
	budget->frame_error_ratio = modem_frame_error_ratio(rung, es_n0_db);
}

int sky_budget_compute(const struct topology *topology, uint32_t link,
		       enum link_direction direction, uint64_t at_ns, double exceeded_percent,
		       struct sky_budget *budget, struct error *error)
{
	const struct link *of = &topology->links[link];
	uint32_t way;
	int rc;

	if (!of->radio.given)
		return fail(of, error,
			    "%s has no radio to make a budget of; give it band, antenna, power, "
			    "noise, satellite_gt, satellite_eirp and symbol_rate",
			    of->name);
	rc = choose_way(topology, of, at_ns, &way, error);
	if (rc)
		return rc;
	return sky_budget_of_way(topology, link, direction, way, at_ns, exceeded_percent, budget,
				 error);
}

int sky_budget_of_way(const struct topology *topology, uint32_t link, enum link_direction direction,
		      uint32_t way, uint64_t at_ns, double exceeded_percent,
		      struct sky_budget *budget, struct error *error)
{
	const struct link *of = &topology->links[link];
	const struct radio *radio = &of->radio;
	struct question question = {.topology = topology,
				    .link = of,
				    .end = direction,
				    .at_ns = at_ns,
				    .exceeded_percent = exceeded_percent,
				    .frequency_hz = radio->up_hz};
	struct path over = sky_way(topology, of, direction, way);
	struct path_state seen;
	int rc = see(topology, of, direction, way, at_ns, &seen, error);

	if (rc == 0)
		rc = fill_sites(&question, over, seen.up, false, &budget->sites[0], error);
	question.end = 1 - direction;
	question.frequency_hz = radio->down_hz;
	if (rc == 0)
		rc = fill_sites(&question, over, seen.down, true, &budget->sites[1], error);
	if (rc)
		return rc;
	budget->input = (struct budget_input){
		.transponder = radio->transponder,
		.power_w = radio->stations[direction].power_w,
		.power_control_db = radio->power_control_db,
		.satellite_g_t_db = radio->satellite_g_t_db[direction],
		.satellite_eirp_dbw = radio->satellite_eirp_dbw[direction],
		.noise_k = radio->stations[1 - direction].noise_k,
		.interference_db = radio->interference_db,
		.symbol_rate_per_s = radio->symbol_rate_per_s[direction],
		.implementation_db = radio->implementation_db,
	};
	for (unsigned i = 0; i < 2; i++)
		sky_budget_use(budget, i, budget->sites[i].on_other);
	budget_compute(&budget->input, &budget->budget);
	choose_rung(radio, radio->modcod[direction], radio->symbol_rate_per_s[direction], budget);
	return 0;
}

double sky_budget_es_n0_db(const struct topology *topology, const struct sky_budget *budget,
			   uint64_t at_ns)
{
	struct budget_input input = budget->input;
	struct budget result;

	input.up.air.rain_db = sky_rain_db(topology, &budget->paths[0], at_ns);
	input.down.air.rain_db = sky_rain_db(topology, &budget->paths[1], at_ns);
	input.up.air.cloud_db = sky_cloud_db(topology, &budget->paths[0], at_ns);
	input.down.air.cloud_db = sky_cloud_db(topology, &budget->paths[1], at_ns);
	budget_compute(&input, &result);
	return result.es_n0_db;
}
