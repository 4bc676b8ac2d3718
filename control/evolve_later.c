// SPDX-License-Identifier: BSD-3-Clause
// A radio's direction after its first day (evolve_later.h).
#include "control/evolve_later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/evolve.h"
#include "control/evolve_radio.h"
#include "topologies/sky_sites.h"

struct evolve_later evolve_later_begin(const struct topology *topology, uint32_t channel)
{
	const struct evolve_modem *modem = evolve_radio_later(topology, channel);
	struct evolve_later later = {.radio = &topology->links[channel / LINK_DIRECTIONS].radio,
				     .direction = channel % LINK_DIRECTIONS,
				     .given = modem != NULL};

	if (!modem)
		return later;
	later.modem = *modem;
	later.horizon_ns = evolve_modem_horizon_ns(topology, &topology->links[modem->link]);
	return later;
}

int evolve_later_copy(struct evolve_later *to, const struct evolve_later *from)
{
	*to = *from;
	if (from->rows.count == 0)
		return 0;
	// As if each had been added: room is the next power of two.
	to->rows = (struct evolve_modem_rows){.items = NULL};
	for (size_t i = 0; i < from->rows.count; i++)
		if (evolve_modem_add_row(&to->rows, &from->rows.items[i])) {
			evolve_later_fini(to);
			return -ENOMEM;
		}
	return 0;
}

void evolve_later_fini(struct evolve_later *later)
{
	free(later->rows.items);
	later->rows = (struct evolve_modem_rows){.items = NULL};
}

int evolve_later_make(struct evolve_later *later, const struct topology *topology,
		      const struct handover *services, size_t service_count, uint64_t from_ns)
{
	uint64_t next_ns = from_ns + EVOLVE_GENERATION_NS;
	struct evolve_modem_rows rows = {.items = NULL};
	struct evolve_modem modem = later->modem, after;
	struct evolve_modem_row begins;
	struct error unseen;
	const struct table *table = NULL;
	int rc;

	if (!later->given || from_ns < EVOLVE_RADIO_DAY_NS || from_ns >= later->horizon_ns)
		return 0;
	// Where generations were left out, what they would have changed.
	rc = evolve_modem_follow(&modem, topology, services, service_count, from_ns, &rows,
				 &unseen);
	rows.count = 0;
	free(rows.items);
	rows.items = NULL;
	begins = evolve_modem_now(&modem, from_ns);
	if (!rc)
		rc = evolve_modem_add_row(&rows, &begins);
	if (!rc)
		rc = evolve_modem_follow(&modem, topology, services, service_count, next_ns, &rows,
					 &unseen);
	after = modem;
	if (!rc)
		rc = evolve_modem_follow(&after, topology, services, service_count,
					 next_ns + EVOLVE_AHEAD_NS, &rows, &unseen);
	if (!rc)
		table = evolve_modem_table(topology->tables, &rows, from_ns);
	if (!table) {
		free(rows.items);
		return -ENOMEM;
	}
	free(later->rows.items);
	later->rows = rows;
	later->modem = modem;
	later->table = table;
	return 1;
}

bool evolve_later_turns(const struct evolve_later *later, uint64_t at_ns, bool *up)
{
	for (size_t i = 1; i < later->rows.count; i++)
		if (later->rows.items[i].at_ns == at_ns &&
		    later->rows.items[i].up != later->rows.items[i - 1].up) {
			*up = later->rows.items[i].up;
			return true;
		}
	return false;
}

uint64_t evolve_later_next_ns(const struct evolve_later *later, uint64_t at_ns)
{
	for (size_t i = 1; i < later->rows.count; i++)
		if (later->rows.items[i].at_ns > at_ns &&
		    later->rows.items[i].up != later->rows.items[i - 1].up)
			return later->rows.items[i].at_ns;
	return UINT64_MAX;
}

uint64_t evolve_later_sites(const struct evolve_later *later, uint64_t at_ns)
{
	const struct radio_sites *day = later->radio->site_changes[later->direction];
	const struct evolve_modem_row *rows = later->rows.items;

	for (size_t i = later->rows.count; i > 0; i--)
		if (rows[i - 1].at_ns <= at_ns)
			return rows[i - 1].sites;
	for (size_t i = later->radio->site_change_count[later->direction]; i > 0; i--)
		if (day[i - 1].at_ns <= at_ns)
			return day[i - 1].sites;
	return SKY_SITES_MAIN;
}

uint64_t evolve_later_next_site_ns(const struct evolve_later *later, uint64_t at_ns)
{
	const struct radio_sites *day = later->radio->site_changes[later->direction];
	const struct evolve_modem_row *rows = later->rows.items;
	uint64_t day_end_ns = later->rows.count ? rows[0].at_ns : UINT64_MAX;

	for (size_t i = 1; i < later->radio->site_change_count[later->direction]; i++)
		if (day[i].at_ns > at_ns && day[i].at_ns < day_end_ns)
			return day[i].at_ns;
	for (size_t i = 1; i < later->rows.count; i++)
		if (rows[i].at_ns > at_ns && rows[i].sites != rows[i - 1].sites)
			return rows[i].at_ns;
	return UINT64_MAX;
}
