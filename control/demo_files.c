// SPDX-License-Identifier: BSD-3-Clause
// Laying out the demo's folder, and telling how to do by hand what the demo does.
#include "control/demo_files.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/embedded.h"

static char *path_in(const char *folder, const char *name, const char *suffix)
{
	char *path;

	if (asprintf(&path, "%s%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name,
		     suffix) < 0)
		return NULL;
	return path;
}

int demo_files_name(struct demo_files *files, const char *folder, struct error *error)
{
	static const char *const ports[DEMO_PORTS] = {"lux", "ams"};
	size_t length = strlen(folder);
	bool whole;

	*files = (struct demo_files){0};
	if (length == 0)
		return error_set(error, -EINVAL, "--dir", "is empty; give a folder");
	while (length > 1 && folder[length - 1] == '/')
		length--;
	files->folder = strndup(folder, length);
	if (!files->folder)
		return error_set(error, -ENOMEM, "demo", "no memory for its paths");
	files->topology = path_in(files->folder, "benelux.ini", "");
	files->journal = path_in(files->folder, "journal.txt", "");
	whole = files->topology && files->journal;
	for (unsigned i = 0; i < DEMO_PORTS; i++) {
		files->in[i] =
			(struct replay_file){ports[i], path_in(files->folder, ports[i], ".pcap")};
		files->out[i] =
			(struct replay_file){ports[i], path_in(files->folder, ports[i], ".pcapng")};
		whole = whole && files->in[i].path && files->out[i].path;
	}
	return whole ? 0 : error_set(error, -ENOMEM, "demo", "no memory for its paths");
}

void demo_files_free(struct demo_files *files)
{
	for (unsigned i = 0; i < DEMO_PORTS; i++) {
		free((char *)files->in[i].path);
		free((char *)files->out[i].path);
	}
	free(files->topology);
	free(files->journal);
	free(files->folder);
}

int demo_files_lay(const struct demo_files *files, FILE *err, struct error *error)
{
	const char *const paths[] = {files->topology, files->in[0].path, files->in[1].path};

	if (mkdir(files->folder, 0777) && errno != EEXIST)
		return error_set(error, -errno, files->folder,
				 "cannot make the folder for the demo's files (%s); give another "
				 "with --dir",
				 strerror(errno));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		bool kept;
		int code = embedded_write(strrchr(paths[i], '/') + 1, paths[i], &kept, error);

		if (code)
			return code;
		if (kept)
			fprintf(err,
				"corridor: warning: %s was not the demo's own; it is now %s~\n",
				paths[i], paths[i]);
	}
	return 0;
}

void demo_files_verify(const struct demo_files *files, unsigned from,
		       char *words[DEMO_VERIFY_WORDS + 1])
{
	const struct replay_file *sent = &files->in[from];
	const struct replay_file *received = &files->out[DEMO_PORTS - 1 - from];
	const char *const all[DEMO_VERIFY_WORDS] = {"--sent",       sent->path,     "--received",
						    received->path, "--topology",   files->topology,
						    "--journal",    files->journal, "--from",
						    sent->port,     "--to",         received->port};

	for (unsigned i = 0; i < DEMO_VERIFY_WORDS; i++)
		words[i] = (char *)all[i];
	words[DEMO_VERIFY_WORDS] = NULL;
}

// Quotes what a shell would take for more than itself.
static void put_word(FILE *out, const char *word)
{
	bool plain = true;

	for (const char *c = word; *c; c++)
		plain = plain && (isalnum((unsigned char)*c) || strchr("_./=:,@%+-", *c));
	if (plain) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (const char *c = word; *c; c++)
		if (*c == '\'')
			fputs("'\\''", out);
		else
			fputc(*c, out);
	fputc('\'', out);
}

static void put_files(FILE *out, const char *option, const struct replay_file files[DEMO_PORTS])
{
	for (unsigned i = 0; i < DEMO_PORTS; i++) {
		fprintf(out, " %s %s=", option, files[i].port);
		put_word(out, files[i].path);
	}
}

static void put_replay(FILE *out, const struct demo_files *files, unsigned workers)
{
	fputs(" replay ", out);
	put_word(out, files->topology);
	put_files(out, "--in", files->in);
	put_files(out, "--out", files->out);
	fputs(" --journal ", out);
	put_word(out, files->journal);
	if (workers > 1)
		fprintf(out, " --workers %u", workers);
}

static void put_verify(FILE *out, const struct demo_files *files, unsigned from)
{
	char *words[DEMO_VERIFY_WORDS + 1];

	demo_files_verify(files, from, words);
	fputs(" verify", out);
	for (unsigned i = 0; words[i]; i++) {
		fputc(' ', out);
		put_word(out, words[i]);
	}
}

char *demo_files_command(const struct demo_files *files, unsigned which, unsigned workers)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (which > DEMO_PORTS)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	put_word(out, program_invocation_name);
	if (which == 0)
		put_replay(out, files, workers);
	else
		put_verify(out, files, which - 1);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
