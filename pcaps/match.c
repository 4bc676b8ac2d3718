// SPDX-License-Identifier: BSD-3-Clause
// Which received frame is which sent one.
#include "pcaps/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/trace.h"

#define LOOK_AHEAD      64   // equal frames, or frames left over, that are considered at once
#define CORRUPTED_LANES 1    // frames that differ in more are held to be different ones
#define EXPECTED_LANES  7    // the same for those that come at the instant at which one is expected
#define COPIES_APART    4096 // frames between a damaged frame and its copy
#define NEVER           UINT64_MAX
#define DSCP_FACTOR     UINT64_C(0xd6e8feb86659fd93) // odd: another key for each DSCP

// Frames with one key: chains of sent and of received ones, in order.
struct group {
	uint32_t sent_head, sent_tail, sent_count;
	uint32_t received_head, received_tail, received_count;
};

struct matcher {
	const struct frames *sent;
	const struct frames *received;
	const struct match_options *options;
	struct match *match;
	struct group *groups;
	size_t group_count;
	uint32_t *slots; // hash table: 1 + group
	size_t slot_mask;
	uint32_t *sent_next;
	uint32_t *received_next;
	uint32_t *anchors; // per received frame, the last one before it that is surely matched
};

static uint64_t key_of(const struct matcher *matcher, const struct frame_row *row, uint8_t dscp)
{
	if (matcher->match->by_packet_id)
		return row->packet_id;
	return matcher->options->expected_dscp ? row->key + dscp * DSCP_FACTOR : row->key;
}

static uint64_t sent_key(const struct matcher *matcher, uint32_t sent)
{
	const uint8_t *expected = matcher->options->expected_dscp;

	return key_of(matcher, &matcher->sent->rows[sent], expected ? expected[sent] : 0);
}

static uint64_t received_key(const struct matcher *matcher, uint32_t received)
{
	const struct frame_row *row = &matcher->received->rows[received];

	return key_of(matcher, row, row->dscp);
}

static uint64_t group_key(const struct matcher *matcher, const struct group *group)
{
	return sent_key(matcher, group->sent_head);
}

// Slot of a key: its group's, or the empty one where it belongs.
static size_t find_slot(const struct matcher *matcher, uint64_t key)
{
	size_t slot = (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & matcher->slot_mask;

	while (matcher->slots[slot] &&
	       group_key(matcher, &matcher->groups[matcher->slots[slot] - 1]) != key)
		slot = (slot + 1) & matcher->slot_mask;
	return slot;
}

static void group_sent(struct matcher *matcher)
{
	for (uint32_t i = 0; i < matcher->sent->count; i++) {
		size_t slot = find_slot(matcher, sent_key(matcher, i));
		struct group *group;

		matcher->sent_next[i] = MATCH_NONE;
		if (matcher->slots[slot]) {
			group = &matcher->groups[matcher->slots[slot] - 1];
			matcher->sent_next[group->sent_tail] = i;
		} else {
			group = &matcher->groups[matcher->group_count++];
			*group = (struct group){.sent_head = i,
						.received_head = MATCH_NONE,
						.received_tail = MATCH_NONE};
			matcher->slots[slot] = (uint32_t)matcher->group_count;
		}
		group->sent_tail = i;
		group->sent_count++;
	}
}

static void group_received(struct matcher *matcher)
{
	for (uint32_t i = 0; i < matcher->received->count; i++) {
		size_t slot = find_slot(matcher, received_key(matcher, i));
		struct group *group;

		matcher->received_next[i] = MATCH_NONE;
		if (!matcher->slots[slot])
			continue; // left over
		group = &matcher->groups[matcher->slots[slot] - 1];
		if (group->received_count++)
			matcher->received_next[group->received_tail] = i;
		else
			group->received_head = i;
		group->received_tail = i;
	}
}

static void pair(struct matcher *matcher, uint32_t sent, uint32_t received, enum match_kind kind)
{
	struct match *match = matcher->match;

	if (kind != MATCH_DUPLICATE)
		match->received_of_sent[sent] = received;
	match->sent_of_received[received] = sent;
	match->kinds[received] = (uint8_t)kind;
}

// As many received as sent, or one sent: no doubt which is which.
static bool is_plain(const struct group *group)
{
	return group->sent_count == group->received_count || group->sent_count == 1;
}

static void match_plain(struct matcher *matcher, const struct group *group)
{
	uint32_t sent = group->sent_head;
	uint32_t received = group->received_head;

	while (received != MATCH_NONE) {
		bool first = matcher->match->received_of_sent[sent] == MATCH_NONE;

		pair(matcher, sent, received, first ? MATCH_FIRST : MATCH_DUPLICATE);
		received = matcher->received_next[received];
		if (matcher->sent_next[sent] != MATCH_NONE)
			sent = matcher->sent_next[sent];
	}
}

static uint64_t distance(uint64_t one, uint64_t other)
{
	return one > other ? one - other : other - one;
}

// How far a received frame is from where the sent one is expected; NEVER when the sent one should
// be lost, or was sent later although the clocks agree. `delay_ns` is what the frames around took.
static uint64_t doubt(const struct matcher *matcher, uint32_t sent, uint32_t received,
		      uint64_t delay_ns)
{
	uint64_t at_ns = matcher->received->rows[received].at_ns;

	if (!matcher->options->expected_at_ns) {
		uint64_t sent_ns = matcher->sent->rows[sent].at_ns;

		if (sent_ns > at_ns && (int64_t)delay_ns >= 0)
			return NEVER;
		return distance(at_ns, sent_ns + delay_ns);
	}
	if (matcher->options->expected_at_ns[sent] == NEVER)
		return NEVER;
	return distance(at_ns, matcher->options->expected_at_ns[sent]);
}

// Delay of the sure match before a received frame; that of the last of this group when there is
// none. (Modulo 2^64, so that clocks may differ either way.)
static uint64_t delay_around(const struct matcher *matcher, uint32_t received, uint64_t last_ns)
{
	uint32_t anchor = matcher->anchors[received];

	if (anchor == MATCH_NONE)
		return last_ns;
	return matcher->received->rows[anchor].at_ns -
	       matcher->sent->rows[matcher->match->sent_of_received[anchor]].at_ns;
}

// The sent frame, from `sent` on and passing over at most `spare`, that fits best. Takes what it
// passed over off `spare`.
static uint32_t best_sent(const struct matcher *matcher, uint32_t sent, uint32_t received,
			  uint64_t delay_ns, uint32_t *spare)
{
	uint32_t best = sent;
	uint64_t least = doubt(matcher, sent, received, delay_ns);
	uint32_t passed = 0;
	uint32_t next = sent;

	for (uint32_t i = 1; least > 0 && i <= *spare && i <= LOOK_AHEAD; i++) {
		uint64_t found;

		next = matcher->sent_next[next];
		if (next == MATCH_NONE)
			break;
		found = doubt(matcher, next, received, delay_ns);
		if (found == NEVER)
			continue;
		if (found >= least)
			break;
		least = found;
		best = next;
		passed = i;
	}
	*spare -= passed;
	return best;
}

// Equal frames of which some were lost, or some duplicated: one pass over both chains in order.
static void match_unequal(struct matcher *matcher, const struct group *group)
{
	uint32_t lost = group->sent_count > group->received_count
				? group->sent_count - group->received_count
				: 0;
	uint32_t extra = group->received_count - (group->sent_count - lost);
	uint32_t sent = group->sent_head;
	uint32_t before = MATCH_NONE;
	uint32_t received = group->received_head;
	uint64_t last_ns;

	if (received == MATCH_NONE)
		return;
	if (!matcher->options->expected_at_ns)
		matcher->match->ambiguous += group->received_count;
	last_ns = matcher->received->rows[received].at_ns - matcher->sent->rows[sent].at_ns;
	for (; received != MATCH_NONE; received = matcher->received_next[received]) {
		uint64_t delay_ns = delay_around(matcher, received, last_ns);

		if (sent != MATCH_NONE)
			sent = best_sent(matcher, sent, received, delay_ns, &lost);
		if (before != MATCH_NONE && extra > 0 &&
		    (sent == MATCH_NONE || doubt(matcher, before, received, delay_ns) <
						   doubt(matcher, sent, received, delay_ns))) {
			pair(matcher, before, received, MATCH_DUPLICATE);
			extra--;
			continue;
		}
		if (sent == MATCH_NONE) // cannot be: there are as many as received, less extra
			break;
		pair(matcher, sent, received, MATCH_FIRST);
		last_ns = matcher->received->rows[received].at_ns - matcher->sent->rows[sent].at_ns;
		before = sent;
		sent = matcher->sent_next[sent];
	}
}

static void find_anchors(struct matcher *matcher)
{
	uint32_t anchor = MATCH_NONE;

	for (uint32_t i = 0; i < matcher->received->count; i++) {
		matcher->anchors[i] = anchor;
		if (matcher->match->kinds[i] == MATCH_FIRST)
			anchor = i;
	}
}

static void match_groups(struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->group_count; i++)
		if (is_plain(&matcher->groups[i]))
			match_plain(matcher, &matcher->groups[i]);
	find_anchors(matcher);
	for (size_t i = 0; i < matcher->group_count; i++)
		if (!is_plain(&matcher->groups[i]))
			match_unequal(matcher, &matcher->groups[i]);
}

static bool is_intact(const struct matcher *matcher, uint32_t received)
{
	return matcher->sent->rows[matcher->match->sent_of_received[received]].key ==
	       matcher->received->rows[received].key;
}

// Frames that came under the right packet id with other content. An intact copy counts as the first
// arrival then (RFC 7679: the first copy that is not corrupt).
static void find_corrupted_by_id(struct matcher *matcher)
{
	struct match *match = matcher->match;

	for (uint32_t i = 0; i < match->received_count; i++)
		if (match->kinds[i] == MATCH_FIRST && !is_intact(matcher, i))
			match->kinds[i] = MATCH_CORRUPTED;
	for (uint32_t i = 0; i < match->received_count; i++) {
		uint32_t sent = match->sent_of_received[i];

		if (match->kinds[i] != MATCH_DUPLICATE || !is_intact(matcher, i) ||
		    match->kinds[match->received_of_sent[sent]] != MATCH_CORRUPTED)
			continue;
		match->received_of_sent[sent] = i;
		match->kinds[i] = MATCH_FIRST;
	}
}

static bool is_expected_now(const struct matcher *matcher, uint32_t sent,
			    const struct frame_row *row)
{
	return matcher->options->expected_at_ns &&
	       matcher->options->expected_at_ns[sent] == row->at_ns;
}

// The lost frame near position `around` of the list that a left-over frame was before some of its
// bits changed: its index in the list, or `count`.
static size_t find_original(const struct matcher *matcher, const uint32_t *lost, size_t count,
			    size_t around, const struct frame_row *row)
{
	size_t from = around > LOOK_AHEAD ? around - LOOK_AHEAD : 0;
	size_t best = count;
	unsigned fewest = CORRUPTED_LANES + 1;

	for (size_t i = from; i < count && i < around + LOOK_AHEAD; i++) {
		const struct frame_row *sent = &matcher->sent->rows[lost[i]];
		unsigned differ;

		if (matcher->match->received_of_sent[lost[i]] != MATCH_NONE ||
		    sent->length != row->length)
			continue;
		differ = digest_lanes_that_differ(sent->lanes, row->lanes);
		// Come at the very instant at which it was to come, it may differ more.
		if (is_expected_now(matcher, lost[i], row))
			differ = differ > 0 && differ <= EXPECTED_LANES ? 1 : differ;
		if (differ < fewest || (differ == fewest && best != count &&
					distance(i, around) < distance(best, around))) {
			fewest = differ;
			best = i;
		}
	}
	return best;
}

// Those that are left over: the lost, and the damaged that have been found among the received.
struct leftovers {
	uint32_t *lost;
	size_t lost_count;
	uint32_t *damaged;
	size_t damaged_count;
};

// A left-over frame that equals a damaged one before it is its copy.
static bool is_copy_of_damaged(struct matcher *matcher, const struct leftovers *left,
			       uint32_t received)
{
	const struct frame_row *rows = matcher->received->rows;

	for (size_t i = left->damaged_count; i-- > 0;) {
		uint32_t damaged = left->damaged[i];

		if (received - damaged > COPIES_APART)
			break;
		if (rows[damaged].key != rows[received].key)
			continue;
		pair(matcher, matcher->match->sent_of_received[damaged], received, MATCH_DUPLICATE);
		return true;
	}
	return false;
}

// What differs in nothing but its DSCP has no flipped bit.
static enum match_kind damaged_kind(const struct matcher *matcher, uint32_t sent, uint32_t received)
{
	bool same = matcher->sent->rows[sent].key == matcher->received->rows[received].key;

	return same && !matcher->match->by_packet_id ? MATCH_FIRST : MATCH_CORRUPTED;
}

// Pairs frames that are left over on both sides and nearly equal, near each other in order.
static void pair_damaged(struct matcher *matcher, struct leftovers *left)
{
	struct match *match = matcher->match;
	size_t around = 0;
	uint32_t position = 0; // in the sent capture

	for (uint32_t i = 0; i < match->received_count; i++) {
		size_t found;

		if (match->kinds[i] == MATCH_FIRST && match->sent_of_received[i] > position)
			position = match->sent_of_received[i];
		if (match->kinds[i] != MATCH_EXTRA || is_copy_of_damaged(matcher, left, i))
			continue;
		while (around < left->lost_count && left->lost[around] < position)
			around++;
		found = find_original(matcher, left->lost, left->lost_count, around,
				      &matcher->received->rows[i]);
		if (found == left->lost_count)
			continue;
		pair(matcher, left->lost[found], i, damaged_kind(matcher, left->lost[found], i));
		left->damaged[left->damaged_count++] = i;
	}
}

static int find_corrupted(struct matcher *matcher)
{
	const struct match *match = matcher->match;
	struct leftovers left = {
		.lost = malloc((match->sent_count + 1) * sizeof(*left.lost)),
		.damaged = malloc((match->received_count + 1) * sizeof(*left.damaged)),
	};
	int code = left.lost && left.damaged ? 0 : -ENOMEM;

	if (code == 0) {
		for (uint32_t i = 0; i < match->sent_count; i++)
			if (match->received_of_sent[i] == MATCH_NONE)
				left.lost[left.lost_count++] = i;
		pair_damaged(matcher, &left);
	}
	free(left.lost);
	free(left.damaged);
	return code;
}

void match_count(struct match *match)
{
	match->lost = match->duplicated = match->corrupted = match->extra = 0;
	for (size_t i = 0; i < match->sent_count; i++)
		match->lost += match->received_of_sent[i] == MATCH_NONE;
	for (size_t i = 0; i < match->received_count; i++) {
		match->duplicated += match->kinds[i] == MATCH_DUPLICATE;
		match->corrupted += match->kinds[i] == MATCH_CORRUPTED;
		match->extra += match->kinds[i] == MATCH_EXTRA;
	}
}

static int match_by_key(struct matcher *matcher)
{
	struct match *match = matcher->match;

	memset(match->received_of_sent, 0xff, match->sent_count * sizeof(uint32_t));
	memset(match->sent_of_received, 0xff, match->received_count * sizeof(uint32_t));
	memset(match->kinds, MATCH_EXTRA, match->received_count);
	memset(matcher->slots, 0, (matcher->slot_mask + 1) * sizeof(uint32_t));
	matcher->group_count = 0;
	match->ambiguous = 0;
	group_sent(matcher);
	group_received(matcher);
	match_groups(matcher);
	if (match->by_packet_id)
		find_corrupted_by_id(matcher);
	return find_corrupted(matcher);
}

// Packet ids are believed if the sent ones are unique and most pairs have the same content.
static bool ids_were_right(const struct matcher *matcher)
{
	size_t pairs = 0;

	match_count(matcher->match);
	pairs = matcher->match->sent_count - matcher->match->lost;
	return matcher->group_count == matcher->sent->count &&
	       2 * matcher->match->corrupted <= pairs &&
	       2 * matcher->match->extra <= matcher->match->received_count;
}

static int run(struct matcher *matcher)
{
	int code;

	matcher->match->by_packet_id = !matcher->options->ignore_packet_ids &&
				       matcher->sent->have_ids && matcher->received->have_ids;
	code = match_by_key(matcher);
	if (code == 0 && matcher->match->by_packet_id && !ids_were_right(matcher)) {
		matcher->match->by_packet_id = false;
		code = match_by_key(matcher);
	}
	match_count(matcher->match);
	return code;
}

int match_frames(const struct frames *sent, const struct frames *received,
		 const struct match_options *options, struct match *match, struct error *error)
{
	struct matcher matcher = {
		.sent = sent, .received = received, .options = options, .match = match};
	size_t slots = 16;
	int code = -ENOMEM;

	*match = (struct match){.sent_count = sent->count, .received_count = received->count};
	while (slots < 2 * sent->count)
		slots *= 2;
	matcher.slot_mask = slots - 1;
	// One more than needed, so that an empty capture is no special case.
	match->received_of_sent = malloc((sent->count + 1) * sizeof(uint32_t));
	match->sent_of_received = malloc((received->count + 1) * sizeof(uint32_t));
	match->kinds = malloc(received->count + 1);
	matcher.groups = malloc((sent->count + 1) * sizeof(*matcher.groups));
	matcher.slots = malloc(slots * sizeof(*matcher.slots));
	matcher.sent_next = malloc((sent->count + 1) * sizeof(uint32_t));
	matcher.received_next = malloc((received->count + 1) * sizeof(uint32_t));
	matcher.anchors = malloc((received->count + 1) * sizeof(uint32_t));
	if (match->received_of_sent && match->sent_of_received && match->kinds && matcher.groups &&
	    matcher.slots && matcher.sent_next && matcher.received_next && matcher.anchors)
		code = run(&matcher);
	free(matcher.groups);
	free(matcher.slots);
	free(matcher.sent_next);
	free(matcher.received_next);
	free(matcher.anchors);
	if (code < 0) {
		match_free(match);
		return error_set(error, code, "match", "no memory for %zu + %zu frames",
				 sent->count, received->count);
	}
	return 0;
}

void match_free(struct match *match)
{
	free(match->received_of_sent);
	free(match->sent_of_received);
	free(match->kinds);
	*match = (struct match){0};
}
