// SPDX-License-Identifier: BSD-3-Clause
// What a port's device string means to DPDK: bus, device name and arguments. Text to text; nothing
// is opened here. Private to the engine.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/engine.h"
#include "dataplane/model/error.h"

enum device_kind {
	DEVICE_TAP,
	DEVICE_AF_PACKET,
	DEVICE_AF_XDP,
	DEVICE_MEMIF,
	DEVICE_VHOST,
	DEVICE_PCI,
	DEVICE_OTHER // a DPDK virtual device, written out by the user
};

#define DEVICE_MTU_DEFAULT 9216
#define DEVICE_MTU_MOST    64000 // an mbuf's room is 16 bits

struct device_spec {
	enum device_kind kind;
	const char *bus;
	char name[64];            // EAL's: unique in this process
	char arguments[512];      // without the name
	char interface[IFNAMSIZ]; // tap: as created; af_packet, af_xdp: the one used
	char ifname[IFNAMSIZ];    // tap: as it is to be called at last
	char path[108];           // memif, vhost: the socket
	bool listens;             // memif, vhost: we make the socket
	uint32_t mtu_bytes;
};

// Reads `device` for port `number`. 0, or -EINVAL and a sentence.
int device_parse(uint32_t number, const struct engine_device *device, struct device_spec *spec,
		 struct error *error);

// Bytes of one slot of af_packet's ring that hold a frame of this MTU: a power of two.
uint32_t device_ring_frame_bytes(uint32_t mtu_bytes);
