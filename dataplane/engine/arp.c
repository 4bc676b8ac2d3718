// SPDX-License-Identifier: BSD-3-Clause
// ARP on a site's interface.
#include "dataplane/engine/arp.h"

#include <rte_arp.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <string.h>

#include "dataplane/engine/address.h"
#include "dataplane/engine/link.h"
#include "dataplane/engine/neighbour.h"
#include "dataplane/engine/parse.h"

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void send_arp(const struct site_context *context, uint32_t interface, uint16_t operation,
		     const uint8_t *source, const uint8_t *target, const uint8_t *target_mac,
		     const uint8_t to[6])
{
	struct rte_arp_hdr message = {
		.arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER),
		.arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = 6,
		.arp_plen = 4,
		.arp_opcode = rte_cpu_to_be_16(operation),
	};
	packet_ref ref = site_new_packet(context, PARSE_ETHERNET_BYTES + sizeof(message));

	if (ref == PACKET_NONE)
		return;
	memcpy(&message.arp_data.arp_sha, context->plan->interfaces[interface].mac, 6);
	memcpy(&message.arp_data.arp_sip, source, 4);
	if (target_mac != NULL)
		memcpy(&message.arp_data.arp_tha, target_mac, 6);
	memcpy(&message.arp_data.arp_tip, target, 4);
	memcpy(worker_packet(context->worker, ref)->frame + PARSE_ETHERNET_BYTES, &message,
	       sizeof(message));
	link_send(context, interface, to, RTE_ETHER_TYPE_ARP, ref);
}

// The interface's address, or the site's on an interface without one.
void arp_ask(const struct site_context *context, uint32_t interface, const uint8_t target[4],
	     const uint8_t *mac)
{
	const struct plan_address *own = &context->plan->interfaces[interface].address4;

	if (own->family != 4)
		own = &context->plan->sites[context->site].address4;
	send_arp(context, interface, RTE_ARP_OP_REQUEST, own->bytes, target, NULL,
		 mac != NULL ? mac : broadcast);
}

static bool is_for_ipv4_on_ethernet(const struct rte_arp_hdr *message)
{
	return message->arp_hardware == rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) &&
	       message->arp_protocol == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) &&
	       message->arp_hlen == 6 && message->arp_plen == 4;
}

// RFC 826's order: merge what is known, then learn and answer if the target is us. A sender that
// claims our own address, or has none yet (RFC 5227), is not learnt.
static void handle(const struct site_context *context, const struct rte_arp_hdr *message)
{
	const struct plan_address *own = &context->plan->interfaces[context->interface].address4;
	const uint8_t *sender_mac = message->arp_data.arp_sha.addr_bytes;
	struct plan_address sender, target;

	if (!is_for_ipv4_on_ethernet(message))
		return;
	sender = address_of(4, (const uint8_t *)&message->arp_data.arp_sip);
	target = address_of(4, (const uint8_t *)&message->arp_data.arp_tip);
	if (address4_is_routable(sender.bytes) && !address_equal(&sender, own))
		neighbour_learn(context, context->interface, &sender, sender_mac,
				address_equal(&target, own) ? NEIGHBOUR_INSERT : NEIGHBOUR_UPDATE);
	if (message->arp_opcode == rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) &&
	    address_equal(&target, own) && !(sender_mac[0] & 1))
		send_arp(context, context->interface, RTE_ARP_OP_REPLY, own->bytes, sender.bytes,
			 sender_mac, sender_mac);
}

void arp_input(const struct site_context *context, packet_ref ref)
{
	const struct packet *packet = worker_packet(context->worker, ref);
	struct rte_arp_hdr message;

	if (packet->length >= PARSE_ETHERNET_BYTES + sizeof(message)) {
		memcpy(&message, packet->frame + PARSE_ETHERNET_BYTES, sizeof(message));
		handle(context, &message);
	}
	worker_consume(context->worker, context->site, ref);
}
