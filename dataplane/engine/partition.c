// SPDX-License-Identifier: BSD-3-Clause
// Which worker owns which site and port. Sites joined by channels too short to be a useful
// lookahead stay together; what lies between workers bounds how far they may run apart.
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/core.h"

// A window shorter than this costs more in meeting than it gains in parallel work.
#define LEAST_LOOKAHEAD_NS 20000

// Nodes: sites, then ports.
static uint32_t node_of(const struct plan *plan, uint32_t site, uint32_t port)
{
	if (site != PLAN_NONE)
		return site;
	if (plan->ports[port].site != PLAN_NONE)
		return plan->ports[port].site;
	return (uint32_t)plan->site_count + port;
}

static uint32_t find(uint32_t *parent, uint32_t node)
{
	while (parent[node] != node) {
		parent[node] = parent[parent[node]];
		node = parent[node];
	}
	return node;
}

// Joins the ends of channels that are too short.
static void join(const struct plan *plan, uint32_t *parent)
{
	for (size_t i = 0; i < plan->channel_count; i++) {
		const struct plan_channel *c = &plan->channels[i];
		uint32_t from, to;

		if (c->minimum_delay_ns >= LEAST_LOOKAHEAD_NS)
			continue;
		from = find(parent, node_of(plan, c->from_site, c->from_port));
		to = find(parent, node_of(plan, c->to_site, c->to_port));
		// The lower number leads, so that the result depends on the plan alone.
		if (from < to)
			parent[to] = from;
		else
			parent[from] = to;
	}
}

static uint32_t from_of(const struct plan *plan, uint32_t channel)
{
	return node_of(plan, plan->channels[channel].from_site, plan->channels[channel].from_port);
}

static uint32_t to_of(const struct plan *plan, uint32_t channel)
{
	return node_of(plan, plan->channels[channel].to_site, plan->channels[channel].to_port);
}

// The channels that leave each node: those of node n are list[first[n]] to list[first[n + 1] - 1].
static void list_channels(const struct plan *plan, uint32_t nodes, uint32_t *first, uint32_t *list)
{
	for (uint32_t i = 0; i < plan->channel_count; i++)
		first[from_of(plan, i) + 1]++;
	for (uint32_t node = 0; node < nodes; node++)
		first[node + 1] += first[node];
	for (uint32_t i = (uint32_t)plan->channel_count; i-- > 0;)
		list[--first[from_of(plan, i) + 1]] = i;
	// Each entry has come down to where its node begins; that of node n is one too far up.
	for (uint32_t node = 0; node < nodes; node++)
		first[node] = first[node + 1];
	first[nodes] = (uint32_t)plan->channel_count;
}

// All nodes, neighbours near each other: breadth first, from each that was not reached yet.
static void walk(const struct plan *plan, uint32_t nodes, const uint32_t *first,
		 const uint32_t *list, uint32_t *order, uint8_t *seen)
{
	uint32_t count = 0;

	for (uint32_t start = 0, next = 0; start < nodes; start++) {
		if (seen[start])
			continue;
		seen[start] = true;
		for (order[count++] = start; next < count; next++) {
			for (uint32_t i = first[order[next]]; i < first[order[next] + 1]; i++) {
				uint32_t to = to_of(plan, list[i]);

				if (!seen[to])
					order[count++] = to;
				seen[to] = true;
			}
		}
	}
}

// Gives each worker a stretch of that order with its share of the weight (channels that end there,
// flows that begin or end there), so that few packets change the worker. What is joined goes with
// what comes first of it.
static void spread(struct engine *engine, uint32_t *parent, const uint32_t *order, uint32_t *weight,
		   uint8_t *owner)
{
	const struct plan *plan = engine->plan;
	uint32_t nodes = (uint32_t)(plan->site_count + plan->port_count);
	uint64_t all = nodes + plan->channel_count + 2 * plan->flow_count, load = 0;

	for (uint32_t node = 0; node < nodes; node++)
		weight[find(parent, node)]++;
	for (uint32_t i = 0; i < plan->channel_count; i++)
		weight[find(parent, to_of(plan, i))]++;
	for (uint32_t i = 0; i < plan->flow_count; i++) {
		weight[find(parent, plan->flows[i].from_site)]++;
		weight[find(parent, plan->flows[i].to_site)]++;
	}
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t group = find(parent, order[i]);

		// The worker in whose share its middle lies.
		owner[group] = weight[group] ? (uint8_t)((2 * load + weight[group]) *
							 engine->worker_count / (2 * all))
					     : owner[group];
		load += weight[group];
		weight[group] = 0;
	}
}

static void assign(struct engine *engine)
{
	const struct plan *plan = engine->plan;
	uint32_t nodes = (uint32_t)(plan->site_count + plan->port_count);
	uint32_t *parent = malloc((nodes + 1) * sizeof(*parent));
	uint32_t *weight = calloc(nodes + 1, sizeof(*weight));
	uint32_t *first = calloc(nodes + 1, sizeof(*first));
	uint32_t *list = malloc((plan->channel_count + 1) * sizeof(*list));
	uint32_t *order = calloc(nodes + 1, sizeof(*order));
	uint8_t *seen = calloc(nodes + 1, sizeof(*seen));
	uint8_t *owner = calloc(nodes + 1, sizeof(*owner));

	memset(engine->site_owner, 0, plan->site_count);
	memset(engine->port_owner, 0, plan->port_count);
	// Without memory one worker does all: slower, not wrong.
	if (parent && weight && first && list && order && seen && owner) {
		for (uint32_t i = 0; i < nodes; i++)
			parent[i] = i;
		join(plan, parent);
		list_channels(plan, nodes, first, list);
		walk(plan, nodes, first, list, order, seen);
		spread(engine, parent, order, weight, owner);
		for (uint32_t i = 0; i < plan->site_count; i++)
			engine->site_owner[i] = owner[find(parent, i)];
		for (uint32_t i = 0; i < plan->port_count; i++)
			engine->port_owner[i] = owner[find(parent, node_of(plan, PLAN_NONE, i))];
	}
	free(parent);
	free(weight);
	free(first);
	free(list);
	free(order);
	free(seen);
	free(owner);
}

static void measure_lookahead(struct engine *engine)
{
	const struct plan *plan = engine->plan;

	engine->lookahead_ns = AGENDA_NEVER;
	for (size_t i = 0; i < plan->channel_count; i++) {
		const struct plan_channel *c = &plan->channels[i];

		if (core_entry_owner(engine, c) != core_exit_owner(engine, c) &&
		    c->minimum_delay_ns < engine->lookahead_ns)
			engine->lookahead_ns = c->minimum_delay_ns;
	}
}

// Fills every worker's agenda anew from the state of channels, ports and flows.
static void fill_agendas(struct engine *engine)
{
	const struct plan *plan = engine->plan;

	for (unsigned i = 0; i < engine->worker_count; i++)
		agenda_clear(&engine->workers[i].agenda);
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		const struct plan_channel *c = &plan->channels[i];

		agenda_set(&engine->workers[core_exit_owner(engine, c)].agenda, i,
			   flight_due_ns(&engine->flights[i], engine->store));
		core_schedule_departure(&engine->workers[core_entry_owner(engine, c)], i);
	}
	for (uint32_t i = 0; i < plan->port_count; i++)
		file_port_schedule(&engine->workers[engine->port_owner[i]], i);
	for (uint32_t i = 0; i < plan->flow_count; i++)
		flow_schedule(&engine->workers[engine->site_owner[plan->flows[i].from_site]], i);
}

void partition(struct engine *engine, bool first)
{
	if (engine->worker_count == 1) {
		engine->lookahead_ns = AGENDA_NEVER;
		if (first)
			fill_agendas(engine);
		return;
	}
	assign(engine);
	measure_lookahead(engine);
	fill_agendas(engine);
}
