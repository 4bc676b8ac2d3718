// SPDX-License-Identifier: BSD-3-Clause
// The radio of a satellite link, and the weather over it, as a topology says them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/physics/budget.h"
#include "dataplane/physics/fading.h"
#include "dataplane/physics/front.h"
#include "dataplane/physics/modem.h"

// Another station that may stand in for it, one at a time.
struct radio_diversity {
	uint32_t site;        // UINT32_MAX: none
	double hysteresis_db; // so much less rain there, or more, before it changes
	uint64_t switch_ns;   // and for so long
};

// The sites of a link's stations that are in use from an instant of the lab's clock on.
struct radio_sites {
	uint64_t at_ns;
	uint64_t sites; // 1 << end where the other site is
};

// The station at one end of a satellite link.
struct radio_station {
	double diameter_m;
	double efficiency;
	double power_w;
	double noise_k;
	double pointing_deg;
	struct radio_diversity diversity;
};

// Index 0 of arrays is the direction forward, or the station that sends forward (the first end).
// Defaults are stated in topologies/README.md.
struct radio {
	bool given; // any key of it: the link has a budget
	double up_hz, down_hz;
	struct radio_station stations[2];
	double satellite_g_t_db[2];
	double satellite_eirp_dbw[2];
	double symbol_rate_per_s[2];
	double rolloff;
	double bandwidth_hz; // 0: not given
	enum transponder transponder;
	enum modem_standard standard;
	struct modem_control control;
	double implementation_db;
	uint64_t loop_ns;
	double tilt_deg;
	double power_control_db;
	double interference_db; // INFINITY: none
	bool adaptive[2];       // the rate follows the weather: no rate is given
	const char *modcod[2];  // kept to, static text; NULL: adaptive coding
	bool evolved[2];        // evolve_radio gave it what it has,
	// and on its first day the sites in use; the pool's, the first from clock 0 on.
	const struct radio_sites *site_changes[2];
	size_t site_change_count[2];
};

enum weather_kind { WEATHER_CONSTANT, WEATHER_FRONT, WEATHER_FADING, WEATHER_SERIES };

// Rain at an instant of the lab's clock; straight lines between, nothing before and after.
struct weather_row {
	uint64_t at_ns;
	double rain_mm_per_h;
};

struct weather_rain {
	enum weather_kind kind;
	struct front front;     // rain_mm_per_h also of WEATHER_CONSTANT; at_ns on the lab's clock
	double cloud_kg_per_m2; // with a front, or constant: liquid water as of a site's clouds
	uint64_t start_ns;      // WEATHER_CONSTANT: from here to stop_ns
	uint64_t stop_ns;
	uint64_t seed;          // WEATHER_FADING
	struct fading_mix *mix; // of the same: its sites' processes,
	uint32_t *mix_places;   // and [site]: which is a site's; TOPOLOGY_NONE: none
	struct weather_row *rows;
	size_t row_count;
	uint32_t *sites; // where it is felt; none: everywhere
	size_t site_count;
};
