// SPDX-License-Identifier: BSD-3-Clause
// Two-line elements: fixed columns, each line with a checksum. Source of the format: CelesTrak,
// "NORAD two-line element set format"; Spacetrack Report No. 3.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/utc.h"
#include "topologies/elements.h"

#define TLE_COLUMNS 69

// Sum of the digits, a minus counts 1, modulo 10.
static int checksum(const char *line)
{
	int sum = 0;

	for (int i = 0; i < TLE_COLUMNS - 1; i++)
		sum += line[i] >= '0' && line[i] <= '9' ? line[i] - '0' : line[i] == '-';
	return sum % 10;
}

static char *where_of(const char *file, unsigned line, char *where, size_t size)
{
	snprintf(where, size, "%s:%u", file, line);
	return where;
}

// Is it a sound line 1 or 2?
static int check_line(const char *line, char number, const char *where, struct error *error)
{
	size_t length = strlen(line);

	if (line[0] != number || line[1] != ' ')
		return error_set(error, -EINVAL, where,
				 "\"%.24s\" is not line %c of two-line elements", line, number);
	if (length != TLE_COLUMNS)
		return error_set(error, -EINVAL, where,
				 "the line has %zu characters; two-line elements have %d", length,
				 TLE_COLUMNS);
	if (line[TLE_COLUMNS - 1] - '0' != checksum(line))
		return error_set(error, -EINVAL, where,
				 "the checksum is %c, and the line adds up to %d; get the file "
				 "again",
				 line[TLE_COLUMNS - 1], checksum(line));
	return 0;
}

// Columns first..last (from 1) as a number; blanks before it are allowed, `prefix` is put in front.
static int field(const char *line, int first, int last, const char *prefix, const char *name,
		 double *value, const char *where, struct error *error)
{
	char text[32];
	char *at = text;
	char *end;
	int length = last - first + 1;

	snprintf(text, sizeof(text), "%.*s", length, line + first - 1);
	at += strspn(at, " ");
	if (*prefix) {
		char with[40];

		snprintf(with, sizeof(with), "%s%s", prefix, at);
		snprintf(text, sizeof(text), "%.31s", with);
		at = text;
	}
	*value = strtod(at, &end);
	end += strspn(end, " ");
	if (end != at && *end == '\0' && at[strspn(at, " +-.0123456789")] == '\0')
		return 0;
	return error_set(error, -EINVAL, where,
			 "columns %d to %d, the %s, hold \"%.*s\", no number", first, last, name,
			 length, line + first - 1);
}

// " 12345-4": a mantissa behind an assumed point, and a power of ten.
static int drag(const char *line, double *value, const char *where, struct error *error)
{
	char mantissa[8], power[3];
	char *end_of_mantissa, *end_of_power;

	memcpy(mantissa, line + 53, 6);
	mantissa[6] = '\0';
	memcpy(power, line + 59, 2);
	power[2] = '\0';
	*value = strtod(mantissa, &end_of_mantissa) * 1e-5 *
		 pow(10, (double)strtol(power, &end_of_power, 10));
	if (*end_of_mantissa == '\0' && *end_of_power == '\0' &&
	    (power[0] == '-' || power[0] == '+'))
		return 0;
	return error_set(error, -EINVAL, where,
			 "columns 54 to 61, the drag term, hold \"%.8s\"; written e.g. 12345-4",
			 line + 53);
}

static int read_first(const char *line, struct element_set *set, const char *where,
		      struct error *error)
{
	double year, day;
	int rc = check_line(line, '1', where, error);

	if (!rc)
		rc = field(line, 19, 20, "", "epoch's year", &year, where, error);
	if (!rc)
		rc = field(line, 21, 32, "", "epoch's day", &day, where, error);
	if (!rc)
		rc = drag(line, &set->mean.drag_per_earth_radius, where, error);
	if (rc)
		return rc;
	if (!(day >= 1 && day < 367))
		return error_set(error, -EINVAL, where,
				 "the epoch is day %.8f of a year; expected 1 to 366.99999999",
				 day);
	set->mean.epoch_utc_ns = utc_of_day_of_year((int)year + (year < 57 ? 2000 : 1900), (int)day,
						    day - floor(day));
	snprintf(set->catalogue, sizeof(set->catalogue), "%.5s", line + 2);
	return 0;
}

static int read_second(const char *line, struct element_set *set, const char *where,
		       struct error *error)
{
	struct mean_elements *mean = &set->mean;
	int rc = check_line(line, '2', where, error);

	if (!rc && strncmp(line + 2, set->catalogue, 5) != 0)
		rc = error_set(error, -EINVAL, where,
			       "line 2 is of object %.5s, and line 1 of %s; both belong together",
			       line + 2, set->catalogue);
	if (!rc)
		rc = field(line, 9, 16, "", "inclination", &mean->inclination_deg, where, error);
	if (!rc)
		rc = field(line, 18, 25, "", "node", &mean->ascending_node_deg, where, error);
	if (!rc)
		rc = field(line, 27, 33, "0.", "eccentricity", &mean->eccentricity, where, error);
	if (!rc)
		rc = field(line, 35, 42, "", "argument of perigee", &mean->perigee_deg, where,
			   error);
	if (!rc)
		rc = field(line, 44, 51, "", "mean anomaly", &mean->mean_anomaly_deg, where, error);
	if (!rc)
		rc = field(line, 53, 63, "", "mean motion", &mean->mean_motion_rev_per_day, where,
			   error);
	return rc;
}

static void take_name(struct element_set *set, const char *line)
{
	size_t length;

	line += line[0] == '0' && line[1] == ' ' ? 2 : 0;
	line += strspn(line, " \t");
	snprintf(set->name, sizeof(set->name), "%.63s", line);
	for (length = strlen(set->name); length > 0 && set->name[length - 1] == ' '; length--)
		set->name[length - 1] = '\0';
}

int elements_parse_tle(char *text, const char *file, struct element_sets *sets, struct error *error)
{
	struct element_set set = {.line = 0};
	bool has_first = false;
	unsigned number = 0;
	char *rest = text;
	char *line;
	char where[160];
	int rc = 0;

	while (!rc && (line = strsep(&rest, "\n"))) {
		size_t length = strlen(line);

		where_of(file, ++number, where, sizeof(where));
		while (length > 0 && strchr("\r \t", line[length - 1]))
			line[--length] = '\0';
		if (has_first) {
			rc = read_second(line, &set, where, error);
			if (!rc && elements_add(sets, &set))
				rc = error_set(error, -ENOMEM, where, "no memory for the elements");
			set = (struct element_set){.line = 0};
			has_first = false;
		} else if (line[0] == '1' && line[1] == ' ') {
			set.line = number;
			rc = read_first(line, &set, where, error);
			has_first = true;
		} else if (line[0] == '2' && line[1] == ' ' && length == TLE_COLUMNS) {
			rc = error_set(error, -EINVAL, where, "line 2 stands without its line 1");
		} else if (length > 0 && line[0] != '#') {
			take_name(&set, line);
		}
	}
	if (!rc && has_first)
		rc = error_set(error, -EINVAL, where, "the file ends before line 2");
	return rc;
}
