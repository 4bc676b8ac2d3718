// SPDX-License-Identifier: BSD-3-Clause
// Names of labs as socket files: claimed by one alone, found, and given back.
#include "control/socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/control/line_client.h"

#define NOBODY 65534

static const char *path_of(const char *lab)
{
	static char path[SOCKET_PATH_SIZE];
	struct error error;
	assert_int_equal(socket_path(lab, path, sizeof(path), &error), 0);
	return path;
}

static struct socket_claim claim(const char *lab)
{
	struct socket_claim claim;
	struct error error;
	if (socket_listen(lab, &claim, &error) != 0)
		fail_msg("%s: %s", error.where, error.what);
	return claim;
}

// The refusal of a claim: its errno; the sentence in `error`.
static int refused(const char *lab, struct error *error)
{
	struct socket_claim claim;
	int result = socket_listen(lab, &claim, error);
	assert_int_equal(claim.fd, -1);
	return result;
}

static void a_socket_is_its_owners_alone(void **state)
{
	(void)state;
	struct stat status;
	char folder[SOCKET_PATH_SIZE];
	mode_t mask = umask(0); // even so
	struct socket_claim mine = claim("west");
	umask(mask);
	assert_int_equal(stat(path_of("west"), &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(socket_directory(folder, sizeof(folder), false, NULL), 0);
	assert_int_equal(stat(folder, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	socket_unlisten(&mine);
	assert_int_equal(access(path_of("west"), F_OK), -1);
}

static void a_second_lab_of_the_same_name_is_refused_with_a_remedy(void **state)
{
	(void)state;
	struct socket_claim mine = claim("west");
	struct error error = {0};
	assert_int_equal(refused("west", &error), -EADDRINUSE);
	assert_non_null(strstr(error.what, "a lab named west is running already"));
	assert_non_null(strstr(error.what, "corridor stop --lab west"));
	assert_non_null(strstr(error.what, "--lab NAME"));
	// The first one is as it was.
	int fd = socket_connect("west", &error);
	assert_true(fd >= 0);
	close(fd);
	struct socket_claim other = claim("east");
	socket_unlisten(&other);
	socket_unlisten(&mine);
}

// What a process leaves that was killed: a file that nobody serves.
static void leave_stale(const char *lab)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_of(lab));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void a_stale_socket_is_replaced(void **state)
{
	(void)state;
	struct error error = {0};
	leave_stale("west");
	assert_int_equal(socket_connect("west", &error), -ECONNREFUSED);
	assert_non_null(strstr(error.what, "no lab of this name is running"));
	struct socket_claim mine = claim("west");
	int fd = socket_connect("west", &error);
	assert_true(fd >= 0);
	close(fd);
	socket_unlisten(&mine);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	(void)state;
	struct error error = {0};
	FILE *file = fopen(path_of("west"), "w");
	fputs("precious\n", file);
	fclose(file);
	assert_int_equal(refused("west", &error), -EADDRINUSE);
	assert_string_equal(error.where, path_of("west"));
	assert_non_null(strstr(error.what, "remove it"));
	assert_int_equal(unlink(path_of("west")), 0);
}

static void only_ones_own_socket_is_removed(void **state)
{
	(void)state;
	struct socket_claim mine = claim("west");
	assert_int_equal(unlink(path_of("west")), 0);
	struct socket_claim theirs = claim("west");
	socket_unlisten(&mine);
	assert_int_equal(access(path_of("west"), F_OK), 0);
	socket_unlisten(&theirs);
	assert_int_equal(access(path_of("west"), F_OK), -1);
}

// One who wants the name as soon as `gate` is closed, tells `told` how it went, and keeps what it
// has until `end` is.
static void rival(int gate, int told, int end)
{
	struct socket_claim mine;
	char byte;
	(void)!read(gate, &byte, 1);
	byte = socket_listen("west", &mine, NULL) == 0 ? 'w' : 'l';
	(void)!write(told, &byte, 1);
	(void)!read(end, &byte, 1);
	socket_unlisten(&mine);
}

static void of_many_that_claim_a_stale_name_at_once_one_wins(void **state)
{
	(void)state;
	enum { RIVALS = 6, ROUNDS = 40 };
	for (int round = 0; round < ROUNDS; round++) {
		int gate[2], told[2], end[2], winners = 0;
		pid_t rivals[RIVALS];
		assert_true(pipe(gate) == 0 && pipe(told) == 0 && pipe(end) == 0);
		leave_stale("west");
		for (int i = 0; i < RIVALS; i++) {
			rivals[i] = fork();
			if (rivals[i] != 0)
				continue;
			close(gate[1]);
			close(end[1]);
			rival(gate[0], told[1], end[0]);
			_exit(0);
		}
		close(gate[0]);
		close(gate[1]);
		for (int i = 0; i < RIVALS; i++) {
			char byte;
			assert_int_equal(read(told[0], &byte, 1), 1);
			winners += byte == 'w';
		}
		close(end[0]);
		close(end[1]);
		for (int i = 0; i < RIVALS; i++)
			waitpid(rivals[i], NULL, 0);
		close(told[0]);
		close(told[1]);
		assert_int_equal(winners, 1);
		assert_int_equal(access(path_of("west"), F_OK), -1);
	}
}

static void labs_that_answer_are_listed_by_name(void **state)
{
	(void)state;
	char names[SOCKET_NAMES][SOCKET_NAME_SIZE];
	assert_int_equal(socket_names(names), 0);
	struct socket_claim west = claim("west"), east = claim("east");
	leave_stale("gone");
	FILE *file = fopen(path_of("file"), "w");
	fclose(file);
	assert_int_equal(socket_names(names), 2);
	assert_string_equal(names[0], "east");
	assert_string_equal(names[1], "west");
	unlink(path_of("gone"));
	unlink(path_of("file"));
	socket_unlisten(&west);
	socket_unlisten(&east);
}

static void a_path_that_is_too_long_says_what_to_shorten(void **state)
{
	(void)state;
	char *folder = strdup(getenv("XDG_RUNTIME_DIR"));
	char long_folder[200], lab[64];
	struct error error = {0};
	memset(long_folder, 'x', sizeof(long_folder));
	long_folder[0] = '/';
	long_folder[sizeof(long_folder) - 1] = '\0';
	setenv("XDG_RUNTIME_DIR", long_folder, 1);
	assert_int_equal(refused("west", &error), -ENAMETOOLONG);
	assert_string_equal(error.where, "XDG_RUNTIME_DIR");
	long_folder[60] = '\0';
	setenv("XDG_RUNTIME_DIR", long_folder, 1);
	memset(lab, 'l', sizeof(lab));
	lab[sizeof(lab) - 1] = '\0';
	char path[SOCKET_PATH_SIZE];
	assert_int_equal(socket_path(lab, path, sizeof(path), &error), -ENAMETOOLONG);
	assert_non_null(strstr(error.what, "choose a shorter --lab NAME"));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	free(folder);
}

static void a_folder_that_cannot_be_made_says_what_to_set(void **state)
{
	(void)state;
	char *folder = strdup(getenv("XDG_RUNTIME_DIR"));
	struct error error = {0};
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	assert_int_not_equal(refused("west", &error), 0);
	assert_non_null(strstr(error.what, "XDG_RUNTIME_DIR"));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	free(folder);
}

// Runs `body` as nobody in a child: 0 when it says true.
static int as_nobody(bool (*body)(void))
{
	pid_t child = fork();
	if (child == 0) {
		bool ok = setgid(NOBODY) == 0 && setuid(NOBODY) == 0 && body();
		_exit(ok ? 0 : 1);
	}
	int status;
	waitpid(child, &status, 0);
	return status;
}

static bool a_strangers_call_is_refused(void)
{
	struct error error = {0};
	return socket_connect("west", &error) == -EPERM &&
	       strstr(error.what, "belongs to another user") != NULL;
}

static bool a_strangers_claim_is_refused(void)
{
	struct socket_claim claim;
	struct error error = {0};
	return socket_listen("west", &claim, &error) == -EPERM &&
	       strstr(error.what, "belongs to another user") != NULL;
}

static void another_users_lab_is_neither_heard_nor_replaced(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); // it takes root to become somebody else
	char folder[SOCKET_PATH_SIZE];
	struct socket_claim mine = claim("west");
	assert_int_equal(socket_directory(folder, sizeof(folder), false, NULL), 0);
	chmod(getenv("XDG_RUNTIME_DIR"), 0755);
	chmod(folder, 0755);
	assert_int_equal(as_nobody(a_strangers_call_is_refused), 0);
	assert_int_equal(as_nobody(a_strangers_claim_is_refused), 0);
	// Not even where anybody may write.
	chmod(folder, 01777);
	assert_int_equal(as_nobody(a_strangers_claim_is_refused), 0);
	chmod(folder, 0700);
	socket_unlisten(&mine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_is_its_owners_alone),
		cmocka_unit_test(a_second_lab_of_the_same_name_is_refused_with_a_remedy),
		cmocka_unit_test(a_stale_socket_is_replaced),
		cmocka_unit_test(a_file_that_is_no_socket_is_left_alone),
		cmocka_unit_test(only_ones_own_socket_is_removed),
		cmocka_unit_test(of_many_that_claim_a_stale_name_at_once_one_wins),
		cmocka_unit_test(labs_that_answer_are_listed_by_name),
		cmocka_unit_test(a_path_that_is_too_long_says_what_to_shorten),
		cmocka_unit_test(a_folder_that_cannot_be_made_says_what_to_set),
		cmocka_unit_test(another_users_lab_is_neither_heard_nor_replaced),
	};
	return cmocka_run_group_tests_name("socket", tests, line_client_begin, line_client_end);
}
