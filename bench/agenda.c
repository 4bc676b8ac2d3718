// SPDX-License-Identifier: BSD-3-Clause
// Which structure keeps the heads of channels in order of time: what the engine has beside a heap,
// a tournament and a timing wheel, over 10 to 10,000 channels. All must give the same order.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/orders.h"
#include "bench/report.h"
#include "dataplane/model/error.h"

#define ROUNDS  5
#define STEPS   1000000
#define GAP_NS  100 // between two things due, whatever the number of channels: 10 Mpps
#define CROWD   64  // channels of which all come due at one instant
#define BARE    "the engine's agenda"
#define METHODS 6

// What happens to the first of all when it is due.
enum work {
	BUSY,    // each channel has more behind its head: the head moves on
	IDLE,    // nothing is behind it: the channel goes, and another comes in
	CROWDED, // many due at one instant, and again after a while
	WORKS
};
static const char *const work_names[WORKS] = {"next of the same", "one goes, another comes",
					      "many at one instant"};

static const uint32_t sizes[] = {10, 1000, 10000};
#define SIZES 3

struct bench {
	struct report report;
	struct report_line *lines[SIZES][WORKS][METHODS];
	uint32_t steps;
};

// A mean of GAP_NS times `channels`, between half and one and a half of it.
static uint64_t wait_ns(uint32_t random, uint32_t channels, enum work work)
{
	uint64_t mean = (uint64_t)GAP_NS * channels;

	if (work == CROWDED)
		return mean;
	return mean / 2 + ((mean * random) >> 32);
}

// As the engine does it. Gives a sum over what came first, in order.
static uint64_t run(const struct order *order, void *context, uint32_t channels, enum work work,
		    uint32_t steps)
{
	uint64_t sum = 0;
	uint32_t random = 719; // Marsaglia's xorshift: cheap, as it is within the figure

	for (uint32_t step = 0; step < steps; step++) {
		struct agenda_item first = order->first(context);

		random ^= random << 13;
		random ^= random >> 17;
		random ^= random << 5;
		sum = (sum ^ first.at_ns ^ first.source) * UINT64_C(0x9e3779b97f4a7c15);
		uint64_t next_ns = first.at_ns + wait_ns(random, channels, work);
		if (work == IDLE) {
			// Half of the sources are in at a time, in pairs.
			order->set_first(context, AGENDA_NEVER);
			order->set(context, first.source ^ 1, next_ns);
		} else {
			order->set_first(context, next_ns);
		}
	}
	return sum;
}

static int measure(const struct order *order, uint32_t channels, enum work work, uint32_t steps,
		   double *ns, uint64_t *sum, struct error *error)
{
	uint32_t sources = work == IDLE ? 2 * channels : channels;
	void *context = order->create(sources, GAP_NS);
	struct machine_watch watch;
	cpu_set_t before;

	if (context == NULL)
		return error_set(error, -ENOMEM, "agenda", "no memory for %u sources", sources);
	for (uint32_t i = 0; i < channels; i++) {
		uint64_t at_ns = (uint64_t)(i * UINT64_C(2654435761) % channels) * GAP_NS;

		if (work == CROWDED)
			at_ns = i / CROWD * CROWD * GAP_NS;
		order->set(context, work == IDLE ? 2 * i : i, at_ns);
	}
	machine_pin(&before);
	run(order, context, channels, work, steps / 10);
	watch = machine_watch_start(getpid());
	*sum = run(order, context, channels, work, steps);
	*ns = machine_watch_seconds(&watch, NULL) * 1e9 / steps;
	machine_unpin(&before);
	order->destroy(context);
	return 0;
}

static int round_of(struct bench *bench, unsigned size, enum work work, struct error *error)
{
	double ns[METHODS];
	uint64_t sums[METHODS];

	for (unsigned i = 0; i < order_count; i++) {
		int code = measure(&orders[i], sizes[size], work, bench->steps, &ns[i], &sums[i],
				   error);

		if (code)
			return code;
		if (sums[i] != sums[0])
			return error_set(error, -EPROTO, "agenda",
					 "%s gives another order than %s over %u channels (%s)",
					 orders[i].name, orders[0].name, sizes[size],
					 work_names[work]);
		samples_add(&bench->lines[size][work][i]->corridor, ns[i]);
		if (i > 0)
			samples_add(&bench->lines[size][work][i]->reference, ns[0]);
	}
	return 0;
}

static void add_lines(struct bench *bench)
{
	static char keys[SIZES][WORKS][METHODS][48], whats[SIZES][WORKS][METHODS][80];

	for (unsigned size = 0; size < SIZES; size++) {
		for (unsigned work = 0; work < WORKS; work++) {
			for (unsigned i = 0; i < order_count; i++) {
				char *key = keys[size][work][i], *what = whats[size][work][i];

				snprintf(key, sizeof(keys[0][0][0]), "%s_%u_%u", orders[i].key,
					 sizes[size], work);
				if (i == 0)
					snprintf(what, sizeof(whats[0][0][0]),
						 "%u channels, %s: %s", sizes[size],
						 work_names[work], orders[i].name);
				else
					snprintf(what, sizeof(whats[0][0][0]), "  %s",
						 orders[i].name);
				bench->lines[size][work][i] = report_add(
					&bench->report, key, what, "ns", i == 0 ? NULL : BARE);
			}
		}
	}
}

int main(int argc, char **argv)
{
	static struct bench bench = {.report = {.name = "agenda"}, .steps = STEPS};
	struct options options;
	struct error error;
	int code = 0, status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	bench.report.rounds = options.rounds;
	bench.steps = options.quick ? STEPS / 10 : STEPS;
	add_lines(&bench);
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		for (unsigned i = 0; code == 0 && i < SIZES * WORKS; i++)
			code = round_of(&bench, i / WORKS, i % WORKS, &error);
	}
	if (code) {
		fprintf(stderr, "bench_agenda: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_note(&bench.report,
		    "one step: the first is looked at and moved, something due every %d ns; all "
		    "gave the same order, equal instants included",
		    GAP_NS);
	report_print(&bench.report, options.json);
	return 0;
}
