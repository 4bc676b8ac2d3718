// SPDX-License-Identifier: BSD-3-Clause
// The way that packets take through a network, by the next hops in force.
#include "control/compile.h"
#include "control/network.h"

// The channel that leads on from a site by the first of equal ways, and the one into the router
// behind the exchange, if it leads to one. False when there is no way.
static bool first_way(const struct plan *plan, uint32_t site, uint32_t to, uint32_t *channel,
		      uint32_t *behind)
{
	const struct plan_row *row = plan->rows[site];
	const struct plan_adjacency *adjacency;
	uint32_t interface;

	if (!row || row->ways[to] == 0)
		return false;
	adjacency = &plan->adjacencies[plan->groups[row->ways[to] - 1].adjacency[0]];
	*channel = adjacency->channel;
	*behind = PLAN_NONE;
	if (adjacency->interface == PLAN_NONE)
		return true;
	interface = compile_interface_of_mac(adjacency->mac);
	*behind = plan->interfaces[interface].channel ^ 1;
	return true;
}

size_t network_path(const struct network *network, uint32_t from_site, uint32_t to_site,
		    uint32_t *channels, size_t most)
{
	const struct plan *plan = network_plan(network);
	uint32_t site = from_site;
	size_t count = 0;

	if (most > NETWORK_PATH_MOST)
		most = NETWORK_PATH_MOST;
	while (site != to_site && count < most) {
		uint32_t channel, behind;

		if (!first_way(plan, site, to_site, &channel, &behind))
			return 0;
		channels[count++] = channel;
		if (behind != PLAN_NONE && count < most)
			channels[count++] = behind;
		site = plan->channels[channels[count - 1]].to_site;
	}
	return count;
}

uint64_t network_delay_ns(const struct network *network, uint32_t channel, uint64_t at_ns)
{
	const struct channel_params *params = &network_plan(network)->channels[channel].params;
	struct profile_cursor cursor = {.begun = false};

	return params->delay_profile ? (uint64_t)profile_at(params->delay_profile, &cursor, at_ns)
				     : params->delay_ns;
}

uint64_t network_rate_bps(const struct network *network, uint32_t channel, uint64_t at_ns)
{
	const struct rate_params *rate = &network_plan(network)->channels[channel].params.rate;
	struct profile_cursor cursor = {.begun = false};

	bool varies = rate->kind == RATE_PROFILE ||
		      (rate->kind == RATE_ACCESS && rate->modem == RATE_PROFILE);
	uint64_t assigned_bps = rate->kind == RATE_ACCESS ? access_most_bps(&rate->access) : 0;
	uint64_t line_bps;

	line_bps = varies ? (uint64_t)profile_at(rate->profile->profile, &cursor, at_ns)
			  : rate->bits_per_second;
	// Of a return link what may be assigned, as far as the modem carries it.
	return assigned_bps > 0 && assigned_bps < line_bps ? assigned_bps : line_bps;
}

double network_loss(const struct network *network, uint32_t channel, uint64_t at_ns)
{
	const struct channel_params *params = &network_plan(network)->channels[channel].params;
	struct profile_cursor cursor = {.begun = false};
	double other = 0;

	if (params->loss_profile)
		other = (double)profile_at(params->loss_profile, &cursor, at_ns) / 4294967296.0;
	return 1 - (1 - loss_ratio(&params->loss)) * (1 - other);
}
