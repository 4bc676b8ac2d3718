// SPDX-License-Identifier: BSD-3-Clause
// The fleet's topology as text, loaded as a user's is.
#include "bench/fleet.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "topologies/load.h"

// Geostationary ones stand over the stations' longitudes and somewhat beyond.
#define ARC_WEST_DEG (-20.0)
#define ARC_DEG      80.0
// Of an arc's mean anomaly at the epoch, so that the first one stands over Greenwich.
#define GREENWICH_DEG 182.2

static void write_satellite(FILE *file, int number, int satellites)
{
	double o3b_deg = fmod(49 + 360.0 / satellites * number, 360);
	double arc_deg =
		fmod(GREENWICH_DEG + ARC_WEST_DEG + ARC_DEG / satellites * number + 360, 360);

	fprintf(file, "[satellite s%d]\norbit = elements EPOCH=2026-06-11T00:00:00Z BSTAR=0 ",
		number);
	if (number % 2 == 0)
		fprintf(file,
			"MEAN_MOTION=5.00115 ECCENTRICITY=0.0006 INCLINATION=0.05 "
			"RA_OF_ASC_NODE=342 ARG_OF_PERICENTER=114 MEAN_ANOMALY=%.3f\n",
			o3b_deg);
	else
		fprintf(file,
			"MEAN_MOTION=1.0027 ECCENTRICITY=0.0003 INCLINATION=0.05 "
			"RA_OF_ASC_NODE=83 ARG_OF_PERICENTER=354 MEAN_ANOMALY=%.3f\n",
			arc_deg);
}

static void write_links(FILE *file, int satellite)
{
	for (int i = 0; i < FLEET_STATIONS; i++)
		fprintf(file,
			"[link s%d-%d]\nends = e%d, e%d\nmedium = satellite\nvia = s%d\n"
			"elevation = 5deg\n",
			satellite, i, i, (i + 1) % FLEET_STATIONS, satellite);
}

static char *make_text(int satellites)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		return NULL;
	fprintf(file, "[network]\nname = fleet\nrouting = static\nepoch = 2026-06-14T00:00:00Z\n");
	for (int i = 0; i < FLEET_STATIONS; i++)
		fprintf(file, "[site e%d]\nkind = teleport\nposition = %d, %d, 300\n", i,
			50 - 11 * i, 6 + 3 * i);
	for (int i = 0; i < satellites; i++) {
		write_satellite(file, i, satellites);
		write_links(file, i);
	}
	if (fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

struct topology *fleet_load(int satellites, struct error *error)
{
	struct errors errors = {.count = 0};
	char *text = make_text(satellites);
	struct topology *topology = text ? topology_load_text(text, "fleet", &errors) : NULL;

	free(text);
	if (topology == NULL) {
		error_set(error, -ENOMEM, "fleet", "no memory for its topology");
		if (errors.kept > 0)
			*error = errors.items[0];
	}
	errors_fini(&errors);
	return topology;
}
