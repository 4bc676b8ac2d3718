// SPDX-License-Identifier: BSD-3-Clause
// What the judge needs to hold a satellite channel against the geometry alone.
#pragma once

#include "dataplane/model/error.h"
#include "pcaps/judge_geometry.h"
#include "topologies/topology.h"

// Fills in `geometry` for the paths between two ports (indices in the journal, which must outlive
// it): each satellite channel on them, by where its satellites are, or why geometry alone does not
// say its delay: jitter, a delay that users wrote, satellites that neither stand nor circle. 1; 0:
// there is none; or -ENOMEM with a sentence. verify_free_geometry() in all cases.
int verify_make_geometry(const struct topology *topology, const struct journal *journal,
			 uint32_t from_port, uint32_t to_port, struct judge_geometry *geometry,
			 struct error *error);
void verify_free_geometry(struct judge_geometry *geometry);
