// SPDX-License-Identifier: BSD-3-Clause
// Reads public vector files for tests (vectors.h).
#include "tests/physics/vectors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static size_t split(char *line, double *figures)
{
	size_t count = 0;
	char *at = line;

	while (count < VECTORS_COLUMNS && *at != '\0' && *at != '\n') {
		char *end;

		figures[count] = strtod(at, &end);
		if (end == at || (*end != ',' && *end != '\r' && *end != '\n' && *end != '\0'))
			figures[count] = NAN;
		count++;
		while (*end != ',' && *end != '\0' && *end != '\n')
			end++;
		at = *end == ',' ? end + 1 : end;
	}
	return count;
}

size_t vectors_read(const char *path, void (*row)(const double *figures, void *context),
		    void *context)
{
	const char *folder = getenv("CORRIDOR_VECTORS");
	char name[1024], line[4096];
	double figures[VECTORS_COLUMNS];
	size_t rows = 0;
	FILE *file;

	if (!folder) {
		print_message("%s: CORRIDOR_VECTORS names no folder\n", path);
		skip();
	}
	snprintf(name, sizeof(name), "%s/%s", folder ? folder : "", path);
	file = fopen(name, "r");
	if (!file)
		fail_msg("cannot read %s", name);
	while (file && fgets(line, sizeof(line), file)) {
		if (split(line, figures) < 2 || isnan(figures[0]))
			continue;
		row(figures, context);
		rows++;
	}
	if (file)
		fclose(file);
	return rows;
}

void vectors_close(double value, double expected, double relative)
{
	vectors_near(value, expected, relative * fabs(expected));
}

void vectors_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.12g, expected %.12g +- %.3g", value, expected, tolerance);
}
