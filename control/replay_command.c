// SPDX-License-Identifier: BSD-3-Clause
// `corridor replay`: captures and built-in flows through a topology in virtual time.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/table.h"
#include "control/command.h"
#include "control/replay.h"
#include "control/view.h"
#include "topologies/load.h"
#include "topologies/quantity.h"

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
	request->options.journal = take_option(invocation, "--journal");
	request->until = take_option(invocation, "--until");
	request->seed = take_option(invocation, "--seed");
	request->workers = take_option(invocation, "--workers");
	return rc;
}

static bool endless(const struct topology *topology)
{
	for (size_t i = 0; i < topology->flow_count; i++) {
		if (topology->flows[i].stop_ns == UINT64_MAX)
			return true;
	}
	return false;
}

static int settle(struct request *request, struct topology *topology, struct error *error)
{
	uint64_t workers = 1;
	int rc = 0;

	request->options.topology = topology;
	request->options.until_ns = UINT64_MAX;
	if (request->until)
		rc = quantity_parse_time_ns(request->until, "--until", &request->options.until_ns,
					    error);
	if (rc == 0 && request->seed)
		rc = quantity_parse_count(request->seed, "--seed", &topology->seed, error);
	if (rc == 0 && request->workers)
		rc = quantity_parse_count(request->workers, "--workers", &workers, error);
	if (rc)
		return rc;
	if (workers < 1 || workers > 16)
		return error_set(error, -EINVAL, "--workers", "\"%s\" is not within 1 to 16",
				 request->workers);
	if (!request->until && endless(topology))
		return error_set(error, -EINVAL, "replay",
				 "a flow has no stop, so this would never end; give --until TIME");
	request->options.workers = (unsigned)workers;
	return 0;
}

// ---- What is printed ----

static json_t *port_json(const struct engine *engine, uint32_t port)
{
	struct engine_port_counters c;

	engine_port_read(engine, port, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "received", (json_int_t)c.received,
			 "received_bytes", (json_int_t)c.received_bytes, "sent", (json_int_t)c.sent,
			 "sent_bytes", (json_int_t)c.sent_bytes, "lost", view_lost(c.lost));
}

static json_t *channel_json(const struct engine *engine, uint32_t channel)
{
	struct engine_channel_counters c;

	engine_channel_read(engine, channel, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "entered",
			 (json_int_t)c.entered, "delivered", (json_int_t)c.delivered, "duplicated",
			 (json_int_t)c.duplicated, "in_flight", (json_int_t)c.in_flight, "retimed",
			 (json_int_t)c.retimed, "entered_bytes", (json_int_t)c.entered_bytes,
			 "delivered_bytes", (json_int_t)c.delivered_bytes, "lost",
			 view_lost(c.lost));
}

static json_t *site_json(const struct engine *engine, uint32_t site)
{
	struct engine_site_counters c;

	engine_site_read(engine, site, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "local", (json_int_t)c.local, "originated",
			 (json_int_t)c.originated, "pending", (json_int_t)c.pending, "flooded",
			 (json_int_t)c.flooded, "lost", view_lost(c.lost));
}

static json_t *flow_json(const struct engine *engine, uint32_t flow)
{
	struct engine_flow_counters c;
	struct histogram *delay = malloc(sizeof(*delay));
	json_t *object;

	engine_flow_read(engine, flow, &c);
	object = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "sent", (json_int_t)c.sent,
			   "received", (json_int_t)c.received, "duplicated",
			   (json_int_t)c.duplicated, "reordered", (json_int_t)c.reordered, "gap_ns",
			   (json_int_t)c.gap_ns, "gap_from_ns", (json_int_t)c.gap_from_ns,
			   "gap_until_ns", (json_int_t)c.gap_until_ns, "lost", view_lost(c.lost));
	if (delay) {
		engine_flow_delay(engine, flow, delay);
		json_object_set_new(object, "delay_ns", view_histogram(delay));
	}
	free(delay);
	return object;
}

static json_t *outcome_json(const struct topology *topology, const struct replay_result *result,
			    const struct engine *engine)
{
	json_t *ports = json_object(), *channels = json_object();
	json_t *sites = json_object(), *flows = json_object();
	char name[160];

	for (uint32_t i = 0; i < topology->port_count; i++)
		json_object_set_new(ports, topology->ports[i].name, port_json(engine, i));
	for (uint32_t i = 0; i < 2 * topology->link_count; i++)
		json_object_set_new(channels,
				    topology_channel_name(topology, i, name, sizeof(name)),
				    channel_json(engine, i));
	for (uint32_t i = 0; i < topology->site_count; i++)
		json_object_set_new(sites, topology->sites[i].name, site_json(engine, i));
	for (uint32_t i = 0; i < topology->flow_count; i++)
		json_object_set_new(flows, topology->flows[i].name, flow_json(engine, i));
	return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "topology", topology->name,
			 "seed", (json_int_t)topology->seed, "clock_ns",
			 (json_int_t)result->clock_ns, "end_ns", (json_int_t)result->end_ns,
			 "ports", ports, "channels", channels, "sites", sites, "flows", flows);
}

// "queue 3, model 2" or "-".
static const char *lost_text(const uint64_t *lost, char *buffer, size_t size)
{
	size_t used = 0;

	snprintf(buffer, size, "-");
	for (unsigned i = 0; i < DROP_REASONS; i++) {
		if (lost[i] && used < size)
			used += (size_t)snprintf(buffer + used, size - used, "%s%s %llu",
						 used ? ", " : "", drop_reason_name(i),
						 (unsigned long long)lost[i]);
	}
	return buffer;
}

static void print_ports(const struct topology *topology, const struct engine *engine, FILE *out)
{
	struct table *table =
		table_create((const char *const[]){"PORT", ">RECEIVED", ">SENT", "LOST", NULL});
	char cells[2][32], lost[256];

	for (uint32_t i = 0; i < topology->port_count; i++) {
		struct engine_port_counters c;

		engine_port_read(engine, i, &c);
		snprintf(cells[0], sizeof(cells[0]), "%llu", (unsigned long long)c.received);
		snprintf(cells[1], sizeof(cells[1]), "%llu", (unsigned long long)c.sent);
		table_row(table, (const char *const[]){topology->ports[i].name, cells[0], cells[1],
						       lost_text(c.lost, lost, sizeof(lost))});
	}
	table_print(table, out);
}

static void print_channels(const struct topology *topology, const struct engine *engine, FILE *out)
{
	struct table *table = table_create((const char *const[]){
		"CHANNEL", ">ENTERED", ">DELIVERED", ">IN FLIGHT", "LOST", NULL});
	char cells[3][32], name[160], lost[256];

	for (uint32_t i = 0; i < 2 * topology->link_count; i++) {
		struct engine_channel_counters c;

		engine_channel_read(engine, i, &c);
		if (c.entered == 0)
			continue;
		snprintf(cells[0], sizeof(cells[0]), "%llu", (unsigned long long)c.entered);
		snprintf(cells[1], sizeof(cells[1]), "%llu", (unsigned long long)c.delivered);
		snprintf(cells[2], sizeof(cells[2]), "%llu", (unsigned long long)c.in_flight);
		table_row(table,
			  (const char *const[]){
				  topology_channel_name(topology, i, name, sizeof(name)), cells[0],
				  cells[1], cells[2], lost_text(c.lost, lost, sizeof(lost))});
	}
	table_print(table, out);
}

static int replay_topology(struct invocation *invocation, struct request *request,
			   struct topology *topology)
{
	struct replay_result result;
	struct engine *engine;
	struct network *network;
	struct error error = {0};

	if (settle(request, topology, &error) ||
	    replay_run(&request->options, &result, &engine, &network, &error))
		return report_error(invocation, &error);
	if (result.warnings[0])
		fprintf(invocation->err, "corridor: warning: %s\n", result.warnings);
	if (invocation->json) {
		print_json(invocation, outcome_json(topology, &result, engine));
	} else {
		print_ports(topology, engine, invocation->out);
		fputc('\n', invocation->out);
		print_channels(topology, engine, invocation->out);
	}
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
			topology = topology_load(invocation->argv[0], &errors);
			status = topology ? replay_topology(invocation, request, topology)
					  : report_errors(invocation, &errors);
		}
	}
	errors_fini(&errors);
	topology_free(topology);
	free(request);
	return status;
}
