// SPDX-License-Identifier: BSD-3-Clause
// Makes a kernel interface that serves as a port tell the truth and keep silent: no checksums left
// to the hardware, no merged or oversized frames, no IPv6 chatter of its own. Private to the
// engine. Control thread.
#pragma once

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#define QUIET_CHANGES 16

// One setting that was changed, and what it was.
struct quiet_change {
	char netns[128]; // "": our own
	char name[IFNAMSIZ];
	uint32_t command; // ETHTOOL_S..., 0: disable_ipv6
	uint32_t before;
};

struct quiet {
	struct quiet_change changes[QUIET_CHANGES];
	size_t count;
};

// Quiets the interface (IPv6 only where the host has no address of its own there: it would lose it)
// and, of a veth, its peer: here or in a namespace that `ip netns` knows. What
// could not be done is said in `warning` (up to `size` bytes, empty when all went well).
void quiet_interface(struct quiet *quiet, const char *name, char *warning, size_t size);

// Puts back what was changed. A process that is killed leaves it changed.
void quiet_restore(struct quiet *quiet);
