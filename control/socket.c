// SPDX-License-Identifier: BSD-3-Clause
// Sockets of running labs as files: claimed under a lock of their directory, so that two engines of
// one name can never both win.
#include "control/socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SUFFIX ".sock"

static int make_directory(const char *directory, struct error *error)
{
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return error_set(error, errno == EACCES ? -EPERM : -errno, directory,
				 "the directory for sockets cannot be made: %s (set "
				 "XDG_RUNTIME_DIR to a directory of yours, or run as root)",
				 strerror(errno));
	struct stat status;
	if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode))
		return error_set(error, -EPERM, directory,
				 "this should be a directory for sockets (remove it)");
	// Root may use anybody's; everybody else's sockets lie where only they can write.
	if (status.st_uid != geteuid() && geteuid() != 0)
		return error_set(error, -EPERM, directory,
				 "the directory for sockets belongs to another user (set "
				 "XDG_RUNTIME_DIR to a directory of yours, or run as root)");
	if (access(directory, W_OK | X_OK) != 0)
		return error_set(error, -EPERM, directory, "sockets cannot be made here: %s",
				 strerror(errno));
	return 0;
}

int socket_directory(char *directory, size_t size, bool make, struct error *error)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	if (base == NULL || base[0] == '\0')
		base = "/run";
	int length = snprintf(directory, size, "%s/corridor", base);
	if (length < 0 || (size_t)length >= size)
		return error_set(error, -ENAMETOOLONG, "XDG_RUNTIME_DIR",
				 "this path is too long for a socket (at most %d characters)",
				 SOCKET_PATH_SIZE - 1);
	return make ? make_directory(directory, error) : 0;
}

int socket_path(const char *lab, char *path, size_t size, struct error *error)
{
	char directory[SOCKET_PATH_SIZE];
	int result = socket_directory(directory, sizeof(directory), false, error);
	if (result < 0)
		return result;
	int length = snprintf(path, size, "%s/%s" SUFFIX, directory, lab);
	if (length < 0 || (size_t)length >= size || length >= SOCKET_PATH_SIZE)
		return error_set(error, -ENAMETOOLONG, lab,
				 "the socket's path under %s would be longer than %d characters "
				 "(choose a shorter --lab NAME)",
				 directory, SOCKET_PATH_SIZE - 1);
	return 0;
}

static struct sockaddr_un socket_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

// A connection, or the negative errno of connect.
static int try_connect(const char *path, int flags)
{
	struct sockaddr_un address = socket_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int code = -errno;
	close(fd);
	return code;
}

// Makes way for a new socket at `path`: only a socket that nobody serves is removed.
static int clear_stale(const char *lab, const char *path, struct error *error)
{
	struct stat status;
	if (lstat(path, &status) != 0)
		return 0;
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, -EADDRINUSE, path,
				 "this file is in the way of the lab's socket (remove it)");
	int fd = try_connect(path, SOCK_NONBLOCK);
	if (fd == -ECONNREFUSED || fd == -ENOENT) {
		if (unlink(path) == 0 || errno == ENOENT)
			return 0;
		return error_set(error, -EPERM, path, "a stale socket cannot be removed: %s",
				 strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	else if (fd == -EACCES)
		return error_set(error, -EPERM, path,
				 "another user's lab has this name (choose "
				 "another with --lab NAME)");
	return error_set(error, -EADDRINUSE, path,
			 "a lab named %s is running already (corridor stop --lab %s ends it, --lab "
			 "NAME gives this one another name)",
			 lab, lab);
}

static int bind_listen(struct socket_claim *claim, struct error *error)
{
	struct sockaddr_un address = socket_address(claim->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(error, -errno, claim->path, "no socket: %s", strerror(errno));
	// The mode must hold from the first moment on, not after a chmod.
	mode_t mask = umask(0177);
	bool bound = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	int code = errno;
	umask(mask);
	struct stat status;
	if (bound && listen(fd, 32) == 0 && stat(claim->path, &status) == 0) {
		claim->fd = fd;
		claim->device = status.st_dev;
		claim->inode = status.st_ino;
		return 0;
	}
	if (bound) {
		code = errno;
		unlink(claim->path);
	}
	close(fd);
	return error_set(error, code == EACCES ? -EPERM : -code, claim->path,
			 "the lab's socket cannot be made: %s", strerror(code));
}

int socket_listen(const char *lab, struct socket_claim *claim, struct error *error)
{
	char directory[SOCKET_PATH_SIZE];
	claim->fd = -1;
	int result = socket_directory(directory, sizeof(directory), true, error);
	if (result == 0)
		result = socket_path(lab, claim->path, sizeof(claim->path), error);
	if (result < 0)
		return result;
	int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) != 0) {
		result = error_set(error, -EPERM, directory, "it cannot be locked: %s",
				   strerror(errno));
		if (lock >= 0)
			close(lock);
		return result;
	}
	result = clear_stale(lab, claim->path, error);
	if (result == 0)
		result = bind_listen(claim, error);
	close(lock); // releases it
	return result;
}

void socket_unlisten(struct socket_claim *claim)
{
	if (claim->fd < 0)
		return;
	struct stat status;
	if (lstat(claim->path, &status) == 0 && status.st_dev == claim->device &&
	    status.st_ino == claim->inode)
		unlink(claim->path);
	close(claim->fd);
	claim->fd = -1;
}

int socket_connect(const char *lab, struct error *error)
{
	char path[SOCKET_PATH_SIZE];
	int result = socket_path(lab, path, sizeof(path), error);
	if (result < 0)
		return result;
	int fd = try_connect(path, 0);
	if (fd >= 0)
		return fd;
	if (fd == -EACCES || fd == -EPERM)
		return error_set(error, -EPERM, path,
				 "this lab belongs to another user (run as that user, or as root)");
	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return error_set(error, -ECONNREFUSED, lab,
				 "no lab of this name is running (corridor run TOPOLOGY starts "
				 "one)");
	return error_set(error, -ECONNREFUSED, path, "the lab does not answer: %s", strerror(-fd));
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(left, right);
}

size_t socket_names(char names[SOCKET_NAMES][SOCKET_NAME_SIZE])
{
	char directory[SOCKET_PATH_SIZE];
	if (socket_directory(directory, sizeof(directory), false, NULL) < 0)
		return 0;
	DIR *stream = opendir(directory);
	if (stream == NULL)
		return 0;
	size_t count = 0;
	const struct dirent *entry;
	while (count < SOCKET_NAMES && (entry = readdir(stream)) != NULL) {
		size_t length = strlen(entry->d_name);
		size_t suffix = strlen(SUFFIX);
		if (length <= suffix || length - suffix >= SOCKET_NAME_SIZE ||
		    strcmp(entry->d_name + length - suffix, SUFFIX) != 0)
			continue;
		char name[SOCKET_NAME_SIZE], path[SOCKET_PATH_SIZE];
		memcpy(name, entry->d_name, length - suffix);
		name[length - suffix] = '\0';
		if (socket_path(name, path, sizeof(path), NULL) < 0)
			continue;
		int fd = try_connect(path, SOCK_NONBLOCK);
		if (fd >= 0)
			close(fd);
		if (fd >= 0 || fd == -EAGAIN)
			strcpy(names[count++], name);
	}
	closedir(stream);
	qsort(names, count, SOCKET_NAME_SIZE, compare_names);
	return count;
}
