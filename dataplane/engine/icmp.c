// SPDX-License-Identifier: BSD-3-Clause
// ICMP and ICMPv6 messages of a site.
#include "dataplane/engine/icmp.h"

#include <string.h>

#include "dataplane/engine/address.h"
#include "dataplane/engine/checksum.h"
#include "dataplane/engine/compose.h"
#include "dataplane/engine/forward.h"
#include "dataplane/engine/fragment.h"
#include "dataplane/engine/neighbour.h"
#include "dataplane/engine/site.h"

#define MESSAGE_BYTES         8   // type, code, checksum, and four bytes by type
#define ERROR_IPV4_BYTES_MOST 576 // RFC 1812, section 4.3.2.3
#define ERROR_IPV6_BYTES_MOST 1280
#define ERROR_SERVICE         0xc0 // internetwork control, RFC 1812, section 4.3.2.5
#define BUDGET_STEP_NS        (UINT64_C(1000000000) / ICMP_ERRORS_PER_SECOND)

enum { ECHO_REPLY = 0, UNREACHABLE = 3, ECHO_REQUEST = 8, TIME_EXCEEDED = 11 };
enum { CODE_NET = 0, CODE_HOST = 1, CODE_PORT = 3, CODE_FRAGMENTATION_NEEDED = 4 };
enum {
	UNREACHABLE6 = 1,
	TOO_BIG6 = 2,
	TIME_EXCEEDED6 = 3,
	ECHO_REQUEST6 = 128,
	ECHO_REPLY6 = 129,
	REDIRECT6 = 137
};
enum { CODE6_NO_ROUTE = 0, CODE6_ADDRESS = 3, CODE6_PORT = 4 };

// What differs between errors.
struct message {
	uint8_t type;
	uint8_t code;
	uint32_t value; // the second four bytes
};

void icmp_budget_init(struct icmp_budget *budget)
{
	budget->errors = ICMP_ERRORS_AT_ONCE;
	budget->filled_at_ns = 0;
}

static bool take_from_budget(const struct site_context *context)
{
	struct icmp_budget *budget =
		&worker_site_state(context->worker, context->site)->icmp_budget;
	uint64_t steps = (context->at_ns - budget->filled_at_ns) / BUDGET_STEP_NS;

	if (steps >= ICMP_ERRORS_AT_ONCE - budget->errors) {
		budget->errors = ICMP_ERRORS_AT_ONCE;
		budget->filled_at_ns = context->at_ns;
	} else {
		budget->errors += (uint32_t)steps;
		budget->filled_at_ns += steps * BUDGET_STEP_NS;
	}
	if (budget->errors == 0)
		return false;
	budget->errors--;
	return true;
}

// Query messages of ICMP may be complained about; errors and what is unknown may not.
static bool is_icmp_query(uint8_t type)
{
	return type == ECHO_REPLY || type == ECHO_REQUEST || (type >= 9 && type <= 10) ||
	       (type >= 13 && type <= 18) || type == 42 || type == 43;
}

static bool may_complain_about(const struct site_context *context, const struct packet *packet)
{
	const uint8_t *source = parse_source(packet), *target = parse_target(packet);
	struct parse_upper upper;
	uint8_t type;

	if (packet->flags & PACKET_FLOW || context->to_group)
		return false;
	if (!parse_upper(packet, &upper) || !upper.first)
		return false;
	type = upper.available > 0 ? packet->frame[upper.offset] : 0;
	if (packet->flags & PACKET_IPV4) {
		if (!address4_is_routable(source) || !address4_is_routable(target))
			return false;
		return upper.protocol != PARSE_ICMP || (upper.available > 0 && is_icmp_query(type));
	}
	if (address6_is_multicast(source) || address6_is_unspecified(source) ||
	    address6_is_multicast(target))
		return false;
	return upper.protocol != PARSE_ICMPV6 ||
	       (upper.available > 0 && type >= ECHO_REQUEST6 && type != REDIRECT6);
}

// The site's own address; else that of the interface on which the packet came; else any of its
// interfaces'. NULL when it has none of this family.
static const uint8_t *own_address(const struct site_context *context, uint8_t family)
{
	const struct plan *plan = context->plan;
	const struct plan_site *site = &plan->sites[context->site];
	const struct site_state *state = worker_site_state(context->worker, context->site);
	const struct plan_address *address = family == 4 ? &site->address4 : &site->address6;

	if (address->family == family)
		return address->bytes;
	for (uint32_t i = 0; i <= state->interface_count; i++) {
		uint32_t number = i == 0 ? context->interface : state->interfaces[i - 1];

		if (number == PLAN_NONE)
			continue;
		address = family == 4 ? &plan->interfaces[number].address4
				      : &plan->interfaces[number].address6;
		if (address->family == family)
			return address->bytes;
	}
	return NULL;
}

// A link-local destination is known only on the link where the question came from.
static void send_back(const struct site_context *context, packet_ref ref)
{
	struct packet *packet = worker_packet(context->worker, ref);
	struct plan_address target;

	if (parse_originated(packet) == PARSE_IPV6 && context->interface != PLAN_NONE &&
	    (address6_is_link_local(parse_target(packet)) ||
	     address6_is_link_local(parse_source(packet)))) {
		target = address_of(6, parse_target(packet));
		neighbour_send(context, context->interface, &target, ref);
		return;
	}
	site_originate(context->worker, context->site, ref, context->at_ns);
}

// Quotes the packet behind an IP header and eight bytes of message, and sends it to its source.
static void send_error(const struct site_context *context, struct packet *packet,
		       const uint8_t *source, const struct message *message)
{
	bool ipv4 = packet->flags & PACKET_IPV4;
	uint32_t header_bytes = ipv4 ? PARSE_IPV4_BYTES : PARSE_IPV6_BYTES;
	uint32_t most = ipv4 ? ERROR_IPV4_BYTES_MOST : ERROR_IPV6_BYTES_MOST;
	uint32_t front = PARSE_ETHERNET_BYTES + header_bytes + MESSAGE_BYTES;
	uint32_t quoted = most - header_bytes - MESSAGE_BYTES;
	struct parse_upper upper;
	struct packet *error;
	packet_ref ref;
	uint8_t *bytes;

	if (!parse_upper(packet, &upper) || !take_from_budget(context))
		return;
	packet_refresh_ttl(packet);
	if (quoted > upper.offset + upper.available - packet->layer3)
		quoted = upper.offset + upper.available - packet->layer3;
	ref = site_new_packet(context, front + quoted);
	if (ref == PACKET_NONE)
		return;
	error = worker_packet(context->worker, ref);
	bytes = error->frame + PARSE_ETHERNET_BYTES + header_bytes;
	bytes[0] = message->type;
	bytes[1] = message->code;
	bytes[4] = (uint8_t)(message->value >> 24);
	bytes[5] = (uint8_t)(message->value >> 16);
	bytes[6] = (uint8_t)(message->value >> 8);
	bytes[7] = (uint8_t)message->value;
	memcpy(bytes + MESSAGE_BYTES, packet->frame + packet->layer3, quoted);
	if (ipv4) {
		compose_ipv4(error, ERROR_SERVICE, PARSE_ICMP, source, parse_source(packet));
		compose_icmp_checksum(error);
	} else {
		compose_ipv6(error, 64, PARSE_ICMPV6, source, parse_source(packet));
		compose_icmpv6_checksum(error);
	}
	send_back(context, ref);
}

// Is the packet's source an address of the site? An error would go round in a circle.
static bool is_from_us(const struct site_context *context, const struct packet *packet)
{
	const struct plan *plan = context->plan;
	uint32_t index = packet->flags & PACKET_IPV4
				 ? worker_lookup4(context->worker, parse_source(packet))
				 : worker_lookup6(context->worker, parse_source(packet));

	return index < plan->destination_count && plan->destinations[index].site == context->site &&
	       plan->destinations[index].delivery == PLAN_LOCAL;
}

static void complain(const struct site_context *context, struct packet *packet,
		     const struct message *message)
{
	const uint8_t *source = own_address(context, packet->flags & PACKET_IPV4 ? 4 : 6);

	if (source != NULL && may_complain_about(context, packet) && !is_from_us(context, packet))
		send_error(context, packet, source, message);
}

static void complain_unreachable(const struct site_context *context, struct packet *packet,
				 uint8_t code4, uint8_t code6)
{
	struct message message = {UNREACHABLE6, code6, 0};

	if (packet->flags & PACKET_IPV4) {
		message.type = UNREACHABLE;
		message.code = code4;
	}
	complain(context, packet, &message);
}

void icmp_no_route(const struct site_context *context, struct packet *packet)
{
	if (context->interface == PLAN_NONE ||
	    !context->plan->interfaces[context->interface].promiscuous)
		complain_unreachable(context, packet, CODE_NET, CODE6_NO_ROUTE);
}

void icmp_host_unreachable(const struct site_context *context, struct packet *packet)
{
	complain_unreachable(context, packet, CODE_HOST, CODE6_ADDRESS);
}

void icmp_time_exceeded(const struct site_context *context, struct packet *packet)
{
	struct message message = {packet->flags & PACKET_IPV4 ? TIME_EXCEEDED : TIME_EXCEEDED6, 0,
				  0};

	complain(context, packet, &message);
}

void icmp_packet_too_big(const struct site_context *context, struct packet *packet,
			 uint32_t mtu_bytes)
{
	struct message message = {TOO_BIG6, 0, mtu_bytes};

	if (packet->flags & PACKET_IPV4) {
		message.type = UNREACHABLE;
		message.code = CODE_FRAGMENTATION_NEEDED;
		message.value = mtu_bytes > UINT16_MAX ? UINT16_MAX : mtu_bytes; // 16 bits of them
	}
	complain(context, packet, &message);
}

void icmp_port_unreachable(const struct site_context *context, struct packet *packet)
{
	struct message message = {UNREACHABLE6, CODE6_PORT, 0};

	if (packet->flags & PACKET_IPV4) {
		message.type = UNREACHABLE;
		message.code = CODE_PORT;
	}
	// The answer comes from the address that was asked (RFC 4443, section 2.2).
	if (may_complain_about(context, packet))
		send_error(context, packet, parse_target(packet), &message);
}

static bool is_echo_request(const struct packet *packet, const struct parse_upper *upper)
{
	const uint8_t *message = packet->frame + upper->offset;
	bool ipv4 = packet->flags & PACKET_IPV4;
	uint64_t sum = 0;

	if (upper->protocol != (ipv4 ? PARSE_ICMP : PARSE_ICMPV6) ||
	    upper->available < MESSAGE_BYTES ||
	    message[0] != (ipv4 ? ECHO_REQUEST : ECHO_REQUEST6) || message[1] != 0)
		return false;
	if (upper->available < upper->length) // cut short by a capture: nothing to check it by
		return true;
	if (!ipv4)
		sum = checksum_pseudo6(parse_source(packet), parse_target(packet), PARSE_ICMPV6,
				       upper->length);
	return checksum_finish(checksum_add(sum, message, upper->length)) == 0;
}

static bool may_answer(const struct packet *packet)
{
	const uint8_t *source = parse_source(packet);

	if (packet->flags & PACKET_IPV4)
		return address4_is_routable(source);
	return address6_is_routable(source) || address6_is_link_local(source);
}

void icmp_answer_echo(const struct site_context *context, const struct packet *packet,
		      const struct parse_upper *upper)
{
	bool ipv4 = packet->flags & PACKET_IPV4;
	uint32_t front = PARSE_ETHERNET_BYTES + (ipv4 ? PARSE_IPV4_BYTES : PARSE_IPV6_BYTES);
	const uint8_t type[2] = {ipv4 ? ECHO_REPLY : ECHO_REPLY6, 0};
	struct packet *reply;
	packet_ref ref;
	uint8_t *message;

	if (context->to_group || !is_echo_request(packet, upper) || !may_answer(packet))
		return;
	ref = site_new_packet(context, front + upper->available);
	if (ref == PACKET_NONE)
		return;
	reply = worker_packet(context->worker, ref);
	reply->wire_length = front + upper->length;
	message = reply->frame + front;
	memcpy(message, packet->frame + upper->offset, upper->available);
	// Only the type changes: swapped addresses leave the pseudo header's sum as it is.
	checksum_store(message + 2, checksum_update(checksum_load(message + 2),
						    checksum_load(message), checksum_load(type)));
	memcpy(message, type, sizeof(type));
	if (ipv4) {
		compose_ipv4(reply, packet->frame[packet->layer3 + 1], PARSE_ICMP,
			     parse_target(packet), parse_source(packet));
		// Who may be cut up on the way here may be so on the way back.
		if (fragment_is_allowed(packet))
			compose_allow_fragments(reply, (uint16_t)reply->id);
	} else {
		compose_ipv6(reply, 64, PARSE_ICMPV6, parse_target(packet), parse_source(packet));
	}
	send_back(context, ref);
}
