// SPDX-License-Identifier: BSD-3-Clause
// Tables: widths, sides, and no spaces at the ends of lines.
#include "control/cli/table.h"

#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

static char *print(struct table *table)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	table_print(table, out);
	fclose(out);
	return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	(void)state;
	struct table *table = table_create((const char *const[]){"LINK", ">DELAY", "WHY", NULL});
	table_row(table, (const char *const[]){"a", "12ms", "short"});
	table_row(table, (const char *const[]){"long-name", "1ms", NULL});
	char *text = print(table);
	assert_string_equal(text, "LINK       DELAY  WHY\n"
				  "a           12ms  short\n"
				  "long-name    1ms  -\n");
	free(text);
}

static void characters_count_not_bytes(void **state)
{
	(void)state;
	struct table *table = table_create((const char *const[]){"SITE", ">N", NULL});
	table_row(table, (const char *const[]){"D\xc3\xbcsseldorf", "1"});
	table_row(table, (const char *const[]){"Duesseldorf", "22"});
	char *text = print(table);
	assert_string_equal(text, "SITE          N\n"
				  "D\xc3\xbcsseldorf    1\n"
				  "Duesseldorf  22\n");
	free(text);
}

static void a_table_without_rows_is_its_heading(void **state)
{
	(void)state;
	char *text = print(table_create((const char *const[]){"A", "B", NULL}));
	assert_string_equal(text, "A  B\n");
	free(text);
}

static void many_rows_are_all_printed(void **state)
{
	(void)state;
	struct table *table = table_create((const char *const[]){">N", NULL});
	for (int i = 0; i < 1000; i++) {
		char number[16];
		snprintf(number, sizeof(number), "%d", i);
		table_row(table, (const char *const[]){number});
	}
	char *text = print(table);
	size_t lines = 0;
	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 1001);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(characters_count_not_bytes),
		cmocka_unit_test(a_table_without_rows_is_its_heading),
		cmocka_unit_test(many_rows_are_all_printed),
	};
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
