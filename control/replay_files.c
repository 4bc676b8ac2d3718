// SPDX-License-Identifier: BSD-3-Clause
// Which files a replay may not write.
#include "control/replay_files.h"

#include <errno.h>
#include <string.h>

#include "pcaps/aside.h"

// A path that is read, and what it is.
static const char *reader_of(const struct replay_options *options, const char *path)
{
	for (size_t i = 0; i < options->input_count; i++)
		if (strcmp(path, "-") != 0 && aside_is_same(options->inputs[i].path, path))
			return "an input";
	for (size_t i = 0; i < options->topology->file_count; i++)
		if (aside_is_same(options->topology->files[i], path))
			return "a file of the topology";
	return NULL;
}

static int check_output(const struct replay_options *options, const char *option, const char *path,
			struct error *error)
{
	const char *read_as = path ? reader_of(options, path) : NULL;

	if (!read_as)
		return 0;
	return error_set(error, -EINVAL, option, "%s is %s too (name another file)", path, read_as);
}

static int check_apart(const char *option, const char *path, const char *other, struct error *error)
{
	if (!path || !other || !aside_is_same(path, other))
		return 0;
	return error_set(error, -EINVAL, option,
			 "%s is written by another option too (name "
			 "another file)",
			 path);
}

static int check_standard_input(const struct replay_options *options, struct error *error)
{
	size_t count = 0;

	for (size_t i = 0; i < options->input_count; i++)
		count += strcmp(options->inputs[i].path, "-") == 0;
	if (count < 2)
		return 0;
	return error_set(error, -EINVAL, "--in",
			 "standard input can feed one port only (give files for the others)");
}

int replay_files_check(const struct replay_options *options, struct error *error)
{
	int rc = check_standard_input(options, error);

	for (size_t i = 0; !rc && i < options->output_count; i++) {
		const char *path = options->outputs[i].path;

		rc = check_output(options, "--out", path, error);
		if (!rc)
			rc = check_apart("--capture", options->capture, path, error);
		if (!rc)
			rc = check_apart("--journal", options->journal, path, error);
	}
	if (!rc)
		rc = check_output(options, "--capture", options->capture, error);
	if (!rc)
		rc = check_output(options, "--journal", options->journal, error);
	return rc ? rc : check_apart("--journal", options->journal, options->capture, error);
}
