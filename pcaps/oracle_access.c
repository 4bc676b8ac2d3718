// SPDX-License-Identifier: BSD-3-Clause
// How long a return link's frames may wait for capacity: bounds for paths that others use, too.
#include "pcaps/oracle.h"

struct rate_params oracle_line_of(const struct rate_params *rate)
{
	struct rate_params line = *rate;

	if (rate->kind == RATE_ACCESS)
		line.kind = rate->modem;
	return line;
}

uint64_t oracle_access_idle_ns(const struct rate_params *rate, uint32_t frame_bytes)
{
	struct rate_params line = rate_at_least(rate);

	return access_longest_ns(&rate->access) + rate->access.superframe_ns +
	       rate_serialisation_ns(&line, frame_bytes) + 1;
}

uint64_t oracle_access_most_ns(const struct channel_params *params)
{
	struct channel_params behind = *params;
	uint64_t most_ns;

	behind.rate = rate_at_least(&params->rate);
	most_ns = oracle_line_most_ns(&behind);
	if (most_ns == ORACLE_NEVER)
		return ORACLE_NEVER;
	// A limit in time holds what waits for capacity, too.
	return oracle_add_ns(most_ns, oracle_access_idle_ns(&params->rate, 0));
}
