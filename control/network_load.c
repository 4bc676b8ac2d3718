// SPDX-License-Identifier: BSD-3-Clause
// A topology with the commands of its events checked, and commands checked without effect.
#include "control/change.h"
#include "control/compile.h"
#include "control/evolve_radio.h"
#include "control/network.h"
#include "topologies/load.h"
#include "topologies/sky.h"

struct topology *network_load(const char *path, struct errors *errors)
{
	struct topology *topology = topology_load_lines(path, change_check_words, errors);
	size_t before = errors->count;

	for (size_t i = 0; topology && i < topology->event_count; i++) {
		const struct event *event = &topology->events[i];
		struct error error = {.code = 0};
		char where[sizeof(error.where)];

		if (network_check(topology, event->command, &error) == 0)
			continue;
		compile_where(&event->source, "event", event->name, where, sizeof(where));
		errors_add(errors, error.code, where, "do: %s", error.what);
	}
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
	int64_t before_utc_ns = topology->epoch_utc_ns;
	int rc;

	if (!sky_moves(topology))
		return 0;
	rc = sky_start(topology, epoch_utc_ns, error);
	if (rc || topology->epoch_utc_ns == before_utc_ns)
		return rc;
	return evolve_radio(topology, error);
}

int network_check(const struct topology *topology, const char *line, struct error *error)
{
	struct change change;
	int rc = change_parse(topology, line, line, &change, error);

	if (rc || change.action != CHANGE_SET)
		return rc;
	for (unsigned d = change.first; !rc && d <= (unsigned)change.last; d++) {
		struct impairment impairment = topology->links[change.index].impairments[d];
		struct channel_params params;

		impairment_merge(&impairment, &change.impairment);
		rc = compile_channel_params(topology,
					    topology_channel(change.index, (enum link_direction)d),
					    &impairment, true, &params, error);
	}
	return rc;
}
