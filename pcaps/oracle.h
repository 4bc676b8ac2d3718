// SPDX-License-Identifier: BSD-3-Clause
// What must come out, from the capture that went in and the journal in force. It shares the law
// (dataplane/model) with the engine, and nothing else.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/channel.h"
#include "dataplane/model/error.h"
#include "pcaps/frames.h"
#include "pcaps/journal.h"

#define ORACLE_NEVER UINT64_MAX

enum oracle_class {
	ORACLE_SETTLED,    // the model says what may happen to it
	ORACLE_CONVERGING, // the path or its parameters change while it is under way, or it is cut
			   // up: it may be lost, and its delay has no bounds
	ORACLE_UNREACHABLE // there is no path: it must be lost
};

// The model of a stretch of sent frames.
struct oracle_era {
	// Loss. Not `known` when several correlated processes meet, whose sum has no simple law.
	bool loss_known;
	bool loss_varies; // a profile says how many: the chance is each promise's own
	struct loss_params loss;
	// Jitter, when one channel has it; several are only bounded.
	unsigned jitter_channels;
	struct jitter_params jitter;
	uint64_t
		jitter_delay_ns; // constant delay of that channel: the deviation is not below -this
	// The least wait in a queue on the way that must be there when it loses a packet: 0 where
	// that may be any (policers, active queue management), ORACLE_NEVER where none loses.
	uint64_t overflow_ns;
	bool serialised;         // a channel has a serialiser
	uint64_t queues_ns;      // one longest frame's time on each serialiser
	struct rate_params rate; // the last serialiser on the way, if any
	uint64_t rate_slack_ns;  // by how much jitter behind it can squeeze frames together
	bool in_order;           // no channel lets packets overtake
	bool delay_varies;       // over time: frames come closer together than a line sends them
	double copies;           // chance that a frame comes twice; NaN: no simple law
	double damage;           // chance that bits of it are flipped; NaN: no simple law
	bool copies_lost;        // copies may be lost behind where they are made
	unsigned damaged_bits;   // flipped at most
	uint64_t dscps;          // bit n: a policer on the way may give DSCP n to what is yellow
	// Of a path: what was in force on each channel of it; the journal's entries.
	const struct journal_channel **hops;
	size_t hop_count;
};

// What is promised to one sent frame. Instants are on the captures' clock.
struct oracle_promise {
	uint64_t earliest_at_ns;
	uint64_t latest_at_ns; // ORACLE_NEVER: queues without limit, no bound
	// Arrival with empty queues (a wire: with its own queue) less jitter.
	uint64_t constant_at_ns;
	uint64_t departs_at_ns;       // exact oracle: its last bit leaves the line
	uint64_t release_at_ns;       // exact oracle and not lost: when it leaves
	uint64_t copy_release_at_ns;  // exact oracle: when its copy leaves; 0: it has none
	double loss_least, loss_most; // where the era's loss_varies: its chance is between these
	uint32_t era;
	uint8_t class;  // enum oracle_class
	uint8_t lost;   // exact oracle: enum drop_reason
	bool is_free;   // its jitter is a draw of the distribution, independent of other free ones
	bool moved;     // a change moved it in flight, or may have
	bool damaged;   // exact oracle: bits are flipped
	bool marked;    // exact oracle: ECN is set to CE
	bool remarked;  // exact oracle: the policer gives it another DSCP, which is
	uint8_t dscp;   // exact oracle: the DSCP with which it leaves
	bool reordered; // exact oracle: chosen to be released without regard to order
};

struct oracle {
	struct oracle_promise *promises; // per sent frame
	size_t count;
	struct oracle_era *eras;
	size_t era_count;
	bool exact;      // one channel that only these frames enter: fate and release are certain
	bool from_start; // exact: the first frame was the channel's first
	size_t settled, converging, unreachable;
};

// Exact oracle of one channel that only the sent frames enter (a wire): the law of channel.h run
// over them. `first_packet` frames have entered before (their fate is not known: only 0 is exact
// for models with a memory). 0 or a negative errno with a sentence.
int oracle_wire(const struct journal *journal, uint32_t channel, uint64_t first_packet,
		const struct frames *sent, struct oracle *oracle, struct error *error);

// Bounds for a path of channels that others may use too.
int oracle_path(const struct journal *journal, uint32_t from_port, uint32_t to_port,
		const struct frames *sent, struct oracle *oracle, struct error *error);

// Per frame the instant at which match.h should expect it; NULL when memory is short. malloc'ed.
uint64_t *oracle_expected(const struct oracle *oracle);
// The same for its DSCP, of an exact oracle.
uint8_t *oracle_expected_dscp(const struct oracle *oracle);
// Private to pcaps/oracle*: the DSCPs that a channel's policer may give, as bits of era.dscps.
uint64_t oracle_dscps(const struct police_params *police);
void oracle_free(struct oracle *oracle);

// Private to pcaps/oracle*: an oracle for `sent` with room for its promises; refuses frames before
// the journal's clock.
int oracle_begin(const struct journal *journal, const struct frames *sent, struct oracle *oracle,
		 struct error *error);
// Has the number of losses a law that judge_loss knows?
bool oracle_loss_is_known(const struct loss_params *loss);
// Does a channel let no packet overtake?
bool oracle_keeps_order(const struct channel_params *params);
// The chance of what happens to each packet on its own; NaN where packets hang together.
double oracle_chance(const struct chance_params *chance);
// The era of a path's channels, without `hops`.
struct oracle_era oracle_era_of(const struct journal_channel *const *hops, size_t hop_count);
// Longest time on a channel's line that a frame of so many bytes may need.
uint64_t oracle_line_frame_ns(const struct rate_params *rate, uint32_t frame_bytes);
// Appends an era.
int oracle_add_era(struct oracle *oracle, const struct oracle_era *era, struct error *error);
// The frame's length on the channels of a path: routers pass on neither padding, trailers nor
// priority tags.
uint32_t oracle_path_bytes(const struct frame_row *row);
// An instant that a change at `least_ns` moves by `by_ns` (retime): never before the change.
uint64_t oracle_moved_ns(uint64_t at_ns, int64_t by_ns, uint64_t least_ns);
// Counts the classes.
void oracle_finish(struct oracle *oracle);
// a + b, at most ORACLE_NEVER.
uint64_t oracle_add_ns(uint64_t a, uint64_t b);
// The longest time a frame can wait and be sent on a channel's line; 0 without a serialiser.
uint64_t oracle_line_most_ns(const struct channel_params *params);

// The line alone, without the slots of a return link before it.
struct rate_params oracle_line_of(const struct rate_params *rate);

// Of a return link that asks for its capacity: the longest that a frame may wait in queue and for
// its slots, and the longest that one does behind nothing, until its last piece is sent.
uint64_t oracle_access_most_ns(const struct channel_params *params);
uint64_t oracle_access_idle_ns(const struct rate_params *rate, uint32_t frame_bytes);
// From the least to the greatest deviation.
uint64_t oracle_spread_ns(const struct jitter_params *jitter);
