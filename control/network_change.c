// SPDX-License-Identifier: BSD-3-Clause
// Carries out changes: parameters, carriers, and what becomes of packets in flight.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/change.h"
#include "control/compile.h"
#include "control/network_private.h"

static void keep_event(struct network *network, const struct network_kept *kept)
{
	struct network_mark *mark = &network->mark;
	uint64_t number = network->event_count;
	struct network_kept *place = &network->events[number % NETWORK_EVENTS_KEPT];

	if (mark->set)
		mark->events[mark->events_count++] =
			(struct network_replaced_event){.number = number, .kept = *place};
	else
		free(place->event.what);
	*place = *kept;
	network->event_count++;
}

// Room for one more in a list that doubles.
static bool has_room(void **list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *bigger;

	if (count < *room)
		return true;
	bigger = realloc(*list, more * size);
	if (!bigger)
		return false;
	*list = bigger;
	*room = more;
	return true;
}

void network_note(struct network *network, uint64_t at_ns, const char *what, bool is_line)
{
	struct network_mark *mark = &network->mark;
	struct network_kept kept = {.event = {.at_ns = at_ns, .applied_at_ns = network->now_ns},
				    .is_line = is_line};

	if (mark->set && !has_room((void **)&mark->events, mark->events_count, &mark->events_room,
				   sizeof(*mark->events)))
		return;
	kept.event.what = strdup(what);
	if (kept.event.what)
		keep_event(network, &kept);
}

bool network_touch_room(struct network *network, size_t more)
{
	size_t room = network->plan->touched_count + more;
	struct plan_touched *touched;

	if (room <= network->touched_room)
		return true;
	if (room < 2 * network->touched_room)
		room = 2 * network->touched_room;
	touched = realloc(network->plan->touched, room * sizeof(*touched));
	if (!touched)
		return false;
	network->plan->touched = touched;
	network->touched_room = room;
	return true;
}

void network_touch(struct network *network, uint32_t channel, enum plan_inflight inflight)
{
	struct plan *plan = network->plan;
	uint64_t delay_ns = plan->channels[channel].params.delay_ns;
	size_t place;

	if (inflight == PLAN_NEW)
		return;
	place = network->touched_place[channel];
	if (place >= network->touched_shown && place < plan->touched_count &&
	    plan->touched[place].channel == channel) {
		if (inflight == PLAN_CUT)
			plan->touched[place].inflight = PLAN_CUT;
		plan->touched[place].delay_ns = delay_ns;
		return;
	}
	network->touched_place[channel] = (uint32_t)plan->touched_count;
	plan->touched[plan->touched_count++] = (struct plan_touched){channel, inflight, delay_ns};
}

int network_params(struct network *network, uint32_t channel, const struct impairment *impairment,
		   struct channel_params *params, struct error *error)
{
	struct impairment now = evolve_impairment(network->evolve, channel, impairment);
	int rc = compile_channel_params(network->topology, channel, &now, network->carries[channel],
					params, error);

	if (rc)
		return rc;
	if (evolve_apply(network->evolve, channel, network->now_ns,
			 impairment->given & IMPAIRMENT(GROUP_DELAY), params))
		return network_out_of_memory(network, error);
	channel_finish(params);
	return 0;
}

struct plan_channel *network_channel(struct network *network, uint32_t channel, bool line)
{
	network->changed[channel] |= line ? PLAN_LINE_DIFFERS : PLAN_DIFFERS;
	if (network->stale[channel]) {
		network->plan->channels[channel] = network->spare->channels[channel];
		network->stale[channel] = false;
	}
	return &network->plan->channels[channel];
}

// Do rate or queue of a channel become others? Whichever words did that.
static bool changes_line(const struct network *network, uint32_t channel,
			 const struct channel_params *params)
{
	const struct plan *plan = network->stale[channel] ? network->spare : network->plan;
	const struct channel_params *before = &plan->channels[channel].params;

	return memcmp(&before->rate, &params->rate, sizeof(params->rate)) != 0 ||
	       memcmp(&before->queue, &params->queue, sizeof(params->queue)) != 0;
}

void network_words_put(struct network_words *words)
{
	if (words && --words->references == 0)
		free(words);
}

static void hold(struct network_words **place, struct network_words *words)
{
	words->references++;
	network_words_put(*place);
	*place = words;
}

void network_forget_last(struct network *network)
{
	struct network_last *last = &network->last;

	last->line[0] = '\0';
	for (int d = 0; d < LINK_DIRECTIONS; d++) {
		network_words_put(last->before[d]);
		network_words_put(last->after[d]);
		network_words_put(last->made_of[d]);
		last->before[d] = last->after[d] = last->made_of[d] = NULL;
	}
}

// A rate that a user gives goes before the weather's, as one in the topology does.
static void leave_weather(const struct link *link, enum link_direction direction,
			  struct impairment *impairment)
{
	if (!link->radio.evolved[direction] || !impairment->trace.table ||
	    impairment->trace.table != link->impairments[direction].trace.table)
		return;
	impairment->trace = (struct impairment_trace){.table = NULL};
	impairment->given &= ~IMPAIRMENT(GROUP_TRACE);
}

// The words of a direction after a set or reset: one reference. NULL when memory is short.
static struct network_words *change_words(struct network *network, const struct change *change,
					  enum link_direction d)
{
	const struct link *link = &network->topology->links[change->index];
	struct network_words *before = network->words[topology_channel(change->index, d)];
	struct network_last *last = &network->last;
	struct network_words *words;

	if (change == &last->change && change->action == CHANGE_SET && last->before[d] == before) {
		last->after[d]->references++;
		return last->after[d];
	}
	words = malloc(sizeof(*words));
	if (!words)
		return NULL;
	words->references = 1;
	if (change->action == CHANGE_RESET) {
		words->impairment = change_reset(link, d);
	} else {
		words->impairment = before->impairment;
		if (change->impairment.given & IMPAIRMENT(GROUP_RATE))
			leave_weather(link, d, &words->impairment);
		impairment_merge(&words->impairment, &change->impairment);
	}
	return words;
}

// Do parameters follow from the words and the link alone, apart from the channel's number?
static bool is_plain(const struct link *link, const struct impairment *impairment)
{
	return link->medium != MEDIUM_SATELLITE && !impairment->trace.table &&
	       impairment->delay.wave.kind == WAVE_NONE &&
	       impairment->rate.wave.kind == WAVE_NONE && impairment->loss.wave.kind == WAVE_NONE;
}

// Parameters of a channel with these words: those that were made last if they fit, else `made`.
// NULL and a sentence.
static const struct channel_params *find_params(struct network *network, uint32_t channel,
						const struct network_words *words,
						struct channel_params *made, struct error *error)
{
	const struct link *link = &network->topology->links[channel / 2];
	const struct channel_params *last = &network->last.made[channel % 2];

	if (network->last.made_of[channel % 2] == words && is_plain(link, &words->impairment) &&
	    last->mtu_bytes == link->mtu_bytes && last->carrier == network->carries[channel] &&
	    last->delay_ns == compile_delay_ns(link, &words->impairment))
		return last;
	return network_params(network, channel, &words->impairment, made, error) ? NULL : made;
}

// The words of a channel are replaced: takes over the caller's reference.
static void replace_words(struct network *network, uint32_t channel, struct network_words *words)
{
	struct network_mark *mark = &network->mark;

	if (mark->set)
		mark->words[mark->words_count++] = (struct network_replaced_words){
			.channel = channel, .words = network->words[channel]};
	else
		network_words_put(network->words[channel]);
	network->words[channel] = words;
}

static void put_in_force(struct network *network, const struct change *change,
			 enum link_direction d, struct network_words *words,
			 const struct channel_params *params)
{
	uint32_t c = topology_channel(change->index, d);
	struct network_last *last = &network->last;
	struct plan_channel *channel;
	bool line = changes_line(network, c, params);

	network->stale[c] = false; // all that changes in a channel is its parameters
	channel = network_channel(network, c, line);
	channel->params = *params;
	channel->params.random_key = c;
	if (change == &last->change) {
		if (last->before[d] != network->words[c]) {
			hold(&last->before[d], network->words[c]);
			hold(&last->after[d], words);
		}
		if (params != &last->made[d]) {
			hold(&last->made_of[d], words);
			last->made[d] = *params;
		}
	}
	replace_words(network, c, words);
	network_touch(network, c, change->inflight);
}

// Puts a set or reset in force on the channels of one link; nothing if one of them cannot.
static int impair(struct network *network, const struct change *change, struct error *error)
{
	struct network_words *words[LINK_DIRECTIONS] = {NULL, NULL};
	struct channel_params made[LINK_DIRECTIONS];
	const struct channel_params *params[LINK_DIRECTIONS];
	struct network_mark *mark = &network->mark;
	int rc = 0;

	for (unsigned d = change->first; !rc && d <= (unsigned)change->last; d++) {
		uint32_t c = topology_channel(change->index, (enum link_direction)d);

		words[d] = change_words(network, change, (enum link_direction)d);
		if (!words[d])
			rc = network_out_of_memory(network, error);
		else if (!(params[d] = find_params(network, c, words[d], &made[d], error)))
			rc = error ? error->code : -EINVAL;
	}
	if (!rc && mark->set &&
	    !has_room((void **)&mark->words, mark->words_count + 1, &mark->words_room,
		      sizeof(*mark->words)))
		rc = network_out_of_memory(network, error);
	if (rc) {
		network_words_put(words[0]);
		network_words_put(words[1]);
		return rc;
	}
	for (unsigned d = change->first; d <= (unsigned)change->last; d++)
		put_in_force(network, change, (enum link_direction)d, words[d], params[d]);
	return 0;
}

int network_tell_link(struct network *network, uint32_t link)
{
	bool in_service = evolve_is_up(network->evolve, link, network->now_ns);

	if (network_save_beliefs(network, NULL))
		return -ENOMEM;
	for (uint32_t c = 2 * link; c <= 2 * link + 1; c++) {
		network->carries[c] = network->channel_up[c] && network->modem_up[c] && in_service;
		network_channel(network, c, false)->params.carrier = network->carries[c];
		channel_finish(&network->plan->channels[c].params);
	}
	return convergence_link_changed(network->convergence, link, network->now_ns);
}

// Puts channels of a link up or down.
static int carry(struct network *network, uint32_t link, enum link_direction first,
		 enum link_direction last, const struct change *change)
{
	bool up = change->action == CHANGE_UP;

	for (unsigned d = first; d <= (unsigned)last; d++) {
		uint32_t c = topology_channel(link, (enum link_direction)d);

		network->channel_up[c] = up;
		network_touch(network, c, change->inflight);
	}
	return network_tell_link(network, link);
}

static int put_through(struct network *network, const struct change *change, struct error *error)
{
	const struct topology *topology = network->topology;
	bool up = change->action == CHANGE_UP;
	int rc = 0;

	if (!network_touch_room(network, change->object == CHANGE_CONDUIT
						 ? 2 * topology->conduits[change->index].link_count
						 : LINK_DIRECTIONS))
		return network_out_of_memory(network, error);
	if (change->action == CHANGE_SET || change->action == CHANGE_RESET)
		return impair(network, change, error);
	network_settle(network);
	if (change->object == CHANGE_LINK) {
		rc = carry(network, change->index, change->first, change->last, change);
	} else if (change->object == CHANGE_CONDUIT) {
		const struct conduit *conduit = &topology->conduits[change->index];

		for (size_t i = 0; !rc && i < conduit->link_count; i++)
			rc = carry(network, conduit->links[i], LINK_FORWARD, LINK_REVERSE, change);
	} else if (network->site_up[change->index] != up) {
		if (network_save_beliefs(network, error))
			return -ENOMEM;
		network->site_up[change->index] = up;
		network->plan->sites[change->index].carrier = up;
		rc = convergence_site_changed(network->convergence, change->index, network->now_ns);
	}
	return rc ? network_out_of_memory(network, error) : 0;
}

int network_apply(struct network *network, const struct change *change, const char *where,
		  struct error *error)
{
	int rc = put_through(network, change, error);

	// A value that no channel can have is found by code that knows the link's section, and it
	// does not stand there.
	if (rc && error)
		snprintf(error->where, sizeof(error->where), "%s", where);
	if (rc)
		return rc;
	network->version++;
	network->plan->valid_from_ns = network->now_ns;
	return 0;
}

const struct change *network_parse(struct network *network, const char *line, struct error *error)
{
	struct network_last *last = &network->last;
	size_t length = strlen(line);

	if (network->mark.set && last->line[0] &&
	    change_parse_alike(network->topology, line, last->line, &last->change))
		return &last->change;
	network_forget_last(network);
	if (change_parse(network->topology, line, line, &last->change, error))
		return NULL;
	if (length < sizeof(last->line))
		memcpy(last->line, line, length + 1);
	return &last->change;
}

int network_carry_out(struct network *network, uint64_t asked_at_ns, const char *line,
		      const char *where, struct error *error)
{
	struct change change;
	int rc = change_parse(network->topology, line, where, &change, error);

	if (!rc)
		rc = network_apply(network, &change, where, error);
	if (!rc)
		network_note(network, asked_at_ns, line, true);
	return rc;
}
