// SPDX-License-Identifier: BSD-3-Clause
// The ring's topology as text, loaded as a user's is.
#include "bench/ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/load.h"

#define SECTION 128

static char *make_text(const char *more)
{
	size_t size = strlen(more) + (size_t)(RING_LINKS + RING_ROUTERS + 1) * SECTION;
	char *text = malloc(size);
	size_t used = 0;

	if (text == NULL)
		return NULL;
	used += (size_t)snprintf(text, size, "[network]\nname = bench\nrouting = static\n%s", more);
	for (unsigned i = 0; i < RING_ROUTERS; i++)
		used += (size_t)snprintf(text + used, size - used,
					 "[site r%u]\nkind = router\naddress = 10.255.0.%u\n", i,
					 i + 1);
	for (unsigned i = 0; i < RING_LINKS; i++)
		used += (size_t)snprintf(text + used, size - used,
					 "[link l%u]\nends = r%u, r%u\ndelay = 1ms\n", i,
					 i / RING_PARALLEL, (i / RING_PARALLEL + 1) % RING_ROUTERS);
	return text;
}

struct topology *ring_load(const char *more, struct error *error)
{
	struct errors errors = {.count = 0};
	char *text = make_text(more);
	struct topology *topology = text ? topology_load_text(text, "bench", &errors) : NULL;

	free(text);
	if (topology == NULL) {
		error_set(error, -ENOMEM, "bench", "no memory for its topology");
		if (errors.kept > 0)
			*error = errors.items[0];
	}
	errors_fini(&errors);
	return topology;
}
