// SPDX-License-Identifier: BSD-3-Clause
// Files of a topology (load_files.h).
#include "topologies/load_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MOST ((size_t)64 << 20)
#define INCLUDE_DEPTH   16
#define INCLUDE_FILES   1000

// A file and those that include it, for loops; devices and pipes have no identity worth comparing.
struct opened {
	const struct opened *includer;
	dev_t device;
	ino_t inode;
	const char *path;
	unsigned depth;
};

// Who asked for a file; NULL section: the user.
struct request {
	const struct ini_section *section;
	const struct ini_entry *entry;
};

static void fail(struct reader *reader, const struct request *request, int code, const char *path,
		 const char *what)
{
	char where[192];

	if (request->section)
		errors_add(reader->errors, code,
			   ini_where(request->section->file, request->entry->line, request->section,
				     "include", where, sizeof(where)),
			   "\"%s\" %s", path, what);
	else
		errors_add(reader->errors, code, path, "%s", what);
}

static const char *open_remedy(int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
		return "does not exist; check the path";
	case EACCES:
	case EPERM:
		return "may not be read; check its permissions";
	case EISDIR:
		return "is a directory; name a file in it";
	case ELOOP:
		return "is a loop of symbolic links; name the file itself";
	case ENAMETOOLONG:
		return "is too long a path; shorten it";
	default:
		return strerror(code);
	}
}

// The whole of an open file, with a NUL behind it; NULL when the fault was reported.
static char *read_whole(struct reader *reader, const struct request *request, const char *path,
			int fd, size_t *length)
{
	size_t capacity = 1 << 16;
	char *text = malloc(capacity);

	*length = 0;
	while (text) {
		ssize_t got = read(fd, text + *length, capacity - *length - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int code = errno;

			fail(reader, request, -code, path, open_remedy(code));
			free(text);
			return NULL;
		}
		if (got == 0) {
			text[*length] = '\0';
			return text;
		}
		*length += (size_t)got;
		if (*length > FILE_BYTES_MOST) {
			fail(reader, request, -EFBIG, path,
			     "is larger than 64 MiB, which no topology is; check the path");
			free(text);
			return NULL;
		}
		if (capacity - *length < 2) {
			char *grown = realloc(text, capacity * 2);

			if (!grown)
				break;
			text = grown;
			capacity *= 2;
		}
	}
	free(text);
	fail(reader, request, -ENOMEM, path, "does not fit into memory; free some");
	return NULL;
}

// Opens for reading without waiting for a writer of a pipe, and then reads like any file.
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

static const char *keep_path(struct reader *reader, const char *path)
{
	struct topology *topology = reader->topology;
	char **grown = reallocarray(topology->files, topology->file_count + 1, sizeof(*grown));
	char *copy = strdup(path);

	if (grown)
		topology->files = grown;
	if (!grown || !copy) {
		free(copy);
		return NULL;
	}
	topology->files[topology->file_count++] = copy;
	return copy;
}

static void load_one(struct reader *reader, const struct request *request, const char *path,
		     const struct opened *includer);

// `item` relative to the directory of the file that includes it.
static char *join_path(const char *file, const char *item)
{
	const char *slash = strrchr(file, '/');
	char *joined;

	if (item[0] == '/' || !slash)
		return strdup(item);
	if (asprintf(&joined, "%.*s%s", (int)(slash - file + 1), file, item) < 0)
		return NULL;
	return joined;
}

static void follow_includes(struct reader *reader, size_t first_section,
			    const struct opened *opened)
{
	size_t sections = reader->ini->section_count;

	for (size_t i = first_section; i < sections; i++) {
		// Copies, because scanning another file moves the arrays.
		struct ini_section section = reader->ini->sections[i];

		if (strcmp(section.kind, "network") != 0)
			continue;
		for (size_t j = section.first; j < section.first + section.count; j++) {
			struct ini_entry entry = reader->ini->entries[j];
			struct request request = {&section, &entry};
			char list[INI_LINE_MAX + 1];
			char *rest = list;
			char *item;

			if (strcmp(entry.key, "include") != 0)
				continue;
			snprintf(list, sizeof(list), "%s", entry.value);
			while ((item = reader_next_item(&rest))) {
				char *path = join_path(section.file, item);

				if (path)
					load_one(reader, &request, path, opened);
				free(path);
			}
		}
	}
}

// Has the file been read, by whatever path?
static bool is_read(const struct reader *reader, const struct opened *opened)
{
	for (size_t i = 0; i < reader->topology->file_count; i++) {
		struct stat status;

		if (stat(reader->topology->files[i], &status) == 0 &&
		    status.st_dev == opened->device && status.st_ino == opened->inode)
			return true;
	}
	return false;
}

// Why this file is not to be opened here, or NULL.
static const char *include_fault(const struct reader *reader, const struct opened *opened)
{
	for (const struct opened *up = opened->includer; up; up = up->includer)
		if (up->device == opened->device && up->inode == opened->inode)
			return "includes itself; take one include out";
	if (opened->depth > INCLUDE_DEPTH)
		return "is included more than 16 deep; flatten the includes";
	if (reader->topology->file_count > INCLUDE_FILES)
		return "is one of more than 1000 files; join some";
	if (is_read(reader, opened))
		return "is included a second time; include it once";
	return NULL;
}

static void scan(struct reader *reader, const struct request *request, const char *path,
		 const char *text, size_t length, const struct opened *opened)
{
	size_t first_section = reader->ini->section_count;
	size_t errors_before = reader->errors->count;
	const char *kept = keep_path(reader, path);

	if (!kept || ini_scan(reader->ini, kept, text, length, reader->errors) < 0) {
		fail(reader, request, -ENOMEM, path, "does not fit into memory; free some");
		return;
	}
	if (reader->ini->section_count == first_section && reader->errors->count == errors_before)
		fail(reader, request, -EINVAL, path,
		     "holds no section; write e.g. [site amsterdam]");
	if (opened)
		follow_includes(reader, first_section, opened);
}

static void load_one(struct reader *reader, const struct request *request, const char *path,
		     const struct opened *includer)
{
	bool standard_input = !includer && strcmp(path, "-") == 0;
	struct opened opened = {
		.includer = includer, .path = path, .depth = includer ? includer->depth + 1 : 0};
	struct stat status;
	const char *fault = NULL;
	size_t length;
	char *text;
	int fd = standard_input ? STDIN_FILENO : open_file(path);

	if (fd < 0 || fstat(fd, &status) < 0) {
		int code = errno;

		fail(reader, request, -code, path, open_remedy(code));
		if (fd >= 0 && !standard_input)
			close(fd);
		return;
	}
	opened.device = status.st_dev;
	opened.inode = status.st_ino;
	if (includer)
		fault = include_fault(reader, &opened);
	if (fault) {
		fail(reader, request, -ELOOP, path, fault);
		text = NULL;
	} else if (S_ISDIR(status.st_mode)) {
		fail(reader, request, -EISDIR, path, open_remedy(EISDIR));
		text = NULL;
	} else {
		text = read_whole(reader, request, path, fd, &length);
	}
	if (!standard_input)
		close(fd);
	if (text)
		scan(reader, request, standard_input ? "standard-input" : path, text, length,
		     &opened);
	free(text);
}

void load_files(struct reader *reader, const char *path)
{
	struct request request = {NULL, NULL};

	load_one(reader, &request, path, NULL);
}

void load_text(struct reader *reader, const char *text, const char *name)
{
	struct request request = {NULL, NULL};
	size_t before = reader->ini->section_count;

	if (strlen(text) > FILE_BYTES_MOST) {
		fail(reader, &request, -EFBIG, name, "is larger than 64 MiB, which no topology is");
		return;
	}
	scan(reader, &request, name, text, strlen(text), NULL);
	for (size_t i = before; i < reader->ini->section_count; i++) {
		struct ini_section *section = &reader->ini->sections[i];

		for (size_t j = section->first; j < section->first + section->count; j++) {
			const struct ini_entry *entry = &reader->ini->entries[j];

			if (strcmp(section->kind, "network") != 0 ||
			    strcmp(entry->key, "include") != 0)
				continue;
			request = (struct request){section, entry};
			fail(reader, &request, -EINVAL, entry->value,
			     "can not be included from a text; load it as a file");
		}
	}
}
