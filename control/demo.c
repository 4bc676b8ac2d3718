// SPDX-License-Identifier: BSD-3-Clause
// `corridor demo`: the main job on the Benelux corridor, from captures to a verdict.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/cli/table.h"
#include "control/command.h"
#include "control/replay.h"
#include "control/view.h"
#include "topologies/load.h"
#include "topologies/quantity.h"

#define PATH_MOST 64

// What a flow had done when a phase began.
struct mark {
	struct engine_flow_counters counters;
	struct histogram delay;
};

// The story so far: one row a flow and phase, as a table and as JSON.
struct demo {
	const struct topology *topology;
	struct mark *last;       // [flow]
	struct histogram *delay; // of one flow and phase
	struct table *table;
	json_t *phases;
	uint64_t phase_from_ns;
	const char *phase; // the command that began it
	size_t next_event;
};

// The sites of a path, in order, as an array and (returned) as words.
static const char *path_text(const struct demo *demo, const struct engine *engine, uint32_t flow,
			     uint32_t path, json_t *sites, char *text, size_t size)
{
	const struct topology *topology = demo->topology;
	uint32_t channels[PATH_MOST];
	size_t count = engine_path(engine, path, channels, PATH_MOST);
	uint32_t at = topology->flows[flow].from;
	size_t used = 0;

	for (size_t i = 0; i <= count; i++) {
		if (i > 0)
			at = topology->links[channels[i - 1] / 2]
				     .ends[channels[i - 1] % 2 ? 0 : 1]
				     .site;
		json_array_append_new(sites, json_string(topology->sites[at].name));
		if (used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "",
						 topology->sites[at].name);
	}
	return text;
}

// The delay of a phase: what has come since the last mark. Its extremes are those of the buckets.
static void subtract(struct histogram *delay, const struct histogram *before)
{
	delay->count -= before->count;
	delay->sum -= before->sum;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		delay->buckets[i] -= before->buckets[i];
}

// Milliseconds at or below which a share of the packets stayed; NULL while too few lie beyond. All
// of them (1.0) is known as soon as there is one.
static const char *delay_text(const struct histogram *delay, double share, char *text, size_t size)
{
	if (delay->count == 0 || (share < 1.0 && !histogram_quantile_is_known(delay, share)))
		return NULL;
	snprintf(text, size, "%.3f", (double)histogram_quantile(delay, share) / 1e6);
	return text;
}

static json_t *delay_json(const struct histogram *delay, double share)
{
	char text[32];

	return delay_text(delay, share, text, sizeof(text))
		       ? json_integer((json_int_t)histogram_quantile(delay, share))
		       : json_null();
}

static json_t *lost_json(const uint64_t *now, const uint64_t *before)
{
	uint64_t since[DROP_REASONS];

	for (unsigned i = 0; i < DROP_REASONS; i++)
		since[i] = now[i] - before[i];
	return view_lost(since);
}

static void add_row(struct demo *demo, struct engine *engine, uint32_t flow, uint64_t at_ns)
{
	const char *name = demo->topology->flows[flow].name;
	struct mark *last = &demo->last[flow];
	struct histogram *delay = demo->delay;
	json_t *sites = json_array();
	struct engine_flow_counters now;
	char phase[96], got[32], cells[4][32], lost[128], gap[32], path[512];

	engine_flow_read(engine, flow, &now);
	engine_flow_delay(engine, flow, delay);
	subtract(delay, &last->delay);
	snprintf(phase, sizeof(phase), "%.0f-%.0f s %s", (double)demo->phase_from_ns / 1e9,
		 (double)at_ns / 1e9, demo->phase);
	snprintf(got, sizeof(got), "%llu",
		 (unsigned long long)(now.received - last->counters.received));
	snprintf(gap, sizeof(gap), "%.3f", (double)now.gap_ns / 1e6);
	path_text(demo, engine, flow, now.last_path, sites, path, sizeof(path));
	table_row(demo->table,
		  (const char *const[]){
			  name, phase, got, delay_text(delay, 0.5, cells[0], sizeof(cells[0])),
			  delay_text(delay, 0.99, cells[1], sizeof(cells[1])),
			  delay_text(delay, 0.999, cells[2], sizeof(cells[2])),
			  delay_text(delay, 1.0, cells[3], sizeof(cells[3])),
			  view_lost_text(now.lost, last->counters.lost, lost, sizeof(lost)), gap,
			  path});
	json_array_append_new(
		demo->phases,
		json_pack("{s:s, s:I, s:I, s:s, s:I, s:{s:o, s:o, s:o, s:o}, s:o, s:I, s:o}",
			  "flow", name, "from_ns", (json_int_t)demo->phase_from_ns, "until_ns",
			  (json_int_t)at_ns, "begun_by", demo->phase, "received",
			  (json_int_t)(now.received - last->counters.received), "delay_ns", "p50",
			  delay_json(delay, 0.5), "p99", delay_json(delay, 0.99), "p999",
			  delay_json(delay, 0.999), "max", delay_json(delay, 1.0), "lost",
			  lost_json(now.lost, last->counters.lost), "gap_ns",
			  (json_int_t)now.gap_ns, "path", sites));
	last->counters = now;
	engine_flow_delay(engine, flow, &last->delay);
	engine_flow_reset_gap(engine, flow);
}

static void close_phase(struct demo *demo, struct engine *engine, uint64_t at_ns)
{
	for (uint32_t i = 0; i < demo->topology->flow_count; i++)
		add_row(demo, engine, i, at_ns);
	demo->phase_from_ns = at_ns;
}

static void changed(void *context, struct engine *engine, const struct network *network,
		    uint64_t at_ns)
{
	struct demo *demo = context;
	const struct topology *topology = demo->topology;

	(void)network;
	// Events of one instant begin one phase, named by the last of them.
	while (demo->next_event < topology->event_count &&
	       topology->events[demo->next_event].at_ns <= at_ns) {
		if (at_ns > demo->phase_from_ns)
			close_phase(demo, engine, at_ns);
		demo->phase = topology->events[demo->next_event++].command;
	}
}

// ---- The verdicts ----

// `corridor verify` on one direction, with what it prints. Its exit status.
static int judge(struct invocation *invocation, const char *topology, const char *journal,
		 const struct replay_file *sent, const struct replay_file *received)
{
	char *words[] = {"--sent",     (char *)sent->path,     "--received", (char *)received->path,
			 "--topology", (char *)topology,       "--from",     (char *)sent->port,
			 "--to",       (char *)received->port, "--journal",  (char *)journal,
			 NULL};
	struct invocation verify = *invocation;

	verify.argc = (int)(sizeof(words) / sizeof(words[0])) - 1;
	verify.argv = words;
	return command_verify(&verify);
}

// The same, as JSON: NULL when verify could not answer.
static json_t *judge_json(struct invocation *invocation, const char *topology, const char *journal,
			  const struct replay_file *sent, const struct replay_file *received,
			  int *status)
{
	struct invocation quiet = *invocation;
	char *text = NULL;
	size_t size = 0;
	json_t *verdict;

	quiet.out = open_memstream(&text, &size);
	if (!quiet.out)
		return NULL;
	*status = judge(&quiet, topology, journal, sent, received);
	fclose(quiet.out);
	verdict = json_loads(text, 0, NULL);
	free(text);
	if (verdict) {
		json_object_set_new(verdict, "from", json_string(sent->port));
		json_object_set_new(verdict, "to", json_string(received->port));
	}
	return verdict;
}

// Both directions. The exit status of the first that did not pass.
static int tell(struct invocation *invocation, struct demo *demo, const char *topology,
		const char *journal, const struct replay_file in[2],
		const struct replay_file out[2], const char *folder)
{
	json_t *verdicts = json_array();
	int worst = EXIT_TRUE;

	if (!invocation->json) {
		table_print(demo->table, invocation->out);
		demo->table = NULL; // printing frees it
	}
	for (unsigned i = 0; i < 2; i++) {
		int status = EXIT_INTERNAL;

		if (invocation->json) {
			json_t *verdict = judge_json(invocation, topology, journal, &in[i],
						     &out[1 - i], &status);

			if (verdict)
				json_array_append_new(verdicts, verdict);
		} else {
			fprintf(invocation->out, "\n== %s -> %s ==\n", in[i].port, out[1 - i].port);
			status = judge(invocation, topology, journal, &in[i], &out[1 - i]);
		}
		worst = worst == EXIT_TRUE ? status : worst;
	}
	if (invocation->json) {
		print_json(invocation, json_pack("{s:O, s:O, s:s}", "phases", demo->phases,
						 "verdicts", verdicts, "folder", folder));
	} else {
		fprintf(invocation->out, "\ncaptures and journal: %s\n", folder);
	}
	json_decref(verdicts);
	return worst;
}

// ---- The run ----

static int run_demo(struct invocation *invocation, const struct topology *topology, const char *ini,
		    const char *folder, unsigned workers)
{
	char in[2][1024], out[2][1024], journal[1024];
	struct replay_file inputs[2] = {{"lux", in[0]}, {"ams", in[1]}};
	struct replay_file outputs[2] = {{"lux", out[0]}, {"ams", out[1]}};
	struct demo demo = {
		.topology = topology,
		.phase = "all is well",
		.last = calloc(topology->flow_count + 1, sizeof(*demo.last)),
		.delay = malloc(sizeof(*demo.delay)),
		.phases = json_array(),
		.table = table_create((const char *const[]){
			"FLOW", "PHASE", ">RECEIVED", ">P50 ms", ">P99 ms", ">P99.9 ms", ">MAX ms",
			"LOST", ">LONGEST GAP ms", "PATH AT ITS END", NULL}),
	};
	struct replay_options options = {
		.topology = topology,
		.inputs = inputs,
		.input_count = 2,
		.outputs = outputs,
		.output_count = 2,
		.journal = journal,
		.until_ns = UINT64_MAX,
		.workers = workers,
		.changed = changed,
		.context = &demo,
	};
	struct replay_result result;
	struct engine *engine = NULL;
	struct network *network = NULL;
	struct error error = {0};
	int status;

	for (unsigned i = 0; i < 2; i++) {
		snprintf(in[i], sizeof(in[i]), CORRIDOR_SOURCE_ROOT "/pcaps/golden/%s.pcap",
			 inputs[i].port);
		snprintf(out[i], sizeof(out[i]), "%s/%s.pcapng", folder, outputs[i].port);
	}
	snprintf(journal, sizeof(journal), "%s/journal.txt", folder);
	if (!demo.last || !demo.delay || !demo.phases || !demo.table)
		status = error_set(&error, -ENOMEM, "demo", "no memory for the story");
	else
		status = replay_run(&options, &result, &engine, &network, &error);
	if (status) {
		status = report_error(invocation, &error);
	} else {
		close_phase(&demo, engine, result.end_ns);
		status = tell(invocation, &demo, ini, journal, inputs, outputs, folder);
	}
	engine_destroy(engine);
	network_free(network);
	table_free(demo.table);
	json_decref(demo.phases);
	free(demo.delay);
	free(demo.last);
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
	static const char ini[] = CORRIDOR_SOURCE_ROOT "/topologies/benelux.ini";
	const char *folder = take_option(invocation, "--dir");
	struct errors errors = {0};
	struct error error = {0};
	struct topology *topology;
	uint64_t workers;
	int status;

	if (take_workers(invocation, &workers, &error))
		return report_error(invocation, &error);
	status = expect_words(invocation, 0, 0);
	if (status != EXIT_TRUE)
		return status;
	if (!folder)
		folder = "corridor-demo";
	if (mkdir(folder, 0777) && errno != EEXIST) {
		error_set(&error, -errno, folder,
			  "cannot make the folder for the captures (%s); give another with --dir",
			  strerror(errno));
		return report_error(invocation, &error);
	}
	topology = topology_load(ini, &errors);
	status = topology ? run_demo(invocation, topology, ini, folder, (unsigned)workers)
			  : report_errors(invocation, &errors);
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
