// SPDX-License-Identifier: BSD-3-Clause
// Duplication: as often as asked.
#include "dataplane/model/duplicate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

static void as_many_as_asked_are_duplicated(void **state)
{
	struct duplicate_params params;
	struct duplicate_state duplicate = {0};
	uint64_t trials = samples_for_ratio(0.02), copies = 0;

	(void)state;
	assert_int_equal(duplicate_make_params(0.02, 0, "", &params, NULL), 0);
	for (uint64_t n = 0; n < trials; n++)
		copies += duplicate_offer(&params, &duplicate, rng_draw(4, 2, RNG_DUPLICATE, n));
	assert_true(binomial_fits((double)copies, (double)trials, 0.02));
}

static void none_asked_none_made(void **state)
{
	struct duplicate_params params = {0};
	struct duplicate_state duplicate = {0};

	(void)state;
	assert_false(duplicate_offer(&params, &duplicate, 0));
}

static void a_refusal_says_which_word_is_wrong(void **state)
{
	struct duplicate_params params;
	struct error error = {0};

	(void)state;
	assert_int_equal(duplicate_make_params(1.5, 0, "x", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "duplicate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_asked_are_duplicated),
		cmocka_unit_test(none_asked_none_made),
		cmocka_unit_test(a_refusal_says_which_word_is_wrong),
	};

	return cmocka_run_group_tests_name("duplicate", tests, NULL, NULL);
}
