// SPDX-License-Identifier: BSD-3-Clause
// How `corridor verify --fit` tells the channel that a pair of captures shows.
#pragma once

#include <stdio.h>

#include <jansson.h>

#include "pcaps/fit.h"
#include "topologies/impairment.h"

// The fit in the words of an impairment; estimates are rounded to a fiftieth of their interval.
struct impairment verify_fit_impairment(const struct fit *fit);
// {"sent", estimates, ..., "notes", "netem"}; NULL when memory is short.
json_t *verify_fit_to_json(const struct fit *fit);
// A table of estimates, what cannot be told, and a [link] section between two ports (NULL: made-up
// names).
void verify_fit_print(const struct fit *fit, const char *from, const char *to, FILE *out);
