// SPDX-License-Identifier: BSD-3-Clause
// The wire's topology and its counters.
#include "bench/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/machine.h"
#include "topologies/load.h"

// As large as testpmd's own frames may be, so that buffers on both sides are.
static const char topology_format[] = "[network]\n"
				      "name = bench\n"
				      "seed = 719\n"
				      "[port west]\n"
				      "device = " WIRE_WEST "%s\n"
				      "mtu = 1500\n"
				      "[port east]\n"
				      "device = " WIRE_EAST WIRE_NO_RX "\n"
				      "mtu = 1500\n"
				      "[link span]\n"
				      "medium = wire\n"
				      "ends = west, east\n"
				      "%s";

static struct topology *make_topology(const struct wire_options *options, struct error *error)
{
	struct errors errors = {.count = 0};
	struct topology *topology = NULL;
	char *text;

	if (asprintf(&text, topology_format, options->traffic ? WIRE_NO_RX : "",
		     options->impairments) < 0) {
		error_set(error, -ENOMEM, "wire", "no memory for its topology");
		return NULL;
	}
	topology = topology_load_text(text, "wire", &errors);
	if (topology == NULL && errors.kept > 0)
		*error = errors.items[0];
	else if (topology == NULL)
		error_set(error, -ENOMEM, "wire", "no memory for its topology");
	errors_fini(&errors);
	free(text);
	return topology;
}

int wire_open(struct wire *wire, const struct wire_options *options, struct error *error)
{
	struct machine_memory memory = machine_memory();
	const struct lab_options lab = {
		.spin = options->spin,
		.eal_argc = memory.word_count,
		.eal_argv = (char **)memory.words,
	};

	*wire = (struct wire){.topology = make_topology(options, error)};
	if (wire->topology != NULL)
		wire->lab = lab_create(wire->topology, &lab, error);
	if (wire->lab == NULL) {
		wire_close(wire);
		return error->code;
	}
	wire->engine = lab_engine(wire->lab);
	return 0;
}

int wire_start(struct wire *wire, struct error *error)
{
	return lab_start(wire->lab, error);
}

void wire_close(struct wire *wire)
{
	lab_destroy(wire->lab);
	topology_free(wire->topology);
	*wire = (struct wire){.lab = NULL};
}

uint64_t wire_packets(const struct wire *wire)
{
	struct engine_channel_counters channel;
	struct engine_port_counters east;

	engine_channel_read(wire->engine, WIRE_FORWARD, &channel);
	engine_port_read(wire->engine, WIRE_PORT_EAST, &east);
	return east.sent + channel.lost[DROP_MODEL];
}

uint64_t wire_spilt(const struct wire *wire)
{
	struct engine_channel_counters channel;
	struct engine_port_counters ports[2];
	uint64_t spilt = 0;

	engine_channel_read(wire->engine, WIRE_FORWARD, &channel);
	for (unsigned port = 0; port < 2; port++)
		engine_port_read(wire->engine, port, &ports[port]);
	for (unsigned reason = 0; reason < DROP_REASONS; reason++) {
		if (reason != DROP_MODEL)
			spilt += channel.lost[reason];
		spilt += ports[0].lost[reason] + ports[1].lost[reason];
	}
	return spilt;
}
