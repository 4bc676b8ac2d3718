// SPDX-License-Identifier: BSD-3-Clause
// pcap_next_ex and pcap_dump, and nothing else.
#include "bench/capture.h"

#include <errno.h>
#include <string.h>

#include <pcap/pcap.h>

#define SNAPLEN 262144
// Looks for an interrupt so often.
#define PIECE 65536

static int fail(struct error *error, int code, const char *path, const char *reason)
{
	return error_set(error, code, path, "%s", reason);
}

// Addresses and ports are those of the benchmark networks (RFC 2544); no checksum (RFC 768: 0).
static void make_frame(uint8_t frame[CAPTURE_FRAME_BYTES], uint64_t number)
{
	static const uint8_t head[] = {
		0x02, 0,  0, 0,  0,    2, 0x02, 0, 0,  0,  0, 1, 0x08, 0x00,       // Ethernet
		0x45, 0,  0, 50, 0,    0, 0,    0, 64, 17, 0, 0, 198,  18,   0, 1, // IPv4
		198,  19, 0, 1,  0x10, 0, 0x20, 0, 0,  30, 0, 0,                   // UDP
	};

	memset(frame, 0, CAPTURE_FRAME_BYTES);
	memcpy(frame, head, sizeof(head));
	memcpy(frame + sizeof(head), &number, sizeof(number));
}

static int write_frames(pcap_dumper_t *dumper, uint64_t packets,
			const volatile sig_atomic_t *interrupted)
{
	uint8_t frame[CAPTURE_FRAME_BYTES];
	struct pcap_pkthdr header = {.caplen = CAPTURE_FRAME_BYTES, .len = CAPTURE_FRAME_BYTES};

	for (uint64_t i = 0; i < packets; i++) {
		uint64_t at_ns = i * CAPTURE_GAP_NS;

		if (i % PIECE == 0 && *interrupted)
			return -EINTR;
		header.ts.tv_sec = (time_t)(at_ns / 1000000000);
		header.ts.tv_usec = (suseconds_t)(at_ns % 1000000000); // nanoseconds in this file
		make_frame(frame, i);
		pcap_dump((u_char *)dumper, &header, frame);
	}
	return pcap_dump_flush(dumper) == 0 ? 0 : -EIO;
}

int capture_generate(const char *path, uint64_t packets, const volatile sig_atomic_t *interrupted,
		     struct error *error)
{
	pcap_t *pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
							    PCAP_TSTAMP_PRECISION_NANO);
	pcap_dumper_t *dumper = pcap != NULL ? pcap_dump_open(pcap, path) : NULL;
	int code = 0;

	if (dumper == NULL) {
		code = fail(error, -EIO, path, pcap != NULL ? pcap_geterr(pcap) : "no memory");
	} else {
		code = write_frames(dumper, packets, interrupted);
		pcap_dump_close(dumper);
		if (code)
			fail(error, code, path,
			     code == -EINTR ? "interrupted" : "cannot be written to its end");
	}
	if (pcap != NULL)
		pcap_close(pcap);
	return code;
}

static int64_t copy_frames(pcap_t *pcap, pcap_dumper_t *dumper)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int64_t count = 0;
	int got;

	while ((got = pcap_next_ex(pcap, &header, &bytes)) == 1) {
		pcap_dump((u_char *)dumper, header, bytes);
		count++;
	}
	return got == PCAP_ERROR_BREAK && pcap_dump_flush(dumper) == 0 ? count : -EIO;
}

int64_t capture_copy(const char *from, const char *to, struct error *error)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap =
		pcap_open_offline_with_tstamp_precision(from, PCAP_TSTAMP_PRECISION_NANO, reason);
	int64_t count = 0;

	if (pcap == NULL)
		return fail(error, -EIO, from, reason);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, to);
	if (dumper == NULL) {
		count = fail(error, -EIO, to, pcap_geterr(pcap));
	} else {
		count = copy_frames(pcap, dumper);
		pcap_dump_close(dumper);
		if (count < 0)
			fail(error, (int)count, to, "the copy broke off");
	}
	pcap_close(pcap);
	return count;
}
