// SPDX-License-Identifier: BSD-3-Clause
// Losses that hang together, by how far they do.
#include <math.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/loss_law.h"
#include "pcaps/statistics.h"

#define TWO_32     4294967296.0
#define REMEMBERED 0.02      // of the ratio, at the distance
#define FARTHEST   (1 << 16) // packets: beyond, no capture is long enough

static bool is_near(const struct statistics_memory *memory)
{
	return memory->greatest - memory->least <= REMEMBERED * memory->ratio;
}

// What a chain loses after one step more, by the state it was in.
static void look_back(const struct loss_chain *chain, double *lost)
{
	double before[LOSS_CHAIN_STATES] = {0};

	for (uint32_t from = 0; from < chain->states; from++)
		for (uint32_t to = 0; to < chain->states; to++)
			before[from] += chain->move[from][to] * lost[to];
	for (uint32_t from = 0; from < chain->states; from++)
		lost[from] = before[from];
}

// States that are not met in the long run have no say.
static bool chain_memory(const struct loss_chain *chain, struct statistics_memory *memory)
{
	double lost[LOSS_CHAIN_STATES];

	*memory = (struct statistics_memory){0};
	for (uint32_t state = 0; state < chain->states; state++) {
		lost[state] = chain->lost[state];
		memory->ratio += chain->share[state] * lost[state];
	}
	while (memory->distance < FARTHEST) {
		memory->distance++;
		memory->least = 1;
		memory->greatest = 0;
		look_back(chain, lost);
		for (uint32_t state = 0; state < chain->states; state++) {
			if (chain->share[state] <= 0)
				continue;
			memory->least = fmin(memory->least, lost[state]);
			memory->greatest = fmax(memory->greatest, lost[state]);
		}
		if (is_near(memory))
			return true;
	}
	return false;
}

// A draw n packets on is one that knows nothing of this, plus rho^n times this; and that in turn is
// within rho^n of a draw of the long run. Each step rounds by up to 2^-32.
static void look_ahead(const struct loss_params *loss, uint32_t distance,
		       struct statistics_memory *memory)
{
	double rho = correlation_rho(loss->correlation), limit = (double)loss->random / TWO_32;
	double off = pow(rho, distance) + 1 / (TWO_32 * (1 - rho));

	memory->distance = distance;
	memory->least = correlation_below(loss->correlation, limit - off);
	memory->greatest = correlation_below(loss->correlation, limit + off);
}

static bool correlated_memory(const struct loss_params *loss, struct statistics_memory *memory)
{
	uint32_t low = 0, high = 1;

	*memory = (struct statistics_memory){.ratio = loss_ratio(loss)};
	if (correlation_rho(loss->correlation) >= 1)
		return false;
	for (;; high *= 2) {
		if (high > FARTHEST)
			return false;
		look_ahead(loss, high, memory);
		if (is_near(memory))
			break;
		low = high;
	}
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		look_ahead(loss, middle, memory);
		if (is_near(memory))
			high = middle;
		else
			low = middle;
	}
	look_ahead(loss, high, memory);
	return true;
}

bool statistics_memory_of(const struct loss_params *loss, struct statistics_memory *memory)
{
	struct loss_chain chain;

	if (loss->kind == LOSS_RANDOM && loss->correlation != 0)
		return correlated_memory(loss, memory);
	return loss_chain_of(loss, &chain) && chain_memory(&chain, memory);
}

static double entropy_term(double share, double chance)
{
	return share > 0 ? share * log(share / chance) : 0;
}

double statistics_memory_p(const struct statistics_memory *memory, size_t frames, size_t lost)
{
	double share = frames ? (double)lost / (double)frames : 0;
	double chance = fmin(fmax(share, memory->least), memory->greatest);

	if (frames == 0 || share == chance)
		return 1;
	if (chance <= 0 || chance >= 1)
		return 0;
	return fmin(1,
		    2 * exp(-(double)frames / memory->distance *
			    (entropy_term(share, chance) + entropy_term(1 - share, 1 - chance))));
}
