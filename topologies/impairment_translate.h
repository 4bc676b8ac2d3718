// SPDX-License-Identifier: BSD-3-Clause
// One impairment being translated, as the parts of impairment_params.c share it.
#pragma once

#include "topologies/impairment_params.h"

struct translation {
	const struct impairment *from;
	const char *where;
	struct tables *tables; // for what is derived; NULL: nothing can be
	struct channel_params *to;
	struct error *error;
};

// Delay variation about a delay (impairment_jitter.c). 0 or a negative errno with a sentence.
int translate_jitter_words(const struct translation *t, const struct impairment_jitter *jitter,
			   uint64_t delay_ns, bool order_free, struct jitter_params *params);

// A return link's slots before the line that the other words have made (impairment_access.c). After
// the trace. 0 or a negative errno with a sentence.
int translate_access(const struct translation *t);

// Waves of delay, loss and rate (impairment_wave.c). After these. 0 or a negative errno with a
// sentence.
int translate_waves(const struct translation *t);

// A trace over what the other words have said: delivery opportunities, or series of delay, rate,
// loss and carrier (impairment_trace.c). 0 or a negative errno with a sentence.
int translate_trace(const struct translation *t);
