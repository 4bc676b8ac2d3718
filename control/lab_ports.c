// SPDX-License-Identifier: BSD-3-Clause
// From a topology's ports to the engine's devices.
#include "control/lab_ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/machine.h"

int lab_ports_check(const struct topology *topology, struct error *error)
{
	for (size_t i = 0; i < topology->port_count; i++) {
		const struct port *port = &topology->ports[i];
		if (port->device[0] == '\0' || strcmp(port->device, "none") == 0) {
			char where[128];
			snprintf(where, sizeof(where), "port %s", port->name);
			return error_set(error, -EINVAL, where,
					 "device = none is for replays; a live lab needs a device "
					 "(device = tap in [port %s])",
					 port->name);
		}
		int result = machine_check_device(port->name, port->device, port->netns, error);
		if (result < 0)
			return result;
	}
	return 0;
}

// The address of a port without a layer-3 interface (wires, exchanges): locally administered, the
// same in every run.
static void port_mac(const struct plan *plan, uint32_t port, uint8_t mac[6])
{
	uint32_t interface = plan->ports[port].interface;
	if (interface != PLAN_NONE) {
		memcpy(mac, plan->interfaces[interface].mac, 6);
		return;
	}
	const uint8_t made[6] = {0x02,
				 0xc1, // 02:c0 is for interfaces
				 (uint8_t)(port >> 24),
				 (uint8_t)(port >> 16),
				 (uint8_t)(port >> 8),
				 (uint8_t)port};
	memcpy(mac, made, 6);
}

int lab_ports_open(const struct topology *topology, const struct plan *plan, struct engine *engine,
		   struct error *error)
{
	for (uint32_t i = 0; i < topology->port_count; i++) {
		const struct port *port = &topology->ports[i];
		struct engine_device device = {
			.name = port->name,
			.device = port->device,
			.ifname = port->ifname,
			.netns = port->netns,
			.mtu_bytes = port->mtu_bytes,
		};
		port_mac(plan, i, device.mac);
		int result = engine_port_device(engine, i, &device, error);
		if (result < 0)
			return result;
	}
	return 0;
}
