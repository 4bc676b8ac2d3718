// SPDX-License-Identifier: BSD-3-Clause
// The outcome of a replay: the counters of ports, channels, sites and flows.
#include "control/replay_report.h"

#include <stdlib.h>
#include <string.h>

#include "control/cli/table.h"
#include "control/view.h"
#include "topologies/quantity.h"

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
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "entered",
			 (json_int_t)c.entered, "delivered", (json_int_t)c.delivered, "duplicated",
			 (json_int_t)c.duplicated, "corrupted", (json_int_t)c.corrupted,
			 "reordered", (json_int_t)c.reordered, "marked", (json_int_t)c.marked,
			 "in_flight", (json_int_t)c.in_flight, "retimed", (json_int_t)c.retimed,
			 "entered_bytes", (json_int_t)c.entered_bytes, "delivered_bytes",
			 (json_int_t)c.delivered_bytes, "lost", view_lost(c.lost));
}

static json_t *site_json(const struct engine *engine, uint32_t site)
{
	struct engine_site_counters c;

	engine_site_read(engine, site, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "local", (json_int_t)c.local,
			 "originated", (json_int_t)c.originated, "pending", (json_int_t)c.pending,
			 "flooded", (json_int_t)c.flooded, "fragmented", (json_int_t)c.fragmented,
			 "lost", view_lost(c.lost));
}

static json_t *flow_json(const struct engine *engine, uint32_t flow)
{
	struct engine_flow_counters c;
	struct histogram *delay = malloc(sizeof(*delay));
	json_t *object;

	engine_flow_read(engine, flow, &c);
	object = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "sent",
			   (json_int_t)c.sent, "received", (json_int_t)c.received, "duplicated",
			   (json_int_t)c.duplicated, "reordered", (json_int_t)c.reordered,
			   "corrupted", (json_int_t)c.corrupted, "gap_ns", (json_int_t)c.gap_ns,
			   "gap_from_ns", (json_int_t)c.gap_from_ns, "gap_until_ns",
			   (json_int_t)c.gap_until_ns, "lost", view_lost(c.lost));
	if (delay) {
		engine_flow_delay(engine, flow, delay);
		json_object_set_new(object, "delay_ns", view_histogram(delay));
	}
	free(delay);
	return object;
}

json_t *replay_report_json(const struct topology *topology, const struct replay_result *result,
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
		table_row(table,
			  (const char *const[]){topology->ports[i].name, cells[0], cells[1],
						view_lost_text(c.lost, NULL, lost, sizeof(lost))});
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
		table_row(table, (const char *const[]){
					 topology_channel_name(topology, i, name, sizeof(name)),
					 cells[0], cells[1], cells[2],
					 view_lost_text(c.lost, NULL, lost, sizeof(lost))});
	}
	table_print(table, out);
}

static bool did_something(const struct engine_site_counters *site)
{
	return site->local || site->originated || site->pending || view_lost_sum(site->lost);
}

static void print_sites(const struct topology *topology, const struct engine *engine, FILE *out)
{
	struct table *table = table_create(
		(const char *const[]){"SITE", ">LOCAL", ">ORIGINATED", ">PENDING", "LOST", NULL});
	char cells[3][32], lost[256];

	fputc('\n', out);
	for (uint32_t i = 0; i < topology->site_count; i++) {
		struct engine_site_counters c;

		engine_site_read(engine, i, &c);
		if (!did_something(&c))
			continue;
		snprintf(cells[0], sizeof(cells[0]), "%llu", (unsigned long long)c.local);
		snprintf(cells[1], sizeof(cells[1]), "%llu", (unsigned long long)c.originated);
		snprintf(cells[2], sizeof(cells[2]), "%llu", (unsigned long long)c.pending);
		table_row(table, (const char *const[]){
					 topology->sites[i].name, cells[0], cells[1], cells[2],
					 view_lost_text(c.lost, NULL, lost, sizeof(lost))});
	}
	table_print(table, out);
}

static const char *delay_text(const struct histogram *delay, double quantile, char *buffer,
			      size_t size)
{
	if (!delay || delay->count == 0 || !histogram_quantile_is_known(delay, quantile))
		return NULL;
	snprintf(buffer, size, "%.3f ms", (double)histogram_quantile(delay, quantile) / 1e6);
	return buffer;
}

static void print_flows(const struct topology *topology, const struct engine *engine, FILE *out)
{
	struct table *table = table_create((const char *const[]){
		"FLOW", ">SENT", ">RECEIVED", ">P50", ">P99", ">P99.9", "LOST", NULL});
	struct histogram *delay = malloc(sizeof(*delay));
	char cells[5][32], lost[256];

	for (uint32_t i = 0; i < topology->flow_count; i++) {
		struct engine_flow_counters c;

		engine_flow_read(engine, i, &c);
		if (delay)
			engine_flow_delay(engine, i, delay);
		snprintf(cells[0], sizeof(cells[0]), "%llu", (unsigned long long)c.sent);
		snprintf(cells[1], sizeof(cells[1]), "%llu", (unsigned long long)c.received);
		table_row(table, (const char *const[]){
					 topology->flows[i].name, cells[0], cells[1],
					 delay_text(delay, 0.5, cells[2], sizeof(cells[2])),
					 delay_text(delay, 0.99, cells[3], sizeof(cells[3])),
					 delay_text(delay, 0.999, cells[4], sizeof(cells[4])),
					 view_lost_text(c.lost, NULL, lost, sizeof(lost))});
	}
	free(delay);
	table_print(table, out);
}

void replay_report_print(const struct topology *topology, const struct replay_result *result,
			 const struct engine *engine, FILE *out)
{
	char end[64];

	print_ports(topology, engine, out);
	fputc('\n', out);
	print_channels(topology, engine, out);
	for (uint32_t i = 0; i < topology->site_count; i++) {
		struct engine_site_counters c;

		engine_site_read(engine, i, &c);
		if (did_something(&c)) {
			print_sites(topology, engine, out);
			break;
		}
	}
	if (topology->flow_count) {
		fputc('\n', out);
		print_flows(topology, engine, out);
	}
	fprintf(out, "\n%s: %s of the lab's clock, seed %llu\n", topology->name,
		quantity_format_time(result->end_ns, end, sizeof(end)),
		(unsigned long long)topology->seed);
}
