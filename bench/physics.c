// SPDX-License-Identifier: BSD-3-Clause
// What geometry costs: propagations by SGP4 beside a bare loop of sines, and a day's profiles of a
// large fleet, made hour by hour by the calls with which a running lab makes them.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/fleet.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "control/evolve.h"
#include "dataplane/physics/sgp4.h"

#define ROUNDS       5
#define PROPAGATIONS 200000
#define SATELLITES   100
#define TARGET_S     2.0

// Elements in the manner of the public ones.
static const struct {
	const char *key, *what;
	struct mean_elements elements;
	double days; // from the epoch
} laws[] = {
	{"sgp4_low", "SGP4, 92 minutes", {0, 15.6, 0.0007, 51.6, 100, 200, 300, 1e-4}, 3},
	{"sgp4_o3b", "SDP4, O3b, sun and moon", {0, 5.00115, 0.0006, 0.05, 342, 114, 49, 0}, 3},
	{"sgp4_stationary",
	 "SDP4, geostationary, 3 days of resonance",
	 {0, 1.0027, 0.0003, 0.05, 83, 354, 145, 0},
	 3},
};

#define LAWS ((int)(sizeof(laws) / sizeof(laws[0])))

struct bench {
	int propagations, satellites;
};

static double measure_sines(const struct bench *bench)
{
	struct machine_watch watch = machine_watch_start(getpid());
	double sum = 0;

	for (int i = 0; i < bench->propagations * 10; i++) {
		double angle = i * 0.37;

		sum += sin(angle) * cos(angle);
	}
	__asm__ volatile("" : : "x"(sum));
	return bench->propagations * 10 / machine_watch_seconds(&watch, NULL);
}

static double measure_propagations(const struct bench *bench, int law)
{
	struct sgp4 orbit;
	struct machine_watch watch;
	double sum = 0;

	sgp4_init(&orbit, &laws[law].elements, NULL);
	watch = machine_watch_start(getpid());
	for (int i = 0; i < bench->propagations; i++) {
		struct sgp4_state at;

		sum += sgp4_at(&orbit, laws[law].days * 1440 + i * 0.01, &at) ? 0
									      : at.position_km[0];
	}
	__asm__ volatile("" : : "x"(sum));
	return bench->propagations / machine_watch_seconds(&watch, NULL);
}

// What the profiles of an hour have come to: points of delay.
static int count_points(const struct topology *topology, const struct evolve *evolve,
			uint64_t at_ns, size_t *points)
{
	for (uint32_t c = 0; c < LINK_DIRECTIONS * topology->link_count; c++) {
		struct channel_params params = {.delay_ns = 0};
		int code = evolve_apply(evolve, c, at_ns, false, &params);

		if (code)
			return code;
		*points += params.delay_profile ? params.delay_profile->count : 0;
	}
	return 0;
}

// Every hour's profiles as a running lab has them made, both directions of each link.
static int measure_day(const struct topology *topology, double *seconds, double *worst_hour,
		       size_t *points, struct error *error)
{
	struct evolve *evolve = evolve_create(topology);
	int code = evolve ? 0 : -ENOMEM;

	*seconds = *worst_hour = 0;
	*points = 0;
	for (uint64_t hour = 0; code == 0 && hour < 24; hour++) {
		struct machine_watch watch = machine_watch_start(getpid());
		double took;

		code = evolve_to(evolve, hour * EVOLVE_GENERATION_NS, error);
		took = machine_watch_seconds(&watch, NULL);
		*seconds += took;
		*worst_hour = fmax(*worst_hour, took);
		code = code < 0 ? code
				: count_points(topology, evolve, hour * EVOLVE_GENERATION_NS,
					       points);
	}
	evolve_free(evolve);
	return code;
}

// The topology anew in each round, since the pool of one that has had the day gives what it has.
static int measure_fleet(const struct bench *bench, struct report *report, struct error *error)
{
	struct report_line *lines = &report->lines[LAWS];
	struct machine_watch watch = machine_watch_start(getpid());
	struct topology *topology = fleet_load(bench->satellites, error);
	double seconds, worst_hour;
	size_t points, links;
	int code;

	if (topology == NULL)
		return error->code ? error->code : -ENOMEM;
	samples_add(&lines[0].corridor, machine_watch_seconds(&watch, NULL));
	code = measure_day(topology, &seconds, &worst_hour, &points, error);
	links = topology->link_count;
	topology_free(topology);
	if (code)
		return code;
	samples_add(&lines[1].corridor, seconds);
	samples_add(&lines[2].corridor, worst_hour);
	report_note(report, "%d satellites, %d stations: %zu links, %zu points of their directions",
		    bench->satellites, FLEET_STATIONS, links, points);
	return 0;
}

static int measure(struct bench *bench, struct report *report, struct error *error)
{
	for (unsigned round = 0; round < report->rounds; round++) {
		double sines = measure_sines(bench);
		int code;

		for (int law = 0; law < LAWS; law++) {
			samples_add(&report->lines[law].reference, sines);
			samples_add(&report->lines[law].corridor, measure_propagations(bench, law));
		}
		code = measure_fleet(bench, report, error);
		if (code)
			return code;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct bench bench = {.propagations = PROPAGATIONS, .satellites = SATELLITES};
	static struct report report = {.name = "physics"};
	struct options options;
	int status = options_parse(&options, argc, argv, ROUNDS);
	struct error error = {.what = "no memory"};
	int code;

	if (status)
		return status;
	if (options.quick) {
		bench.propagations /= 10;
		bench.satellites /= 10;
	}
	report.rounds = options.rounds;
	for (int law = 0; law < LAWS; law++)
		report_add(&report, laws[law].key, laws[law].what, "1/s",
			   "a loop of one sine and one cosine");
	report_add(&report, "fleet", "a fleet's topology loaded, 1000 links", "s", NULL);
	report_add(&report, "day", "a day's profiles of it, both directions", "s", NULL);
	report_add(&report, "hour", "  the longest of its 24 hours", "s", NULL);
	if (!options.quick) // which has fewer links
		report_target(&report.lines[LAWS + 1], REPORT_AT_MOST, TARGET_S);
	code = measure(&bench, &report, &error);
	if (code) {
		fprintf(stderr, "bench_physics: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_print(&report, options.json);
	return 0;
}
