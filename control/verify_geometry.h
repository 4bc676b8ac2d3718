// SPDX-License-Identifier: BSD-3-Clause
// What the judge needs to hold a satellite channel against the geometry alone.
#pragma once

#include "dataplane/model/error.h"
#include "pcaps/judge_geometry.h"
#include "topologies/topology.h"

// Fills in `geometry` for the paths between two ports (indices in the journal, which must outlive
// it). 1; 0: their delay is not geometry alone, as they cross no satellite link or several, or one
// with jitter, with a delay that users wrote, or with satellites that neither stand nor circle; or
// -ENOMEM with a sentence. geometry->ways is the caller's to free.
int verify_make_geometry(const struct topology *topology, const struct journal *journal,
			 uint32_t from_port, uint32_t to_port, struct judge_geometry *geometry,
			 struct error *error);
