// SPDX-License-Identifier: BSD-3-Clause
// A lab, what goes into it, and what verify says of what came out.
#include "tests/control/stories.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pcaps/trace.h"
#include "tests/control/spoken.h"

#define EPOCH UINT64_C(1700000000000000000)

static char folder[] = "/tmp/corridor-verify-XXXXXX";

int stories_enter(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

int stories_leave(void **state)
{
	static const char *const names[] = {"lab.ini", "sent.pcap", "received.pcapng", "cut.pcapng",
					    "all.pcapng"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

// ---- A lab and what goes in ----

const char stories_two_routers[] = "[site a]\naddress = 10.255.0.1\nsubnet = 10.1.0.0/16\n"
				   "[site b]\naddress = 10.255.0.2\nsubnet = 10.2.0.0/16\n"
				   "[port pa]\nsite = a\naddress = 10.1.0.1/24\n"
				   "[port pb]\nsite = b\naddress = 10.2.0.1/24\n"
				   "[link l]\nends = a, b\ndelay = 5ms\n";

void stories_write_lab(const char *format, ...)
{
	FILE *file = fopen("lab.ini", "w");
	va_list arguments;

	assert_non_null(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	assert_int_equal(fclose(file), 0);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// A frame from 10.1.0.9 to 10.2.0.9. Returns its length.
static uint32_t make_frame(const struct shape *shape, uint8_t *bytes)
{
	uint8_t *ip = bytes + 14 + (shape->tagged ? 4 : 0);
	uint32_t length = 28 + shape->payload;
	uint32_t sum = 0;

	memset(bytes, 0, 2048);
	memcpy(bytes, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	if (shape->tagged)
		memcpy(bytes + 12, "\x81\0\0\0", 4);
	put16(ip - 2, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, length);
	put16(ip + 4, shape->id);
	put16(ip + 6, shape->flags);
	ip[8] = shape->ttl ? shape->ttl : 64;
	ip[9] = 17;
	memcpy(ip + 12, "\x0a\x01\0\x09\x0a\x02\0\x09", 8);
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)));
	put16(ip + 20, 4000);
	put16(ip + 22, 5000);
	put16(ip + 24, 8 + shape->payload);
	for (uint32_t i = 4; i < shape->payload; i++)
		ip[28 + i] = (uint8_t)(i * 7);
	if (shape->payload >= 4)
		memcpy(ip + 28, &shape->number, 4);
	memset(ip + length, 0x77, shape->trailer);
	return (uint32_t)(ip - bytes) + length + shape->trailer;
}

// `frames` frames, gap_ns apart; shape_of says what each is.
void stories_send(uint32_t frames, uint64_t gap_ns, struct shape (*shape_of)(uint32_t number))
{
	const char *names[] = {"sent"};
	struct error error;
	struct trace_writer *writer = trace_create("sent.pcap", TRACE_PCAP, names, 1, "", &error);
	uint8_t bytes[2048];

	assert_non_null(writer);
	for (uint32_t i = 0; i < frames; i++) {
		struct shape shape = shape_of(i);
		uint32_t length = make_frame(&shape, bytes);
		struct trace_frame frame = {.at_ns = EPOCH + i * gap_ns,
					    .bytes = bytes,
					    .length = length,
					    .wire_length = length,
					    .packet_id = TRACE_NO_PACKET_ID};

		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
}

struct shape stories_plain(uint32_t number)
{
	return (struct shape){.payload = 100 + number % 900, .id = number, .number = number};
}

void stories_replay(void)
{
	struct spoken spoken;

	if (speak(&spoken, "replay", "lab.ini", "--in", "pa=sent.pcap", "--out",
		  "pb=received.pcapng", NULL))
		fail_msg("%s", spoken.err);
	spoken_fini(&spoken);
}

// ---- What verify says ----

json_t *stories_verify(const char *received, int status)
{
	struct spoken spoken;
	int found = speak(&spoken, "-j", "verify", "--sent", "sent.pcap", "--received", received,
			  "--topology", "lab.ini", "--from", "pa", "--to", "pb", NULL);
	json_t *said;

	if (found != status)
		fail_msg("status %d: %s%s", found, spoken.out, spoken.err);
	said = json_loads(spoken.out, 0, NULL);
	assert_non_null(said);
	spoken_fini(&spoken);
	return said;
}

long stories_number(const json_t *said, const char *key)
{
	return (long)json_integer_value(json_object_get(said, key));
}

// true, false or null of a clause, as 1, 0 and -1.
int stories_clause(const json_t *said, const char *name)
{
	json_t *test;
	size_t i;

	json_array_foreach(json_object_get(said, "tests"), i, test)
	{
		if (strcmp(json_string_value(json_object_get(test, "name")), name) == 0)
			return json_is_null(json_object_get(test, "pass"))
				       ? -1
				       : json_is_true(json_object_get(test, "pass"));
	}
	fail_msg("no clause %s", name);
	return 0;
}

void stories_fails(const char *name)
{
	json_t *said = stories_verify("received.pcapng", 1);

	assert_int_equal(stories_clause(said, name), 0);
	json_decref(said);
}
