// SPDX-License-Identifier: BSD-3-Clause
// Files that the program carries, and how they are put beside what is there already.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/embedded.h"

static char folder[] = "/tmp/corridor-embedded-XXXXXX";
static char path[64], backup[64], other[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(strrchr(folder, '-'), "-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/b.ini", folder);
	snprintf(backup, sizeof(backup), "%s/b.ini~", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(backup);
	unlink(other);
	return rmdir(folder);
}

static void put(const char *name, const void *text, size_t size)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static bool holds(const char *name, const void *text, size_t size)
{
	char *got = malloc(size + 1);
	FILE *file = fopen(name, "r");
	bool same;

	assert_non_null(got);
	assert_non_null(file);
	same = fread(got, 1, size + 1, file) == size && memcmp(got, text, size) == 0;
	fclose(file);
	free(got);
	return same;
}

static const struct embedded_file *topology(void)
{
	const struct embedded_file *file = embedded_find("benelux.ini");

	assert_non_null(file);
	return file;
}

static void what_the_demo_needs_is_carried(void **state)
{
	static const unsigned char nanosecond_pcap[] = {0x4d, 0x3c, 0xb2, 0xa1};

	(void)state;
	assert_memory_equal(topology()->data, "; ", 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct embedded_file *file = embedded_find(i ? "ams.pcap" : "lux.pcap");

		assert_non_null(file);
		assert_true(file->size > 24);
		assert_memory_equal(file->data, nanosecond_pcap, sizeof(nanosecond_pcap));
	}
	assert_null(embedded_find("benelux"));
}

static void a_file_is_written_whole_and_left_alone_the_next_time(void **state)
{
	const struct embedded_file *file = topology();
	struct stat before, after;
	struct error error;
	bool kept = true;

	(void)state;
	assert_int_equal(embedded_write(file->name, path, &kept, &error), 0);
	assert_false(kept);
	assert_true(holds(path, file->data, file->size));
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(embedded_write(file->name, path, &kept, &error), 0);
	assert_false(kept);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(access(backup, F_OK), -1);
}

static void another_file_is_kept_beside_it(void **state)
{
	const struct embedded_file *file = topology();
	char *text = malloc(file->size);
	struct error error;
	bool kept = false;

	(void)state;
	assert_non_null(text);
	// As long, and another in its last byte alone.
	memcpy(text, file->data, file->size);
	text[file->size - 1] ^= 1;
	put(path, text, file->size);
	assert_int_equal(embedded_write(file->name, path, &kept, &error), 0);
	assert_true(kept);
	assert_true(holds(path, file->data, file->size));
	assert_true(holds(backup, text, file->size));
	free(text);
}

static void a_link_is_moved_and_its_target_left_alone(void **state)
{
	const struct embedded_file *file = topology();
	struct stat status;
	struct error error;
	bool kept = false;

	(void)state;
	put(other, "mine", 4);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(embedded_write(file->name, path, &kept, &error), 0);
	assert_true(kept);
	assert_true(holds(other, "mine", 4));
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
}

static void what_cannot_be_written_leaves_all_as_it_was(void **state)
{
	struct error error;
	bool kept = true;

	(void)state;
	put(path, "mine", 4);
	assert_int_equal(mkdir(backup, 0777), 0);
	assert_true(embedded_write("benelux.ini", path, &kept, &error) < 0);
	assert_false(kept);
	assert_non_null(strstr(error.where, "b.ini~"));
	assert_true(holds(path, "mine", 4));
	assert_int_equal(rmdir(backup), 0);
	assert_true(embedded_write("nothing.ini", path, &kept, &error) < 0);
	assert_true(holds(path, "mine", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_demo_needs_is_carried),
		cmocka_unit_test_setup_teardown(
			a_file_is_written_whole_and_left_alone_the_next_time, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(another_file_is_kept_beside_it, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_link_is_moved_and_its_target_left_alone,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_leaves_all_as_it_was,
						make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
