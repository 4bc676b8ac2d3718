// SPDX-License-Identifier: BSD-3-Clause
// The judge on jitter from packet to packet: how a deviation follows from the one before, by each
// law's transition (docs/models.md, "Jitter").
#include <math.h>
#include <stdio.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/decay.h"
#include "dataplane/model/normal.h"
#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define TWO_32       4294967296.0
#define PAIRS_LEAST  50
#define PAIRS_MOST   ((size_t)1 << 17) // each takes two searches
#define LEAST_JITTER UINT64_C(1000)    // ns: whole ones are fine steps of it
#define TOLERANCE    1000              // of the jitter's parts, one may be the clocks' error
#define GROSS        0.25              // a correlation that is off by so much must show

// What a share (of draws below a packet's own) says of the next packet's.
struct transition {
	double mean;
	double variance; // at most
	double least;
};

// Over pairs of packets, with w the first one's share less 1/2.
struct pairs {
	size_t count;
	double off;      // sum of w (share of the second - what is expected of it)
	double variance; // of that
	double squares;  // sum of w^2
	double products; // sum of w (share of the second - 1/2)
};

// The packet before.
struct before {
	bool known;
	double share;
	size_t sent;
	uint64_t departs_at_ns;
};

// The share of draws whose deviation is at most this.
static double share_of(const struct jitter_params *jitter, int64_t deviation_ns)
{
	uint32_t low = 0, high = UINT32_MAX;

	while (low < high) {
		uint32_t middle = high - (high - low) / 2;

		if (jitter_quantile_ns(jitter, middle) <= deviation_ns)
			low = middle;
		else
			high = middle - 1;
	}
	return (low + 0.5) / TWO_32;
}

static uint32_t draw_of(double share)
{
	return (uint32_t)fmin(share * TWO_32, TWO_32 - 1);
}

// z' = rho z + sqrt(1 - rho^2) e, of which the share is Phi(z'). Phi rises by 1 / sqrt(2 pi) at
// most, so its variance is bounded by (1 - rho^2) / (2 pi) (Chernoff 1981).
static struct transition gaussian(double share, double kept)
{
	double z = (double)normal_quantile(draw_of(share)) / NORMAL_ONE;
	double mean = kept * z / sqrt(2 - kept * kept);

	return (struct transition){.mean = erfc(-mean / sqrt(2)) / 2,
				   .variance = (1 - kept * kept) / (2 * M_PI)};
}

// y = -ln(share), y' = min(y / a, e / (1 - a)): moments of exp(-y') by integration over e.
static struct transition orderly(double share, double kept)
{
	double most = -log(share) / kept, rate = 1 - kept;
	double mean = (rate + exp(-(1 + rate) * most)) / (1 + rate);
	double square = (rate + 2 * exp(-(2 + rate) * most)) / (2 + rate);

	return (struct transition){
		.mean = mean, .variance = fmax(square - mean * mean, 0), .least = exp(-most)};
}

static struct transition transition_of(const struct jitter_params *jitter, double share,
				       uint64_t time_ns)
{
	double kept = exp2(-(double)decay_halvings(&jitter->pace, time_ns) / (double)DECAY_ONE);
	double rho = correlation_rho(jitter->correlation);

	switch (jitter->law) {
	case JITTER_CHAINED:
		return (struct transition){.mean = rho * share + (1 - rho) / 2,
					   .variance = (1 - rho) * (1 - rho) / 12,
					   .least = rho * share};
	case JITTER_GAUSSIAN:
		return gaussian(share, kept);
	case JITTER_ORDERLY:
		return orderly(share, fmax(kept, 0x1p-60));
	case JITTER_INDEPENDENT:
		break;
	}
	return (struct transition){.mean = 0.5, .variance = 1.0 / 12};
}

// Does a channel choose packets that go past others?
static bool chooses(const struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->count; i++)
		if (oracle->promises[i].reordered)
			return true;
	return false;
}

// Can shares be read from delays? Not where a deviation stands for many draws, was cut off at a
// delay of 0, or is not all that there is behind the line; nor where copies come first, or who is
// chosen to overtake is not told from who does by jitter, or not known.
static bool is_readable(const struct judge_case *judged, size_t sent, bool chosen)
{
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	const struct oracle_era *era = &judged->oracle->eras[promise->era];
	const struct jitter_params *jitter = &era->jitter;

	return judge_is_settled(judged, sent) && !promise->moved && era->jitter_channels == 1 &&
	       !(chosen && (jitter->order_free || judged->no_law)) &&
	       promise->latest_at_ns != ORACLE_NEVER && era->copies == 0 &&
	       jitter->kind != JITTER_TABLE && jitter->jitter_ns >= LEAST_JITTER &&
	       judged->tolerance_ns <= jitter->jitter_ns / TOLERANCE &&
	       -jitter_minimum_ns(jitter) <= (int64_t)era->jitter_delay_ns;
}

// May the pair count? That depends on the past alone, or those that count would not be chance's:
// where order is kept, nothing before holds back even the soonest that may follow.
static bool follows(const struct judge_case *judged, const struct before *before, size_t sent,
		    const struct transition *transition, uint64_t held_until_ns)
{
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	const struct jitter_params *jitter = &judged->oracle->eras[promise->era].jitter;
	uint64_t soonest_ns = promise->constant_at_ns +
			      (uint64_t)jitter_quantile_ns(jitter, draw_of(transition->least));

	if (jitter->law == JITTER_CHAINED && before->sent + 1 != sent)
		return false;
	return jitter->order_free || soonest_ns >= held_until_ns;
}

static void count_pairs(const struct judge_case *judged, struct pairs *pairs)
{
	const struct oracle *oracle = judged->oracle;
	struct before before = {0};
	uint64_t held_until_ns = 0;
	bool chosen = chooses(oracle);

	*pairs = (struct pairs){0};
	for (size_t i = 0; i < oracle->count && pairs->count < PAIRS_MOST; i++) {
		const struct oracle_promise *promise = &oracle->promises[i];
		const struct oracle_era *era = &oracle->eras[promise->era];
		struct transition next;
		uint64_t at_ns;
		double share;

		if (!judge_arrived(judged, i))
			continue;
		at_ns = judge_arrival_ns(judged, i);
		if (before.known && promise->era != oracle->promises[before.sent].era)
			before.known = false;
		// Who departs before one that was sent earlier has been sorted by a queue.
		if (!is_readable(judged, i, chosen) ||
		    (before.known && promise->departs_at_ns < before.departs_at_ns)) {
			before.known = false;
			held_until_ns = at_ns > held_until_ns ? at_ns : held_until_ns;
			continue;
		}
		share = share_of(&era->jitter, judge_residual_ns(judged, i));
		if (before.known) {
			double w = before.share - 0.5;

			next = transition_of(&era->jitter, before.share,
					     promise->departs_at_ns - before.departs_at_ns);
			if (follows(judged, &before, i, &next, held_until_ns)) {
				pairs->count++;
				pairs->off += w * (share - next.mean);
				pairs->variance += w * w * next.variance;
				pairs->squares += w * w;
				pairs->products += w * (share - 0.5);
			}
		}
		before = (struct before){.known = era->jitter.order_free || at_ns > held_until_ns,
					 .share = share,
					 .sent = i,
					 .departs_at_ns = promise->departs_at_ns};
		held_until_ns = at_ns > held_until_ns ? at_ns : held_until_ns;
	}
}

void judge_correlation(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "delay_correlation", "correlation");
	struct pairs pairs;
	double gross;

	count_pairs(judged, &pairs);
	if (pairs.count < PAIRS_LEAST) {
		judge_open(test,
			   "too few packets of which the one before says what to expect (%zu of at "
			   "least %d)",
			   pairs.count, PAIRS_LEAST);
		return;
	}
	test->expected = (pairs.products - pairs.off) / pairs.squares;
	test->measured = pairs.products / pairs.squares;
	// Bernstein's bound holds for sums in which each term's mean is 0 given those before it,
	// too (Freedman 1975).
	gross = statistics_sum_p(GROSS * pairs.squares, pairs.variance, 0.5);
	judge_by_p(judged, test, statistics_sum_p(fabs(pairs.off), pairs.variance, 0.5),
		   gross < judged->alpha / JUDGE_STATISTICAL_TESTS);
	if (test->answer != JUDGE_OPEN)
		snprintf(test->note, sizeof(test->note), "ranks of %zu pairs of packets in a row",
			 pairs.count);
}
