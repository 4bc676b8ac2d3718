// SPDX-License-Identifier: BSD-3-Clause
// Reads [weather NAME]. Private to topologies/.
#pragma once

#include "topologies/reader.h"

extern const struct key_rule weather_keys[];
int allocate_weathers(struct topology *topology, size_t count);
void read_weather(struct reader *reader, const struct ini_section *section, uint32_t index);
void weather_fini(struct weather *weather);

// Keys of [site]: the rain rate exceeded for 0.01 % of the year, and the rain height.
bool read_rain_rate_value(struct reader *reader, const struct ini_entry *entry, double *mm_per_h);
