// SPDX-License-Identifier: BSD-3-Clause
// A running lab: every change goes through the network, and its plan to the engine, at an instant a
// little ahead, so that all workers take it over at the same packet.
#include "control/lab.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/lab_later.h"
#include "control/lab_ports.h"
#include "control/lab_ways.h"

// How far ahead of its instant a plan is handed over: time for a copy and its lookup tables.
#define LEAD_NS 2000000

// Blocks up to this size, and so much of what is freed, stay with the process.
#define KEPT_BLOCK_BYTES (32 << 20) // the most that glibc allows
#define KEPT_FREE_BYTES  (256 << 20)

struct lab {
	char name[TOPOLOGY_NAME_MAX + 1];
	const struct topology *topology;
	struct network *network;
	struct engine *engine;
	unsigned workers;
	bool running;
	uint64_t version;        // of the plan that the engine runs
	uint64_t last_at_ns;     // of the network; its time never runs backwards
	uint64_t taken_at_ns;    // when the engine took the last plan over
	struct lab_ways *ways;   // when each way was changed
	bool *carrier;           // [port] as the engine was told last
	struct lab_later *later; // changes to come
};

static void tell_carriers(struct lab *lab)
{
	for (uint32_t port = 0; port < lab->topology->port_count; port++) {
		bool up = lab_port_carrier(lab, port);
		if (up == lab->carrier[port])
			continue;
		lab->carrier[port] = up;
		// Ports other than taps have no carrier of ours to set.
		(void)engine_port_carrier(lab->engine, port, up, NULL);
	}
}

static int publish(struct lab *lab, struct error *error)
{
	// Much of what is scheduled is news on its way, which changes no plan yet.
	if (network_plan_version(lab->network) == lab->version)
		return 0;
	struct plan *plan = network_share_plan(lab->network);
	int result = engine_publish(lab->engine, plan, error);
	if (result < 0) {
		plan_free(plan);
		return result;
	}
	lab->version = network_plan_version(lab->network);
	lab->taken_at_ns = plan->valid_from_ns; // corrected by the engine when it was late
	network_applied(lab->network, lab->taken_at_ns);
	network_forget_past(lab->network);
	lab_ways_note(lab->ways, network_plan(lab->network));
	if (lab->running)
		tell_carriers(lab);
	return 0;
}

// Changes of ten thousand channels take and give back megabytes: pages that went back to the kernel
// in between would each fault anew, which takes longer than all else.
static void keep_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
}

struct lab *lab_create(const struct topology *topology, const struct lab_options *options,
		       struct error *error)
{
	if (lab_ports_check(topology, error) < 0)
		return NULL;
	keep_memory();
	struct lab *lab = calloc(1, sizeof(*lab));
	if (lab == NULL)
		goto no_memory;
	snprintf(lab->name, sizeof(lab->name), "%s",
		 options->name != NULL ? options->name : topology->name);
	lab->topology = topology;
	lab->version = UINT64_MAX; // none
	lab->workers = options->workers == 0 ? 1 : options->workers;
	lab->carrier = malloc(topology->port_count + 1);
	if (lab->carrier == NULL)
		goto no_memory;
	memset(lab->carrier, true, topology->port_count + 1); // taps begin with carrier
	lab->network = network_create(topology, NETWORK_DEVICES, error);
	if (lab->network == NULL)
		goto fail;
	lab->ways = lab_ways_create(network_plan(lab->network));
	if (lab->ways == NULL)
		goto no_memory;
	const struct engine_options engine_options = {
		.clock = ENGINE_LIVE,
		.workers = lab->workers,
		.spin = options->spin,
		.instance = lab->name,
		.eal_argc = options->eal_argc,
		.eal_argv = options->eal_argv,
	};
	lab->engine = engine_create(&engine_options, error);
	if (lab->engine == NULL ||
	    lab_ports_open(topology, network_plan(lab->network), lab->engine, error) < 0 ||
	    publish(lab, error) < 0)
		goto fail;
	return lab;
no_memory:
	error_set(error, -ENOMEM, topology->name, "no memory for the lab");
fail:
	lab_destroy(lab);
	return NULL;
}

void lab_destroy(struct lab *lab)
{
	if (lab == NULL)
		return;
	if (lab->running)
		engine_stop(lab->engine);
	engine_destroy(lab->engine);
	lab_ways_free(lab->ways);
	network_free(lab->network);
	free(lab->carrier);
	while (lab->later != NULL)
		lab_later_free(lab_later_take(&lab->later));
	free(lab);
}

int lab_start(struct lab *lab, struct error *error)
{
	int result = engine_start(lab->engine, error);
	if (result < 0)
		return result;
	lab->running = true;
	tell_carriers(lab);
	return 0;
}

// ---- Changes ----

int lab_check(const struct lab *lab, const char *const *lines, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		int result = network_check(lab->topology, lines[i], error);
		if (result < 0)
			return result;
	}
	return 0;
}

// The instant of the next change: ahead of the engine, and never before the last one.
static uint64_t next_instant(const struct lab *lab)
{
	uint64_t at_ns = lab->running ? engine_now_ns(lab->engine) + LEAD_NS : 0;
	return at_ns > lab->last_at_ns ? at_ns : lab->last_at_ns;
}

// Is there a plan that the engine does not have yet? Handing it over may have failed.
static bool is_behind(const struct lab *lab)
{
	return network_plan_version(lab->network) != lab->version;
}

// Publishes the next scheduled change if it is near: 1; nothing to do: 0; or a negative errno. One
// that is late takes all others that are late with it.
static int step_once(struct lab *lab, struct error *error)
{
	// What was refused the last time comes first, with what it asks for packets in flight.
	if (is_behind(lab)) {
		int result = publish(lab, error);
		return result < 0 ? result : 1;
	}
	uint64_t at_ns = network_next_change_ns(lab->network);
	if (at_ns == NETWORK_NO_CHANGE || at_ns > next_instant(lab))
		return 0;
	if (at_ns < lab_now_ns(lab))
		at_ns = lab_now_ns(lab);
	if (at_ns < lab->last_at_ns)
		at_ns = lab->last_at_ns;
	int result = network_step(lab->network, at_ns, error);
	lab->last_at_ns = at_ns;
	if (result < 0)
		return result;
	result = publish(lab, error);
	return result < 0 ? result : 1;
}

// Carries the lines out on the network and hands its plan over. 0 or a negative errno: the network
// is then somewhere in between.
static int carry_out(struct lab *lab, uint64_t at_ns, const char *const *lines, size_t count,
		     struct error *error)
{
	int result = network_commands(lab->network, at_ns, lines, count, error);
	if (result == 0)
		result = network_step(lab->network, at_ns, error);
	return result == 0 ? publish(lab, error) : result;
}

// Lines at an instant, all or none.
static int carry_out_whole(struct lab *lab, uint64_t at_ns, const char *const *lines, size_t count,
			   struct error *error)
{
	int result = network_begin(lab->network, error);
	if (result < 0)
		return result;
	lab->taken_at_ns = at_ns; // unless a plan is handed over and says otherwise
	result = carry_out(lab, at_ns, lines, count, error);
	if (result < 0) {
		network_undo(lab->network);
		return result;
	}
	network_keep(lab->network);
	lab->last_at_ns = at_ns;
	return 0;
}

// The first change that was asked for ahead, at its instant or as soon as can be.
static int do_later(struct lab *lab, struct error *error)
{
	struct lab_later *later = lab_later_take(&lab->later);
	uint64_t at_ns = later->at_ns > lab->last_at_ns ? later->at_ns : lab->last_at_ns;
	if (lab->running && at_ns < engine_now_ns(lab->engine))
		at_ns = next_instant(lab);
	network_asked(lab->network, later->at_ns);
	int result =
		carry_out_whole(lab, at_ns, (const char *const *)later->lines, later->count, error);
	network_asked(lab->network, NETWORK_NO_CHANGE);
	lab_later_free(later);
	return result;
}

// Is a change that was asked for ahead the next thing to do?
static bool later_is_next(const struct lab *lab)
{
	return lab->later != NULL && lab->later->at_ns <= next_instant(lab) &&
	       lab->later->at_ns <= network_next_change_ns(lab->network);
}

int lab_change(struct lab *lab, const char *const *lines, size_t count, uint64_t *applied_at_ns,
	       struct error *error)
{
	int result;
	// What is scheduled up to that instant comes first, whatever becomes of the lines.
	do {
		result = step_once(lab, error);
	} while (result > 0);
	if (result < 0)
		return result;
	uint64_t at_ns = next_instant(lab);
	result = carry_out_whole(lab, at_ns, lines, count, error);
	if (result == 0 && applied_at_ns != NULL)
		*applied_at_ns = lab->taken_at_ns;
	return result;
}

int lab_change_at(struct lab *lab, uint64_t at_ns, const char *const *lines, size_t count,
		  struct error *error)
{
	int result = lab_check(lab, lines, count, error);
	if (result < 0)
		return result;
	if (at_ns < next_instant(lab))
		return error_set(
			error, -EINVAL, "at",
			"the lab's clock is at %.6f s already (give a later instant, or none "
			"for now)",
			(double)next_instant(lab) / 1e9);
	if (lab_later_add(&lab->later, at_ns, lines, count) < 0)
		return error_set(error, -ENOMEM, lab->name, "no memory for the change");
	return 0;
}

const struct lab_later *lab_pending(const struct lab *lab)
{
	return lab->later;
}

int lab_step(struct lab *lab, struct error *error)
{
	int result = later_is_next(lab) && !is_behind(lab) ? do_later(lab, error)
							   : step_once(lab, error);
	return result < 0 ? result : 0;
}

uint64_t lab_next_step_ns(const struct lab *lab)
{
	uint64_t at_ns = network_next_change_ns(lab->network);
	if (lab->later != NULL && lab->later->at_ns < at_ns)
		at_ns = lab->later->at_ns;
	if (is_behind(lab))
		return 0;
	if (at_ns == NETWORK_NO_CHANGE)
		return NETWORK_NO_CHANGE;
	return at_ns > LEAD_NS ? at_ns - LEAD_NS : 0;
}

// ---- What there is to see ----

const char *lab_name(const struct lab *lab)
{
	return lab->name;
}

const struct topology *lab_topology(const struct lab *lab)
{
	return lab->topology;
}

const struct network *lab_network(const struct lab *lab)
{
	return lab->network;
}

struct engine *lab_engine(const struct lab *lab)
{
	return lab->engine;
}

uint64_t lab_now_ns(const struct lab *lab)
{
	return lab->running ? engine_now_ns(lab->engine) : 0;
}

unsigned lab_workers(const struct lab *lab)
{
	return lab->workers;
}

uint64_t lab_way_changed_at_ns(const struct lab *lab, uint32_t site, uint32_t destination)
{
	return lab_ways_changed_at_ns(lab->ways, site, destination);
}

bool lab_port_carrier(const struct lab *lab, uint32_t port)
{
	const struct plan *plan = network_plan(lab->network);
	if (plan->ports[port].site != PLAN_NONE)
		return network_site_is_up(lab->network, plan->ports[port].site);
	uint32_t away = plan->ports[port].wire_channel;
	return away == PLAN_NONE || network_channel_is_up(lab->network, away ^ 1);
}
