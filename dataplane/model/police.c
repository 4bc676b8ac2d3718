// SPDX-License-Identifier: BSD-3-Clause
// Two buckets, told by what they lack.
#include "dataplane/model/police.h"

#include <errno.h>
#include <inttypes.h>

#include "dataplane/model/rate.h"

#define BITS_E9_PER_BYTE  UINT64_C(8000000000)
#define BURST_MOST_BYTES  (UINT64_C(1) << 31) // 1.7e19, which 64 bits hold
#define ETHERNET_OVERHEAD (-14)

static int check_rate(const char *name, uint64_t bps, const char *where, struct error *error)
{
	if (bps >= RATE_MIN_BPS && bps <= (uint64_t)RATE_MAX_BPS)
		return 0;
	return error_set(error, -EINVAL, where,
			 "policer's %s of %" PRIu64 " bit/s: expected 8bit to 10tbit", name, bps);
}

static int check_burst(const char *name, uint64_t bytes, const char *where, struct error *error)
{
	if (bytes <= BURST_MOST_BYTES)
		return 0;
	return error_set(error, -EINVAL, where,
			 "policer's %s of %" PRIu64 " bytes: expected at most %" PRIu64, name,
			 bytes, BURST_MOST_BYTES);
}

int police_make_single_rate(uint64_t cir_bps, uint64_t cbs_bytes, uint64_t ebs_bytes,
			    const char *where, struct police_params *params, struct error *error)
{
	int status = check_rate("committed rate (cir)", cir_bps, where, error);

	if (status == 0)
		status = check_burst("committed burst (cbs)", cbs_bytes, where, error);
	if (status == 0)
		status = check_burst("excess burst (ebs)", ebs_bytes, where, error);
	if (status != 0)
		return status;
	if (cbs_bytes == 0 && ebs_bytes == 0)
		return error_set(
			error, -EINVAL, where,
			"a policer without a burst would lose every packet: give cbs of at "
			"least the longest packet's length, such as 1500b");
	*params = (struct police_params){.kind = POLICE_SINGLE_RATE,
					 .overhead_bytes = ETHERNET_OVERHEAD,
					 .committed_bps = cir_bps,
					 .committed_bits_e9 = cbs_bytes * BITS_E9_PER_BYTE,
					 .second_bits_e9 = ebs_bytes * BITS_E9_PER_BYTE};
	return 0;
}

int police_make_two_rate(uint64_t cir_bps, uint64_t cbs_bytes, uint64_t pir_bps, uint64_t pbs_bytes,
			 const char *where, struct police_params *params, struct error *error)
{
	int status = check_rate("committed rate (cir)", cir_bps, where, error);

	if (status == 0)
		status = check_rate("peak rate (pir)", pir_bps, where, error);
	if (status == 0)
		status = check_burst("committed burst (cbs)", cbs_bytes, where, error);
	if (status == 0)
		status = check_burst("peak burst (pbs)", pbs_bytes, where, error);
	if (status != 0)
		return status;
	if (cbs_bytes == 0 || pbs_bytes == 0)
		return error_set(error, -EINVAL, where,
				 "a policer of two rates with a burst of 0: give cbs and pbs of at "
				 "least the longest packet's length, such as 1500b");
	if (pir_bps < cir_bps)
		return error_set(error, -EINVAL, where,
				 "policer's peak rate (pir) of %" PRIu64
				 " bit/s is below its committed rate (cir) of %" PRIu64 " bit/s",
				 pir_bps, cir_bps);
	*params = (struct police_params){.kind = POLICE_TWO_RATE,
					 .overhead_bytes = ETHERNET_OVERHEAD,
					 .committed_bps = cir_bps,
					 .peak_bps = pir_bps,
					 .committed_bits_e9 = cbs_bytes * BITS_E9_PER_BYTE,
					 .second_bits_e9 = pbs_bytes * BITS_E9_PER_BYTE};
	return 0;
}

// Fills a bucket; gives what runs over.
static unsigned __int128 fill(uint64_t *missing, unsigned __int128 gained)
{
	if (gained >= *missing) {
		gained -= *missing;
		*missing = 0;
		return gained;
	}
	*missing -= (uint64_t)gained;
	return 0;
}

// Does a bucket hold so much? A burst that became smaller may lack more than it holds.
static bool holds(uint64_t burst, uint64_t missing, uint64_t cost)
{
	return missing <= burst && cost <= burst - missing;
}

static enum police_colour offer_single_rate(const struct police_params *params,
					    struct police_state *state, uint64_t passed_ns,
					    uint64_t cost)
{
	unsigned __int128 over = fill(&state->committed_missing,
				      (unsigned __int128)passed_ns * params->committed_bps);

	fill(&state->second_missing, over);
	if (holds(params->committed_bits_e9, state->committed_missing, cost)) {
		state->committed_missing += cost;
		return POLICE_GREEN;
	}
	if (holds(params->second_bits_e9, state->second_missing, cost)) {
		state->second_missing += cost;
		return POLICE_YELLOW;
	}
	return POLICE_RED;
}

static enum police_colour offer_two_rate(const struct police_params *params,
					 struct police_state *state, uint64_t passed_ns,
					 uint64_t cost)
{
	fill(&state->committed_missing, (unsigned __int128)passed_ns * params->committed_bps);
	fill(&state->second_missing, (unsigned __int128)passed_ns * params->peak_bps);
	if (!holds(params->second_bits_e9, state->second_missing, cost))
		return POLICE_RED;
	state->second_missing += cost;
	if (!holds(params->committed_bits_e9, state->committed_missing, cost))
		return POLICE_YELLOW;
	state->committed_missing += cost;
	return POLICE_GREEN;
}

enum police_colour police_offer(const struct police_params *params, struct police_state *state,
				uint64_t arrival_at_ns, uint32_t frame_bytes)
{
	int64_t bytes = (int64_t)frame_bytes + params->overhead_bytes;
	uint64_t passed_ns = arrival_at_ns - state->at_ns;
	uint64_t cost;

	if (params->kind == POLICE_NONE)
		return POLICE_GREEN;
	bytes = bytes > 0 ? bytes : 0;
	bytes = bytes <= (int64_t)BURST_MOST_BYTES ? bytes : (int64_t)BURST_MOST_BYTES;
	cost = (uint64_t)bytes * BITS_E9_PER_BYTE;
	state->at_ns = arrival_at_ns;
	if (params->kind == POLICE_SINGLE_RATE)
		return offer_single_rate(params, state, passed_ns, cost);
	return offer_two_rate(params, state, passed_ns, cost);
}
