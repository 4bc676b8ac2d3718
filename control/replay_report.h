// SPDX-License-Identifier: BSD-3-Clause
// The outcome of a replay for its user. Part of the command replay.
#pragma once

#include <stdio.h>

#include <jansson.h>

#include "control/replay.h"

// {"ports": ..., "channels": ..., "sites": ..., "flows": ...} by name, with every cause of loss,
// zero included. NULL when memory is short.
json_t *replay_report_json(const struct topology *topology, const struct replay_result *result,
			   const struct engine *engine);

// Aligned tables: all ports and flows, and what was used of the rest.
void replay_report_print(const struct topology *topology, const struct replay_result *result,
			 const struct engine *engine, FILE *out);
