// SPDX-License-Identifier: BSD-3-Clause
// The Internet checksum.
#include "dataplane/engine/checksum.h"

#include <string.h>

uint16_t checksum_load(const uint8_t *bytes)
{
	uint16_t value;
	memcpy(&value, bytes, sizeof(value));
	return value;
}

void checksum_store(uint8_t *bytes, uint16_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

// 32 bits at a time into 64: the carries of a 64 KB packet never reach the top, and folding adds
// the halves back, which is the same sum modulo 2^16 - 1.
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, uint32_t length)
{
	for (; length >= 4; length -= 4, bytes += 4) {
		uint32_t word;
		memcpy(&word, bytes, sizeof(word));
		sum += word;
	}
	uint8_t rest[4] = {0};
	uint32_t word;
	memcpy(rest, bytes, length);
	memcpy(&word, rest, sizeof(word));
	return sum + word;
}

uint16_t checksum_finish(uint64_t sum)
{
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	return (uint16_t)~sum;
}

uint16_t checksum_ipv4_header(const uint8_t *header, uint32_t length)
{
	return checksum_finish(checksum_add(0, header, length));
}

uint64_t checksum_pseudo4(const uint8_t source[4], const uint8_t target[4], uint8_t protocol,
			  uint32_t length)
{
	const uint8_t tail[4] = {0, protocol, (uint8_t)(length >> 8), (uint8_t)length};
	uint64_t sum = checksum_add(0, source, 4);
	sum = checksum_add(sum, target, 4);
	return checksum_add(sum, tail, sizeof(tail));
}

uint64_t checksum_pseudo6(const uint8_t source[16], const uint8_t target[16], uint8_t protocol,
			  uint32_t length)
{
	const uint8_t tail[8] = {(uint8_t)(length >> 24),
				 (uint8_t)(length >> 16),
				 (uint8_t)(length >> 8),
				 (uint8_t)length,
				 0,
				 0,
				 0,
				 protocol};
	uint64_t sum = checksum_add(0, source, 16);
	sum = checksum_add(sum, target, 16);
	return checksum_add(sum, tail, sizeof(tail));
}

uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word)
{
	return checksum_finish((uint64_t)(uint16_t)~checksum + (uint16_t)~old_word + new_word);
}
