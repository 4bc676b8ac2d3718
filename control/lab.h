// SPDX-License-Identifier: BSD-3-Clause
// A running lab: a topology's network and a live engine, kept in step. One thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/network.h"
#include "dataplane/engine/engine.h"
#include "topologies/topology.h"

struct lab;
struct lab_later;

struct lab_options {
	const char *name; // NULL: the topology's
	unsigned workers; // 0: 1
	bool spin;
	int eal_argc;
	char **eal_argv;
};

// Network, engine, devices of all ports, first plan: everything but the start. The topology stays
// the caller's. A port without a device, and what the machine lacks, is refused before anything is
// made. NULL and a sentence.
struct lab *lab_create(const struct topology *topology, const struct lab_options *options,
		       struct error *error);
// Stops, and removes the devices. NULL is allowed.
void lab_destroy(struct lab *lab);

// The clock begins. 0 or a negative errno with a sentence.
int lab_start(struct lab *lab, struct error *error);

// Carries out control lines (network.h) at one instant, all or none, and publishes. In
// `applied_at_ns` the instant at which the engine took them over: another than the intended one
// when the plan or the worker was late. -EINVAL and a sentence for a line that is refused; the lab
// is then as before.
int lab_change(struct lab *lab, const char *const *lines, size_t count, uint64_t *applied_at_ns,
	       struct error *error);
// The same at an instant to come, on the lab's clock: 0 when it is noted, and lab_step will carry
// it out. -EINVAL and a sentence when a line is refused now, or the instant has passed.
int lab_change_at(struct lab *lab, uint64_t at_ns, const char *const *lines, size_t count,
		  struct error *error);
// The changes asked for so that are still to come, the earliest first; NULL when there are none.
// The list is the lab's, and stands until the next change or step.
const struct lab_later *lab_pending(const struct lab *lab);
// Would the lines be taken? Without effect.
int lab_check(const struct lab *lab, const char *const *lines, size_t count, struct error *error);

// When lab_step is to be called next, on the engine's clock; NETWORK_NO_CHANGE when nothing is
// scheduled. A little before the change itself, so that the plan is there in time.
uint64_t lab_next_step_ns(const struct lab *lab);
// Publishes what is due. 0 or a negative errno with a sentence; the lab goes on with what it has.
int lab_step(struct lab *lab, struct error *error);

// ---- What there is to see ----

const char *lab_name(const struct lab *lab);
const struct topology *lab_topology(const struct lab *lab);
const struct network *lab_network(const struct lab *lab);
struct engine *lab_engine(const struct lab *lab);
uint64_t lab_now_ns(const struct lab *lab);
unsigned lab_workers(const struct lab *lab);
// Instant at which a site's way to another was changed last; 0 when it is as at the start.
uint64_t lab_way_changed_at_ns(const struct lab *lab, uint32_t site, uint32_t destination);
// Carrier of a port, as its peer sees it: of a wire, whether the channel that ends there is up; of
// a site, whether the site is.
bool lab_port_carrier(const struct lab *lab, uint32_t port);
