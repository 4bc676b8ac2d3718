// SPDX-License-Identifier: BSD-3-Clause
// Classic capture files through libpcap, which knows their dialects and byte orders.
#include "pcaps/trace_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

#include <pcap/pcap.h>

#define FILE_HEADER_BYTES   24
#define SNAPLEN_OFFSET      16
#define LINK_TYPE_OFFSET    20
#define STREAM_BUFFER_BYTES 65536

int trace_refuse_link_type(const struct trace_reader *reader, unsigned link_type,
			   struct error *error)
{
	// Numbers that differ between files (LINKTYPE_) and libpcap's interface (DLT_).
	static const struct {
		unsigned file;
		int library;
	} renumbered[] = {{100, DLT_ATM_RFC1483}, {101, DLT_RAW}, {106, DLT_ATM_CLIP}};
	int library = (int)link_type;
	const char *name;
	const char *description;

	for (size_t i = 0; i < sizeof(renumbered) / sizeof(renumbered[0]); i++)
		if (renumbered[i].file == link_type)
			library = renumbered[i].library;
	name = pcap_datalink_val_to_name(library);
	description = pcap_datalink_val_to_description(library);
	return error_set(error, -EINVAL, reader->path,
			 "holds link type %u, %s (%s), but a lab carries Ethernet only (EN10MB): "
			 "capture on an Ethernet interface",
			 link_type, name ? name : "unknown", description ? description : "unknown");
}

// Hands the input's bytes to libpcap's stream.
static ssize_t stream_read(void *cookie, char *into, size_t most)
{
	struct trace_input *input = cookie;
	const uint8_t *bytes = trace_input_peek(input, 1);
	size_t count;

	if (!bytes) {
		if (!input->fault)
			return 0;
		errno = -input->fault;
		return -1;
	}
	count = trace_input_left(input);
	if (count > most)
		count = most;
	memcpy(into, bytes, count);
	trace_input_take(input, count);
	return (ssize_t)count;
}

// The number in the file's header, whose byte order its magic shows; libpcap's own may be another.
// The upper half says whether frames end in their checksums.
static unsigned file_link_type(const uint8_t *header)
{
	bool big = header[0] == 0xa1 && header[1] == 0xb2;
	const uint8_t *at = header + LINK_TYPE_OFFSET;

	return big ? (unsigned)at[2] << 8 | at[3] : (unsigned)at[1] << 8 | at[0];
}

int trace_pcap_open(struct trace_reader *reader, struct error *error)
{
	char message[PCAP_ERRBUF_SIZE] = "";
	unsigned link_type;
	cookie_io_functions_t functions = {.read = stream_read};
	FILE *stream;

	if (!trace_input_peek(&reader->input, FILE_HEADER_BYTES))
		return error_set(error, -EINVAL, reader->path,
				 "breaks off within the first %d bytes, so it holds no capture",
				 FILE_HEADER_BYTES);
	link_type = file_link_type(reader->input.buffer + reader->input.start);
	// The snapshot length of some files is a lie that would make libpcap cut their frames; 0
	// means the longest there is, which libpcap still enforces.
	memset(reader->input.buffer + reader->input.start + SNAPLEN_OFFSET, 0, 4);
	stream = fopencookie(&reader->input, "r", functions);
	if (!stream)
		return error_set(error, -ENOMEM, reader->path, "no memory for a stream");
	setvbuf(stream, NULL, _IOFBF, STREAM_BUFFER_BYTES);
	__fsetlocking(stream, FSETLOCKING_BYCALLER);
	reader->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO,
								message);
	if (!reader->pcap) {
		fclose(stream);
		return error_set(error, -EINVAL, reader->path,
				 "is no capture that can be read (%s); pcap and pcapng are",
				 message);
	}
	if (pcap_datalink(reader->pcap) != DLT_EN10MB)
		return trace_refuse_link_type(reader, link_type, error);
	return 0;
}

int trace_pcap_step(struct trace_reader *reader, struct trace_frame *frame, struct error *error)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int got = pcap_next_ex(reader->pcap, &header, &bytes);

	if (got == 1) {
		// Seconds are unsigned in the file, though libpcap reads them as signed.
		uint64_t seconds = (uint32_t)header->ts.tv_sec;
		long fraction = header->ts.tv_usec < 0 ? 0 : (long)header->ts.tv_usec;

		*frame = (struct trace_frame){
			.at_ns = seconds * 1000000000u + (uint64_t)fraction,
			.bytes = bytes,
			.length = header->caplen,
			.wire_length = header->len,
			.packet_id = TRACE_NO_PACKET_ID,
		};
		return TRACE_STEP_FRAME;
	}
	if (got == PCAP_ERROR_BREAK)
		return TRACE_STEP_END;
	if (!reader->input.fault &&
	    strncmp(pcap_geterr(reader->pcap), "truncated dump file", 19) == 0)
		return TRACE_STEP_CUT;
	return error_set(error, reader->input.fault ? reader->input.fault : -EINVAL, reader->path,
			 "cannot be read after frame %llu: %s", (unsigned long long)reader->frames,
			 pcap_geterr(reader->pcap));
}

void trace_pcap_close(struct trace_reader *reader)
{
	if (reader->pcap)
		pcap_close(reader->pcap); // closes the stream, too
	reader->pcap = NULL;
}
