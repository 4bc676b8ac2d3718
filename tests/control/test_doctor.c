// SPDX-License-Identifier: BSD-3-Clause
// corridor doctor on whatever machine this is: what it says holds together, and each lack has its
// remedy.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "control/command.h"
#include "control/machine.h"
#include "tests/control/spoken.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void every_finding_says_what_it_is_for_and_what_mends_it(void **state)
{
	(void)state;
	struct spoken said;
	assert_int_equal(speak(&said, "-j", "doctor", NULL), EXIT_TRUE);
	json_t *answer = json_loads(said.out, 0, NULL), *findings, *finding;
	bool offline = true, live = true;
	size_t index;
	findings = json_object_get(answer, "findings");
	assert_true(json_array_size(findings) > 10);
	json_array_foreach(findings, index, finding)
	{
		const char *name = text_of(finding, "name"), *need = text_of(finding, "need");
		bool ok = json_is_true(json_object_get(finding, "ok"));
		assert_true(strlen(name) > 0 && strlen(text_of(finding, "found")) > 0);
		assert_true(strlen(text_of(finding, "purpose")) > 0);
		assert_true(strcmp(need, "replay") == 0 || strcmp(need, "live") == 0 ||
			    strcmp(need, "option") == 0 || strcmp(need, "fact") == 0);
		if (ok)
			assert_true(json_is_null(json_object_get(finding, "mend")));
		else if (text_of(finding, "mend") == NULL || text_of(finding, "mend")[0] == '\0')
			fail_msg("nothing mends %s", name);
		for (size_t other = 0; other < index; other++)
			assert_string_not_equal(text_of(json_array_get(findings, other), "name"),
						name);
		offline = offline && (ok || strcmp(need, "replay") != 0);
		live = live && offline && (ok || strcmp(need, "live") != 0);
	}
	assert_int_equal(json_is_true(json_object_get(answer, "offline")), offline);
	assert_int_equal(json_is_true(json_object_get(answer, "live")), live);
	json_decref(answer);
	spoken_fini(&said);
	// --live makes an exit status of it; the answer is the same.
	assert_int_equal(speak(&said, "doctor", "--live", NULL), live ? EXIT_TRUE : EXIT_MACHINE);
	assert_non_null(strstr(said.out, live ? "can run" : "cannot run"));
	assert_string_equal(said.err, "");
	spoken_fini(&said);
}

static void the_table_names_every_finding_and_the_command_that_mends_it(void **state)
{
	(void)state;
	struct machine_finding findings[MACHINE_FINDINGS];
	size_t count = machine_look(findings);
	struct spoken said;
	assert_in_range(count, 1, MACHINE_FINDINGS);
	assert_int_equal(speak(&said, "doctor", NULL), EXIT_TRUE);
	for (size_t i = 0; i < count; i++) {
		char line[300];
		snprintf(line, sizeof(line), "\n%s ", findings[i].name);
		assert_non_null(strstr(said.out, line));
		snprintf(line, sizeof(line), "\n%s: %s\n", findings[i].name, findings[i].mend);
		if (!findings[i].ok && findings[i].mend[0] != '\0')
			assert_non_null(strstr(said.out, line));
	}
	spoken_fini(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_finding_says_what_it_is_for_and_what_mends_it),
		cmocka_unit_test(the_table_names_every_finding_and_the_command_that_mends_it),
	};
	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
