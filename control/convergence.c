// SPDX-License-Identifier: BSD-3-Clause
// What each site believes about the links, and when it finds out.
#include "control/convergence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Notices are looked through for those that nobody needs when there are so many, and when there are
// twice as many as were left the last time.
#define FORGET_AT 256

// One end's word about its link. Later ones of the same end replace earlier ones.
struct notice {
	uint32_t link;
	uint32_t end; // 0 or 1
	bool up;
};

// The notices that a site has, one bit each by number.
struct known {
	uint64_t *words;
	size_t count;
};

struct convergence_state {
	const struct topology *topology;
	struct convergence_truth truth;
	struct routes *routes;
	struct schedule *schedule;
	size_t outstanding;    // items of ours in the schedule
	bool *starts_down;     // [link]: by topology or sky, which every site knows
	bool *link_up;         // [link]: adjacent, in truth
	uint32_t *serial;      // [link]: of the last change
	bool *said_down;       // [2 link + end]: in its last notice
	bool *spf_pending;     // [site]
	struct plan_row **row; // [site]: computed last, in force or on its way there
	struct known *known;   // [site]
	struct notice *notices;
	size_t notice_count;
	size_t notice_room;
	size_t forget_at;        // notices
	uint32_t *first_channel; // [site + 1]: of `channels`
	uint32_t *channels;      // that leave a site, by site
	bool *end_down;          // [2 link + end], of the view at hand; else as at the start
	bool *link_down;         // [link], of the view at hand
};

static bool list_channels(struct convergence_state *state)
{
	const struct topology *topology = state->topology;
	const struct plan *plan = state->truth.plan;
	uint32_t *next;

	state->first_channel = calloc(topology->site_count + 2, sizeof(*state->first_channel));
	state->channels = calloc(plan->channel_count + 1, sizeof(*state->channels));
	if (!state->first_channel || !state->channels)
		return false;
	next = state->first_channel + 1; // filling in moves each start to where it belongs
	for (uint32_t c = 0; c < plan->channel_count; c++) {
		if (plan->channels[c].from_site != PLAN_NONE)
			next[plan->channels[c].from_site + 1]++;
	}
	for (size_t s = 0; s < topology->site_count; s++)
		next[s + 1] += next[s];
	for (uint32_t c = 0; c < plan->channel_count; c++) {
		if (plan->channels[c].from_site != PLAN_NONE)
			state->channels[next[plan->channels[c].from_site]++] = c;
	}
	return true;
}

struct convergence_state *convergence_create(const struct topology *topology,
					     struct convergence_truth truth, struct routes *routes,
					     struct schedule *schedule)
{
	struct convergence_state *state = calloc(1, sizeof(*state));
	size_t sites = topology->site_count + 1;
	size_t links = topology->link_count + 1;

	if (!state)
		return NULL;
	state->topology = topology;
	state->truth = truth;
	state->routes = routes;
	state->schedule = schedule;
	state->forget_at = FORGET_AT;
	state->starts_down = calloc(links, sizeof(*state->starts_down));
	state->link_up = malloc(links * sizeof(*state->link_up));
	state->serial = calloc(links, sizeof(*state->serial));
	state->said_down = calloc(2 * links, sizeof(*state->said_down));
	state->spf_pending = calloc(sites, sizeof(*state->spf_pending));
	state->row = calloc(sites, sizeof(struct plan_row *));
	state->known = calloc(sites, sizeof(*state->known));
	state->end_down = calloc(2 * links, sizeof(*state->end_down));
	state->link_down = calloc(links, sizeof(*state->link_down));
	if (!state->starts_down || !state->link_up || !state->serial || !state->said_down ||
	    !state->spf_pending || !state->row || !state->known || !state->end_down ||
	    !state->link_down || !list_channels(state)) {
		convergence_destroy(state);
		return NULL;
	}
	for (size_t l = 0; l < topology->link_count; l++) {
		state->starts_down[l] = !truth.channel_up[2 * l] && !truth.channel_up[2 * l + 1];
		state->link_up[l] = !state->starts_down[l];
		for (size_t end = 2 * l; end <= 2 * l + 1; end++) {
			state->said_down[end] = state->starts_down[l];
			state->end_down[end] = state->starts_down[l];
		}
	}
	for (size_t s = 0; s < topology->site_count; s++) {
		state->row[s] = truth.plan->rows[s];
		if (state->row[s])
			state->row[s]->references++;
	}
	return state;
}

static bool copy_known(struct known *copy, const struct known *known)
{
	if (known->count == 0)
		return true;
	copy->words = malloc(known->count * sizeof(*copy->words));
	if (!copy->words)
		return false;
	memcpy(copy->words, known->words, known->count * sizeof(*copy->words));
	copy->count = known->count;
	return true;
}

struct convergence_state *convergence_copy(const struct convergence_state *state,
					   struct convergence_truth truth, struct routes *routes,
					   struct schedule *schedule)
{
	struct convergence_state *copy =
		convergence_create(state->topology, truth, routes, schedule);
	size_t sites = state->topology->site_count;
	size_t links = state->topology->link_count;

	if (!copy)
		return NULL;
	copy->outstanding = state->outstanding;
	memcpy(copy->starts_down, state->starts_down, links * sizeof(*copy->starts_down));
	memcpy(copy->end_down, state->end_down, 2 * links * sizeof(*copy->end_down));
	memcpy(copy->link_up, state->link_up, links * sizeof(*copy->link_up));
	memcpy(copy->serial, state->serial, links * sizeof(*copy->serial));
	memcpy(copy->said_down, state->said_down, 2 * links * sizeof(*copy->said_down));
	memcpy(copy->spf_pending, state->spf_pending, sites * sizeof(*copy->spf_pending));
	copy->notices = malloc((state->notice_count + 1) * sizeof(*copy->notices));
	if (!copy->notices)
		goto fail;
	copy->notice_room = state->notice_count + 1;
	copy->notice_count = state->notice_count;
	copy->forget_at = state->forget_at;
	if (state->notice_count)
		memcpy(copy->notices, state->notices, state->notice_count * sizeof(*copy->notices));
	for (size_t s = 0; s < sites; s++) {
		if (!copy_known(&copy->known[s], &state->known[s]))
			goto fail;
		plan_row_put(copy->row[s]);
		copy->row[s] = state->row[s];
		if (copy->row[s])
			copy->row[s]->references++;
	}
	return copy;
fail:
	convergence_destroy(copy);
	return NULL;
}

void convergence_renew(struct convergence_state *state, const struct plan *plan)
{
	state->truth.plan = plan;
}

void convergence_destroy(struct convergence_state *state)
{
	if (!state)
		return;
	for (size_t s = 0; s < state->topology->site_count; s++) {
		if (state->row)
			plan_row_put(state->row[s]);
		if (state->known)
			free(state->known[s].words);
	}
	free(state->link_up);
	free(state->serial);
	free(state->said_down);
	free(state->spf_pending);
	free(state->row);
	free(state->known);
	free(state->notices);
	free(state->first_channel);
	free(state->channels);
	free(state->end_down);
	free(state->starts_down);
	free(state->link_down);
	free(state);
}

static int push(struct convergence_state *state, struct schedule_item item)
{
	int rc = schedule_push(state->schedule, item);

	if (!rc)
		state->outstanding++;
	return rc;
}

static uint64_t detection_ns(const struct convergence_state *state, uint32_t link, uint32_t end)
{
	const struct link *l = &state->topology->links[link];

	if (l->detection_ns)
		return l->detection_ns;
	return state->topology->sites[l->ends[end].site].convergence.detection_ns;
}

// Looks at a link anew. `afresh`: its ends look even if nothing changed.
static int look(struct convergence_state *state, uint32_t link, bool afresh, uint64_t at_ns)
{
	const struct plan_channel *channel = &state->truth.plan->channels[2 * link];
	bool up;
	int rc = 0;

	if (channel->from_site == PLAN_NONE || state->topology->routing == ROUTING_EXTERNAL)
		return 0;
	up = state->truth.channel_up[2 * link] && state->truth.channel_up[2 * link + 1] &&
	     state->truth.site_up[channel->from_site] && state->truth.site_up[channel->to_site];
	if (up == state->link_up[link] && !afresh)
		return 0;
	state->link_up[link] = up;
	state->serial[link]++;
	for (uint32_t end = 0; end < 2 && !rc; end++)
		rc = push(state,
			  (struct schedule_item){.at_ns = at_ns + detection_ns(state, link, end),
						 .kind = SCHEDULE_DETECT,
						 .index = link,
						 .end = end,
						 .serial = state->serial[link]});
	return rc;
}

int convergence_link_changed(struct convergence_state *state, uint32_t link, uint64_t at_ns)
{
	return look(state, link, false, at_ns);
}

int convergence_site_changed(struct convergence_state *state, uint32_t site, uint64_t at_ns)
{
	int rc = 0;

	for (uint32_t i = state->first_channel[site]; !rc && i < state->first_channel[site + 1];
	     i++)
		rc = look(state, state->channels[i] / 2, true, at_ns);
	return rc;
}

static bool knows(const struct convergence_state *state, uint32_t site, uint32_t notice)
{
	const struct known *known = &state->known[site];

	return notice / 64 < known->count && known->words[notice / 64] >> notice % 64 & 1;
}

static int remember(struct convergence_state *state, uint32_t site, uint32_t notice)
{
	struct known *known = &state->known[site];

	if (notice / 64 >= known->count) {
		size_t count = notice / 64 + 4;
		uint64_t *words = realloc(known->words, count * sizeof(*words));

		if (!words)
			return -ENOMEM;
		memset(words + known->count, 0, (count - known->count) * sizeof(*words));
		known->words = words;
		known->count = count;
	}
	known->words[notice / 64] |= UINT64_C(1) << notice % 64;
	return 0;
}

// Sends a notice over a channel if it is up and the far end lacks the notice.
static int send(struct convergence_state *state, uint32_t channel, uint32_t notice, uint64_t at_ns)
{
	const struct plan_channel *c = &state->truth.plan->channels[channel];
	const struct site *from = &state->topology->sites[c->from_site];
	uint64_t hop_ns = c->params.delay_ns;

	if (!state->truth.channel_up[channel] || !state->truth.site_up[c->from_site] ||
	    !state->truth.site_up[c->to_site] || knows(state, c->to_site, notice))
		return 0;
	if (from->kind != SITE_EXCHANGE)
		hop_ns += from->convergence.flooding_ns;
	return push(state, (struct schedule_item){.at_ns = at_ns + hop_ns,
						  .kind = SCHEDULE_NOTICE,
						  .index = c->to_site,
						  .end = channel,
						  .serial = notice});
}

// A site has a notice that it did not have: it passes it on and will compute. `came_over`:
// PLAN_NONE for its own.
static int learn(struct convergence_state *state, uint32_t site, uint32_t notice,
		 uint32_t came_over, uint64_t at_ns)
{
	bool is_static = state->topology->routing == ROUTING_STATIC;
	const struct site *s = &state->topology->sites[site];
	int rc = remember(state, site, notice);

	for (uint32_t i = state->first_channel[site];
	     !rc && !is_static && i < state->first_channel[site + 1]; i++) {
		if (came_over == PLAN_NONE || state->channels[i] != (came_over ^ 1))
			rc = send(state, state->channels[i], notice, at_ns);
	}
	if (rc || s->kind == SITE_EXCHANGE || state->spf_pending[site])
		return rc;
	state->spf_pending[site] = true;
	return push(state, (struct schedule_item){
				   .at_ns = at_ns + (is_static ? 0 : s->convergence.spf_delay_ns),
				   .kind = SCHEDULE_SPF,
				   .index = site});
}

// Marks what is needed: a site's last notice of each end, and what is under way. `later`: room for
// [2 link + end].
static void mark_needed(const struct convergence_state *state, bool *needed, bool *later)
{
	for (size_t i = 0; i < state->schedule->count; i++) {
		if (state->schedule->items[i].kind == SCHEDULE_NOTICE)
			needed[state->schedule->items[i].serial] = true;
	}
	for (uint32_t s = 0; s < state->topology->site_count; s++) {
		memset(later, false, 2 * state->topology->link_count * sizeof(*later));
		for (uint32_t n = (uint32_t)state->notice_count; n-- > 0;) {
			const struct notice *notice = &state->notices[n];
			bool *has_later = &later[2 * notice->link + notice->end];

			if (!knows(state, s, n))
				continue;
			needed[n] |= !*has_later;
			*has_later = true;
		}
	}
}

// Gives the notices that are needed new numbers, in the same order, wherever they are spoken of.
static void renumber(struct convergence_state *state, const bool *needed, uint32_t *number)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < state->notice_count; n++) {
		number[n] = count;
		if (needed[n])
			state->notices[count++] = state->notices[n];
	}
	for (size_t s = 0; s < state->topology->site_count; s++) {
		uint64_t *words = state->known[s].words;

		for (uint32_t n = 0; n < state->notice_count && n < 64 * state->known[s].count;
		     n++) {
			uint64_t known = words[n / 64] >> n % 64 & 1;

			words[n / 64] &= ~(UINT64_C(1) << n % 64);
			if (needed[n])
				words[number[n] / 64] |= known << number[n] % 64;
		}
	}
	for (size_t i = 0; i < state->schedule->count; i++) {
		struct schedule_item *item = &state->schedule->items[i];

		if (item->kind == SCHEDULE_NOTICE)
			item->serial = number[item->serial];
	}
	state->notice_count = count;
}

// Drops the notices that nobody needs. When memory is short they stay.
static void forget(struct convergence_state *state)
{
	bool *needed = calloc(state->notice_count, sizeof(*needed));
	bool *later = malloc((2 * state->topology->link_count + 1) * sizeof(*later));
	uint32_t *number = calloc(state->notice_count, sizeof(*number));

	if (needed && later && number) {
		mark_needed(state, needed, later);
		renumber(state, needed, number);
	}
	free(needed);
	free(later);
	free(number);
	state->forget_at =
		2 * state->notice_count > FORGET_AT ? 2 * state->notice_count : FORGET_AT;
}

static int add_notice(struct convergence_state *state, const struct notice *notice)
{
	if (state->notice_count >= state->forget_at)
		forget(state);
	if (state->notice_count == state->notice_room) {
		size_t room = state->notice_room ? state->notice_room * 2 : 64;
		struct notice *notices = realloc(state->notices, room * sizeof(*notices));

		if (!notices)
			return -ENOMEM;
		state->notices = notices;
		state->notice_room = room;
	}
	state->notices[state->notice_count++] = *notice;
	return 0;
}

// An end of a link notices, if the change has lasted.
static int detect(struct convergence_state *state, const struct schedule_item *item)
{
	uint32_t link = item->index;
	uint32_t end = item->end;
	uint32_t site = state->topology->links[link].ends[end].site;
	bool down = !state->link_up[link];
	int rc = 0;

	if (item->serial != state->serial[link] || !state->truth.site_up[site])
		return 0;
	if (down != state->said_down[2 * link + end]) {
		struct notice notice = {.link = link, .end = end, .up = !down};

		rc = add_notice(state, &notice);
		if (rc)
			return rc;
		state->said_down[2 * link + end] = down;
		rc = learn(state, site, (uint32_t)state->notice_count - 1, PLAN_NONE, item->at_ns);
	}
	if (down || state->topology->routing == ROUTING_STATIC)
		return rc;
	// The adjacency is there (again): the other end gets what it lacks.
	for (uint32_t n = 0; !rc && n < state->notice_count; n++) {
		if (knows(state, site, n))
			rc = send(state, 2 * link + end, n, item->at_ns);
	}
	return rc;
}

static int arrive(struct convergence_state *state, const struct schedule_item *item)
{
	if (!state->truth.site_up[item->index] || knows(state, item->index, item->serial))
		return 0;
	return learn(state, item->index, item->serial, item->end, item->at_ns);
}

// The links that a site holds to be down: those of which either end has last said so.
static void take_view(struct convergence_state *state, uint32_t site)
{
	for (size_t l = 0; l < state->topology->link_count; l++)
		state->link_down[l] = state->starts_down[l];
	for (uint32_t n = 0; n < state->notice_count; n++) {
		const struct notice *notice = &state->notices[n];

		if (!knows(state, site, n))
			continue;
		state->end_down[2 * notice->link + notice->end] = !notice->up;
		state->link_down[notice->link] =
			state->end_down[2 * notice->link] || state->end_down[2 * notice->link + 1];
	}
	for (uint32_t n = 0; n < state->notice_count; n++) {
		const struct notice *notice = &state->notices[n];

		state->end_down[2 * notice->link + notice->end] = state->starts_down[notice->link];
	}
}

static int compute(struct convergence_state *state, const struct schedule_item *item,
		   struct plan *plan, struct error *error)
{
	uint32_t site = item->index;
	struct plan_row *row;
	int rc;

	state->spf_pending[site] = false;
	take_view(state, site);
	rc = routes_row(state->routes, plan, state->link_down, site, &row, error);
	if (rc)
		return rc;
	// Groups are kept once, so equal numbers are equal ways.
	if (memcmp(row->ways, state->row[site]->ways, row->way_count * sizeof(*row->ways)) == 0) {
		plan_row_put(row);
		return 0;
	}
	rc = push(state, (struct schedule_item){
				 .at_ns = item->at_ns +
					  state->topology->sites[site].convergence.fib_update_ns,
				 .kind = SCHEDULE_FIB,
				 .index = site,
				 .row = row});
	if (rc) {
		plan_row_put(row);
		return rc;
	}
	row->references++;
	plan_row_put(state->row[site]);
	state->row[site] = row;
	return 0;
}

int convergence_do(struct convergence_state *state, const struct schedule_item *item,
		   struct plan *plan, struct error *error)
{
	int rc = 0;

	state->outstanding--;
	if (item->kind == SCHEDULE_DETECT)
		rc = detect(state, item);
	else if (item->kind == SCHEDULE_NOTICE)
		rc = arrive(state, item);
	else if (item->kind == SCHEDULE_SPF)
		return compute(state, item, plan, error);
	if (rc)
		return error_set(error, rc, "routing", "no memory for the notices");
	return 0;
}

void convergence_change_over(struct convergence_state *state, const struct schedule_item *item,
			     struct plan *plan)
{
	state->outstanding--;
	plan_set_row(plan, item->index, item->row);
}

size_t convergence_notice_count(const struct convergence_state *state)
{
	return state->notice_count;
}

bool convergence_is_settled(const struct convergence_state *state)
{
	return state->outstanding == 0;
}
