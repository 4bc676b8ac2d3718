// SPDX-License-Identifier: BSD-3-Clause
// Reads [weather NAME]. Private to topologies/.
#pragma once

#include "topologies/reader.h"

extern const struct key_rule weather_keys[];
int allocate_weathers(struct topology *topology, size_t count);
void read_weather(struct reader *reader, const struct ini_section *section, uint32_t index);
// Once all sites are read: how the sites of each fading hang together.
void finish_weathers(struct reader *reader);
void weather_fini(struct weather *weather);

// Values of [site], too: a rain rate, and the liquid water of clouds. False with a fault added.
bool read_rain_rate_value(struct reader *reader, const struct ini_entry *entry, double *mm_per_h);
bool read_clouds_value(struct reader *reader, const struct ini_entry *entry, double *kg_per_m2);
