// SPDX-License-Identifier: BSD-3-Clause
// A lab, what goes into it, and what verify says of what came out: for tests of replay and verify
// together. Failures end the test.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define MS UINT64_C(1000000)

// A folder under /tmp to work in, and its end. The files are lab.ini, sent.pcap, received.pcapng,
// cut.pcapng and all.pcapng.
int stories_enter(void **state);
int stories_leave(void **state);

// lab.ini: what printf makes of it.
void stories_write_lab(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Two routers a and b with ports pa and pb, joined by link l, which ends the text: more of it, or
// other sections, may follow.
extern const char stories_two_routers[];

// A frame from 10.1.0.9 to 10.2.0.9 by UDP.
struct shape {
	uint32_t payload; // of UDP
	uint32_t id;
	uint32_t flags;   // of IPv4, with the offset
	uint32_t number;  // stands in the payload
	bool tagged;      // a priority tag
	uint32_t trailer; // bytes behind the packet
	uint8_t ttl;      // 0: 64
};

// `frames` frames into sent.pcap, gap_ns apart; shape_of says what each is.
void stories_send(uint32_t frames, uint64_t gap_ns, struct shape (*shape_of)(uint32_t number));
// 128 to 1027 bytes each.
struct shape stories_plain(uint32_t number);
// From pa to pb: received.pcapng.
void stories_replay(void);

// What verify says in JSON (the caller's), ended with that status.
json_t *stories_verify(const char *received, int status);
long stories_number(const json_t *said, const char *key);
// true, false or null of a clause, as 1, 0 and -1.
int stories_clause(const json_t *said, const char *name);
// It fails for that clause.
void stories_fails(const char *name);
