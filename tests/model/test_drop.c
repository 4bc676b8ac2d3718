// SPDX-License-Identifier: BSD-3-Clause
// The words for the reasons of loss, as users read them.
#include "dataplane/model/drop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_reason_has_the_word_users_know(void **state)
{
	const char *const words[] = {"none", "carrier",  "queue",  "aqm", "model",
				     "ttl",  "no-route", "policy", "mtu", "cut",
				     "late", "memory",   "port"};

	(void)state;
	assert_int_equal(sizeof(words) / sizeof(words[0]), DROP_REASONS);
	for (int i = 0; i < DROP_REASONS; i++)
		assert_string_equal(drop_reason_name((enum drop_reason)i), words[i]);
}

static void outside_the_list_the_word_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(drop_reason_name(DROP_REASONS), "unknown");
	assert_string_equal(drop_reason_name((enum drop_reason) - 1), "unknown");
	assert_string_equal(drop_reason_name((enum drop_reason)1000000), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason_has_the_word_users_know),
		cmocka_unit_test(outside_the_list_the_word_is_unknown),
	};

	return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
