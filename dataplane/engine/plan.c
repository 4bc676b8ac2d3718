// SPDX-License-Identifier: BSD-3-Clause
// Making, copying and freeing plans. Rows and lookup tables are shared between plans.
#include "dataplane/engine/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/lookup.h"
#include "dataplane/engine/pages.h"

// A frame of Ethernet without its FCS.
#define SHORTEST_BYTES 60

struct plan *plan_create(void)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		plan->references = 1;
	return plan;
}

// Copies an array of `count` elements; NULL for none. Sets *failed when memory is out.
static void *copy_array(const void *array, size_t count, size_t size, bool *failed)
{
	void *copy;

	if (count == 0)
		return NULL;
	copy = pages_take_any(count, size);
	if (!copy) {
		*failed = true;
		return NULL;
	}
	memcpy(copy, array, count * size);
	return copy;
}

struct plan *plan_copy(const struct plan *plan)
{
	struct plan *copy = plan_create();
	bool failed = false;

	if (!copy)
		return NULL;
	*copy = *plan;
	copy->references = 1;
	copy->since = NULL;
	copy->changed = NULL;
#define COPY(field, count)                                                                         \
	copy->field = copy_array(plan->field, plan->count, sizeof(*plan->field), &failed)
	COPY(sites, site_count);
	COPY(channels, channel_count);
	COPY(ports, port_count);
	COPY(interfaces, interface_count);
	COPY(adjacencies, adjacency_count);
	COPY(groups, group_count);
	COPY(rows, site_count);
	COPY(destinations, destination_count);
	COPY(prefixes, prefix_count);
	COPY(flows, flow_count);
#undef COPY
	copy->touched = NULL;
	copy->touched_count = 0;
	copy->queues = NULL;
	copy->queue_count = 0;
	for (size_t i = 0; copy->rows && i < copy->site_count; i++) {
		if (copy->rows[i])
			copy->rows[i]->references++;
	}
	if (copy->lookup)
		lookup_share(copy->lookup);
	if (failed) {
		plan_free(copy);
		return NULL;
	}
	return copy;
}

void plan_free(struct plan *plan)
{
	if (!plan || --plan->references)
		return;
	for (size_t i = 0; plan->rows && i < plan->site_count; i++)
		plan_row_put(plan->rows[i]);
	plan_drop_queues(plan);
	if (plan->lookup)
		lookup_put(plan->lookup);
	free(plan->sites);
	free(plan->channels);
	free(plan->ports);
	free(plan->interfaces);
	free(plan->adjacencies);
	free(plan->groups);
	free(plan->rows);
	free(plan->destinations);
	free(plan->prefixes);
	free(plan->flows);
	free(plan->touched);
	free(plan);
}

void plan_drop_queues(struct plan *plan)
{
	for (size_t i = 0; i < plan->queue_count; i++)
		free(plan->queues[i].memory);
	free(plan->queues);
	plan->queues = NULL;
	plan->queue_count = 0;
}

// Arrays that only grow at their end, or lose what was added there.
static int renew_tail(void **array, size_t *count, const void *from, size_t from_count, size_t size)
{
	void *bigger;

	if (from_count > *count) {
		bigger = realloc(*array, from_count * size);
		if (!bigger)
			return -ENOMEM;
		memcpy((char *)bigger + *count * size, (const char *)from + *count * size,
		       (from_count - *count) * size);
		*array = bigger;
	}
	*count = from_count;
	return 0;
}

int plan_renew(struct plan *to, const struct plan *from)
{
	to->valid_from_ns = from->valid_from_ns;
	to->since = NULL;
	to->changed = NULL;
	free(to->touched);
	to->touched = NULL;
	to->touched_count = 0;
	plan_drop_queues(to);
	if (renew_tail((void **)&to->adjacencies, &to->adjacency_count, from->adjacencies,
		       from->adjacency_count, sizeof(*from->adjacencies)) ||
	    renew_tail((void **)&to->groups, &to->group_count, from->groups, from->group_count,
		       sizeof(*from->groups)))
		return -ENOMEM;
	if (from->site_count)
		memcpy(to->sites, from->sites, from->site_count * sizeof(*from->sites));
	for (uint32_t i = 0; i < from->site_count; i++) {
		if (to->rows[i] == from->rows[i])
			continue;
		if (from->rows[i])
			from->rows[i]->references++;
		plan_set_row(to, i, from->rows[i]);
	}
	return 0;
}

uint64_t plan_memory_bytes(const struct plan *plan)
{
	double bytes = 0;

	for (size_t i = 0; i < plan->channel_count; i++) {
		const struct channel_params *params = &plan->channels[i].params;
		uint64_t delay_ns =
			params->delay_profile ? channel_minimum_delay_ns(params) : params->delay_ns;
		double bits = 8 * (double)rate_line_bytes(&params->rate, SHORTEST_BYTES);
		double per_second = (double)params->rate.bits_per_second / bits;

		bytes += (double)delay_ns * 1e-9 * per_second * PLAN_PACKET_BYTES;
	}
	return bytes < 1e18 ? (uint64_t)bytes : UINT64_MAX;
}

struct plan_row *plan_row_create(size_t way_count)
{
	struct plan_row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	row->ways = calloc(way_count ? way_count : 1, sizeof(*row->ways));
	if (!row->ways) {
		free(row);
		return NULL;
	}
	row->way_count = way_count;
	row->references = 1;
	return row;
}

void plan_row_put(struct plan_row *row)
{
	if (!row || --row->references)
		return;
	free(row->ways);
	free(row);
}

void plan_set_row(struct plan *plan, uint32_t site, struct plan_row *row)
{
	plan_row_put(plan->rows[site]);
	plan->rows[site] = row;
}

void plan_finish(struct plan *plan, const struct plan *in_force)
{
	for (size_t i = 0; i < plan->channel_count; i++) {
		struct plan_channel *channel = &plan->channels[i];

		if (plan_difference(plan, in_force, i) != PLAN_SAME)
			channel->minimum_delay_ns = channel_minimum_delay_ns(&channel->params);
	}
}
