// SPDX-License-Identifier: BSD-3-Clause
// Frames out of a site's layer-3 interface.
#include "dataplane/engine/link.h"

#include <string.h>

#include "dataplane/engine/forward.h"

uint32_t link_mtu_bytes(const struct plan *plan, uint32_t interface)
{
	const struct plan_interface *link = &plan->interfaces[interface];

	if (link->port != PLAN_NONE)
		return plan->ports[link->port].mtu_bytes;
	return plan->channels[link->channel].params.mtu_bytes;
}

bool link_is_standard_group(const uint8_t mac[6])
{
	static const uint8_t standard[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return memcmp(mac, standard, sizeof(standard)) == 0;
}

bool link_is_bridge_group(const uint8_t mac[6])
{
	return link_is_standard_group(mac) && mac[5] <= 0x0f;
}

void link_write_header(const struct site_context *context, uint32_t interface, const uint8_t mac[6],
		       uint16_t ether_type, struct packet *packet)
{
	packet_refresh_ttl(packet);
	memcpy(packet->frame, mac, 6);
	memcpy(packet->frame + 6, context->plan->interfaces[interface].mac, 6);
	packet->frame[12] = (uint8_t)(ether_type >> 8);
	packet->frame[13] = (uint8_t)ether_type;
	packet->destination = PLAN_NONE;
}

void link_send(const struct site_context *context, uint32_t interface, const uint8_t mac[6],
	       uint16_t ether_type, packet_ref ref)
{
	const struct plan_interface *link = &context->plan->interfaces[interface];

	link_write_header(context, interface, mac, ether_type, worker_packet(context->worker, ref));
	if (link->port != PLAN_NONE)
		worker_transmit(context->worker, link->port, ref, context->at_ns);
	else
		worker_offer(context->worker, link->channel, ref, context->at_ns);
}
