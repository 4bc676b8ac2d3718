// SPDX-License-Identifier: BSD-3-Clause
// Topologies for tests of control.
#include "tests/control/paper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "topologies/load.h"

struct topology *paper(const char *text)
{
	struct errors errors = {.count = 0};
	struct topology *topology = topology_load_text(text, "paper.ini", &errors);

	if (!topology)
		fail_msg("%s: %s", errors.kept ? errors.items[0].where : "?",
			 errors.kept ? errors.items[0].what : "?");
	errors_fini(&errors);
	return topology;
}

uint32_t paper_site(const struct topology *topology, const char *name)
{
	uint32_t site = topology_find_site(topology, name);

	assert_int_not_equal(site, TOPOLOGY_NONE);
	return site;
}

uint32_t paper_channel(const struct topology *topology, const char *name)
{
	enum link_direction first, last;
	uint32_t link = topology_parse_channel(topology, name, &first, &last);

	assert_int_not_equal(link, TOPOLOGY_NONE);
	assert_int_equal(first, last);
	return topology_channel(link, first);
}
