// SPDX-License-Identifier: BSD-3-Clause
// What this machine has, and the command that mends each lack. Looks only; changes nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/model/error.h"

enum machine_need {
	MACHINE_REPLAY, // without it neither a replay nor a lab runs
	MACHINE_LIVE,   // without it no lab with tap ports can run
	MACHINE_OPTION, // some kinds of port, or accuracy, want it
	MACHINE_FACT    // only said
};

struct machine_finding {
	const char *name;    // "tun device"; also the stable key for programs
	const char *purpose; // what it is for
	enum machine_need need;
	bool ok;
	char found[160];
	char mend[200]; // a command, or empty when nothing is to be mended
};

#define MACHINE_FINDINGS 32

// All findings in the order in which they are printed: their number, at most MACHINE_FINDINGS.
size_t machine_look(struct machine_finding findings[MACHINE_FINDINGS]);

// The findings of the DPDK found here (machine_dpdk.c): how many were added.
size_t machine_look_dpdk(struct machine_finding *findings, size_t most);

// Can a port with this device ("tap", "af_packet IF", ...) be made here, by this process? `netns`
// may be empty. 0, or -EPERM / -ENODEV with a sentence that names the port and the command that
// mends it. Devices it does not know are left to DPDK (0).
int machine_check_device(const char *port, const char *device, const char *netns,
			 struct error *error);
