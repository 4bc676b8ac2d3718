// SPDX-License-Identifier: BSD-3-Clause
// From scanned sections to things: kinds, names, keys, and then the readers. Private to
// topologies/.
#pragma once

#include "topologies/reader.h"

// Finds unknown and repeated sections and keys, gives each sound entry its rule, and names the
// things in reader->topology. 0, or -ENOMEM, which is reported: then nothing may be read.
int check_sections(struct reader *reader);

// Reads the values of all sound entries into the topology.
void read_sections(struct reader *reader);
