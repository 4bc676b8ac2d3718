// SPDX-License-Identifier: BSD-3-Clause
// The table of commands and what all commands share: words, options, faults, help, the manual page.
#include "control/command.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/cli/help.h"
#include "control/cli/options.h"
#include "control/cli/program.h"
#include "control/cli/words.h"
#include "tests/control/spoken.h"

static void every_command_has_help_and_a_handler(void **state)
{
	(void)state;
	for (const struct command *command = commands; command->name != NULL; command++) {
		assert_non_null(command->arguments);
		assert_true(strlen(command->summary) > 10 && strlen(command->summary) < 68);
		assert_true(strlen(command->help) > 20);
		assert_non_null(command->examples[0]);
		assert_non_null(command->run);
		assert_null(command->options[COMMAND_OPTIONS - 1].name);
		assert_null(command->examples[COMMAND_EXAMPLES - 1]);
		for (const struct command *other = commands; other < command; other++)
			assert_string_not_equal(other->name, command->name);
	}
}

static void every_command_says_its_help_as_text_and_json(void **state)
{
	(void)state;
	for (const struct command *command = commands; command->name != NULL; command++) {
		struct spoken spoken;
		assert_int_equal(speak(&spoken, "help", command->name, NULL), EXIT_TRUE);
		assert_non_null(strstr(spoken.out, command->summary));
		for (size_t i = 0; command->options[i].name != NULL; i++)
			assert_non_null(strstr(spoken.out, command->options[i].name));
		spoken_fini(&spoken);
		assert_int_equal(speak(&spoken, "-j", "help", command->name, NULL), EXIT_TRUE);
		json_t *help = json_loads(spoken.out, 0, NULL);
		assert_string_equal(json_string_value(json_object_get(help, "command")),
				    command->name);
		json_decref(help);
		spoken_fini(&spoken);
	}
}

static void the_manual_names_every_command_option_and_status(void **state)
{
	(void)state;
	struct spoken spoken;
	assert_int_equal(speak(&spoken, "help", "--man", NULL), EXIT_TRUE);
	static const char *const sections[] = {"NAME",        "SYNOPSIS",    "DESCRIPTION",
					       "COMMANDS",    "EXIT STATUS", "FILES",
					       "ENVIRONMENT", "EXAMPLES"};
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		char line[64];
		snprintf(line, sizeof(line), "\n.Sh %s\n", sections[i]);
		assert_non_null(strstr(spoken.out, line));
	}
	for (const struct command *command = commands; command->name != NULL; command++) {
		char line[64];
		snprintf(line, sizeof(line), "\n.Ss \"%s\"\n", command->name);
		assert_non_null(strstr(spoken.out, line));
	}
	assert_non_null(strstr(spoken.out, "\\-\\-workers N"));
	assert_non_null(strstr(spoken.out, "\n.It Sy 4\n"));
	assert_non_null(strstr(spoken.out, "\n.It Sy 141\n"));
	spoken_fini(&spoken);
}

// ---- Words ----

static const char *const some_words[] = {"show", "site", "stop", "sites", NULL};

static void a_unique_beginning_is_enough(void **state)
{
	(void)state;
	assert_int_equal(words_find("sh", some_words, "word", "here", NULL), 0);
	assert_int_equal(words_find("st", some_words, "word", "here", NULL), 2);
}

static void a_whole_word_wins_over_longer_ones(void **state)
{
	(void)state;
	assert_int_equal(words_find("site", some_words, "word", "here", NULL), 1);
}

static void an_ambiguous_word_names_the_candidates(void **state)
{
	(void)state;
	struct error error;
	assert_int_equal(words_find("si", some_words, "word", "here", &error), -EINVAL);
	assert_non_null(strstr(error.what, "ambiguous: site, sites"));
}

static void an_unknown_word_names_the_nearest_or_all(void **state)
{
	(void)state;
	struct error error;
	assert_int_equal(words_find("shwo", some_words, "word", "here", &error), -EINVAL);
	assert_non_null(strstr(error.what, "is it show?"));
	assert_int_equal(words_find("zzzzzzzz", some_words, "word", "here", &error), -EINVAL);
	assert_non_null(strstr(error.what, "one of show, site, stop, sites"));
	assert_int_equal(words_find("", some_words, "word", "here", &error), -EINVAL);
}

// ---- Options ----

static void options_of_all_commands_stand_anywhere(void **state)
{
	(void)state;
	char *argv[] = {"corridor", "sh", "-j", "ch", "--lab", "west", "-p", "--", "-x", NULL};
	struct options options;
	assert_int_equal(options_parse(9, argv, stdout, stderr, &options, NULL), 0);
	const struct invocation *invocation = &options.invocation;
	assert_string_equal(invocation->command->name, "show");
	assert_true(invocation->json && invocation->pretty);
	assert_string_equal(invocation->lab, "west");
	assert_int_equal(invocation->argc, 1);
	assert_string_equal(invocation->argv[0], "ch");
	assert_int_equal(invocation->eal_argc, 1);
	assert_string_equal(invocation->eal_argv[0], "-x");
	options_fini(&options);
}

static void short_options_stand_together(void **state)
{
	(void)state;
	char *argv[] = {"corridor", "-jp", "doctor", NULL};
	struct options options;
	assert_int_equal(options_parse(3, argv, stdout, stderr, &options, NULL), 0);
	assert_true(options.invocation.json && options.invocation.pretty);
	options_fini(&options);
}

static void a_lab_is_no_path(void **state)
{
	(void)state;
	static char *const names[] = {"../x", "", ".", "Upper", "a b", "a/b"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *argv[] = {"corridor", "show", "--lab", names[i], NULL};
		struct options options;
		struct error error;
		assert_int_equal(options_parse(4, argv, stdout, stderr, &options, &error), -EINVAL);
		options_fini(&options);
	}
}

static void an_option_is_taken_with_its_value(void **state)
{
	(void)state;
	char *argv[] = {"a", "--until", "2s", "--seed=7", "b", "--spin", NULL};
	struct invocation invocation = {.argc = 6, .argv = argv};
	assert_string_equal(take_option(&invocation, "--until"), "2s");
	assert_string_equal(take_option(&invocation, "--seed"), "7");
	assert_true(take_flag(&invocation, "--spin"));
	assert_false(take_flag(&invocation, "--spin"));
	assert_null(take_option(&invocation, "--until"));
	assert_int_equal(invocation.argc, 2);
	assert_string_equal(invocation.argv[1], "b");
}

// ---- Faults ----

static void what_users_say_wrong_is_exit_status_2_in_one_line(void **state)
{
	(void)state;
	static const char *const calls[][6] = {
		{"frobnicate"},
		{"s"},
		{"--frobnicate", "show"},
		{"show", "--frobnicate"},
		{"doctor", "extra"},
		{"show"},
		{"show", "chanels"},
		{"link", "a"},
		{"link", "a", "sett", "delay"},
		{"site", "a", "sideways"},
		{"run"},
		{"run", "/nonexistent/lab.ini"},
		{"run", "lab.ini", "--workers", "17"},
		{"run", "lab.ini", "--workers", "none"},
		{"run", "lab.ini", "--for", "10"},
		{"run", "lab.ini", "--for"},
		{"stop", "now"},
		{"stop", "--", "-l", "0"},
		{"help", "frobnicate"},
		{"show", "--lab"},
	};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct spoken spoken;
		int status = speak(&spoken, calls[i][0], calls[i][1], calls[i][2], calls[i][3],
				   calls[i][4], NULL);
		if (status != EXIT_REQUEST || !spoken_is_one_line(&spoken))
			fail_msg("%s %s: status %d, said: %s", calls[i][0],
				 calls[i][1] ? calls[i][1] : "", status, spoken.err);
		assert_string_equal(spoken.out, "");
		spoken_fini(&spoken);
	}
}

static void a_near_option_is_named(void **state)
{
	(void)state;
	struct spoken spoken;
	assert_int_equal(speak(&spoken, "run", "x.ini", "--worker", "2", NULL), EXIT_REQUEST);
	assert_non_null(strstr(spoken.err, "is it --workers?"));
	spoken_fini(&spoken);
	assert_int_equal(speak(&spoken, "run", "x.ini", "--spin=yes", NULL), EXIT_REQUEST);
	assert_non_null(strstr(spoken.err, "--spin takes no value"));
	spoken_fini(&spoken);
}

static void what_is_wrong_with_an_option_is_said(void **state)
{
	(void)state;
	static const char *const calls[][7] = {
		{"path", "x.ini", "a", "b", "--at", NULL, "--at needs a value"},
		{"path", "--at=1s", "x.ini", "a", "--at", "2s", "--at is given twice"},
		{"path", "--at", "1s", "x.ini", "a", "--at=2s", "--at is given twice"},
		{"run", "x.ini", "--spin", "--spin", NULL, NULL, "--spin is given twice"},
		{"check", "-x", "x.ini", NULL, NULL, NULL, "there is no option -x here"},
	};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct spoken spoken;
		assert_int_equal(speak(&spoken, calls[i][0], calls[i][1], calls[i][2], calls[i][3],
				       calls[i][4], calls[i][5], NULL),
				 EXIT_REQUEST);
		if (strstr(spoken.err, calls[i][6]) == NULL)
			fail_msg("%s instead of %s", spoken.err, calls[i][6]);
		spoken_fini(&spoken);
	}
}

static void what_is_not_there_yet_names_what_is(void **state)
{
	(void)state;
	static const char *const words[] = {"capture", "event", "probe", "shell", "top"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct spoken spoken;
		assert_int_equal(speak(&spoken, words[i], "x", NULL), EXIT_REQUEST);
		assert_true(spoken_is_one_line(&spoken));
		assert_non_null(strstr(spoken.err, "is not in this version ("));
		spoken_fini(&spoken);
		// The day it is there, it goes from that list.
		for (const struct command *command = commands; command->name != NULL; command++)
			assert_string_not_equal(command->name, words[i]);
	}
}

static void a_near_word_is_named(void **state)
{
	(void)state;
	static const char *const calls[][5] = {
		{"shwo", NULL, NULL, NULL, "is it show?"},
		{"show", "chanels", NULL, NULL, "is it channels?"},
		{"link", "a", "dwon", NULL, "is it down?"},
		{"site", "a", "set", NULL, "one of up, down"},
		{"help", "vrify", NULL, NULL, "is it verify?"},
	};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct spoken spoken;
		assert_int_equal(speak(&spoken, calls[i][0], calls[i][1], calls[i][2], NULL),
				 EXIT_REQUEST);
		if (strstr(spoken.err, calls[i][4]) == NULL)
			fail_msg("%s %s: %s", calls[i][0], calls[i][1] ? calls[i][1] : "",
				 spoken.err);
		spoken_fini(&spoken);
	}
}

// A topology in a file of its own.
static char *write_file(char path[32], const char *text)
{
	strcpy(path, "/tmp/corridor-test-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

// Two of its sites have no way between them.
static char *write_topology(char path[32])
{
	return write_file(path,
			  "[network]\nname = split\nseed = 1\n[site a]\nkind = router\n"
			  "[site b]\nkind = router\n[site c]\nkind = router\n"
			  "[link ab]\nends = a, b\nmedium = ethernet\ndelay = 3ms\n"
			  "[link bc]\nends = b, c\nmedium = ethernet\ndelay = 3ms\nstate = down\n");
}

static void the_faults_of_event_lines_are_said_with_all_others(void **state)
{
	(void)state;
	static const struct {
		const char *where, *what;
	} faults[] = {
		{":3 [site a] kind", "rooter"},
		{":10 [event verb] do", "did you mean \"down\"?"},
		{":12 [event value] do", "200%"},
		{":14 [event name]", "which does not exist"},
		{":18 [event both] at", "ms"},
		{":19 [event both] do", "one word too many"},
		{":22 [event model] do", "too small to tell from 0"},
	};
	char path[32];
	struct spoken spoken;
	write_file(path, "[network]\n[site a]\nkind = rooter\n[site b]\n"
			 "[link ab]\nends = a, b\ndelay = 3ms\n"
			 "[event verb]\nat = 1s\ndo = link ab dwon\n"
			 "[event value]\ndo = link ab set loss 200%\nat = 2s\n"
			 "[event name]\nat = 1s\ndo = link abc down\n"
			 "[event both]\nat = 5\ndo = site a down now\n"
			 "[event model]\nat = 1s\n"
			 "do = link ab set loss 0.000000001%\n"
			 "[event good]\nat = 1s\ndo = l ab s loss 1%\n");
	static const char *const commands_that_read[][2] = {{"check", NULL}, {"run", NULL}};
	for (size_t k = 0; k < 2; k++) {
		assert_int_equal(speak(&spoken, commands_that_read[k][0], path, NULL),
				 EXIT_REQUEST);
		const char *line = spoken.err;
		for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
			const char *end = strchr(line, '\n');
			const char *where = strstr(line, faults[i].where);
			const char *what = strstr(line, faults[i].what);
			if (end == NULL || where == NULL || where > end || what == NULL ||
			    what > end)
				fail_msg("not \"%s\" and \"%s\": %s", faults[i].where,
					 faults[i].what, line);
			line = end + 1;
		}
		assert_string_equal(line, "");
		spoken_fini(&spoken);
	}
	unlink(path);
}

static void the_answer_decides_between_status_0_and_1(void **state)
{
	(void)state;
	char path[32];
	struct spoken spoken;
	write_topology(path);
	assert_int_equal(speak(&spoken, "ch", path, NULL), EXIT_TRUE);
	assert_non_null(strstr(spoken.out, "split: valid"));
	spoken_fini(&spoken);
	assert_int_equal(speak(&spoken, "path", path, "a", "b", NULL), EXIT_TRUE);
	assert_string_equal(spoken.err, "");
	spoken_fini(&spoken);
	assert_int_equal(speak(&spoken, "path", path, "a", "c", NULL), EXIT_ANSWER_NO);
	assert_true(spoken_is_one_line(&spoken));
	spoken_fini(&spoken);
	unlink(path);
}

static void json_is_one_line_and_pretty_is_indented(void **state)
{
	(void)state;
	char path[32];
	struct spoken spoken;
	write_topology(path);
	assert_int_equal(speak(&spoken, "-j", "check", path, NULL), EXIT_TRUE);
	assert_ptr_equal(strchr(spoken.out, '\n'), spoken.out + spoken.out_length - 1);
	json_t *one = json_loads(spoken.out, 0, NULL);
	spoken_fini(&spoken);
	assert_int_equal(speak(&spoken, "check", path, "-p", NULL), EXIT_TRUE);
	assert_non_null(strstr(spoken.out, "\n  \"name\": \"split\""));
	json_t *pretty = json_loads(spoken.out, 0, NULL);
	assert_true(json_equal(one, pretty));
	json_decref(one);
	json_decref(pretty);
	spoken_fini(&spoken);
	unlink(path);
}

static void without_a_lab_the_status_is_3_and_the_remedy_is_named(void **state)
{
	(void)state;
	static const char *const calls[][4] = {
		{"show", "links"}, {"link", "a", "down"}, {"site", "a", "up"}, {"stop"}};
	char folder[] = "/tmp/corridor-test-XXXXXX";
	assert_non_null(mkdtemp(folder));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct spoken spoken;
		assert_int_equal(speak(&spoken, calls[i][0], calls[i][1], calls[i][2], NULL),
				 EXIT_MACHINE);
		assert_true(spoken_is_one_line(&spoken));
		assert_non_null(strstr(spoken.err, "corridor run TOPOLOGY starts one"));
		spoken_fini(&spoken);
	}
	struct spoken spoken;
	assert_int_equal(speak(&spoken, "show", "links", "--lab", "nowhere", NULL), EXIT_MACHINE);
	assert_non_null(strstr(spoken.err, "corridor: nowhere: no lab of this name"));
	spoken_fini(&spoken);
	unsetenv("XDG_RUNTIME_DIR");
	rmdir(folder);
}

// ---- Output that cannot be written ----

// The status of a call whose standard output is `out`, and what it says on standard error.
static int run_into(FILE *out, char **argv, char **said)
{
	size_t size;
	int argc = 0;
	while (argv[argc] != NULL)
		argc++;
	FILE *err = open_memstream(said, &size);
	int status = program_run(argc, argv, out, err);
	fclose(err);
	return status;
}

static void a_reader_that_has_gone_ends_it_quietly(void **state)
{
	(void)state;
	static char *const calls[][4] = {
		{"corridor", "help", "--man"}, {"corridor", "-j", "help"}, {"corridor", "doctor"}};
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char *argv[4], *said;
		int ends[2];
		memcpy(argv, calls[i], sizeof(argv));
		assert_int_equal(pipe(ends), 0);
		close(ends[0]);
		FILE *out = fdopen(ends[1], "w");
		assert_int_equal(run_into(out, argv, &said), EXIT_CLOSED);
		assert_string_equal(said, "");
		free(said);
		fclose(out);
	}
	assert_int_equal(EXIT_CLOSED, 128 + SIGPIPE);
}

static ssize_t write_to_full_disk(void *cookie, const char *bytes, size_t size)
{
	(void)cookie;
	(void)bytes;
	(void)size;
	errno = ENOSPC;
	return 0;
}

static void a_full_disk_is_said_in_one_line(void **state)
{
	(void)state;
	static char *const calls[][4] = {{"corridor", "help", "--man"}, {"corridor", "-j", "help"}};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char *argv[4], *said;
		memcpy(argv, calls[i], sizeof(argv));
		FILE *out = fopencookie(NULL, "w",
					(cookie_io_functions_t){.write = write_to_full_disk});
		assert_int_equal(run_into(out, argv, &said), EXIT_REQUEST);
		assert_string_equal(said, "corridor: standard output: it could not be written\n");
		free(said);
		fclose(out);
	}
}

static void a_broken_pipe_deep_within_is_no_fault_either(void **state)
{
	(void)state;
	char *said;
	size_t size;
	FILE *err = open_memstream(&said, &size);
	const struct invocation invocation = {.out = err, .err = err};
	struct error error;
	error_set(&error, -EPIPE, "-", "cannot be written: Broken pipe");
	assert_int_equal(report_error(&invocation, &error), EXIT_CLOSED);
	fclose(err);
	assert_string_equal(said, "");
	free(said);
}

static void no_words_print_help_and_are_status_2(void **state)
{
	(void)state;
	struct spoken spoken;
	assert_int_equal(speak(&spoken, NULL), EXIT_REQUEST);
	assert_non_null(strstr(spoken.out, "usage: corridor"));
	spoken_fini(&spoken);
}

static void each_class_of_fault_has_its_status(void **state)
{
	(void)state;
	static const int requests[] = {EINVAL, ENOENT, EACCES, EEXIST, EISDIR, ENOSPC, EFBIG};
	static const int machine[] = {EPERM, ENODEV, ECONNREFUSED, ENOTSUP, ENOMEM, EADDRINUSE};
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_int_equal(exit_status_of(-requests[i]), EXIT_REQUEST);
	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++)
		assert_int_equal(exit_status_of(-machine[i]), EXIT_MACHINE);
	assert_int_equal(exit_status_of(-EFAULT), EXIT_INTERNAL);
	assert_int_equal(exit_status_of(0), EXIT_TRUE);
}

static void a_fault_stays_one_line_whatever_it_holds(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	const struct invocation invocation = {.out = stream, .err = stream};
	struct error error;
	error_set(&error, -EINVAL, "a\nb", "two\nlines and \033[31mcolour");
	assert_int_equal(report_error(&invocation, &error), EXIT_REQUEST);
	fclose(stream);
	assert_string_equal(text, "corridor: a b: two lines and  [31mcolour\n");
	free(text);
}

static void all_faults_of_a_list_are_said(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	const struct invocation invocation = {.out = stream, .err = stream};
	struct errors errors = {0};
	errors_add(&errors, -EINVAL, "lab.ini:1", "first");
	errors_add(&errors, -EINVAL, "lab.ini:2", "second");
	assert_int_equal(report_errors(&invocation, &errors), EXIT_REQUEST);
	errors_fini(&errors);
	fclose(stream);
	assert_string_equal(text, "corridor: lab.ini:1: first\ncorridor: lab.ini:2: second\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_help_and_a_handler),
		cmocka_unit_test(every_command_says_its_help_as_text_and_json),
		cmocka_unit_test(the_manual_names_every_command_option_and_status),
		cmocka_unit_test(a_unique_beginning_is_enough),
		cmocka_unit_test(a_whole_word_wins_over_longer_ones),
		cmocka_unit_test(an_ambiguous_word_names_the_candidates),
		cmocka_unit_test(an_unknown_word_names_the_nearest_or_all),
		cmocka_unit_test(options_of_all_commands_stand_anywhere),
		cmocka_unit_test(short_options_stand_together),
		cmocka_unit_test(a_lab_is_no_path),
		cmocka_unit_test(an_option_is_taken_with_its_value),
		cmocka_unit_test(what_users_say_wrong_is_exit_status_2_in_one_line),
		cmocka_unit_test(a_near_option_is_named),
		cmocka_unit_test(what_is_wrong_with_an_option_is_said),
		cmocka_unit_test(what_is_not_there_yet_names_what_is),
		cmocka_unit_test(a_near_word_is_named),
		cmocka_unit_test(the_faults_of_event_lines_are_said_with_all_others),
		cmocka_unit_test(the_answer_decides_between_status_0_and_1),
		cmocka_unit_test(json_is_one_line_and_pretty_is_indented),
		cmocka_unit_test(without_a_lab_the_status_is_3_and_the_remedy_is_named),
		cmocka_unit_test(a_reader_that_has_gone_ends_it_quietly),
		cmocka_unit_test(a_full_disk_is_said_in_one_line),
		cmocka_unit_test(a_broken_pipe_deep_within_is_no_fault_either),
		cmocka_unit_test(no_words_print_help_and_are_status_2),
		cmocka_unit_test(each_class_of_fault_has_its_status),
		cmocka_unit_test(a_fault_stays_one_line_whatever_it_holds),
		cmocka_unit_test(all_faults_of_a_list_are_said),
	};
	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
