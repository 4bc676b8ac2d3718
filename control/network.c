// SPDX-License-Identifier: BSD-3-Clause
// The network as it stands at an instant: carries out changes, keeps the timeline, and holds the
// plan that follows.
#include "control/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/change.h"
#include "control/compile.h"
#include "control/convergence.h"
#include "control/evolve.h"
#include "control/routes.h"
#include "control/schedule.h"
#include "topologies/sky.h"

struct network {
	const struct topology *topology;
	struct plan *plan;
	size_t touched_shown; // entries of plan->touched that the last step has left
	size_t touched_room;
	uint64_t now_ns;
	uint64_t version; // of the plan's contents
	struct routes *routes;
	struct schedule schedule;
	struct convergence_state *convergence;
	struct impairment *impairments; // [channel]
	bool *channel_up;               // [channel], of its own, as users have it
	bool *carries;                  // [channel], with a satellite in service too
	struct evolve *evolve;
	bool *site_up;                // [site]
	struct network_event *events; // a ring of NETWORK_EVENTS_KEPT
	uint64_t event_count;         // of all, those that are forgotten included
};

static int out_of_memory(const struct network *network, struct error *error)
{
	return error_set(error, -ENOMEM, network->topology->name, "no memory for the network");
}

// ---- Making and ending ----

static int do_sky(struct network *network, struct error *error);

static int schedule_events(struct network *network, struct error *error)
{
	const struct topology *topology = network->topology;

	for (uint32_t e = 0; e < topology->event_count; e++) {
		const struct event *event = &topology->events[e];
		struct schedule_item item = {
			.at_ns = event->at_ns, .kind = SCHEDULE_EVENT, .index = e};
		struct error fault;

		if (network_check(topology, event->command, &fault)) {
			char where[sizeof(fault.where)];

			compile_where(&event->source, "event", event->name, where, sizeof(where));
			strncat(where, " do", sizeof(where) - strlen(where) - 1);
			return error_set(error, fault.code, where, "%s", fault.what);
		}
		if (schedule_push(&network->schedule, item))
			return out_of_memory(network, error);
	}
	return 0;
}

static int fill(struct network *network, struct error *error)
{
	const struct topology *topology = network->topology;
	struct plan *plan = network->plan;
	struct convergence_truth truth;
	bool *link_down;
	int rc;

	network->impairments = calloc(plan->channel_count + 1, sizeof(*network->impairments));
	network->channel_up = malloc((plan->channel_count + 1) * sizeof(*network->channel_up));
	network->carries = malloc((plan->channel_count + 1) * sizeof(*network->carries));
	network->site_up = malloc((plan->site_count + 1) * sizeof(*network->site_up));
	network->events = calloc(NETWORK_EVENTS_KEPT, sizeof(*network->events));
	link_down = calloc(topology->link_count + 1, sizeof(*link_down));
	if (!network->impairments || !network->channel_up || !network->carries ||
	    !network->site_up || !network->events || !link_down) {
		free(link_down);
		return out_of_memory(network, error);
	}
	for (size_t c = 0; c < plan->channel_count; c++) {
		network->impairments[c] = topology->links[c / 2].impairments[c % 2];
		network->channel_up[c] = !topology->links[c / 2].starts_down;
		plan->channels[c].params.carrier = network->carries[c] = network->channel_up[c];
	}
	for (size_t l = 0; l < topology->link_count; l++)
		link_down[l] = topology->links[l].starts_down;
	memset(network->site_up, true, plan->site_count * sizeof(*network->site_up));
	network->routes = routes_create(topology, error);
	rc = network->routes ? routes_all(network->routes, plan, link_down, error) : -ENOMEM;
	free(link_down);
	if (rc)
		return rc;
	truth = (struct convergence_truth){
		.channel_up = network->carries, .site_up = network->site_up, .plan = plan};
	network->convergence =
		convergence_create(topology, truth, network->routes, &network->schedule);
	return network->convergence ? 0 : out_of_memory(network, error);
}

struct network *network_create(const struct topology *topology, enum network_ports ports,
			       struct error *error)
{
	struct network *network = calloc(1, sizeof(*network));

	if (!network) {
		error_set(error, -ENOMEM, topology->name, "no memory for the network");
		return NULL;
	}
	network->topology = topology;
	network->plan = compile_plan(topology, ports, error);
	network->evolve = evolve_create(topology);
	if (!network->evolve)
		out_of_memory(network, error);
	if (!network->plan || !network->evolve || fill(network, error) || do_sky(network, error) ||
	    schedule_events(network, error)) {
		network_free(network);
		return NULL;
	}
	return network;
}

static void *copy_array(const void *array, size_t count, size_t size)
{
	void *copy = malloc((count + 1) * size);

	if (copy && count)
		memcpy(copy, array, count * size);
	return copy;
}

static bool copy_events(struct network *copy, const struct network *network)
{
	copy->events = calloc(NETWORK_EVENTS_KEPT, sizeof(*copy->events));
	for (size_t i = 0; copy->events && i < NETWORK_EVENTS_KEPT; i++) {
		copy->events[i].at_ns = network->events[i].at_ns;
		if (!network->events[i].what)
			continue;
		copy->events[i].what = strdup(network->events[i].what);
		if (!copy->events[i].what)
			return false;
	}
	return copy->events;
}

struct network *network_copy(const struct network *network)
{
	struct network *copy = calloc(1, sizeof(*copy));
	const struct plan *plan = network->plan;
	struct convergence_truth truth;

	if (!copy)
		return NULL;
	copy->topology = network->topology;
	copy->plan = network_copy_plan(network);
	copy->touched_shown = network->touched_shown;
	copy->touched_room = plan->touched_count;
	copy->now_ns = network->now_ns;
	copy->version = network->version;
	copy->event_count = network->event_count;
	copy->impairments =
		copy_array(network->impairments, plan->channel_count, sizeof(*copy->impairments));
	copy->channel_up =
		copy_array(network->channel_up, plan->channel_count, sizeof(*copy->channel_up));
	copy->carries = copy_array(network->carries, plan->channel_count, sizeof(*copy->carries));
	copy->evolve = evolve_copy(network->evolve);
	copy->site_up = copy_array(network->site_up, plan->site_count, sizeof(*copy->site_up));
	if (!copy->plan || !copy->impairments || !copy->channel_up || !copy->carries ||
	    !copy->evolve || !copy->site_up || !copy_events(copy, network) ||
	    schedule_copy(&copy->schedule, &network->schedule))
		goto fail;
	copy->routes = routes_copy(network->routes, copy->plan);
	if (!copy->routes)
		goto fail;
	truth = (struct convergence_truth){
		.channel_up = copy->carries, .site_up = copy->site_up, .plan = copy->plan};
	copy->convergence =
		convergence_copy(network->convergence, truth, copy->routes, &copy->schedule);
	if (!copy->convergence)
		goto fail;
	return copy;
fail:
	network_free(copy);
	return NULL;
}

void network_free(struct network *network)
{
	if (!network)
		return;
	convergence_destroy(network->convergence);
	schedule_fini(&network->schedule);
	routes_destroy(network->routes);
	plan_free(network->plan);
	free(network->impairments);
	free(network->channel_up);
	free(network->carries);
	evolve_free(network->evolve);
	free(network->site_up);
	for (size_t i = 0; network->events && i < NETWORK_EVENTS_KEPT; i++)
		free(network->events[i].what);
	free(network->events);
	free(network);
}

// ---- Reading ----

const struct plan *network_plan(const struct network *network)
{
	return network->plan;
}

struct plan *network_copy_plan(const struct network *network)
{
	struct plan *copy = plan_copy(network->plan);

	if (!copy || network->plan->touched_count == 0)
		return copy;
	copy->touched = malloc(network->plan->touched_count * sizeof(*copy->touched));
	if (!copy->touched) {
		plan_free(copy);
		return NULL;
	}
	copy->touched_count = network->plan->touched_count;
	memcpy(copy->touched, network->plan->touched, copy->touched_count * sizeof(*copy->touched));
	return copy;
}

uint64_t network_plan_version(const struct network *network)
{
	return network->version;
}

void network_pass_sky(struct network *network, uint64_t until_ns)
{
	schedule_postpone(&network->schedule, SCHEDULE_SKY, until_ns);
}

uint64_t network_next_change_ns(const struct network *network)
{
	const struct schedule_item *item = schedule_first(&network->schedule);

	return item ? item->at_ns : NETWORK_NO_CHANGE;
}

bool network_is_settled(const struct network *network)
{
	return convergence_is_settled(network->convergence);
}

size_t network_event_count(const struct network *network)
{
	return (size_t)(network->event_count - network_events_forgotten(network));
}

const struct network_event *network_event(const struct network *network, size_t i)
{
	uint64_t number = network_events_forgotten(network) + i;

	return &network->events[number % NETWORK_EVENTS_KEPT];
}

uint64_t network_events_forgotten(const struct network *network)
{
	return network->event_count > NETWORK_EVENTS_KEPT
		       ? network->event_count - NETWORK_EVENTS_KEPT
		       : 0;
}

const struct impairment *network_impairment(const struct network *network, uint32_t channel)
{
	return &network->impairments[channel];
}

bool network_channel_is_up(const struct network *network, uint32_t channel)
{
	return network->carries[channel];
}

bool network_service(const struct network *network, uint32_t link, uint64_t at_ns,
		     struct handover *service)
{
	return evolve_service(network->evolve, link, at_ns, service);
}

bool network_site_is_up(const struct network *network, uint32_t site)
{
	return network->site_up[site];
}

// ---- Changing ----

// Notes what happened, in the place of the oldest. A text that finds no memory is left out.
static void note(struct network *network, uint64_t at_ns, const char *what)
{
	struct network_event *event = &network->events[network->event_count % NETWORK_EVENTS_KEPT];
	char *text = strdup(what);

	if (!text)
		return;
	free(event->what);
	*event = (struct network_event){.at_ns = at_ns, .what = text};
	network->event_count++;
}

// Makes room for `more` touched channels, so that touch() cannot fail.
static bool touched_make_room(struct network *network, size_t more)
{
	size_t room = network->plan->touched_count + more;
	struct plan_touched *touched;

	if (room <= network->touched_room)
		return true;
	touched = realloc(network->plan->touched, room * sizeof(*touched));
	if (!touched)
		return false;
	network->plan->touched = touched;
	network->touched_room = room;
	return true;
}

// One entry a channel since the last step; a cut outlasts everything.
static void touch(struct network *network, uint32_t channel, enum plan_inflight inflight)
{
	struct plan *plan = network->plan;
	uint64_t delay_ns = plan->channels[channel].params.delay_ns;

	if (inflight == PLAN_NEW)
		return;
	for (size_t i = network->touched_shown; i < plan->touched_count; i++) {
		if (plan->touched[i].channel == channel) {
			if (inflight == PLAN_CUT)
				plan->touched[i].inflight = PLAN_CUT;
			plan->touched[i].delay_ns = delay_ns;
			return;
		}
	}
	plan->touched[plan->touched_count++] = (struct plan_touched){channel, inflight, delay_ns};
}

// Parameters of a channel now, the sky's included.
static int compute(struct network *network, uint32_t channel, const struct impairment *impairment,
		   struct channel_params *params, struct error *error)
{
	int rc = compile_channel_params(network->topology, channel, impairment,
					network->carries[channel], params, error);

	if (rc)
		return rc;
	if (evolve_apply(network->evolve, channel, network->now_ns,
			 impairment->given & IMPAIRMENT(GROUP_DELAY), params))
		return out_of_memory(network, error);
	channel_finish(params);
	return 0;
}

// Puts a set or reset in force on the channels of one link; nothing if one of them cannot.
static int impair(struct network *network, const struct change *change, struct error *error)
{
	const struct link *link = &network->topology->links[change->index];
	struct impairment impairments[LINK_DIRECTIONS];
	struct channel_params params[LINK_DIRECTIONS];

	for (unsigned d = change->first; d <= (unsigned)change->last; d++) {
		uint32_t c = topology_channel(change->index, (enum link_direction)d);
		int rc;

		if (change->action == CHANGE_RESET) {
			impairments[d] = change_reset(link, (enum link_direction)d);
		} else {
			impairments[d] = network->impairments[c];
			impairment_merge(&impairments[d], &change->impairment);
		}
		rc = compute(network, c, &impairments[d], &params[d], error);
		if (rc)
			return rc;
	}
	for (unsigned d = change->first; d <= (unsigned)change->last; d++) {
		uint32_t c = topology_channel(change->index, (enum link_direction)d);

		network->impairments[c] = impairments[d];
		network->plan->channels[c].params = params[d];
		touch(network, c, change->inflight);
	}
	return 0;
}

// A link carries when its user and the sky let it: for the plan and for routing.
static int tell_link(struct network *network, uint32_t link)
{
	bool in_service = evolve_is_up(network->evolve, link, network->now_ns);

	for (uint32_t c = 2 * link; c <= 2 * link + 1; c++) {
		network->carries[c] = network->channel_up[c] && in_service;
		network->plan->channels[c].params.carrier = network->carries[c];
		channel_finish(&network->plan->channels[c].params);
	}
	return convergence_link_changed(network->convergence, link, network->now_ns);
}

static void note_service(struct network *network, uint32_t link)
{
	const struct link *of = &network->topology->links[link];
	char text[3 * TOPOLOGY_NAME_MAX], name[TOPOLOGY_NAME_MAX + 1];
	struct handover service;
	bool serves = evolve_service(network->evolve, link, network->now_ns, &service);

	if (service.from_utc_ns != sky_utc_ns(network->topology, network->now_ns))
		return;
	snprintf(text, sizeof(text), "%s: %s", of->name,
		 serves ? sky_way_name(network->topology, of, service.path, name, sizeof(name))
			: "no satellite in sight");
	if (serves)
		strcat(text, " serves");
	note(network, network->now_ns, text);
}

static int move_link(struct network *network, uint32_t link, bool renewed, struct error *error)
{
	for (uint32_t c = 2 * link; renewed && c <= 2 * link + 1; c++) {
		int rc = compute(network, c, &network->impairments[c],
				 &network->plan->channels[c].params, error);

		if (rc)
			return rc;
	}
	if (evolve_breaks(network->evolve, link, network->now_ns)) {
		if (!touched_make_room(network, LINK_DIRECTIONS))
			return out_of_memory(network, error);
		touch(network, 2 * link, PLAN_CUT);
		touch(network, 2 * link + 1, PLAN_CUT);
	}
	note_service(network, link);
	return tell_link(network, link) ? out_of_memory(network, error) : 0;
}

// What the sky does at this instant, and when it does something next.
static int do_sky(struct network *network, struct error *error)
{
	int renewed = evolve_to(network->evolve, network->now_ns, error);
	uint64_t next_ns = evolve_next_ns(network->evolve, network->now_ns);
	int rc = renewed < 0 ? renewed : 0;

	if (rc || next_ns == EVOLVE_NEVER)
		return rc;
	for (uint32_t l = 0; !rc && l < network->topology->link_count; l++)
		if (sky_link_moves(network->topology, &network->topology->links[l]))
			rc = move_link(network, l, renewed > 0, error);
	network->version++;
	network->plan->valid_from_ns = network->now_ns;
	if (!rc && schedule_push(&network->schedule,
				 (struct schedule_item){.at_ns = next_ns, .kind = SCHEDULE_SKY}))
		rc = out_of_memory(network, error);
	return rc;
}

// Puts channels of a link up or down.
static int carry(struct network *network, uint32_t link, enum link_direction first,
		 enum link_direction last, const struct change *change)
{
	bool up = change->action == CHANGE_UP;

	for (unsigned d = first; d <= (unsigned)last; d++) {
		uint32_t c = topology_channel(link, (enum link_direction)d);

		network->channel_up[c] = up;
		touch(network, c, change->inflight);
	}
	return tell_link(network, link);
}

static int apply(struct network *network, const struct change *change, struct error *error)
{
	const struct topology *topology = network->topology;
	bool up = change->action == CHANGE_UP;
	int rc = 0;

	if (!touched_make_room(network, change->object == CHANGE_CONDUIT
						? 2 * topology->conduits[change->index].link_count
						: LINK_DIRECTIONS))
		return out_of_memory(network, error);
	if (change->action == CHANGE_SET || change->action == CHANGE_RESET)
		return impair(network, change, error);
	if (change->object == CHANGE_LINK) {
		rc = carry(network, change->index, change->first, change->last, change);
	} else if (change->object == CHANGE_CONDUIT) {
		const struct conduit *conduit = &topology->conduits[change->index];

		for (size_t i = 0; !rc && i < conduit->link_count; i++)
			rc = carry(network, conduit->links[i], LINK_FORWARD, LINK_REVERSE, change);
	} else if (network->site_up[change->index] != up) {
		network->site_up[change->index] = up;
		network->plan->sites[change->index].carrier = up;
		rc = convergence_site_changed(network->convergence, change->index, network->now_ns);
	}
	return rc ? out_of_memory(network, error) : 0;
}

// Carries out one line at now_ns.
static int carry_out(struct network *network, const char *line, const char *where,
		     struct error *error)
{
	char text[512];
	struct change change;
	int rc = change_parse(network->topology, line, where, &change, error);

	if (!rc)
		rc = apply(network, &change, error);
	if (rc)
		return rc;
	network->version++;
	network->plan->valid_from_ns = network->now_ns;
	note(network, network->now_ns,
	     change_format(network->topology, &change, text, sizeof(text)));
	return 0;
}

static int do_event(struct network *network, uint32_t index, struct error *error)
{
	const struct event *event = &network->topology->events[index];
	char where[sizeof(error->where)];

	compile_where(&event->source, "event", event->name, where, sizeof(where));
	strncat(where, " do", sizeof(where) - strlen(where) - 1);
	return carry_out(network, event->command, where, error);
}

static void change_over(struct network *network, const struct schedule_item *item)
{
	char text[TOPOLOGY_NAME_MAX + 32];

	convergence_change_over(network->convergence, item, network->plan);
	network->version++;
	if (!network->site_up[item->index])
		return;
	snprintf(text, sizeof(text), "%s: next hops changed",
		 network->topology->sites[item->index].name);
	note(network, item->at_ns, text);
}

// Carries out all that is scheduled at or before at_ns.
static int catch_up(struct network *network, uint64_t at_ns, struct error *error)
{
	while (network_next_change_ns(network) <= at_ns && network->schedule.count > 0) {
		struct schedule_item item = schedule_pop(&network->schedule);
		int rc = 0;

		if (item.at_ns > network->now_ns)
			network->now_ns = item.at_ns;
		if (item.kind == SCHEDULE_EVENT)
			rc = do_event(network, item.index, error);
		else if (item.kind == SCHEDULE_SKY)
			rc = do_sky(network, error);
		else if (item.kind == SCHEDULE_FIB)
			change_over(network, &item);
		else
			rc = convergence_do(network->convergence, &item, network->plan, error);
		if (rc)
			return rc;
	}
	if (at_ns > network->now_ns)
		network->now_ns = at_ns;
	return 0;
}

int network_command(struct network *network, uint64_t at_ns, const char *line, struct error *error)
{
	struct change change;
	int rc = change_parse(network->topology, line, line, &change, error);

	if (!rc)
		rc = catch_up(network, at_ns, error);
	return rc ? rc : carry_out(network, line, line, error);
}

int network_step(struct network *network, uint64_t at_ns, struct error *error)
{
	struct plan *plan = network->plan;
	int rc;

	// What the last step has shown is over.
	if (network->touched_shown > 0) {
		plan->touched_count -= network->touched_shown;
		memmove(plan->touched, plan->touched + network->touched_shown,
			plan->touched_count * sizeof(*plan->touched));
	}
	network->touched_shown = 0;
	rc = catch_up(network, at_ns, error);
	network->touched_shown = plan->touched_count;
	plan->valid_from_ns = network->now_ns;
	return rc;
}
