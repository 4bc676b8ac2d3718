// SPDX-License-Identifier: BSD-3-Clause
// Damaged frames as they must look, found by their digests among those that are nobody's.
#include "pcaps/damage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/trace.h"

struct looks {
	uint64_t *keys;  // per sent frame that is promised damage: of what it must look like
	bool *promised;  // per sent frame: keys[] counts
	uint32_t *slots; // hash table of those: 1 + sent
	size_t slot_mask;
};

static void looks_fini(struct looks *looks)
{
	free(looks->keys);
	free(looks->promised);
	free(looks->slots);
}

static bool looks_init(struct looks *looks, size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	*looks = (struct looks){.keys = malloc((count + 1) * sizeof(*looks->keys)),
				.promised = calloc(count + 1, sizeof(*looks->promised)),
				.slots = calloc(slots, sizeof(*looks->slots)),
				.slot_mask = slots - 1};
	return looks->keys && looks->promised && looks->slots;
}

static size_t find_slot(const struct looks *looks, uint64_t key)
{
	size_t slot = (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & looks->slot_mask;

	while (looks->slots[slot] && looks->keys[looks->slots[slot] - 1] != key)
		slot = (slot + 1) & looks->slot_mask;
	return slot;
}

// The sent frame that looks like this when it is damaged, or MATCH_NONE.
static uint32_t whose(const struct looks *looks, uint64_t key)
{
	return looks->slots[find_slot(looks, key)] - 1; // 0 wraps to MATCH_NONE
}

static bool is_promised(const struct damage_case *wire, size_t sent)
{
	const struct oracle_promise *promise = &wire->oracle->promises[sent];

	return promise->damaged && promise->lost == DROP_NONE;
}

// The entry in force when a frame departs: the last one of the channel up to then.
static const struct channel_params *params_of(const struct damage_case *wire, size_t sent)
{
	const struct journal *journal = wire->journal;
	uint64_t departs_at_ns = wire->oracle->promises[sent].departs_at_ns - journal->clock_ns;
	size_t low = 0, high = journal->channel_entry_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (journal->channels[middle].from_ns <= departs_at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	while (low > 0 && journal->channels[low - 1].channel != wire->channel)
		low--;
	return low > 0 ? &journal->channels[low - 1].params : NULL;
}

// In the order in which the engine does it: the policer's DSCP, the queue's mark, the damage.
static void look(const struct damage_case *wire, struct looks *looks, size_t sent, uint8_t *bytes,
		 uint32_t length)
{
	static const struct digest_options whole = {.scope = DIGEST_WHOLE};
	const struct channel_params *params = params_of(wire, sent);

	if (!params)
		return;
	if (wire->oracle->promises[sent].remarked)
		frame_mark_dscp(bytes, length, wire->oracle->promises[sent].dscp);
	if (wire->oracle->promises[sent].marked)
		frame_mark_ce(bytes, length);
	corrupt_apply(&params->corrupt, params->seed, params->random_key, wire->first_packet + sent,
		      bytes, length);
	looks->keys[sent] = digest_frame(&whole, bytes, length, length).key;
	looks->promised[sent] = true;
	looks->slots[find_slot(looks, looks->keys[sent])] = (uint32_t)sent + 1;
}

static bool was_taken(const struct frames *sent, const char *interface)
{
	return strncmp(interface ? interface : "", sent->interface, sizeof(sent->interface) - 1) ==
	       0;
}

static int look_at_all(const struct damage_case *wire, struct trace_reader *reader,
		       struct looks *looks, struct error *error)
{
	struct trace_frame frame;
	uint8_t *copy = NULL;
	size_t sent = 0;
	int got;

	while ((got = trace_read(reader, &frame, error)) > 0 && sent < wire->sent->count) {
		if (!was_taken(wire->sent, trace_interface_name(reader, frame.interface)))
			continue;
		if (is_promised(wire, sent)) {
			uint8_t *larger = realloc(copy, frame.length + 1);

			if (!larger) {
				got = error_set(error, -ENOMEM, wire->path,
						"no memory for a frame");
				break;
			}
			copy = larger;
			memcpy(copy, frame.bytes, frame.length);
			look(wire, looks, sent, copy, frame.length);
		}
		sent++;
	}
	free(copy);
	if (got >= 0 && sent != wire->sent->count)
		return error_set(error, -EIO, wire->path,
				 "holds other frames than a moment ago; leave it as it is");
	return got < 0 ? got : 0;
}

// Who looks as a damaged frame must is that frame, whatever was guessed before.
static void set_right(const struct damage_case *wire, const struct looks *looks,
		      struct match *match)
{
	for (uint32_t i = 0; i < match->received_count; i++) {
		uint32_t sent, guessed = match->sent_of_received[i];

		if (match->kinds[i] != MATCH_CORRUPTED && match->kinds[i] != MATCH_EXTRA)
			continue;
		sent = whose(looks, wire->received->rows[i].key);
		if (sent == MATCH_NONE || sent == guessed)
			continue;
		if (guessed != MATCH_NONE)
			match->received_of_sent[guessed] = MATCH_NONE;
		match->sent_of_received[i] = MATCH_NONE;
		match->kinds[i] = MATCH_EXTRA;
	}
	for (uint32_t i = 0; i < match->received_count; i++) {
		uint32_t sent, first;

		if (match->kinds[i] != MATCH_EXTRA)
			continue;
		sent = whose(looks, wire->received->rows[i].key);
		if (sent == MATCH_NONE)
			continue;
		first = match->received_of_sent[sent];
		match->sent_of_received[i] = sent;
		match->kinds[i] = MATCH_DUPLICATE;
		if (first != MATCH_NONE && (match->kinds[first] != MATCH_CORRUPTED ||
					    wire->received->rows[first].key == looks->keys[sent]))
			continue;
		if (first != MATCH_NONE) {
			match->sent_of_received[first] = MATCH_NONE;
			match->kinds[first] = MATCH_EXTRA;
		}
		match->received_of_sent[sent] = i;
		match->kinds[i] = MATCH_CORRUPTED;
	}
	match_count(match);
}

static bool *otherwise_of(const struct damage_case *wire, const struct looks *looks,
			  const struct match *match)
{
	bool *otherwise = calloc(match->sent_count + 1, sizeof(*otherwise));

	for (size_t i = 0; otherwise && i < match->sent_count; i++) {
		uint32_t arrival = match->received_of_sent[i];

		otherwise[i] = looks->promised[i] && arrival != MATCH_NONE &&
			       match->kinds[arrival] == MATCH_CORRUPTED &&
			       wire->received->rows[arrival].key != looks->keys[i];
	}
	return otherwise;
}

int damage_compare(const struct damage_case *wire, struct match *match, bool **otherwise,
		   struct error *error)
{
	struct trace_reader *reader;
	struct looks looks;
	size_t promised = 0;
	int code;

	*otherwise = NULL;
	for (size_t i = 0; i < wire->sent->count; i++)
		promised += is_promised(wire, i);
	if (promised == 0)
		return 0;
	reader = trace_open(wire->path, error);
	if (!reader)
		return error ? error->code : -EINVAL;
	if (looks_init(&looks, wire->sent->count)) {
		code = look_at_all(wire, reader, &looks, error);
		if (code == 0) {
			set_right(wire, &looks, match);
			*otherwise = otherwise_of(wire, &looks, match);
		}
	} else {
		code = -ENOMEM;
	}
	if (code == -ENOMEM || (code == 0 && !*otherwise))
		code = error_set(error, -ENOMEM, wire->path, "no memory for its damaged frames");
	looks_fini(&looks);
	trace_close(reader);
	return code;
}
