// SPDX-License-Identifier: BSD-3-Clause
// Are the flipped bits those that the law flips? A frame's damage is addressed like every draw, so
// what a damaged frame looks like is certain; and that tells which frame it was, however many bits.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pcaps/frames.h"
#include "pcaps/journal.h"
#include "pcaps/match.h"
#include "pcaps/oracle.h"

// A wire whose exact oracle it is, and the file that `sent` was read from, whole frames.
struct damage_case {
	const char *path;
	const struct journal *journal;
	uint32_t channel;
	uint64_t first_packet; // as oracle_wire's
	const struct frames *sent;
	const struct frames *received;
	const struct oracle *oracle;
};

// Reads the sent frames once more, does to them what the law does, and sets right in `match` which
// received frame is which damaged one. Gives, per sent frame, whether it is damaged otherwise than
// promised, in *otherwise: the caller's to free; NULL when no damage is promised. 0 or a negative
// errno with a sentence.
int damage_compare(const struct damage_case *wire, struct match *match, bool **otherwise,
		   struct error *error);
