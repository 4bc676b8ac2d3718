// SPDX-License-Identifier: BSD-3-Clause
// A topology with the commands of its events checked, and commands checked without effect.
#include <errno.h>
#include <stdlib.h>

#include "control/change.h"
#include "control/compile.h"
#include "control/evolve_radio.h"
#include "control/network.h"
#include "topologies/impairment_params.h"
#include "topologies/load.h"
#include "topologies/sky.h"

static int compiles(const struct topology *topology, const struct change *change, unsigned d,
		    const struct impairment *impairment, struct error *error)
{
	struct channel_params params;

	return compile_channel_params(topology,
				      topology_channel(change->index, (enum link_direction)d),
				      impairment, true, &params, error);
}

// A command of the timeline upon what those before it have made of its channels.
static int check_in_turn(const struct topology *topology, struct impairment *impairments,
			 const char *line, struct error *error)
{
	struct change change;
	int rc = change_parse(topology, line, line, &change, error);

	if (rc || (change.action != CHANGE_SET && change.action != CHANGE_RESET))
		return rc;
	for (unsigned d = change.first; !rc && d <= (unsigned)change.last; d++) {
		struct impairment *now = &impairments[2 * change.index + d];

		if (change.action == CHANGE_RESET)
			*now = change_reset(&topology->links[change.index], (enum link_direction)d);
		else
			impairment_merge(now, &change.impairment);
		rc = compiles(topology, &change, d, now, error);
	}
	return rc;
}

static struct impairment *as_written(const struct topology *topology)
{
	struct impairment *impairments = calloc(2 * topology->link_count + 1, sizeof(*impairments));

	for (size_t l = 0; impairments && l < topology->link_count; l++)
		for (unsigned d = 0; d < LINK_DIRECTIONS; d++)
			impairments[2 * l + d] = topology->links[l].impairments[d];
	return impairments;
}

static void check_events(const struct topology *topology, struct errors *errors)
{
	struct impairment *impairments = as_written(topology);

	for (size_t i = 0; i < topology->event_count; i++) {
		const struct event *event = &topology->events[i];
		struct error error = {.code = 0};
		char where[sizeof(error.where)];

		if (!impairments)
			error_set(&error, -ENOMEM, "", "no memory to check it");
		else if (check_in_turn(topology, impairments, event->command, &error) == 0)
			continue;
		compile_where(&event->source, "event", event->name, where, sizeof(where));
		errors_add(errors, error.code, where, "do: %s", error.what);
	}
	free(impairments);
}

struct topology *network_load(const char *path, struct errors *errors)
{
	struct topology *topology = topology_load_lines(path, change_check_words, errors);
	size_t before = errors->count;

	if (topology)
		check_events(topology, errors);
	if (topology && errors->count == before) {
		struct error error = {.code = 0};

		if (evolve_radio(topology, &error))
			errors_add(errors, error.code, error.where, "%s", error.what);
	}
	if (errors->count == before)
		return topology;
	topology_free(topology);
	return NULL;
}

int network_set_epoch(struct topology *topology, int64_t epoch_utc_ns, struct error *error)
{
	int rc;

	// What loading made of the epoch that it has is not made twice.
	if (!sky_moves(topology) || topology->epoch_given || topology->epoch_utc_ns == epoch_utc_ns)
		return 0;
	rc = sky_start(topology, epoch_utc_ns, error);
	return rc ? rc : evolve_radio(topology, error);
}

int network_check(const struct topology *topology, const char *line, struct error *error)
{
	struct change change;
	struct impairment alone = {.given = IMPAIRMENT(GROUP_ACCESS)};
	struct channel_params scratch = {0};
	int rc = change_parse(topology, line, line, &change, error);

	if (rc || change.action != CHANGE_SET)
		return rc;
	alone.access = change.impairment.access;
	rc = impairment_params(&alone, line, topology->tables, &scratch, error);
	for (unsigned d = change.first; !rc && d <= (unsigned)change.last; d++) {
		struct impairment impairment = topology->links[change.index].impairments[d];

		impairment_merge(&impairment, &change.impairment);
		// Access hangs together with a delay, a rate and a limit that may be others by
		// then.
		impairment.access = (struct impairment_access){.cra_bps = 0};
		rc = compiles(topology, &change, d, &impairment, error);
	}
	return rc;
}
