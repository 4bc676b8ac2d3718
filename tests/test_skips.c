// SPDX-License-Identifier: BSD-3-Clause
// A test that skips itself is neither a failure nor a success.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void a_test_that_skips(void **state)
{
	(void)state;
	skip();
}

static void a_test_that_passes(void **state)
{
	(void)state;
}

// What a group of its own, in a child, says on its standard output.
static int run_group(char *said, size_t size)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_test_that_skips),
					   cmocka_unit_test(a_test_that_passes)};
	size_t used = 0;
	ssize_t got;
	int ends[2];
	int status;

	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		int failed = cmocka_run_group_tests(tests, NULL, NULL);
		fflush(stdout);
		_exit(failed);
	}
	close(ends[1]);
	while ((got = read(ends[0], said + used, size - 1 - used)) > 0)
		used += (size_t)got;
	said[used] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void what_is_skipped_is_told_as_skipped(void **state)
{
	char said[1024];

	(void)state;
	assert_int_equal(run_group(said, sizeof(said)), 0);
	assert_non_null(strstr(said, "ok 1 # SKIP a_test_that_skips\n"));
	assert_non_null(strstr(said, "ok 2 - a_test_that_passes\n"));
	assert_null(strstr(said, "not ok"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_skipped_is_told_as_skipped)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
