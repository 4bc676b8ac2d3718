// SPDX-License-Identifier: BSD-3-Clause
// Tokens as an instant: a bucket that is full at F holds, at t, its burst less what F - t fills. So
// a frame conforms from F + its own time - the burst's on, and taking it moves F by its own time.
#include "dataplane/model/bucket.h"

#include <errno.h>
#include <inttypes.h>

#include "dataplane/model/instant.h"

static int bucket_check_peak(uint64_t bits_per_second, uint64_t peak_bits_per_second,
			     uint32_t peak_burst_bytes, const char *where, struct error *error)
{
	if (peak_bits_per_second == 0 && peak_burst_bytes != 0)
		return error_set(error, -EINVAL, where,
				 "a peak burst of %" PRIu32 " bytes without a peak rate: give the "
				 "peak rate, too, or leave the peak burst out",
				 peak_burst_bytes);
	if (peak_bits_per_second == 0)
		return 0;
	if (peak_bits_per_second <= bits_per_second)
		return error_set(error, -EINVAL, where,
				 "peak rate of %" PRIu64 " bit/s is not above the rate of %" PRIu64
				 " bit/s: raise it, or leave it out",
				 peak_bits_per_second, bits_per_second);
	if (peak_burst_bytes == 0)
		return error_set(error, -EINVAL, where,
				 "a peak rate without its burst: give the longest frame's length "
				 "(mtu), such as 1514b");
	return 0;
}

int bucket_make(uint64_t bits_per_second, uint32_t burst_bytes, uint64_t peak_bits_per_second,
		uint32_t peak_burst_bytes, const char *where, struct bucket_params *params,
		struct error *error)
{
	const unsigned __int128 ns_per_byte_q32_at_1_bps = (unsigned __int128)8000000000u << 32;
	struct bucket_params made = {.burst_bytes = burst_bytes,
				     .peak_burst_bytes = peak_burst_bytes,
				     .peak_bits_per_second = peak_bits_per_second};
	int status;

	if (burst_bytes == 0)
		return error_set(error, -EINVAL, where,
				 "a burst of 0 would let no frame pass: give at least the longest "
				 "frame's length, such as 1514b");
	status = bucket_check_peak(bits_per_second, peak_bits_per_second, peak_burst_bytes, where,
				   error);
	if (status != 0)
		return status;
	if (peak_bits_per_second != 0)
		made.peak_ns_per_byte_q32 =
			(uint64_t)((ns_per_byte_q32_at_1_bps + peak_bits_per_second / 2) /
				   peak_bits_per_second);
	*params = made;
	return 0;
}

uint32_t bucket_longest_bytes(const struct bucket_params *params)
{
	if (params->peak_burst_bytes == 0 || params->peak_burst_bytes > params->burst_bytes)
		return params->burst_bytes;
	return params->peak_burst_bytes;
}

// When one bucket of `burst_bytes` that is full at `full_q32` has tokens for so many bytes.
static unsigned __int128 conforms_q32(unsigned __int128 full_q32, uint64_t ns_per_byte_q32,
				      uint32_t burst_bytes, uint32_t line_bytes)
{
	unsigned __int128 cost = (unsigned __int128)ns_per_byte_q32 * line_bytes;
	unsigned __int128 burst = (unsigned __int128)ns_per_byte_q32 * burst_bytes;

	return full_q32 + cost > burst ? full_q32 + cost - burst : 0;
}

unsigned __int128 bucket_ready_q32(const struct bucket_params *params,
				   const struct bucket_state *state, uint64_t ns_per_byte_q32,
				   unsigned __int128 from_q32, uint32_t line_bytes)
{
	unsigned __int128 ready = instant_later_q32(
		from_q32, conforms_q32(instant_q32(state->full_at_ns, state->full_at_frac),
				       ns_per_byte_q32, params->burst_bytes, line_bytes));

	if (params->peak_burst_bytes == 0)
		return ready;
	return instant_later_q32(
		ready,
		conforms_q32(instant_q32(state->peak_full_at_ns, state->peak_full_at_frac),
			     params->peak_ns_per_byte_q32, params->peak_burst_bytes, line_bytes));
}

// Where one bucket's full instant moves when so many bytes are taken at `at_q32`.
static unsigned __int128 taken_q32(unsigned __int128 full_q32, unsigned __int128 at_q32,
				   uint64_t ns_per_byte_q32, uint32_t line_bytes)
{
	return instant_later_q32(full_q32, at_q32) +
	       (unsigned __int128)ns_per_byte_q32 * line_bytes;
}

void bucket_take(const struct bucket_params *params, struct bucket_state *state,
		 uint64_t ns_per_byte_q32, unsigned __int128 at_q32, uint32_t line_bytes)
{
	instant_split(taken_q32(instant_q32(state->full_at_ns, state->full_at_frac), at_q32,
				ns_per_byte_q32, line_bytes),
		      &state->full_at_ns, &state->full_at_frac);
	if (params->peak_burst_bytes == 0)
		return;
	instant_split(taken_q32(instant_q32(state->peak_full_at_ns, state->peak_full_at_frac),
				at_q32, params->peak_ns_per_byte_q32, line_bytes),
		      &state->peak_full_at_ns, &state->peak_full_at_frac);
}
