// SPDX-License-Identifier: BSD-3-Clause
// The engine as control sees it: creation, ports, plans.
#include "dataplane/engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/core.h"
#include "dataplane/engine/eal.h"
#include "dataplane/engine/lookup.h"
#include "dataplane/engine/pages.h"
#include "dataplane/engine/port.h"

#define DEFAULT_MEMORY_BYTES (UINT64_C(4) << 30)

static struct engine *the_engine; // EAL allows one at a time

struct engine *engine_create(const struct engine_options *options, struct error *error)
{
	struct eal_options eal = {
		.instance = options->instance,
		.workers = options->workers,
		.live = options->clock == ENGINE_LIVE,
		.argc = options->eal_argc,
		.argv = options->eal_argv,
	};
	struct engine *engine;

	if (the_engine) {
		error_set(error, -EBUSY, "engine", "one engine runs in this process already");
		return NULL;
	}
	if (options->workers < 1 || options->workers > CORE_MAX_WORKERS) {
		error_set(error, -EINVAL, "workers", "%u workers asked for; 1 to %u are possible",
			  options->workers, CORE_MAX_WORKERS);
		return NULL;
	}
	if (options->clock == ENGINE_LIVE && options->workers > 1) {
		error_set(error, -EINVAL, "workers",
			  "a live lab runs on one worker in this version; leave --workers out");
		return NULL;
	}
	if (eal_start(&eal, error))
		return NULL;
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		goto no_memory;
	engine->options = *options;
	engine->worker_count = options->workers;
	engine->workers =
		aligned_alloc(_Alignof(struct worker), sizeof(*engine->workers) * options->workers);
	if (!engine->workers)
		goto no_memory;
	memset(engine->workers, 0, sizeof(*engine->workers) * options->workers);
	engine->store =
		store_create(options->memory_bytes ? options->memory_bytes
						   : DEFAULT_MEMORY_BYTES * options->workers,
			     options->workers, error);
	if (!engine->store)
		goto fail;
	for (unsigned i = 0; i < options->workers; i++) {
		engine->workers[i].engine = engine;
		engine->workers[i].index = i;
		store_cache_init(&engine->workers[i].store, engine->store, i, options->workers);
	}
	if (options->clock == ENGINE_LIVE ? core_live_create(engine, error)
					  : virtual_start(engine, error))
		goto fail;
	the_engine = engine;
	return engine;
no_memory:
	error_set(error, -ENOMEM, "engine", "no memory for the engine");
fail:
	engine_destroy(engine);
	return NULL;
}

static void free_worker(struct worker *worker)
{
	agenda_fini(&worker->agenda);
	free(worker->channels);
	free(worker->sites);
	free(worker->ports);
	free(worker->flow_lost);
	free(worker->paths);
}

void engine_destroy(struct engine *engine)
{
	if (!engine)
		return;
	if (engine->options.clock == ENGINE_LIVE)
		core_live_destroy(engine);
	else
		virtual_stop(engine);
	for (size_t i = 0; i < engine->port_count; i++)
		port_device_close(engine->ports[i].device);
	for (unsigned i = 0; engine->workers && i < engine->worker_count; i++)
		free_worker(&engine->workers[i]);
	for (size_t i = 0; engine->plan && engine->site_states && i < engine->plan->site_count; i++)
		site_state_destroy(engine->site_states[i]);
	for (size_t i = 0; engine->plan && engine->states && i < engine->plan->channel_count; i++)
		free(queue_memory(&engine->plan->channels[i].params.queue,
				  &engine->states[i].queue));
	plan_free(engine->plan);
	plan_free(engine->pending);
	free(engine->states);
	free(engine->flights);
	free(engine->site_states);
	free(engine->site_sequence);
	free(engine->ports);
	free(engine->senders);
	free(engine->receivers);
	free(engine->site_owner);
	free(engine->port_owner);
	free(engine->workers);
	store_destroy(engine->store);
	if (the_engine == engine)
		the_engine = NULL;
	free(engine);
	eal_stop();
}

// Room for ports up to `count`. 0 or -ENOMEM.
static int grow_ports(struct engine *engine, size_t count)
{
	struct core_port *ports;

	if (count <= engine->port_count)
		return 0;
	ports = realloc(engine->ports, count * sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	memset(&ports[engine->port_count], 0, (count - engine->port_count) * sizeof(*ports));
	engine->ports = ports;
	engine->port_count = count;
	return 0;
}

int engine_port_files(struct engine *engine, uint32_t port, const struct engine_source *source,
		      const struct engine_sink *sink, struct error *error)
{
	if (engine->plan)
		return error_set(error, -EBUSY, "engine",
				 "files are attached before the first plan");
	if (grow_ports(engine, (size_t)port + 1))
		return error_set(error, -ENOMEM, "engine", "no memory for port %u", port);
	if (source)
		engine->ports[port].source = *source;
	if (sink)
		engine->ports[port].sink = *sink;
	return 0;
}

int engine_port_device(struct engine *engine, uint32_t port, const struct engine_device *device,
		       struct error *error)
{
	struct port_device *opened;

	if (grow_ports(engine, (size_t)port + 1))
		return error_set(error, -ENOMEM, device->name, "no memory for the port");
	if (engine->ports[port].device)
		return error_set(error, -EBUSY, device->name, "the port has a device already");
	opened = port_device_open(port, device, error);
	if (!opened)
		return error ? error->code : -ENODEV;
	engine->ports[port].device = opened;
	return 0;
}

int engine_port_carrier(struct engine *engine, uint32_t port, bool up, struct error *error)
{
	if (port >= engine->port_count || !engine->ports[port].device)
		return error_set(error, -ENODEV, "carrier", "port %u has no device", port);
	return port_device_carrier(engine->ports[port].device, up, error);
}

enum engine_accuracy engine_port_accuracy(const struct engine *engine, uint32_t port)
{
	if (port < engine->port_count && engine->ports[port].device &&
	    port_device_is_paced(engine->ports[port].device))
		return ENGINE_HARDWARE;
	return engine->options.spin ? ENGINE_SPINNING : ENGINE_SLEEPING;
}

void engine_port_timing(const struct engine *engine, uint32_t port,
			struct engine_port_timing *timing)
{
	memset(timing, 0, sizeof(*timing));
	if (port < engine->port_count && engine->ports[port].device)
		port_device_timing(engine->ports[port].device, timing);
}

uint32_t engine_port_mtu_bytes(const struct engine *engine, uint32_t port)
{
	uint32_t device = 0, asked = 0;

	if (engine->plan && port < engine->plan->port_count)
		asked = engine->plan->ports[port].mtu_bytes;
	if (port < engine->port_count && engine->ports[port].device)
		device = port_device_mtu_bytes(engine->ports[port].device);
	if (device == 0 || (asked && asked < device))
		return asked;
	return device;
}

const char *engine_port_warning(const struct engine *engine, uint32_t port)
{
	if (port >= engine->port_count || !engine->ports[port].device)
		return "";
	return port_device_warning(engine->ports[port].device);
}

void engine_observe(struct engine *engine,
		    void (*observe)(void *context, unsigned worker,
				    const struct engine_observation *observation),
		    void *context)
{
	engine->observe = observe;
	engine->observe_context = context;
}

static int allocate_worker(struct worker *worker, const struct plan *plan)
{
	size_t sources = 2 * plan->channel_count + plan->port_count + plan->flow_count;

	if (agenda_init(&worker->agenda, (uint32_t)sources))
		return -ENOMEM;
	worker->channels = pages_take(plan->channel_count + 1, sizeof(*worker->channels));
	worker->sites = pages_take(plan->site_count + 1, sizeof(*worker->sites));
	worker->ports = calloc(plan->port_count + 1, sizeof(*worker->ports));
	worker->flow_lost = calloc(plan->flow_count + 1, sizeof(*worker->flow_lost));
	worker->paths = calloc(CORE_PATHS, sizeof(*worker->paths));
	return worker->channels && worker->sites && worker->ports && worker->flow_lost &&
			       worker->paths
		       ? 0
		       : -ENOMEM;
}

// Everything whose size follows from the first plan.
static int allocate(struct engine *engine, const struct plan *plan)
{
	engine->states = pages_take(plan->channel_count + 1, sizeof(*engine->states));
	engine->flights = pages_take(plan->channel_count + 1, sizeof(*engine->flights));
	engine->site_states = calloc(plan->site_count + 1, sizeof(struct site_state *));
	engine->site_sequence = calloc(plan->site_count + 1, sizeof(*engine->site_sequence));
	engine->senders = pages_take(plan->flow_count + 1, sizeof(*engine->senders));
	engine->receivers = calloc(plan->flow_count + 1, sizeof(*engine->receivers));
	engine->site_owner = calloc(plan->site_count + 1, 1);
	engine->port_owner = calloc(plan->port_count + 1, 1);
	if (!engine->states || !engine->flights || !engine->site_states || !engine->site_sequence ||
	    !engine->senders || !engine->receivers || !engine->site_owner || !engine->port_owner ||
	    grow_ports(engine, plan->port_count))
		return -ENOMEM;
	for (unsigned i = 0; i < engine->worker_count; i++) {
		if (allocate_worker(&engine->workers[i], plan))
			return -ENOMEM;
	}
	for (size_t i = 0; i < plan->flow_count; i++)
		histogram_reset(&engine->receivers[i].delay);
	for (uint32_t i = 0; i < plan->site_count; i++) {
		engine->site_states[i] = site_state_create(plan, i);
		if (!engine->site_states[i])
			return -ENOMEM;
	}
	return 0;
}

// Does a channel's queue, or the line behind it, change?
static bool queue_changes(const struct engine *engine, const struct plan *plan, uint32_t channel)
{
	const struct channel_params *to = &plan->channels[channel].params, *from;

	if (!engine->plan)
		return to->queue.kind != QUEUE_TAIL || queue_memory_bytes(&to->queue) > 0;
	from = &engine->plan->channels[channel].params;
	return memcmp(&from->queue, &to->queue, sizeof(to->queue)) != 0 ||
	       memcmp(&from->rate, &to->rate, sizeof(to->rate)) != 0;
}

// Memory for the bottleneck queues that change.
static int prepare_queues(const struct engine *engine, struct plan *plan)
{
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		struct plan_queue *queues;
		size_t bytes;

		if (plan_difference(plan, engine->plan, i) != PLAN_LINE_DIFFERS ||
		    !queue_changes(engine, plan, i))
			continue;
		bytes = queue_memory_bytes(&plan->channels[i].params.queue);
		if ((plan->queue_count & (plan->queue_count - 1)) == 0) {
			queues = realloc(plan->queues,
					 (plan->queue_count ? 2 * plan->queue_count : 1) *
						 sizeof(*queues));
			if (!queues)
				return -ENOMEM;
			plan->queues = queues;
		}
		queues = &plan->queues[plan->queue_count];
		*queues = (struct plan_queue){i, bytes ? calloc(1, bytes) : NULL};
		if (bytes && !queues->memory)
			return -ENOMEM;
		plan->queue_count++;
	}
	return 0;
}

// A port takes no longer packets than its device carries: routers must know, to cut packets up or
// to say so.
static void adopt_mtus(const struct engine *engine, struct plan *plan)
{
	for (size_t i = 0; i < plan->port_count && i < engine->port_count; i++) {
		struct port_device *device = engine->ports[i].device;
		uint32_t *mtu_bytes = &plan->ports[i].mtu_bytes;

		if (device && (*mtu_bytes == 0 || *mtu_bytes > port_device_mtu_bytes(device)))
			*mtu_bytes = port_device_mtu_bytes(device);
	}
}

static int check_flows(const struct plan *plan, struct error *error)
{
	for (size_t i = 0; i < plan->flow_count; i++) {
		uint32_t minimum = plan->flows[i].source.family == 4 ? PLAN_FLOW_MINIMUM_IPV4
								     : PLAN_FLOW_MINIMUM_IPV6;

		if (plan->flows[i].pattern != PLAN_FLOW_IMIX &&
		    plan->flows[i].frame_bytes < minimum)
			return error_set(
				error, -EINVAL, "flow",
				"frames of %u bytes cannot carry a flow's stamp; size = %ub "
				"is the least",
				plan->flows[i].frame_bytes, minimum);
		if (plan->flows[i].interval_ns_q16 == 0)
			return error_set(error, -EINVAL, "flow",
					 "packets without time between them; lower the rate");
	}
	return 0;
}

static bool same_size(const struct plan *a, const struct plan *b)
{
	return a->site_count == b->site_count && a->channel_count == b->channel_count &&
	       a->port_count == b->port_count && a->interface_count == b->interface_count &&
	       a->flow_count == b->flow_count;
}

// Prefixes seldom change: tables of the same ones are shared, as making and freeing them takes
// long.
static int prepare_lookup(const struct engine *engine, struct plan *plan, struct error *error)
{
	const struct plan *before = engine->plan;

	if (plan->lookup)
		return 0;
	if (before && before->lookup && before->prefix_count == plan->prefix_count &&
	    (plan->prefix_count == 0 ||
	     memcmp(before->prefixes, plan->prefixes,
		    plan->prefix_count * sizeof(*plan->prefixes)) == 0)) {
		plan->lookup = before->lookup;
		lookup_share(plan->lookup);
		return 0;
	}
	plan->lookup = lookup_create(plan->prefixes, plan->prefix_count, error);
	if (!plan->lookup)
		return error ? error->code : -ENOMEM;
	return 0;
}

int engine_publish(struct engine *engine, struct plan *plan, struct error *error)
{
	bool first = !engine->plan && !engine->pending;
	int rc;

	if (engine->pending)
		return error_set(error, -EBUSY, "engine",
				 "the plan before this one has not taken over yet");
	if (!first && !same_size(engine->plan, plan))
		return error_set(error, -EINVAL, "engine",
				 "a plan of another size than the first one");
	rc = check_flows(plan, error);
	if (rc)
		return rc;
	plan_finish(plan, engine->plan);
	adopt_mtus(engine, plan);
	rc = prepare_lookup(engine, plan, error);
	if (rc)
		return rc;
	if ((first && allocate(engine, plan)) || prepare_queues(engine, plan)) {
		plan_drop_queues(plan);
		return error_set(error, -ENOMEM, "engine", "no memory for the plan");
	}
	if (core_live_runs(engine)) {
		core_live_publish(engine, plan);
		return 0;
	}
	engine->pending = plan;
	if (first || plan->valid_from_ns <= engine->now_ns)
		plan_free(takeover(engine));
	return 0;
}
