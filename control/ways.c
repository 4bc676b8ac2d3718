// SPDX-License-Identifier: BSD-3-Clause
// Adjacencies and equal-cost groups, each kept once: two hash tables over the plan's own arrays.
#include "control/ways.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Open addressing; a slot holds 1 + an index into the plan's array, 0 when free.
struct table {
	uint32_t *slots;
	size_t size; // a power of two
	size_t used;
};

struct ways {
	struct table adjacencies;
	struct table groups;
	struct way *keys; // [adjacency]: what it was made of
	size_t adjacency_room;
	size_t group_room;
};

static uint64_t mix(uint64_t value)
{
	// The finaliser of MurmurHash3: every bit of the input moves half of the output.
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdULL;
	value ^= value >> 33;
	value *= 0xc4ceb9fe1a85ec53ULL;
	return value ^ value >> 33;
}

static uint64_t way_hash(const struct way *way)
{
	return mix((uint64_t)way->channel << 32 | way->behind);
}

static uint64_t group_hash(const struct plan_group *group)
{
	uint64_t hash = group->count;

	for (uint32_t i = 0; i < group->count; i++)
		hash = mix(hash ^ group->adjacency[i]);
	return hash;
}

static bool table_init(struct table *table)
{
	table->size = 256;
	table->slots = calloc(table->size, sizeof(*table->slots));
	return table->slots;
}

struct ways *ways_create(void)
{
	struct ways *ways = calloc(1, sizeof(*ways));

	if (!ways)
		return NULL;
	if (!table_init(&ways->adjacencies) || !table_init(&ways->groups)) {
		ways_destroy(ways);
		return NULL;
	}
	return ways;
}

void ways_destroy(struct ways *ways)
{
	if (!ways)
		return;
	free(ways->adjacencies.slots);
	free(ways->groups.slots);
	free(ways->keys);
	free(ways);
}

static void table_put(struct table *table, uint64_t hash, uint32_t index)
{
	size_t slot = hash & (table->size - 1);

	while (table->slots[slot])
		slot = (slot + 1) & (table->size - 1);
	table->slots[slot] = index + 1;
	table->used++;
}

// Doubles a table that is half full. `hash_of` gives the hash of what an index stands for.
static bool table_grow(struct table *table, uint64_t (*hash_of)(const void *, uint32_t),
		       const void *context)
{
	struct table bigger = {.size = table->size * 2};

	if (table->used * 2 < table->size)
		return true;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < table->size; i++) {
		if (table->slots[i])
			table_put(&bigger, hash_of(context, table->slots[i] - 1),
				  table->slots[i] - 1);
	}
	free(table->slots);
	*table = bigger;
	return true;
}

static uint64_t hash_of_adjacency(const void *context, uint32_t index)
{
	return way_hash(&((const struct ways *)context)->keys[index]);
}

static uint64_t hash_of_group(const void *context, uint32_t index)
{
	return group_hash(&((const struct plan *)context)->groups[index]);
}

void ways_renew(struct ways *ways, const struct plan *plan)
{
	// How much room another plan's arrays have is not known.
	ways->adjacency_room = plan->adjacency_count;
	ways->group_room = plan->group_count;
}

void ways_forget(struct ways *ways, const struct plan *plan)
{
	struct table *tables[] = {&ways->adjacencies, &ways->groups};

	for (int i = 0; i < 2; i++) {
		memset(tables[i]->slots, 0, tables[i]->size * sizeof(*tables[i]->slots));
		tables[i]->used = 0;
	}
	for (uint32_t i = 0; i < plan->adjacency_count; i++)
		table_put(&ways->adjacencies, hash_of_adjacency(ways, i), i);
	for (uint32_t i = 0; i < plan->group_count; i++)
		table_put(&ways->groups, hash_of_group(plan, i), i);
	ways_renew(ways, plan);
}

static bool make_room(struct ways *ways, struct plan *plan)
{
	if (plan->adjacency_count == ways->adjacency_room) {
		size_t room = ways->adjacency_room ? ways->adjacency_room * 2 : 64;
		struct plan_adjacency *adjacencies =
			realloc(plan->adjacencies, room * sizeof(*adjacencies));
		struct way *keys;

		if (!adjacencies)
			return false;
		plan->adjacencies = adjacencies;
		keys = realloc(ways->keys, room * sizeof(*keys));
		if (!keys)
			return false;
		ways->keys = keys;
		ways->adjacency_room = room;
	}
	if (plan->group_count == ways->group_room) {
		size_t room = ways->group_room ? ways->group_room * 2 : 64;
		struct plan_group *groups = realloc(plan->groups, room * sizeof(*groups));

		if (!groups)
			return false;
		plan->groups = groups;
		ways->group_room = room;
	}
	return true;
}

// The index of an adjacency, or PLAN_NONE when memory is short.
static uint32_t adjacency_of(struct ways *ways, struct plan *plan, const struct way *way)
{
	struct table *table = &ways->adjacencies;
	uint64_t hash = way_hash(way);
	struct plan_adjacency *adjacency;
	uint32_t index;

	for (size_t i = hash & (table->size - 1); table->slots[i];
	     i = (i + 1) & (table->size - 1)) {
		index = table->slots[i] - 1;
		if (ways->keys[index].channel == way->channel &&
		    ways->keys[index].behind == way->behind)
			return index;
	}
	if (!make_room(ways, plan) || !table_grow(table, hash_of_adjacency, ways))
		return PLAN_NONE;
	index = (uint32_t)plan->adjacency_count++;
	ways->keys[index] = *way;
	adjacency = &plan->adjacencies[index];
	*adjacency = (struct plan_adjacency){.channel = way->channel, .interface = PLAN_NONE};
	if (way->behind != way->channel) {
		const struct plan_channel *behind = &plan->channels[way->behind];

		adjacency->interface = plan->channels[way->channel].from_interface;
		memcpy(adjacency->mac, plan->interfaces[behind->to_interface].mac, 6);
	}
	table_put(table, hash, index);
	return index;
}

uint32_t ways_group(struct ways *ways, struct plan *plan, const struct way *set, uint32_t count)
{
	struct plan_group group = {.count = count};
	struct table *table = &ways->groups;
	uint64_t hash;

	for (uint32_t i = 0; i < count; i++) {
		group.adjacency[i] = adjacency_of(ways, plan, &set[i]);
		if (group.adjacency[i] == PLAN_NONE)
			return 0;
	}
	hash = group_hash(&group);
	for (size_t i = hash & (table->size - 1); table->slots[i];
	     i = (i + 1) & (table->size - 1)) {
		const struct plan_group *known = &plan->groups[table->slots[i] - 1];

		if (known->count == count &&
		    memcmp(known->adjacency, group.adjacency, count * sizeof(uint32_t)) == 0)
			return table->slots[i];
	}
	if (!make_room(ways, plan) || !table_grow(table, hash_of_group, plan))
		return 0;
	plan->groups[plan->group_count] = group;
	table_put(table, hash, (uint32_t)plan->group_count);
	return (uint32_t)++plan->group_count;
}
