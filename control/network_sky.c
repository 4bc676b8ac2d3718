// SPDX-License-Identifier: BSD-3-Clause
// What the sky does to a network: ramps renewed, services that begin, end and break.
#include <stdio.h>
#include <string.h>

#include "control/network_private.h"
#include "topologies/sky.h"
#include "topologies/sky_sites.h"

static void note_service(struct network *network, uint32_t link)
{
	const struct link *of = &network->topology->links[link];
	char text[3 * TOPOLOGY_NAME_MAX], name[TOPOLOGY_NAME_MAX + 1];
	struct handover service;
	bool serves = evolve_service(network->evolve, link, network->now_ns, &service);

	if (service.from_utc_ns != sky_utc_ns(network->topology, network->now_ns))
		return;
	snprintf(text, sizeof(text), "%s: %s", of->name,
		 serves ? sky_way_name(network->topology, of, service.path, name, sizeof(name))
			: "no satellite in sight");
	if (serves)
		strcat(text, " serves");
	network_note(network, network->now_ns, text, false);
}

// Its command is "link CHANNEL up" or "down".
const char *network_event_text(const struct event *event, char *buffer, size_t size)
{
	const char *channel = event->command + strlen("link ");
	const char *action = strrchr(event->command, ' ');

	if (!event->of_modem)
		return event->command;
	snprintf(buffer, size, "%.*s: modem%s", (int)(action - channel), channel, action);
	return buffer;
}

void network_turn_modem(struct network *network, uint32_t channel, bool up)
{
	char name[TOPOLOGY_NAME_MAX + 16], text[2 * TOPOLOGY_NAME_MAX];

	network->modem_up[channel] = up;
	snprintf(text, sizeof(text), "%s: modem %s",
		 topology_channel_name(network->topology, channel, name, sizeof(name)),
		 up ? "up" : "down");
	network_note(network, network->now_ns, text, false);
}

static void turn_modems(struct network *network, uint32_t link)
{
	for (uint32_t c = 2 * link; c <= 2 * link + 1; c++) {
		bool up;

		if (evolve_turns(network->evolve, c, network->now_ns, &up))
			network_turn_modem(network, c, up);
	}
}

static void note_sites(struct network *network, uint32_t link)
{
	const struct topology *topology = network->topology;
	const struct link *of = &topology->links[link];

	for (uint32_t c = 2 * link; c <= 2 * link + 1; c++) {
		uint64_t sites = evolve_sites(network->evolve, c, network->now_ns), before;
		char name[TOPOLOGY_NAME_MAX + 16], text[4 * TOPOLOGY_NAME_MAX];

		if (!evolve_changes_site(network->evolve, c, network->now_ns))
			continue;
		before = evolve_sites(network->evolve, c, network->now_ns - 1);
		for (unsigned end = 0; end < 2; end++) {
			if (sky_site(of, end, sites) == sky_site(of, end, before))
				continue;
			snprintf(text, sizeof(text), "%s: %s takes over from %s",
				 topology_channel_name(topology, c, name, sizeof(name)),
				 topology->sites[sky_site(of, end, sites)].name,
				 topology->sites[sky_site(of, end, before)].name);
			network_note(network, network->now_ns, text, false);
		}
	}
}

static int move_link(struct network *network, uint32_t link, bool renewed, struct error *error)
{
	for (uint32_t c = 2 * link; renewed && c <= 2 * link + 1; c++) {
		int rc = network_params(network, c, &network->words[c]->impairment,
					&network_channel(network, c, true)->params, error);

		if (rc)
			return rc;
	}
	if (evolve_breaks(network->evolve, link, network->now_ns)) {
		if (!network_touch_room(network, LINK_DIRECTIONS))
			return network_out_of_memory(network, error);
		network_touch(network, 2 * link, PLAN_CUT);
		network_touch(network, 2 * link + 1, PLAN_CUT);
	}
	if (sky_link_moves(network->topology, &network->topology->links[link]))
		note_service(network, link);
	note_sites(network, link);
	turn_modems(network, link);
	return network_tell_link(network, link) ? network_out_of_memory(network, error) : 0;
}

void network_forget_past(struct network *network)
{
	// At most once for each generation.
	if (network->mark.set || network->now_ns - network->forgotten_at_ns < EVOLVE_GENERATION_NS)
		return;
	network->forgotten_at_ns = network->now_ns - network->now_ns % EVOLVE_GENERATION_NS;
	evolve_forget_past(network->evolve);
}

int network_do_sky(struct network *network, struct error *error)
{
	int rc = network_save_sky(network, error);
	int renewed = rc ? rc : evolve_to(network->evolve, network->now_ns, error);
	uint64_t next_ns = evolve_next_ns(network->evolve, network->now_ns);
	bool any = false, renew;

	rc = renewed < 0 ? renewed : 0;
	renew = renewed > 0 || network->version == 0; // it is just beginning
	for (uint32_t l = 0; !rc && l < network->topology->link_count; l++) {
		if (!evolve_changes(network->evolve, l))
			continue;
		any = true;
		rc = move_link(network, l, renew, error);
	}
	if (rc || !any)
		return rc;
	network->version++;
	network->plan->valid_from_ns = network->now_ns;
	if (next_ns != EVOLVE_NEVER &&
	    schedule_push(&network->schedule,
			  (struct schedule_item){.at_ns = next_ns, .kind = SCHEDULE_SKY}))
		rc = network_out_of_memory(network, error);
	return rc;
}
