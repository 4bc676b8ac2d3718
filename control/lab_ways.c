// SPDX-License-Identifier: BSD-3-Clause
// When each site's way to each other was changed last. Rows are shared between plans, so most need
// no look; instants are kept only for sites that have changed at all.
#include "control/lab_ways.h"

#include <stdlib.h>

struct lab_ways {
	size_t site_count;
	struct plan_row **rows; // [site], a reference each
	uint64_t **at_ns;       // [site][destination], NULL: never
};

static struct plan_row *hold_row(struct plan_row *row)
{
	if (row != NULL)
		row->references++;
	return row;
}

struct lab_ways *lab_ways_create(const struct plan *plan)
{
	struct lab_ways *ways = calloc(1, sizeof(*ways));
	if (ways == NULL)
		return NULL;
	ways->rows = calloc(plan->site_count + 1, sizeof(*ways->rows));
	ways->at_ns = calloc(plan->site_count + 1, sizeof(*ways->at_ns));
	if (ways->rows == NULL || ways->at_ns == NULL) {
		lab_ways_free(ways);
		return NULL;
	}
	ways->site_count = plan->site_count;
	for (size_t i = 0; i < plan->site_count; i++)
		ways->rows[i] = hold_row(plan->rows[i]);
	return ways;
}

void lab_ways_free(struct lab_ways *ways)
{
	if (ways == NULL)
		return;
	for (size_t i = 0; i < ways->site_count; i++) {
		if (ways->rows[i] != NULL)
			plan_row_put(ways->rows[i]);
		free(ways->at_ns[i]);
	}
	free(ways->rows);
	free(ways->at_ns);
	free(ways);
}

static void note_row(struct lab_ways *ways, size_t site, struct plan_row *row, uint64_t at_ns)
{
	const struct plan_row *before = ways->rows[site];
	if (before == NULL || row == NULL)
		return; // a site that switches stays one
	if (ways->at_ns[site] == NULL)
		ways->at_ns[site] = calloc(ways->site_count, sizeof(uint64_t));
	for (size_t i = 0; ways->at_ns[site] != NULL && i < row->way_count; i++)
		if (row->ways[i] != before->ways[i])
			ways->at_ns[site][i] = at_ns;
	plan_row_put(ways->rows[site]);
	ways->rows[site] = hold_row(row);
}

void lab_ways_note(struct lab_ways *ways, const struct plan *plan)
{
	for (size_t site = 0; site < ways->site_count; site++)
		if (plan->rows[site] != ways->rows[site])
			note_row(ways, site, plan->rows[site], plan->valid_from_ns);
}

uint64_t lab_ways_changed_at_ns(const struct lab_ways *ways, uint32_t site, uint32_t destination)
{
	return ways->at_ns[site] == NULL ? 0 : ways->at_ns[site][destination];
}
