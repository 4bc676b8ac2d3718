// SPDX-License-Identifier: BSD-3-Clause
// Classes by DSCP: strict priority, or weighted shares by deficit round robin (Shreedhar and
// Varghese, "Efficient fair queuing using deficit round robin", SIGCOMM 1995).
#pragma once

#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/waiting.h"

#define CLASSES_MAX           8
#define CLASSES_QUANTUM_BYTES 1514

// Class 0 is the highest of a strict priority.
struct classes_params {
	uint32_t count;               // of classes
	uint32_t quantum_bytes;       // weighted: bytes a round for each unit of weight
	uint8_t of_dscp[64];          // class of each DSCP
	uint16_t weight[CLASSES_MAX]; // weighted: 1 or more
};

// Four classes after RFC 4594: expedited and network control; assured and signalling; default;
// lower effort (RFC 8622, CS1). Weights 8, 4, 2, 1.
void classes_defaults(struct classes_params *params);

// Checks. -EINVAL with a sentence: a count that is not 1 to 8, a DSCP in a class that is not there,
// or, `weighted`, a weight of 0 or a quantum that is not 64 to 2^20.
int classes_check(const struct classes_params *params, bool weighted, const char *where,
		  struct error *error);

// Takes the next frame out of the highest class in which one waits. Something must wait.
uint32_t classes_next_priority(struct waiting *waiting);

// Files an entry in a class with a share, and takes the next frame out. Something must wait.
void classes_enter_weighted(struct waiting *waiting, uint32_t class, uint32_t entry);
uint32_t classes_next_weighted(const struct classes_params *params, struct waiting *waiting);
