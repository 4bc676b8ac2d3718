// SPDX-License-Identifier: BSD-3-Clause
// What kind of address this is.
#include "dataplane/engine/address.h"

#include <string.h>

bool address4_is_routable(const uint8_t address[4])
{
	uint8_t first = address[0];

	return first != 0 && first != 127 && first < 224 && !(first == 169 && address[1] == 254);
}

bool address4_is_multicast(const uint8_t address[4])
{
	return (address[0] & 0xf0) == 224;
}

bool address6_is_multicast(const uint8_t address[16])
{
	return address[0] == 0xff;
}

bool address4_stays_on_link(const uint8_t address[4])
{
	static const uint8_t control[3] = {224, 0, 0}, local[2] = {239, 255};
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	return memcmp(address, control, sizeof(control)) == 0 ||
	       memcmp(address, local, sizeof(local)) == 0 ||
	       memcmp(address, broadcast, sizeof(broadcast)) == 0;
}

bool address6_stays_on_link(const uint8_t address[16])
{
	return address6_is_multicast(address) && (address[1] & 0x0f) <= 2;
}

bool address6_is_link_local(const uint8_t address[16])
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool address6_is_unspecified(const uint8_t address[16])
{
	static const uint8_t unspecified[16];

	return memcmp(address, unspecified, sizeof(unspecified)) == 0;
}

bool address6_is_routable(const uint8_t address[16])
{
	static const uint8_t zeros[15];

	if (memcmp(address, zeros, sizeof(zeros)) == 0 && address[15] <= 1)
		return false;
	return !address6_is_multicast(address) && !address6_is_link_local(address);
}

struct plan_address address_of(uint8_t family, const uint8_t *bytes)
{
	struct plan_address address = {.family = family};

	memcpy(address.bytes, bytes, family == 4 ? 4 : 16);
	return address;
}

bool address_in_subnet(const struct plan_address *subnet, const struct plan_address *address)
{
	uint32_t whole = subnet->prefix_length / 8;
	uint8_t mask = (uint8_t)(0xff00 >> (subnet->prefix_length % 8));

	if (subnet->family != address->family || subnet->family == 0)
		return false;
	if (memcmp(subnet->bytes, address->bytes, whole) != 0)
		return false;
	return mask == 0 || ((subnet->bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

bool address_equal(const struct plan_address *a, const struct plan_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

bool address4_is_directed_broadcast(const struct plan_address *subnet, const uint8_t address[4])
{
	struct plan_address candidate = address_of(4, address);
	bool zeros = true, ones = true;

	if (subnet->prefix_length > 30 || !address_in_subnet(subnet, &candidate))
		return false;
	for (uint32_t bit = subnet->prefix_length; bit < 32; bit++) {
		bool set = address[bit / 8] >> (7 - bit % 8) & 1;
		zeros &= !set;
		ones &= set;
	}
	return zeros || ones;
}
