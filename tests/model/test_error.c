// SPDX-License-Identifier: BSD-3-Clause
// Faults as values: what is kept, what is cut, what is counted.
#include "dataplane/model/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void the_code_given_is_the_code_returned(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set(&error, -EINVAL, "a.ini:3", "rate %d", 7), -EINVAL);
	assert_int_equal(error.code, -EINVAL);
	assert_string_equal(error.where, "a.ini:3");
	assert_string_equal(error.what, "rate 7");
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, -ENOENT, "x", "y"), -ENOENT);
}

static void a_missing_place_is_an_empty_one(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, -EINVAL, NULL, "y");
	assert_string_equal(error.where, "");
}

static void long_text_is_cut_within_its_field(void **state)
{
	char text[2000];
	struct {
		struct error error;
		char guard[8];
	} box = {.guard = "guarded"};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&box.error, -EINVAL, text, "%s", text);
	assert_int_equal(strlen(box.error.where), sizeof(box.error.where) - 1);
	assert_int_equal(strlen(box.error.what), sizeof(box.error.what) - 1);
	assert_string_equal(box.guard, "guarded");
}

static void all_faults_are_counted_and_the_first_thousand_kept(void **state)
{
	struct errors errors = {0};

	(void)state;
	for (int i = 0; i < ERRORS_KEPT + 234; i++)
		errors_add(&errors, -EINVAL, "file", "fault %d", i);
	assert_int_equal(errors.count, ERRORS_KEPT + 234);
	assert_int_equal(errors.kept, ERRORS_KEPT);
	for (int i = 0; i < ERRORS_KEPT; i++) {
		int number = -1;

		assert_int_equal(sscanf(errors.items[i].what, "fault %d", &number), 1);
		assert_int_equal(number, i);
	}
	errors_fini(&errors);
	assert_null(errors.items);
	assert_int_equal(errors.count, 0);
	errors_fini(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_given_is_the_code_returned),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(a_missing_place_is_an_empty_one),
		cmocka_unit_test(long_text_is_cut_within_its_field),
		cmocka_unit_test(all_faults_are_counted_and_the_first_thousand_kept),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
