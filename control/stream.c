// SPDX-License-Identifier: BSD-3-Clause
// Frames set aside on disk, to be merged later.
#include "control/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (256 * 1024)

struct stream {
	FILE *file;
	char *buffer; // of the file
	uint8_t *bytes;
	uint32_t room;
};

// A file without a name in the folder of `path`; where the filesystem cannot do that, one whose
// name is taken away at once. "-" and things that are no files have their streams in /tmp.
static int open_nameless(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat status;
	char name[4096];
	size_t length;
	int descriptor;

	if (strcmp(path, "-") == 0 || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)))
		snprintf(name, sizeof(name), "/tmp");
	else if (!slash)
		snprintf(name, sizeof(name), ".");
	else
		snprintf(name, sizeof(name), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	descriptor = open(name, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return descriptor;
	length = strlen(name);
	if (length + 32 > sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(name + length, sizeof(name) - length, "/.corridor-XXXXXX");
	descriptor = mkostemp(name, O_CLOEXEC);
	if (descriptor >= 0)
		unlink(name);
	return descriptor;
}

struct stream *stream_create(const char *path, struct error *error)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int descriptor = open_nameless(path);

	if (stream && descriptor >= 0) {
		stream->file = fdopen(descriptor, "w+b");
		stream->buffer = malloc(BUFFER_BYTES);
	}
	if (stream && stream->file && stream->buffer) {
		setvbuf(stream->file, stream->buffer, _IOFBF, BUFFER_BYTES);
		return stream;
	}
	if (descriptor >= 0) {
		errno = ENOMEM;
		if (!stream || !stream->file)
			close(descriptor);
	}
	error_set(error, -errno, path, "cannot set frames aside beside it: %s", strerror(errno));
	stream_destroy(stream);
	return NULL;
}

void stream_destroy(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->file)
		fclose(stream->file);
	free(stream->buffer);
	free(stream->bytes);
	free(stream);
}

static int fault_of(void)
{
	return errno ? -errno : -EIO;
}

int stream_write(struct stream *stream, const struct stream_record *record, const uint8_t *bytes)
{
	errno = 0;
	if (fwrite(record, sizeof(*record), 1, stream->file) != 1 ||
	    (record->length && fwrite(bytes, record->length, 1, stream->file) != 1))
		return fault_of();
	return 0;
}

int stream_rewind(struct stream *stream)
{
	errno = 0;
	if (fflush(stream->file) || fseek(stream->file, 0, SEEK_SET))
		return fault_of();
	return 0;
}

int stream_read(struct stream *stream, struct stream_record *record, const uint8_t **bytes)
{
	errno = 0;
	if (fread(record, sizeof(*record), 1, stream->file) != 1)
		return ferror(stream->file) ? fault_of() : 0;
	if (record->length > stream->room) {
		uint8_t *more = realloc(stream->bytes, record->length);

		if (!more)
			return -ENOMEM;
		stream->bytes = more;
		stream->room = record->length;
	}
	if (record->length && fread(stream->bytes, record->length, 1, stream->file) != 1)
		return fault_of();
	*bytes = stream->bytes;
	return 1;
}
