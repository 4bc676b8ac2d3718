// SPDX-License-Identifier: BSD-3-Clause
// When a satellite, or a path over some, is in sight: rise, culmination, set.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/physics/path.h"

// A quantity over time that is in sight when it is 0 or more, and NaN where unknown (counts as not
// in sight). `context` is the caller's.
typedef double pass_margin(void *context, int64_t utc_ns);

struct pass {
	int64_t rise_utc_ns, set_utc_ns; // good to 1 ms
	int64_t culmination_utc_ns;      // greatest margin; good to 10 ms of a smooth curve
	double culmination_margin;
	bool begun;   // in sight before the span: rise_utc_ns is the span's beginning
	bool unended; // still in sight: set_utc_ns is the span's end
};

// All passes that touch from_utc_ns .. to_utc_ns, in order. The curve is looked at every step_ns,
// and closer about its summits, so that a pass shorter than a step is found as long as there is
// but one summit in two steps. Gives their number, or -ENOSPC when there are more than `most`
// (the first ones are filled in), -EINVAL for an empty span or step.
int pass_find(pass_margin *margin, void *context, int64_t from_utc_ns, int64_t to_utc_ns,
	      int64_t step_ns, struct pass *passes, size_t most);

// The same for a path, with a step that suits its fastest satellite.
int pass_find_path(const struct path *path, int64_t from_utc_ns, int64_t to_utc_ns,
		   struct pass *passes, size_t most);

// A step with which passes of such an orbit are found: 1/240 of its period against the Earth, at
// most 6 minutes.
int64_t pass_step_ns(const struct orbit *orbit);
// The step of pass_find_path: a span that begins a multiple of it later shows the same edges.
int64_t pass_step_path_ns(const struct path *path);
