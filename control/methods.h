// SPDX-License-Identifier: BSD-3-Clause
// What a running lab answers over its socket.
#pragma once

#include <stdbool.h>

#include "control/lab.h"
#include "control/rpc.h"

// The context of lab_methods.
struct lab_service {
	struct lab *lab;
	bool stop; // a client asked for the end
};

// version, methods, show, change, check, stop; ends with name NULL. docs/rpc.md describes them.
extern const struct rpc_method lab_methods[];
