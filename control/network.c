// SPDX-License-Identifier: BSD-3-Clause
// The network as it stands at an instant: made and read; and its timeline.
#include "control/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/change.h"
#include "control/compile.h"
#include "control/network_private.h"

int network_out_of_memory(const struct network *network, struct error *error)
{
	return error_set(error, -ENOMEM, network->topology->name, "no memory for the network");
}

// ---- Making and ending ----

// Names the line of an event in messages; returns buffer.
static char *where_event(const struct event *event, char *buffer, size_t size)
{
	compile_where(&event->source, "event", event->name, buffer, size);
	return strncat(buffer, " do", size - strlen(buffer) - 1);
}

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

			return error_set(error, fault.code,
					 where_event(event, where, sizeof(where)), "%s",
					 fault.what);
		}
		if (schedule_push(&network->schedule, item))
			return network_out_of_memory(network, error);
	}
	return 0;
}

// Channels that begin alike share their words, if they are near each other.
static bool fill_words(struct network *network)
{
	for (size_t c = 0; c < network->plan->channel_count; c++) {
		const struct impairment *impairment =
			&network->topology->links[c / 2].impairments[c % 2];
		struct network_words *words = c >= 2 ? network->words[c - 2] : NULL;

		if (!words || memcmp(&words->impairment, impairment, sizeof(*impairment)) != 0) {
			words = calloc(1, sizeof(*words));
			if (!words)
				return false;
			memcpy(&words->impairment, impairment, sizeof(*impairment));
		}
		words->references++;
		network->words[c] = words;
	}
	return true;
}

static int fill(struct network *network, struct error *error)
{
	const struct topology *topology = network->topology;
	struct plan *plan = network->plan;
	struct convergence_truth truth;
	bool *link_down;
	int rc;

	network->words = calloc(plan->channel_count + 1, sizeof(struct network_words *));
	network->changed = calloc(plan->channel_count + 1, sizeof(*network->changed));
	network->stale = calloc(plan->channel_count + 1, sizeof(*network->stale));
	network->touched_place = calloc(plan->channel_count + 1, sizeof(*network->touched_place));
	network->channel_up = malloc((plan->channel_count + 1) * sizeof(*network->channel_up));
	network->modem_up = malloc((plan->channel_count + 1) * sizeof(*network->modem_up));
	network->carries = malloc((plan->channel_count + 1) * sizeof(*network->carries));
	network->site_up = malloc((plan->site_count + 1) * sizeof(*network->site_up));
	network->events = calloc(NETWORK_EVENTS_KEPT, sizeof(*network->events));
	link_down = calloc(topology->link_count + 1, sizeof(*link_down));
	if (!network->words || !network->changed || !network->stale || !network->touched_place ||
	    !network->channel_up || !network->modem_up || !network->carries || !network->site_up ||
	    !network->events || !link_down || !fill_words(network)) {
		free(link_down);
		return network_out_of_memory(network, error);
	}
	for (uint32_t c = 0; c < plan->channel_count; c++) {
		network->channel_up[c] = !topology->links[c / 2].starts_down;
		network->modem_up[c] = true; // if not, that is an event at 0
		// Where no satellite is in sight yet, nothing has failed.
		network->carries[c] =
			network->channel_up[c] && evolve_is_up(network->evolve, c / 2, 0);
		plan->channels[c].params.carrier = network->carries[c];
		link_down[c / 2] = !network->carries[c];
	}
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
	return network->convergence ? 0 : network_out_of_memory(network, error);
}

struct network *network_create(const struct topology *topology, enum network_ports ports,
			       struct error *error)
{
	struct network *network = calloc(1, sizeof(*network));

	if (!network) {
		error_set(error, -ENOMEM, topology->name, "no memory for the network");
		return NULL;
	}
	network->asked_at_ns = NETWORK_NO_CHANGE;
	network->topology = topology;
	network->plan = compile_plan(topology, ports, error);
	network->evolve = evolve_create(topology);
	if (!network->evolve)
		network_out_of_memory(network, error);
	if (!network->plan || !network->evolve || evolve_to(network->evolve, 0, error) < 0 ||
	    fill(network, error) || network_do_sky(network, error) ||
	    schedule_events(network, error)) {
		network_free(network);
		return NULL;
	}
	network->events_stepped = network->events_applied = network->event_count;
	return network;
}

void network_free(struct network *network)
{
	if (!network)
		return;
	if (network->mark.set)
		network_keep(network);
	network_forget_last(network);
	convergence_destroy(network->convergence);
	schedule_fini(&network->schedule);
	routes_destroy(network->routes);
	for (size_t c = 0; network->words && c < network->plan->channel_count; c++)
		network_words_put(network->words[c]);
	free(network->words);
	plan_free(network->spare);
	plan_free(network->plan);
	free(network->changed);
	free(network->stale);
	free(network->touched_place);
	free(network->channel_up);
	free(network->modem_up);
	free(network->carries);
	evolve_free(network->evolve);
	free(network->site_up);
	for (size_t i = 0; network->events && i < NETWORK_EVENTS_KEPT; i++)
		free(network->events[i].event.what);
	free(network->events);
	free(network);
}

// ---- Reading ----

const struct plan *network_plan(const struct network *network)
{
	network_settle(network);
	return network->plan;
}

struct plan *network_share_plan(struct network *network)
{
	network_settle(network);
	network->plan->references++;
	network->plan->since = network->spare;
	network->plan->changed = network->changed;
	return network->plan;
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

// Puts a line in full words. When memory is short it stays as it was given, for now.
static void write_out(const struct network *network, struct network_kept *kept)
{
	char text[512], *what;
	struct change change;

	if (change_parse(network->topology, kept->event.what, "", &change, NULL))
		return;
	what = strdup(change_format(network->topology, &change, text, sizeof(text)));
	if (!what)
		return;
	free(kept->event.what);
	kept->event.what = what;
	kept->is_line = false;
}

const struct network_event *network_event(const struct network *network, size_t i)
{
	uint64_t number = network_events_forgotten(network) + i;
	struct network_kept *kept = &network->events[number % NETWORK_EVENTS_KEPT];

	if (kept->is_line)
		write_out(network, kept);
	return &kept->event;
}

uint64_t network_events_forgotten(const struct network *network)
{
	return network->event_count > NETWORK_EVENTS_KEPT
		       ? network->event_count - NETWORK_EVENTS_KEPT
		       : 0;
}

const struct impairment *network_impairment(const struct network *network, uint32_t channel)
{
	return &network->words[channel]->impairment;
}

bool network_channel_is_up(const struct network *network, uint32_t channel)
{
	return network->carries[channel];
}

const char *network_down_by(const struct network *network, uint32_t channel)
{
	if (network->carries[channel])
		return NULL;
	if (!network->channel_up[channel])
		return "user";
	return network->modem_up[channel] ? "satellite" : "modem";
}

bool network_service(const struct network *network, uint32_t link, uint64_t at_ns,
		     struct handover *service)
{
	return evolve_service(network->evolve, link, at_ns, service);
}

uint64_t network_sites(const struct network *network, uint32_t channel, uint64_t at_ns)
{
	return evolve_sites(network->evolve, channel, at_ns);
}

bool network_site_is_up(const struct network *network, uint32_t site)
{
	return network->site_up[site];
}

// ---- The timeline ----

// What a user has put down stays down, and what a modem has dropped comes back with the modem.
static int do_modem(struct network *network, const struct event *event, struct error *error)
{
	struct change change;
	int rc = change_parse(network->topology, event->command, event->name, &change, error);

	if (rc)
		return rc;
	network_turn_modem(network, topology_channel(change.index, change.first),
			   change.action == CHANGE_UP);
	if (network_tell_link(network, change.index))
		return network_out_of_memory(network, error);
	network->version++;
	network->plan->valid_from_ns = network->now_ns;
	return 0;
}

static int do_event(struct network *network, uint32_t index, struct error *error)
{
	const struct event *event = &network->topology->events[index];
	char where[sizeof(error->where)];

	if (event->of_modem)
		return do_modem(network, event, error);
	return network_carry_out(network, event->at_ns, event->command,
				 where_event(event, where, sizeof(where)), error);
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
	network_note(network, item->at_ns, text, false);
}

// Carries out all that is scheduled at or before at_ns.
static int catch_up(struct network *network, uint64_t at_ns, struct error *error)
{
	while (network_next_change_ns(network) <= at_ns && network->schedule.count > 0) {
		struct schedule_item item;
		int rc = network_save_beliefs(network, error);

		if (rc)
			return rc;
		item = schedule_pop(&network->schedule);

		if (item.at_ns > network->now_ns)
			network->now_ns = item.at_ns;
		if (item.kind == SCHEDULE_EVENT)
			rc = do_event(network, item.index, error);
		else if (item.kind == SCHEDULE_SKY)
			rc = network_do_sky(network, error);
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

static int command(struct network *network, uint64_t at_ns, const char *line, bool noted,
		   struct error *error)
{
	const struct change *change = network_parse(network, line, error);
	int rc = change ? network_own_plan(network, error) : error ? error->code : -EINVAL;

	if (!rc)
		rc = catch_up(network, at_ns, error);
	if (!rc)
		rc = network_apply(network, change, line, error);
	if (rc)
		return rc;
	if (noted)
		network_note(network,
			     network->asked_at_ns == NETWORK_NO_CHANGE ? network->now_ns
								       : network->asked_at_ns,
			     line, true);
	else
		network->event_count++; // others take its place before it could be seen
	return 0;
}

int network_command(struct network *network, uint64_t at_ns, const char *line, struct error *error)
{
	return command(network, at_ns, line, true, error);
}

int network_commands(struct network *network, uint64_t at_ns, const char *const *lines,
		     size_t count, struct error *error)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++)
		rc = command(network, at_ns, lines[i], count - i <= NETWORK_EVENTS_KEPT, error);
	return rc;
}

void network_asked(struct network *network, uint64_t asked_at_ns)
{
	network->asked_at_ns = asked_at_ns;
}

// Events from number `from` on, as far as they are kept.
static void apply_events(struct network *network, uint64_t from, uint64_t applied_at_ns)
{
	uint64_t kept = network_events_forgotten(network);

	for (uint64_t i = from > kept ? from : kept; i < network->event_count; i++)
		network->events[i % NETWORK_EVENTS_KEPT].event.applied_at_ns = applied_at_ns;
}

void network_applied(struct network *network, uint64_t applied_at_ns)
{
	apply_events(network, network->events_applied, applied_at_ns);
	network->events_applied = network->event_count;
}

int network_step(struct network *network, uint64_t at_ns, struct error *error)
{
	struct plan *plan;
	int rc = network_own_plan(network, error);

	if (rc)
		return rc;
	plan = network->plan;
	// What the last step has shown is over.
	if (network->touched_shown > 0) {
		plan->touched_count -= network->touched_shown;
		memmove(plan->touched, plan->touched + network->touched_shown,
			plan->touched_count * sizeof(*plan->touched));
		for (size_t i = 0; i < plan->touched_count; i++)
			network->touched_place[plan->touched[i].channel] = (uint32_t)i;
	}
	network->touched_shown = 0;
	rc = catch_up(network, at_ns, error);
	network->touched_shown = plan->touched_count;
	plan->valid_from_ns = network->now_ns;
	apply_events(network, network->events_stepped, network->now_ns);
	network->events_stepped = network->event_count;
	return rc;
}
