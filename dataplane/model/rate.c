// SPDX-License-Identifier: BSD-3-Clause
// The line in fixed point: instants are nanoseconds and 2^-32 ns, so one of constant rate that is
// never idle drifts by less than one nanosecond in eight gigabytes.
#include "dataplane/model/rate.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dataplane/model/instant.h"

// Bound of overhead, cell size and cell overhead: far beyond any real framing.
#define RATE_MAX_FRAMING_BYTES 65535

static int rate_check_framing(int32_t overhead_bytes, uint32_t cell_bytes,
			      uint32_t cell_overhead_bytes, const char *where, struct error *error)
{
	if (overhead_bytes < -RATE_MAX_FRAMING_BYTES || overhead_bytes > RATE_MAX_FRAMING_BYTES)
		return error_set(error, -EINVAL, where,
				 "rate overhead of %" PRId32 " bytes: expected -%d to %d",
				 overhead_bytes, RATE_MAX_FRAMING_BYTES, RATE_MAX_FRAMING_BYTES);
	if (cell_bytes > RATE_MAX_FRAMING_BYTES)
		return error_set(error, -EINVAL, where,
				 "rate cell of %" PRIu32 " bytes: expected 0 (no cells) to %d",
				 cell_bytes, RATE_MAX_FRAMING_BYTES);
	if (cell_overhead_bytes > RATE_MAX_FRAMING_BYTES)
		return error_set(error, -EINVAL, where,
				 "rate cell overhead of %" PRIu32 " bytes: expected 0 to %d",
				 cell_overhead_bytes, RATE_MAX_FRAMING_BYTES);
	return 0;
}

static uint64_t rate_ns_per_byte_q32(uint64_t bits_per_second)
{
	const unsigned __int128 at_1_bps = (unsigned __int128)8000000000u << 32;

	return (uint64_t)((at_1_bps + bits_per_second / 2) / bits_per_second);
}

int rate_make_params(uint64_t bits_per_second, int32_t overhead_bytes, uint32_t cell_bytes,
		     uint32_t cell_overhead_bytes, const char *where, struct rate_params *params,
		     struct error *error)
{
	int status;

	if (bits_per_second != 0 &&
	    (bits_per_second < RATE_MIN_BPS || bits_per_second > (uint64_t)RATE_MAX_BPS))
		return error_set(error, -EINVAL, where,
				 "rate of %" PRIu64 " bit/s: expected 8bit to 10tbit, or no rate "
				 "for a line without serialiser",
				 bits_per_second);
	status = rate_check_framing(overhead_bytes, cell_bytes, cell_overhead_bytes, where, error);
	if (status != 0)
		return status;
	memset(params, 0, sizeof(*params));
	params->bits_per_second = bits_per_second;
	params->overhead_bytes = overhead_bytes;
	params->cell_bytes = cell_bytes;
	params->cell_overhead_bytes = cell_overhead_bytes;
	if (cell_bytes > 0)
		params->cell_reciprocal = instant_reciprocal(cell_bytes);
	if (bits_per_second > 0)
		params->ns_per_byte_q32 = rate_ns_per_byte_q32(bits_per_second);
	return 0;
}

int rate_add_bucket(struct rate_params *params, uint32_t burst_bytes, uint64_t peak_bits_per_second,
		    uint32_t peak_burst_bytes, const char *where, struct error *error)
{
	int status;

	if (params->kind != RATE_CONSTANT || params->ns_per_byte_q32 == 0)
		return error_set(error, -EINVAL, where,
				 "a burst without a constant rate: give the rate, too");
	if (peak_bits_per_second > (uint64_t)RATE_MAX_BPS)
		return error_set(error, -EINVAL, where,
				 "peak rate of %" PRIu64 " bit/s: expected up to 10tbit",
				 peak_bits_per_second);
	status = bucket_make(params->bits_per_second, burst_bytes, peak_bits_per_second,
			     peak_burst_bytes, where, &params->bucket, error);
	if (status == 0)
		params->kind = RATE_BUCKET;
	return status;
}

// The rate that stands for one that varies.
static void rate_set_mean(struct rate_params *params, uint64_t bits_per_second)
{
	params->bits_per_second = bits_per_second;
	params->ns_per_byte_q32 = rate_ns_per_byte_q32(bits_per_second);
}

void rate_follow_profile(struct rate_params *params, const struct rate_profile *profile)
{
	rate_set_mean(params, profile->mean_bits_per_second);
	params->kind = RATE_PROFILE;
	params->profile = profile;
}

void rate_follow_opportunities(struct rate_params *params, const struct opportunities *list)
{
	rate_set_mean(params, list->bits_per_second);
	params->kind = RATE_OPPORTUNITIES;
	params->opportunities = list;
}

static int rate_check_access(const struct rate_params *params, uint64_t assigned_bps,
			     const char *where, struct error *error)
{
	uint64_t modem_bps = params->bits_per_second;

	if (params->kind != RATE_CONSTANT && params->kind != RATE_PROFILE)
		return error_set(error, -EINVAL, where,
				 "access shares out a modem's rate, which a burst or a trace of "
				 "opportunities is not: give a rate alone");
	if (params->kind == RATE_CONSTANT && params->ns_per_byte_q32 != 0 &&
	    modem_bps < assigned_bps)
		return error_set(error, -EINVAL, where,
				 "access may assign %" PRIu64 " bit/s, and the modem sends %" PRIu64
				 " bit/s at most: lower cra or rbdc, or raise the rate",
				 assigned_bps, modem_bps);
	return 0;
}

int rate_add_access(struct rate_params *params, const struct access_params *access,
		    const char *where, struct error *error)
{
	uint64_t assigned_bps = access_most_bps(access);
	int status = rate_check_access(params, assigned_bps, where, error);

	if (status != 0)
		return status;
	if (params->ns_per_byte_q32 == 0)
		rate_set_mean(params, assigned_bps);
	params->modem = params->kind;
	params->kind = RATE_ACCESS;
	params->access = *access;
	return 0;
}

uint32_t rate_line_bytes(const struct rate_params *params, uint32_t frame_bytes)
{
	int64_t signed_bytes = (int64_t)frame_bytes + params->overhead_bytes;
	uint64_t bytes = signed_bytes > 0 ? (uint64_t)signed_bytes : 1;

	bytes = bytes < UINT32_MAX ? bytes : UINT32_MAX;
	if (params->cell_bytes > 0) {
		bytes = instant_units((uint32_t)bytes, params->cell_bytes,
				      params->cell_reciprocal) *
			((uint64_t)params->cell_bytes + params->cell_overhead_bytes);
		bytes = bytes < UINT32_MAX ? bytes : UINT32_MAX;
	}
	return (uint32_t)bytes;
}

bool rate_carries(const struct rate_params *params, uint32_t frame_bytes)
{
	return params->kind != RATE_BUCKET ||
	       rate_line_bytes(params, frame_bytes) <= bucket_longest_bytes(&params->bucket);
}

// The instant from which a line of constant rate, or a bucket's, is free for one that arrives.
static unsigned __int128 rate_begins_q32(const struct rate_state *state, uint64_t arrival_at_ns)
{
	if (arrival_at_ns > state->free_at_ns)
		return instant_q32(arrival_at_ns, 0);
	return instant_q32(state->free_at_ns, state->free_at_frac);
}

static uint64_t rate_offer_constant(const struct rate_params *params, struct rate_state *state,
				    uint64_t arrival_at_ns, uint32_t line_bytes)
{
	unsigned __int128 end = rate_begins_q32(state, arrival_at_ns) +
				(unsigned __int128)params->ns_per_byte_q32 * line_bytes;

	instant_split(end, &state->free_at_ns, &state->free_at_frac);
	return state->free_at_ns;
}

static uint64_t rate_offer_bucket(const struct rate_params *params, struct rate_state *state,
				  uint64_t arrival_at_ns, uint32_t line_bytes)
{
	unsigned __int128 at =
		bucket_ready_q32(&params->bucket, &state->bucket, params->ns_per_byte_q32,
				 rate_begins_q32(state, arrival_at_ns), line_bytes);

	bucket_take(&params->bucket, &state->bucket, params->ns_per_byte_q32, at, line_bytes);
	instant_split(at, &state->free_at_ns, &state->free_at_frac);
	return state->free_at_ns;
}

// All but constant rates.
static uint64_t rate_offer_varying(const struct rate_params *params, struct rate_state *state,
				   uint64_t arrival_at_ns, uint32_t line_bytes)
{
	enum rate_kind kind = params->kind;

	if (kind == RATE_ACCESS) {
		arrival_at_ns =
			access_offer(&params->access, &state->access, arrival_at_ns, line_bytes);
		kind = params->modem;
		if (kind == RATE_CONSTANT)
			return rate_offer_constant(params, state, arrival_at_ns, line_bytes);
	}
	if (kind == RATE_BUCKET)
		return rate_offer_bucket(params, state, arrival_at_ns, line_bytes);
	state->free_at_frac = 0;
	if (kind == RATE_PROFILE)
		return rate_profile_offer(params->profile, &state->profile, &state->free_at_ns,
					  arrival_at_ns, line_bytes);
	return opportunity_offer(params->opportunities, &state->opportunity, &state->free_at_ns,
				 arrival_at_ns, line_bytes);
}

uint64_t rate_offer(const struct rate_params *params, struct rate_state *state,
		    uint64_t arrival_at_ns, uint32_t frame_bytes)
{
	uint32_t line_bytes;

	if (params->ns_per_byte_q32 == 0)
		return arrival_at_ns;
	line_bytes = rate_line_bytes(params, frame_bytes);
	if (__builtin_expect(params->kind == RATE_CONSTANT, 1))
		return rate_offer_constant(params, state, arrival_at_ns, line_bytes);
	return rate_offer_varying(params, state, arrival_at_ns, line_bytes);
}

unsigned rate_offer_many(const struct rate_params *params, struct rate_state *state,
			 uint64_t arrival_at_ns, uint64_t most_wait_ns, const uint32_t *frame_bytes,
			 unsigned count, uint64_t *departs_at_ns)
{
	bool idle = arrival_at_ns > state->free_at_ns;
	uint64_t free_at_ns = idle ? arrival_at_ns : state->free_at_ns;
	uint64_t frac = idle ? 0 : state->free_at_frac, time_ns = 0, time_frac = 0;
	uint32_t last_bytes = 0;
	unsigned i;

	for (i = 0; i < count && free_at_ns - arrival_at_ns <= most_wait_ns; i++) {
		if (i == 0 || frame_bytes[i] != last_bytes) {
			unsigned __int128 time_q32 = (unsigned __int128)params->ns_per_byte_q32 *
						     rate_line_bytes(params, frame_bytes[i]);

			last_bytes = frame_bytes[i];
			time_ns = (uint64_t)(time_q32 >> 32);
			time_frac = (uint32_t)time_q32;
		}
		frac += time_frac;
		free_at_ns += time_ns + (frac >> 32);
		frac &= UINT32_MAX;
		if (__builtin_expect(free_at_ns >= INSTANT_LATEST_NS, 0)) {
			free_at_ns = INSTANT_LATEST_NS;
			frac = 0;
		}
		departs_at_ns[i] = free_at_ns;
	}
	if (i > 0) {
		state->free_at_ns = free_at_ns;
		state->free_at_frac = (uint32_t)frac;
	}
	return i;
}

uint64_t rate_take(const struct rate_params *params, struct rate_state *state, uint64_t at_ns,
		   uint32_t frame_bytes)
{
	// One that was there before an instant was there a nanosecond before it.
	if (params->kind >= RATE_OPPORTUNITIES && at_ns > 0)
		at_ns--;
	return rate_offer(params, state, at_ns, frame_bytes);
}

uint64_t rate_start_ns(const struct rate_params *params, const struct rate_state *state,
		       uint64_t arrival_at_ns, uint32_t frame_bytes)
{
	if (params->ns_per_byte_q32 == 0)
		return arrival_at_ns;
	switch (params->kind) {
	case RATE_BUCKET:
		return (uint64_t)(bucket_ready_q32(&params->bucket, &state->bucket,
						   params->ns_per_byte_q32,
						   rate_begins_q32(state, arrival_at_ns),
						   rate_line_bytes(params, frame_bytes)) >>
				  32);
	case RATE_PROFILE:
		return rate_profile_start_ns(params->profile, &state->profile, state->free_at_ns,
					     arrival_at_ns);
	case RATE_OPPORTUNITIES:
		return opportunity_start_ns(params->opportunities, &state->opportunity,
					    state->free_at_ns, arrival_at_ns);
	case RATE_ACCESS:
		return access_start_ns(&params->access, &state->access, arrival_at_ns);
	case RATE_CONSTANT:
		break;
	}
	return arrival_at_ns > state->free_at_ns ? arrival_at_ns : state->free_at_ns;
}

uint64_t rate_wait_ns(const struct rate_params *params, const struct rate_state *state,
		      uint64_t arrival_at_ns)
{
	return rate_start_ns(params, state, arrival_at_ns, 0) - arrival_at_ns;
}

void rate_waited(const struct rate_params *params, struct rate_state *state, uint64_t since_ns,
		 uint64_t at_ns)
{
	if (params->kind == RATE_ACCESS)
		access_waited(&params->access, &state->access, since_ns, at_ns);
}

uint64_t rate_minimum_ns(const struct rate_params *params)
{
	// The shortest frame on an idle line; rate_offer rounds an instant down, so does this.
	uint64_t bytes = rate_line_bytes(params, 0);

	if (params->ns_per_byte_q32 == 0)
		return 0;
	switch (params->kind == RATE_ACCESS ? params->modem : params->kind) {
	case RATE_BUCKET:
	case RATE_ACCESS:
		return 0;
	case RATE_PROFILE:
		return bytes * 8000000000u / params->profile->most_bits_per_second;
	case RATE_OPPORTUNITIES:
		return 1;
	case RATE_CONSTANT:
		break;
	}
	return (uint64_t)((unsigned __int128)params->ns_per_byte_q32 * bytes >> 32);
}

struct rate_params rate_at_least(const struct rate_params *params)
{
	struct rate_params line = *params;

	if (params->kind != RATE_ACCESS)
		return line;
	line.kind = RATE_CONSTANT;
	rate_set_mean(&line, access_least_bps(&params->access));
	return line;
}

uint64_t rate_serialisation_ns(const struct rate_params *params, uint32_t frame_bytes)
{
	unsigned __int128 time_q32 =
		(unsigned __int128)params->ns_per_byte_q32 * rate_line_bytes(params, frame_bytes);

	return (uint64_t)((time_q32 + (UINT64_C(1) << 31)) >> 32);
}
