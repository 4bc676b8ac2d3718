// SPDX-License-Identifier: BSD-3-Clause
// Putting files that the program carries into a folder. The table is assembled from embed.sh's
// text.
#include "control/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcaps/aside.h"

const struct embedded_file *embedded_find(const char *name)
{
	for (const struct embedded_file *file = embedded_files; file->name; file++)
		if (strcmp(file->name, name) == 0)
			return file;
	return NULL;
}

// Compares piece by piece: a file that shrinks meanwhile is merely another.
static bool holds(int fd, const struct embedded_file *file)
{
	unsigned char piece[65536];
	struct stat status;
	size_t at = 0;

	if (fstat(fd, &status) || (unsigned long long)status.st_size != file->size)
		return false;
	while (at < file->size) {
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got <= 0 || (size_t)got > file->size - at ||
		    memcmp(piece, file->data + at, (size_t)got) != 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

// What is in the way: 0 nothing, 1 the same file, 2 another one; or a negative errno.
static int look(const struct embedded_file *file, const char *path, struct error *error)
{
	struct stat status;
	int fd;
	int found;

	if (stat(path, &status))
		return errno == ENOENT ? 0
				       : error_set(error, -errno, path, "cannot be written: %s",
						   strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EEXIST, path,
				 "is in the way and no regular file; give another folder");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, -errno, path, "cannot be read: %s", strerror(errno));
	found = holds(fd, file) ? 1 : 2;
	close(fd);
	return found;
}

static int write_all(const struct embedded_file *file, const char *path, struct error *error)
{
	struct aside aside;
	size_t at = 0;
	int code = aside_open(&aside, path, error);

	if (code)
		return code;
	while (at < file->size) {
		ssize_t put = write(aside.descriptor, file->data + at, file->size - at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			code = error_set(error, -errno, path, "cannot be written: %s",
					 strerror(errno));
			aside_abandon(&aside);
			return code;
		}
		at += (size_t)put;
	}
	return aside_finish(&aside, error);
}

// Another file goes aside first, and comes back when the new one cannot be written. (A link is
// moved itself: what it points to is not touched.)
static int replace(const struct embedded_file *file, const char *path, struct error *error)
{
	char *backup = NULL;
	int code;

	if (asprintf(&backup, "%s~", path) < 0)
		return error_set(error, -ENOMEM, path, "no memory for its name");
	if (rename(path, backup)) {
		code = error_set(error, -errno, backup, "cannot be written: %s", strerror(errno));
	} else {
		code = write_all(file, path, error);
		if (code)
			rename(backup, path);
	}
	free(backup);
	return code;
}

int embedded_write(const char *name, const char *path, bool *kept, struct error *error)
{
	const struct embedded_file *file = embedded_find(name);
	int found;
	int code;

	*kept = false;
	if (!file)
		return error_set(error, -ENOENT, name, "is not among the files in the program");
	found = look(file, path, error);
	if (found < 0 || found == 1)
		return found < 0 ? found : 0;
	if (found == 0)
		return write_all(file, path, error);
	code = replace(file, path, error);
	*kept = code == 0;
	return code;
}
