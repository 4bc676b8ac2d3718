// SPDX-License-Identifier: BSD-3-Clause
// `corridor replay`: captures and built-in flows through a topology in virtual time.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "control/command.h"
#include "control/interrupt.h"
#include "control/replay.h"
#include "control/replay_report.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"

#define FILES_MOST 256
#define MAPS_MOST  16

struct request {
	struct replay_options options;
	struct replay_file inputs[FILES_MOST];
	struct replay_file outputs[FILES_MOST];
	struct prefix map_from[MAPS_MOST];
	struct prefix map_to[MAPS_MOST];
	const char *seed;
	const char *workers;
	const char *until;
};

// Splits "NAME=VALUE" in place; NULL when there is no '='.
static char *split(char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text || equals[1] == '\0')
		return NULL;
	*equals = '\0';
	return equals + 1;
}

// All of one repeated option PORT=FILE.
static int take_files(struct invocation *invocation, const char *name, struct replay_file *files,
		      size_t *count, struct error *error)
{
	const char *text;

	while ((text = take_option(invocation, name))) {
		char *port = (char *)text; // argv's own memory, which may be written
		char *path = split(port);

		if (!path)
			return error_set(error, -EINVAL, name,
					 "\"%s\" is not PORT=FILE; write e.g. %s west=in.pcap",
					 text, name);
		if (*count == FILES_MOST)
			return error_set(error, -EINVAL, name, "more than %d files", FILES_MOST);
		files[(*count)++] = (struct replay_file){port, path};
	}
	return 0;
}

static int take_maps(struct invocation *invocation, struct request *request, struct error *error)
{
	const char *text;

	while ((text = take_option(invocation, "--map"))) {
		size_t n = request->options.map_count;
		char *from = (char *)text;
		char *to = split(from);

		if (!to || n == MAPS_MOST || prefix_parse(from, &request->map_from[n]) ||
		    prefix_parse(to, &request->map_to[n]) ||
		    request->map_from[n].length != request->map_to[n].length ||
		    request->map_from[n].address.family != request->map_to[n].address.family)
			return error_set(error, -EINVAL, "--map",
					 "not OLD-PREFIX=NEW-PREFIX of equal length (at most %d of "
					 "them); write e.g. --map 192.168.1.0/24=10.1.0.0/24",
					 MAPS_MOST);
		request->options.map_count++;
	}
	request->options.map_from = request->map_from;
	request->options.map_to = request->map_to;
	return 0;
}

// FILE, or NAME,...=FILE. What stands before '=' in a path with a slash is part of the path.
static void take_capture(struct invocation *invocation, struct request *request)
{
	char *text = (char *)take_option(invocation, "--capture");
	char *path = text && strcspn(text, "/") > strcspn(text, "=") ? split(text) : NULL;

	request->options.capture = path ? path : text;
	request->options.capture_names = path ? text : NULL;
}

static int take_request(struct invocation *invocation, struct request *request, struct error *error)
{
	int rc = take_files(invocation, "--in", request->inputs, &request->options.input_count,
			    error);

	if (rc == 0)
		rc = take_files(invocation, "--out", request->outputs,
				&request->options.output_count, error);
	if (rc == 0)
		rc = take_maps(invocation, request, error);
	request->options.inputs = request->inputs;
	request->options.outputs = request->outputs;
	take_capture(invocation, request);
	request->options.journal = take_option(invocation, "--journal");
	request->until = take_option(invocation, "--until");
	request->seed = take_option(invocation, "--seed");
	request->workers = take_option(invocation, "--workers");
	return rc;
}

static int settle(struct request *request, struct topology *topology, struct error *error)
{
	uint64_t workers = 1;
	int rc = 0;

	request->options.topology = topology;
	request->options.until_ns = UINT64_MAX;
	if (request->until)
		rc = sky_parse_instant(topology, request->until, "--until",
				       &request->options.until_ns, error);
	if (rc == 0 && request->seed)
		rc = quantity_parse_count(request->seed, "--seed", &topology->seed, error);
	if (rc == 0 && request->workers)
		rc = quantity_parse_count(request->workers, "--workers", &workers, error);
	if (rc)
		return rc;
	if (workers < 1 || workers > 16)
		return error_set(error, -EINVAL, "--workers", "\"%s\" is not within 1 to 16",
				 request->workers);
	request->options.workers = (unsigned)workers;
	return 0;
}

// ---- Running ----

static int run(struct request *request, struct replay_result *result, struct engine **engine,
	       struct network **network, struct error *error)
{
	struct interrupt interrupt;
	int rc;

	request->options.interrupted = interrupt_watch(&interrupt);
	rc = replay_run(&request->options, result, engine, network, error);
	interrupt_unwatch(&interrupt);
	return rc;
}

static bool writes_to_stdout(const struct request *request)
{
	for (size_t i = 0; i < request->options.output_count; i++) {
		if (strcmp(request->outputs[i].path, "-") == 0)
			return true;
	}
	return request->options.capture && strcmp(request->options.capture, "-") == 0;
}

static void print_warnings(const struct invocation *invocation, char *warnings)
{
	char *rest = NULL;

	for (char *line = strtok_r(warnings, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		report_warning(invocation, line);
}

static int replay_topology(struct invocation *invocation, struct request *request,
			   struct topology *topology)
{
	struct replay_result result;
	struct engine *engine;
	struct network *network;
	struct error error = {0};

	if (settle(request, topology, &error) || run(request, &result, &engine, &network, &error)) {
		int status = report_error(invocation, &error);

		return error.code == -EINTR ? interrupt_status() : status;
	}
	print_warnings(invocation, result.warnings);
	report_stale(invocation, topology, 0, 0);
	// A capture on standard output has it for itself.
	if (writes_to_stdout(request))
		invocation->out = invocation->err;
	if (invocation->json)
		print_json(invocation, replay_report_json(topology, &result, engine));
	else
		replay_report_print(topology, &result, engine, invocation->out);
	engine_destroy(engine);
	network_free(network);
	return EXIT_TRUE;
}

int command_replay(struct invocation *invocation)
{
	struct request *request = calloc(1, sizeof(*request));
	struct errors errors = {0};
	struct error error = {0};
	struct topology *topology = NULL;
	int status;

	if (!request)
		return EXIT_INTERNAL;
	if (take_request(invocation, request, &error)) {
		status = report_error(invocation, &error);
	} else {
		status = expect_words(invocation, 1, 1);
		if (status == EXIT_TRUE) {
			topology = network_load(invocation->argv[0], &errors);
			status = topology ? replay_topology(invocation, request, topology)
					  : report_errors(invocation, &errors);
		}
	}
	errors_fini(&errors);
	topology_free(topology);
	free(request);
	return status;
}
