// SPDX-License-Identifier: BSD-3-Clause
// Which frames travel from one port of a lab to another, by where their addresses live.
#include <string.h>

#include "control/verify.h"
#include "pcaps/digest.h"

#define IPV4_TYPE 0x0800
#define IPV6_TYPE 0x86dd

// Do the first `bits` bits agree?
static bool agrees(const uint8_t *one, const uint8_t *other, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(one, other, whole) != 0)
		return false;
	return rest == 0 || ((one[whole] ^ other[whole]) >> (8 - rest)) == 0;
}

// The destination with the longest prefix that holds the address, or NULL.
static const struct plan_destination *find_destination(const struct plan *plan,
						       const struct address *address)
{
	const struct plan_prefix *best = NULL;

	for (size_t i = 0; i < plan->prefix_count; i++) {
		const struct plan_address *prefix = &plan->prefixes[i].prefix;

		if (prefix->family != (uint8_t)address->family ||
		    (best && prefix->prefix_length <= best->prefix.prefix_length))
			continue;
		if (agrees(prefix->bytes, address->bytes, prefix->prefix_length))
			best = &plan->prefixes[i];
	}
	return best ? &plan->destinations[best->destination] : NULL;
}

static const struct plan_destination *look_up(struct verify_home *home,
					      const struct address *address)
{
	struct verify_seen *seen;
	uint64_t parts[2];

	memcpy(parts, address->bytes, sizeof(parts));
	seen = &home->seen[((parts[0] ^ parts[1]) * UINT64_C(0x9e3779b97f4a7c15) >> 40) %
			   VERIFY_SEEN];
	if (memcmp(&seen->address, address, sizeof(*address)) != 0) {
		seen->destination = find_destination(home->plan, address);
		seen->address = *address;
	}
	return seen->destination;
}

static bool lives_at(const struct plan *plan, const struct plan_destination *destination,
		     uint32_t port)
{
	return (destination->delivery == PLAN_CONNECTED || destination->delivery == PLAN_VIA) &&
	       destination->interface != PLAN_NONE &&
	       plan->interfaces[destination->interface].port == port;
}

// Rewrites the bits of the first prefix that holds the address.
static void map_address(const struct verify_home *home, struct address *address)
{
	for (size_t i = 0; i < home->map_count; i++) {
		const struct prefix *from = &home->map_from[i];
		const uint8_t *to = home->map_to[i].address.bytes;

		if (from->address.family != address->family ||
		    !agrees(from->address.bytes, address->bytes, from->length))
			continue;
		for (unsigned bit = 0; bit < from->length; bit++) {
			uint8_t mask = (uint8_t)(0x80 >> bit % 8);

			address->bytes[bit / 8] =
				(uint8_t)((address->bytes[bit / 8] & ~mask) | (to[bit / 8] & mask));
		}
		return;
	}
}

static bool read_addresses(const uint8_t *bytes, uint32_t captured, struct address *source,
			   struct address *target)
{
	uint32_t type;
	uint32_t layer3 = digest_layer3(bytes, captured, &type);
	const uint8_t *ip = bytes + layer3;

	memset(source, 0, sizeof(*source));
	memset(target, 0, sizeof(*target));
	if (type == IPV4_TYPE && captured >= layer3 + 20 && ip[0] >> 4 == 4) {
		source->family = target->family = ADDRESS_IPV4;
		memcpy(source->bytes, ip + 12, 4);
		memcpy(target->bytes, ip + 16, 4);
		return true;
	}
	if (type == IPV6_TYPE && captured >= layer3 + 40 && ip[0] >> 4 == 6) {
		source->family = target->family = ADDRESS_IPV6;
		memcpy(source->bytes, ip + 8, 16);
		memcpy(target->bytes, ip + 24, 16);
		return true;
	}
	return false;
}

// May a frame that is not taken have been on the way, too? One to a place elsewhere may, where
// frames set out; where they arrive, one from elsewhere.
static bool may_share(const struct verify_home *home, const struct plan_destination *source,
		      const struct plan_destination *target)
{
	uint32_t from = home->plan->ports[home->from_port].site;
	uint32_t to = home->plan->ports[home->to_port].site;

	if (!target || target->site == from)
		return false;
	if (!home->came)
		return true;
	return target->site != to ||
	       (lives_at(home->plan, target, home->to_port) && (!source || source->site != to));
}

bool verify_takes(void *context, const uint8_t *bytes, uint32_t captured)
{
	struct verify_home *home = context;
	const struct plan_destination *from, *to;
	struct address source;
	struct address target;

	if (!read_addresses(bytes, captured, &source, &target))
		return false;
	map_address(home, &source);
	map_address(home, &target);
	to = look_up(home, &target);
	from = look_up(home, &source);
	if (to && lives_at(home->plan, to, home->to_port) &&
	    (!from || lives_at(home->plan, from, home->from_port)))
		return true;
	home->others += may_share(home, from, to);
	return false;
}
