// SPDX-License-Identifier: BSD-3-Clause
// The judge on how many are lost. Frames are taken together by the law that their number has.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/model/loss_law.h"
#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define TWO_32 4294967296.0

enum law {
	LAW_CHAIN,  // one chain over frames in a row; others between them only make it forget
	LAW_OWN,    // each frame has a chance of its own
	LAW_MEMORY, // what is remembered over a distance
	LAWS
};

// The frames under one law.
struct group {
	size_t frames, lost;
	size_t overflow; // of the lost, those that a queue may have lost
	double expected;
	struct statistics_stretch *stretches; // chain
	size_t stretch_count;
	bool from_start;
	double variance, most;           // own; where chances vary, expected is the least of them
	struct statistics_memory memory; // memory: of one era
	uint32_t era;
	size_t skipped;
	bool varies;
};

struct groups {
	struct group of[LAWS];
};

bool judge_by_chance(const struct oracle *oracle, size_t sent)
{
	const struct oracle_promise *promise = &oracle->promises[sent];

	return promise->class == ORACLE_SETTLED &&
	       (promise->lost == DROP_NONE || promise->lost == DROP_MODEL) &&
	       oracle->eras[promise->era].loss_known;
}

static bool is_lost(const struct judge_case *judged, size_t sent)
{
	return judged->match->received_of_sent[sent] == MATCH_NONE;
}

// Others' packets between these thin a chain out: then its generating function is a bound as long
// as neighbours are alike, since a step of several packets is a mixture of a single one and of a
// fresh start.
static enum law law_of(const struct oracle *oracle, const struct oracle_era *era)
{
	const struct loss_params *loss = &era->loss;

	if (era->loss_varies || loss->kind == LOSS_BER)
		return LAW_OWN;
	if (loss->kind == LOSS_STATES || (loss->kind == LOSS_RANDOM && loss->correlation != 0))
		return LAW_MEMORY;
	if (loss->kind == LOSS_GILBERT_ELLIOTT && !oracle->exact &&
	    loss->good_to_bad + loss->bad_to_good > (uint64_t)TWO_32)
		return LAW_MEMORY;
	return LAW_CHAIN;
}

static const struct oracle_era *era_of(const struct oracle *oracle, size_t sent)
{
	return &oracle->eras[oracle->promises[sent].era];
}

// Of the eras whose losses hang together the longest is judged. False when none has a law.
static bool choose_memory(const struct oracle *oracle, struct group *group)
{
	size_t *frames = calloc(oracle->era_count + 1, sizeof(*frames));
	size_t most = 0;

	for (size_t i = 0; frames && i < oracle->count; i++)
		if (judge_by_chance(oracle, i) && law_of(oracle, era_of(oracle, i)) == LAW_MEMORY)
			frames[oracle->promises[i].era]++;
	for (uint32_t era = 0; frames && era < oracle->era_count; era++)
		if (frames[era] > most) {
			most = frames[era];
			group->era = era;
		}
	free(frames);
	return most > 0 && statistics_memory_of(&oracle->eras[group->era].loss, &group->memory);
}

// May a queue have lost it? Then the next arrival may have waited so long as the queue must have
// been full. Waits melt away in the time between the two.
static bool may_overflow(const struct judge_case *judged, size_t lost, size_t next)
{
	const struct oracle *oracle = judged->oracle;
	const struct oracle_era *era = &oracle->eras[oracle->promises[lost].era];
	double wait_ns, gap_ns;

	if (oracle->exact || era->overflow_ns == ORACLE_NEVER)
		return false;
	if (judged->alone && judged->lines && judged->lines[lost].waits)
		return judged->lines[lost].wait_ns + era->queues_ns + judged->tolerance_ns >=
		       era->overflow_ns;
	if (next == oracle->count || oracle->promises[next].era != oracle->promises[lost].era)
		return true;
	wait_ns = (double)(int64_t)(judge_arrival_ns(judged, next) -
				    oracle->promises[next].constant_at_ns);
	gap_ns = (double)(judged->sent->rows[next].at_ns - judged->sent->rows[lost].at_ns);
	return wait_ns + gap_ns +
		       (double)(era->rate_slack_ns + era->queues_ns + judged->tolerance_ns) >=
	       (double)era->overflow_ns;
}

static void count_overflow(const struct judge_case *judged, struct groups *groups)
{
	const struct oracle *oracle = judged->oracle;
	size_t next = oracle->count; // the next settled frame that arrived

	for (size_t i = oracle->count; i-- > 0;) {
		if (oracle->promises[i].class != ORACLE_SETTLED)
			continue;
		if (judge_arrived(judged, i)) {
			next = i;
		} else if (judge_by_chance(oracle, i) && may_overflow(judged, i, next)) {
			struct group *group = &groups->of[law_of(oracle, era_of(oracle, i))];

			group->overflow += group->overflow < group->lost;
		}
	}
}

static void add_to_chain(struct group *group, const struct loss_params *loss, bool begins)
{
	if (begins)
		group->stretches[group->stretch_count++] =
			(struct statistics_stretch){.loss = *loss};
	group->stretches[group->stretch_count - 1].frames++;
}

static void add_own(const struct judge_case *judged, struct group *group, size_t sent)
{
	const struct frame_row *row = &judged->sent->rows[sent];
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	const struct oracle_era *era = era_of(judged->oracle, sent);
	double least, most;

	if (era->loss_varies) {
		least = promise->loss_least;
		most = promise->loss_most;
	} else {
		least = most =
			loss_ber_ratio(&era->loss, judged->oracle->exact ? row->wire_length
									 : oracle_path_bytes(row));
	}
	group->expected += least;
	group->variance += least * (1 - least);
	group->most += most;
}

static void fill(const struct judge_case *judged, struct groups *groups)
{
	const struct oracle *oracle = judged->oracle;
	bool remembers = choose_memory(oracle, &groups->of[LAW_MEMORY]);
	uint32_t era = UINT32_MAX;

	for (size_t i = 0; i < oracle->count; i++) {
		const struct oracle_era *frames_era;
		enum law law;
		struct group *group;

		if (!judge_by_chance(oracle, i))
			continue;
		frames_era = era_of(oracle, i);
		law = law_of(oracle, frames_era);
		group = &groups->of[law];
		if (law == LAW_MEMORY && (!remembers || oracle->promises[i].era != group->era))
			continue;
		// What was before is not known.
		if (law == LAW_MEMORY && group->skipped < group->memory.distance) {
			group->skipped++;
			continue;
		}
		if (law == LAW_CHAIN)
			add_to_chain(group, &frames_era->loss, oracle->promises[i].era != era);
		if (law == LAW_CHAIN)
			era = oracle->promises[i].era;
		if (law == LAW_OWN)
			add_own(judged, group, i);
		group->varies |= frames_era->loss_varies;
		group->frames++;
		group->lost += is_lost(judged, i);
	}
}

static void expect(const struct oracle *oracle, struct groups *groups)
{
	struct group *chain = &groups->of[LAW_CHAIN], *memory = &groups->of[LAW_MEMORY];

	chain->from_start = oracle->exact && oracle->from_start;
	if (chain->frames)
		chain->expected = statistics_loss_mean(chain->stretches, chain->stretch_count,
						       chain->from_start);
	memory->expected = memory->memory.ratio * (double)memory->frames;
}

static double p_of(const struct group *group, enum law law, size_t lost)
{
	switch (law) {
	case LAW_CHAIN:
		return statistics_loss_p(group->stretches, group->stretch_count, group->from_start,
					 lost);
	case LAW_OWN:
		if (group->varies) // of unequal chances the mean one bounds their sum
			return statistics_binomial_p(
				group->frames, lost,
				((double)lost > group->most ? group->most : group->expected) /
					(double)group->frames);
		return statistics_sum_p((double)lost - group->expected, group->variance, 1);
	case LAW_MEMORY:
		return statistics_memory_p(&group->memory, group->frames, lost);
	case LAWS:
		break;
	}
	return 1;
}

// From lost - overflow to lost are the model's.
static double group_p(const struct group *group, enum law law)
{
	size_t least = group->lost - group->overflow;

	if (law == LAW_OWN && (double)group->lost >= group->expected)
		return (double)least > group->most ? p_of(group, law, least) : 1;
	if (group->expected >= (double)least && group->expected <= (double)group->lost)
		return 1;
	return p_of(group, law, group->expected < (double)least ? least : group->lost);
}

// Would twice the loss be seen?
static bool can_tell(const struct judge_case *judged, const struct group *group, enum law law,
		     unsigned used)
{
	double most = fmax(group->expected, group->most);
	size_t gross = (size_t)fmin((double)group->frames, 2 * most + 1);

	// What varies by weather varies grossly.
	if (law == LAW_OWN && group->varies)
		gross = (size_t)fmin((double)group->frames,
				     2 * most + 1 + ceil((double)group->frames / 100));
	return (most < 1e-9 && !group->varies) || group->expected > (double)group->frames - 1e-6 ||
	       used * p_of(group, law, gross) < judged->alpha / JUDGE_STATISTICAL_TESTS;
}

static void judge_groups(const struct judge_case *judged, const struct groups *groups,
			 struct judge_test *test)
{
	size_t frames = 0, lost = 0, overflow = 0;
	unsigned used = 0;
	double expected = 0, p_value = 1;
	bool tells = false;

	for (enum law law = 0; law < LAWS; law++)
		used += groups->of[law].frames > 0;
	for (enum law law = 0; law < LAWS; law++) {
		const struct group *group = &groups->of[law];

		if (group->frames == 0)
			continue;
		frames += group->frames;
		lost += group->lost;
		overflow += group->overflow;
		expected += group->expected;
		p_value = fmin(p_value, used * group_p(group, law));
		tells |= can_tell(judged, group, law, used);
	}
	if (frames == 0) {
		judge_open(test, "no packet whose loss has a known law");
		return;
	}
	test->expected = expected / (double)frames;
	test->measured = (double)lost / (double)frames;
	judge_by_p(judged, test, p_value, tells);
	if (overflow && test->answer != JUDGE_OPEN)
		snprintf(test->note, sizeof(test->note),
			 "of %zu lost packets queues on the way may have lost up to %zu", lost,
			 overflow);
}

int judge_ratio(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "loss", "ratio");
	struct groups groups = {0};

	groups.of[LAW_CHAIN].stretches =
		malloc((judged->oracle->count + 1) * sizeof(struct statistics_stretch));
	if (!groups.of[LAW_CHAIN].stretches)
		return -ENOMEM;
	fill(judged, &groups);
	expect(judged->oracle, &groups);
	count_overflow(judged, &groups);
	judge_groups(judged, &groups, test);
	free(groups.of[LAW_CHAIN].stretches);
	return 0;
}
