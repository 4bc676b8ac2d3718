// SPDX-License-Identifier: BSD-3-Clause
// Headers of packets that a site makes.
#include "dataplane/engine/compose.h"

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <string.h>

#include "dataplane/engine/checksum.h"
#include "dataplane/engine/parse.h"

#define TTL 64 // IANA, "IP parameters": the recommended default

void compose_ipv4(struct packet *packet, uint8_t service, uint8_t protocol, const uint8_t *source,
		  const uint8_t *target)
{
	uint8_t *bytes = packet->frame + PARSE_ETHERNET_BYTES;
	uint32_t total = packet->wire_length - PARSE_ETHERNET_BYTES;
	struct rte_ipv4_hdr header = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.type_of_service = service,
		.total_length = rte_cpu_to_be_16((uint16_t)total),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = TTL,
		.next_proto_id = protocol,
	};

	memcpy(&header.src_addr, source, 4);
	memcpy(&header.dst_addr, target, 4);
	header.hdr_checksum = checksum_ipv4_header((const uint8_t *)&header, sizeof(header));
	memcpy(bytes, &header, sizeof(header));
}

void compose_allow_fragments(struct packet *packet, uint16_t identification)
{
	uint8_t *bytes = packet->frame + PARSE_ETHERNET_BYTES;
	struct rte_ipv4_hdr header;

	memcpy(&header, bytes, sizeof(header));
	header.packet_id = rte_cpu_to_be_16(identification);
	header.fragment_offset = 0;
	header.hdr_checksum = 0;
	header.hdr_checksum = checksum_ipv4_header((const uint8_t *)&header, sizeof(header));
	memcpy(bytes, &header, sizeof(header));
}

void compose_ipv6(struct packet *packet, uint8_t hop_limit, uint8_t next_header,
		  const uint8_t *source, const uint8_t *target)
{
	uint8_t *bytes = packet->frame + PARSE_ETHERNET_BYTES;
	uint32_t payload = packet->wire_length - PARSE_ETHERNET_BYTES - PARSE_IPV6_BYTES;
	struct rte_ipv6_hdr header = {
		.vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28),
		.payload_len = rte_cpu_to_be_16((uint16_t)payload),
		.proto = next_header,
		.hop_limits = hop_limit,
	};

	memcpy(header.src_addr, source, 16);
	memcpy(header.dst_addr, target, 16);
	memcpy(bytes, &header, sizeof(header));
}

void compose_icmp_checksum(struct packet *packet)
{
	uint8_t *message = packet->frame + PARSE_ETHERNET_BYTES + PARSE_IPV4_BYTES;
	uint32_t length = packet->length - PARSE_ETHERNET_BYTES - PARSE_IPV4_BYTES;

	checksum_store(message + 2, 0);
	checksum_store(message + 2, checksum_finish(checksum_add(0, message, length)));
}

void compose_icmpv6_checksum(struct packet *packet)
{
	const uint8_t *header = packet->frame + PARSE_ETHERNET_BYTES;
	uint8_t *message = packet->frame + PARSE_ETHERNET_BYTES + PARSE_IPV6_BYTES;
	uint32_t length = packet->length - PARSE_ETHERNET_BYTES - PARSE_IPV6_BYTES;
	uint64_t sum = checksum_pseudo6(header + 8, header + 24, PARSE_ICMPV6, length);

	checksum_store(message + 2, 0);
	checksum_store(message + 2, checksum_finish(checksum_add(sum, message, length)));
}
