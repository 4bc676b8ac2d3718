// SPDX-License-Identifier: BSD-3-Clause
// `corridor demo`: the main job on the Benelux corridor, from captures to a verdict.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/cli/table.h"
#include "control/command.h"
#include "control/replay.h"
#include "topologies/load.h"

#define PHASES_MOST 16
#define PATH_MOST   64

// What a flow had done when a phase began.
struct mark {
	struct engine_flow_counters counters;
	struct histogram delay;
};

struct demo {
	const struct topology *topology;
	struct mark *last; // [flow]
	struct table *table;
	uint64_t phase_from_ns;
	const char *phase; // the command that began it
	size_t next_event;
};

static void path_text(const struct demo *demo, const struct engine *engine, uint32_t flow,
		      uint32_t path, char *text, size_t size)
{
	const struct topology *topology = demo->topology;
	uint32_t channels[PATH_MOST];
	size_t count = engine_path(engine, path, channels, PATH_MOST);
	uint32_t at = topology->flows[flow].from;
	size_t used = (size_t)snprintf(text, size, "%s", topology->sites[at].name);

	for (size_t i = 0; i < count && used < size; i++) {
		const struct link *link = &topology->links[channels[i] / 2];

		at = link->ends[channels[i] % 2 ? 0 : 1].site;
		used += (size_t)snprintf(text + used, size - used, " %s", topology->sites[at].name);
	}
}

// The delay of a phase: what has come since the last mark.
static void subtract(struct histogram *delay, const struct histogram *before)
{
	delay->count -= before->count;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		delay->buckets[i] -= before->buckets[i];
}

static const char *quantile_text(const struct histogram *delay, double q, char *text, size_t size)
{
	if (!histogram_quantile_is_known(delay, q))
		return "-";
	snprintf(text, size, "%.3f", (double)histogram_quantile(delay, q) / 1e6);
	return text;
}

// The highest bucket that holds a packet, as the maximum of a phase.
static const char *most_text(const struct histogram *delay, char *text, size_t size)
{
	if (delay->count == 0)
		return "-";
	snprintf(text, size, "%.3f", (double)histogram_quantile(delay, 1.0) / 1e6);
	return text;
}

static const char *lost_text(const uint64_t *now, const uint64_t *before, char *text, size_t size)
{
	size_t used = 0;

	snprintf(text, size, "-");
	for (unsigned i = 0; i < DROP_REASONS; i++) {
		if (now[i] != before[i] && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s %llu",
						 used ? ", " : "", drop_reason_name(i),
						 (unsigned long long)(now[i] - before[i]));
	}
	return text;
}

static void add_row(struct demo *demo, struct engine *engine, uint32_t flow, uint64_t at_ns)
{
	struct mark *last = &demo->last[flow];
	struct engine_flow_counters now;
	struct histogram *delay = malloc(sizeof(*delay));
	char phase[96], got[32], cells[4][32], lost[128], gap[32], path[512];

	if (!delay)
		return;
	engine_flow_read(engine, flow, &now);
	engine_flow_delay(engine, flow, delay);
	subtract(delay, &last->delay);
	snprintf(phase, sizeof(phase), "%.0f-%.0f s %s", (double)demo->phase_from_ns / 1e9,
		 (double)at_ns / 1e9, demo->phase);
	snprintf(got, sizeof(got), "%llu",
		 (unsigned long long)(now.received - last->counters.received));
	snprintf(gap, sizeof(gap), "%.3f", (double)now.gap_ns / 1e6);
	path_text(demo, engine, flow, now.last_path, path, sizeof(path));
	table_row(demo->table,
		  (const char *const[]){
			  demo->topology->flows[flow].name, phase, got,
			  quantile_text(delay, 0.5, cells[0], sizeof(cells[0])),
			  quantile_text(delay, 0.99, cells[1], sizeof(cells[1])),
			  quantile_text(delay, 0.999, cells[2], sizeof(cells[2])),
			  most_text(delay, cells[3], sizeof(cells[3])),
			  lost_text(now.lost, last->counters.lost, lost, sizeof(lost)), gap, path});
	last->counters = now;
	engine_flow_delay(engine, flow, &last->delay);
	engine_flow_reset_gap(engine, flow);
	free(delay);
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
	if (demo->next_event < topology->event_count &&
	    topology->events[demo->next_event].at_ns <= at_ns) {
		close_phase(demo, engine, at_ns);
		demo->phase = topology->events[demo->next_event++].command;
	}
}

// `corridor verify` on one direction; its words are printed as they are.
static int judge(struct invocation *invocation, const char *topology, const char *journal,
		 const char *from, const char *sent, const char *to, const char *received)
{
	char *words[] = {"--sent",     (char *)sent,     "--received", (char *)received,
			 "--topology", (char *)topology, "--from",     (char *)from,
			 "--to",       (char *)to,       "--journal",  (char *)journal,
			 NULL};
	struct invocation verify = *invocation;

	for (const struct command *command = commands; command->name; command++) {
		if (strcmp(command->name, "verify") == 0)
			verify.command = command;
	}
	verify.argc = 12;
	verify.argv = words;
	verify.json = false;
	fprintf(invocation->out, "\n== %s -> %s ==\n", from, to);
	return command_verify(&verify);
}

static int run_demo(struct invocation *invocation, const struct topology *topology,
		    const char *root, const char *folder, unsigned workers)
{
	char in[2][1024], out[2][1024], journal[1024], ini[1024];
	struct replay_file inputs[2] = {{"lux", in[0]}, {"ams", in[1]}};
	struct replay_file outputs[2] = {{"lux", out[0]}, {"ams", out[1]}};
	struct demo demo = {.topology = topology, .phase = "all is well"};
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
	struct engine *engine;
	struct network *network;
	struct error error = {0};
	int status, back;

	snprintf(ini, sizeof(ini), "%s/topologies/benelux.ini", root);
	snprintf(in[0], sizeof(in[0]), "%s/pcaps/golden/lux.pcap", root);
	snprintf(in[1], sizeof(in[1]), "%s/pcaps/golden/ams.pcap", root);
	snprintf(out[0], sizeof(out[0]), "%s/lux.pcapng", folder);
	snprintf(out[1], sizeof(out[1]), "%s/ams.pcapng", folder);
	snprintf(journal, sizeof(journal), "%s/journal.txt", folder);
	demo.last = calloc(topology->flow_count + 1, sizeof(*demo.last));
	demo.table = table_create((const char *const[]){
		"FLOW", "PHASE", ">RECEIVED", ">P50 ms", ">P99 ms", ">P99.9 ms", ">MAX ms", "LOST",
		">LONGEST GAP ms", "PATH AT ITS END", NULL});
	if (replay_run(&options, &result, &engine, &network, &error)) {
		free(demo.last);
		return report_error(invocation, &error);
	}
	close_phase(&demo, engine, result.end_ns);
	table_print(demo.table, invocation->out);
	engine_destroy(engine);
	network_free(network);
	free(demo.last);
	status = judge(invocation, ini, journal, "lux", in[0], "ams", out[1]);
	back = judge(invocation, ini, journal, "ams", in[1], "lux", out[0]);
	fprintf(invocation->out, "\ncaptures and journal: %s\n", folder);
	return status != EXIT_TRUE ? status : back;
}

int command_demo(struct invocation *invocation)
{
	const char *folder = take_option(invocation, "--dir");
	const char *workers = take_option(invocation, "--workers");
	const char *root = getenv("CORRIDOR_ROOT");
	struct errors errors = {0};
	struct error error = {0};
	struct topology *topology;
	char ini[1024];
	int status = expect_words(invocation, 0, 0);

	if (status != EXIT_TRUE)
		return status;
	if (!root)
		root = CORRIDOR_SOURCE_ROOT;
	if (!folder)
		folder = "corridor-demo";
	if (mkdir(folder, 0777) && errno != EEXIST) {
		error_set(&error, -errno, folder,
			  "cannot make the folder for the captures (%s); "
			  "give another with --dir",
			  strerror(errno));
		return report_error(invocation, &error);
	}
	snprintf(ini, sizeof(ini), "%s/topologies/benelux.ini", root);
	topology = topology_load(ini, &errors);
	status = topology ? run_demo(invocation, topology, root, folder,
				     workers ? (unsigned)atoi(workers) : 1)
			  : report_errors(invocation, &errors);
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
