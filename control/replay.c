// SPDX-License-Identifier: BSD-3-Clause
// A run in virtual time: captures in by their time, the network's changes at theirs, captures out.
#include "control/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/map.h"
#include "control/network_journal.h"
#include "pcaps/trace.h"

#define READ_BURST   64
#define READ_BYTES   (UINT32_C(1) << 20)
#define LEAST_MEMORY (UINT64_C(16) << 30)
#define LAST_STEP_NS UINT64_C(100000000)

struct replay;

// A port's capture in, read one burst ahead; frames keep their bytes in `bytes` until the next
// read.
struct input {
	struct replay *replay;
	const char *path;
	struct trace_reader *reader;
	struct trace_frame next;
	bool has_next;
	uint8_t *bytes;
};

struct output {
	struct replay *replay;
	struct trace_writer *writer;
};

struct replay {
	const struct replay_options *options;
	struct replay_result *result;
	struct error fault; // of a reader or writer, told by the engine as a mere number
	struct input *inputs;
	struct output *outputs;
};

static void note_warning(struct replay *replay, const struct input *input)
{
	const char *warning = trace_warning(input->reader);
	char *text = replay->result->warnings;
	size_t used = strlen(text);

	if (warning)
		snprintf(text + used, sizeof(replay->result->warnings) - used, "%s%s: %s",
			 used ? "\n" : "", input->path, warning);
}

// Reads the frame after the one in hand. 0 or a negative errno, then in replay->fault too.
static int read_ahead(struct input *input)
{
	struct error error = {0};
	int rc = trace_read(input->reader, &input->next, &error);

	input->has_next = rc == 1;
	if (rc == 0)
		note_warning(input->replay, input);
	if (rc < 0 && !input->replay->fault.code)
		input->replay->fault = error;
	return rc < 0 ? rc : 0;
}

static int read_frames(void *context, struct engine_frame *frames, unsigned most)
{
	struct input *input = context;
	const struct replay_options *options = input->replay->options;
	uint32_t used = 0;
	unsigned count = 0;

	if (most > READ_BURST)
		most = READ_BURST;
	while (count < most && input->has_next && used + input->next.length <= READ_BYTES) {
		uint8_t *bytes = input->bytes + used;
		int rc;

		memcpy(bytes, input->next.bytes, input->next.length);
		map_frame(options->map_from, options->map_to, options->map_count, bytes,
			  input->next.length);
		frames[count++] = (struct engine_frame){
			.at_ns = input->next.at_ns - input->replay->result->clock_ns,
			.bytes = bytes,
			.length = input->next.length,
			.wire_length = input->next.wire_length,
		};
		used += input->next.length;
		rc = read_ahead(input);
		if (rc)
			return rc;
	}
	return (int)count;
}

static int write_frames(void *context, const struct engine_frame *frames, unsigned count)
{
	struct output *output = context;

	for (unsigned i = 0; i < count; i++) {
		struct trace_frame frame = {
			.at_ns = frames[i].at_ns + output->replay->result->clock_ns,
			.bytes = frames[i].bytes,
			.length = frames[i].length,
			.wire_length = frames[i].wire_length,
			.packet_id = frames[i].packet,
		};
		struct error error = {0};
		int rc = trace_write(output->writer, &frame, &error);

		if (rc) {
			if (!output->replay->fault.code)
				output->replay->fault = error;
			return rc;
		}
	}
	return 0;
}

static uint32_t find_port(const struct topology *topology, const char *name, struct error *error)
{
	uint32_t port = topology_find_port(topology, name);

	if (port == TOPOLOGY_NONE)
		error_set(error, -EINVAL, name, "the topology has no port of this name");
	return port;
}

// Opens all inputs and finds the instant of the earliest packet, at which the clock is zero.
static int open_inputs(struct replay *replay, struct error *error)
{
	const struct replay_options *options = replay->options;
	uint64_t earliest_ns = UINT64_MAX;

	for (size_t i = 0; i < options->input_count; i++) {
		struct input *input = &replay->inputs[i];

		if (find_port(options->topology, options->inputs[i].port, error) == TOPOLOGY_NONE)
			return -EINVAL;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(options->inputs[k].port, options->inputs[i].port) == 0)
				return error_set(
					error, -EINVAL, options->inputs[i].port,
					"two captures for one port; merge them first, e.g. "
					"with mergecap");
		}
		input->replay = replay;
		input->path = options->inputs[i].path;
		input->bytes = malloc(READ_BYTES);
		if (!input->bytes)
			return error_set(error, -ENOMEM, input->path, "no memory to read it");
		input->reader = trace_open(input->path, error);
		if (!input->reader)
			return error && error->code ? error->code : -EINVAL;
		if (read_ahead(input)) {
			if (error)
				*error = replay->fault;
			return replay->fault.code;
		}
		if (input->has_next && input->next.at_ns < earliest_ns)
			earliest_ns = input->next.at_ns;
	}
	replay->result->clock_ns = earliest_ns == UINT64_MAX ? 0 : earliest_ns;
	return 0;
}

static int open_outputs(struct replay *replay, struct error *error)
{
	const struct replay_options *options = replay->options;
	char application[96];

	snprintf(application, sizeof(application), "corridor %s seed %llu", CORRIDOR_VERSION,
		 (unsigned long long)options->topology->seed);
	for (size_t i = 0; i < options->output_count; i++) {
		const struct replay_file *file = &options->outputs[i];

		if (find_port(options->topology, file->port, error) == TOPOLOGY_NONE)
			return -EINVAL;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(options->outputs[k].path, file->path) == 0 ||
			    strcmp(options->outputs[k].port, file->port) == 0)
				return error_set(
					error, -EINVAL, file->path,
					"each port writes one file of its own; name another");
		}
		replay->outputs[i].replay = replay;
		replay->outputs[i].writer = trace_create(file->path, trace_format_of(file->path),
							 &file->port, 1, application, error);
		if (!replay->outputs[i].writer)
			return error && error->code ? error->code : -EINVAL;
	}
	return 0;
}

static int attach(struct replay *replay, struct engine *engine, struct error *error)
{
	const struct replay_options *options = replay->options;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < options->input_count; i++) {
		struct engine_source source = {&replay->inputs[i], read_frames};

		rc = engine_port_files(
			engine, topology_find_port(options->topology, options->inputs[i].port),
			&source, NULL, error);
	}
	for (size_t i = 0; rc == 0 && i < options->output_count; i++) {
		struct engine_sink sink = {&replay->outputs[i], write_frames};

		rc = engine_port_files(
			engine, topology_find_port(options->topology, options->outputs[i].port),
			NULL, &sink, error);
	}
	return rc;
}

static int publish(struct engine *engine, const struct network *network, struct error *error)
{
	struct plan *plan = network_copy_plan(network);
	int rc;

	if (!plan)
		return error_set(error, -ENOMEM, "replay", "no memory for the plan");
	rc = engine_publish(engine, plan, error);
	if (rc)
		plan_free(plan);
	return rc;
}

static void tell(const struct replay_options *options, struct engine *engine,
		 const struct network *network, uint64_t at_ns)
{
	if (options->changed)
		options->changed(options->context, engine, network, at_ns);
}

// Until nothing is left that could still happen, or the instant asked for.
static int run(struct replay *replay, struct engine *engine, struct network *network,
	       struct error *error)
{
	const struct replay_options *options = replay->options;
	uint64_t end_ns = 0;
	int rc = publish(engine, network, error);

	tell(options, engine, network, 0);
	while (rc == 0) {
		uint64_t change_ns = network_next_change_ns(network);
		uint64_t due_ns = engine_next_due_ns(engine);
		bool last = change_ns >= options->until_ns;

		if (due_ns == ENGINE_IDLE && change_ns == NETWORK_NO_CHANGE)
			break;
		if (change_ns == NETWORK_NO_CHANGE && options->until_ns == UINT64_MAX) {
			// Nothing changes any more: in steps, so that the clock ends near the last
			// packet.
			end_ns = due_ns + LAST_STEP_NS;
			rc = engine_advance(engine, end_ns, error);
			continue;
		}
		end_ns = last ? options->until_ns : change_ns;
		rc = engine_advance(engine, end_ns, error);
		if (rc || last)
			break;
		rc = network_step(network, change_ns, error);
		if (rc == 0)
			rc = publish(engine, network, error);
		if (rc == 0)
			tell(options, engine, network, change_ns);
	}
	if (rc == 0)
		tell(options, engine, network, end_ns);
	replay->result->end_ns = end_ns;
	if (rc && replay->fault.code && error)
		*error = replay->fault;
	return rc;
}

// All outputs appear, or (after a fault) none.
static int finish_outputs(struct replay *replay, int rc, struct error *error)
{
	for (size_t i = 0; i < replay->options->output_count; i++) {
		struct trace_writer *writer = replay->outputs[i].writer;

		if (rc == 0)
			rc = writer ? trace_finish(writer, error) : 0;
		else
			trace_abandon(writer);
	}
	return rc;
}

static int save_journal(const struct replay *replay, struct error *error)
{
	const struct replay_options *options = replay->options;
	struct port_pair *pairs;
	struct journal journal = {.seed = options->topology->seed};
	size_t count = 0;
	int rc;

	pairs = calloc(options->input_count * options->output_count + 1, sizeof(*pairs));
	if (!pairs)
		return error_set(error, -ENOMEM, options->journal, "no memory for the journal");
	for (size_t i = 0; i < options->input_count; i++) {
		for (size_t k = 0; k < options->output_count; k++) {
			struct port_pair pair = {
				topology_find_port(options->topology, options->inputs[i].port),
				topology_find_port(options->topology, options->outputs[k].port),
			};

			if (pair.from != pair.to)
				pairs[count++] = pair;
		}
	}
	rc = network_journal_pairs(options->topology, pairs, count, replay->result->end_ns,
				   &journal, error);
	journal.clock_ns = replay->result->clock_ns;
	if (rc == 0)
		rc = journal_save(&journal, options->journal, error);
	journal_fini(&journal);
	free(pairs);
	return rc;
}

static void replay_fini(struct replay *replay)
{
	for (size_t i = 0; replay->inputs && i < replay->options->input_count; i++) {
		trace_close(replay->inputs[i].reader);
		free(replay->inputs[i].bytes);
	}
	free(replay->inputs);
	free(replay->outputs);
}

int replay_run(const struct replay_options *options, struct replay_result *result,
	       struct engine **engine, struct network **network, struct error *error)
{
	struct engine_options wanted = {
		.clock = ENGINE_VIRTUAL,
		.workers = options->workers ? options->workers : 1,
		.memory_bytes = LEAST_MEMORY,
	};
	struct replay replay = {.options = options, .result = result};
	int rc;

	memset(result, 0, sizeof(*result));
	*engine = NULL;
	*network = NULL;
	replay.inputs = calloc(options->input_count + 1, sizeof(*replay.inputs));
	replay.outputs = calloc(options->output_count + 1, sizeof(*replay.outputs));
	rc = replay.inputs && replay.outputs
		     ? 0
		     : error_set(error, -ENOMEM, "replay", "no memory to begin");
	if (rc == 0)
		rc = open_inputs(&replay, error);
	if (rc == 0)
		rc = open_outputs(&replay, error);
	if (rc == 0) {
		*network = network_create(options->topology, NETWORK_FILES, error);
		*engine = *network ? engine_create(&wanted, error) : NULL;
		rc = *engine ? 0 : error && error->code ? error->code : -EINVAL;
	}
	if (rc == 0)
		rc = attach(&replay, *engine, error);
	if (rc == 0)
		rc = run(&replay, *engine, *network, error);
	rc = finish_outputs(&replay, rc, error);
	if (rc == 0 && options->journal)
		rc = save_journal(&replay, error);
	if (rc) {
		engine_destroy(*engine);
		network_free(*network);
		*engine = NULL;
		*network = NULL;
	}
	replay_fini(&replay);
	return rc;
}
