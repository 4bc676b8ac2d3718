// SPDX-License-Identifier: BSD-3-Clause
// The state of a site: made before the workers start, of fixed size afterwards.
#include "dataplane/engine/site.h"

#include <stdlib.h>

#include "dataplane/engine/engine.h"
#include "dataplane/engine/exchange.h"
#include "dataplane/engine/neighbour.h"

static uint32_t count_interfaces(const struct plan *plan, uint32_t site)
{
	uint32_t count = 0;

	for (size_t i = 0; i < plan->interface_count; i++)
		count += plan->interfaces[i].site == site;
	return count;
}

static bool add_interfaces(struct site_state *state, const struct plan *plan, uint32_t site)
{
	uint32_t count = count_interfaces(plan, site);

	if (count == 0)
		return true;
	state->interfaces = calloc(count, sizeof(*state->interfaces));
	state->neighbours = calloc(count, sizeof(*state->neighbours));
	if (state->interfaces == NULL || state->neighbours == NULL)
		return false;
	for (size_t i = 0; i < plan->interface_count; i++) {
		uint32_t n = state->interface_count;

		if (plan->interfaces[i].site != site)
			continue;
		state->neighbours[n] = neighbours_create();
		if (state->neighbours[n] == NULL)
			return false;
		state->interfaces[n] = (uint32_t)i;
		state->interface_count++;
	}
	return true;
}

struct site_state *site_state_create(const struct plan *plan, uint32_t site)
{
	struct site_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return NULL;
	if (plan->sites[site].switches) {
		state->exchange = exchange_create(plan, site);
		if (state->exchange == NULL)
			goto fail;
	} else if (!add_interfaces(state, plan, site)) {
		goto fail;
	}
	icmp_budget_init(&state->icmp_budget);
	return state;
fail:
	site_state_destroy(state);
	return NULL;
}

void site_state_destroy(struct site_state *state)
{
	if (state == NULL)
		return;
	for (uint32_t i = 0; i < state->interface_count; i++)
		neighbours_destroy(state->neighbours[i]);
	exchange_destroy(state->exchange);
	free(state->interfaces);
	free(state->neighbours);
	free(state);
}

struct neighbours *site_neighbours(const struct site_context *context, uint32_t interface)
{
	const struct site_state *state = worker_site_state(context->worker, context->site);
	uint32_t low = 0, high = state->interface_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (state->interfaces[middle] < interface)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == state->interface_count || state->interfaces[low] != interface)
		return NULL;
	return state->neighbours[low];
}

packet_ref site_new_packet(const struct site_context *context, uint32_t length)
{
	packet_ref ref = worker_originate(context->worker, context->site, length);

	if (ref == PACKET_NONE) {
		struct engine_site_counters *counters =
			worker_site_counters(context->worker, context->site);
		counters->originated++;
		counters->lost[DROP_MEMORY]++;
	}
	return ref;
}
