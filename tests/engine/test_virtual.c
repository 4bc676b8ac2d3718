// SPDX-License-Identifier: BSD-3-Clause
// The threads of a run in virtual time: they come and go, however soon they are sent home.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/engine/engine.h"

// An interrupt may come before the threads have begun to run.
static void an_engine_may_end_before_its_threads_have_begun(void **state)
{
	(void)state;
	alarm(60); // instead of waiting for ever for one that did not come
	for (unsigned i = 0; i < 40; i++) {
		struct engine_options options = {.clock = ENGINE_VIRTUAL, .workers = 2 + i % 3};
		struct engine *engine = engine_create(&options, NULL);

		assert_non_null(engine);
		engine_destroy(engine);
	}
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_engine_may_end_before_its_threads_have_begun),
	};

	return cmocka_run_group_tests_name("virtual", tests, NULL, NULL);
}
