// SPDX-License-Identifier: BSD-3-Clause
// Damage: a random set of bits, addressed like every other draw.
#include "dataplane/model/corrupt.h"

#include <errno.h>
#include <inttypes.h>

#include "dataplane/model/rng.h"

int corrupt_make_params(double probability, double correlation, uint32_t bits, const char *where,
			struct corrupt_params *params, struct error *error)
{
	struct corrupt_params made = {.bits = bits};
	int status =
		chance_make_params(probability, correlation, "corrupt", where, &made.chance, error);

	if (status != 0)
		return status;
	if (bits < 1 || bits > CORRUPT_BITS_MOST)
		return error_set(error, -EINVAL, where,
				 "corrupt bits of %" PRIu32 ": expected 1 to %d", bits,
				 CORRUPT_BITS_MOST);
	*params = made;
	return 0;
}

// The draw for the index-th bit: a series of its own that starts with RNG_CORRUPT_AT.
static uint32_t corrupt_draw(uint64_t seed, uint32_t channel, uint64_t packet, uint32_t index)
{
	return index == 0 ? rng_draw(seed, channel, RNG_CORRUPT_AT, packet)
			  : rng_draw_more(seed, channel, RNG_CORRUPT_AT, packet, index);
}

static bool corrupt_has(const uint64_t *chosen, uint32_t count, uint64_t place)
{
	for (uint32_t i = 0; i < count; i++)
		if (chosen[i] == place)
			return true;
	return false;
}

// Floyd's sample without repetition (Bentley, Floyd, "A sample of brilliance", CACM 30, 1987): the
// i-th draw may reach one place more than the one before, and takes that place if what it found is
// taken.
uint32_t corrupt_apply(const struct corrupt_params *params, uint64_t seed, uint32_t channel,
		       uint64_t packet, uint8_t *frame, uint32_t length)
{
	uint64_t chosen[CORRUPT_BITS_MOST];
	uint64_t places =
		length > CORRUPT_FIRST_BYTE ? 8 * (uint64_t)(length - CORRUPT_FIRST_BYTE) : 0;
	uint32_t count = params->bits < places ? params->bits : (uint32_t)places;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t last = places - count + i;
		uint64_t draw = corrupt_draw(seed, channel, packet, i);
		uint64_t place = (uint64_t)(((unsigned __int128)draw * (last + 1)) >> 32);

		if (corrupt_has(chosen, i, place))
			place = last;
		chosen[i] = place;
		frame[CORRUPT_FIRST_BYTE + place / 8] ^= (uint8_t)(1u << place % 8);
	}
	return count;
}
