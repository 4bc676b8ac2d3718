// SPDX-License-Identifier: BSD-3-Clause
// `corridor path`: the way from one site to another, hop by hop, and what it costs.
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/table.h"
#include "control/command.h"
#include "control/network.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"
#include "topologies/sky_sites.h"

// An end of the way: a site, or a port of a wire.
struct end {
	const char *name;
	uint32_t site; // TOPOLOGY_NONE on a wire
	uint32_t port; // TOPOLOGY_NONE unless a port was named
};

// A way and its sums.
struct way {
	uint32_t hops[NETWORK_PATH_MOST];
	size_t count;
	uint64_t at_ns;    // of the lab's clock
	const char *fault; // why packets do not arrive, or NULL
	uint64_t delay_ns;
	uint64_t rate_bps;  // 0: no limit
	uint32_t mtu_bytes; // 0: no limit
	double loss;
};

static void add_up(const struct network *network, struct way *way)
{
	double passed = 1;

	for (size_t i = 0; i < way->count; i++) {
		const struct channel_params *p =
			&network_plan(network)->channels[way->hops[i]].params;

		uint64_t rate_bps = network_rate_bps(network, way->hops[i], way->at_ns);

		way->delay_ns += network_delay_ns(network, way->hops[i], way->at_ns);
		passed *= 1 - network_loss(network, way->hops[i], way->at_ns);
		if (rate_bps && (!way->rate_bps || rate_bps < way->rate_bps))
			way->rate_bps = rate_bps;
		if (p->mtu_bytes && (!way->mtu_bytes || p->mtu_bytes < way->mtu_bytes))
			way->mtu_bytes = p->mtu_bytes;
	}
	way->loss = 1 - passed;
}

static void find_hops(const struct network *network, const struct end *from, const struct end *to,
		      struct way *way)
{
	const struct plan *plan = network_plan(network);

	if (from->site != TOPOLOGY_NONE && to->site != TOPOLOGY_NONE) {
		way->count =
			network_path(network, from->site, to->site, way->hops, NETWORK_PATH_MOST);
	} else if (from->site == TOPOLOGY_NONE && to->site == TOPOLOGY_NONE) {
		uint32_t channel = plan->ports[from->port].wire_channel;

		if (channel != PLAN_NONE && plan->channels[channel].to_port == to->port) {
			way->hops[0] = channel;
			way->count = 1;
		}
	}
}

// Does the way come by a site twice?
static bool goes_round(const struct plan *plan, const struct way *way)
{
	for (size_t i = 0; i < way->count; i++)
		for (size_t j = i + 1; j < way->count; j++)
			if (plan->channels[way->hops[i]].to_site ==
			    plan->channels[way->hops[j]].to_site)
				return true;
	return false;
}

static void walk(const struct network *network, const struct end *from, const struct end *to,
		 uint64_t at_ns, struct way *way)
{
	const struct plan *plan = network_plan(network);
	const struct plan_channel *last;

	*way = (struct way){.at_ns = at_ns};
	find_hops(network, from, to, way);
	add_up(network, way);
	if (way->count == 0) {
		if (from->site == TOPOLOGY_NONE || from->site != to->site)
			way->fault = "there is no path";
		return;
	}
	last = &plan->channels[way->hops[way->count - 1]];
	if (last->to_site != to->site)
		way->fault = goes_round(plan, way) ? "packets go round in circles, as routing is "
						     "converging"
						   : "the way is longer than 64 hops, which is as "
						     "far as packets with a TTL of 64 come";
	for (size_t i = 0; i < way->count; i++) {
		uint32_t site = plan->channels[way->hops[i]].to_site;

		if (!plan->channels[way->hops[i]].params.carrier ||
		    (site != PLAN_NONE && !plan->sites[site].carrier))
			way->fault = "a link or site on the path is down";
	}
	if (from->site != TOPOLOGY_NONE && !plan->sites[from->site].carrier)
		way->fault = "a link or site on the path is down";
}

static int find_end(const struct topology *topology, const char *name, struct end *end,
		    struct error *error)
{
	*end = (struct end){
		.name = name, .site = topology_find_site(topology, name), .port = TOPOLOGY_NONE};
	if (end->site == TOPOLOGY_NONE) {
		end->port = topology_find_port(topology, name);
		if (end->port == TOPOLOGY_NONE)
			return error_set(error, -EINVAL, name,
					 "the topology has no site or port of this name");
		end->site = topology->ports[end->port].site;
	}
	if (end->site != TOPOLOGY_NONE && topology->sites[end->site].kind == SITE_EXCHANGE)
		return error_set(error, -EINVAL, name,
				 "an exchange switches, and where a frame goes is up to its MAC "
				 "address (name a router)");
	return 0;
}

// Name of the place where a channel begins (0) or ends (1).
static const char *place(const struct topology *topology, uint32_t channel, unsigned which)
{
	const struct link_end *end = &topology->links[channel / 2].ends[(channel + which) % 2];

	return end->site != TOPOLOGY_NONE ? topology->sites[end->site].name
					  : topology->ports[end->port].name;
}

// The site that a satellite link's direction has in use in place of its beginning (0) or end (1);
// NULL: that place itself.
static const char *instead(const struct topology *topology, const struct network *network,
			   uint32_t channel, unsigned which, uint64_t at_ns)
{
	const struct link *link = &topology->links[channel / 2];
	unsigned end = (channel + which) % 2;
	uint32_t site = sky_site(link, end, network_sites(network, channel, at_ns));

	return site == link->ends[end].site ? NULL : topology->sites[site].name;
}

// The place, and the site in use there if it is another: "betzdorf (arlon)".
static const char *place_in_use(const struct topology *topology, const struct network *network,
				uint32_t channel, unsigned which, uint64_t at_ns,
				char text[2 * TOPOLOGY_NAME_MAX + 4])
{
	const char *other = instead(topology, network, channel, which, at_ns);

	if (!other)
		return place(topology, channel, which);
	snprintf(text, 2 * TOPOLOGY_NAME_MAX + 4, "%s (%s)", place(topology, channel, which),
		 other);
	return text;
}

// Jurisdictions in the order of travel, each once in a row; sites without one are left out.
static json_t *jurisdictions(const struct topology *topology, const struct end *from,
			     const struct way *way)
{
	json_t *list = json_array();
	const char *before = "";

	for (size_t i = 0; i <= way->count; i++) {
		uint32_t site = i == 0 ? from->site
				       : topology->links[way->hops[i - 1] / 2]
						 .ends[1 - way->hops[i - 1] % 2]
						 .site;
		const char *code = site != TOPOLOGY_NONE ? topology->sites[site].jurisdiction : "";

		if (code[0] && strcmp(code, before) != 0) {
			json_array_append_new(list, json_string(code));
			before = code;
		}
	}
	return list;
}

static json_t *way_json(const struct topology *topology, const struct network *network,
			const struct end *from, const struct end *to, const struct way *way,
			const struct way *back)
{
	json_t *hops = json_array();
	json_t *sites = json_array();
	json_t *none = json_null();

	json_array_append_new(
		sites, json_string(way->count ? place(topology, way->hops[0], 0) : from->name));
	for (size_t i = 0; i < way->count; i++) {
		uint32_t c = way->hops[i];
		const struct channel_params *p = &network_plan(network)->channels[c].params;

		json_array_append_new(
			hops,
			json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:I, s:I, s:f, s:I, s:b}",
				  "link", topology->links[c / 2].name, "direction",
				  c % 2 ? "reverse" : "forward", "from", place(topology, c, 0),
				  "to", place(topology, c, 1), "from_diversity",
				  instead(topology, network, c, 0, way->at_ns), "to_diversity",
				  instead(topology, network, c, 1, way->at_ns), "delay_ns",
				  (json_int_t)network_delay_ns(network, c, way->at_ns), "rate_bps",
				  (json_int_t)network_rate_bps(network, c, way->at_ns), "loss",
				  network_loss(network, c, way->at_ns), "mtu_bytes",
				  (json_int_t)p->mtu_bytes, "up", p->carrier));
		json_array_append_new(sites, json_string(place(topology, c, 1)));
	}
	return json_pack("{s:s, s:s, s:b, s:o, s:b, s:o, s:o, s:o, s:o, s:I, s:f, s:I, s:o}",
			 "from", from->name, "to", to->name, "reachable", !way->fault, "reason",
			 way->fault ? json_string(way->fault) : none, "settled",
			 network_is_settled(network), "sites", sites, "hops", hops, "delay_ns",
			 way->fault ? none : json_integer((json_int_t)way->delay_ns), "rtt_ns",
			 way->fault || back->fault
				 ? none
				 : json_integer((json_int_t)(way->delay_ns + back->delay_ns)),
			 "rate_bps", (json_int_t)way->rate_bps, "loss", way->loss, "mtu_bytes",
			 (json_int_t)way->mtu_bytes, "jurisdictions",
			 jurisdictions(topology, from, way));
}

static void print_sums(const struct topology *topology, const struct end *from,
		       const struct way *way, const struct way *back, FILE *out)
{
	json_t *codes = jurisdictions(topology, from, way);
	char rate[32];

	fprintf(out, "\none-way delay  %.6f ms\n", (double)way->delay_ns / 1e6);
	if (back->fault)
		fprintf(out, "round trip     - (on the way back, %s)\n", back->fault);
	else
		fprintf(out, "round trip     %.6f ms\n",
			(double)(way->delay_ns + back->delay_ns) / 1e6);
	fprintf(out, "bottleneck     %s\n",
		way->rate_bps ? quantity_format_rate(way->rate_bps, rate, sizeof(rate))
			      : "no limit");
	fprintf(out, "loss           %.4g %%\n", way->loss * 100);
	if (way->mtu_bytes)
		fprintf(out, "MTU            %u bytes\n", way->mtu_bytes);
	if (json_array_size(codes) > 0)
		fprintf(out, "jurisdictions ");
	for (size_t i = 0; i < json_array_size(codes); i++)
		fprintf(out, " %s%s", json_string_value(json_array_get(codes, i)),
			i + 1 < json_array_size(codes) ? "," : "\n");
	json_decref(codes);
}

static void print_way(const struct topology *topology, const struct network *network,
		      const struct end *from, const struct way *way, const struct way *back,
		      FILE *out)
{
	struct table *table = table_create(
		(const char *const[]){"LINK", "FROM", "TO", ">DELAY", ">RATE", ">LOSS", NULL});
	char delay[32], rate[32], loss[32], places[2][2 * TOPOLOGY_NAME_MAX + 4];

	for (size_t i = 0; i < way->count; i++) {
		uint32_t c = way->hops[i];
		const struct channel_params *p = &network_plan(network)->channels[c].params;

		quantity_format_time(network_delay_ns(network, c, way->at_ns), delay,
				     sizeof(delay));
		quantity_format_rate(network_rate_bps(network, c, way->at_ns), rate, sizeof(rate));
		snprintf(loss, sizeof(loss), "%.4g %%", network_loss(network, c, way->at_ns) * 100);
		table_row(table,
			  (const char *const[]){
				  topology->links[c / 2].name,
				  place_in_use(topology, network, c, 0, way->at_ns, places[0]),
				  place_in_use(topology, network, c, 1, way->at_ns, places[1]),
				  delay, p->rate.bits_per_second ? rate : NULL, loss});
	}
	table_print(table, out);
	print_sums(topology, from, way, back, out);
}

// Satellites that come and go earlier than this have no say in today's routes.
#define SETTLED_NS UINT64_C(3600000000000)

// Runs the topology's timeline up to an instant.
static int run_to(struct network *network, uint64_t at_ns, struct error *error)
{
	uint64_t settled_ns = at_ns < SETTLED_NS ? 0 : at_ns - SETTLED_NS;
	uint64_t next_ns;

	network_pass_sky(network, settled_ns);
	while ((next_ns = network_next_change_ns(network)) <= at_ns &&
	       next_ns != NETWORK_NO_CHANGE) {
		int rc = network_step(network, next_ns, error);

		if (rc)
			return rc;
		network_pass_sky(network, settled_ns);
	}
	return 0;
}

static int find_path(struct invocation *invocation, const struct topology *topology,
		     const uint64_t *at_ns)
{
	struct error error = {.code = 0};
	struct network *network = NULL;
	struct end from, to;
	struct way way, back;

	if (find_end(topology, invocation->argv[1], &from, &error) ||
	    find_end(topology, invocation->argv[2], &to, &error))
		return report_error(invocation, &error);
	network = network_create(topology, NETWORK_FILES, &error);
	if (!network || (at_ns && run_to(network, *at_ns, &error))) {
		network_free(network);
		return report_error(invocation, &error);
	}
	report_stale(invocation, topology, at_ns ? *at_ns : 0, at_ns ? *at_ns : 0);
	walk(network, &from, &to, at_ns ? *at_ns : 0, &way);
	walk(network, &to, &from, at_ns ? *at_ns : 0, &back);
	if (way.fault)
		fprintf(invocation->err, "corridor: %s to %s: %s\n", from.name, to.name, way.fault);
	if (invocation->json)
		print_json(invocation, way_json(topology, network, &from, &to, &way, &back));
	else if (!way.fault)
		print_way(topology, network, &from, &way, &back, invocation->out);
	network_free(network);
	return way.fault ? EXIT_ANSWER_NO : EXIT_TRUE;
}

int command_path(struct invocation *invocation)
{
	const char *at = take_option(invocation, "--at");
	struct errors errors = {.count = 0};
	struct error error = {.code = 0};
	struct topology *topology;
	uint64_t at_ns = 0;
	int status;

	status = expect_words(invocation, 3, 3);
	if (status != EXIT_TRUE)
		return status;
	topology = network_load(invocation->argv[0], &errors);
	if (!topology)
		status = report_errors(invocation, &errors);
	else if (at && sky_parse_instant(topology, at, "--at", &at_ns, &error))
		status = report_error(invocation, &error);
	else
		status = find_path(invocation, topology, at ? &at_ns : NULL);
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
