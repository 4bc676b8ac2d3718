// SPDX-License-Identifier: BSD-3-Clause
// Views of what moves: ports, routes, flows, events, the lab as a whole, lateness.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/lab_later.h"
#include "control/view.h"

#define PATH_MOST 64

static const char *accuracy_word(enum engine_accuracy accuracy)
{
	switch (accuracy) {
	case ENGINE_SLEEPING:
		return "sleeping";
	case ENGINE_SPINNING:
		return "spinning";
	case ENGINE_HARDWARE:
		break;
	}
	return "hardware-paced";
}

// Of a device that knows the time; null of others.
static json_t *timing_json(const struct engine_port_timing *timing)
{
	if (!timing->paces && !timing->stamps)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "clock_hz",
			 (json_int_t)timing->clock_hz, "error_ns", (json_int_t)timing->error_ns,
			 "clock_set", (json_int_t)timing->clock_set, "handed_in_time",
			 (json_int_t)timing->handed_in_time, "handed_late",
			 (json_int_t)timing->handed_late, "stamped", (json_int_t)timing->stamped,
			 "unstamped", (json_int_t)timing->unstamped);
}

static json_t *port_json(const struct lab *lab, uint32_t index)
{
	const struct topology *topology = lab_topology(lab);
	const struct port *port = &topology->ports[index];
	const struct plan *plan = network_plan(lab_network(lab));
	uint32_t interface = plan->ports[index].interface;
	uint32_t away = plan->ports[index].wire_channel;
	struct engine_port_counters counters;
	struct engine_port_timing timing;
	engine_port_read(lab_engine(lab), index, &counters);
	engine_port_timing(lab_engine(lab), index, &timing);
	const char *warning = engine_port_warning(lab_engine(lab), index);
	json_t *addresses = json_array();
	for (int i = 0; i < 2; i++) {
		char text[64];
		if (port->addresses[i].address.family != ADDRESS_NONE)
			json_array_append_new(addresses,
					      json_string(prefix_format(&port->addresses[i], text,
									sizeof(text))));
	}
	return json_pack(
		"{s:s, s:s?, s:s?, s:s, s:s?, s:s, s:o, s:o, s:I, s:s, s:s, s:o, s:b, s:s?, s:I, "
		"s:I, s:I, s:I, s:o}",
		"port", port->name, "site",
		port->site == TOPOLOGY_NONE ? NULL : topology->sites[port->site].name, "wire",
		port->site != TOPOLOGY_NONE || away == PLAN_NONE
			? NULL
			: topology->links[away / LINK_DIRECTIONS].name,
		"device", port->device, "netns", port->netns[0] != '\0' ? port->netns : NULL,
		"ifname", port->ifname, "addresses", addresses, "mac",
		interface == PLAN_NONE ? json_null() : view_mac(plan->interfaces[interface].mac),
		"mtu_bytes", (json_int_t)engine_port_mtu_bytes(lab_engine(lab), index), "accuracy",
		accuracy_word(engine_port_accuracy(lab_engine(lab), index)), "arrivals",
		timing.stamps ? "hardware" : "software", "timing", timing_json(&timing), "carrier",
		lab_port_carrier(lab, index), "warning", warning[0] != '\0' ? warning : NULL,
		"received", (json_int_t)counters.received, "received_bytes",
		(json_int_t)counters.received_bytes, "sent", (json_int_t)counters.sent,
		"sent_bytes", (json_int_t)counters.sent_bytes, "lost", view_lost(counters.lost));
}

json_t *view_ports(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	if (view_check_names(topology, names, "port", topology_find_port, error) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; i < topology->port_count; i++)
		if (view_wants(names, topology->ports[i].name, NULL))
			json_array_append_new(list, port_json(lab, i));
	return list;
}

// Channels of the next hop of one site towards another: none when there is no way.
static json_t *via_json(const struct lab *lab, uint32_t site, uint32_t destination)
{
	const struct plan *plan = network_plan(lab_network(lab));
	uint32_t way = plan->rows[site]->ways[destination];
	if (way == 0)
		return json_array();
	const struct plan_group *group = &plan->groups[way - 1];
	uint32_t channels[PLAN_ECMP_PATHS];
	for (uint32_t i = 0; i < group->count; i++)
		channels[i] = plan->adjacencies[group->adjacency[i]].channel;
	return view_channel_names(lab_topology(lab), channels, group->count);
}

static json_t *route_json(const struct lab *lab, uint32_t site, uint32_t destination)
{
	const struct topology *topology = lab_topology(lab);
	const struct plan *plan = network_plan(lab_network(lab));
	uint32_t channels[PATH_MOST];
	size_t hops = network_path(lab_network(lab), site, destination, channels, PATH_MOST);
	uint64_t delay_ns = 0;
	for (size_t i = 0; i < hops; i++)
		delay_ns += plan->channels[channels[i]].params.delay_ns;
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:I}", "site", topology->sites[site].name, "to",
			 topology->sites[destination].name, "via", via_json(lab, site, destination),
			 "path", view_channel_names(topology, channels, hops), "delay_ns",
			 hops > 0 ? json_integer((json_int_t)delay_ns) : json_null(),
			 "changed_at_ns",
			 (json_int_t)lab_way_changed_at_ns(lab, site, destination));
}

json_t *view_routes(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	const struct plan *plan = network_plan(lab_network(lab));
	if (view_check_names(topology, names, "site", topology_find_site, error) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t site = 0; site < topology->site_count; site++) {
		if (plan->rows[site] == NULL ||
		    !view_wants(names, topology->sites[site].name, NULL))
			continue; // an exchange switches
		for (uint32_t to = 0; to < topology->site_count; to++)
			if (to != site && plan->rows[to] != NULL)
				json_array_append_new(list, route_json(lab, site, to));
	}
	return list;
}

static json_t *flow_json(const struct lab *lab, uint32_t index, const struct histogram *delay)
{
	static const char *const patterns[] = {[FLOW_CONSTANT] = "constant",
					       [FLOW_POISSON] = "poisson",
					       [FLOW_ONOFF] = "onoff",
					       [FLOW_IMIX] = "imix"};
	const struct topology *topology = lab_topology(lab);
	const struct flow *flow = &topology->flows[index];
	struct engine_flow_counters counters;
	engine_flow_read(lab_engine(lab), index, &counters);
	uint32_t channels[PATH_MOST];
	size_t hops = counters.received == 0 ? 0
					     : engine_path(lab_engine(lab), counters.last_path,
							   channels, PATH_MOST);
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I}",
		"flow", flow->name, "from", topology->sites[flow->from].name, "to",
		topology->sites[flow->to].name, "pattern", patterns[flow->pattern], "size_bytes",
		(json_int_t)flow->size_bytes, "sent", (json_int_t)counters.sent, "received",
		(json_int_t)counters.received, "duplicated", (json_int_t)counters.duplicated,
		"reordered", (json_int_t)counters.reordered, "corrupted",
		(json_int_t)counters.corrupted, "lost", view_lost(counters.lost), "delay_ns",
		view_histogram(delay), "path", view_channel_names(topology, channels, hops),
		"gap_ns", (json_int_t)counters.gap_ns, "gap_from_ns",
		(json_int_t)counters.gap_from_ns, "gap_until_ns",
		(json_int_t)counters.gap_until_ns);
	if (flow->rate_bps > 0)
		json_object_set_new(object, "rate_bps", json_integer((json_int_t)flow->rate_bps));
	else
		json_object_set_new(object, "rate_pps", json_real(flow->packets_per_second));
	return object;
}

json_t *view_flows(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	if (view_check_names(topology, names, "flow", topology_find_flow, error) < 0)
		return NULL;
	struct histogram *delay = malloc(sizeof(*delay)); // large
	if (delay == NULL) {
		error_set(error, -ENOMEM, "show", "no memory for the delays");
		return NULL;
	}
	json_t *list = json_array();
	for (uint32_t i = 0; i < topology->flow_count; i++) {
		if (!view_wants(names, topology->flows[i].name, NULL))
			continue;
		engine_flow_delay(lab_engine(lab), i, delay);
		json_array_append_new(list, flow_json(lab, i, delay));
	}
	free(delay);
	return list;
}

// For views without names: is there none?
static bool refuse_names(const json_t *names, const char *view, struct error *error)
{
	if (names != NULL)
		error_set(error, -EINVAL, "show", "%s takes no name", view);
	return names != NULL;
}

// What happened before the first event that is kept is one entry, with their number.
static void add_forgotten(const struct network *network, json_t *list)
{
	uint64_t forgotten = network_events_forgotten(network);
	if (forgotten == 0)
		return;
	char what[64];
	snprintf(what, sizeof(what), "%llu earlier events are not kept",
		 (unsigned long long)forgotten);
	json_array_append_new(list,
			      json_pack("{s:I, s:s, s:s, s:I}", "at_ns",
					(json_int_t)network_event(network, 0)->at_ns, "state",
					"forgotten", "what", what, "count", (json_int_t)forgotten));
}

// What was asked for ahead, a row a line; those of one change have the same instant.
static void add_pending(const struct lab *lab, json_t *list)
{
	for (const struct lab_later *later = lab_pending(lab); later != NULL; later = later->next)
		for (size_t i = 0; i < later->count; i++)
			json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "at_ns",
							      (json_int_t)later->at_ns, "state",
							      "pending", "what", later->lines[i]));
}

json_t *view_events(const struct lab *lab, const json_t *names, struct error *error)
{
	if (refuse_names(names, "events", error))
		return NULL;
	json_t *list = json_array();
	const struct network *network = lab_network(lab);
	add_forgotten(network, list);
	for (size_t i = 0; i < network_event_count(network); i++) {
		const struct network_event *event = network_event(network, i);
		json_array_append_new(list, json_pack("{s:I, s:I, s:s, s:s}", "at_ns",
						      (json_int_t)event->at_ns, "applied_at_ns",
						      (json_int_t)event->applied_at_ns, "state",
						      "done", "what", event->what));
	}
	const struct topology *topology = lab_topology(lab);
	uint64_t last_ns = network_plan(network)->valid_from_ns;
	for (size_t i = 0; i < topology->event_count; i++) {
		const struct event *event = &topology->events[i];
		char text[3 * TOPOLOGY_NAME_MAX];
		if (event->at_ns > last_ns)
			json_array_append_new(
				list,
				json_pack("{s:I, s:s, s:s, s:s}", "at_ns", (json_int_t)event->at_ns,
					  "state", "scheduled", "what",
					  network_event_text(event, text, sizeof(text)), "event",
					  event->name));
	}
	add_pending(lab, list);
	return list;
}

// Sums over everything, by the engine's own balance of packets.
struct sums {
	uint64_t received, sent, flows_sent, flows_received, originated, local, pending, flooded;
	uint64_t fragmented, duplicated, in_flight;
	uint64_t lost[DROP_REASONS];
};

static void add_lost(struct sums *sums, const uint64_t lost[DROP_REASONS])
{
	for (int i = 0; i < DROP_REASONS; i++)
		sums->lost[i] += lost[i];
}

static void add_up(const struct lab *lab, struct sums *sums)
{
	const struct topology *topology = lab_topology(lab);
	const struct engine *engine = lab_engine(lab);
	for (uint32_t i = 0; i < topology->port_count; i++) {
		struct engine_port_counters port;
		engine_port_read(engine, i, &port);
		sums->received += port.received;
		sums->sent += port.sent;
		add_lost(sums, port.lost);
	}
	for (uint32_t i = 0; i < topology->link_count * LINK_DIRECTIONS; i++) {
		struct engine_channel_counters channel;
		engine_channel_read(engine, i, &channel);
		sums->duplicated += channel.duplicated;
		sums->in_flight += channel.in_flight;
		add_lost(sums, channel.lost);
	}
	for (uint32_t i = 0; i < topology->site_count; i++) {
		struct engine_site_counters site;
		engine_site_read(engine, i, &site);
		sums->originated += site.originated;
		sums->local += site.local;
		sums->pending += site.pending;
		sums->flooded += site.flooded;
		sums->fragmented += site.fragmented;
		add_lost(sums, site.lost);
	}
	for (uint32_t i = 0; i < topology->flow_count; i++) {
		struct engine_flow_counters flow;
		engine_flow_read(engine, i, &flow);
		sums->flows_sent += flow.sent;
		sums->flows_received += flow.received;
	}
}

json_t *view_stats(const struct lab *lab, const json_t *names, struct error *error)
{
	if (refuse_names(names, "stats", error))
		return NULL;
	const struct topology *topology = lab_topology(lab);
	struct sums sums = {0};
	add_up(lab, &sums);
	struct engine_memory memory;
	engine_memory_read(lab_engine(lab), &memory);
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:b, s:i}", "lab", lab_name(lab), "topology",
		topology->name, "version", CORRIDOR_VERSION, "pid", (int)getpid(), "seed",
		(json_int_t)topology->seed, "now_ns", (json_int_t)lab_now_ns(lab), "epoch_ns",
		(json_int_t)engine_epoch_ns(lab_engine(lab)), "settled",
		network_is_settled(lab_network(lab)), "workers", (int)lab_workers(lab));
	json_object_update_new(object,
			       json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "sites",
					 (json_int_t)topology->site_count, "links",
					 (json_int_t)topology->link_count, "ports",
					 (json_int_t)topology->port_count, "flows",
					 (json_int_t)topology->flow_count, "memory_packets",
					 (json_int_t)memory.packets, "memory_packets_most",
					 (json_int_t)memory.packets_most, "memory_bytes",
					 (json_int_t)memory.bytes_used, "memory_limit_bytes",
					 (json_int_t)memory.bytes_limit));
	json_object_update_new(
		object,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			  "received", (json_int_t)sums.received, "flows_sent",
			  (json_int_t)sums.flows_sent, "originated", (json_int_t)sums.originated,
			  "flooded", (json_int_t)sums.flooded, "fragmented",
			  (json_int_t)sums.fragmented, "duplicated", (json_int_t)sums.duplicated,
			  "sent", (json_int_t)sums.sent, "flows_received",
			  (json_int_t)sums.flows_received, "local", (json_int_t)sums.local,
			  "pending", (json_int_t)sums.pending, "in_flight",
			  (json_int_t)sums.in_flight, "lost", view_lost(sums.lost)));
	return json_pack("[o]", object);
}

json_t *view_lateness(const struct lab *lab, const json_t *names, struct error *error)
{
	if (refuse_names(names, "lateness", error))
		return NULL;
	struct histogram *lateness = malloc(sizeof(*lateness));
	if (lateness == NULL) {
		error_set(error, -ENOMEM, "show", "no memory for the lateness");
		return NULL;
	}
	engine_lateness(lab_engine(lab), lateness);
	// A packet is handed to its port when the clock has reached its instant, never before.
	json_t *list =
		json_pack("[{s:o, s:i}]", "lateness_ns", view_histogram(lateness), "early", 0);
	free(lateness);
	return list;
}
