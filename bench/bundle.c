// SPDX-License-Identifier: BSD-3-Clause
// Routers, parallel links, hosts and flows, as numbers.
#include "bench/bundle.h"

#include <errno.h>
#include <stdlib.h>

// Host i is site BUNDLE_HOPS + i; link i * BUNDLE_HOPS + hop is its own.
static uint32_t channel_of(uint32_t host, uint32_t hop)
{
	return 2 * (host * BUNDLE_HOPS + hop);
}

static struct plan_address address_of(uint32_t site)
{
	return (struct plan_address){
		.family = 4,
		.prefix_length = 32,
		.bytes = {10, (uint8_t)(site >> 16), (uint8_t)(site >> 8), (uint8_t)site},
	};
}

static struct plan_channel channel_between(uint32_t from, uint32_t to, uint32_t number,
					   uint64_t delay_ns)
{
	struct plan_channel channel = {
		.from_site = from,
		.to_site = to,
		.from_port = PLAN_NONE,
		.to_port = PLAN_NONE,
		.from_interface = PLAN_NONE,
		.to_interface = PLAN_NONE,
		.params = {.seed = 1, .random_key = number, .carrier = true, .delay_ns = delay_ns},
	};

	channel_finish(&channel.params);
	return channel;
}

static void fill_channels(struct plan *plan, uint32_t hosts, uint64_t delay_ns)
{
	for (uint32_t host = 0; host < hosts; host++) {
		for (uint32_t hop = 0; hop < BUNDLE_HOPS; hop++) {
			uint32_t there = channel_of(host, hop);
			uint32_t next = hop + 1 < BUNDLE_HOPS ? hop + 1 : BUNDLE_HOPS + host;

			plan->channels[there] = channel_between(hop, next, there, delay_ns);
			plan->channels[there + 1] = channel_between(next, hop, there + 1, delay_ns);
		}
	}
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		plan->adjacencies[i] = (struct plan_adjacency){i, PLAN_NONE, {0}};
		plan->groups[i] = (struct plan_group){.count = 1, .adjacency = {i}};
	}
}

static void fill_sites(struct plan *plan, uint32_t hosts)
{
	for (uint32_t i = 0; i < plan->site_count; i++) {
		plan->sites[i] = (struct plan_site){.carrier = true, .address4 = address_of(i)};
		plan->destinations[i] = (struct plan_destination){i, PLAN_LOCAL, PLAN_NONE, {0}};
		plan->prefixes[i] = (struct plan_prefix){address_of(i), i};
		for (uint32_t host = 0; i < BUNDLE_HOPS && host < hosts; host++)
			plan->rows[i]->ways[BUNDLE_HOPS + host] = 1 + channel_of(host, i);
	}
}

static void fill_flows(struct plan *plan, uint32_t hosts, uint64_t interval_ns)
{
	for (uint32_t host = 0; host < hosts; host++)
		plan->flows[host] = (struct plan_flow){
			.from_site = 0,
			.to_site = BUNDLE_HOPS + host,
			.random_key = (uint32_t)plan->channel_count + host,
			.source = address_of(0),
			.target = address_of(BUNDLE_HOPS + host),
			.source_port = 4000,
			.target_port = 9,
			.frame_bytes = PLAN_FLOW_MINIMUM_IPV4,
			.interval_ns_q16 = interval_ns * hosts << 16,
			.start_ns = interval_ns * host,
			.stop_ns = UINT64_MAX,
		};
}

// Of the hosts' rows there is one, without a way.
static bool take_rows(struct plan *plan)
{
	struct plan_row *none = NULL;

	for (size_t i = 0; i < plan->site_count; i++) {
		if (i > BUNDLE_HOPS) {
			none->references++;
			plan->rows[i] = none;
			continue;
		}
		none = plan->rows[i] = plan_row_create(plan->site_count);
		if (none == NULL)
			return false;
	}
	return true;
}

#define TAKE(plan, array, number)                                                                  \
	((plan)->array##s = calloc(number, sizeof(*(plan)->array##s)),                             \
	 (plan)->array##_count = (plan)->array##s ? (number) : 0, (plan)->array##s != NULL)

static bool take(struct plan *plan, uint32_t hosts)
{
	size_t sites = BUNDLE_HOPS + (size_t)hosts;
	size_t channels = 2 * BUNDLE_HOPS * (size_t)hosts;

	if (!TAKE(plan, channel, channels) || !TAKE(plan, destination, sites) ||
	    !TAKE(plan, flow, hosts) || !TAKE(plan, group, channels) || !TAKE(plan, site, sites))
		return false;
	plan->adjacencies = calloc(channels, sizeof(*plan->adjacencies));
	plan->adjacency_count = channels;
	plan->prefixes = calloc(sites, sizeof(*plan->prefixes));
	plan->prefix_count = sites;
	plan->rows = calloc(sites, sizeof(*plan->rows));
	return plan->adjacencies != NULL && plan->prefixes != NULL && plan->rows != NULL &&
	       take_rows(plan);
}

struct plan *bundle_plan(uint32_t channels, uint64_t interval_ns, uint64_t delay_ns,
			 struct error *error)
{
	uint32_t hosts = channels / BUNDLE_HOPS;
	struct plan *plan = plan_create();

	if (plan == NULL || !take(plan, hosts)) {
		plan_free(plan);
		error_set(error, -ENOMEM, "bundle", "no memory for a plan of %u channels",
			  channels);
		return NULL;
	}
	plan->seed = 1;
	fill_channels(plan, hosts, delay_ns);
	fill_sites(plan, hosts);
	fill_flows(plan, hosts, interval_ns);
	return plan;
}
