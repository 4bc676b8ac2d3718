// SPDX-License-Identifier: BSD-3-Clause
// From the network on paper to the plan that the engine runs: names to indices, impairments to
// parameters, addresses to prefixes. Rows are left empty: routes.h fills them in.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/network.h"
#include "dataplane/engine/plan.h"
#include "topologies/impairment_params.h"
#include "topologies/topology.h"

// Packets that a bottleneck queue holds when there is a rate and no limit: netem's own default.
#define COMPILE_LIMIT_PACKETS IMPAIRMENT_LIMIT_PACKETS

// Constant one-way delay of a direction: what the impairment says, else propagation + equipment.
// Cannot fail.
uint64_t compile_delay_ns(const struct link *link, const struct impairment *impairment);

// Parameters of a channel with this impairment. 0, or -EINVAL with a sentence for what the models
// do not take.
int compile_channel_params(const struct topology *topology, uint32_t channel,
			   const struct impairment *impairment, bool up,
			   struct channel_params *params, struct error *error);

// The plan at instant 0 with everything up and no rows yet. Interfaces are numbered by port first,
// then by channel; MAC addresses follow from those numbers. NULL and a sentence naming file, line
// and section.
struct plan *compile_plan(const struct topology *topology, enum network_ports ports,
			  struct error *error);

// "file:line [kind name]" for messages; returns buffer.
char *compile_where(const struct source *source, const char *kind, const char *name, char *buffer,
		    size_t size);

// The same address or prefix for the engine. Cannot fail.
struct plan_address compile_address(const struct address *address, uint8_t prefix_length);

// The interface that a MAC address of compile_plan's was made from. Cannot fail.
uint32_t compile_interface_of_mac(const uint8_t mac[6]);
