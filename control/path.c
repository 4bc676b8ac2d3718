// SPDX-License-Identifier: BSD-3-Clause
// `corridor path`: the way from one site to another, hop by hop, and what it costs.
#include <errno.h>
#include <string.h>

#include "control/cli/table.h"
#include "control/command.h"
#include "control/network.h"
#include "topologies/load.h"
#include "topologies/quantity.h"

#define HOPS_MOST 64

// A way and its sums.
struct way {
	uint32_t hops[HOPS_MOST];
	size_t count;
	uint64_t delay_ns;
	uint64_t rate_bps; // 0: no limit
	uint32_t mtu_bytes;
	double loss;
};

static void walk(const struct network *network, uint32_t from, uint32_t to, struct way *way)
{
	const struct plan *plan = network_plan(network);
	double passed = 1;

	memset(way, 0, sizeof(*way));
	way->count = network_path(network, from, to, way->hops, HOPS_MOST);
	for (size_t i = 0; i < way->count; i++) {
		const struct channel_params *p = &plan->channels[way->hops[i]].params;

		way->delay_ns += p->delay_ns;
		passed *= 1 - loss_ratio(&p->loss);
		if (p->rate.bits_per_second &&
		    (!way->rate_bps || p->rate.bits_per_second < way->rate_bps))
			way->rate_bps = p->rate.bits_per_second;
		if (p->mtu_bytes && (!way->mtu_bytes || p->mtu_bytes < way->mtu_bytes))
			way->mtu_bytes = p->mtu_bytes;
	}
	way->loss = 1 - passed;
}

static uint32_t find_end(const struct topology *topology, const char *name, struct error *error)
{
	uint32_t site = topology_find_site(topology, name);
	uint32_t port = topology_find_port(topology, name);

	if (site == TOPOLOGY_NONE && port != TOPOLOGY_NONE)
		site = topology->ports[port].site;
	if (site == TOPOLOGY_NONE)
		error_set(error, -EINVAL, name,
			  "the topology has no site of this name, nor a port at a site");
	return site;
}

static json_t *way_json(const struct topology *topology, const struct network *network,
			const struct way *way, const struct way *back, uint32_t from, uint32_t to)
{
	const struct plan *plan = network_plan(network);
	json_t *hops = json_array(), *places = json_array(), *object;

	json_array_append_new(places, json_string(topology->sites[from].jurisdiction));
	for (size_t i = 0; i < way->count; i++) {
		const struct plan_channel *c = &plan->channels[way->hops[i]];
		const struct site *end = &topology->sites[c->to_site];

		json_array_append_new(hops, json_pack("{s:s, s:s, s:s, s:I, s:I}", "link",
						      topology->links[way->hops[i] / 2].name,
						      "from", topology->sites[c->from_site].name,
						      "to", end->name, "delay_ns",
						      (json_int_t)c->params.delay_ns, "rate_bps",
						      (json_int_t)c->params.rate.bits_per_second));
		if (end->kind != SITE_EXCHANGE)
			json_array_append_new(places, json_string(end->jurisdiction));
	}
	object = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:f, s:I, s:o}", "from",
			   topology->sites[from].name, "to", topology->sites[to].name, "hops", hops,
			   "delay_ns", (json_int_t)way->delay_ns, "rtt_ns",
			   (json_int_t)(way->delay_ns + back->delay_ns), "rate_bps",
			   (json_int_t)way->rate_bps, "loss", way->loss, "mtu_bytes",
			   (json_int_t)way->mtu_bytes, "jurisdictions", places);
	return object;
}

static void print_way(const struct topology *topology, const struct network *network,
		      const struct way *way, const struct way *back, FILE *out)
{
	const struct plan *plan = network_plan(network);
	struct table *table =
		table_create((const char *const[]){"LINK", "FROM", "TO", ">DELAY", ">RATE", NULL});
	char delay[32], rate[32];

	for (size_t i = 0; i < way->count; i++) {
		const struct plan_channel *c = &plan->channels[way->hops[i]];

		quantity_format_time(c->params.delay_ns, delay, sizeof(delay));
		quantity_format_rate(c->params.rate.bits_per_second, rate, sizeof(rate));
		table_row(table,
			  (const char *const[]){topology->links[way->hops[i] / 2].name,
						topology->sites[c->from_site].name,
						topology->sites[c->to_site].name, delay,
						c->params.rate.bits_per_second ? rate : NULL});
	}
	table_print(table, out);
	fprintf(out, "one-way delay %.6f ms, RTT %.6f ms, loss %.6g %%\n",
		(double)way->delay_ns / 1e6, (double)(way->delay_ns + back->delay_ns) / 1e6,
		way->loss * 100);
}

// Runs the topology's timeline up to an instant.
static int run_to(struct network *network, uint64_t at_ns, struct error *error)
{
	uint64_t next_ns;

	while ((next_ns = network_next_change_ns(network)) <= at_ns &&
	       next_ns != NETWORK_NO_CHANGE) {
		int rc = network_step(network, next_ns, error);

		if (rc)
			return rc;
	}
	return 0;
}

static int find_path(struct invocation *invocation, const struct topology *topology, uint64_t at_ns)
{
	struct error error = {0};
	struct network *network = NULL;
	struct way way, back;
	uint32_t from = find_end(topology, invocation->argv[1], &error);
	uint32_t to =
		from == TOPOLOGY_NONE ? from : find_end(topology, invocation->argv[2], &error);
	int status = EXIT_TRUE;

	if (to == TOPOLOGY_NONE)
		return report_error(invocation, &error);
	network = network_create(topology, NETWORK_FILES, &error);
	if (!network || run_to(network, at_ns, &error)) {
		network_free(network);
		return report_error(invocation, &error);
	}
	walk(network, from, to, &way);
	walk(network, to, from, &back);
	if (way.count == 0 && from != to) {
		fprintf(invocation->err, "corridor: %s: no path to %s\n", invocation->argv[1],
			invocation->argv[2]);
		status = EXIT_ANSWER_NO;
	} else if (invocation->json) {
		print_json(invocation, way_json(topology, network, &way, &back, from, to));
	} else {
		print_way(topology, network, &way, &back, invocation->out);
	}
	network_free(network);
	return status;
}

int command_path(struct invocation *invocation)
{
	const char *at = take_option(invocation, "--at");
	struct errors errors = {0};
	struct error error = {0};
	struct topology *topology;
	uint64_t at_ns = 0;
	int status;

	if (at && quantity_parse_time_ns(at, "--at", &at_ns, &error))
		return report_error(invocation, &error);
	status = expect_words(invocation, 3, 3);
	if (status != EXIT_TRUE)
		return status;
	topology = topology_load(invocation->argv[0], &errors);
	status = topology ? find_path(invocation, topology, at_ns)
			  : report_errors(invocation, &errors);
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
