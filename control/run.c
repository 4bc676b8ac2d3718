// SPDX-License-Identifier: BSD-3-Clause
// corridor run: a topology as a live lab in the foreground.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/cli/screen.h"
#include "control/command.h"
#include "control/loop.h"
#include "topologies/quantity.h"

struct run_options {
	struct lab_options lab;
	uint64_t for_ns;
};

static int take_options(struct invocation *invocation, struct run_options *options,
			struct error *error)
{
	const char *for_text = take_option(invocation, "--for");
	const char *workers_text = take_option(invocation, "--workers");
	uint64_t workers = 1;
	options->for_ns = UINT64_MAX;
	options->lab = (struct lab_options){
		.name = invocation->lab,
		.spin = take_flag(invocation, "--spin"),
		.eal_argc = invocation->eal_argc,
		.eal_argv = invocation->eal_argv,
	};
	invocation->eal_argc = 0;
	if (for_text != NULL &&
	    quantity_parse_time_ns(for_text, "--for", &options->for_ns, error) < 0)
		return error->code;
	if (workers_text != NULL &&
	    quantity_parse_count(workers_text, "--workers", &workers, error) < 0)
		return error->code;
	if (workers < 1 || workers > 16)
		return error_set(error, -EINVAL, "--workers", "\"%s\" is not within 1 to 16",
				 workers_text);
	options->lab.workers = (unsigned)workers;
	return 0;
}

// The terminal's picture and where its faults go.
struct face {
	struct invocation *invocation;
	struct screen *screen;
};

static void face_tick(void *context, const struct lab *lab)
{
	struct face *face = context;
	screen_draw(face->screen, lab);
}

static void face_fault(void *context, const struct error *error)
{
	struct face *face = context;
	report_error(face->invocation, error);
}

static void print_ready(const struct invocation *invocation, const char *name)
{
	if (invocation->json)
		print_json(invocation, json_pack("{s:s, s:s, s:i}", "lab", name, "state", "running",
						 "pid", (int)getpid()));
	else
		fprintf(invocation->out,
			"corridor: lab %s is running; corridor show links --lab %s; Ctrl-C stops "
			"it\n",
			name, name);
	fflush(invocation->out);
}

// What a port does less well than its topology asks, a line each.
static void print_warnings(const struct invocation *invocation, const struct lab *lab)
{
	const struct topology *topology = lab_topology(lab);
	for (uint32_t i = 0; i < topology->port_count; i++) {
		const char *warning = engine_port_warning(lab_engine(lab), i);
		char what[512];
		snprintf(what, sizeof(what), "port %s: %s", topology->ports[i].name, warning);
		if (warning[0] != '\0')
			report_warning(invocation, what);
	}
}

// Bytes of the machine that can still be used, 0 when it does not say.
static uint64_t available_bytes(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	unsigned long long kib = 0;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL &&
	       sscanf(line, "MemAvailable: %llu kB", &kib) != 1)
		;
	if (file != NULL)
		fclose(file);
	return kib * 1024;
}

// Do all links, full of short frames, find room?
static void print_memory(const struct invocation *invocation, const struct lab *lab)
{
	struct engine_memory memory;
	engine_memory_read(lab_engine(lab), &memory);
	uint64_t needed = plan_memory_bytes(network_plan(lab_network(lab)));
	uint64_t there = available_bytes();
	if (there == 0 || there > memory.bytes_limit)
		there = memory.bytes_limit;
	char what[256];
	snprintf(what, sizeof(what),
		 "memory: all links full of 64-byte frames (bandwidth times delay) hold %.1f GB, "
		 "and "
		 "there are %.1f GB; what finds no room is lost and counted as memory",
		 (double)needed * 1e-9, (double)there * 1e-9);
	if (needed > there)
		report_warning(invocation, what);
}

// From a claimed name to the end of the lab. 0 or a negative errno with a sentence.
static int run_lab(struct invocation *invocation, const struct run_options *options,
		   struct lab_service *service, struct server *server, int signals,
		   struct error *error)
{
	int result = lab_start(service->lab, error);
	if (result < 0)
		return result;
	print_warnings(invocation, service->lab);
	print_memory(invocation, service->lab);
	print_ready(invocation, lab_name(service->lab));
	struct face face = {.invocation = invocation};
	if (!invocation->json && isatty(fileno(invocation->out)))
		face.screen = screen_create(service->lab, invocation->out, invocation->colour);
	const struct loop_options loop = {
		.for_ns = options->for_ns,
		.tick = face.screen != NULL ? face_tick : NULL,
		.fault = face_fault,
		.context = &face,
	};
	result = loop_run(service, server, signals, &loop, error);
	screen_free(face.screen);
	return result;
}

// A lab without an epoch of its own begins now.
static int64_t now_utc_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int run_topology(struct invocation *invocation, const struct topology *topology,
			const struct run_options *options, struct error *error)
{
	struct lab_service service = {0};
	const char *name = options->lab.name != NULL ? options->lab.name : topology->name;
	int signals = loop_catch_signals(error);
	if (signals < 0)
		return signals;
	// The name first: a second engine is refused before it touches a device.
	struct server *server = server_create(name, lab_methods, &service, error);
	int result = server == NULL ? error->code : 0;
	if (result == 0) {
		report_stale(invocation, topology, 0, 0);
		service.lab = lab_create(topology, &options->lab, error);
		result = service.lab == NULL
				 ? error->code
				 : run_lab(invocation, options, &service, server, signals, error);
	}
	// The socket last: who waits for its end may rely on devices being gone.
	server_flush(server);
	lab_destroy(service.lab);
	server_destroy(server);
	close(signals);
	return result;
}

int command_run(struct invocation *invocation)
{
	struct run_options options;
	struct error error;
	if (take_options(invocation, &options, &error) < 0)
		return report_error(invocation, &error);
	int status = expect_words(invocation, 1, 1);
	if (status != EXIT_TRUE)
		return status;
	struct errors errors = {0};
	struct topology *topology = network_load(invocation->argv[0], &errors);
	if (topology == NULL)
		status = report_errors(invocation, &errors);
	else if (network_set_epoch(topology, now_utc_ns(), &error) < 0)
		status = report_error(invocation, &error);
	else if (run_topology(invocation, topology, &options, &error) < 0)
		status = report_error(invocation, &error);
	errors_fini(&errors);
	topology_free(topology);
	return status;
}
