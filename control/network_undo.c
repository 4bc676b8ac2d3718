// SPDX-License-Identifier: BSD-3-Clause
// Changes made whole or not at all: two plans that take turns, and what else a change replaces.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/network_private.h"

// ---- Two plans ----

// What packets in flight are still to be asked for goes along with the plan.
static bool take_touched_along(struct network *network, struct plan *next)
{
	const struct plan *plan = network->plan;
	size_t bytes = plan->touched_count * sizeof(*plan->touched);

	if (plan->touched_count <= network->touched_shown) {
		network->touched_shown = network->touched_room = 0;
		return true;
	}
	next->touched = malloc(bytes);
	if (!next->touched)
		return false;
	memcpy(next->touched, plan->touched, bytes);
	next->touched_count = network->touched_room = plan->touched_count;
	return true;
}

static void change_plan(struct network *network, struct plan *plan)
{
	network->spare = network->plan;
	network->plan = plan;
	convergence_renew(network->convergence, plan);
	routes_renew(network->routes, plan);
}

void network_settle(const struct network *network)
{
	size_t count = network->plan->channel_count;

	if (!network->stale[count])
		return;
	for (size_t c = 0; c < count; c++) {
		if (network->stale[c])
			network->plan->channels[c] = network->spare->channels[c];
	}
	memset(network->stale, false, (count + 1) * sizeof(*network->stale));
}

// The plan goes on in the memory of the one before it, unless somebody still holds that. Channels
// that differ are copied later, as most may be overwritten.
static int go_on(struct network *network, struct error *error)
{
	struct plan *next = network->spare;
	size_t count = network->plan->channel_count;
	bool renewed = false;

	network_settle(network);
	if (!next || next->references > 1) {
		plan_free(next);
		next = plan_copy(network->plan);
	} else {
		renewed = plan_renew(next, network->plan) == 0;
		if (!renewed) {
			plan_free(next);
			next = NULL;
		}
	}
	network->spare = NULL;
	if (next && !take_touched_along(network, next)) {
		plan_free(next);
		next = NULL;
	}
	if (!next)
		return network_out_of_memory(network, error);
	for (size_t c = 0; renewed && c < count; c++)
		network->stale[c] = network->changed[c] != PLAN_SAME;
	network->stale[count] = renewed;
	memset(network->changed, PLAN_SAME, count * sizeof(*network->changed));
	change_plan(network, next);
	return 0;
}

int network_own_plan(struct network *network, struct error *error)
{
	return network->plan->references > 1 ? go_on(network, error) : 0;
}

// ---- What a change replaces ----

int network_save_beliefs(struct network *network, struct error *error)
{
	struct network_mark *mark = &network->mark;
	struct convergence_truth truth = {
		.channel_up = network->carries, .site_up = network->site_up, .plan = network->plan};

	network_settle(network);
	if (!mark->set || mark->convergence)
		return 0;
	if (schedule_copy(&mark->schedule, &network->schedule))
		return network_out_of_memory(network, error);
	mark->convergence =
		convergence_copy(network->convergence, truth, network->routes, &network->schedule);
	if (mark->convergence)
		return 0;
	schedule_fini(&mark->schedule);
	return network_out_of_memory(network, error);
}

int network_save_sky(struct network *network, struct error *error)
{
	struct network_mark *mark = &network->mark;

	if (!mark->set || mark->evolve)
		return 0;
	mark->evolve = evolve_copy(network->evolve);
	return mark->evolve ? 0 : network_out_of_memory(network, error);
}

static void clear_mark(struct network *network)
{
	struct network_mark *mark = &network->mark;

	convergence_destroy(mark->convergence);
	schedule_fini(&mark->schedule);
	evolve_free(mark->evolve);
	free(mark->channel_up);
	free(mark->modem_up);
	free(mark->carries);
	free(mark->site_up);
	free(mark->words);
	free(mark->events);
	*mark = (struct network_mark){.set = false};
	network_forget_last(network);
}

static bool *copy_flags(const bool *flags, size_t count)
{
	bool *copy = malloc((count + 1) * sizeof(*copy));

	if (copy)
		memcpy(copy, flags, count * sizeof(*copy));
	return copy;
}

int network_begin(struct network *network, struct error *error)
{
	struct network_mark *mark = &network->mark;
	struct network_mark begun = {
		.set = true,
		.touched_shown = network->touched_shown,
		.touched_room = network->touched_room,
		.now_ns = network->now_ns,
		.version = network->version,
		.event_count = network->event_count,
		.events_stepped = network->events_stepped,
		.events_applied = network->events_applied,
		.channel_up = copy_flags(network->channel_up, network->plan->channel_count),
		.modem_up = copy_flags(network->modem_up, network->plan->channel_count),
		.carries = copy_flags(network->carries, network->plan->channel_count),
		.site_up = copy_flags(network->site_up, network->plan->site_count),
	};
	int rc = 0;

	if (!begun.channel_up || !begun.modem_up || !begun.carries || !begun.site_up)
		rc = network_out_of_memory(network, error);
	if (!rc)
		rc = go_on(network, error);
	network_forget_last(network);
	*mark = begun;
	if (rc)
		clear_mark(network);
	return rc;
}

void network_keep(struct network *network)
{
	struct network_mark *mark = &network->mark;

	for (size_t i = 0; i < mark->words_count; i++)
		network_words_put(mark->words[i].words);
	for (size_t i = 0; i < mark->events_count; i++)
		free(mark->events[i].kept.event.what);
	clear_mark(network);
}

// The plan before is in force again; the other one is what comes next.
static void put_plan_back(struct network *network)
{
	struct plan *plan = network->spare, *undone = network->plan;
	bool added = undone->adjacency_count != plan->adjacency_count ||
		     undone->group_count != plan->group_count;

	// What had not been copied yet is, so that the two differ where `changed` says.
	network_settle(network);
	undone->adjacency_count = plan->adjacency_count;
	undone->group_count = plan->group_count;
	change_plan(network, plan);
	if (added)
		routes_forget(network->routes, plan);
}

static void put_events_back(struct network *network)
{
	struct network_mark *mark = &network->mark;

	for (size_t i = mark->events_count; i-- > 0;) {
		struct network_kept *place =
			&network->events[mark->events[i].number % NETWORK_EVENTS_KEPT];

		free(place->event.what);
		*place = mark->events[i].kept;
	}
	network->event_count = mark->event_count;
	network->events_stepped = mark->events_stepped;
	network->events_applied = mark->events_applied;
}

void network_undo(struct network *network)
{
	struct network_mark *mark = &network->mark;

	for (size_t i = mark->words_count; i-- > 0;) {
		network_words_put(network->words[mark->words[i].channel]);
		network->words[mark->words[i].channel] = mark->words[i].words;
	}
	put_events_back(network);
	memcpy(network->channel_up, mark->channel_up, network->plan->channel_count);
	memcpy(network->modem_up, mark->modem_up, network->plan->channel_count);
	memcpy(network->carries, mark->carries, network->plan->channel_count);
	memcpy(network->site_up, mark->site_up, network->plan->site_count);
	if (mark->convergence) {
		convergence_destroy(network->convergence);
		schedule_fini(&network->schedule);
		network->convergence = mark->convergence;
		network->schedule = mark->schedule;
		mark->convergence = NULL;
		mark->schedule = (struct schedule){.items = NULL};
	}
	if (mark->evolve) {
		evolve_free(network->evolve);
		network->evolve = mark->evolve;
		mark->evolve = NULL;
	}
	put_plan_back(network);
	network->touched_shown = mark->touched_shown;
	network->touched_room = mark->touched_room;
	network->now_ns = mark->now_ns;
	network->version = mark->version;
	clear_mark(network);
}
