// SPDX-License-Identifier: BSD-3-Clause
// Which received frame is which sent one. By packet id where both captures have them, else by what
// does not change on the way (digest.h). Equal frames are told apart by their order and by when
// they are expected, so repeated payloads may be lost and duplicated without confusion.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "pcaps/frames.h"

#define MATCH_NONE UINT32_MAX

enum match_kind {
	MATCH_EXTRA,     // nothing sent looks like it
	MATCH_FIRST,     // the first arrival of a sent frame
	MATCH_DUPLICATE, // a further arrival
	MATCH_CORRUPTED  // a sent frame with some bits changed
};

struct match_options {
	bool ignore_packet_ids;
	// Per sent frame, when it should arrive on the received capture's clock (UINT64_MAX: it
	// should be lost). Only used among frames that are equal. NULL: not known; then the delay
	// of the frames around is expected.
	const uint64_t *expected_at_ns;
	// Per sent frame, the DSCP with which it should arrive: tells frames apart that are equal
	// but for that, and one that comes with another is still found. NULL: not known.
	const uint8_t *expected_dscp;
};

struct match {
	uint32_t *received_of_sent; // first arrival (also a corrupted one), or MATCH_NONE: lost
	uint32_t *sent_of_received; // or MATCH_NONE: extra
	uint8_t *kinds;             // enum match_kind, per received frame
	size_t sent_count;
	size_t received_count;
	size_t lost;
	size_t duplicated;
	size_t corrupted;
	size_t extra;
	size_t ambiguous; // arrivals of frames that equal others of which some were lost or came
			  // twice, with nothing to say which is which: their delays are a guess
	bool by_packet_id;
};

// Linear in the number of frames, about 50 bytes each. 0 or -ENOMEM with a sentence.
int match_frames(const struct frames *sent, const struct frames *received,
		 const struct match_options *options, struct match *match, struct error *error);
// Counts anew what is lost, duplicated, corrupted and extra, from received_of_sent and kinds: for
// who has changed those. Cannot fail.
void match_count(struct match *match);
void match_free(struct match *match);
