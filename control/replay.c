// SPDX-License-Identifier: BSD-3-Clause
// A run in virtual time: captures in by their time, the network's changes at theirs, captures out.
#include "control/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/network_journal.h"
#include "control/replay_capture.h"
#include "control/replay_files.h"
#include "control/replay_input.h"
#include "control/replay_output.h"

// Address space for packets in flight; it costs nothing until it is used.
#define MEMORY_BYTES (UINT64_C(16) << 30)

// How far the clock goes at once: an interrupt is noticed between two steps.
#define STEP_NS UINT64_C(100000000)

struct replay {
	const struct replay_options *options;
	struct replay_result *result;
	struct replay_inputs inputs;
	struct replay_outputs outputs;
	struct replay_capture *capture;
	struct engine *engine;
	struct network *network;
	uint64_t published; // version of the network's plan
	uint64_t last_change_ns;
};

static bool is_endless(const struct topology *topology)
{
	for (size_t i = 0; i < topology->flow_count; i++) {
		if (topology->flows[i].stop_ns == UINT64_MAX)
			return true;
	}
	return false;
}

// The engine knows a fault of a source or sink as a number only: here is its sentence.
static int find_fault(const struct replay *replay, int code, struct error *error)
{
	const struct error *fault = NULL;

	for (size_t i = 0; i < replay->inputs.count; i++) {
		if (replay->inputs.items[i].fault.code)
			fault = &replay->inputs.items[i].fault;
	}
	for (size_t i = 0; i < replay->outputs.port_count; i++) {
		if (replay->outputs.ports[i].fault.code)
			fault = &replay->outputs.ports[i].fault;
	}
	if (!fault)
		return code;
	if (error)
		*error = *fault;
	return fault->code;
}

// ---- Opening ----

static int open_files(struct replay *replay, unsigned workers, struct error *error)
{
	const struct replay_options *options = replay->options;
	char application[96];
	int rc = replay_files_check(options, error);

	if (!rc)
		rc = replay_inputs_open(&replay->inputs, options, error);
	if (rc)
		return rc;
	replay->result->clock_ns = replay->inputs.clock_ns;
	snprintf(application, sizeof(application), "corridor %s seed %" PRIu64, CORRIDOR_VERSION,
		 options->topology->seed);
	rc = replay_outputs_open(&replay->outputs, options, replay->inputs.clock_ns, application,
				 error);
	if (rc || !options->capture)
		return rc;
	replay->capture =
		replay_capture_open(options, workers, replay->inputs.clock_ns, application, error);
	return replay->capture ? 0 : error->code;
}

static int attach(struct replay *replay, struct error *error)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < replay->inputs.count; i++) {
		struct engine_source source = replay_input_source(&replay->inputs.items[i]);

		rc = engine_port_files(replay->engine, replay->inputs.items[i].port, &source, NULL,
				       error);
	}
	for (size_t i = 0; !rc && i < replay->outputs.port_count; i++) {
		struct engine_sink sink = replay_output_sink(&replay->outputs.ports[i]);

		rc = engine_port_files(replay->engine, replay->outputs.ports[i].port, NULL, &sink,
				       error);
	}
	if (!rc && replay->capture)
		engine_observe(replay->engine, replay_capture_observe, replay->capture);
	return rc;
}

// ---- Running ----

static void tell(const struct replay *replay, uint64_t at_ns)
{
	if (replay->options->changed)
		replay->options->changed(replay->options->context, replay->engine, replay->network,
					 at_ns);
}

// Carries out the network's changes up to at_ns, where the engine stands, and publishes the plan if
// they have changed it.
static int change(struct replay *replay, uint64_t at_ns, bool first, struct error *error)
{
	struct plan *plan;
	int rc = network_step(replay->network, at_ns, error);

	if (rc || (!first && replay->published == network_plan_version(replay->network)))
		return rc;
	plan = network_share_plan(replay->network);
	rc = engine_publish(replay->engine, plan, error);
	if (rc) {
		plan_free(plan);
		return rc;
	}
	replay->published = network_plan_version(replay->network);
	if (!first)
		replay->last_change_ns = at_ns;
	// The engine takes it over, so that whoever is told sees the network as it is.
	rc = engine_advance(replay->engine, at_ns, error);
	if (!rc)
		network_forget_past(replay->network);
	if (!rc)
		tell(replay, at_ns);
	return rc;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int run(struct replay *replay, struct error *error)
{
	const struct topology *topology = replay->options->topology;
	uint64_t until_ns = replay->options->until_ns;
	uint64_t last_event_ns =
		topology->event_count ? topology->events[topology->event_count - 1].at_ns : 0;
	uint64_t now_ns = 0;
	int rc = change(replay, 0, true, error);

	while (!rc && now_ns < until_ns) {
		uint64_t change_ns = network_next_change_ns(replay->network);
		uint64_t due_ns = engine_next_due_ns(replay->engine);

		if (replay->options->interrupted && *replay->options->interrupted)
			return -EINTR;
		// What routing does when nothing is under way any more is of no account.
		if (due_ns == ENGINE_IDLE &&
		    (change_ns == NETWORK_NO_CHANGE || change_ns > last_event_ns))
			break;
		now_ns = least(least(change_ns, until_ns),
			       due_ns < UINT64_MAX - STEP_NS ? due_ns + STEP_NS : UINT64_MAX);
		rc = engine_advance(replay->engine, now_ns, error);
		if (rc)
			return find_fault(replay, rc, error);
		if (now_ns == change_ns && now_ns < until_ns)
			rc = change(replay, now_ns, false, error);
	}
	if (!rc && replay->capture)
		rc = replay_capture_fault(replay->capture, error);
	return rc;
}

// The instant of the last thing that happened.
static uint64_t end_of(const struct replay *replay)
{
	uint64_t end_ns = replay->last_change_ns;

	if (engine_next_due_ns(replay->engine) != ENGINE_IDLE ||
	    end_ns >= replay->options->until_ns)
		return replay->options->until_ns;
	for (size_t i = 0; i < replay->inputs.count; i++) {
		if (replay->inputs.items[i].last_ns > end_ns)
			end_ns = replay->inputs.items[i].last_ns;
	}
	for (size_t i = 0; i < replay->outputs.port_count; i++) {
		if (replay->outputs.ports[i].last_ns > end_ns)
			end_ns = replay->outputs.ports[i].last_ns;
	}
	for (uint32_t i = 0; i < replay->options->topology->flow_count; i++) {
		struct engine_flow_counters flow;

		engine_flow_read(replay->engine, i, &flow);
		if (flow.last_received_at_ns > end_ns)
			end_ns = flow.last_received_at_ns;
	}
	return end_ns;
}

// ---- Leaving ----

static int save_journal(const struct replay *replay, struct error *error)
{
	const struct replay_options *options = replay->options;
	size_t most = replay->inputs.count * replay->outputs.port_count;
	struct port_pair *pairs = calloc(most + 1, sizeof(*pairs));
	struct journal journal = {.seed = options->topology->seed};
	size_t count = 0;
	int rc;

	if (!pairs)
		return error_set(error, -ENOMEM, options->journal, "no memory for the journal");
	for (size_t i = 0; i < replay->inputs.count; i++) {
		for (size_t k = 0; k < replay->outputs.port_count; k++)
			pairs[count++] = (struct port_pair){replay->inputs.items[i].port,
							    replay->outputs.ports[k].port};
	}
	rc = network_journal_pairs(options->topology, pairs, count, replay->result->end_ns,
				   &journal, error);
	journal.clock_ns = replay->result->clock_ns;
	if (!rc)
		rc = journal_save(&journal, options->journal, error);
	journal_fini(&journal);
	free(pairs);
	return rc;
}

// All files appear, or none: what can still fail comes first, renaming last.
static int leave(struct replay *replay, struct error *error)
{
	const struct replay_options *options = replay->options;
	int rc = replay_outputs_merge(&replay->outputs, error);

	if (!rc && replay->capture)
		rc = replay_capture_merge(replay->capture, error);
	if (!rc && options->journal)
		rc = save_journal(replay, error);
	if (rc)
		return rc;
	if (replay->capture)
		rc = replay_capture_finish(replay->capture, error);
	if (!rc) {
		rc = replay_outputs_finish(&replay->outputs, error);
		if (rc && options->capture && strcmp(options->capture, "-") != 0)
			unlink(options->capture);
	}
	if (rc && options->journal)
		unlink(options->journal);
	return rc;
}

static int prepare(struct replay *replay, struct error *error)
{
	const struct replay_options *options = replay->options;
	struct engine_options wanted = {.clock = ENGINE_VIRTUAL,
					.workers = options->workers ? options->workers : 1,
					.memory_bytes = MEMORY_BYTES};
	int rc;

	if (options->until_ns == UINT64_MAX && is_endless(options->topology))
		return error_set(error, -EINVAL, "replay",
				 "a flow has no stop, so this would never end (give --until TIME)");
	rc = open_files(replay, wanted.workers, error);
	if (!rc && replay->inputs.count > 0)
		rc = network_set_epoch(options->topology, (int64_t)replay->inputs.clock_ns, error);
	if (rc)
		return rc;
	replay->network = network_create(options->topology, NETWORK_FILES, error);
	if (!replay->network)
		return error->code;
	replay->engine = engine_create(&wanted, error);
	if (!replay->engine)
		return error->code;
	return attach(replay, error);
}

int replay_run(const struct replay_options *options, struct replay_result *result,
	       struct engine **engine, struct network **network, struct error *error)
{
	struct replay replay = {.options = options, .result = result};
	struct error own = {.code = 0};
	int rc;

	if (!error)
		error = &own;
	memset(result, 0, sizeof(*result));
	rc = prepare(&replay, error);
	if (!rc)
		rc = run(&replay, error);
	if (!rc) {
		result->end_ns = end_of(&replay);
		tell(&replay, result->end_ns);
		rc = leave(&replay, error);
	}
	// Wherever it waited.
	if (rc == -EINTR)
		error_set(error, rc, "replay", "interrupted: no output is left behind");
	replay_inputs_warnings(&replay.inputs, result->warnings, sizeof(result->warnings));
	if (rc) {
		engine_destroy(replay.engine);
		network_free(replay.network);
		replay.engine = NULL;
		replay.network = NULL;
	}
	*engine = replay.engine;
	*network = replay.network;
	replay_capture_close(replay.capture);
	replay_outputs_close(&replay.outputs);
	replay_inputs_close(&replay.inputs);
	return rc;
}
