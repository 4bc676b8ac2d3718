// SPDX-License-Identifier: BSD-3-Clause
// Files that impairments name: what they hold, and what is refused with its line.
#include "topologies/tables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/corridor-tables-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/t", folder);
	unlink(path);
	return rmdir(folder);
}

static const struct table *read_text(struct tables *tables, enum table_kind kind, const char *text,
				     struct error *error)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/t", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	tables->folder = folder;
	return tables_read(tables, kind, "t", error);
}

static void each_format_is_read(void **state)
{
	struct tables tables = {0};
	struct error error;
	const struct table *table;

	(void)state;
	table = read_text(&tables, TABLE_DISTRIBUTION, "# a comment\n-32768 5\r\n\n 7 # 8\n32767",
			  &error);
	assert_non_null(table);
	assert_int_equal(table->count, 4);
	assert_int_equal(table->samples[0], -32768);
	assert_int_equal(table->samples[3], 32767);
	table = read_text(&tables, TABLE_PATTERN, "0010 1\n# 11\n1", &error);
	assert_non_null(table);
	assert_int_equal(table->count, 6);
	assert_int_equal(table->bits[0], 0x34);
	table = read_text(&tables, TABLE_MAHIMAHI, "0\n3\n3\n10\n", &error);
	assert_non_null(table);
	assert_int_equal(table->kind, TABLE_MAHIMAHI);
	assert_int_equal(table->count, 4);
	assert_int_equal(table->times_ms[3], 10);
	table = read_text(&tables, TABLE_MAHIMAHI,
			  "# made up\ntime_s,loss,delay\n0,1%,20ms\n0.5, 0%, 30us\n", &error);
	assert_non_null(table);
	assert_int_equal(table->kind, TABLE_SERIES);
	assert_int_equal(table->columns, 1 << SERIES_DELAY | 1 << SERIES_LOSS);
	assert_int_equal(table->count, 2);
	assert_int_equal(table->rows[1].at_ns, 500000000);
	assert_true(table->rows[0].values[SERIES_LOSS] == 0.01);
	assert_true(table->rows[1].values[SERIES_DELAY] == 30000);
	tables_free(&tables);
}

static void a_pattern_of_any_length_keeps_its_bits(void **state)
{
	struct tables tables = {0};
	char text[5001];
	const struct table *table;

	(void)state;
	for (int i = 0; i < 5000; i++)
		text[i] = i * 7 % 11 < 3 ? '1' : '0';
	text[5000] = '\0';
	table = read_text(&tables, TABLE_PATTERN, text, NULL);
	assert_non_null(table);
	assert_int_equal(table->count, 5000);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(table->bits[i / 8] >> i % 8 & 1, text[i] - '0');
	tables_free(&tables);
}

static void an_unchanged_file_is_one_table_and_a_changed_one_another(void **state)
{
	struct tables tables = {0};
	const struct table *first = read_text(&tables, TABLE_PATTERN, "01", NULL);

	(void)state;
	assert_ptr_equal(read_text(&tables, TABLE_PATTERN, "0 1", NULL), first);
	assert_ptr_not_equal(read_text(&tables, TABLE_PATTERN, "11", NULL), first);
	assert_int_equal(first->bits[0], 2);
	tables_free(&tables);
}

struct refusal {
	enum table_kind kind;
	const char *text, *where, *says;
};

static void bad_files_are_refused_whole_with_their_line(void **state)
{
	static const struct refusal cases[] = {
		{TABLE_DISTRIBUTION, "", "t", "holds no value"},
		{TABLE_DISTRIBUTION, "1\n2\n3x", "t:3", "3x"},
		{TABLE_DISTRIBUTION, "1\n40000", "t:2", "out of range"},
		{TABLE_PATTERN, "01\n02", "t:2", "'2'"},
		{TABLE_PATTERN, "# 01", "t", "holds no 0"},
		{TABLE_MAHIMAHI, "", "t", "holds no time"},
		{TABLE_MAHIMAHI, "5\n4", "t:2", "before the line above"},
		{TABLE_MAHIMAHI, "5\n-4", "t:2", "-4"},
		{TABLE_MAHIMAHI, "0\n0", "t", "ends at 0 ms"},
		{TABLE_MAHIMAHI, "999999999999999", "t:1", "ten years"},
		{TABLE_SERIES, "time_s\n0", "t:1", "no column"},
		{TABLE_SERIES, "delay,time_s\n", "t:1", "time_s"},
		{TABLE_SERIES, "time_s,delay,delay\n", "t:1", "twice"},
		{TABLE_SERIES, "time_s,dalay\n", "t:1", "dalay"},
		{TABLE_SERIES, "time_s,delay\n", "t", "no row"},
		{TABLE_SERIES, "time_s,delay\n0.1,1ms\n", "t", "begins at 0.1"},
		{TABLE_SERIES, "time_s,delay\n0,1ms\n0,2ms\n", "t:3", "1 us after"},
		{TABLE_SERIES, "time_s,delay\n0,1\n", "t:2", "add ns"},
		{TABLE_SERIES, "time_s,delay\n0\n", "t:2", "expected 1"},
		{TABLE_SERIES, "time_s,delay\n0,1ms,2ms\n", "t:2", "more than 1"},
		{TABLE_SERIES, "time_s,carrier\nnan,1\n", "t:2", "nan"},
		{TABLE_SERIES, "time_s,carrier\n0,maybe\n", "t:2", "maybe"},
		{TABLE_SERIES, "time_s,loss\n0,150%\n", "t:2", "100%"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tables tables = {0};
		struct error error = {0};

		if (read_text(&tables, cases[i].kind, cases[i].text, &error))
			fail_msg("\"%s\" was not refused", cases[i].text);
		if (strcmp(error.where, cases[i].where) != 0 || !strstr(error.what, cases[i].says))
			fail_msg("\"%s\": %s: %s, and not %s: %s", cases[i].text, error.where,
				 error.what, cases[i].where, cases[i].says);
		assert_null(tables.first);
	}
}

static void what_is_no_file_is_refused(void **state)
{
	struct tables tables = {.folder = folder};
	struct error error;

	(void)state;
	assert_null(tables_read(&tables, TABLE_PATTERN, "nowhere", &error));
	assert_int_equal(error.code, -ENOENT);
	assert_null(tables_read(&tables, TABLE_PATTERN, "/", &error));
	assert_non_null(strstr(error.what, "not a regular file"));
}

// As many as a large lab of some days has: each is found again, and none is another's.
static void what_is_derived_is_found_again_among_many(void **state)
{
	struct tables tables = {0};
	uint64_t *memory[3000];
	bool made;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		memory[i] = tables_derive(&tables, &i, sizeof(i), sizeof(i), &made);
		assert_non_null(memory[i]);
		assert_false(made);
		assert_int_equal(*memory[i], 0);
		*memory[i] = i;
	}
	for (uint64_t i = 0; i < 3000; i += 3)
		tables_forget(&tables, memory[i]);
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t *found = tables_derive(&tables, &i, sizeof(i), sizeof(i), &made);

		assert_int_equal(made, i % 3 != 0);
		assert_int_equal(*found, i % 3 ? i : 0);
	}
	tables_forget(&tables, NULL);
	tables_free(&tables);
	assert_null(tables.derived);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_is_read),
		cmocka_unit_test(a_pattern_of_any_length_keeps_its_bits),
		cmocka_unit_test(an_unchanged_file_is_one_table_and_a_changed_one_another),
		cmocka_unit_test(bad_files_are_refused_whole_with_their_line),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(what_is_derived_is_found_again_among_many),
	};

	return cmocka_run_group_tests_name("tables", tests, make_folder, remove_folder);
}
