// SPDX-License-Identifier: BSD-3-Clause
// Which packets of a channel leave out of their order: sch_netem's gap and probability. A chosen
// packet skips the propagation delay, or with `late` takes longer and holds nobody back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/chance.h"

// Zero-initialised reorders nothing.
struct reorder_params {
	struct chance_params chance;
	uint32_t gap;     // at most every gap-th packet is chosen; 0: none
	uint64_t late_ns; // 0: a chosen packet leaves at its departure; else so much after its time
};

struct reorder_state {
	struct chance_state chance;
	uint32_t since; // packets since the last chosen one
};

// `reorder P [CORRELATION] [gap N] [late TIME]`: probability and correlation 0 to 1; gap 0 stands
// for 1, as in tc; late below 2^47 ns. -EINVAL with a sentence otherwise.
int reorder_make_params(double probability, double correlation, uint32_t gap, uint64_t late_ns,
			const char *where, struct reorder_params *params, struct error *error);

// Is this packet chosen? `draw` is RNG_REORDER. As netem_enqueue(): gap - 1 packets pass, and no
// draw counts for them; then each is chosen with probability P until one is, and it starts again.
// Only packets that are not lost are offered. Cannot fail.
static inline bool reorder_offer(const struct reorder_params *params, struct reorder_state *state,
				 uint32_t draw)
{
	if (params->gap == 0 || state->since < params->gap - 1 ||
	    !chance_offer(&params->chance, &state->chance, draw)) {
		// Once past the gap it is past, however many follow.
		state->since += state->since < params->gap;
		return false;
	}
	state->since = 0;
	return true;
}

// Long-run share of the packets offered that is chosen: P / (1 + (gap - 1) P) without correlation,
// and with a gap of 1 chance_ratio(); with both a gap and correlation there is no closed form, and
// the first is given, with chance_ratio() for P. Cannot fail.
double reorder_ratio(const struct reorder_params *params);
