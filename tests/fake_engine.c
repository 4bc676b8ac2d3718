// SPDX-License-Identifier: BSD-3-Clause
// The one fake: it remembers what it was asked and keeps the rules of engine.h about ownership, so
// that a leak or a second use in control shows under a sanitizer.
#include "tests/fake_engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dataplane/engine/lookup.h"

struct fake_engine fake_engine;

struct engine {
	int nothing;
};
static struct engine the_engine;

void fake_engine_reset(void)
{
	plan_free(fake_engine.plan);
	memset(&fake_engine, 0, sizeof(fake_engine));
	histogram_reset(&fake_engine.delay);
	histogram_reset(&fake_engine.lateness);
}

struct engine *engine_create(const struct engine_options *options, struct error *error)
{
	if (fake_engine.exists)
		error_set(error, -EBUSY, "fake", "an engine is there already");
	else if (fake_engine.fail_create != 0)
		error_set(error, fake_engine.fail_create, "fake", "the engine was told to fail");
	if (fake_engine.exists || fake_engine.fail_create != 0)
		return NULL;
	fake_engine.exists = true;
	fake_engine.options = *options;
	if (options->instance != NULL)
		snprintf(fake_engine.instance, sizeof(fake_engine.instance), "%s",
			 options->instance);
	memset(fake_engine.carriers, true, sizeof(fake_engine.carriers));
	return &the_engine;
}

void engine_destroy(struct engine *engine)
{
	if (engine == NULL)
		return;
	plan_free(fake_engine.plan);
	fake_engine.plan = NULL;
	fake_engine.exists = false;
	fake_engine.running = false;
}

int engine_port_files(struct engine *engine, uint32_t port, const struct engine_source *source,
		      const struct engine_sink *sink, struct error *error)
{
	(void)engine;
	(void)port;
	(void)source;
	(void)sink;
	return error_set(error, -ENOTSUP, "fake", "the fake moves no packets");
}

int engine_port_device(struct engine *engine, uint32_t port, const struct engine_device *device,
		       struct error *error)
{
	(void)engine;
	if (fake_engine.fail_device != 0)
		return error_set(error, fake_engine.fail_device, device->name,
				 "the device was told to fail");
	snprintf(fake_engine.devices[port], sizeof(fake_engine.devices[port]), "%s",
		 device->device);
	snprintf(fake_engine.netns[port], sizeof(fake_engine.netns[port]), "%s",
		 device->netns == NULL ? "" : device->netns);
	memcpy(fake_engine.macs[port], device->mac, 6);
	fake_engine.mtu_bytes[port] = device->mtu_bytes;
	return 0;
}

int engine_port_carrier(struct engine *engine, uint32_t port, bool up, struct error *error)
{
	(void)engine;
	(void)error;
	fake_engine.carriers[port] = up;
	fake_engine.carrier_calls++;
	return 0;
}

enum engine_accuracy engine_port_accuracy(const struct engine *engine, uint32_t port)
{
	(void)engine;
	if (fake_engine.timings[port].paces)
		return ENGINE_HARDWARE;
	return fake_engine.options.spin ? ENGINE_SPINNING : ENGINE_SLEEPING;
}

void engine_port_timing(const struct engine *engine, uint32_t port,
			struct engine_port_timing *timing)
{
	(void)engine;
	*timing = fake_engine.timings[port];
}

uint32_t engine_port_mtu_bytes(const struct engine *engine, uint32_t port)
{
	(void)engine;
	uint32_t limit = fake_engine.mtu_limit_bytes[port];
	return limit != 0 ? limit : fake_engine.mtu_bytes[port];
}

const char *engine_port_warning(const struct engine *engine, uint32_t port)
{
	(void)engine;
	return fake_engine.warnings[port];
}

void engine_observe(struct engine *engine,
		    void (*observe)(void *context, unsigned worker,
				    const struct engine_observation *observation),
		    void *context)
{
	(void)engine;
	(void)observe;
	(void)context;
}

static bool same_size(const struct plan *a, const struct plan *b)
{
	return a->site_count == b->site_count && a->channel_count == b->channel_count &&
	       a->port_count == b->port_count && a->interface_count == b->interface_count &&
	       a->flow_count == b->flow_count;
}

int engine_publish(struct engine *engine, struct plan *plan, struct error *error)
{
	(void)engine;
	if (fake_engine.fail_publish != 0)
		return error_set(error, fake_engine.fail_publish, "fake",
				 "the plan was told to fail");
	if (fake_engine.plan != NULL && !same_size(fake_engine.plan, plan))
		return error_set(error, -EINVAL, "fake", "a plan of another size than the first");
	plan_free(fake_engine.plan);
	fake_engine.plan = plan;
	plan->valid_from_ns += fake_engine.late_ns;
	fake_engine.published++;
	fake_engine.touched_count = plan->touched_count;
	for (size_t i = 0; i < plan->touched_count && i < FAKE_ENGINE_CHANNELS; i++)
		fake_engine.touched[i] = plan->touched[i];
	return 0;
}

int engine_advance(struct engine *engine, uint64_t until_ns, struct error *error)
{
	(void)engine;
	(void)error;
	fake_engine.now_ns = until_ns;
	return 0;
}

uint64_t engine_next_due_ns(const struct engine *engine)
{
	(void)engine;
	return ENGINE_IDLE;
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int engine_start(struct engine *engine, struct error *error)
{
	(void)engine;
	if (fake_engine.fail_start != 0)
		return error_set(error, fake_engine.fail_start, "fake",
				 "the start was told to fail");
	fake_engine.running = true;
	fake_engine.started_at_ns = monotonic_ns();
	return 0;
}

void engine_stop(struct engine *engine)
{
	(void)engine;
	fake_engine.running = false;
}

uint64_t engine_now_ns(const struct engine *engine)
{
	(void)engine;
	return fake_engine.ticks ? monotonic_ns() - fake_engine.started_at_ns : fake_engine.now_ns;
}

uint64_t engine_epoch_ns(const struct engine *engine)
{
	(void)engine;
	return FAKE_ENGINE_EPOCH_NS;
}

void engine_channel_read(const struct engine *engine, uint32_t channel,
			 struct engine_channel_counters *counters)
{
	(void)engine;
	*counters = fake_engine.channels[channel % FAKE_ENGINE_CHANNELS];
}

void engine_port_read(const struct engine *engine, uint32_t port,
		      struct engine_port_counters *counters)
{
	(void)engine;
	*counters = fake_engine.ports[port % FAKE_ENGINE_PORTS];
}

void engine_site_read(const struct engine *engine, uint32_t site,
		      struct engine_site_counters *counters)
{
	(void)engine;
	*counters = fake_engine.sites[site % FAKE_ENGINE_SITES];
}

void engine_flow_read(const struct engine *engine, uint32_t flow,
		      struct engine_flow_counters *counters)
{
	(void)engine;
	*counters = fake_engine.flows[flow % FAKE_ENGINE_FLOWS];
}

void engine_flow_delay(const struct engine *engine, uint32_t flow, struct histogram *delay)
{
	(void)engine;
	(void)flow;
	*delay = fake_engine.delay;
}

void engine_flow_reset_gap(struct engine *engine, uint32_t flow)
{
	(void)engine;
	fake_engine.flows[flow % FAKE_ENGINE_FLOWS].gap_ns = 0;
}

size_t engine_path(const struct engine *engine, uint32_t path, uint32_t *channels, size_t most)
{
	(void)engine;
	(void)path;
	size_t count = fake_engine.path_count < most ? fake_engine.path_count : most;
	memcpy(channels, fake_engine.path, count * sizeof(*channels));
	return count;
}

void engine_lateness(const struct engine *engine, struct histogram *lateness)
{
	(void)engine;
	*lateness = fake_engine.lateness;
}

void engine_memory_read(const struct engine *engine, struct engine_memory *memory)
{
	(void)engine;
	*memory = fake_engine.memory;
}

// plan.c asks for these; the fake publishes without tables, so there is nothing to share.
void lookup_share(struct plan_lookup *lookup)
{
	(void)lookup;
}

void lookup_put(struct plan_lookup *lookup)
{
	(void)lookup;
}
