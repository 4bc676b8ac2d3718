// SPDX-License-Identifier: BSD-3-Clause
// Which law do losses follow? Independent ones against a chain of two states, by likelihood.
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pcaps/fit_parts.h"

// Steps from one state (received, lost) to the next.
struct steps {
	double from[2];
	double to_lost[2];
	double first_lost;
};

static double log_likelihood(double trials, double successes)
{
	double share = trials > 0 ? successes / trials : 0;

	if (share <= 0 || share >= 1)
		return 0;
	return successes * log(share) + (trials - successes) * log(1 - share);
}

static struct steps count_steps(const uint8_t *lost, size_t count)
{
	struct steps steps = {.first_lost = count > 0 && lost[0]};

	for (size_t i = 1; i < count; i++) {
		steps.from[lost[i - 1]]++;
		steps.to_lost[lost[i - 1]] += lost[i];
	}
	return steps;
}

static struct fit_estimate from_logit(double value, double error)
{
	double logit = log(value / (1 - value));

	return (struct fit_estimate){.known = true,
				     .value = value,
				     .low = 1 / (1 + exp(FIT_Z * error - logit)),
				     .high = 1 / (1 + exp(-FIT_Z * error - logit))};
}

static void take_states(struct fit *fit, const struct fit_states *states, bool both)
{
	fit->loss = FIT_LOSS_ELLIOTT;
	fit->good_to_bad = from_logit(states->parameter[0], states->error[0]);
	fit->bad_to_good = from_logit(states->parameter[1], states->error[1]);
	fit->lost_in_bad = from_logit(states->parameter[2], states->error[2]);
	if (both)
		fit->lost_in_good = from_logit(states->parameter[3], states->error[3]);
}

// Is there more than p and r? A state in which only some are lost makes runs that are not
// geometric.
static int try_elliott(struct fit *fit, const uint8_t *lost, size_t count, double gilbert)
{
	double(*scratch)[2] = malloc((count + 1) * sizeof(*scratch));
	double p = fit->good_to_bad.value, r = fit->bad_to_good.value;
	double best = gilbert;

	if (!scratch)
		return -ENOMEM;
	for (int both = 0; both < 2; both++) {
		static const double starts[][2] = {{0.3, 0.7}, {0.05, 0.3}};
		struct fit_states chosen = {0};
		double likeliest = -INFINITY;

		for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
			struct fit_states states = {
				{p, r * starts[i][0], starts[i][1], fit->loss_ratio.value * 0.1},
				{0},
				false};
			double likelihood = fit_states(lost, count, both, scratch, &states);

			if (likelihood > likeliest) {
				likeliest = likelihood;
				chosen = states;
			}
		}
		if (likeliest > best) // else it has no chance
			likeliest = fit_states_polish(lost, count, both, likeliest, &chosen);
		if (2 * (likeliest - best) > FIT_LIKELIER && chosen.settled) {
			best = likeliest;
			take_states(fit, &chosen, both);
		}
	}
	free(scratch);
	return 0;
}

static int choose(struct fit *fit, const uint8_t *lost, size_t count)
{
	struct steps steps = count_steps(lost, count);
	double moves = steps.from[0] + steps.from[1];
	double losses = steps.to_lost[0] + steps.to_lost[1];
	double alone = log_likelihood(moves, losses);
	double chain = log_likelihood(steps.from[0], steps.to_lost[0]) +
		       log_likelihood(steps.from[1], steps.to_lost[1]);
	double share;

	fit->loss = FIT_LOSS_RANDOM;
	if (steps.from[0] == 0 || steps.from[1] == 0)
		return 0;
	fit->good_to_bad = fit_ratio(steps.from[0], steps.to_lost[0]);
	fit->bad_to_good = fit_ratio(steps.from[1], steps.from[1] - steps.to_lost[1]);
	if (2 * (chain - alone) > FIT_LIKELIER)
		fit->loss = FIT_LOSS_GILBERT;
	// What fit_states reckons with, too: the first frame in the long run's state.
	share = fit->good_to_bad.value / (fit->good_to_bad.value + fit->bad_to_good.value);
	chain += log(steps.first_lost > 0 ? share : 1 - share);
	return try_elliott(fit, lost, count, chain);
}

// Of a chain the number lost varies more than of independent losses; blocks of frames show it.
static void ratio_of_blocks(struct fit *fit, const uint8_t *lost, size_t count)
{
	size_t length = count / FIT_BLOCKS;
	double squares = 0;

	if (length < 2)
		return;
	for (size_t block = 0; block < FIT_BLOCKS; block++) {
		double sum = 0;

		for (size_t i = block * length; i < (block + 1) * length; i++)
			sum += lost[i] - fit->loss_ratio.value;
		squares += sum * sum / (double)length / (double)length;
	}
	fit->loss_ratio = fit_about(fit->loss_ratio.value,
				    sqrt(squares / FIT_BLOCKS / (FIT_BLOCKS - 1)), FIT_BLOCKS);
	fit->loss_ratio.low = fmax(0, fit->loss_ratio.low);
	fit->loss_ratio.high = fmin(1, fit->loss_ratio.high);
}

int fit_loss(struct fit_work *work)
{
	struct fit *fit = work->fit;
	uint8_t *lost = malloc(work->count + 1);
	size_t count = 0, losses = 0;
	int code = 0;

	if (!lost)
		return -ENOMEM;
	for (size_t i = 0; i < work->count; i++) {
		if (work->rows[i].edge || work->rows[i].queue_lost)
			continue;
		losses += work->rows[i].lost;
		lost[count++] = work->rows[i].lost;
	}
	if (count > 0)
		fit->loss_ratio = fit_ratio((double)count, (double)losses);
	if (losses > 0)
		code = choose(fit, lost, count);
	if (fit->loss != FIT_LOSS_RANDOM && fit->loss != FIT_LOSS_NONE) {
		ratio_of_blocks(fit, lost, count);
	} else {
		fit->good_to_bad = fit->bad_to_good = (struct fit_estimate){0};
		if (losses > 0 && losses < 50)
			fit_note(
				fit,
				"%zu losses are too few to tell bursts from chance: random loss is "
				"assumed",
				losses);
	}
	free(lost);
	return code;
}
