// SPDX-License-Identifier: BSD-3-Clause
// Fixed columns to mean elements.
#include "tests/physics/element_sets.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/utc.h"

// Columns first to last of the format's description, counted from 1.
static double columns(const char *line, int first, int last)
{
	char text[32] = "";

	memcpy(text, line + first - 1, (size_t)(last - first + 1));
	return strtod(text, NULL);
}

static double columns_behind_point(const char *line, int first, int last)
{
	char text[32] = ".";

	for (int i = first - 1; i < last; i++)
		text[i - first + 2] = line[i] == ' ' ? '0' : line[i];
	return strtod(text, NULL);
}

static double drag(const char *line)
{
	double power = columns(line, 60, 61), value = columns_behind_point(line, 55, 59);

	for (; power < 0; power++)
		value /= 10;
	for (; power > 0; power--)
		value *= 10;
	return line[53] == '-' ? -value : value;
}

bool element_set_read(FILE *file, struct element_set *set)
{
	char first[256] = "", line[256];

	while (fgets(line, sizeof(line), file)) {
		int year;

		if (strncmp(line, "1 ", 2) == 0)
			memcpy(first, line, sizeof(first));
		if (strncmp(line, "2 ", 2) != 0 || first[0] != '1')
			continue;
		year = (int)columns(first, 19, 20);
		*set = (struct element_set){
			.number = (unsigned)columns(line, 3, 7),
			.elements = {
				.epoch_utc_ns =
					utc_of_day_of_year(year + (year < 57 ? 2000 : 1900),
							   (int)columns(first, 21, 23),
							   columns_behind_point(first, 25, 32)),
				.mean_motion_rev_per_day = columns(line, 53, 63),
				.eccentricity = columns_behind_point(line, 27, 33),
				.inclination_deg = columns(line, 9, 16),
				.ascending_node_deg = columns(line, 18, 25),
				.perigee_deg = columns(line, 35, 42),
				.mean_anomaly_deg = columns(line, 44, 51),
				.drag_per_earth_radius = drag(first),
			}};
		if (strlen(line) > 70)
			sscanf(line + 69, "%lf %lf %lf", &set->start_min, &set->stop_min,
			       &set->step_min);
		return true;
	}
	return false;
}

FILE *vectors_open(const char *name)
{
	const char *folder = getenv("CORRIDOR_VECTORS");
	char path[4096];

	if (!folder)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, "r");
}
