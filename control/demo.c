// SPDX-License-Identifier: BSD-3-Clause
// `corridor demo`: the main job on the Benelux corridor, from captures to a verdict. Topology and
// captures come with the program.
#include <errno.h>
#include <stdlib.h>

#include "control/command.h"
#include "control/demo_files.h"
#include "control/demo_story.h"
#include "control/interrupt.h"
#include "control/replay.h"
#include "topologies/quantity.h"

// ---- The verdicts ----

// `corridor verify` on what entered at one port, with what it prints. Its exit status.
static int judge(struct invocation *invocation, const struct demo_files *files, unsigned from)
{
	char *words[DEMO_VERIFY_WORDS + 1];
	struct invocation verify = *invocation;

	demo_files_verify(files, from, words);
	verify.argc = DEMO_VERIFY_WORDS;
	verify.argv = words;
	return command_verify(&verify);
}

// The same, as JSON: NULL when verify could not answer.
static json_t *judge_json(struct invocation *invocation, const struct demo_files *files,
			  unsigned from, int *status)
{
	struct invocation quiet = *invocation;
	char *text = NULL;
	size_t size = 0;
	json_t *verdict;

	*status = EXIT_INTERNAL;
	quiet.out = open_memstream(&text, &size);
	if (!quiet.out)
		return NULL;
	*status = judge(&quiet, files, from);
	fclose(quiet.out);
	verdict = json_loads(text, 0, NULL);
	free(text);
	if (verdict) {
		json_object_set_new(verdict, "from", json_string(files->in[from].port));
		json_object_set_new(verdict, "to",
				    json_string(files->out[DEMO_PORTS - 1 - from].port));
	}
	return verdict;
}

static json_t *commands_json(const struct demo_files *files, unsigned workers)
{
	json_t *list = json_array();
	char *command;

	for (unsigned i = 0; (command = demo_files_command(files, i, workers)); i++) {
		json_array_append_new(list, json_string(command));
		free(command);
	}
	return list;
}

static int tell_json(struct invocation *invocation, const struct demo_story *story,
		     const struct demo_files *files, unsigned workers)
{
	json_t *verdicts = json_array();
	int worst = EXIT_TRUE;

	for (unsigned i = 0; i < DEMO_PORTS; i++) {
		int status;
		json_t *verdict = judge_json(invocation, files, i, &status);

		if (verdict)
			json_array_append_new(verdicts, verdict);
		worst = worst == EXIT_TRUE ? status : worst;
	}
	print_json(invocation, json_pack("{s:o, s:o, s:s, s:o}", "phases", demo_story_json(story),
					 "verdicts", verdicts, "folder", files->folder, "commands",
					 commands_json(files, workers)));
	return worst;
}

static int tell_text(struct invocation *invocation, struct demo_story *story,
		     const struct demo_files *files, unsigned workers)
{
	FILE *out = invocation->out;
	int worst = EXIT_TRUE;
	char *command;

	demo_story_print(story, out);
	for (unsigned i = 0; i < DEMO_PORTS; i++) {
		int status;

		fprintf(out, "\n== %s -> %s ==\n", files->in[i].port,
			files->out[DEMO_PORTS - 1 - i].port);
		status = judge(invocation, files, i);
		worst = worst == EXIT_TRUE ? status : worst;
	}
	fprintf(out,
		"\n%s holds the topology (benelux.ini), what entered (lux.pcap, ams.pcap) and what "
		"came out\n(lux.pcapng, ams.pcapng, journal.txt). The same by hand:\n",
		files->folder);
	for (unsigned i = 0; (command = demo_files_command(files, i, workers)); i++) {
		fprintf(out, "  %s\n", command);
		free(command);
	}
	return worst;
}

// ---- The run ----

static int run(struct invocation *invocation, struct topology *topology,
	       const struct demo_files *files, unsigned workers)
{
	struct demo_story *story = demo_story_create(topology);
	struct replay_options options = {
		.topology = topology,
		.inputs = files->in,
		.input_count = DEMO_PORTS,
		.outputs = files->out,
		.output_count = DEMO_PORTS,
		.journal = files->journal,
		.until_ns = UINT64_MAX,
		.workers = workers,
		.changed = demo_story_changed,
		.context = story,
	};
	struct replay_result result;
	struct engine *engine = NULL;
	struct network *network = NULL;
	struct interrupt interrupt;
	struct error error = {0};
	int status;

	options.interrupted = interrupt_watch(&interrupt);
	if (!story)
		status = error_set(&error, -ENOMEM, "demo", "no memory for the story");
	else
		status = replay_run(&options, &result, &engine, &network, &error);
	interrupt_unwatch(&interrupt);
	if (status) {
		status = report_error(invocation, &error);
		if (error.code == -EINTR)
			status = interrupt_status();
	} else {
		demo_story_end(story, engine, result.end_ns);
		status = invocation->json ? tell_json(invocation, story, files, workers)
					  : tell_text(invocation, story, files, workers);
	}
	engine_destroy(engine);
	network_free(network);
	demo_story_free(story);
	return status;
}

static int load_and_run(struct invocation *invocation, const struct demo_files *files,
			unsigned workers)
{
	struct errors errors = {0};
	struct topology *topology = network_load(files->topology, &errors);
	int status = topology ? run(invocation, topology, files, workers)
			      : report_errors(invocation, &errors);

	topology_free(topology);
	errors_fini(&errors);
	return status;
}

static int take_workers(struct invocation *invocation, uint64_t *workers, struct error *error)
{
	const char *text = take_option(invocation, "--workers");

	*workers = 1;
	if (!text)
		return 0;
	if (quantity_parse_count(text, "--workers", workers, error))
		return error->code;
	if (*workers < 1 || *workers > 16)
		return error_set(error, -EINVAL, "--workers", "\"%s\" is not within 1 to 16", text);
	return 0;
}

int command_demo(struct invocation *invocation)
{
	const char *folder = take_option(invocation, "--dir");
	struct demo_files files;
	struct error error = {0};
	uint64_t workers;
	int status;

	if (take_workers(invocation, &workers, &error))
		return report_error(invocation, &error);
	status = expect_words(invocation, 0, 0);
	if (status != EXIT_TRUE)
		return status;
	if (demo_files_name(&files, folder ? folder : "corridor-demo", &error) ||
	    demo_files_lay(&files, invocation->err, &error))
		status = report_error(invocation, &error);
	else
		status = load_and_run(invocation, &files, (unsigned)workers);
	demo_files_free(&files);
	return status;
}
