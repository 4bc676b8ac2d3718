// SPDX-License-Identifier: BSD-3-Clause
// Captures made for the tests: frames, and files of them in a folder that goes away.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pcaps/trace.h"

#define CAPTURES_FRAME_MOST 2048

// A folder under /tmp, and a path in it (static memory, good until the eighth next call).
int captures_setup(void **state);
int captures_teardown(void **state);
const char *captures_path(const char *name);

// An Ethernet frame of `length` bytes (at least 60) with an IPv4 UDP packet: IP id and payload from
// `sequence` (payload only with number_payload).
void captures_ipv4(uint8_t *bytes, uint32_t length, uint32_t sequence, int number_payload);
void captures_ipv6(uint8_t *bytes, uint32_t length, uint32_t sequence);

// What a router does to an IPv4 frame: other MAC addresses, TTL one less, checksums of IP and UDP
// other than before.
void captures_route(uint8_t *bytes);

// Three frames of 60, 61 and 62 bytes, a nanosecond apart, on interfaces "west" and "span:forward"
// in turn (pcap: one only); the second without packet id, the third with a comment.
void captures_write_three(const char *path, enum trace_format format);

// A file written byte for byte.
void captures_write_bytes(const char *path, const void *bytes, size_t count);
// A file read whole; the caller frees.
uint8_t *captures_read_bytes(const char *path, size_t *count);

// Independent random numbers for faults: splitmix64, 53-bit uniform in [0, 1), standard normal.
uint64_t captures_random(uint64_t *state);
double captures_uniform(uint64_t *state);
double captures_normal(uint64_t *state);
