// SPDX-License-Identifier: BSD-3-Clause
// A fleet and its earth stations for benches of control: every satellite joins each station to the
// next one.
#pragma once

#include "topologies/topology.h"

#define FLEET_STATIONS 10

// Half of the satellites as O3B, half geostationary, by elements three days old and each with an
// orbit of its own; stations from 50 degrees north to 49 south; bent pipes above 5 degrees, as many
// as satellites times stations. The caller's; NULL and a sentence.
struct topology *fleet_load(int satellites, struct error *error);
