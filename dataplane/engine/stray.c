// SPDX-License-Identifier: BSD-3-Clause
// The pairing heap: constant time to take in, logarithmic on average to give out, no recursion.
#include "dataplane/engine/stray.h"

#include <assert.h>

static_assert(sizeof(struct stray_node) <= STORE_GRAIN, "a node fits the smallest block");

static struct stray_node *node_at(const struct store *store, uint32_t ref)
{
	return store_block(store, ref);
}

static bool leaves_before(const struct stray_node *a, const struct stray_node *b)
{
	if (a->release_at_ns != b->release_at_ns)
		return a->release_at_ns < b->release_at_ns;
	return (int32_t)(a->number - b->number) < 0;
}

// Makes the later of two roots the first child of the other, which is returned.
static uint32_t meld(const struct store *store, uint32_t a, uint32_t b)
{
	struct stray_node *node_a, *node_b;

	if (a == PACKET_NONE)
		return b;
	if (b == PACKET_NONE)
		return a;
	node_a = node_at(store, a);
	node_b = node_at(store, b);
	if (leaves_before(node_b, node_a)) {
		node_a->sibling = node_b->child;
		node_b->child = a;
		return b;
	}
	node_b->sibling = node_a->child;
	node_a->child = b;
	return a;
}

bool stray_push(struct stray *stray, struct store_cache *cache, uint64_t release_at_ns,
		packet_ref packet)
{
	uint32_t ref = store_take(cache, sizeof(struct stray_node));

	if (ref == PACKET_NONE)
		return false;
	*node_at(cache->store, ref) = (struct stray_node){.release_at_ns = release_at_ns,
							  .packet = packet,
							  .number = stray->pushed++,
							  .child = PACKET_NONE,
							  .sibling = PACKET_NONE};
	stray->root = stray->count++ ? meld(cache->store, stray->root, ref) : ref;
	return true;
}

// Melds siblings in pairs, first to last; the pairs are left in a list, the last one first.
static uint32_t meld_pairs(const struct store *store, uint32_t first)
{
	uint32_t pairs = PACKET_NONE;

	while (first != PACKET_NONE) {
		uint32_t second = node_at(store, first)->sibling;
		uint32_t rest = PACKET_NONE, pair;

		node_at(store, first)->sibling = PACKET_NONE;
		if (second != PACKET_NONE) {
			rest = node_at(store, second)->sibling;
			node_at(store, second)->sibling = PACKET_NONE;
		}
		pair = meld(store, first, second);
		node_at(store, pair)->sibling = pairs;
		pairs = pair;
		first = rest;
	}
	return pairs;
}

void stray_pop(struct stray *stray, struct store_cache *cache)
{
	const struct store *store = cache->store;
	uint32_t pairs = meld_pairs(store, node_at(store, stray->root)->child);
	uint32_t root = PACKET_NONE;

	store_give(cache, stray->root);
	while (pairs != PACKET_NONE) {
		uint32_t next = node_at(store, pairs)->sibling;

		node_at(store, pairs)->sibling = PACKET_NONE;
		root = meld(store, root, pairs);
		pairs = next;
	}
	stray->root = root;
	stray->count--;
}
