// SPDX-License-Identifier: BSD-3-Clause
// `corridor check`: is a topology right, and what is in it?
#include <string.h>

#include "control/command.h"
#include "control/network.h"
#include "topologies/load.h"

static void print_summary(const struct invocation *invocation, const struct topology *topology)
{
	double fibre_m = 0;

	for (size_t i = 0; i < topology->link_count; i++)
		fibre_m +=
			topology->links[i].medium == MEDIUM_FIBRE ? topology->links[i].length_m : 0;
	if (invocation->json) {
		print_json(invocation,
			   json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}",
				     "valid", 1, "name", topology->name, "seed",
				     (json_int_t)topology->seed, "sites",
				     (json_int_t)topology->site_count, "links",
				     (json_int_t)topology->link_count, "ports",
				     (json_int_t)topology->port_count, "flows",
				     (json_int_t)topology->flow_count, "satellites",
				     (json_int_t)topology->satellite_count, "conduits",
				     (json_int_t)topology->conduit_count, "events",
				     (json_int_t)topology->event_count, "fibre_km",
				     fibre_m / 1000));
		return;
	}
	fprintf(invocation->out,
		"%s: valid\n  sites %zu, links %zu, ports %zu, flows %zu, satellites %zu, conduits "
		"%zu, events %zu\n  fibre %.0f km, seed %llu\n",
		topology->name, topology->site_count, topology->link_count, topology->port_count,
		topology->flow_count, topology->satellite_count, topology->conduit_count,
		topology->event_count, fibre_m / 1000, (unsigned long long)topology->seed);
}

int command_check(struct invocation *invocation)
{
	struct errors errors = {0};
	struct error error = {0};
	struct topology *topology;
	struct network *network = NULL;
	int status = expect_words(invocation, 1, 1);

	if (status != EXIT_TRUE)
		return status;
	topology = topology_load(invocation->argv[0], &errors);
	if (topology)
		network = network_create(topology, NETWORK_FILES, &error);
	if (!topology)
		status = report_errors(invocation, &errors);
	else if (!network)
		status = report_error(invocation, &error);
	else
		print_summary(invocation, topology);
	network_free(network);
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
