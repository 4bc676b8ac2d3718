// SPDX-License-Identifier: BSD-3-Clause
// Topologies for tests of control: from text, or the test fails with the reader's own words.
#pragma once

#include <stdint.h>

#include "topologies/topology.h"

struct topology *paper(const char *text);
uint32_t paper_site(const struct topology *topology, const char *name);
// Channel by the name that users write: "LINK:forward".
uint32_t paper_channel(const struct topology *topology, const char *name);
