// SPDX-License-Identifier: BSD-3-Clause
// Captures made for the tests.
#include "tests/pcaps/captures.h"

#include <assert.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

int captures_setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/corridor-pcaps-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

int captures_teardown(void **state)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;

	(void)state;
	while (listing && (entry = readdir(listing)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(listing), entry->d_name, 0);
	if (listing)
		closedir(listing);
	return rmdir(folder);
}

const char *captures_path(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_udp(uint8_t *udp, uint32_t length, uint32_t sequence, int number_payload)
{
	put16(udp, 4000);
	put16(udp + 2, 5000);
	put16(udp + 4, length);
	put16(udp + 6, 0x1234);
	for (uint32_t i = 8; i < length; i++)
		udp[i] = (uint8_t)i;
	if (number_payload && length >= 12)
		memcpy(udp + 8, &sequence, sizeof(sequence));
}

void captures_ipv4(uint8_t *bytes, uint32_t length, uint32_t sequence, int number_payload)
{
	uint8_t *ip = bytes + 14;

	assert(length >= 60 && length <= CAPTURES_FRAME_MOST);
	memset(bytes, 0, length);
	memcpy(bytes, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", 14);
	ip[0] = 0x45;
	put16(ip + 2, length - 14);
	put16(ip + 4, number_payload ? sequence & 0xffff : 0);
	ip[8] = 64;
	ip[9] = 17;
	put16(ip + 10, 0xabcd);
	memcpy(ip + 12, "\x0a\x01\0\x01\x0a\x02\0\x01", 8);
	put_udp(ip + 20, length - 34, sequence, number_payload);
}

void captures_ipv6(uint8_t *bytes, uint32_t length, uint32_t sequence)
{
	uint8_t *ip = bytes + 14;

	assert(length >= 80 && length <= CAPTURES_FRAME_MOST);
	memset(bytes, 0, length);
	memcpy(bytes, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x86\xdd", 14);
	ip[0] = 0x60;
	put16(ip + 4, length - 54);
	ip[6] = 17;
	ip[7] = 64;
	ip[8] = ip[24] = 0xfd;
	ip[39] = 1;
	put_udp(ip + 40, length - 54, sequence, 1);
}

void captures_route(uint8_t *bytes)
{
	memcpy(bytes, "\x02\0\0\0\x99\x01\x02\0\0\0\x99\x02", 12);
	bytes[14 + 8]--;
	put16(bytes + 14 + 10, 0xacce);
	put16(bytes + 14 + 20 + 6, 0x4321);
}

void captures_write_bytes(const char *path, const void *bytes, size_t count)
{
	FILE *out;

	// A new file each time: some filesystems write one out at once that is cut and filled anew.
	unlink(path);
	out = fopen(path, "w");
	assert(out);
	assert(fwrite(bytes, 1, count, out) == count);
	assert(fclose(out) == 0);
}

uint8_t *captures_read_bytes(const char *path, size_t *count)
{
	FILE *in = fopen(path, "r");
	uint8_t *bytes = malloc(1 << 20);

	assert(in && bytes);
	*count = fread(bytes, 1, 1 << 20, in);
	fclose(in);
	return bytes;
}

uint64_t captures_random(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

double captures_uniform(uint64_t *state)
{
	return (double)(captures_random(state) >> 11) * 0x1p-53;
}

double captures_normal(uint64_t *state)
{
	double radius = sqrt(-2 * log(1 - captures_uniform(state)));

	return radius * cos(2 * M_PI * captures_uniform(state));
}

void captures_write_three(const char *path, enum trace_format format)
{
	static const char *const names[] = {"west", "span:forward"};
	struct error error = {0};
	struct trace_writer *writer =
		trace_create(path, format, names, format == TRACE_PCAP ? 1 : 2, "test", &error);
	uint8_t bytes[100];

	assert(writer);
	for (uint32_t i = 0; i < 3; i++) {
		struct trace_frame frame = {
			.at_ns = UINT64_C(1700000000123456789) + i,
			.bytes = bytes,
			.length = 60 + i, // every padding
			.wire_length = 1500,
			.interface = format == TRACE_PCAP ? 0 : i % 2,
			.packet_id = i == 1 ? TRACE_NO_PACKET_ID : UINT64_C(0x1122334455667788) + i,
			.comment = i == 2 ? "lost: model" : NULL,
		};

		captures_ipv4(bytes, 100, i, 1);
		assert(trace_write(writer, &frame, &error) == 0);
	}
	assert(trace_finish(writer, &error) == 0);
}
