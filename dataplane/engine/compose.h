// SPDX-License-Identifier: BSD-3-Clause
// Writes the IP headers and ICMP checksums of packets that a site makes. Lengths follow from the
// packet's wire_length; the Ethernet header is left alone. No function here can fail.
#pragma once

#include <stdint.h>

#include "dataplane/engine/packet.h"

// A 20-byte header with DF and identification 0 (an atomic datagram, RFC 6864), TTL 64. Addresses
// are 4 bytes, read before they are written.
void compose_ipv4(struct packet *packet, uint8_t service, uint8_t protocol, const uint8_t *source,
		  const uint8_t *target);

// Lets a packet with such a header be cut up on its way: no DF, and an identification that should
// not come again soon between the two addresses.
void compose_allow_fragments(struct packet *packet, uint16_t identification);

// A 40-byte header; addresses are 16 bytes.
void compose_ipv6(struct packet *packet, uint8_t hop_limit, uint8_t next_header,
		  const uint8_t *source, const uint8_t *target);

// Fills in the checksum of the ICMP (ICMPv6) message behind a composed header, complete in the
// stored bytes.
void compose_icmp_checksum(struct packet *packet);
void compose_icmpv6_checksum(struct packet *packet);
