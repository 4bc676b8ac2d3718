// SPDX-License-Identifier: BSD-3-Clause
// The devices of a live lab's ports.
#pragma once

#include "dataplane/engine/engine.h"
#include "topologies/topology.h"

// Has every port a device, and can this machine make it? 0, or a negative errno with a sentence
// that names the port and the remedy. Changes nothing.
int lab_ports_check(const struct topology *topology, struct error *error);

// Makes them all. On failure those that were made stay with the engine, which removes them.
int lab_ports_open(const struct topology *topology, const struct plan *plan, struct engine *engine,
		   struct error *error);
