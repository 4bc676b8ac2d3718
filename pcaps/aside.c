// SPDX-License-Identifier: BSD-3-Clause
// An output file that appears whole or not at all.
#include "pcaps/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The canonical name of a file that may not be there yet; NULL when its folder is not there either.
static char *canonical(const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash = strrchr(path, '/');
	char *folder;
	char *joined = NULL;

	if (real || errno != ENOENT)
		return real;
	folder = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
	real = folder ? realpath(folder, NULL) : NULL;
	if (real && asprintf(&joined, "%s/%s", real, slash ? slash + 1 : path) < 0)
		joined = NULL;
	free(folder);
	free(real);
	return joined;
}

bool aside_is_same(const char *path, const char *other)
{
	struct stat one, two;
	char *name, *other_name;
	bool same;

	if (strcmp(path, other) == 0)
		return true;
	if (strcmp(path, "-") == 0 || strcmp(other, "-") == 0)
		return false;
	if (stat(path, &one) == 0)
		return stat(other, &two) == 0 && S_ISREG(one.st_mode) && one.st_dev == two.st_dev &&
		       one.st_ino == two.st_ino;
	name = canonical(path);
	other_name = canonical(other);
	same = name && other_name && strcmp(name, other_name) == 0;
	free(name);
	free(other_name);
	return same;
}

static int refuse(const char *path, int code, struct error *error)
{
	return error_set(error, code, path, "cannot be written: %s", strerror(-code));
}

static int open_beside(struct aside *aside, struct error *error)
{
	if (asprintf(&aside->part, "%s.part-%ld", aside->path, (long)getpid()) < 0) {
		aside->part = NULL;
		return refuse(aside->path, -ENOMEM, error);
	}
	aside->descriptor = open(aside->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (aside->descriptor >= 0) {
		aside->renames = true;
		return 0;
	}
	if (errno == EEXIST)
		return error_set(error, -EEXIST, aside->part,
				 "is in the way: remove it if nothing is writing it");
	return refuse(aside->path, -errno, error);
}

static int open_any(struct aside *aside, struct error *error)
{
	struct stat status;

	if (strcmp(aside->path, "-") == 0) {
		aside->descriptor = STDOUT_FILENO;
		return 0;
	}
	// A rename would put a file where a device was, which root may do by accident.
	if (stat(aside->path, &status) == 0 && !S_ISREG(status.st_mode)) {
		aside->descriptor = open(aside->path, O_WRONLY | O_CLOEXEC);
		return aside->descriptor < 0 ? refuse(aside->path, -errno, error) : 0;
	}
	return open_beside(aside, error);
}

int aside_open(struct aside *aside, const char *path, struct error *error)
{
	int code;

	*aside = (struct aside){.descriptor = -1};
	if (strcmp(path, "-") != 0)
		aside->path = realpath(path, NULL);
	if (!aside->path)
		aside->path = strdup(path);
	code = aside->path ? open_any(aside, error) : refuse(path, -ENOMEM, error);
	if (code < 0)
		aside_abandon(aside);
	return code;
}

int aside_finish(struct aside *aside, struct error *error)
{
	int code = 0;

	// Some file systems tell of a full disk only now.
	if (aside->descriptor >= 0 && aside->descriptor != STDOUT_FILENO &&
	    close(aside->descriptor) < 0)
		code = -errno;
	aside->descriptor = -1;
	if (code == 0 && aside->renames) {
		if (rename(aside->part, aside->path) < 0)
			code = -errno;
		else
			aside->renames = false;
	}
	if (code < 0)
		refuse(aside->path, code, error);
	aside_abandon(aside);
	return code;
}

void aside_abandon(struct aside *aside)
{
	if (aside->descriptor >= 0 && aside->descriptor != STDOUT_FILENO)
		close(aside->descriptor);
	if (aside->renames)
		unlink(aside->part);
	free(aside->part);
	free(aside->path);
	*aside = (struct aside){.descriptor = -1};
}
