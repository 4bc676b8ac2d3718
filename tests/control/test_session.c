// SPDX-License-Identifier: BSD-3-Clause
// `corridor run` in one process, on the fake engine, and the commands of other shells in another:
// what they print and how they end. And sockets at whose other end is something else.
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "control/cli/program.h"
#include "control/command.h"
#include "control/socket.h"
#include "tests/control/fake_lab.h"
#include "tests/control/line_client.h"
#include "tests/control/spoken.h"

// A lab in a process of its own.
struct session {
	pid_t pid;
	int told; // its standard output
	char file[64];
};

static char *write_topology(char file[64], const char *text)
{
	snprintf(file, 64, "%s/lab-XXXXXX", getenv("XDG_RUNTIME_DIR"));
	int fd = mkstemp(file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return file;
}

// Runs it under a name; more words end with NULL. Returns when it says that it is ready, or has
// ended.
static struct session start_session(const char *text, const char *name, const char *word,
				    const char *value)
{
	struct session session;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	write_topology(session.file, text);
	session.pid = fork();
	if (session.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); // whatever becomes of the test
		char *argv[] = {"corridor",   "run",        session.file,  "--lab",
				(char *)name, (char *)word, (char *)value, NULL};
		int argc = word == NULL ? 5 : value == NULL ? 6 : 7;
		fake_engine_reset();
		fake_engine.ticks = true;
		strcpy(fake_engine.warnings[1], "it is slow");
		close(ends[0]);
		FILE *out = fdopen(ends[1], "w");
		dup2(ends[1], STDERR_FILENO);
		FILE *err = fdopen(STDERR_FILENO, "w");
		setvbuf(err, NULL, _IONBF, 0);
		int status = program_run(argc, argv, out, err);
		fflush(out);
		_exit(status | (fake_engine.exists ? 64 : 0)); // the engine must be gone by now
	}
	close(ends[1]);
	session.told = ends[0];
	return session;
}

// Reads what the lab says up to a line with `text`, or to the end.
static char *listen_for(const struct session *session, const char *text)
{
	char *said = calloc(1, 65536);
	size_t used = 0;
	while (used < 65535 && (strstr(said, text) == NULL || said[used - 1] != '\n')) {
		ssize_t count = read(session->told, said + used, 1);
		if (count <= 0)
			break;
		used += (size_t)count;
	}
	return said;
}

static struct session ready_session(const char *text, const char *name)
{
	struct session session = start_session(text, name, NULL, NULL);
	char *said = listen_for(&session, "is running");
	if (strstr(said, "is running") == NULL)
		fail_msg("the lab says: %s", said);
	free(said);
	return session;
}

// The exit status of the lab, which has ended or is about to.
static int end_of_session(struct session *session)
{
	int status;
	assert_int_equal(waitpid(session->pid, &status, 0), session->pid);
	close(session->told);
	unlink(session->file);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

// `corridor WORDS...` ends so; nothing is on standard error when it ends well, and one line else.
#define expect(status, ...)                                                                        \
	do {                                                                                       \
		struct spoken answered;                                                            \
		int ended = speak(&answered, __VA_ARGS__, NULL);                                   \
		if (ended != (status) || (ended == EXIT_TRUE ? answered.err[0] != '\0'             \
							     : !spoken_is_one_line(&answered)))    \
			fail_msg("exit status %d: %s", ended, answered.err);                       \
		spoken_fini(&answered);                                                            \
	} while (0)

// The JSON of a command that ends well.
static json_t *json_of(const char *one, const char *two, const char *three)
{
	struct spoken said;
	if (speak(&said, "-j", one, two, three, NULL) != EXIT_TRUE)
		fail_msg("%s", said.err);
	json_t *value = json_loads(said.out, 0, NULL);
	assert_non_null(value);
	spoken_fini(&said);
	return value;
}

static bool link_is_up(const char *name)
{
	json_t *rows = json_of("show", "links", name);
	bool up = json_is_true(json_object_get(json_array_get(rows, 0), "up"));
	json_decref(rows);
	return up;
}

// ---- A session ----

static void a_lab_is_run_shown_changed_and_stopped(void **state)
{
	(void)state;
	struct session session = ready_session(LAB_TRIANGLE, "west");
	struct spoken said;
	// Words may be shortened, and with one lab running its name may be left out.
	assert_int_equal(speak(&said, "sh", "li", "ab", NULL), EXIT_TRUE);
	assert_non_null(strstr(said.out, "LINK"));
	assert_non_null(strstr(said.out, "\nab "));
	assert_null(strstr(said.out, "\nac "));
	spoken_fini(&said);
	assert_true(link_is_up("ab"));
	expect(EXIT_TRUE, "link", "ab", "down");
	assert_false(link_is_up("ab"));
	expect(EXIT_TRUE, "li", "ab", "u", "--lab", "west");
	assert_true(link_is_up("ab"));
	expect(EXIT_TRUE, "link", "ab", "set", "delay", "7ms", "inflight", "retime");
	json_t *rows = json_of("show", "channels", "ab:forward");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "delay_ns")),
			 7 * MS);
	json_decref(rows);
	expect(EXIT_TRUE, "site", "c", "down");
	expect(EXIT_TRUE, "conduit", "trench", "down");
	assert_false(link_is_up("cb"));
	// What is refused is one line and changes nothing.
	expect(EXIT_REQUEST, "link", "axb", "down");
	expect(EXIT_REQUEST, "link", "ac", "set", "delay", "5mss");
	expect(EXIT_REQUEST, "site", "c", "up", "inflight", "cut");
	expect(EXIT_REQUEST, "show", "links", "nowhere");
	assert_true(link_is_up("ac"));
	json_t *answer = json_of("link", "ac", "down");
	assert_int_equal(json_integer_value(json_object_get(answer, "lines")), 1);
	assert_true(json_is_integer(json_object_get(answer, "applied_at_ns")));
	json_decref(answer);
	assert_int_equal(speak(&said, "stop", NULL), EXIT_TRUE);
	assert_string_equal(said.out, "lab west has stopped\n");
	spoken_fini(&said);
	// When stop returns, everything is gone.
	expect(EXIT_MACHINE, "show", "links");
	assert_int_equal(end_of_session(&session), EXIT_TRUE);
}

static void a_second_lab_of_the_name_is_refused_and_another_is_not(void **state)
{
	(void)state;
	struct session west = ready_session(LAB_TRIANGLE, "west");
	struct session again = start_session(LAB_TRIANGLE, "west", NULL, NULL);
	char *said = listen_for(&again, "nothing like it");
	assert_non_null(strstr(said, "a lab named west is running already"));
	assert_non_null(strstr(said, "--lab NAME"));
	assert_null(strstr(said, "is running;"));
	free(said);
	assert_int_equal(end_of_session(&again), EXIT_MACHINE);
	struct session east = ready_session(LAB_TRIANGLE, "east");
	expect(EXIT_REQUEST, "show", "links"); // which?
	struct spoken spoken;
	speak(&spoken, "show", "links", NULL);
	assert_non_null(strstr(spoken.err, "east, west (choose with --lab)"));
	spoken_fini(&spoken);
	expect(EXIT_TRUE, "link", "ab", "down", "--lab", "east");
	json_t *rows = json_of("--lab=west", "show", "links");
	assert_true(json_is_true(json_object_get(json_array_get(rows, 0), "up")));
	json_decref(rows);
	expect(EXIT_TRUE, "stop", "--lab", "east");
	expect(EXIT_TRUE, "stop", "--lab", "west");
	assert_int_equal(end_of_session(&east), EXIT_TRUE);
	assert_int_equal(end_of_session(&west), EXIT_TRUE);
}

static void the_timeline_runs_by_itself(void **state)
{
	(void)state;
	struct session session =
		ready_session(LAB_TRIANGLE "[event cut]\nat = 20ms\ndo = link ab down\n"
					   "[event later]\nat = 1h\ndo = link ab up\n",
			      "west");
	while (link_is_up("ab")) // ends, or the test runs out of time
		usleep(1000);
	json_t *events = json_of("show", "events", NULL);
	const json_t *first = json_array_get(events, 0);
	assert_string_equal(json_string_value(json_object_get(first, "what")), "link ab down");
	assert_int_equal(json_integer_value(json_object_get(first, "at_ns")), 20 * MS);
	json_decref(events);
	expect(EXIT_TRUE, "stop");
	assert_int_equal(end_of_session(&session), EXIT_TRUE);
}

static void a_lab_ends_after_its_time_or_by_a_signal(void **state)
{
	(void)state;
	struct session session = start_session(LAB_TRIANGLE, "west", "--for", "30ms");
	assert_int_equal(end_of_session(&session), EXIT_TRUE);
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	for (size_t i = 0; i < 3; i++) {
		session = ready_session(LAB_TRIANGLE, "west");
		kill(session.pid, signals[i]);
		assert_int_equal(end_of_session(&session), EXIT_TRUE);
		expect(EXIT_MACHINE, "show", "links", "--lab", "west");
	}
}

static void what_ports_do_less_well_is_said_at_the_start(void **state)
{
	(void)state;
	struct session session = start_session(LAB_TRIANGLE, "west", "--for", "1ms");
	char *said = listen_for(&session, "nothing like it");
	assert_non_null(strstr(said, "corridor: warning: port east: it is slow\n"));
	assert_null(strstr(said, "warning: port west:"));
	free(said);
	assert_int_equal(end_of_session(&session), EXIT_TRUE);
}

static void ready_is_said_in_json_too(void **state)
{
	(void)state;
	struct session session = start_session(LAB_TRIANGLE, "west", "-j", NULL);
	char *said = listen_for(&session, "pid");
	json_t *value = json_loads(strchr(said, '{'), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(value, "lab")), "west");
	assert_string_equal(json_string_value(json_object_get(value, "state")), "running");
	assert_int_equal(json_integer_value(json_object_get(value, "pid")), session.pid);
	json_decref(value);
	free(said);
	json_t *stopped = json_of("stop", NULL, NULL);
	assert_true(json_is_true(json_object_get(stopped, "stopped")));
	json_decref(stopped);
	assert_int_equal(end_of_session(&session), EXIT_TRUE);
}

// ---- Not a lab ----

// A process that claims the name and says `text` to whom calls first, after its request if `waits`.
static pid_t impostor(const char *text, bool waits)
{
	struct socket_claim claim;
	assert_int_equal(socket_listen("west", &claim, NULL), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		struct pollfd polled = {.fd = claim.fd, .events = POLLIN};
		poll(&polled, 1, -1);
		int fd = accept(claim.fd, NULL, NULL);
		char request[4096];
		if (waits) {
			(void)!write(fd, text, strlen(text));
			(void)!read(fd, request, sizeof(request));
		} else {
			(void)!write(fd, text, strlen(text));
		}
		close(fd);
		socket_unlisten(&claim);
		_exit(0);
	}
	close(claim.fd);
	return pid;
}

static void who_is_no_lab_is_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *says;
		bool waits;
		const char *told;
	} cases[] = {
		{"SSH-2.0-OpenSSH_9.2\n", true, "this socket is no lab's"},
		{"", false, "the lab ended before it had answered"},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":{\"protocol\":99}}\n", true,
		 "the lab speaks protocol 99 and this program 1"},
		{"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32003,\"message\":\"too many "
		 "clients\"},\"id\":null}\n",
		 true, "too many clients"},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":{\"protocol\":1}}\n", true,
		 "the lab ended before it had answered"},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":{\"protocol\":1}}\n[]\n",
		 true, "is this socket a lab's?"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t pid = impostor(cases[i].says, cases[i].waits);
		struct spoken said;
		assert_int_equal(speak(&said, "show", "links", "--lab", "west", NULL),
				 EXIT_MACHINE);
		assert_true(spoken_is_one_line(&said));
		if (strstr(said.err, cases[i].told) == NULL)
			fail_msg("not \"%s\": %s", cases[i].told, said.err);
		spoken_fini(&said);
		waitpid(pid, NULL, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lab_is_run_shown_changed_and_stopped),
		cmocka_unit_test(a_second_lab_of_the_name_is_refused_and_another_is_not),
		cmocka_unit_test(the_timeline_runs_by_itself),
		cmocka_unit_test(a_lab_ends_after_its_time_or_by_a_signal),
		cmocka_unit_test(what_ports_do_less_well_is_said_at_the_start),
		cmocka_unit_test(ready_is_said_in_json_too),
		cmocka_unit_test(who_is_no_lab_is_told_apart),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("session", tests, line_client_begin, line_client_end);
}
