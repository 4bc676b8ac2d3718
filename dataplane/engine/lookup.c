// SPDX-License-Identifier: BSD-3-Clause
// Longest-prefix match over DPDK's tables.
#include "dataplane/engine/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_lpm.h>
#include <rte_lpm6.h>

struct plan_lookup {
	unsigned references;
	struct rte_lpm *lpm4;  // NULL: no IPv4 prefix
	struct rte_lpm6 *lpm6; // NULL: no IPv6 prefix
};

static uint32_t read_be32(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static int compare_addresses(const void *left, const void *right)
{
	const struct plan_prefix *const *a = left;
	const struct plan_prefix *const *b = right;

	return memcmp((*a)->prefix.bytes, (*b)->prefix.bytes, sizeof((*a)->prefix.bytes));
}

static bool same_bytes(const struct plan_prefix *a, const struct plan_prefix *b, unsigned count)
{
	return memcmp(a->prefix.bytes, b->prefix.bytes, count) == 0;
}

// Second-level tables that the prefixes of one family need: one for each distinct leading part of
// 24, 32, 40 ... bits that some longer prefix goes through.
static uint32_t count_tables(const struct plan_prefix *prefixes, size_t count, unsigned family)
{
	const struct plan_prefix **sorted = malloc((count ? count : 1) * sizeof(*sorted));
	size_t n = 0;
	uint32_t tables = 1;

	if (!sorted)
		return (uint32_t)count * 14 + 1;
	for (size_t i = 0; i < count; i++) {
		if (prefixes[i].prefix.family == family)
			sorted[n++] = &prefixes[i];
	}
	qsort(sorted, n, sizeof(*sorted), compare_addresses);
	for (unsigned bits = 24; bits < 128; bits += 8) {
		const struct plan_prefix *last = NULL;

		for (size_t i = 0; i < n; i++) {
			if (sorted[i]->prefix.prefix_length <= bits)
				continue;
			if (!last || !same_bytes(last, sorted[i], bits / 8))
				tables++;
			last = sorted[i];
		}
	}
	free(sorted);
	return tables;
}

static size_t count_family(const struct plan_prefix *prefixes, size_t count, unsigned family)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += prefixes[i].prefix.family == family;
	return n;
}

static int create_tables(struct plan_lookup *lookup, const struct plan_prefix *prefixes,
			 size_t count)
{
	static unsigned serial; // names must differ while an old plan still lives
	size_t count4 = count_family(prefixes, count, 4);
	size_t count6 = count_family(prefixes, count, 6);
	char name[32];

	snprintf(name, sizeof(name), "prefixes%u", serial++);
	if (count4) {
		struct rte_lpm_config config = {
			.max_rules = (uint32_t)count4 + 1,
			.number_tbl8s = count_tables(prefixes, count, 4),
		};
		lookup->lpm4 = rte_lpm_create(name, SOCKET_ID_ANY, &config);
		if (!lookup->lpm4)
			return -rte_errno;
	}
	if (count6) {
		struct rte_lpm6_config config = {
			.max_rules = (uint32_t)count6 + 1,
			.number_tbl8s = count_tables(prefixes, count, 6),
		};
		lookup->lpm6 = rte_lpm6_create(name, SOCKET_ID_ANY, &config);
		if (!lookup->lpm6)
			return -rte_errno;
	}
	return 0;
}

// The default route (length 0) is no prefix for rte_lpm: two halves stand for it.
static int add4(struct rte_lpm *lpm, const struct plan_prefix *prefix)
{
	uint32_t address = read_be32(prefix->prefix.bytes);
	uint8_t length = prefix->prefix.prefix_length;
	int rc;

	if (length)
		return rte_lpm_add(lpm, address, length, prefix->destination);
	rc = rte_lpm_add(lpm, 0, 1, prefix->destination);
	return rc ? rc : rte_lpm_add(lpm, UINT32_C(1) << 31, 1, prefix->destination);
}

static int add6(struct rte_lpm6 *lpm, const struct plan_prefix *prefix)
{
	uint8_t address[16];
	uint8_t length = prefix->prefix.prefix_length;
	int rc;

	memcpy(address, prefix->prefix.bytes, sizeof(address));
	if (length)
		return rte_lpm6_add(lpm, address, length, prefix->destination);
	memset(address, 0, sizeof(address));
	rc = rte_lpm6_add(lpm, address, 1, prefix->destination);
	address[0] = 0x80;
	return rc ? rc : rte_lpm6_add(lpm, address, 1, prefix->destination);
}

struct plan_lookup *lookup_create(const struct plan_prefix *prefixes, size_t count,
				  struct error *error)
{
	struct plan_lookup *lookup = calloc(1, sizeof(*lookup));
	int rc;

	if (!lookup) {
		error_set(error, -ENOMEM, "routes", "no memory for the prefix tables");
		return NULL;
	}
	lookup->references = 1;
	rc = create_tables(lookup, prefixes, count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (prefixes[i].prefix.family == 4)
			rc = add4(lookup->lpm4, &prefixes[i]);
		else
			rc = add6(lookup->lpm6, &prefixes[i]);
	}
	if (rc) {
		lookup_put(lookup);
		error_set(error, rc, "routes",
			  "the tables for %zu prefixes do not fit EAL's memory (%s); give more, "
			  "e.g. -- -m 4096",
			  count, strerror(-rc));
		return NULL;
	}
	return lookup;
}

void lookup_share(struct plan_lookup *lookup)
{
	lookup->references++;
}

void lookup_put(struct plan_lookup *lookup)
{
	if (--lookup->references)
		return;
	rte_lpm_free(lookup->lpm4);
	rte_lpm6_free(lookup->lpm6);
	free(lookup);
}

uint32_t lookup4(const struct plan_lookup *lookup, const uint8_t address[4])
{
	uint32_t destination;

	if (!lookup->lpm4 || rte_lpm_lookup(lookup->lpm4, read_be32(address), &destination))
		return PLAN_NONE;
	return destination;
}

uint32_t lookup6(const struct plan_lookup *lookup, const uint8_t address[16])
{
	uint32_t destination;

	if (!lookup->lpm6 || rte_lpm6_lookup(lookup->lpm6, address, &destination))
		return PLAN_NONE;
	return destination;
}
