// SPDX-License-Identifier: BSD-3-Clause
// Runs dpdk-testpmd as a child: commands through a pipe, its words read back through another.
#include "bench/testpmd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/wire.h"

#define PROMPT          "testpmd> "
#define ARGUMENTS_MOST  40
#define START_SECONDS   30
#define END_SECONDS     15
#define WARM_UP_SECONDS 0.3

struct testpmd {
	pid_t pid;
	int input;
	int output;
	char prefix[64];
	char text[32768]; // the end of what it has said
	size_t length;
};

static int start(struct testpmd *testpmd)
{
	struct machine_memory memory = machine_memory();
	char lcores[64], prefix[96];
	const char *words[ARGUMENTS_MOST] = {"dpdk-testpmd", "--lcores", lcores, prefix};
	static const char *const rest[] = {
		"--no-pci", "--no-shconf", "--no-telemetry", "--log-level=error", "--vdev",
		WIRE_WEST, "--vdev", WIRE_EAST WIRE_NO_RX, "--", "--interactive", "--auto-start",
		"--forward-mode=io", "--nb-cores=1", "--rxq=1", "--txq=1", "--burst=32",
		// As many as the two ports of an engine have.
		"--total-num-mbufs=8190", "--no-mlockall"};
	int count = 4, input[2], output[2];
	posix_spawn_file_actions_t actions;

	// The last processor forwards, as it runs the engine; the first one reads commands.
	snprintf(lcores, sizeof(lcores), "0@%u,1@%u", machine_first_cpu(), machine_last_cpu());
	snprintf(testpmd->prefix, sizeof(testpmd->prefix), "bench-testpmd-%d", (int)getpid());
	snprintf(prefix, sizeof(prefix), "--file-prefix=%s", testpmd->prefix);
	for (int i = 0; i < memory.word_count; i++)
		words[count++] = memory.words[i];
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		words[count++] = rest[i];
	if (pipe2(input, O_CLOEXEC))
		return -errno;
	if (pipe2(output, O_CLOEXEC)) {
		int code = -errno;
		close(input[0]);
		close(input[1]);
		return code;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output[1], STDERR_FILENO);
	int code = posix_spawnp(&testpmd->pid, words[0], &actions, NULL, (char **)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(input[0]);
	close(output[1]);
	testpmd->input = input[1];
	testpmd->output = output[0];
	if (code) {
		close(testpmd->input);
		close(testpmd->output);
	}
	return -code;
}

// Reads on until it says `word` or ends (when `word` is NULL, until it ends). 0; -EPIPE when it
// has ended without the word; -ETIMEDOUT.
static int listen_for(struct testpmd *testpmd, const char *word, double seconds)
{
	double until = machine_seconds() + seconds;

	for (;;) {
		struct pollfd wait = {.fd = testpmd->output, .events = POLLIN};
		double left = until - machine_seconds();
		size_t room = sizeof(testpmd->text) - 1 - testpmd->length;

		if (word != NULL && strstr(testpmd->text, word) != NULL)
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		if (room == 0) { // forget the older half
			size_t half = testpmd->length / 2;
			memmove(testpmd->text, testpmd->text + half, testpmd->length - half);
			testpmd->length -= half;
			continue;
		}
		if (poll(&wait, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		ssize_t got = read(testpmd->output, testpmd->text + testpmd->length, room);
		if (got <= 0)
			return word == NULL ? 0 : -EPIPE;
		testpmd->length += (size_t)got;
		testpmd->text[testpmd->length] = '\0';
	}
}

static int say(const struct testpmd *testpmd, const char *words)
{
	size_t length = strlen(words);

	return write(testpmd->input, words, length) == (ssize_t)length ? 0 : -EPIPE;
}

// From one "show" to the next it measures its own rate over its own time.
static int converse(struct testpmd *testpmd, double seconds, double *share)
{
	struct machine_watch watch;
	int code = listen_for(testpmd, PROMPT, START_SECONDS);

	if (code == 0) {
		machine_sleep(WARM_UP_SECONDS);
		watch = machine_watch_start(testpmd->pid);
		code = say(testpmd, "show port stats 1\n");
	}
	if (code == 0) {
		machine_sleep(seconds);
		machine_watch_seconds(&watch, share);
		code = say(testpmd, "show port stats 1\nquit\n");
	}
	return code ? code : listen_for(testpmd, NULL, END_SECONDS);
}

// EAL leaves the folder for its files, empty with --no-shconf, where DPDK keeps such things.
static void remove_folder(const struct testpmd *testpmd)
{
	const char *const places[] = {"/var/run", getenv("XDG_RUNTIME_DIR"), "/tmp"};
	char path[512];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i] == NULL)
			continue;
		snprintf(path, sizeof(path), "%.300s/dpdk/%s", places[i], testpmd->prefix);
		if (rmdir(path) != 0)
			continue;
		snprintf(path, sizeof(path), "%.300s/dpdk", places[i]);
		rmdir(path); // unless others have something there
	}
}

static void end(struct testpmd *testpmd, bool kill_it)
{
	close(testpmd->input);
	close(testpmd->output);
	if (kill_it)
		kill(testpmd->pid, SIGKILL);
	while (waitpid(testpmd->pid, NULL, 0) < 0 && errno == EINTR)
		;
	remove_folder(testpmd);
}

// The last rate in its words; negative when there is none.
static double last_rate(const char *text)
{
	static const char word[] = "Tx-pps:";
	double rate = -1;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += sizeof(word) - 1)
		rate = strtod(at + sizeof(word) - 1, NULL);
	return rate;
}

// The last line that says something.
static const char *last_line(char *text)
{
	char *line;

	text[strcspn(text, "\r")] = '\0';
	for (size_t length = strlen(text); length > 0 && text[length - 1] == '\n';)
		text[--length] = '\0';
	line = strrchr(text, '\n');
	return line != NULL ? line + 1 : text;
}

int testpmd_measure(double seconds, double *mpps, double *share, struct error *error)
{
	static struct testpmd testpmd; // large

	memset(&testpmd, 0, sizeof(testpmd));
	int code = start(&testpmd);
	if (code == -ENOENT)
		return error_set(error, code, "dpdk-testpmd",
				 "missing, so there is no reference (apt-get install dpdk-dev)");
	if (code)
		return error_set(error, code, "dpdk-testpmd", "cannot be run: %s", strerror(-code));
	code = converse(&testpmd, seconds, share);
	end(&testpmd, code != 0);
	*mpps = last_rate(testpmd.text) / 1e6;
	if (code == 0)
		*mpps /= *share;
	if (code == 0 && *mpps > 0)
		return 0;
	return error_set(error, code ? code : -EIO, "dpdk-testpmd",
			 "gave no rate, so there is no reference; it said last: %s",
			 last_line(testpmd.text));
}
