// SPDX-License-Identifier: BSD-3-Clause
// Neighbour Discovery on a site's interface.
#include "dataplane/engine/nd.h"

#include <rte_ether.h>
#include <string.h>

#include "dataplane/engine/address.h"
#include "dataplane/engine/checksum.h"
#include "dataplane/engine/compose.h"
#include "dataplane/engine/link.h"
#include "dataplane/engine/neighbour.h"
#include "dataplane/engine/parse.h"

enum { SOLICITATION = 135, ADVERTISEMENT = 136, ROUTER_SOLICITATION = 133, REDIRECT = 137 };
enum { SOURCE_LINK_ADDRESS = 1, TARGET_LINK_ADDRESS = 2 };
enum { FLAG_ROUTER = 0x80, FLAG_SOLICITED = 0x40, FLAG_OVERRIDE = 0x20 };

#define HOP_LIMIT     255
#define TARGET_AT     8  // offset of the target address in a message
#define OPTIONS_AT    24 // and of its options
#define OPTION_BYTES  8  // link-layer address option of Ethernet
#define MESSAGE_AT    (PARSE_ETHERNET_BYTES + PARSE_IPV6_BYTES)
#define MESSAGE_BYTES (OPTIONS_AT + OPTION_BYTES)

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};

bool nd_is_message(const struct packet *packet)
{
	const uint8_t *header = packet->frame + packet->layer3;

	return header[6] == PARSE_ICMPV6 && header[7] == HOP_LIMIT && packet->length > MESSAGE_AT &&
	       header[PARSE_IPV6_BYTES] >= ROUTER_SOLICITATION &&
	       header[PARSE_IPV6_BYTES] <= REDIRECT;
}

// RFC 4291, section 2.7.1: ff02::1:ff and the last three bytes of the address.
static void solicited_node(const uint8_t address[16], uint8_t group[16])
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};

	memcpy(group, prefix, sizeof(prefix));
	memcpy(group + 13, address + 13, 3);
}

static void send_nd(const struct site_context *context, uint32_t interface, uint8_t type,
		    uint8_t flags, const uint8_t subject[16], const uint8_t source[16],
		    const uint8_t to[16], const uint8_t to_mac[6])
{
	packet_ref ref = site_new_packet(context, MESSAGE_AT + MESSAGE_BYTES);
	struct packet *packet;
	uint8_t *message;

	if (ref == PACKET_NONE)
		return;
	packet = worker_packet(context->worker, ref);
	message = packet->frame + MESSAGE_AT;
	memset(message, 0, MESSAGE_BYTES);
	message[0] = type;
	message[4] = flags;
	memcpy(message + TARGET_AT, subject, 16);
	message[OPTIONS_AT] = type == SOLICITATION ? SOURCE_LINK_ADDRESS : TARGET_LINK_ADDRESS;
	message[OPTIONS_AT + 1] = OPTION_BYTES / 8;
	memcpy(message + OPTIONS_AT + 2, context->plan->interfaces[interface].mac, 6);
	compose_ipv6(packet, HOP_LIMIT, PARSE_ICMPV6, source, to);
	compose_icmpv6_checksum(packet);
	link_send(context, interface, to_mac, RTE_ETHER_TYPE_IPV6, ref);
}

void nd_ask(const struct site_context *context, uint32_t interface, const uint8_t target[16],
	    const uint8_t *mac)
{
	const struct plan_interface *link = &context->plan->interfaces[interface];
	const uint8_t *source = link->link_local;
	uint8_t group[16], group_mac[6] = {0x33, 0x33};

	if (!address6_is_link_local(target) && link->address6.family == 6)
		source = link->address6.bytes;
	if (mac != NULL) {
		send_nd(context, interface, SOLICITATION, 0, target, source, target, mac);
		return;
	}
	solicited_node(target, group);
	memcpy(group_mac + 2, group + 12, 4);
	send_nd(context, interface, SOLICITATION, 0, target, source, group, group_mac);
}

// The Ethernet address in the option of this type: NULL when there is none. False when the options
// are malformed (RFC 4861, section 4.6: a length of 0, or beyond the message's end).
static bool find_option(const uint8_t *message, uint32_t length, uint8_t type, const uint8_t **mac)
{
	*mac = NULL;
	for (uint32_t at = OPTIONS_AT; at < length;) {
		uint32_t bytes;

		if (length - at < 2)
			return false;
		bytes = (uint32_t)message[at + 1] * 8;
		if (bytes == 0 || bytes > length - at)
			return false;
		if (message[at] == type && bytes == OPTION_BYTES)
			*mac = message + at + 2;
		at += bytes;
	}
	return true;
}

static bool is_ours(const struct plan_interface *link, const uint8_t address[16])
{
	return memcmp(link->link_local, address, 16) == 0 ||
	       (link->address6.family == 6 && memcmp(link->address6.bytes, address, 16) == 0);
}

// RFC 4861, sections 7.1.1 and 7.2.3 to 7.2.4. The answer goes to the MAC address that asked.
static void solicited(const struct site_context *context, const struct packet *packet,
		      const uint8_t *message, uint32_t length)
{
	const struct plan_interface *link = &context->plan->interfaces[context->interface];
	const uint8_t *source = parse_source(packet), *target = message + TARGET_AT;
	bool detects_duplicates = address6_is_unspecified(source);
	struct plan_address sender = address_of(6, source);
	const uint8_t *mac;

	if (!find_option(message, length, SOURCE_LINK_ADDRESS, &mac) || !is_ours(link, target))
		return;
	if (detects_duplicates) {
		if (mac == NULL && parse_target(packet)[0] == 0xff)
			send_nd(context, context->interface, ADVERTISEMENT,
				FLAG_ROUTER | FLAG_OVERRIDE, target, target, all_nodes,
				all_nodes_mac);
		return;
	}
	if (address6_is_multicast(source) || is_ours(link, source))
		return;
	if (mac != NULL)
		neighbour_learn(context, context->interface, &sender, mac, NEIGHBOUR_INSERT);
	else
		mac = packet->frame + 6;
	if (!(mac[0] & 1))
		send_nd(context, context->interface, ADVERTISEMENT,
			FLAG_ROUTER | FLAG_SOLICITED | FLAG_OVERRIDE, target, target, source, mac);
}

// RFC 4861, sections 7.1.2 and 7.2.5. An advertisement to one node may omit the option: its frame
// then says where it came from.
static void advertised(const struct site_context *context, const struct packet *packet,
		       const uint8_t *message, uint32_t length)
{
	const struct plan_interface *link = &context->plan->interfaces[context->interface];
	struct plan_address subject = address_of(6, message + TARGET_AT);
	bool to_all = address6_is_multicast(parse_target(packet));
	const uint8_t *mac;

	if (!find_option(message, length, TARGET_LINK_ADDRESS, &mac) ||
	    is_ours(link, subject.bytes) || (to_all && message[4] & FLAG_SOLICITED))
		return;
	if (mac == NULL && !to_all)
		mac = packet->frame + 6;
	if (mac != NULL)
		neighbour_learn(context, context->interface, &subject, mac,
				message[4] & FLAG_OVERRIDE ? NEIGHBOUR_UPDATE : NEIGHBOUR_CONFIRM);
}

static void handle(const struct site_context *context, const struct packet *packet)
{
	const uint8_t *message = packet->frame + MESSAGE_AT;
	struct parse_upper upper;
	uint64_t sum;

	if (!parse_upper(packet, &upper) || upper.available < upper.length ||
	    upper.length < OPTIONS_AT || message[1] != 0 ||
	    address6_is_multicast(message + TARGET_AT))
		return;
	sum = checksum_pseudo6(parse_source(packet), parse_target(packet), PARSE_ICMPV6,
			       upper.length);
	if (checksum_finish(checksum_add(sum, message, upper.length)) != 0)
		return;
	if (message[0] == SOLICITATION)
		solicited(context, packet, message, upper.length);
	else if (message[0] == ADVERTISEMENT)
		advertised(context, packet, message, upper.length);
}

void nd_input(const struct site_context *context, packet_ref ref)
{
	handle(context, worker_packet(context->worker, ref));
	worker_consume(context->worker, context->site, ref);
}
