// SPDX-License-Identifier: BSD-3-Clause
// How much a packet's delay differs from the channel's constant delay: a distribution (a uniform or
// normal one, or a jitter_table), and how the deviations of packets hang together.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/decay.h"
#include "dataplane/model/error.h"
#include "dataplane/model/jitter_table.h"

// How deviations hang together. It follows from the request; the derivations stand in
// docs/models.md.
enum jitter_law {
	JITTER_INDEPENDENT, // a draw a packet: order free
	JITTER_CHAINED,     // netem's correlation from packet to packet
	JITTER_GAUSSIAN,    // order free with a half-life in time
	JITTER_ORDERLY      // order kept: in time, and so slowly that hardly a packet has to wait
};

struct jitter_request {
	enum jitter_kind kind;
	uint64_t jitter_ns;               // half width (uniform) or standard deviation; below 2^47
	double correlation;               // from packet to packet, 0..1
	uint64_t halflife_ns;             // 0: none; below 2^62, and not with a correlation
	bool order_free;                  // packets may overtake; else they keep their order
	const struct jitter_table *table; // of this kind; NULL for none, uniform and normal
};

// Read-only once made. The table is not owned.
struct jitter_params {
	enum jitter_kind kind;
	uint32_t correlation; // rho * (2^32 - 1); 0 for independent draws
	uint64_t jitter_ns;
	uint64_t halflife_ns;
	const struct jitter_table *table;
	bool order_free;
	// Made by jitter_finish.
	enum jitter_law law;
	struct decay_params pace; // in time: Gaussian, the half-life; orderly, of what y below is
};

// Of one channel. Zero-initialised is the start.
struct jitter_state {
	uint64_t last_at_ns; // in time: the last departure
	int64_t level;       // in time: a normal number or a score there, times 2^56
	uint32_t last_draw;  // chained
	bool has_last;       // chained
	uint8_t begun;       // in time: 1 + the law that `level` belongs to
};

// Checks and converts. -EINVAL with a sentence in `error` for a kind without its table or with
// another one's, a jitter of 0 with a kind other than JITTER_NONE or not below 2^47, a correlation
// outside 0..1, a half-life not below 2^62, or both of these.
int jitter_make(const struct jitter_request *request, const char *where,
		struct jitter_params *params, struct error *error);

// The same for what uniform and normal jitter mostly is: order kept, no half-life.
int jitter_make_params(enum jitter_kind kind, uint64_t jitter_ns, double correlation,
		       const char *where, struct jitter_params *params, struct error *error);

// Makes the law and its pace anew from the other fields, as after reading them from a file.
void jitter_finish(struct jitter_params *params);

// The deviation from the constant delay in nanoseconds, negative or positive, of a packet that
// departs at departs_at_ns; `draw` is its RNG_JITTER. Departures do not go back in time (one that
// does counts as at the same instant). Every packet that departs is offered, lost or not. The
// distribution is exact in every law but the chained one, whose draws are netem's: not quite
// uniform. Cannot fail.
int64_t jitter_offer(const struct jitter_params *params, struct jitter_state *state,
		     uint64_t departs_at_ns, uint32_t draw);

// The same for up to 64 packets in a row, whose departures do not go back among themselves.
void jitter_offer_many(const struct jitter_params *params, struct jitter_state *state,
		       const uint64_t *departs_at_ns, const uint32_t *draws, unsigned count,
		       int64_t *deviation_ns);

// The deviation of a packet's copy: the same distribution, a draw of its own (RNG_COPY_DELAY), and
// no trace in the state.
int64_t jitter_copy(const struct jitter_params *params, const struct jitter_state *state,
		    uint32_t draw);

// The distribution's quantile at (draw + 1/2) / 2^32, in nanoseconds: grows with the draw. Cannot
// fail.
int64_t jitter_quantile_ns(const struct jitter_params *params, uint32_t draw);

// The least (<= 0, for the parallel engine's lookahead) and greatest deviation there can be.
int64_t jitter_minimum_ns(const struct jitter_params *params);
int64_t jitter_maximum_ns(const struct jitter_params *params);
