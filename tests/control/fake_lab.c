// SPDX-License-Identifier: BSD-3-Clause
// A live lab on the fake engine.
#include "tests/control/fake_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fake_lab fake_lab_make(const char *text)
{
	static const struct lab_options options = {.name = NULL};
	struct fake_lab fake = {.topology = paper(text)};
	struct error error;

	fake_engine_reset();
	fake.lab = lab_create(fake.topology, &options, &error);
	if (fake.lab == NULL)
		fail_msg("%s: %s", error.where, error.what);
	return fake;
}

struct fake_lab fake_lab_start(const char *text)
{
	struct fake_lab fake = fake_lab_make(text);
	struct error error;

	if (lab_start(fake.lab, &error) != 0)
		fail_msg("%s: %s", error.where, error.what);
	return fake;
}

void fake_lab_end(struct fake_lab *fake)
{
	lab_destroy(fake->lab);
	topology_free(fake->topology);
	fake_engine_reset();
}

uint64_t fake_lab_change(struct fake_lab *fake, const char *line)
{
	struct error error;
	uint64_t at_ns = 0;

	if (lab_change(fake->lab, &line, 1, &at_ns, &error) != 0)
		fail_msg("%s: %s", error.where, error.what);
	return at_ns;
}

void fake_lab_run_to(struct fake_lab *fake, uint64_t now_ns)
{
	struct error error;

	for (;;) {
		uint64_t step_ns = lab_next_step_ns(fake->lab);

		if (step_ns > now_ns)
			break;
		if (step_ns > fake_engine.now_ns)
			fake_engine.now_ns = step_ns;
		if (lab_step(fake->lab, &error) != 0)
			fail_msg("%s: %s", error.where, error.what);
	}
	fake_engine.now_ns = now_ns;
}

const struct channel_params *fake_lab_params(const struct fake_lab *fake, const char *channel)
{
	return &fake_engine.plan->channels[paper_channel(fake->topology, channel)].params;
}
