// SPDX-License-Identifier: BSD-3-Clause
// Steps that the tests of network share.
#include "tests/control/network_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/paper.h"

const char triangle[] = TIMES ROUTER("a") ROUTER("b") ROUTER("c") LINK("ab", "a", "b", "1ms", "1")
	LINK("ac", "a", "c", "2ms", "1") LINK("cb", "c", "b", "3ms", "5");

struct network *start(const struct topology *topology)
{
	struct error error;
	struct network *network = network_create(topology, NETWORK_FILES, &error);

	if (!network)
		fail_msg("%s: %s", error.where, error.what);
	return network;
}

void command(struct network *network, uint64_t at_ns, const char *line)
{
	struct error error;

	if (network_command(network, at_ns, line, &error))
		fail_msg("%s: %s", error.where, error.what);
}

void run_to(struct network *network, uint64_t at_ns)
{
	struct error error;

	while (network_next_change_ns(network) <= at_ns &&
	       network_next_change_ns(network) != NETWORK_NO_CHANGE) {
		if (network_step(network, network_next_change_ns(network), &error))
			fail_msg("%s: %s", error.where, error.what);
	}
	if (at_ns != UINT64_MAX && network_step(network, at_ns, &error))
		fail_msg("%s: %s", error.where, error.what);
}

void assert_event(const struct network *network, size_t i, uint64_t at_ns, const char *what)
{
	const struct network_event *event;

	assert_true(i < network_event_count(network));
	event = network_event(network, i);
	assert_string_equal(event->what, what);
	assert_int_equal(event->at_ns, at_ns);
}

void assert_path(const struct topology *t, const struct network *network, const char *from,
		 const char *to, const char *expected)
{
	uint32_t channels[NETWORK_PATH_MOST];
	size_t count = network_path(network, paper_site(t, from), paper_site(t, to), channels,
				    NETWORK_PATH_MOST);
	char text[512] = "";
	char name[128];

	for (size_t i = 0; i < count && i < 5; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 topology_channel_name(t, channels[i], name, sizeof(name)));
	assert_string_equal(text, expected);
}
