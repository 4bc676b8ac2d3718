// SPDX-License-Identifier: BSD-3-Clause
// The ladder of DVB-S2 and S2X, and how a modem climbs it.
#include "dataplane/physics/modem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/modem_tables.h"

_Static_assert(MODEM_S2_ROWS + MODEM_S2X_ROWS <= MODCODS_MOST, "a ladder holds both tables");

// By threshold; of equal ones the better first, so that the others fall off the ladder.
static int compare_rungs(const void *left, const void *right)
{
	const struct modcod *a = left, *b = right;

	if (a->threshold_db != b->threshold_db)
		return a->threshold_db < b->threshold_db ? -1 : 1;
	return (a->bits_per_symbol < b->bits_per_symbol) -
	       (a->bits_per_symbol > b->bits_per_symbol);
}

// S2X adds its rows to those of S2. Gives their number.
static size_t rows_of(enum modem_standard standard, struct modcod rows[MODCODS_MOST])
{
	memcpy(rows, modem_s2, sizeof(modem_s2));
	if (standard == MODEM_DVB_S2)
		return MODEM_S2_ROWS;
	memcpy(rows + MODEM_S2_ROWS, modem_s2x, sizeof(modem_s2x));
	return MODEM_S2_ROWS + MODEM_S2X_ROWS;
}

void modem_ladder_make(struct modem_ladder *ladder, enum modem_standard standard)
{
	size_t rows = rows_of(standard, ladder->rungs);
	size_t kept = 0;

	qsort(ladder->rungs, rows, sizeof(ladder->rungs[0]), compare_rungs);
	for (size_t i = 0; i < rows; i++)
		if (kept == 0 ||
		    ladder->rungs[i].bits_per_symbol > ladder->rungs[kept - 1].bits_per_symbol)
			ladder->rungs[kept++] = ladder->rungs[i];
	ladder->count = kept;
}

static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

// Small and capital letters alike.
static bool is_same(const char *name, const char *other)
{
	for (; *name && lower(*name) == lower(*other); name++)
		other++;
	return *name == *other;
}

bool modem_ladder_fix(struct modem_ladder *ladder, enum modem_standard standard, const char *name)
{
	struct modcod rows[MODCODS_MOST];
	size_t count = rows_of(standard, rows);

	for (size_t i = 0; i < count; i++) {
		if (!is_same(rows[i].name, name))
			continue;
		ladder->rungs[0] = rows[i];
		ladder->count = 1;
		return true;
	}
	return false;
}

void modem_names(enum modem_standard standard, const char *names[MODCOD_NAMES_MOST])
{
	struct modcod rows[MODCODS_MOST];
	size_t count = rows_of(standard, rows);

	for (size_t i = 0; i < count; i++)
		names[i] = rows[i].name;
	names[count] = NULL;
}

int modem_select(const struct modem_ladder *ladder, double es_n0_db, double margin_db)
{
	int rung = -1;

	while (rung + 1 < (int)ladder->count &&
	       ladder->rungs[rung + 1].threshold_db + margin_db <= es_n0_db)
		rung++;
	return rung;
}

double modem_frame_error_ratio(const struct modcod *rung, double es_n0_db)
{
	double decades = (rung->threshold_db - es_n0_db) / MODEM_DECADE_DB;

	return fmin(1, MODEM_QEF * pow(10, decades));
}

int modem_adapt(const struct modem_ladder *ladder, const struct modem_control *control, int now,
		double es_n0_db)
{
	int safe = modem_select(ladder, es_n0_db, control->margin_db);
	int climb = modem_select(ladder, es_n0_db, control->margin_db + control->hysteresis_db);

	if (climb > now)
		return climb;
	if (safe >= now)
		return now;
	if (safe >= 0)
		return safe;
	// Without margin the lowest rung is held as long as it works: nothing is below it.
	return modem_select(ladder, es_n0_db, 0) >= 0 ? 0 : -1;
}

double modem_rate_bps(const struct modcod *rung, double symbol_rate_per_s)
{
	return rung->bits_per_symbol * symbol_rate_per_s;
}
