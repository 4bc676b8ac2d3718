// SPDX-License-Identifier: BSD-3-Clause
// The Internet checksum (RFC 1071): from the bytes, and from a change alone (RFC 1624).
//
// All 16-bit values are in the order of their bytes in the packet; the sum does not care which
// order that is (RFC 1071, section 2 B), so nothing is ever swapped. No function here can fail.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Adds `length` bytes to a running sum. Only the last piece of a sum may have an odd length.
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, uint32_t length);

// The checksum to be stored for a sum; 0 for the sum over a range that holds its right checksum.
uint16_t checksum_finish(uint64_t sum);

// Checksum of an IPv4 header of `length` bytes; 0 when the stored one is right.
uint16_t checksum_ipv4_header(const uint8_t *header, uint32_t length);

// Sum of the pseudo header: of UDP and TCP over IPv4 (RFC 768), and of all over IPv6 (RFC 8200,
// section 8.1). `length` is that of the upper layer's header and data.
uint64_t checksum_pseudo4(const uint8_t source[4], const uint8_t target[4], uint8_t protocol,
			  uint32_t length);
uint64_t checksum_pseudo6(const uint8_t source[16], const uint8_t target[16], uint8_t protocol,
			  uint32_t length);

// The checksum after one 16-bit word under it has changed (RFC 1624, equation 3).
uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word);

// A 16-bit value of a packet, at any address.
uint16_t checksum_load(const uint8_t *bytes);
void checksum_store(uint8_t *bytes, uint16_t value);
