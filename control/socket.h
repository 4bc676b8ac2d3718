// SPDX-License-Identifier: BSD-3-Clause
// Where the sockets of running labs lie, and how a name is claimed, found and given back.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "dataplane/model/error.h"

#define SOCKET_PATH_SIZE 108 // of sockaddr_un
#define SOCKET_NAMES     64  // running labs looked at
#define SOCKET_NAME_SIZE 64

// $XDG_RUNTIME_DIR/corridor, else /run/corridor. `make`: creates it (0700) when missing, and checks
// that it is ours to write. 0 or a negative errno with a sentence.
int socket_directory(char *directory, size_t size, bool make, struct error *error);

// The socket's path of a lab.
int socket_path(const char *lab, char *path, size_t size, struct error *error);

// A lab's name, claimed.
struct socket_claim {
	int fd;       // listening, non-blocking
	dev_t device; // of the socket's file, so that only ours is ever removed
	ino_t inode;
	char path[SOCKET_PATH_SIZE];
};

// Claims the name: a socket with mode 0600. A socket file whose process is gone is replaced; one
// that answers gives -EADDRINUSE. 0 or a negative errno with a sentence.
int socket_listen(const char *lab, struct socket_claim *claim, struct error *error);
// Closes it and removes its file, unless the path has become somebody else's.
void socket_unlisten(struct socket_claim *claim);

// A connected, blocking socket of the lab; -ECONNREFUSED with a sentence when none answers.
int socket_connect(const char *lab, struct error *error);

// Names of the labs that answer, sorted: their number, at most SOCKET_NAMES.
size_t socket_names(char names[SOCKET_NAMES][SOCKET_NAME_SIZE]);
