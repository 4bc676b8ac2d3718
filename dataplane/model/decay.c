// SPDX-License-Identifier: BSD-3-Clause
// Decay: a table of sixteenths of a halving, a short series for the rest, a root by pieces.
#include "dataplane/model/decay.h"

#include "dataplane/model/polynomial.h"

#define LN2_Q64 UINT64_C(12786308645202655660)

// 2^-(j / 16) * 2^64; the first is one too small for want of a bit.
static const uint64_t kept[16] = {
	UINT64_C(18446744073709551615), UINT64_C(17664662643191237676),
	UINT64_C(16915738899553466671), UINT64_C(16198567065652879633),
	UINT64_C(15511800964685064948), UINT64_C(14854151493325717732),
	UINT64_C(14224384202002324189), UINT64_C(13621316977754388159),
	UINT64_C(13043817825332782212), UINT64_C(12490802742373206726),
	UINT64_C(11961233684655323370), UINT64_C(11454116617628225966),
	UINT64_C(10968499650544839023), UINT64_C(10503471249702896438),
	UINT64_C(10058158527438640871), UINT64_C(9631725603661576981),
};

// The square root of (i + t) / 16 for i = 4 .. 15, times 2^32. Each piece passes through the true
// function at its six Chebyshev nodes.
static const int64_t roots[12][6] = {
	{2147483651, 268435236, -16774614, 2085731, -304417, 34124},
	{2400959710, 240095900, -12003957, 1196805, -142654, 13782},
	{2630119585, 219176604, -9132029, 759593, -76398, 6485},
	{2840853839, 202918119, -7246927, 517003, -44935, 3402},
	{3037000500, 189812525, -5931568, 370407, -28327, 1935},
	{3221225472, 178956967, -4970987, 275996, -18837, 1172},
	{3395469783, 169773487, -4244314, 212118, -13069, 747},
	{3561198752, 161872669, -3678911, 167164, -9384, 496},
	{3719550787, 154981282, -3228768, 134495, -6933, 341},
	{3871431203, 148901200, -2863479, 110110, -5247, 241},
	{4017574027, 143484786, -2562225, 91492, -4053, 175},
	{4158584202, 138619473, -2310322, 76999, -3187, 129},
};

static uint64_t decay_times(uint64_t a, uint64_t b)
{
	return (uint64_t)(((unsigned __int128)a * b) >> 64);
}

struct decay_params decay_make(uint64_t halflife_ns)
{
	struct decay_params made = {0};

	if (halflife_ns == 0)
		return made;
	made.shift = 63 - (uint32_t)__builtin_clzll(halflife_ns);
	made.multiplier = (uint64_t)(((unsigned __int128)1 << (63 + made.shift)) / halflife_ns);
	return made;
}

// 1 - 2^-part for a part of less than a sixteenth, in units of 2^-56: with y = part ln 2,
// y - y^2/2 + y^3/6 - y^4/24 + y^5/120 from the inside out. What is left out is y^6/720 < 1e-11.
static uint64_t decay_gone_little(uint64_t part)
{
	uint64_t y = decay_times(part << 8, LN2_Q64);
	uint64_t rest = ~(y / 5);

	rest = ~decay_times(y / 4, rest);
	rest = ~decay_times(y / 3, rest);
	rest = ~decay_times(y / 2, rest);
	return decay_times(y, rest);
}

uint64_t decay_gone(uint64_t halvings)
{
	uint64_t whole = halvings / DECAY_ONE, rest = halvings % DECAY_ONE;
	uint64_t sixteenths = rest / (DECAY_ONE / 16);
	uint64_t little = decay_gone_little(rest % (DECAY_ONE / 16));
	uint64_t left;

	if (whole >= 64)
		return UINT64_MAX;
	if (halvings < DECAY_ONE / 16)
		return little;
	left = kept[sixteenths] - decay_times(kept[sixteenths], little);
	return ~(left >> whole);
}

int64_t decay_complement(uint64_t gone, int *shift)
{
	// 1 - (1 - gone)^2 without a difference of near numbers.
	uint64_t square = gone + decay_times(gone, ~gone);
	int zeros = __builtin_clzll(square) & ~1;

	square <<= zeros;
	*shift = zeros / 2;
	return polynomial_at(roots[(square >> 60) - 4], (int64_t)((square >> 30) & ((1 << 30) - 1)),
			     30);
}
