// SPDX-License-Identifier: BSD-3-Clause
// Engines, plans and frames for engine tests.
#include "tests/engine/lab_plan.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLOT 256

struct engine *new_engine(unsigned workers)
{
	struct engine_options options = {.clock = ENGINE_VIRTUAL, .workers = workers};
	struct error error = {0};
	struct engine *engine = engine_create(&options, &error);

	if (!engine)
		print_error("%s: %s\n", error.where, error.what);
	assert_non_null(engine);
	return engine;
}
void finish(struct engine *engine)
{
	while (engine_next_due_ns(engine) != ENGINE_IDLE)
		assert_int_equal(engine_advance(engine, engine_next_due_ns(engine) + 1, NULL), 0);
}
static struct plan_channel channel_between(uint32_t from, uint32_t to, uint32_t index,
					   uint64_t delay)
{
	struct plan_channel c = {
		.from_site = from,
		.to_site = to,
		.from_port = PLAN_NONE,
		.to_port = PLAN_NONE,
		.from_interface = PLAN_NONE,
		.to_interface = PLAN_NONE,
	};

	c.params.seed = 7;
	c.params.random_key = index;
	c.params.carrier = true;
	c.params.delay_ns = delay;
	return c;
}

struct plan *plan_of_wire(uint64_t delay_ns)
{
	struct plan *plan = plan_create();

	plan->seed = 7;
	plan->port_count = 2;
	plan->ports = calloc(2, sizeof(*plan->ports));
	plan->channel_count = 2;
	plan->channels = calloc(2, sizeof(*plan->channels));
	for (uint32_t i = 0; i < 2; i++) {
		plan->ports[i] = (struct plan_port){PLAN_NONE, i, PLAN_NONE, 0};
		plan->channels[i] = channel_between(PLAN_NONE, PLAN_NONE, i, delay_ns);
		plan->channels[i].from_port = i;
		plan->channels[i].to_port = 1 - i;
	}
	return plan;
}

static struct plan_address address4(const char *text, uint8_t length)
{
	struct plan_address address = {.family = 4, .prefix_length = length};

	inet_pton(AF_INET, text, address.bytes);
	return address;
}

static struct plan_address loopback(uint32_t site)
{
	struct plan_address address = address4("10.255.0.0", 32);

	address.bytes[3] = (uint8_t)site;
	return address;
}

static void fill_rows(struct plan *plan, unsigned routers)
{
	plan->rows = calloc(routers, sizeof(*plan->rows));
	plan->adjacency_count = plan->channel_count;
	plan->adjacencies = calloc(plan->channel_count + 1, sizeof(*plan->adjacencies));
	plan->group_count = plan->channel_count;
	plan->groups = calloc(plan->channel_count + 1, sizeof(*plan->groups));
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		plan->adjacencies[i] =
			(struct plan_adjacency){.channel = i, .interface = PLAN_NONE};
		plan->groups[i].count = 1;
		plan->groups[i].adjacency[0] = i;
	}
	for (uint32_t site = 0; site < routers; site++) {
		plan->rows[site] = plan_row_create(routers);
		for (uint32_t to = 0; to < routers; to++) {
			if (to > site)
				plan->rows[site]->ways[to] = 1 + 2 * site;
			else if (to < site)
				plan->rows[site]->ways[to] = 1 + 2 * (site - 1) + 1;
		}
	}
}

static void fill_ports(struct plan *plan, unsigned routers)
{
	plan->port_count = 2;
	plan->ports = calloc(2, sizeof(*plan->ports));
	plan->interface_count = 2;
	plan->interfaces = calloc(2, sizeof(*plan->interfaces));
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t site = i ? routers - 1 : 0;

		plan->ports[i] = (struct plan_port){site, PLAN_NONE, i, 0};
		plan->interfaces[i].site = site;
		plan->interfaces[i].port = i;
		plan->interfaces[i].channel = PLAN_NONE;
		memcpy(plan->interfaces[i].mac, "\x02\xc0\x00\x00\x00", 5);
		plan->interfaces[i].mac[5] = (uint8_t)(i + 1);
		plan->interfaces[i].address4 = address4(i ? "10.1.0.1" : "10.0.0.1", 16);
		plan->interfaces[i].promiscuous = true;
	}
}

static void fill_prefixes(struct plan *plan, unsigned routers)
{
	plan->destination_count = routers + 2;
	plan->destinations = calloc(plan->destination_count, sizeof(*plan->destinations));
	plan->prefix_count = plan->destination_count;
	plan->prefixes = calloc(plan->prefix_count, sizeof(*plan->prefixes));
	for (uint32_t i = 0; i < routers; i++) {
		plan->destinations[i] = (struct plan_destination){i, PLAN_LOCAL, PLAN_NONE, {0}};
		plan->prefixes[i] = (struct plan_prefix){loopback(i), i};
	}
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t n = routers + i;

		plan->destinations[n] =
			(struct plan_destination){i ? routers - 1 : 0, PLAN_CONNECTED, i, {0}};
		plan->prefixes[n] =
			(struct plan_prefix){address4(i ? "10.1.0.0" : "10.0.0.0", 16), n};
	}
}

void plan_add_flow(struct plan *plan, uint32_t from, uint32_t to, enum plan_flow_pattern pattern,
		   uint64_t stop_ns)
{
	struct plan_flow *flow;

	plan->flows = realloc(plan->flows, (plan->flow_count + 1) * sizeof(*plan->flows));
	flow = &plan->flows[plan->flow_count];
	*flow = (struct plan_flow){
		.from_site = from,
		.to_site = to,
		.random_key = 1000 + (uint32_t)plan->flow_count,
		.pattern = pattern,
		.source = loopback(from),
		.target = loopback(to),
		.source_port = (uint16_t)(4000 + plan->flow_count),
		.target_port = 9,
		.frame_bytes = 100,
		.interval_ns_q16 = UINT64_C(1000000) << 16,
		.on_ns = 10000000,
		.off_ns = 30000000,
		.stop_ns = stop_ns,
	};
	plan->flow_count++;
}

static void fill_flows(struct plan *plan, unsigned routers, unsigned flows)
{
	for (uint32_t i = 0; i < flows; i++)
		plan_add_flow(plan, i % 2 ? routers - 1 : 0, i % 2 ? 0 : routers - 1,
			      i % 3 == 2 ? PLAN_FLOW_POISSON : PLAN_FLOW_CONSTANT, 1000000000);
}

void plan_add_parallel_link(struct plan *plan, uint64_t delay_ns)
{
	uint32_t first = (uint32_t)plan->channel_count;

	plan->channels = realloc(plan->channels, (first + 2) * sizeof(*plan->channels));
	plan->adjacencies = realloc(plan->adjacencies, (first + 2) * sizeof(*plan->adjacencies));
	plan->groups = realloc(plan->groups, (first + 2) * sizeof(*plan->groups));
	for (uint32_t i = first; i < first + 2; i++) {
		plan->channels[i] = channel_between(i % 2, 1 - i % 2, i, delay_ns);
		plan->adjacencies[i] =
			(struct plan_adjacency){.channel = i, .interface = PLAN_NONE};
		plan->groups[i] = (struct plan_group){.count = 1, .adjacency = {i}};
	}
	plan->channel_count = plan->adjacency_count = plan->group_count = first + 2;
}

void plan_use_channel(struct plan *plan, uint32_t site, uint32_t channel)
{
	struct plan_row *row = plan_row_create(plan->site_count);

	for (uint32_t to = 0; to < plan->site_count; to++)
		row->ways[to] = to == site ? 0 : 1 + channel;
	plan_set_row(plan, site, row);
}

struct plan *plan_of_chain(unsigned routers, uint64_t delay_ns, unsigned flows)
{
	struct plan *plan = plan_create();

	plan->seed = 7;
	plan->site_count = routers;
	plan->sites = calloc(routers, sizeof(*plan->sites));
	plan->channel_count = 2 * (routers - 1);
	plan->channels = calloc(plan->channel_count + 1, sizeof(*plan->channels));
	for (uint32_t i = 0; i < routers; i++) {
		plan->sites[i].carrier = true;
		plan->sites[i].address4 = loopback(i);
		if (i + 1 == routers)
			break;
		plan->channels[2 * i] = channel_between(i, i + 1, 2 * i, delay_ns);
		plan->channels[2 * i + 1] = channel_between(i + 1, i, 2 * i + 1, delay_ns);
	}
	fill_ports(plan, routers);
	fill_rows(plan, routers);
	fill_prefixes(plan, routers);
	fill_flows(plan, routers, flows);
	return plan;
}

void frame_list_init(struct frame_list *list, unsigned capacity)
{
	memset(list, 0, sizeof(*list));
	list->capacity = capacity;
	list->frames = calloc(capacity, sizeof(*list->frames));
	list->bytes = calloc(capacity, SLOT);
}

void frame_list_fini(struct frame_list *list)
{
	free(list->frames);
	free(list->bytes);
}

void frame_list_add(struct frame_list *list, uint64_t at_ns, const uint8_t *bytes, uint32_t length)
{
	uint8_t *copy = list->bytes + (size_t)list->count * SLOT;

	if (list->count == list->capacity || length > SLOT)
		abort();
	memcpy(copy, bytes, length);
	list->frames[list->count++] = (struct engine_frame){
		.at_ns = at_ns, .bytes = copy, .length = length, .wire_length = length};
}

static int read_frames(void *context, struct engine_frame *frames, unsigned most)
{
	struct frame_list *list = context;
	unsigned n = 0;

	while (n < most && list->next < list->count)
		frames[n++] = list->frames[list->next++];
	return (int)n;
}

static int write_frames(void *context, const struct engine_frame *frames, unsigned count)
{
	struct frame_list *list = context;

	for (unsigned i = 0; i < count; i++) {
		frame_list_add(list, frames[i].at_ns, frames[i].bytes, frames[i].length);
		list->frames[list->count - 1].packet = frames[i].packet;
	}
	return 0;
}

struct engine_source frame_list_source(struct frame_list *list)
{
	return (struct engine_source){list, read_frames};
}

struct engine_sink frame_list_sink(struct frame_list *list)
{
	return (struct engine_sink){list, write_frames};
}

static uint16_t sum_be16(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
	for (uint32_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t make_udp(uint8_t *frame, const char *source, const char *target, uint8_t ttl,
		  uint32_t number, uint32_t payload)
{
	uint8_t *ip = frame + 14;
	uint32_t length = 28 + payload;
	uint16_t checksum;

	memset(frame, 0, 14 + length);
	memcpy(frame, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00", 14);
	ip[0] = 0x45;
	ip[2] = (uint8_t)(length >> 8);
	ip[3] = (uint8_t)length;
	ip[4] = (uint8_t)(number >> 8);
	ip[5] = (uint8_t)number;
	ip[8] = ttl;
	ip[9] = 17;
	inet_pton(AF_INET, source, ip + 12);
	inet_pton(AF_INET, target, ip + 16);
	checksum = sum_be16(ip, 20, 0);
	ip[10] = (uint8_t)(checksum >> 8);
	ip[11] = (uint8_t)checksum;
	ip[20] = 0x10;
	ip[22] = 0x20;
	ip[24] = (uint8_t)((8 + payload) >> 8);
	ip[25] = (uint8_t)(8 + payload);
	memcpy(ip + 28, &number, payload < 4 ? payload : 4);
	return 14 + length;
}
