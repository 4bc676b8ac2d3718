// SPDX-License-Identifier: BSD-3-Clause
// Files: includes and their loops, and what is no file to read. Each test has its own directory.
#include "topologies/load.h"

#include <errno.h>
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

static char directory[] = "/tmp/corridor-files-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 && mkdir("sub", 0700) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	static const char *const files[] = {"a.ini", "sub/b.ini", "sub/c.ini", "d.ini", "fifo"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	return rmdir("sub") == 0 && chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void expect_fault(const char *path, int code, const char *where, const char *says)
{
	struct errors errors = {0};
	struct topology *topology = topology_load(path, &errors);

	assert_null(topology);
	if (errors.count != 1 || errors.items[0].code != code ||
	    strcmp(errors.items[0].where, where) != 0 || !strstr(errors.items[0].what, says))
		fail_msg("%zu faults, %d \"%s\": \"%s\"", errors.count, errors.items[0].code,
			 errors.items[0].where, errors.items[0].what);
	errors_fini(&errors);
}

static void files_are_composed_relative_to_the_one_that_includes(void **state)
{
	struct errors errors = {0};
	struct topology *topology;

	(void)state;
	write_file("a.ini", "[network]\nname = whole\ninclude = sub/b.ini\n"
			    "[link x]\nends = one, two\n");
	write_file("sub/b.ini", "[network]\nseed = 7\ninclude = c.ini, ../d.ini\n[site one]\n");
	write_file("sub/c.ini", "[site two]\n");
	write_file("d.ini", "[link y]\nends = two, one\n");
	topology = topology_load("a.ini", &errors);
	assert_non_null(topology);
	assert_string_equal(topology->name, "whole");
	assert_int_equal(topology->seed, 7);
	assert_int_equal(topology->site_count, 2);
	assert_int_equal(topology->link_count, 2);
	assert_string_equal(topology->sites[1].source.file, "sub/c.ini");
	assert_int_equal(topology->sites[1].source.line, 1);
	topology_free(topology);
	errors_fini(&errors);
}

static void sections_and_keys_stand_in_one_file_only(void **state)
{
	(void)state;
	write_file("a.ini", "[network]\nseed = 1\ninclude = d.ini\n[site one]\n");
	write_file("d.ini", "[site one]\n");
	expect_fault("a.ini", -EINVAL, "d.ini:1 [site one]", "first at a.ini:4");
	write_file("d.ini", "[network]\nseed = 2\n");
	expect_fault("a.ini", -EINVAL, "d.ini:2 [network] seed", "first at a.ini:2");
}

static void loops_and_missing_includes_are_faults_of_the_line(void **state)
{
	(void)state;
	write_file("a.ini", "[network]\ninclude = a.ini\n[site one]\n");
	expect_fault("a.ini", -ELOOP, "a.ini:2 [network] include", "includes itself");
	write_file("a.ini", "[network]\ninclude = d.ini\n[site one]\n");
	write_file("d.ini", "[network]\ninclude = a.ini\n");
	expect_fault("a.ini", -ELOOP, "d.ini:2 [network] include", "includes itself");
	write_file("a.ini", "[network]\ninclude = gone.ini\n[site one]\n");
	expect_fault("a.ini", -ENOENT, "a.ini:2 [network] include", "does not exist");
	write_file("a.ini", "[network]\ninclude = sub\n[site one]\n");
	expect_fault("a.ini", -EISDIR, "a.ini:2 [network] include", "is a directory");
	write_file("a.ini", "[network]\ninclude = d.ini, sub/../d.ini\n[site one]\n");
	write_file("d.ini", "[link x]\nends = one, two\n[site two]\n");
	expect_fault("a.ini", -ELOOP, "a.ini:2 [network] include", "included a second time");
}

static void what_is_no_file_is_said_in_one_line(void **state)
{
	(void)state;
	write_file("a.ini", "[site one]\n");
	expect_fault("gone.ini", -ENOENT, "gone.ini", "does not exist");
	expect_fault("sub", -EISDIR, "sub", "is a directory");
	expect_fault("a.ini/x", -ENOTDIR, "a.ini/x", "does not exist");
	write_file("a.ini", "");
	expect_fault("a.ini", -EINVAL, "a.ini", "holds no section");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	expect_fault("fifo", -EINVAL, "fifo", "holds no section");
	if (geteuid() != 0) {
		assert_int_equal(chmod("a.ini", 0), 0);
		expect_fault("a.ini", -EACCES, "a.ini", "may not be read");
	}
}

static void an_endless_file_is_refused(void **state)
{
	(void)state;
	expect_fault("/dev/zero", -EFBIG, "/dev/zero", "larger than 64 MiB");
}

static void a_file_cut_at_any_byte_is_read_or_refused_with_a_line(void **state)
{
	static const char text[] =
		"[network]\nname = cut\nseed = 719\n[site a]\nkind = router\n"
		"position = 49.5, 6.1\nsubnet = 10.1.0.0/16\n[site b]\nkind = exchange\n"
		"subnet = 192.0.2.0/24\n[link x]\nends = a, b\ndelay = 1ms 1us distribution "
		"normal\naddress = 192.0.2.1\n[event e]\nat = 1s\ndo = link x down\n";

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		struct errors errors = {0};
		struct topology *topology;
		char cut[sizeof(text)];

		memcpy(cut, text, length);
		cut[length] = '\0';
		topology = topology_load_text(cut, "cut.ini", &errors);
		assert_true(topology ? errors.count == 0 : errors.count > 0);
		topology_free(topology);
		errors_fini(&errors);
	}
}

static void any_changed_byte_is_read_or_refused_with_a_line(void **state)
{
	static const char text[] =
		"[network]\nname = mut\n[site a]\nkind = router\nposition = 49.5, 6.1\n"
		"[site b]\nroute = 10.0.0.0/8 via 10.1.0.2\n[port p]\nsite = b\naddress = "
		"10.1.0.1/24\n[link x]\nends = a, b\nloss = gemodel 1% 10%\nrate = 1mbit\n"
		"[satellite s]\norbit = geostationary 19.2deg\n[flow f]\nfrom = a\nto = b\n"
		"rate = 1mbit\n[conduit c]\nlinks = x\n[event e]\nat = 1s\ndo = link x down\n";
	static const char bytes[] = "\n=[];#\"' x9-\\.\x80\x01";
	uint64_t seed = 719;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct errors errors = {0};
		struct topology *topology;
		char changed[sizeof(text)];

		memcpy(changed, text, sizeof(text));
		for (int j = 0; j < 1 + i % 3; j++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			changed[(seed >> 33) % (sizeof(text) - 1)] =
				bytes[(seed >> 17) % (sizeof(bytes) - 1)];
		}
		topology = topology_load_text(changed, "mut.ini", &errors);
		assert_true(topology ? errors.count == 0 : errors.count > 0);
		topology_free(topology);
		errors_fini(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_composed_relative_to_the_one_that_includes),
		cmocka_unit_test(sections_and_keys_stand_in_one_file_only),
		cmocka_unit_test(loops_and_missing_includes_are_faults_of_the_line),
		cmocka_unit_test(what_is_no_file_is_said_in_one_line),
		cmocka_unit_test(an_endless_file_is_refused),
		cmocka_unit_test(a_file_cut_at_any_byte_is_read_or_refused_with_a_line),
		cmocka_unit_test(any_changed_byte_is_read_or_refused_with_a_line),
	};

	return cmocka_run_group_tests_name("files", tests, make_directory, remove_directory);
}
