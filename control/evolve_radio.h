// SPDX-License-Identifier: BSD-3-Clause
// Weather becomes rate, loss and carrier of satellite links: each second's link budget, and a modem
// that follows it by adaptive coding.
#pragma once

#include "topologies/topology.h"

// How far the lab's clock is looked ahead where weather has no end; then its last values hold.
#define EVOLVE_RADIO_MOST_NS UINT64_C(86400000000000)
// The step at which the budget is looked at.
#define EVOLVE_RADIO_STEP_NS UINT64_C(1000000000)

// Gives each direction of a link with a radio and without a rate of its own what its modem makes of
// the weather: under a clear sky a rate, else a trace of rate and loss, and events that take the
// direction down while the modem is below its lowest MODCOD and up again. A link that moves has the
// geometry of who serves it, looked at every ten seconds and where a service begins, for
// EVOLVE_RADIO_MOST_NS. Call after loading, and again whenever the run's epoch has changed: what an
// earlier call gave is taken back first. 0 or a negative errno with a sentence, e.g. when a link's
// budget never closes under a clear sky.
int evolve_radio(struct topology *topology, struct error *error);
