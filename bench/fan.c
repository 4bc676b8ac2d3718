// SPDX-License-Identifier: BSD-3-Clause
// One router, its channels and flows, as numbers.
#include "bench/fan.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/machine.h"
#include "bench/wire.h"

// Sites: the router, and behind each channel one that nobody reaches, as the port comes first.
static struct plan_address address_of(uint32_t site)
{
	return (struct plan_address){
		.family = 4,
		.prefix_length = 32,
		.bytes = {10, (uint8_t)(site >> 16), (uint8_t)(site >> 8), (uint8_t)site},
	};
}

// Channel i^1 is the way back, which carries nothing.
static struct plan_channel channel_of(uint32_t number, uint64_t delay_ns)
{
	struct plan_channel channel = {
		.from_site = 0,
		.to_site = PLAN_NONE,
		.from_port = PLAN_NONE,
		.to_port = 0,
		.from_interface = PLAN_NONE,
		.to_interface = PLAN_NONE,
		.params = {.seed = 1, .random_key = number, .carrier = true, .delay_ns = delay_ns},
	};

	if (number % 2) {
		channel.from_site = channel.to_port = PLAN_NONE;
		channel.to_site = 0;
		channel.from_port = 0;
	}
	channel_finish(&channel.params);
	return channel;
}

static struct plan_flow flow_of(uint32_t number, uint32_t channels, uint64_t interval_ns)
{
	return (struct plan_flow){
		.from_site = 0,
		.to_site = 1 + number,
		.random_key = 2 * channels + number,
		.source = address_of(0),
		.target = address_of(1 + number),
		.source_port = 4000,
		.target_port = 9,
		.frame_bytes = FAN_FRAME_BYTES,
		.interval_ns_q16 = interval_ns * channels << 16,
		.start_ns = interval_ns * (1 + number),
		.stop_ns = UINT64_MAX,
	};
}

static void fill(struct plan *plan, uint32_t channels, uint64_t interval_ns, uint64_t delay_ns)
{
	plan->seed = 1;
	plan->ports[0] = (struct plan_port){PLAN_NONE, PLAN_NONE, PLAN_NONE, 0};
	for (uint32_t site = 0; site <= channels; site++) {
		plan->sites[site] =
			(struct plan_site){.carrier = true, .address4 = address_of(site)};
		plan->destinations[site] =
			(struct plan_destination){site, PLAN_LOCAL, PLAN_NONE, {0}};
		plan->prefixes[site] = (struct plan_prefix){address_of(site), site};
	}
	for (uint32_t i = 0; i < channels; i++) {
		plan->channels[2 * i] = channel_of(2 * i, delay_ns);
		plan->channels[2 * i + 1] = channel_of(2 * i + 1, delay_ns);
		plan->adjacencies[i] = (struct plan_adjacency){2 * i, PLAN_NONE, {0}};
		plan->groups[i] = (struct plan_group){.count = 1, .adjacency = {i}};
		plan->rows[0]->ways[1 + i] = 1 + i;
		plan->flows[i] = flow_of(i, channels, interval_ns);
	}
}

#define TAKE(plan, array, count, number)                                                           \
	((plan)->array = calloc(number, sizeof(*(plan)->array)),                                   \
	 (plan)->count = (plan)->array ? (number) : 0, (plan)->array != NULL)

static bool take(struct plan *plan, uint32_t channels)
{
	size_t sites = channels + 1;
	struct plan_row *none;

	if (!TAKE(plan, sites, site_count, sites) || !TAKE(plan, ports, port_count, 1) ||
	    !TAKE(plan, destinations, destination_count, sites) ||
	    !TAKE(plan, prefixes, prefix_count, sites) ||
	    !TAKE(plan, channels, channel_count, 2 * (size_t)channels) ||
	    !TAKE(plan, adjacencies, adjacency_count, channels) ||
	    !TAKE(plan, groups, group_count, channels) || !TAKE(plan, flows, flow_count, channels))
		return false;
	plan->rows = calloc(sites, sizeof(*plan->rows));
	if (plan->rows == NULL)
		return false;
	plan->rows[0] = plan_row_create(sites);
	none = plan_row_create(sites);
	if (plan->rows[0] == NULL || none == NULL) {
		if (none != NULL)
			plan_row_put(none);
		return false;
	}
	none->references = channels;
	for (size_t site = 1; site < sites; site++)
		plan->rows[site] = none;
	return true;
}

static int open_plan(struct engine *engine, struct plan *plan, struct error *error)
{
	const struct engine_device device = {
		.name = "east", .device = WIRE_EAST WIRE_NO_RX, .mtu_bytes = 1500};
	int code = engine_port_device(engine, 0, &device, error);

	return code ? code : engine_publish(engine, plan, error);
}

struct engine *fan_open(uint32_t channels, uint64_t interval_ns, uint64_t delay_ns, bool spin,
			struct error *error)
{
	const struct machine_memory memory = machine_memory();
	const struct engine_options options = {.clock = ENGINE_LIVE,
					       .workers = 1,
					       .spin = spin,
					       .instance = "fan",
					       .eal_argc = memory.word_count,
					       .eal_argv = (char **)memory.words};
	struct plan *plan = plan_create();
	struct engine *engine;

	if (plan == NULL || !take(plan, channels)) {
		plan_free(plan);
		error_set(error, -ENOMEM, "fan", "no memory for a plan of %u channels", channels);
		return NULL;
	}
	fill(plan, channels, interval_ns, delay_ns);
	engine = engine_create(&options, error);
	if (engine == NULL || open_plan(engine, plan, error)) {
		engine_destroy(engine);
		plan_free(plan);
		return NULL;
	}
	return engine;
}
