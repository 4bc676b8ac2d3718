// SPDX-License-Identifier: BSD-3-Clause
// The serialiser in fixed point: instants are nanoseconds and 2^-32 ns, so a line that is never
// idle drifts by less than one nanosecond in eight gigabytes.
#include "dataplane/model/rate.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define RATE_MIN_BPS 8u
#define RATE_MAX_BPS 10000000000000u

// Bound of overhead, cell size and cell overhead: far beyond any real framing.
#define RATE_MAX_FRAMING_BYTES 65535

// Latest instant that is told apart, 292 years: beyond it a line stays busy for ever. It keeps a
// very slow line in front of an unlimited queue from wrapping round to free.
#define RATE_LATEST_AT_NS ((uint64_t)INT64_MAX)

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

int rate_make_params(uint64_t bits_per_second, int32_t overhead_bytes, uint32_t cell_bytes,
		     uint32_t cell_overhead_bytes, const char *where, struct rate_params *params,
		     struct error *error)
{
	const unsigned __int128 ns_per_byte_q32_at_1_bps = (unsigned __int128)8000000000u << 32;
	int status;

	if (bits_per_second != 0 &&
	    (bits_per_second < RATE_MIN_BPS || bits_per_second > RATE_MAX_BPS))
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
		params->cell_reciprocal = UINT32_MAX / cell_bytes;
	if (bits_per_second > 0)
		params->ns_per_byte_q32 =
			(uint64_t)((ns_per_byte_q32_at_1_bps + bits_per_second / 2) /
				   bits_per_second);
	return 0;
}

// Whole cells that `bytes` fill, rounded up. 2^32/cell exceeds the reciprocal by at most 1, so for
// any 32-bit length the estimate is the true quotient or one less, and the rest is below two cells:
// two comparisons make it exact, for every cell size.
static uint64_t rate_cells(const struct rate_params *params, uint32_t bytes)
{
	uint64_t cells = ((uint64_t)bytes * params->cell_reciprocal) >> 32;
	uint64_t rest = bytes - cells * params->cell_bytes;

	return cells + (rest > 0) + (rest > params->cell_bytes);
}

uint32_t rate_line_bytes(const struct rate_params *params, uint32_t frame_bytes)
{
	int64_t signed_bytes = (int64_t)frame_bytes + params->overhead_bytes;
	uint64_t bytes = signed_bytes > 0 ? (uint64_t)signed_bytes : 1;

	bytes = bytes < UINT32_MAX ? bytes : UINT32_MAX;
	if (params->cell_bytes > 0) {
		bytes = rate_cells(params, (uint32_t)bytes) *
			((uint64_t)params->cell_bytes + params->cell_overhead_bytes);
		bytes = bytes < UINT32_MAX ? bytes : UINT32_MAX;
	}
	return (uint32_t)bytes;
}

uint64_t rate_offer(const struct rate_params *params, struct rate_state *state,
		    uint64_t arrival_at_ns, uint32_t frame_bytes)
{
	unsigned __int128 start, end;

	if (params->ns_per_byte_q32 == 0)
		return arrival_at_ns;
	start = ((unsigned __int128)state->free_at_ns << 32) | state->free_at_frac;
	if (arrival_at_ns > state->free_at_ns)
		start = (unsigned __int128)arrival_at_ns << 32;
	end = start +
	      (unsigned __int128)params->ns_per_byte_q32 * rate_line_bytes(params, frame_bytes);
	if (end > (unsigned __int128)RATE_LATEST_AT_NS << 32)
		end = (unsigned __int128)RATE_LATEST_AT_NS << 32;
	state->free_at_ns = (uint64_t)(end >> 32);
	state->free_at_frac = (uint32_t)end;
	return state->free_at_ns;
}

uint64_t rate_wait_ns(const struct rate_params *params, const struct rate_state *state,
		      uint64_t arrival_at_ns)
{
	if (params->ns_per_byte_q32 == 0 || state->free_at_ns <= arrival_at_ns)
		return 0;
	return state->free_at_ns - arrival_at_ns;
}

uint64_t rate_serialisation_ns(const struct rate_params *params, uint32_t frame_bytes)
{
	unsigned __int128 time_q32 =
		(unsigned __int128)params->ns_per_byte_q32 * rate_line_bytes(params, frame_bytes);

	return (uint64_t)((time_q32 + (UINT64_C(1) << 31)) >> 32);
}
