// SPDX-License-Identifier: BSD-3-Clause
// Arithmetic on prefixes (prefixes.h).
#include "topologies/prefixes.h"

#include <string.h>

static unsigned whole_length(const struct address *address)
{
	return address->family == ADDRESS_IPV6 ? 128 : 32;
}

static unsigned effective_length(const struct prefix *prefix)
{
	unsigned whole = whole_length(&prefix->address);

	return prefix->length < whole ? prefix->length : whole;
}

struct prefix prefix_network(const struct prefix *prefix)
{
	struct prefix network = *prefix;
	unsigned length = effective_length(prefix);

	for (unsigned bit = length; bit < 128; bit++)
		network.address.bytes[bit / 8] &= (uint8_t) ~(0x80U >> (bit % 8));
	return network;
}

struct prefix prefix_of_address(const struct address *address)
{
	return (struct prefix){*address, (uint8_t)whole_length(address)};
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	unsigned length = effective_length(outer);
	uint8_t mask = (uint8_t)(0xff00U >> (length % 8));

	if (outer->address.family != inner->address.family || effective_length(inner) < length ||
	    memcmp(outer->address.bytes, inner->address.bytes, length / 8) != 0)
		return false;
	return length % 8 == 0 ||
	       ((outer->address.bytes[length / 8] ^ inner->address.bytes[length / 8]) & mask) == 0;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order;

	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	order = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
	return order ? order : (int)a->length - (int)b->length;
}

bool address_is_unicast(const struct address *address)
{
	static const uint8_t zero[16];
	const uint8_t *bytes = address->bytes;

	if (address->family == ADDRESS_IPV4)
		return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
	return memcmp(bytes, zero, 15) != 0 && bytes[0] != 0xff;
}

bool prefix_reserves_its_address(const struct prefix *prefix)
{
	struct prefix network = prefix_network(prefix);
	bool six = prefix->address.family == ADDRESS_IPV6;

	if (prefix->length >= (six ? 127 : 31))
		return false;
	if (memcmp(network.address.bytes, prefix->address.bytes, 16) == 0)
		return true;
	if (six)
		return false;
	for (unsigned bit = prefix->length; bit < 32; bit++)
		if (!(prefix->address.bytes[bit / 8] & (0x80U >> (bit % 8))))
			return false;
	return true;
}
