// SPDX-License-Identifier: BSD-3-Clause
// `corridor satellites`: passes, handovers, gaps, sun outages and delays over a span of time.
#include "control/satellites.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "control/network.h"
#include "dataplane/physics/utc.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"

#define PASSES_MOST  1000 // of one pair
#define OUTAGES_MOST 1000
// Delays are looked at so often, and at every change of service.
#define DELAY_STEP_NS INT64_C(10000000000)
#define SPAN_MOST_NS  (400 * UTC_NS_PER_DAY)
#define DISH_M        3.7
// Without a band of the link: the middle of Ku.
#define FREQUENCY_HZ 11.7e9

static int no_memory(struct error *error)
{
	return error_set(error, -ENOMEM, "satellites", "no memory for the report");
}

// ---- Passes and sun outages: a site and a satellite ----

static int add_passes(struct sky_report *report, const struct link *link, uint32_t satellite,
		      uint32_t site, struct error *error)
{
	const struct topology *topology = report->topology;
	const struct ground *ground = &topology->sites[site].ground;
	struct path path = {.from = ground,
			    .to = ground,
			    .from_mask_deg = link->elevation_mask_deg,
			    .to_mask_deg = link->elevation_mask_deg,
			    .satellites = {&topology->satellites[satellite].orbit},
			    .satellite_count = 1};
	struct pass *found = calloc(PASSES_MOST, sizeof(*found));
	struct sky_pass *grown;
	int count = found ? pass_find_path(&path, report->from_utc_ns, report->to_utc_ns, found,
					   PASSES_MOST)
			  : -ENOMEM;

	if (count < 0) {
		free(found);
		return count == -ENOMEM
			       ? no_memory(error)
			       : error_set(error, count, topology->satellites[satellite].name,
					   "more than %d passes over %s; give a shorter "
					   "--to",
					   PASSES_MOST, topology->sites[site].name);
	}
	grown = reallocarray(report->passes, report->pass_count + (size_t)count + 1,
			     sizeof(*grown));
	report->passes = grown ? grown : report->passes;
	for (int i = 0; grown && i < count; i++)
		report->passes[report->pass_count++] =
			(struct sky_pass){.satellite = satellite, .site = site, .pass = found[i]};
	free(found);
	return grown ? 0 : no_memory(error);
}

// Of the band's second frequency, as written.
static double down_hz(const struct link *link)
{
	char unit[8];
	double number;

	if (sscanf(link->band, "%*s %*s %lf%7s", &number, unit) != 2)
		return FREQUENCY_HZ;
	return number * (strcmp(unit, "MHz") == 0 ? 1e6 : 1e9);
}

// Of the site's antenna, where the link has a radio and none is asked for.
static double dish_m(const struct sky_report *report, const struct link *link, uint32_t site)
{
	unsigned end = link->ends[1].site == site;

	return link->radio.given && !report->dish_asked ? link->radio.stations[end].diameter_m
							: report->dish_m;
}

static int add_outages(struct sky_report *report, const struct link *link, uint32_t satellite,
		       uint32_t site, struct error *error)
{
	const struct topology *topology = report->topology;
	struct sun_outage *found = calloc(OUTAGES_MOST, sizeof(*found));
	struct sky_outage *grown;
	int count = found ? sun_find_outages(
				    &topology->sites[site].ground,
				    &topology->satellites[satellite].orbit,
				    sun_outage_angle_deg(down_hz(link), dish_m(report, link, site)),
				    report->from_utc_ns, report->to_utc_ns, found, OUTAGES_MOST)
			  : -ENOMEM;

	if (count == -ENOSPC)
		count = OUTAGES_MOST;
	if (count < 0) {
		free(found);
		return no_memory(error);
	}
	grown = reallocarray(report->outages, report->outage_count + (size_t)count + 1,
			     sizeof(*grown));
	report->outages = grown ? grown : report->outages;
	for (int i = 0; grown && i < count; i++)
		report->outages[report->outage_count++] = (struct sky_outage){
			.satellite = satellite, .site = site, .outage = found[i]};
	free(found);
	return grown ? 0 : no_memory(error);
}

// Has an earlier link asked for this pair?
static bool is_known(const struct sky_report *report, uint32_t satellite, uint32_t site)
{
	for (size_t i = 0; i < report->pass_count; i++)
		if (report->passes[i].satellite == satellite && report->passes[i].site == site)
			return true;
	return false;
}

static int add_pairs(struct sky_report *report, const struct link *link, struct error *error)
{
	const struct topology *topology = report->topology;
	const struct constellation *constellation =
		link->constellation == TOPOLOGY_NONE
			? NULL
			: &topology->constellations[link->constellation];
	size_t count = constellation ? constellation->satellite_count : link->chain_count;
	const uint32_t *satellites = constellation ? constellation->satellites : link->chain;
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		for (int end = 0; !rc && end < 2; end++) {
			uint32_t site = link->ends[end].site;
			// A chain touches the ground with its first and its last.
			bool touches = constellation || i == (end == 0 ? 0 : count - 1);

			if (!touches || is_known(report, satellites[i], site))
				continue;
			rc = add_passes(report, link, satellites[i], site, error);
			if (!rc)
				rc = add_outages(report, link, satellites[i], site, error);
		}
	}
	return rc;
}

// ---- Services and delays: a link ----

struct sums {
	double least, most, sum;
	size_t count;
};

static void add_delay(struct sums *sums, double delay_ns)
{
	sums->least = sums->count && sums->least < delay_ns ? sums->least : delay_ns;
	sums->most = sums->count && sums->most > delay_ns ? sums->most : delay_ns;
	sums->sum += delay_ns;
	sums->count++;
}

static void sum_up(const struct sky_report *report, struct sky_link *of)
{
	const struct link *link = &report->topology->links[of->link];
	struct sums one_way = {.count = 0}, round = {.count = 0};

	for (size_t i = 0; i < of->count; i++) {
		const struct handover *service = &of->services[i];
		struct path out, back;

		if (service->path == HANDOVER_NONE)
			continue;
		out = sky_way(report->topology, link, LINK_FORWARD, service->path);
		back = sky_way(report->topology, link, LINK_REVERSE, service->path);
		of->served_ns += service->to_utc_ns - service->from_utc_ns;
		for (int64_t at_ns = service->from_utc_ns; at_ns < service->to_utc_ns;
		     at_ns += DELAY_STEP_NS) {
			double there_ns = path_delay_ns(&out, at_ns) + (double)link->processing_ns;
			double here_ns = path_delay_ns(&back, at_ns) + (double)link->processing_ns;

			add_delay(&one_way, there_ns);
			add_delay(&round, there_ns + here_ns);
		}
	}
	if (one_way.count == 0)
		return;
	of->least_ns = one_way.least;
	of->most_ns = one_way.most;
	of->mean_ns = one_way.sum / (double)one_way.count;
	of->rtt_least_ns = round.least;
	of->rtt_most_ns = round.most;
	of->rtt_mean_ns = round.sum / (double)round.count;
}

// What began before the span is cut off.
static void cut(struct sky_link *of, int64_t from_utc_ns)
{
	size_t gone = 0;

	while (gone < of->count && of->services[gone].to_utc_ns <= from_utc_ns)
		gone++;
	of->count -= gone;
	memmove(of->services, of->services + gone, of->count * sizeof(*of->services));
	if (of->count && of->services[0].from_utc_ns < from_utc_ns)
		of->services[0].from_utc_ns = from_utc_ns;
}

static int add_link(struct sky_report *report, uint32_t index, struct error *error)
{
	const struct link *link = &report->topology->links[index];
	struct sky_link *grown =
		reallocarray(report->links, report->link_count + 1, sizeof(*grown));
	struct sky_link *of;
	int rc;

	if (!grown)
		return no_memory(error);
	report->links = grown;
	of = &grown[report->link_count];
	*of = (struct sky_link){.link = index};
	// From the run's beginning, so that the answers are those of a run.
	rc = sky_find_services_at(report->topology, link, report->from_utc_ns, report->to_utc_ns,
				  &of->services, &of->count, error);
	if (rc)
		return rc;
	report->link_count++;
	cut(of, report->from_utc_ns);
	sum_up(report, of);
	return add_pairs(report, link, error);
}

static void fini(struct sky_report *report)
{
	for (size_t i = 0; i < report->link_count; i++)
		free(report->links[i].services);
	free(report->links);
	free(report->changes);
	free(report->passes);
	free(report->outages);
}

// ---- The command ----

struct request {
	const char *from, *to, *dish;
};

static int settle(const struct request *request, const struct topology *topology,
		  struct sky_report *report, struct error *error)
{
	uint64_t from_ns = 0, to_ns;
	int rc = 0;

	*report = (struct sky_report){
		.topology = topology, .dish_m = DISH_M, .dish_asked = request->dish != NULL};
	if (request->dish)
		rc = quantity_parse_length_m(request->dish, "--dish", &report->dish_m, error);
	if (!rc && !(report->dish_m >= 0.1 && report->dish_m <= 100))
		rc = error_set(error, -EINVAL, "--dish",
			       "\"%s\" is no diameter of a dish; write 0.1m to 100m",
			       request->dish);
	if (!rc && request->from)
		rc = sky_parse_instant(topology, request->from, "--from", &from_ns, error);
	to_ns = from_ns + (uint64_t)UTC_NS_PER_DAY;
	if (!rc && request->to)
		rc = sky_parse_instant(topology, request->to, "--to", &to_ns, error);
	if (!rc && (to_ns <= from_ns || to_ns > (uint64_t)SPAN_MOST_NS))
		rc = error_set(error, -EINVAL, "--to",
			       "the span must end after its beginning and within 400 days from "
			       "the lab's (give --from T --to T)");
	report->from_utc_ns = sky_utc_ns(topology, from_ns);
	report->to_utc_ns = sky_utc_ns(topology, to_ns);
	return rc;
}

static void warn(void *context, const struct satellite *satellite, const char *what)
{
	char line[400];

	snprintf(line, sizeof(line), "%s:%u [satellite %s]: %s", satellite->source.file,
		 satellite->source.line, satellite->name, what);
	report_warning(context, line);
}

void report_stale(const struct invocation *invocation, const struct topology *topology,
		  uint64_t from_ns, uint64_t to_ns)
{
	sky_warn(topology, sky_utc_ns(topology, from_ns), sky_utc_ns(topology, to_ns), warn,
		 (void *)invocation);
}

static int show_sky(struct invocation *invocation, const struct request *request,
		    const struct topology *topology)
{
	struct error error = {.code = 0};
	struct sky_report report;
	int rc = settle(request, topology, &report, &error);

	for (uint32_t l = 0; !rc && l < topology->link_count; l++)
		if (topology->links[l].medium == MEDIUM_SATELLITE)
			rc = add_link(&report, l, &error);
	if (!rc && report.link_count == 0)
		rc = error_set(&error, -EINVAL, topology->name,
			       "has no satellite link; write one with medium = satellite");
	if (!rc)
		rc = satellites_add_changes(&report, &error);
	if (!rc) {
		sky_warn(topology, report.from_utc_ns, report.to_utc_ns, warn, invocation);
		if (invocation->json)
			satellites_print_json(invocation, &report);
		else
			satellites_print_tables(invocation, &report);
	}
	fini(&report);
	return rc ? report_error(invocation, &error) : EXIT_TRUE;
}

int command_satellites(struct invocation *invocation)
{
	struct request request = {.from = take_option(invocation, "--from"),
				  .to = take_option(invocation, "--to"),
				  .dish = take_option(invocation, "--dish")};
	struct errors errors = {.count = 0};
	struct topology *topology;
	int status = expect_words(invocation, 1, 1);

	if (status != EXIT_TRUE)
		return status;
	topology = network_load(invocation->argv[0], &errors);
	status = topology ? show_sky(invocation, &request, topology)
			  : report_errors(invocation, &errors);
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
