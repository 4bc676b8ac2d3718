// SPDX-License-Identifier: BSD-3-Clause
// The judge on what happens to single packets: copies, damage, marks.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define CHANCE_LEAST 30 // happenings that are expected where a rate is judged
#define ETHERNET     14
#define HEADERS      60 // bytes behind it that routers read, IPv4's options included

// What was promised to frames and what came of it, one bit each.
struct tally {
	size_t promised, happened;
	size_t wrong;
	size_t first_wrong;
};

static void tally_one(struct tally *tally, size_t sent, bool promised, bool happened)
{
	tally->promised += promised;
	tally->happened += happened;
	if (promised != happened && tally->wrong++ == 0)
		tally->first_wrong = sent;
}

static void judge_tally(const struct tally *tally, struct judge_test *test, const char *what)
{
	test->expected = (double)tally->promised;
	test->measured = (double)tally->happened;
	test->p_value = tally->wrong == 0;
	test->answer = tally->wrong == 0 ? JUDGE_PASS : JUDGE_FAIL;
	if (tally->wrong)
		snprintf(test->note, sizeof(test->note),
			 "%zu packets, sent packet %zu the first: %s", tally->wrong,
			 tally->first_wrong, what);
}

// Which sent frames came more than once; NULL when memory is short.
static bool *copied_frames(const struct match *match)
{
	bool *copied = calloc(match->sent_count + 1, sizeof(*copied));

	for (size_t i = 0; copied && i < match->received_count; i++)
		if (match->kinds[i] == MATCH_DUPLICATE)
			copied[match->sent_of_received[i]] = true;
	return copied;
}

// A rate against its chance, where packets are independent: `happened` of `frames`.
static void judge_rate_of(const struct judge_case *judged, struct judge_test *test, size_t frames,
			  size_t happened, double chance)
{
	test->unit = "ratio";
	if (isnan(chance)) {
		judge_open(test, "correlated packets have no simple law");
		return;
	}
	if (frames == 0) {
		judge_open(test, "no packet that arrived under a known law");
		return;
	}
	test->expected = chance;
	test->measured = (double)happened / (double)frames;
	if (chance <= 0) {
		judge_none(test, happened);
		return;
	}
	judge_by_p(judged, test, statistics_binomial_p(frames, happened, chance),
		   chance * (double)frames >= CHANCE_LEAST);
}

// Happenings among independent frames when from `least` to `most` are expected (Hoeffding 1963: of
// unequal chances the mean one bounds their sum).
static void judge_range(const struct judge_case *judged, struct judge_test *test, size_t frames,
			size_t happened, double least, double most)
{
	double nearest = fmin(fmax((double)happened, least), most);

	test->unit = "ratio";
	if (isnan(most)) {
		judge_open(test, "correlated packets have no simple law");
		return;
	}
	if (frames == 0) {
		judge_open(test, "no packet that arrived under a known law");
		return;
	}
	test->expected = (nearest == least ? least : most) / (double)frames;
	test->measured = (double)happened / (double)frames;
	judge_by_p(judged, test,
		   nearest == (double)happened
			   ? 1
			   : statistics_binomial_p(frames, happened, nearest / (double)frames),
		   most >= CHANCE_LEAST);
}

// The chance of most frames, where eras differ: those of one era are judged.
static uint32_t commonest_era(const struct judge_case *judged, bool (*counts)(double),
			      double (*chance)(const struct oracle_era *))
{
	size_t *frames = calloc(judged->oracle->era_count + 1, sizeof(*frames));
	uint32_t best = 0;

	for (size_t i = 0; frames && i < judged->oracle->count; i++)
		if (judged->oracle->promises[i].class == ORACLE_SETTLED)
			frames[judged->oracle->promises[i].era]++;
	for (uint32_t era = 0; frames && era < judged->oracle->era_count; era++)
		if (counts(chance(&judged->oracle->eras[era])) >
			    counts(chance(&judged->oracle->eras[best])) ||
		    (counts(chance(&judged->oracle->eras[era])) ==
			     counts(chance(&judged->oracle->eras[best])) &&
		     frames[era] > frames[best]))
			best = era;
	free(frames);
	return best;
}

static bool happens(double chance)
{
	return chance > 0 || isnan(chance);
}

static double copies_of(const struct oracle_era *era)
{
	return era->copies;
}

static double damage_of(const struct oracle_era *era)
{
	return era->damage;
}

static int judge_copies(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "duplicates", "packets");
	const struct oracle *oracle = judged->oracle;
	bool *copied = copied_frames(judged->match);
	uint32_t era = commonest_era(judged, happens, copies_of);
	struct tally tally = {0};
	size_t frames = 0, happened = 0;

	if (!copied)
		return -ENOMEM;
	for (size_t i = 0; i < oracle->count; i++) {
		const struct oracle_promise *promise = &oracle->promises[i];

		if (promise->class != ORACLE_SETTLED ||
		    judged->match->received_of_sent[i] == MATCH_NONE)
			continue;
		tally_one(&tally, i, promise->copy_release_at_ns != 0, copied[i]);
		frames += promise->era == era;
		happened += promise->era == era && copied[i];
	}
	free(copied);
	if (oracle->exact && !judged->no_law)
		judge_tally(&tally, test, "came twice, or was to");
	else if (oracle->era_count && oracle->eras[era].copies_lost)
		judge_range(judged, test, frames, happened, 0,
			    (double)frames * oracle->eras[era].copies);
	else if (oracle->era_count)
		judge_rate_of(judged, test, frames, happened, oracle->eras[era].copies);
	else
		judge_none(test, judged->match->duplicated);
	return 0;
}

// The frames' digests tell neither DSCP nor ECN; where the law is certain, so is what it must be.
static bool is_corrupted(const struct judge_case *judged, size_t sent)
{
	uint32_t received = judged->match->received_of_sent[sent];
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	uint8_t ecn = promise->marked ? FRAME_CE : judged->sent->rows[sent].ecn;

	if (received == MATCH_NONE)
		return false;
	return judged->match->kinds[received] == MATCH_CORRUPTED ||
	       (judged->oracle->exact && promise->damaged &&
		(judged->received->rows[received].ecn != ecn ||
		 judged->received->rows[received].dscp != promise->dscp));
}

// The chance that damage to this frame hits what makes routers drop or misroute it, at most.
static double unread_share(const struct judge_case *judged, uint32_t era, size_t sent)
{
	double payload = (double)oracle_path_bytes(&judged->sent->rows[sent]) - ETHERNET;

	return fmin(1, judged->oracle->eras[era].damaged_bits * HEADERS / payload);
}

static void judge_damage(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "corruption", "packets");
	const struct oracle *oracle = judged->oracle;
	uint32_t era = commonest_era(judged, happens, damage_of);
	bool cut = judged->sent->shortest_cut != UINT32_MAX ||
		   judged->received->shortest_cut != UINT32_MAX;
	struct tally tally = {0};
	size_t frames = 0, happened = 0;
	double read = 0; // frames, less the share whose damage routers may see

	for (size_t i = 0; i < oracle->count; i++) {
		const struct oracle_promise *promise = &oracle->promises[i];

		if (promise->class != ORACLE_SETTLED ||
		    judged->match->received_of_sent[i] == MATCH_NONE)
			continue;
		if (promise->era == era && !oracle->exact)
			read += 1 - unread_share(judged, era, i);
		tally_one(&tally, i, promise->damaged,
			  is_corrupted(judged, i) && !(judged->otherwise && judged->otherwise[i]));
		frames += promise->era == era;
		happened += promise->era == era && is_corrupted(judged, i);
	}
	if (oracle->era_count == 0 || !happens(oracle->eras[era].damage))
		judge_none(test, judged->match->corrupted);
	else if (cut)
		judge_open(test, "bits may be flipped behind where the captures cut frames off");
	else if (oracle->exact && !judged->no_law)
		judge_tally(&tally, test, "has flipped bits, or was to, or has others");
	else if (oracle->exact)
		judge_rate_of(judged, test, frames, happened, oracle->eras[era].damage);
	else
		judge_range(judged, test, frames, happened, read * oracle->eras[era].damage,
			    (double)frames * oracle->eras[era].damage);
}

// ECN set to CE by a queue, where the law is certain.
static void judge_marks(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test;
	struct tally tally = {0};

	for (size_t i = 0; i < judged->oracle->count; i++) {
		const struct oracle_promise *promise = &judged->oracle->promises[i];
		uint32_t received = judged->match->received_of_sent[i];

		if (promise->class != ORACLE_SETTLED || received == MATCH_NONE || promise->damaged)
			continue;
		tally_one(&tally, i, promise->marked && judged->sent->rows[i].ecn != FRAME_CE,
			  judged->received->rows[received].ecn == FRAME_CE &&
				  judged->sent->rows[i].ecn != FRAME_CE);
	}
	if (tally.promised == 0 && tally.happened == 0)
		return;
	test = judge_add(judge, "marks", "packets");
	judge_tally(&tally, test, "is marked, or was to be");
}

// Has this arrival a DSCP that its frame cannot have? On a wire the law says which it has;
// elsewhere it is the sender's or one that a policer on the way gives. Not said where bits may be
// flipped.
static bool dscp_is_wrong(const struct judge_case *judged, uint32_t received)
{
	const struct frame_row *row = &judged->received->rows[received];
	uint32_t sent = judged->match->sent_of_received[received];
	const struct oracle_promise *promise;
	const struct oracle_era *era;

	if (judged->match->kinds[received] != MATCH_FIRST &&
	    judged->match->kinds[received] != MATCH_DUPLICATE)
		return false;
	promise = &judged->oracle->promises[sent];
	if (promise->class != ORACLE_SETTLED || promise->damaged || !row->has_dscp ||
	    !judged->sent->rows[sent].has_dscp)
		return false;
	if (judged->oracle->exact && !judged->no_law)
		return row->dscp != promise->dscp;
	era = &judged->oracle->eras[promise->era];
	return !happens(era->damage) && row->dscp != judged->sent->rows[sent].dscp &&
	       !(era->dscps >> (row->dscp & 63) & 1);
}

// DSCPs: that of the packet, or what a policer gives to what is yellow.
static void judge_dscps(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test;
	uint32_t first = MATCH_NONE, sent;
	size_t wrong = 0;
	bool remarks = false;

	for (size_t i = 0; i < judged->oracle->era_count; i++)
		remarks |= judged->oracle->eras[i].dscps != 0;
	for (uint32_t i = 0; i < judged->match->received_count; i++)
		if (dscp_is_wrong(judged, i) && wrong++ == 0)
			first = i;
	if (!remarks && wrong == 0)
		return;
	test = judge_add(judge, "dscp", "packets");
	judge_none(test, wrong);
	if (wrong == 0)
		return;
	sent = judged->match->sent_of_received[first];
	if (judged->oracle->exact && !judged->no_law)
		snprintf(test->note, sizeof(test->note),
			 "sent packet %u came with DSCP %u, and was to have %u", sent,
			 judged->received->rows[first].dscp, judged->oracle->promises[sent].dscp);
	else
		snprintf(test->note, sizeof(test->note),
			 "sent packet %u came with DSCP %u, which neither it nor a policer on its "
			 "way has given",
			 sent, judged->received->rows[first].dscp);
}

int judge_mishaps(const struct judge_case *judged, struct judge *judge)
{
	judge_damage(judged, judge);
	judge_dscps(judged, judge);
	if (judged->oracle->exact && !judged->no_law)
		judge_marks(judged, judge);
	return judge_copies(judged, judge);
}
