// SPDX-License-Identifier: BSD-3-Clause
// What the topology's weather does to a path at an instant.
#pragma once

#include <stdint.h>

#include "dataplane/physics/fading.h"
#include "dataplane/physics/rain.h"
#include "topologies/topology.h"

// A path from a site up to a satellite; its rain height and rate are the site's.
struct sky_path {
	uint32_t site;
	double azimuth_deg;
	struct rain_path rain;
	struct fading_law law; // of its fading: sky_path_finish
};

// Fits the law that P.618 gives the path over the year, once all else is filled in.
void sky_path_finish(struct sky_path *path);

// Attenuation by rain, dB, of all weather that is felt at the site: constant rain and fronts by
// P.838 along the path, fading by the law that P.618 gives the path (none where the site has no
// rain rate). Cannot fail.
double sky_rain_db(const struct topology *topology, const struct sky_path *path, uint64_t at_ns);
// Attenuation by clouds, dB, of the same weather: P.840 of the liquid water that constant weather
// has over the site, and a front on average over the path below the rain height. Cannot fail.
double sky_cloud_db(const struct topology *topology, const struct sky_path *path, uint64_t at_ns);
// The rain on the site itself, mm/h; fading has none.
double sky_rain_mm_per_h(const struct topology *topology, uint32_t site, uint64_t at_ns);
