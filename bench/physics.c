// SPDX-License-Identifier: BSD-3-Clause
// What geometry costs: propagations by SGP4 beside a bare loop of sines, and a day's profiles of a
// large fleet, which control compiles ahead of time.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "dataplane/physics/ephemeris.h"
#include "dataplane/physics/pass.h"
#include "dataplane/physics/path.h"
#include "dataplane/physics/ramp.h"
#include "dataplane/physics/utc.h"

#define ROUNDS       5
#define PROPAGATIONS 200000
#define SATELLITES   100
#define STATIONS     10
#define PASSES       64
#define TARGET_S     2.0
#define HOUR_NS      (3600 * UTC_NS_PER_S)

// Elements in the manner of the public ones: where O3B is, an arc of geostationary ones, and a low
// constellation.
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
	struct orbit orbits[SATELLITES];
	struct ground stations[STATIONS];
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

static double delay(void *context, int64_t utc_ns)
{
	return path_delay_ns(context, utc_ns);
}

// The ramps of one path over a day, while it is in sight. Gives how many points, or a negative
// errno.
static int compile(const struct path *path, int64_t from)
{
	struct pass passes[PASSES];
	int count = pass_find_path(path, from, from + UTC_NS_PER_DAY, passes, PASSES);
	int points = 0, code = count < 0 ? count : 0;

	for (int i = 0; code == 0 && i < count; i++) {
		struct ramp ramp = {0};

		code = ramp_draw(&ramp, delay, (void *)path, passes[i].rise_utc_ns,
				 passes[i].set_utc_ns, RAMP_ERROR_NS);
		points += (int)ramp.count;
		free(ramp.points);
	}
	return code ? code : points;
}

static int measure_day(struct bench *bench, double *seconds, int *points)
{
	struct machine_watch watch = machine_watch_start(getpid());
	int64_t from = 3 * UTC_NS_PER_DAY, to = from + UTC_NS_PER_DAY;
	int code = 0;

	*points = 0;
	for (int i = 0; code >= 0 && i < bench->satellites; i++) {
		struct ephemeris ephemeris;
		struct orbit orbit;

		code = ephemeris_make(&ephemeris, &bench->orbits[i], from - HOUR_NS, to + HOUR_NS);
		if (code)
			return code;
		orbit_make_tabled(&orbit, &ephemeris);
		for (int j = 0; code >= 0 && j < STATIONS; j++) {
			struct path path = {&bench->stations[j],
					    &bench->stations[(j + 1) % STATIONS],
					    5,
					    5,
					    {&orbit},
					    1};

			code = compile(&path, from);
			*points += code;
		}
		ephemeris_fini(&ephemeris);
	}
	*seconds = machine_watch_seconds(&watch, NULL);
	return code < 0 ? code : 0;
}

// Half of the fleet as O3B, half geostationary, with an orbit of its own each; stations from 50
// degrees north to 50 south.
static void bench_init(struct bench *bench)
{
	for (int i = 0; i < SATELLITES; i++) {
		struct mean_elements elements = laws[i % 2 ? 2 : 1].elements;

		elements.mean_anomaly_deg = fmod(elements.mean_anomaly_deg + 7.2 * i, 360);
		orbit_make_sgp4(&bench->orbits[i], &elements, NULL);
	}
	for (int j = 0; j < STATIONS; j++)
		bench->stations[j] = ground_at((struct geodetic){50 - 11 * j, 6 + 3 * j, 300});
}

static int measure(struct bench *bench, struct report *report)
{
	struct report_line *day = &report->lines[LAWS];

	for (unsigned round = 0; round < report->rounds; round++) {
		double sines = measure_sines(bench), seconds;
		int points, code;

		for (int law = 0; law < LAWS; law++) {
			samples_add(&report->lines[law].reference, sines);
			samples_add(&report->lines[law].corridor, measure_propagations(bench, law));
		}
		code = measure_day(bench, &seconds, &points);
		if (code)
			return code;
		samples_add(&day->corridor, seconds);
		report_note(report, "%d satellites, %d stations: %d points in all",
			    bench->satellites, STATIONS, points);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct bench bench = {.propagations = PROPAGATIONS, .satellites = SATELLITES};
	static struct report report = {.name = "physics"};
	struct options options;
	int status = options_parse(&options, argc, argv, ROUNDS);
	int code;

	if (status)
		return status;
	if (options.quick) {
		bench.propagations /= 10;
		bench.satellites /= 10;
	}
	report.rounds = options.rounds;
	bench_init(&bench);
	for (int law = 0; law < LAWS; law++)
		report_add(&report, laws[law].key, laws[law].what, "1/s",
			   "a loop of one sine and one cosine");
	report_add(&report, "day", "a day's delays, 1000 paths", "s", NULL);
	if (!options.quick) // which has fewer paths
		report_target(&report.lines[LAWS], REPORT_AT_MOST, TARGET_S);
	code = measure(&bench, &report);
	if (code) {
		fprintf(stderr, "bench_physics: a path has no delay: %s\n", strerror(-code));
		return 1;
	}
	report_print(&report, options.json);
	return 0;
}
