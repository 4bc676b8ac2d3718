// SPDX-License-Identifier: BSD-3-Clause
// What `corridor satellites` finds out. Private to satellites*.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/command.h"
#include "dataplane/physics/handover.h"
#include "dataplane/physics/pass.h"
#include "dataplane/physics/sun.h"
#include "topologies/topology.h"

// A pass over both ends of a link at once is not meant: one site sees one satellite.
struct sky_pass {
	uint32_t satellite, site;
	struct pass pass;
};

struct sky_outage {
	uint32_t satellite, site;
	struct sun_outage outage;
};

// A link over the span: who serves, and its delays while somebody does.
struct sky_link {
	uint32_t link;
	struct handover *services;
	size_t count;
	double least_ns, mean_ns, most_ns; // one way, forward, processing included
	double rtt_least_ns, rtt_mean_ns, rtt_most_ns;
	int64_t served_ns; // in service, of the whole span
};

// Another site of a station takes over in a direction of a link; the first is who serves when the
// span begins.
struct sky_change {
	uint32_t channel;
	unsigned end; // of the link
	int64_t at_utc_ns;
	uint32_t from, to; // sites; the same for the first
};

struct sky_report {
	const struct topology *topology;
	int64_t from_utc_ns, to_utc_ns;
	double dish_m;   // where the link has no radio, or dish_asked
	bool dish_asked; // for all
	struct sky_pass *passes;
	size_t pass_count;
	struct sky_outage *outages;
	size_t outage_count;
	struct sky_link *links;
	size_t link_count;
	struct sky_change *changes;
	size_t change_count;
};

// Adds the changes of sites of all links over the span, from what a run's radios make of the
// weather. 0 or a negative errno with a sentence.
int satellites_add_changes(struct sky_report *report, struct error *error);

void satellites_print_json(const struct invocation *invocation, const struct sky_report *report);
void satellites_print_tables(const struct invocation *invocation, const struct sky_report *report);
