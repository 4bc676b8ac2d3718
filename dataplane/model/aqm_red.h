// SPDX-License-Identifier: BSD-3-Clause
// RED (Floyd and Jacobson, "Random early detection gateways for congestion avoidance", IEEE/ACM
// Transactions on Networking, 1993), with the parameters of tc-red(8): drops arriving frames with a
// probability that grows with the moving average of the queue between two thresholds.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/aqm.h"
#include "dataplane/model/error.h"

#define RED_PROBABILITY (UINT64_C(0x100000000) / 50) // tc-red's 0.02
#define RED_AVPKT_BYTES 1000

struct red_params {
	uint64_t min_bytes;     // average below which nothing is dropped
	uint64_t max_bytes;     // average from which everything is
	uint64_t probability;   // of a drop just below max_bytes, times 2^32
	uint64_t bandwidth_bps; // at which an idle line would have sent; 0: the line's rate
	uint32_t avpkt_bytes;   // average packet
	uint32_t burst_packets; // that arrive at once without a drop; 0: (2 min + max) / (3 avpkt)
	bool ecn;               // mark ECN-capable frames instead of dropping them
	bool harddrop;          // with ecn: drop them all the same when the average is above max
	bool nodrop;            // with ecn: never drop what cannot be marked
	bool adaptive;          // keep the average halfway by moving the probability
	// Made by red_finish.
	uint32_t weight_shift;     // an arrival moves the average by 2^-weight_shift
	uint64_t range_reciprocal; // 2^64 / (max_bytes - min_bytes)
	uint64_t idle_reciprocal;  // 2^64 / ns of an average packet, rounded up; 0: no ageing
	uint64_t target_low, target_high; // adaptive: averages to stay between, times 2^32
};

// Zero-initialised is the start at time 0; red_start for later.
struct red_state {
	uint64_t average;       // bytes times 2^32
	uint64_t idle_from_ns;  // when the queue last became empty
	uint64_t probability;   // adaptive: in place of the parameter; 0: not begun
	uint64_t adapted_at_ns; // last step of the adaptation
	uint64_t count;         // passed since the last drop, while the average is above min
};

// Checks and fills in what follows; `line_bps` is the line's rate, 0 for none or unknown. -EINVAL
// with a sentence: thresholds that are not 0 < min < max <= 2^30, a probability of 0 or above 1,
// an avpkt of 0 or above 65535, a bandwidth above 10 Tbit/s, a burst too short for min (as in tc)
// or above 2^20, harddrop or nodrop without ecn. params stays as it was on errors.
int red_finish(struct red_params *params, uint64_t line_bps, const char *where,
	       struct error *error);

void red_start(struct red_state *state, uint64_t at_ns);

// The verdict on a frame that arrives and finds backlog_bytes before it. `draw` is RNG_QUEUE.
// Cannot fail.
enum aqm_verdict red_offer(const struct red_params *params, struct red_state *state, uint64_t at_ns,
			   uint64_t backlog_bytes, uint8_t ecn, uint32_t draw);

// The probability of a drop just after one (p_b of the paper), times 2^32, at an average in bytes
// times 2^32 and a probability at max. For red_offer, tests and the judge.
uint64_t red_probability(const struct red_params *params, uint64_t probability, uint64_t average);
