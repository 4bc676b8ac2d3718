// SPDX-License-Identifier: BSD-3-Clause
// Routers, parallel links, hosts and flows, as numbers.
#include "bench/bundle.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/engine/pages.h"

// A region's routers come first, then its hosts.
struct region {
	uint32_t first_site;
	uint32_t first_host; // of all regions'
	uint32_t hosts;
};

// Each host has links of its own.
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

static void fill_channels(struct plan *plan, const struct region *region, uint64_t delay_ns)
{
	for (uint32_t host = 0; host < region->hosts; host++) {
		for (uint32_t hop = 0; hop < BUNDLE_HOPS; hop++) {
			uint32_t there = channel_of(region->first_host + host, hop);
			uint32_t from = region->first_site + hop;
			uint32_t to = from + 1 + (hop + 1 < BUNDLE_HOPS ? 0 : host);

			plan->channels[there] = channel_between(from, to, there, delay_ns);
			plan->channels[there + 1] = channel_between(to, from, there + 1, delay_ns);
		}
	}
}

static void fill_rows(struct plan *plan, const struct region *region)
{
	for (uint32_t hop = 0; hop < BUNDLE_HOPS; hop++) {
		uint32_t *ways = plan->rows[region->first_site + hop]->ways;

		for (uint32_t host = 0; host < region->hosts; host++)
			ways[region->first_site + BUNDLE_HOPS + host] =
				1 + channel_of(region->first_host + host, hop);
	}
}

// Regions take turns.
static void fill_flows(struct plan *plan, const struct region *region, uint32_t regions,
		       uint64_t interval_ns)
{
	for (uint32_t i = 0; i < region->hosts; i++) {
		uint32_t host = region->first_site + BUNDLE_HOPS + i;
		uint32_t turn = i * regions + region->first_host / region->hosts;

		plan->flows[region->first_host + i] = (struct plan_flow){
			.from_site = region->first_site,
			.to_site = host,
			.random_key = (uint32_t)plan->channel_count + region->first_host + i,
			.source = address_of(region->first_site),
			.target = address_of(host),
			.source_port = 4000,
			.target_port = 9,
			.frame_bytes = PLAN_FLOW_MINIMUM_IPV4,
			.interval_ns_q16 = interval_ns * plan->flow_count << 16,
			.start_ns = interval_ns * turn,
			.stop_ns = UINT64_MAX,
		};
	}
}

static void fill_sites(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->site_count; i++) {
		plan->sites[i] = (struct plan_site){.carrier = true, .address4 = address_of(i)};
		plan->destinations[i] = (struct plan_destination){i, PLAN_LOCAL, PLAN_NONE, {0}};
		plan->prefixes[i] = (struct plan_prefix){address_of(i), i};
	}
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		plan->adjacencies[i] = (struct plan_adjacency){i, PLAN_NONE, {0}};
		plan->groups[i] = (struct plan_group){.count = 1, .adjacency = {i}};
	}
}

// Of the hosts' rows there is one, without a way.
static bool take_rows(struct plan *plan, uint32_t regions)
{
	struct plan_row *none = plan_row_create(plan->site_count);
	size_t sites = plan->site_count / regions;

	for (size_t i = 0; none != NULL && i < plan->site_count; i++) {
		bool routes = i % sites < BUNDLE_HOPS;

		plan->rows[i] = routes ? plan_row_create(plan->site_count) : none;
		none->references += !routes;
		if (plan->rows[i] == NULL)
			break;
	}
	if (none != NULL)
		plan_row_put(none);
	return plan->rows[plan->site_count - 1] != NULL;
}

#define TAKE(plan, array, number)                                                                  \
	((plan)->array##s = pages_take(number, sizeof(*(plan)->array##s)),                         \
	 (plan)->array##_count = (plan)->array##s ? (number) : 0, (plan)->array##s != NULL)

static bool take(struct plan *plan, uint32_t regions, uint32_t hosts)
{
	size_t sites = BUNDLE_HOPS * (size_t)regions + hosts;
	size_t channels = 2 * BUNDLE_HOPS * (size_t)hosts;

	if (!TAKE(plan, channel, channels) || !TAKE(plan, destination, sites) ||
	    !TAKE(plan, flow, hosts) || !TAKE(plan, group, channels) || !TAKE(plan, site, sites))
		return false;
	plan->adjacencies = pages_take(channels, sizeof(*plan->adjacencies));
	plan->adjacency_count = channels;
	plan->prefixes = calloc(sites, sizeof(*plan->prefixes));
	plan->prefix_count = sites;
	plan->rows = calloc(sites, sizeof(*plan->rows));
	return plan->adjacencies != NULL && plan->prefixes != NULL && plan->rows != NULL &&
	       take_rows(plan, regions);
}

struct plan *bundle_plan_of_regions(uint32_t regions, uint32_t channels, uint64_t interval_ns,
				    uint64_t delay_ns, struct error *error)
{
	uint32_t hosts = channels / BUNDLE_HOPS;
	struct plan *plan = plan_create();

	if (plan == NULL || !take(plan, regions, hosts)) {
		plan_free(plan);
		error_set(error, -ENOMEM, "bundle", "no memory for a plan of %u channels",
			  channels);
		return NULL;
	}
	plan->seed = 1;
	fill_sites(plan);
	for (uint32_t i = 0; i < regions; i++) {
		const struct region region = {
			.first_site = i * (BUNDLE_HOPS + hosts / regions),
			.first_host = i * (hosts / regions),
			.hosts = hosts / regions,
		};

		fill_channels(plan, &region, delay_ns);
		fill_rows(plan, &region);
		fill_flows(plan, &region, regions, interval_ns);
	}
	return plan;
}

struct plan *bundle_plan(uint32_t channels, uint64_t interval_ns, uint64_t delay_ns,
			 struct error *error)
{
	return bundle_plan_of_regions(1, channels, interval_ns, delay_ns, error);
}
