// SPDX-License-Identifier: BSD-3-Clause
// Policers: colours by rate and burst, without a queue. The single-rate three-colour marker of RFC
// 2697 and the two-rate one of RFC 2698, both colour-blind. Red is lost, green and yellow pass.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"

enum police_kind {
	POLICE_NONE,
	POLICE_SINGLE_RATE, // RFC 2697: CIR, CBS, EBS
	POLICE_TWO_RATE     // RFC 2698: CIR, CBS, PIR, PBS
};

enum police_colour { POLICE_GREEN, POLICE_YELLOW, POLICE_RED };

// Made by police_make_*. Amounts are 10^-9 bit: what a rate of 1 bit/s gives in a nanosecond.
struct police_params {
	enum police_kind kind;
	bool remarks;           // yellow packets get a DSCP (set it, and which one, after making)
	uint8_t yellow_dscp;    // 0..63
	int32_t overhead_bytes; // made -14: the RFCs count IP packets, without the link's header
	uint64_t committed_bps; // CIR
	uint64_t peak_bps;      // PIR
	uint64_t committed_bits_e9; // CBS
	uint64_t second_bits_e9;    // EBS or PBS
};

// What the buckets lack of being full. Zero-initialised is full, as the RFCs begin.
struct police_state {
	uint64_t at_ns; // of the last packet
	uint64_t committed_missing;
	uint64_t second_missing;
};

// Checks and converts. Rates from 8 bit/s to 10 Tbit/s, bursts up to 2^31 bytes. -EINVAL with a
// sentence when both bursts of a single rate are 0 (RFC 2697), a burst of two rates is 0, or the
// peak rate is below the committed one (RFC 2698).
int police_make_single_rate(uint64_t cir_bps, uint64_t cbs_bytes, uint64_t ebs_bytes,
			    const char *where, struct police_params *params, struct error *error);
int police_make_two_rate(uint64_t cir_bps, uint64_t cbs_bytes, uint64_t pir_bps, uint64_t pbs_bytes,
			 const char *where, struct police_params *params, struct error *error);

// The colour of a frame that arrives now. Arrivals must not go back in time. Cannot fail. Source:
// RFC 2697, section 3, RFC 2698, section 3, colour-blind mode; tokens come continuously.
enum police_colour police_offer(const struct police_params *params, struct police_state *state,
				uint64_t arrival_at_ns, uint32_t frame_bytes);
