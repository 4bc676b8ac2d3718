// SPDX-License-Identifier: BSD-3-Clause
// Weather becomes rate, loss and carrier of satellite links: each second's link budget, and a modem
// that follows it by adaptive coding. Here the first day, which the topology holds; the later ones
// are evolve's.
#pragma once

#include "control/evolve_modem.h"
#include "topologies/topology.h"

// What is computed when a topology is loaded, a whole number of evolve's generations.
#define EVOLVE_RADIO_DAY_NS UINT64_C(86400000000000)

// Gives each direction of a link with a radio and without a rate of its own what its modem makes of
// the weather: under a clear sky a rate, else a trace of rate and loss, and events that take the
// direction down while the modem is below its lowest MODCOD and up again. A link that moves has the
// geometry of who serves it, looked at every ten seconds and where a service begins. Reaches over
// EVOLVE_RADIO_DAY_NS. Call after loading, and again whenever the run's epoch has changed: what an
// earlier call gave is taken back first. 0 or a negative errno with a sentence, e.g. when a link's
// budget never closes under a clear sky.
int evolve_radio(struct topology *topology, struct error *error);

// A channel's modem at the end of the first day, where weather or geometry go on after it; else
// NULL. The topology's pool keeps it.
const struct evolve_modem *evolve_radio_later(const struct topology *topology, uint32_t channel);
