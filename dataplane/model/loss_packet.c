// SPDX-License-Identifier: BSD-3-Clause
// Loss by more than draws: by a frame's length, by counting, by the clock.
#include "dataplane/model/loss.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define BER_LEAST 1e-16 // told apart from its neighbours to 3e-4 with 64 bits

// FNV-1a, over what a count belongs to.
static uint32_t fingerprint(uint32_t hash, const void *bytes, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT32_C(16777619);
	return hash;
}

static uint32_t fingerprint_of(enum loss_kind kind, const uint64_t *numbers, uint32_t count)
{
	uint32_t hash = (UINT32_C(2166136261) ^ (uint32_t)kind) * UINT32_C(16777619);

	return fingerprint(hash, numbers, count * sizeof(*numbers));
}

// a x b of two numbers below 1, each times 2^64.
static uint64_t times_q64(uint64_t a, uint64_t b)
{
	return (uint64_t)(((unsigned __int128)a * b + (UINT64_C(1) << 63)) >> 64);
}

int loss_ber_params(double ber, const char *where, struct loss_params *params, struct error *error)
{
	struct loss_params made = {.kind = LOSS_BER};
	uint64_t spared;

	if (!(ber >= BER_LEAST && ber < 1))
		return error_set(error, -EINVAL, where,
				 "bit-error rate of %g: expected %g to below 1, such as 1e-9", ber,
				 BER_LEAST);
	spared = -(uint64_t)(ber * 0x1p64 + 0.5); // 1 - ber
	for (int doubling = 0; doubling < 3; doubling++)
		spared = times_q64(spared, spared);
	for (int i = 0; i < LOSS_LENGTH_BITS; i++) {
		made.spared_q64[i] = spared;
		spared = times_q64(spared, spared);
	}
	*params = made;
	return 0;
}

uint64_t loss_ber_spared_q64(const struct loss_params *params, uint32_t frame_bytes)
{
	const uint32_t most = (1u << LOSS_LENGTH_BITS) - 1;
	uint64_t spared = UINT64_MAX;

	for (uint32_t rest = frame_bytes < most ? frame_bytes : most; rest > 0; rest &= rest - 1)
		spared = times_q64(spared, params->spared_q64[__builtin_ctz(rest)]);
	return spared;
}

static bool loss_by_bits(const struct loss_params *params, const struct loss_packet *packet)
{
	uint64_t draw = (uint64_t)packet->draw << 32 | packet->state_draw;

	return packet->frame->bytes > 0 &&
	       draw >= loss_ber_spared_q64(params, packet->frame->bytes);
}

int loss_pattern_params(const uint8_t *bits, uint64_t count, bool once, const char *where,
			struct loss_params *params, struct error *error)
{
	if (count == 0)
		return error_set(error, -EINVAL, where,
				 "a loss pattern without a bit: give one for each packet");
	*params = (struct loss_params){
		.kind = LOSS_PATTERN,
		.fingerprint =
			fingerprint(fingerprint_of(LOSS_PATTERN, &count, 1), bits, count / 8),
		.pattern = bits,
		.pattern_bits = count,
		.pattern_once = once};
	return 0;
}

static bool loss_by_pattern(const struct loss_params *params, struct loss_state *state)
{
	uint64_t at = state->place;

	if (at >= params->pattern_bits) {
		if (params->pattern_once)
			return false;
		at = 0;
	}
	state->place = at + 1;
	return params->pattern[at / 8] >> at % 8 & 1;
}

int loss_every_params(uint64_t every, uint64_t from, const char *where, struct loss_params *params,
		      struct error *error)
{
	const uint64_t counted[] = {every, from};

	if (every == 0)
		return error_set(error, -EINVAL, where,
				 "loss of every 0th packet is none: give 1 or more, or leave it "
				 "out");
	*params = (struct loss_params){.kind = LOSS_EVERY,
				       .fingerprint = fingerprint_of(LOSS_EVERY, counted, 2),
				       .every = every,
				       .from = from > 0 ? from : every};
	return 0;
}

static bool loss_by_turn(const struct loss_params *params, struct loss_state *state)
{
	if (++state->packets < params->from)
		return false;
	if (state->packets > params->from && ++state->place < params->every)
		return false;
	state->place = 0;
	return true;
}

static int loss_check_numbers(const uint64_t *numbers, uint32_t count, const char *where,
			      struct error *error)
{
	if (count == 0 || count > LOSS_PACKETS_MOST)
		return error_set(error, -EINVAL, where,
				 "%" PRIu32 " packet numbers to lose: expected 1 to %d", count,
				 LOSS_PACKETS_MOST);
	for (uint32_t i = 0; i < count; i++)
		if (numbers[i] == 0 || (i > 0 && numbers[i] <= numbers[i - 1]))
			return error_set(error, -EINVAL, where,
					 "packet number %" PRIu64
					 " to lose: expected numbers that increase, from 1",
					 numbers[i]);
	return 0;
}

int loss_packets_params(const uint64_t *numbers, uint32_t count, const struct channel_frame *flow,
			const char *where, struct loss_params *params, struct error *error)
{
	struct loss_params made = {.kind = LOSS_PACKETS,
				   .number_count = count,
				   .protocol = flow->protocol,
				   .segments_only = flow->is_segment,
				   .source_port = flow->source_port,
				   .target_port = flow->target_port};
	const uint64_t counted[] = {made.protocol, made.segments_only, made.source_port,
				    made.target_port};
	int status = loss_check_numbers(numbers, count, where, error);

	if (status != 0)
		return status;
	if (flow->protocol == 0 && (flow->source_port || flow->target_port))
		return error_set(error, -EINVAL, where,
				 "ports of any protocol: say of which, tcp or udp");
	if (flow->is_segment && flow->protocol != 6)
		return error_set(error, -EINVAL, where,
				 "segments of IP protocol %u: expected TCP, 6", flow->protocol);
	memcpy(made.numbers, numbers, count * sizeof(*numbers));
	made.fingerprint = fingerprint(fingerprint_of(LOSS_PACKETS, counted, 4), numbers,
				       count * sizeof(*numbers));
	*params = made;
	return 0;
}

static bool loss_matches(const struct loss_params *params, const struct channel_frame *frame)
{
	return (params->protocol == 0 || params->protocol == frame->protocol) &&
	       (!params->segments_only || frame->is_segment) &&
	       (params->source_port == 0 || params->source_port == frame->source_port) &&
	       (params->target_port == 0 || params->target_port == frame->target_port);
}

static bool loss_by_number(const struct loss_params *params, struct loss_state *state,
			   const struct channel_frame *frame)
{
	if (!loss_matches(params, frame))
		return false;
	state->packets++;
	if (state->place >= params->number_count || params->numbers[state->place] != state->packets)
		return false;
	state->place++;
	return true;
}

int loss_outage_params(uint64_t outage_ns, uint64_t interval_ns, bool fixed, const char *where,
		       struct loss_params *params, struct error *error)
{
	const uint64_t counted[] = {outage_ns, interval_ns, fixed};
	struct loss_params made = {.kind = LOSS_OUTAGE,
				   .fingerprint = fingerprint_of(LOSS_OUTAGE, counted, 3)};
	int status = outage_make(outage_ns, interval_ns, fixed, where, &made.outage, error);

	if (status == 0)
		*params = made;
	return status;
}

bool loss_reads_headers(const struct loss_params *params)
{
	return params->ecn ||
	       (params->kind == LOSS_PACKETS && (params->protocol != 0 || params->segments_only));
}

// What was counted for other parameters does not count.
static void loss_begin(const struct loss_params *params, struct loss_state *state)
{
	if (state->fingerprint == params->fingerprint)
		return;
	state->fingerprint = params->fingerprint;
	state->packets = state->place = 0;
	state->outage = (struct outage_state){0};
}

bool loss_enter(const struct loss_params *params, struct loss_state *state,
		const struct loss_packet *packet)
{
	switch (params->kind) {
	case LOSS_BER:
		return loss_by_bits(params, packet);
	case LOSS_PATTERN:
		loss_begin(params, state);
		return loss_by_pattern(params, state);
	case LOSS_EVERY:
		loss_begin(params, state);
		return loss_by_turn(params, state);
	case LOSS_PACKETS:
		loss_begin(params, state);
		return loss_by_number(params, state, packet->frame);
	case LOSS_OUTAGE:
		loss_begin(params, state);
		return outage_at(&params->outage, &state->outage, packet->seed, packet->random_key,
				 packet->at_ns);
	default:
		return loss_offer(params, state, packet->draw, packet->state_draw);
	}
}
