// SPDX-License-Identifier: BSD-3-Clause
// Reordering: parameters, and the share of packets that it takes.
#include "dataplane/model/reorder.h"

#include <errno.h>
#include <inttypes.h>

#define REORDER_LATE_BELOW_NS (UINT64_C(1) << 47)

int reorder_make_params(double probability, double correlation, uint32_t gap, uint64_t late_ns,
			const char *where, struct reorder_params *params, struct error *error)
{
	struct reorder_params made = {.gap = gap ? gap : 1, .late_ns = late_ns};
	int status =
		chance_make_params(probability, correlation, "reorder", where, &made.chance, error);

	if (status != 0)
		return status;
	if (late_ns >= REORDER_LATE_BELOW_NS)
		return error_set(error, -EINVAL, where,
				 "reorder late of %" PRIu64 " ns is too long: expected less than "
				 "39 hours",
				 late_ns);
	if (made.chance.threshold == 0)
		made = (struct reorder_params){0};
	*params = made;
	return 0;
}

// A renewal process: gap - 1 packets pass, then 1 / P on average until one is chosen.
double reorder_ratio(const struct reorder_params *params)
{
	double ratio = chance_ratio(&params->chance);

	return params->gap == 0 ? 0 : ratio / (1 + (params->gap - 1) * ratio);
}
