// SPDX-License-Identifier: BSD-3-Clause
// The bytes of a capture file, buffered.
#include "pcaps/trace_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// One read: small enough to stay in the second-level cache until it is parsed.
#define READ_BYTES ((size_t)256 * 1024)

// How long a wish to stop may go unseen.
#define LOOK_MS 100

int trace_input_open(struct trace_input *input, const char *path, const volatile sig_atomic_t *stop,
		     struct error *error)
{
	struct stat status;

	*input = (struct trace_input){.descriptor = -1, .stop = stop};
	input->buffer = malloc(TRACE_INPUT_MOST);
	if (!input->buffer)
		return error_set(error, -ENOMEM, path, "no memory for a read buffer");
	if (strcmp(path, "-") == 0)
		input->descriptor = STDIN_FILENO;
	else
		input->descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (input->descriptor < 0) {
		int code = -errno;
		free(input->buffer);
		input->buffer = NULL;
		return error_set(error, code, path, "cannot be opened: %s", strerror(-code));
	}
	input->waits = fstat(input->descriptor, &status) == 0 && !S_ISREG(status.st_mode);
	return 0;
}

void trace_input_close(struct trace_input *input)
{
	if (input->descriptor > STDIN_FILENO)
		close(input->descriptor);
	free(input->buffer);
	*input = (struct trace_input){.descriptor = -1};
}

// Waits until there is something to read. 0, or -EINTR when that is no longer wanted. A signal need
// not reach the thread that reads, hence the short waits.
static int wait_for_bytes(const struct trace_input *input)
{
	struct pollfd polled = {.fd = input->descriptor, .events = POLLIN};

	if (!input->stop || !input->waits)
		return 0;
	while (!*input->stop)
		if (poll(&polled, 1, LOOK_MS) > 0)
			return 0;
	return -EINTR;
}

// Reads once behind `end`. False at the end of the file or on a fault.
static bool read_more(struct trace_input *input)
{
	size_t room = TRACE_INPUT_MOST - input->end;
	ssize_t got;

	if (input->at_end)
		return false;
	input->fault = wait_for_bytes(input);
	if (input->fault < 0) {
		input->at_end = true;
		return false;
	}
	do
		got = read(input->descriptor, input->buffer + input->end,
			   room < READ_BYTES ? room : READ_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		input->fault = -errno;
	if (got <= 0) {
		input->at_end = true;
		return false;
	}
	input->end += (size_t)got;
	return true;
}

const uint8_t *trace_input_fill(struct trace_input *input, size_t count)
{
	if (count > TRACE_INPUT_MOST)
		return NULL;
	// What is left is the beginning of one block: little to move, and the buffer's first part
	// stays in the cache.
	memmove(input->buffer, input->buffer + input->start, input->end - input->start);
	input->end -= input->start;
	input->start = 0;
	while (input->end < count)
		if (!read_more(input))
			return NULL;
	return input->buffer;
}

bool trace_input_skip(struct trace_input *input, uint64_t count)
{
	while (count > trace_input_left(input)) {
		count -= trace_input_left(input);
		input->start = input->end = 0;
		if (!read_more(input))
			return false;
	}
	input->start += (size_t)count;
	return true;
}
