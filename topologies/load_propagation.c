// SPDX-License-Identifier: BSD-3-Clause
// The ends of a [link], and the delay that its medium gives it.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/physics/fibre.h"
#include "dataplane/physics/geodesic.h"
#include "topologies/load_link.h"
#include "topologies/prefixes.h"
#include "topologies/sky.h"

// A name that stands for an end: sites first, then ports; a wire joins ports only.
static bool find_end(struct reader *reader, struct link_draft *draft, const char *name,
		     struct link_end *end)
{
	const struct names *names = reader->topology->names;
	bool wire = draft->link->medium == MEDIUM_WIRE && draft->medium_given;
	const char *near_site;
	const char *near_port;

	if (!wire)
		end->site = names_find(names, NAME_SITE, name);
	if (end->site == TOPOLOGY_NONE)
		end->port = names_find(names, NAME_PORT, name);
	if (end->site != TOPOLOGY_NONE || end->port != TOPOLOGY_NONE)
		return true;
	if (wire && names_find(names, NAME_SITE, name) != TOPOLOGY_NONE) {
		reader_fail(reader, draft->ends,
			    "\"%s\" is a site, and a wire joins two ports; name a port, or write "
			    "medium = ethernet",
			    name);
		return false;
	}
	near_site = wire ? NULL : names_nearest(names, NAME_SITE, name);
	near_port = near_site ? NULL : names_nearest(names, NAME_PORT, name);
	if (near_site || near_port)
		reader_fail(reader, draft->ends,
			    "there is no site or port \"%s\"; did you mean %s?", name,
			    near_site ? near_site : near_port);
	else
		reader_fail(reader, draft->ends,
			    "there is no site or port \"%s\"; add [%s %s] or mend the name", name,
			    wire ? "port" : "site", name);
	return false;
}

static bool resolve_ends(struct reader *reader, struct link_draft *draft)
{
	struct link *link = draft->link;
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	char *names[2];
	bool found = true;

	if (!draft->ends) {
		reader_fail(reader, NULL, "the ends are missing; write e.g. ends = a, b");
		return false;
	}
	snprintf(list, sizeof(list), "%s", draft->ends->value);
	names[0] = reader_next_item(&rest);
	names[1] = reader_next_item(&rest);
	if (!names[1] || rest || *names[0] == '\0' || *names[1] == '\0') {
		reader_fail(reader, draft->ends, "\"%s\" is not two ends; write e.g. ends = a, b",
			    draft->ends->value);
		return false;
	}
	for (int end = 0; end < 2; end++)
		found &= find_end(reader, draft, names[end], &link->ends[end]);
	if (!found)
		return false;
	if (strcmp(names[0], names[1]) == 0) {
		reader_fail(reader, draft->ends, "both ends are \"%s\"; name two different ones",
			    names[0]);
		return false;
	}
	if ((link->ends[0].site == TOPOLOGY_NONE) != (link->ends[1].site == TOPOLOGY_NONE)) {
		reader_fail(reader, draft->ends,
			    "\"%s\" joins a site and a port; attach a port to a site with site = "
			    "... in its own section",
			    draft->ends->value);
		return false;
	}
	if (!draft->medium_given && link->ends[0].site == TOPOLOGY_NONE)
		link->medium = MEDIUM_WIRE;
	return true;
}

// Refuses keys that mean nothing on this medium.
static bool check_keys(struct reader *reader, const struct link_draft *draft)
{
	const struct link *link = draft->link;
	const struct ini_entry *satellite[] = {draft->via,       draft->band,   draft->processing,
					       draft->elevation, draft->choose, draft->handover};
	const struct ini_entry *cable[] = {
		draft->length, draft->stretch_entry, draft->equipment, draft->group_index, NULL,
		NULL};
	bool sky = link->medium == MEDIUM_SATELLITE;
	const struct ini_entry **unfit = sky ? cable : satellite;
	bool fit = true;

	for (int i = 0; i < 6; i++) {
		if (!unfit[i])
			continue;
		fit = false;
		if (sky)
			reader_fail(reader, unfit[i],
				    "a satellite link has no %s; its delay comes from the orbit",
				    unfit[i]->key);
		else
			reader_fail(reader, unfit[i],
				    "%s belongs to a satellite link; write medium = satellite",
				    unfit[i]->key);
	}
	if (draft->length && draft->stretch_entry) {
		reader_fail(reader, draft->stretch_entry,
			    "length in line %u says so too; give length or stretch",
			    draft->length->line);
		fit = false;
	}
	return fit;
}

static bool both_positions(const struct topology *topology, const struct link *link,
			   const struct site **from, const struct site **to)
{
	if (link->ends[0].site == TOPOLOGY_NONE)
		return false;
	*from = &topology->sites[link->ends[0].site];
	*to = &topology->sites[link->ends[1].site];
	return (*from)->has_position && (*to)->has_position;
}

static bool both_delays_given(const struct link *link)
{
	return link->impairments[LINK_FORWARD].given & link->impairments[LINK_REVERSE].given &
	       IMPAIRMENT(GROUP_DELAY);
}

static void finish_cable(struct reader *reader, struct link_draft *draft)
{
	struct link *link = draft->link;
	const struct site *from = NULL;
	const struct site *to = NULL;

	if (draft->stretch_entry) {
		if (draft->stretch == 0.0)
			return;
		if (!both_positions(reader->topology, link, &from, &to)) {
			reader_fail(reader, draft->stretch_entry,
				    "stretch needs the positions of both ends; add them, or give "
				    "length");
			return;
		}
		link->length_m = draft->stretch * geodesic_distance_m(from->position, to->position);
	} else if (!draft->length && link->medium == MEDIUM_FIBRE && !both_delays_given(link)) {
		reader_fail(reader, NULL,
			    "a fibre needs length, stretch or delay; write e.g. length = 245km");
		return;
	}
	link->propagation_ns = fibre_delay_ns(link->length_m, link->group_index);
}

// The delay of a link that stands still, or of the first service of one that moves.
static void finish_satellite(struct reader *reader, struct link_draft *draft)
{
	struct link *link = draft->link;
	const struct site *from = NULL;
	const struct site *to = NULL;
	struct path path;
	struct path_state state;
	struct error error;
	uint64_t delay_ns;

	if (!finish_via(reader, draft))
		return;
	if (!both_positions(reader->topology, link, &from, &to)) {
		reader_fail(reader, NULL,
			    "a satellite link needs the positions of both ends; add position = "
			    "... to its sites");
		return;
	}
	for (uint32_t i = 0; i < link->chain_count; i++)
		if (reader->topology->satellites[link->chain[i]].kind == SATELLITE_NONE)
			return;
	if (!sky_link_moves(reader->topology, link)) {
		path = sky_way(reader->topology, link, LINK_FORWARD, 0);
		if (path_at(&path, reader->topology->epoch_utc_ns, &state, NULL) == 0)
			link->propagation_ns =
				(uint64_t)llround(state.delay_ns) + link->processing_ns;
	} else if (sky_first_service(reader->topology, link, &delay_ns, &error) == 0) {
		link->propagation_ns = delay_ns + link->processing_ns;
	} else {
		reader_fail(reader, draft->via, "%s", error.what);
	}
}

// A member's address that was written without its length takes that of the exchange's LAN.
static void finish_addresses(const struct topology *topology, struct link *link)
{
	for (int slot = 0; slot < 2; slot++) {
		struct prefix *own = &link->addresses[slot];

		if (own->address.family == ADDRESS_NONE || own->length != 0xff)
			continue;
		own->length = prefix_of_address(&own->address).length;
		for (int end = 0; end < 2; end++) {
			const struct site *site = link->ends[end].site == TOPOLOGY_NONE
							  ? NULL
							  : &topology->sites[link->ends[end].site];

			if (!site || site->kind != SITE_EXCHANGE)
				continue;
			for (size_t i = 0; i < site->subnet_count; i++)
				if (prefix_contains(&site->subnets[i], own))
					own->length = site->subnets[i].length;
		}
	}
}

void finish_link(struct reader *reader, struct link_draft *draft)
{
	bool ends = resolve_ends(reader, draft);
	bool keys = check_keys(reader, draft);

	finish_addresses(reader->topology, draft->link);
	if (!ends || !keys)
		return;
	if (draft->link->medium == MEDIUM_SATELLITE)
		finish_satellite(reader, draft);
	else
		finish_cable(reader, draft);
}
