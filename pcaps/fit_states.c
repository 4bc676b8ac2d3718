// SPDX-License-Identifier: BSD-3-Clause
// A chain of two hidden states behind a row of losses: the likeliest parameters by Baum and Welch's
// re-estimation, their errors by the curvature of the likelihood. The first frame is met in the
// long run's state.
#include <math.h>

#include "pcaps/fit_parts.h"

#define ROUNDS     80
#define SETTLED    1e-3 // rise of the likelihood in a round: Newton's steps do the rest
#define NEARLY     1e-12
#define LOGIT_STEP 0.02

enum { GOOD, BAD };

struct chain {
	double move[2][2];
	double lost[2];
	double share[2];
};

static struct chain chain_of(const double parameter[4])
{
	double p = parameter[0], r = parameter[1];

	return (struct chain){.move = {{1 - p, p}, {r, 1 - r}},
			      .lost = {parameter[3], parameter[2]},
			      .share = {r / (p + r), p / (p + r)}};
}

static double seen(const struct chain *chain, int state, uint8_t lost)
{
	return lost ? chain->lost[state] : 1 - chain->lost[state];
}

// Scaled to 1 at each frame; `keep` may be NULL.
static double forward(const struct chain *chain, const uint8_t *lost, size_t count,
		      double keep[][2])
{
	double good = chain->share[GOOD], bad = chain->share[BAD];
	double likelihood = 0, product = 1;

	for (size_t i = 0; i < count; i++) {
		double next_good = good, next_bad = bad, sum;

		if (i > 0) {
			next_good = good * chain->move[GOOD][GOOD] + bad * chain->move[BAD][GOOD];
			next_bad = good * chain->move[GOOD][BAD] + bad * chain->move[BAD][BAD];
		}
		next_good *= seen(chain, GOOD, lost[i]);
		next_bad *= seen(chain, BAD, lost[i]);
		sum = next_good + next_bad;
		good = next_good / sum;
		bad = next_bad / sum;
		// Few logarithms: the product is taken while it is far from the least number.
		product *= sum;
		if (product < 1e-200) {
			likelihood += log(product);
			product = 1;
		}
		if (keep) {
			keep[i][GOOD] = good;
			keep[i][BAD] = bad;
		}
	}
	return likelihood + log(product);
}

double fit_states_likelihood(const uint8_t *lost, size_t count, const double parameter[4])
{
	struct chain chain = chain_of(parameter);

	return forward(&chain, lost, count, NULL);
}

// Expected counts of one round.
struct counts {
	double moves[2][2];
	double visits[2];
	double losses[2];
};

static void backward(const struct chain *chain, const uint8_t *lost, size_t count, double keep[][2],
		     struct counts *counts)
{
	double after[2] = {1, 1};

	*counts = (struct counts){0};
	for (size_t i = count; i-- > 0;) {
		double here[2] = {keep[i][GOOD] * after[GOOD], keep[i][BAD] * after[BAD]};
		double sum = here[GOOD] + here[BAD];
		double before[2] = {0, 0}, ahead[2], total = 0;

		for (int s = 0; s < 2; s++) {
			counts->visits[s] += here[s] / sum;
			counts->losses[s] += lost[i] ? here[s] / sum : 0;
			ahead[s] = seen(chain, s, lost[i]) * after[s];
		}
		if (i == 0)
			break;
		for (int s = 0; s < 2; s++) {
			for (int t = 0; t < 2; t++)
				before[s] += chain->move[s][t] * ahead[t];
			total += keep[i - 1][s] * before[s];
		}
		for (int s = 0; s < 2; s++) {
			for (int t = 0; t < 2; t++)
				counts->moves[s][t] +=
					keep[i - 1][s] * chain->move[s][t] * ahead[t] / total;
			after[s] = before[s] / total;
		}
	}
}

static double within(double share)
{
	return fmin(fmax(share, NEARLY), 1 - NEARLY);
}

static void estimate_anew(const struct counts *counts, bool both, double parameter[4])
{
	double from_good = counts->moves[GOOD][GOOD] + counts->moves[GOOD][BAD];
	double from_bad = counts->moves[BAD][GOOD] + counts->moves[BAD][BAD];

	parameter[0] = within(counts->moves[GOOD][BAD] / from_good);
	parameter[1] = within(counts->moves[BAD][GOOD] / from_bad);
	parameter[2] = within(counts->losses[BAD] / counts->visits[BAD]);
	if (both)
		parameter[3] = within(counts->losses[GOOD] / counts->visits[GOOD]);
}

static double at_logits(const uint8_t *lost, size_t count, const double logit[4], int parameters)
{
	double parameter[4] = {0};

	for (int i = 0; i < parameters; i++)
		parameter[i] = 1 / (1 + exp(-logit[i]));
	return fit_states_likelihood(lost, count, parameter);
}

// Slope and curvature by differences.
static void differentiate(const uint8_t *lost, size_t count, const double logit[4], int parameters,
			  double slope[4], double curve[4][4])
{
	double middle = at_logits(lost, count, logit, parameters);
	double up[4], down[4], at[4];

	for (int i = 0; i < 4; i++)
		at[i] = logit[i];
	for (int i = 0; i < parameters; i++) {
		at[i] = logit[i] + LOGIT_STEP;
		up[i] = at_logits(lost, count, at, parameters);
		at[i] = logit[i] - LOGIT_STEP;
		down[i] = at_logits(lost, count, at, parameters);
		at[i] = logit[i];
		slope[i] = (up[i] - down[i]) / (2 * LOGIT_STEP);
		curve[i][i] = -(up[i] + down[i] - 2 * middle) / (LOGIT_STEP * LOGIT_STEP);
	}
	for (int i = 0; i < parameters; i++)
		for (int j = 0; j < i; j++) {
			double both;

			at[i] = logit[i] + LOGIT_STEP;
			at[j] = logit[j] + LOGIT_STEP;
			both = at_logits(lost, count, at, parameters);
			at[i] = logit[i];
			at[j] = logit[j];
			curve[i][j] = -(both - up[i] - up[j] + middle) / (LOGIT_STEP * LOGIT_STEP);
			// The same step down, for symmetry: third derivatives cancel.
			at[i] = logit[i] - LOGIT_STEP;
			at[j] = logit[j] - LOGIT_STEP;
			both = at_logits(lost, count, at, parameters);
			at[i] = logit[i];
			at[j] = logit[j];
			curve[i][j] -=
				(both - down[i] - down[j] + middle) / (LOGIT_STEP * LOGIT_STEP);
			curve[i][j] /= 2;
			curve[j][i] = curve[i][j];
		}
}

// Inverse of a positive definite matrix by Gauss and Jordan; false when it is not one.
static bool invert(double matrix[4][4], int size, double inverse[4][4])
{
	for (int i = 0; i < size; i++)
		for (int j = 0; j < size; j++)
			inverse[i][j] = i == j;
	for (int pivot = 0; pivot < size; pivot++) {
		double scale = matrix[pivot][pivot];

		if (!(scale > 1e-9))
			return false;
		for (int j = 0; j < size; j++) {
			matrix[pivot][j] /= scale;
			inverse[pivot][j] /= scale;
		}
		for (int i = 0; i < size; i++) {
			double factor = matrix[i][pivot];

			if (i == pivot)
				continue;
			for (int j = 0; j < size; j++) {
				matrix[i][j] -= factor * matrix[pivot][j];
				inverse[i][j] -= factor * inverse[pivot][j];
			}
		}
	}
	return true;
}

// Newton's steps to the peak, and the errors there.
double fit_states_polish(const uint8_t *lost, size_t count, bool both, double likelihood,
			 struct fit_states *states)
{
	int parameters = 3 + both;
	double logit[4] = {0}, slope[4], curve[4][4], inverse[4][4];

	for (int i = 0; i < parameters; i++)
		logit[i] = log(states->parameter[i] / (1 - states->parameter[i]));
	for (int round = 0; round < 8; round++) {
		double next[4] = {0}, rise = 0, found;

		differentiate(lost, count, logit, parameters, slope, curve);
		states->settled = invert(curve, parameters, inverse);
		if (!states->settled)
			return likelihood;
		for (int i = 0; i < parameters; i++) {
			double step = 0;

			states->error[i] = sqrt(inverse[i][i]);
			for (int j = 0; j < parameters; j++)
				step += inverse[i][j] * slope[j];
			next[i] = logit[i] + step;
			rise += step * slope[i];
		}
		found = at_logits(lost, count, next, parameters);
		if (!(found > likelihood) || rise < 1e-4)
			break;
		likelihood = found;
		for (int i = 0; i < parameters; i++) {
			logit[i] = next[i];
			states->parameter[i] = 1 / (1 + exp(-logit[i]));
		}
	}
	return likelihood;
}

double fit_states(const uint8_t *lost, size_t count, bool both, double scratch[][2],
		  struct fit_states *states)
{
	double likelihood = -INFINITY;

	if (!both)
		states->parameter[3] = 0;
	for (int i = 0; i < 3 + both; i++)
		states->parameter[i] = within(states->parameter[i]);
	for (int round = 0; round < ROUNDS; round++) {
		struct chain chain = chain_of(states->parameter);
		double found = forward(&chain, lost, count, scratch);
		struct counts counts;

		if (round > 0 && found - likelihood < SETTLED)
			break;
		likelihood = found;
		backward(&chain, lost, count, scratch, &counts);
		estimate_anew(&counts, both, states->parameter);
	}
	return fit_states_likelihood(lost, count, states->parameter);
}
