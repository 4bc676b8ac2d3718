// SPDX-License-Identifier: BSD-3-Clause
// A link while its section is read: what the topology does not keep. Private to load_link*.c.
#pragma once

#include <stdbool.h>

#include "topologies/reader.h"

// Impairments are written for both directions, and over that for one.
enum scope { SCOPE_FORWARD, SCOPE_REVERSE, SCOPE_BOTH, SCOPES };

// Quantities of a radio that each station or direction may have of its own.
enum radio_own {
	RADIO_ANTENNA,
	RADIO_POWER,
	RADIO_NOISE,
	RADIO_POINTING,
	RADIO_GT,
	RADIO_EIRP,
	RADIO_SYMBOLS,
	RADIO_OWN
};

struct link_draft {
	struct link *link;
	bool medium_given;
	bool framing_ethernet;
	double stretch; // 0: not given
	uint64_t metric[SCOPES];
	struct impairment impairments[SCOPES];
	// Which entry gave each group (enum impairment_given, by bit), for conflicts.
	const struct ini_entry *given_by[SCOPES][IMPAIRMENT_GROUPS];
	// The entries of keys that exclude each other or belong to a medium.
	const struct ini_entry *ends;
	const struct ini_entry *length;
	const struct ini_entry *stretch_entry;
	const struct ini_entry *group_index;
	const struct ini_entry *equipment;
	const struct ini_entry *processing;
	const struct ini_entry *elevation;
	const struct ini_entry *band;
	const struct ini_entry *via;
	const struct ini_entry *choose;
	const struct ini_entry *handover;
	const struct ini_entry *detection;
	const struct ini_entry *framing;
	const struct ini_entry *acm[SCOPES];    // rate = acm
	const struct ini_entry *modcod[SCOPES]; // and its names
	const struct ini_entry *diversity[LINK_DIRECTIONS];
	bool radio_own[RADIO_OWN][LINK_DIRECTIONS]; // given for one direction
};

// Values of the keys delay, jitter, loss, limit, rate and netem (load_impairment.c).
void read_link_impairment(struct reader *reader, void *thing, const struct ini_entry *entry);
// Puts the scopes together into the link's two directions.
void finish_link_impairments(struct reader *reader, struct link_draft *draft);

// Translates the whole of each direction's impairments, so that what the models refuse together is
// said with the file's other faults. After finish_link, for a link without other faults.
void check_link_impairments(struct reader *reader, const struct link *link);

// Resolves the ends, checks that the keys fit the medium, computes length and propagation
// (load_propagation.c).
void finish_link(struct reader *reader, struct link_draft *draft);

// Values of via, handover and choose (load_via.c).
void read_via(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_handover(struct reader *reader, void *thing, const struct ini_entry *entry);
void read_choose(struct reader *reader, void *thing, const struct ini_entry *entry);
// Whether the three fit together. False when the link has no way to take; that was reported.
bool finish_via(struct reader *reader, struct link_draft *draft);
