// SPDX-License-Identifier: BSD-3-Clause
// The plans of the fake worker: a chain of routers, and two routers at an exchange.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/fake_worker.h"

static struct worker *create(size_t sites, size_t channels, size_t ports, size_t interfaces)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	assert_non_null(worker);
	worker->plan = (struct plan){
		.sites = worker->sites,
		.site_count = sites,
		.channels = worker->channels,
		.channel_count = channels,
		.ports = worker->ports,
		.port_count = ports,
		.interfaces = worker->interfaces,
		.interface_count = interfaces,
		.adjacencies = worker->adjacencies,
		.groups = worker->groups,
		.rows = worker->row_pointers,
		.destinations = worker->destinations,
		.prefixes = worker->prefixes,
	};
	for (uint32_t i = 0; i < sites; i++) {
		worker->sites[i].carrier = true;
		worker->rows[i] = (struct plan_row){1, worker->ways[i], sites};
		worker->row_pointers[i] = &worker->rows[i];
	}
	return worker;
}

static void join(struct worker *worker, uint32_t channel, uint32_t from, uint32_t to)
{
	struct plan_channel model = {
		.from_port = PLAN_NONE,
		.to_port = PLAN_NONE,
		.from_interface = PLAN_NONE,
		.to_interface = PLAN_NONE,
		.params = {.carrier = true, .delay_ns = 1000000},
	};

	worker->channels[channel] = model;
	worker->channels[channel].from_site = from;
	worker->channels[channel].to_site = to;
	worker->channels[channel ^ 1] = model;
	worker->channels[channel ^ 1].from_site = to;
	worker->channels[channel ^ 1].to_site = from;
}

static void interface(struct worker *worker, uint32_t number, uint32_t site, uint32_t port,
		      uint32_t channel, uint8_t mac, const char *address4, const char *address6)
{
	struct plan_interface *link = &worker->interfaces[number];

	*link = (struct plan_interface){.site = site,
					.port = port,
					.channel = channel,
					.mac = {0x02, 0, 0, 0, 0, mac},
					.link_local = {0xfe, 0x80, [15] = mac},
					.resolves = true};
	fake_address(&link->address4, address4, 24);
	if (address6)
		fake_address(&link->address6, address6, 64);
	if (port != PLAN_NONE)
		worker->ports[port] = (struct plan_port){site, PLAN_NONE, number, 0};
}

// A way of one adjacency; its number plus one, as in a row.
static uint32_t way(struct worker *worker, struct plan_adjacency adjacency)
{
	uint32_t number = (uint32_t)worker->plan.adjacency_count++;

	worker->adjacencies[number] = adjacency;
	worker->groups[worker->plan.group_count++] = (struct plan_group){1, {number}};
	return (uint32_t)worker->plan.group_count;
}

static uint32_t destination(struct worker *worker, uint32_t site, enum plan_delivery delivery,
			    uint32_t link)
{
	uint32_t number = (uint32_t)worker->plan.destination_count++;

	worker->destinations[number] = (struct plan_destination){site, delivery, link, {0}};
	return number;
}

struct worker *fake_chain(uint32_t routers)
{
	struct worker *worker = create(routers, (routers - 1) * 2, 2, 2);
	uint32_t last = routers - 1, number;
	char text[32];

	interface(worker, 0, 0, 0, PLAN_NONE, 0x10, "10.0.0.1", "2001:db8::1");
	interface(worker, 1, last, 1, PLAN_NONE, 0x11, "10.1.0.1", "2001:db8:1::1");
	for (uint32_t i = 0; i < last; i++) {
		join(worker, 2 * i, i, i + 1);
		number = way(worker, (struct plan_adjacency){2 * i, PLAN_NONE, {0}});
		for (uint32_t to = i + 1; to < routers; to++)
			worker->ways[i][to] = number;
		number = way(worker, (struct plan_adjacency){2 * i + 1, PLAN_NONE, {0}});
		for (uint32_t to = 0; to <= i; to++)
			worker->ways[i + 1][to] = number;
	}
	for (uint32_t i = 0; i < routers; i++) {
		number = destination(worker, i, PLAN_LOCAL, PLAN_NONE);
		snprintf(text, sizeof(text), "10.255.0.%u", i);
		fake_address(&worker->sites[i].address4, text, 32);
		fake_prefix(worker, text, 32, number);
		snprintf(text, sizeof(text), "2001:db8:ff::%x", i + 16);
		fake_address(&worker->sites[i].address6, text, 128);
		fake_prefix(worker, text, 128, number);
	}
	fake_prefix(worker, "10.0.0.1", 32, 0);
	fake_prefix(worker, "2001:db8::1", 128, 0);
	fake_prefix(worker, "10.1.0.1", 32, last);
	fake_prefix(worker, "2001:db8:1::1", 128, last);
	number = destination(worker, 0, PLAN_CONNECTED, 0);
	fake_prefix(worker, "10.0.0.0", 24, number);
	fake_prefix(worker, "2001:db8::", 64, number);
	number = destination(worker, last, PLAN_CONNECTED, 1);
	fake_prefix(worker, "10.1.0.0", 24, number);
	fake_prefix(worker, "2001:db8:1::", 64, number);
	number = destination(worker, last, PLAN_VIA, 1);
	fake_address(&worker->destinations[number].via, "10.1.0.9", 32);
	fake_prefix(worker, "10.2.0.0", 16, number);
	number = destination(worker, last, PLAN_UNREACHABLE, PLAN_NONE);
	fake_prefix(worker, "10.3.0.0", 16, number);
	return worker;
}

struct worker *fake_exchange(void)
{
	struct worker *worker = create(3, 4, 3, 3);
	uint32_t number;

	worker->sites[1].switches = true;
	worker->row_pointers[1] = NULL;
	join(worker, 0, 0, 1);
	join(worker, 2, 1, 2);
	interface(worker, 0, 0, 0, PLAN_NONE, 0x10, "10.0.0.1", NULL);
	interface(worker, 1, 0, PLAN_NONE, 0, 0x21, "192.0.2.1", NULL);
	interface(worker, 2, 2, PLAN_NONE, 3, 0x22, "192.0.2.2", NULL);
	worker->channels[0].from_interface = 1;
	worker->channels[1].to_interface = 1;
	worker->channels[2].to_interface = 2;
	worker->channels[3].from_interface = 2;
	worker->ports[1] = (struct plan_port){1, PLAN_NONE, PLAN_NONE, 0};
	worker->ports[2] = (struct plan_port){1, PLAN_NONE, PLAN_NONE, 0};
	worker->ways[0][2] = way(worker, (struct plan_adjacency){0, 1, {0x02, 0, 0, 0, 0, 0x22}});
	worker->ways[2][0] = way(worker, (struct plan_adjacency){3, 2, {0x02, 0, 0, 0, 0, 0x21}});
	number = destination(worker, 0, PLAN_LOCAL, PLAN_NONE);
	fake_prefix(worker, "10.0.0.1", 32, number);
	fake_prefix(worker, "192.0.2.1", 32, number);
	number = destination(worker, 0, PLAN_CONNECTED, 0);
	fake_prefix(worker, "10.0.0.0", 24, number);
	number = destination(worker, 2, PLAN_LOCAL, PLAN_NONE);
	fake_address(&worker->sites[2].address4, "10.255.0.2", 32);
	fake_prefix(worker, "10.255.0.2", 32, number);
	fake_prefix(worker, "192.0.2.2", 32, number);
	number = destination(worker, 0, PLAN_VIA, 1);
	fake_address(&worker->destinations[number].via, "192.0.2.9", 32);
	fake_prefix(worker, "198.51.100.0", 24, number);
	return worker;
}
