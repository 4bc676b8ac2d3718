// SPDX-License-Identifier: BSD-3-Clause
// Which packets of a channel are lost: random (with netem's correlation), Gilbert-Elliott, four
// states, by bit errors, by a pattern, every n-th, named packets of a flow, and outages in time.
// Their closed forms stand in loss_law.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/frame.h"
#include "dataplane/model/outage.h"

enum loss_kind {
	LOSS_NONE,
	LOSS_RANDOM,
	LOSS_GILBERT_ELLIOTT,
	LOSS_STATES,  // four of them, as netem's `loss state`
	LOSS_BER,     // bit-error rate: the longer a frame, the likelier
	LOSS_PATTERN, // a string of bits, one a packet
	LOSS_EVERY,   // every n-th packet
	LOSS_PACKETS, // named packets of a flow
	LOSS_OUTAGE   // all, for a while
};

#define LOSS_PACKETS_MOST 16
#define LOSS_LENGTH_BITS  17 // frames of up to 131071 bytes are told apart

// Gap and burst, received and lost, of Salsano, Ludovici and Ordine, "Definition of a general and
// intuitive loss model for packet networks", 2009. Numbered from 1 there and in netem.
enum loss_state_name { LOSS_GAP, LOSS_BURST_RECEIVED, LOSS_BURST, LOSS_GAP_LOST };

// Probabilities are thresholds of a 32-bit draw: lost if draw < threshold, so 2^32 means always.
// Made by loss_*_params; read-only afterwards.
struct loss_params {
	enum loss_kind kind;
	bool ecn;             // ECN-capable packets are marked instead (set it after making)
	uint32_t fingerprint; // of what is counted: a change of it begins anew
	uint32_t correlation; // random: rho * (2^32 - 1), see loss_offer
	uint64_t random;      // random: P(lost) * 2^32
	union {
		struct {                       // Gilbert-Elliott
			uint64_t good_to_bad;  // p
			uint64_t bad_to_good;  // r
			uint64_t lost_in_bad;  // 1-h
			uint64_t lost_in_good; // 1-k
		};
		struct { // LOSS_STATES; from state 4 always to 1
			uint64_t p13, p31, p32, p23, p14;
		};
		uint64_t spared_q64[LOSS_LENGTH_BITS]; // ber: that 2^i bytes are right, times 2^64
		struct {
			const uint8_t
				*pattern; // bit n: byte n / 8, bit n % 8, 1 is lost; not owned
			uint64_t pattern_bits;
			bool pattern_once; // nothing is lost after its end; else for ever again
		};
		struct {
			uint64_t every; // lost: packets from, from + every, ...; they count from 1
			uint64_t from;
		};
		struct {
			uint64_t numbers[LOSS_PACKETS_MOST]; // increasing, from 1
			uint32_t number_count;
			uint8_t protocol;     // of IP; 0: any
			bool segments_only;   // TCP with payload
			uint16_t source_port; // 0: any
			uint16_t target_port;
		};
		struct outage_params outage;
	};
};

// What is remembered from one packet to the next. All zero at the start: the good state.
struct loss_state {
	uint32_t last_draw; // correlated draw of the packet before
	bool has_last;
	bool bad;
	uint8_t chain;        // enum loss_state_name
	uint32_t fingerprint; // of the parameters by which `packets` and `place` were counted
	uint64_t packets;     // that have been counted
	uint64_t place;       // in the pattern, since the last of every n, or in the list
	struct outage_state outage;
};

// A packet, and the draws that belong to it.
struct loss_packet {
	const struct channel_frame *frame;
	uint64_t at_ns; // when its last bit left the line
	uint64_t seed;
	uint32_t random_key;
	uint32_t draw;       // RNG_LOSS
	uint32_t state_draw; // RNG_LOSS_STATE
};

// Checks and converts probabilities (0 to 1). -EINVAL with a sentence in `error` if one is outside
// 0..1 or NaN, or is positive but rounds to 0 / below 1 but rounds to 1 at the resolution 2^-32.
// `where` names the place for the error.
int loss_random_params(double probability, double correlation, const char *where,
		       struct loss_params *params, struct error *error);
int loss_gilbert_elliott_params(double p, double r, double one_minus_h, double one_minus_k,
				const char *where, struct loss_params *params, struct error *error);

// The four states of netem's `loss state`. -EINVAL also when two ways out of a state are together
// likelier than 1: p13 + p14, p31 + p32.
int loss_states_params(double p13, double p31, double p32, double p23, double p14,
		       const char *where, struct loss_params *params, struct error *error);

// What tc fills in behind the first `given` (1 or more) of p13 p31 p32 p23 p14: 1 - p13, 0, 1, 0;
// and of p r 1-h 1-k: 1 - p, 1, 0.
void loss_states_defaults(double probability[5], int given);
void loss_gilbert_elliott_defaults(double probability[4], int given);

// A frame of n bytes is lost with 1 - (1 - ber)^(8 n). 1e-16 to below 1; -EINVAL with a sentence
// otherwise.
int loss_ber_params(double ber, const char *where, struct loss_params *params, struct error *error);

// A string of bits, the first for the first packet. It stays the caller's as long as anything
// points to it. -EINVAL with a sentence for none.
int loss_pattern_params(const uint8_t *bits, uint64_t count, bool once, const char *where,
			struct loss_params *params, struct error *error);

// Packet `from`, and every n-th after it. -EINVAL with a sentence for 0; from 0 means n.
int loss_every_params(uint64_t every, uint64_t from, const char *where, struct loss_params *params,
		      struct error *error);

// Of the packets that match protocol and ports (0: any) those numbered. `flow` gives protocol,
// ports, and is_segment: TCP with payload only. 1 to 16 numbers that increase, from 1; ports need a
// protocol that has them. -EINVAL with a sentence otherwise.
int loss_packets_params(const uint64_t *numbers, uint32_t count, const struct channel_frame *flow,
			const char *where, struct loss_params *params, struct error *error);

// See outage_make.
int loss_outage_params(uint64_t outage_ns, uint64_t interval_ns, bool fixed, const char *where,
		       struct loss_params *params, struct error *error);

// Does the law look at more of a frame than its length?
bool loss_reads_headers(const struct loss_params *params);

// Is this packet lost, by what the draws alone decide: none, random, Gilbert-Elliott, four states?
// `draw` is RNG_LOSS and `state_draw` RNG_LOSS_STATE of this packet. A chain's state moves first,
// then the loss is drawn in the new state, so bursts in the bad state have mean 1/r (h = 0). Random
// with correlation: netem's x' = (x(2^32-rho) + last*rho) / 2^32. Cannot fail. Source: tc-netem(8);
// Elliott 1963; Salsano et al. 2009; facts in docs/models.md.
bool loss_offer(const struct loss_params *params, struct loss_state *state, uint32_t draw,
		uint32_t state_draw);

// The same for up to 64 packets in a row: bit n says of the n-th whether it is lost. Cannot fail.
uint64_t loss_offer_many(const struct loss_params *params, struct loss_state *state,
			 const uint32_t *draws, const uint32_t *state_draws, unsigned count);

// The same for all kinds. Cannot fail.
bool loss_enter(const struct loss_params *params, struct loss_state *state,
		const struct loss_packet *packet);

// Long-run loss ratio of the model, closed form. Gilbert-Elliott: pi_bad (1-h) + pi_good (1-k),
// pi_bad = p / (p + r); p = r = 0 stays good for ever. Bit errors: of frames of 1514 bytes.
// Patterns that end and named packets: 0. Cannot fail.
double loss_ratio(const struct loss_params *params);

// Lag-1 autocorrelation of the loss indicator (0 where draws and chains do not make it), and mean
// run of packets in the bad state of Gilbert-Elliott (1/r; infinite when r is 0). Cannot fail.
double loss_lag1_correlation(const struct loss_params *params);
double loss_mean_bad_packets(const struct loss_params *params);

// Probability, times 2^64, that no bit of so many bytes is wrong; LOSS_BER only. Off by at most
// 8 bytes 2^-62, which is that of a bit-error rate off by 2^-62.
uint64_t loss_ber_spared_q64(const struct loss_params *params, uint32_t frame_bytes);
