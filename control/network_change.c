// SPDX-License-Identifier: BSD-3-Clause
// Carries out changes: parameters, carriers, and what becomes of packets in flight.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/change.h"
#include "control/compile.h"
#include "control/network_private.h"

void network_note(struct network *network, uint64_t at_ns, const char *what)
{
	struct network_event *event = &network->events[network->event_count % NETWORK_EVENTS_KEPT];
	char *text = strdup(what);

	if (!text)
		return;
	free(event->what);
	*event = (struct network_event){.at_ns = at_ns, .what = text};
	network->event_count++;
}

bool network_touch_room(struct network *network, size_t more)
{
	size_t room = network->plan->touched_count + more;
	struct plan_touched *touched;

	if (room <= network->touched_room)
		return true;
	touched = realloc(network->plan->touched, room * sizeof(*touched));
	if (!touched)
		return false;
	network->plan->touched = touched;
	network->touched_room = room;
	return true;
}

void network_touch(struct network *network, uint32_t channel, enum plan_inflight inflight)
{
	struct plan *plan = network->plan;
	uint64_t delay_ns = plan->channels[channel].params.delay_ns;

	if (inflight == PLAN_NEW)
		return;
	for (size_t i = network->touched_shown; i < plan->touched_count; i++) {
		if (plan->touched[i].channel == channel) {
			if (inflight == PLAN_CUT)
				plan->touched[i].inflight = PLAN_CUT;
			plan->touched[i].delay_ns = delay_ns;
			return;
		}
	}
	plan->touched[plan->touched_count++] = (struct plan_touched){channel, inflight, delay_ns};
}

int network_params(struct network *network, uint32_t channel, const struct impairment *impairment,
		   struct channel_params *params, struct error *error)
{
	int rc = compile_channel_params(network->topology, channel, impairment,
					network->carries[channel], params, error);

	if (rc)
		return rc;
	if (evolve_apply(network->evolve, channel, network->now_ns,
			 impairment->given & IMPAIRMENT(GROUP_DELAY), params))
		return network_out_of_memory(network, error);
	channel_finish(params);
	return 0;
}

// Puts a set or reset in force on the channels of one link; nothing if one of them cannot.
static int impair(struct network *network, const struct change *change, struct error *error)
{
	const struct link *link = &network->topology->links[change->index];
	struct impairment impairments[LINK_DIRECTIONS];
	struct channel_params params[LINK_DIRECTIONS];

	for (unsigned d = change->first; d <= (unsigned)change->last; d++) {
		uint32_t c = topology_channel(change->index, (enum link_direction)d);
		int rc;

		if (change->action == CHANGE_RESET) {
			impairments[d] = change_reset(link, (enum link_direction)d);
		} else {
			impairments[d] = network->impairments[c];
			impairment_merge(&impairments[d], &change->impairment);
		}
		rc = network_params(network, c, &impairments[d], &params[d], error);
		if (rc)
			return rc;
	}
	for (unsigned d = change->first; d <= (unsigned)change->last; d++) {
		uint32_t c = topology_channel(change->index, (enum link_direction)d);

		network->impairments[c] = impairments[d];
		network->plan->channels[c].params = params[d];
		network_touch(network, c, change->inflight);
	}
	return 0;
}

int network_tell_link(struct network *network, uint32_t link)
{
	bool in_service = evolve_is_up(network->evolve, link, network->now_ns);

	for (uint32_t c = 2 * link; c <= 2 * link + 1; c++) {
		network->carries[c] = network->channel_up[c] && in_service;
		network->plan->channels[c].params.carrier = network->carries[c];
		channel_finish(&network->plan->channels[c].params);
	}
	return convergence_link_changed(network->convergence, link, network->now_ns);
}

// Puts channels of a link up or down.
static int carry(struct network *network, uint32_t link, enum link_direction first,
		 enum link_direction last, const struct change *change)
{
	bool up = change->action == CHANGE_UP;

	for (unsigned d = first; d <= (unsigned)last; d++) {
		uint32_t c = topology_channel(link, (enum link_direction)d);

		network->channel_up[c] = up;
		network_touch(network, c, change->inflight);
	}
	return network_tell_link(network, link);
}

static int apply(struct network *network, const struct change *change, struct error *error)
{
	const struct topology *topology = network->topology;
	bool up = change->action == CHANGE_UP;
	int rc = 0;

	if (!network_touch_room(network, change->object == CHANGE_CONDUIT
						 ? 2 * topology->conduits[change->index].link_count
						 : LINK_DIRECTIONS))
		return network_out_of_memory(network, error);
	if (change->action == CHANGE_SET || change->action == CHANGE_RESET)
		return impair(network, change, error);
	if (change->object == CHANGE_LINK) {
		rc = carry(network, change->index, change->first, change->last, change);
	} else if (change->object == CHANGE_CONDUIT) {
		const struct conduit *conduit = &topology->conduits[change->index];

		for (size_t i = 0; !rc && i < conduit->link_count; i++)
			rc = carry(network, conduit->links[i], LINK_FORWARD, LINK_REVERSE, change);
	} else if (network->site_up[change->index] != up) {
		network->site_up[change->index] = up;
		network->plan->sites[change->index].carrier = up;
		rc = convergence_site_changed(network->convergence, change->index, network->now_ns);
	}
	return rc ? network_out_of_memory(network, error) : 0;
}

int network_carry_out(struct network *network, const char *line, const char *where,
		      struct error *error)
{
	char text[512];
	struct change change;
	int rc = change_parse(network->topology, line, where, &change, error);

	if (!rc) {
		rc = apply(network, &change, error);
		// A value that no channel can have is found by code that knows the link's section,
		// and it does not stand there.
		if (rc && error)
			snprintf(error->where, sizeof(error->where), "%s", where);
	}
	if (rc)
		return rc;
	network->version++;
	network->plan->valid_from_ns = network->now_ns;
	network_note(network, network->now_ns,
		     change_format(network->topology, &change, text, sizeof(text)));
	return 0;
}
