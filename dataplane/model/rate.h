// SPDX-License-Identifier: BSD-3-Clause
// The line of a channel: when a frame's last bit leaves. One entry for each way in which a line may
// be limited: a serialiser of constant rate (exact, so that no error accumulates), a token bucket,
// a rate that changes over time, the delivery opportunities of a trace, and slots of a shared
// return link that a serialiser sends in.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/access.h"
#include "dataplane/model/bucket.h"
#include "dataplane/model/error.h"
#include "dataplane/model/opportunity.h"
#include "dataplane/model/rate_profile.h"

#define RATE_MIN_BPS 8
#define RATE_MAX_BPS INT64_C(10000000000000)

enum rate_kind { RATE_CONSTANT, RATE_BUCKET, RATE_PROFILE, RATE_OPPORTUNITIES, RATE_ACCESS };

struct rate_params {
	uint64_t ns_per_byte_q32; // nanoseconds per byte times 2^32; 0 means no line of any kind
	int32_t overhead_bytes;   // added to each frame (may be negative), as in netem
	uint32_t cell_bytes;      // 0: none; else frames occupy whole cells, as in netem
	uint32_t cell_overhead_bytes;
	uint32_t cell_reciprocal; // made by rate_make_params, so that offer never divides
	uint64_t bits_per_second; // as asked, or on average: for reports
	enum rate_kind kind;
	enum rate_kind modem; // RATE_ACCESS: the line that sends what has its slot
	struct bucket_params bucket;
	const struct rate_profile *profile;        // RATE_PROFILE; not owned
	const struct opportunities *opportunities; // RATE_OPPORTUNITIES; not owned
	struct access_params access;               // RATE_ACCESS
};

// When the line is free again: nanoseconds and 2^-32 ns. Zero at the start.
struct rate_state {
	uint64_t free_at_ns;
	uint32_t free_at_frac;
	struct bucket_state bucket;
	struct rate_profile_state profile;
	struct opportunity_state opportunity;
	struct access_state access;
};

// Overhead of Ethernet on the wire beyond a frame without FCS: preamble 8, FCS 4, gap 12.
#define RATE_ETHERNET_OVERHEAD_BYTES 24

// Checks and converts: a line of constant rate. bits_per_second 0 means no line; else 8 bit/s to
// 10 Tbit/s. Overhead from -65535 to 65535; cell and cell overhead up to 65535. -EINVAL with a
// sentence otherwise.
int rate_make_params(uint64_t bits_per_second, int32_t overhead_bytes, uint32_t cell_bytes,
		     uint32_t cell_overhead_bytes, const char *where, struct rate_params *params,
		     struct error *error);

// Makes a line of constant rate a token bucket of that rate; see bucket_make. -EINVAL with a
// sentence, and nothing is changed, when there is no rate or bucket_make refuses.
int rate_add_bucket(struct rate_params *params, uint32_t burst_bytes, uint64_t peak_bits_per_second,
		    uint32_t peak_burst_bytes, const char *where, struct error *error);

// Makes a line (of any rate or none; its framing stays) follow a profile, or a list of
// opportunities. Both stay the caller's. Cannot fail.
void rate_follow_profile(struct rate_params *params, const struct rate_profile *profile);
void rate_follow_opportunities(struct rate_params *params, const struct opportunities *list);

// Puts slots before a line of constant rate or of a profile. The line may be slower than what is
// assigned for a while: -EINVAL with a sentence when one of constant rate always is, or has a
// burst. Without a line one is made that is as fast as all that may be assigned.
int rate_add_access(struct rate_params *params, const struct access_params *access,
		    const char *where, struct error *error);

// Bytes that a frame of `frame_bytes` (Ethernet header and payload, no FCS) occupies on the line.
// Never below 1 with a line.
uint32_t rate_line_bytes(const struct rate_params *params, uint32_t frame_bytes);

// Can the line ever carry such a frame? False only where it is longer than a bucket's burst.
bool rate_carries(const struct rate_params *params, uint32_t frame_bytes);

// The nanosecond (rounded down) at which the last bit of the frame leaves, when it arrives at
// `arrival_at_ns`. Moves the state. Constant rate: max(arrival, free) + line bytes * time per byte.
// Bucket: as soon as there are tokens for it. Profile and opportunities: see there. Access: from
// the slot on that sends its last byte. Without a line:
// arrival_at_ns. Departures never go back in time as long as arrivals do not. Cannot fail.
uint64_t rate_offer(const struct rate_params *params, struct rate_state *state,
		    uint64_t arrival_at_ns, uint32_t frame_bytes);

// The same for frames that arrive at one instant at a line of constant rate, up to the first that
// would wait longer than most_wait_ns, which is below 2^62. Gives how many. Cannot fail.
unsigned rate_offer_many(const struct rate_params *params, struct rate_state *state,
			 uint64_t arrival_at_ns, uint64_t most_wait_ns, const uint32_t *frame_bytes,
			 unsigned count, uint64_t *departs_at_ns);

// ---- For queues that choose the next frame only when the line takes it ----

// When the line takes a frame that waits since `arrival_at_ns`. Constant rate: max(arrival, free),
// when its first bit leaves; profile: the same, past a rate of 0; bucket: as soon as there are
// tokens for it; opportunities and access: when the one comes that takes its first byte. May be in
// the past when a longer frame waited in its place. Does not move the state.
uint64_t rate_start_ns(const struct rate_params *params, const struct rate_state *state,
		       uint64_t arrival_at_ns, uint32_t frame_bytes);

// Like rate_offer for a frame that the line takes at `at_ns`, not before rate_start_ns(). They
// differ where an opportunity comes at that instant: a frame that waited may use it, one that
// arrives may not.
uint64_t rate_take(const struct rate_params *params, struct rate_state *state, uint64_t at_ns,
		   uint32_t frame_bytes);

// How long a frame (the shortest) that arrives now waits before its first bit leaves. Does not move
// the state.
uint64_t rate_wait_ns(const struct rate_params *params, const struct rate_state *state,
		      uint64_t arrival_at_ns);

// A frame has waited in a queue since one instant, and does so at another: access asks for
// capacity. Nothing on other lines.
void rate_waited(const struct rate_params *params, struct rate_state *state, uint64_t since_ns,
		 uint64_t at_ns);

// No frame that arrives at t departs before t + this, whatever the state.
uint64_t rate_minimum_ns(const struct rate_params *params);

// The line of constant rate that RATE_ACCESS is never slower than, once a frame has waited
// access_longest_ns() and a superframe for its slots; any other as it is. For bounds.
struct rate_params rate_at_least(const struct rate_params *params);

// Time of one frame at bits_per_second, rounded to the nearest nanosecond (reports, paths).
uint64_t rate_serialisation_ns(const struct rate_params *params, uint32_t frame_bytes);
