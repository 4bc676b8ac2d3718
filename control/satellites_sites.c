// SPDX-License-Identifier: BSD-3-Clause
// Which site of a station serves when (satellites.h).
#include <errno.h>
#include <stdlib.h>

#include "control/evolve.h"
#include "control/satellites.h"
#include "topologies/sky_sites.h"

static int add(struct sky_report *report, struct sky_change change)
{
	struct sky_change *grown =
		reallocarray(report->changes, report->change_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	report->changes = grown;
	grown[report->change_count++] = change;
	return 0;
}

// What differs between two choices of sites, or, when the span begins, what is in use.
static int add_channel(struct sky_report *report, uint32_t channel, int64_t at_utc_ns,
		       uint64_t before, uint64_t now, bool begins)
{
	const struct link *link = &report->topology->links[channel / 2];
	int rc = 0;

	for (unsigned end = 0; end < 2 && !rc; end++) {
		struct sky_change change = {.channel = channel,
					    .end = end,
					    .at_utc_ns = at_utc_ns,
					    .from = sky_site(link, end, before),
					    .to = sky_site(link, end, now)};

		if (sky_site_at_rest(link, end, now) == TOPOLOGY_NONE)
			continue;
		if (begins || change.from != change.to)
			rc = add(report, change);
	}
	return rc;
}

static int add_all(struct sky_report *report, const struct evolve *evolve, uint64_t at_ns,
		   bool begins)
{
	const struct topology *topology = report->topology;
	int rc = 0;

	for (uint32_t c = 0; c < LINK_DIRECTIONS * topology->link_count && !rc; c++) {
		uint64_t now = evolve_sites(evolve, c, at_ns);

		if (!sky_has_sites(&topology->links[c / 2]))
			continue;
		if (begins)
			rc = add_channel(report, c, sky_utc_ns(topology, at_ns), now, now, true);
		else if (evolve_changes_site(evolve, c, at_ns))
			rc = add_channel(report, c, sky_utc_ns(topology, at_ns),
					 evolve_sites(evolve, c, at_ns - 1), now, false);
	}
	return rc;
}

static bool any_has_sites(const struct topology *topology)
{
	for (size_t l = 0; l < topology->link_count; l++)
		if (sky_has_sites(&topology->links[l]))
			return true;
	return false;
}

int satellites_add_changes(struct sky_report *report, struct error *error)
{
	const struct topology *topology = report->topology;
	uint64_t at_ns = (uint64_t)(report->from_utc_ns - topology->epoch_utc_ns);
	uint64_t to_ns = (uint64_t)(report->to_utc_ns - topology->epoch_utc_ns);
	struct evolve *evolve;
	bool begins = true;
	int rc = 0;

	if (!any_has_sites(topology))
		return 0;
	evolve = evolve_create(topology);
	if (!evolve)
		return error_set(error, -ENOMEM, "satellites", "no memory for the report");
	for (; at_ns < to_ns && rc >= 0; at_ns = evolve_next_ns(evolve, at_ns)) {
		rc = evolve_to(evolve, at_ns, error);
		if (rc < 0)
			break;
		evolve_forget_past(evolve);
		rc = add_all(report, evolve, at_ns, begins);
		begins = false;
		if (rc)
			error_set(error, rc, "satellites", "no memory for the report");
	}
	evolve_free(evolve);
	return rc < 0 ? rc : 0;
}
