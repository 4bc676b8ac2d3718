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
