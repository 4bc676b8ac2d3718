// SPDX-License-Identifier: BSD-3-Clause
// The journal of a run: which parameters were in force on which paths, without an engine.
#include "control/network_journal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/network.h"

// A packet under way longer than this in a queue without a limit is not reckoned with.
#define LONGEST_QUEUE_NS UINT64_C(10000000000)

// Standard deviations of jitter that a packet may be late by.
#define LATE_DEVIATIONS 8

struct taken {
	uint64_t from_ns;
	bool settled;
	// Packets that entered this long before this path came in may still meet the change; 0:
	// none was under way on the path before.
	uint64_t disturbs_ns;
	size_t hop_count;
	uint32_t hops[NETWORK_PATH_MOST];
};

struct pair {
	struct port_pair ports;
	struct taken *paths;
	size_t count;
	size_t room;
};

struct recorder {
	const struct topology *topology;
	const struct network *network;
	struct pair *pairs;
	size_t pair_count;
	uint64_t version;              // of the plan, at the last look
	struct channel_params *params; // [channel], at the last look
	struct journal_channel *changes;
	size_t change_count;
	size_t change_room;
	bool *on_path; // [channel]
};

static uint64_t line_bound_ns(const struct channel_params *params)
{
	struct rate_params line = rate_at_least(&params->rate);
	uint64_t frame_bytes = params->mtu_bytes ? params->mtu_bytes + 100 : 9300;
	uint64_t frame_ns;

	if (line.bits_per_second == 0)
		return 0;
	frame_ns = rate_serialisation_ns(&line, (uint32_t)frame_bytes);
	switch (params->queue.limit) {
	case QUEUE_TIME:
		return params->queue.limit_amount + frame_ns;
	case QUEUE_PACKETS:
		return (params->queue.limit_amount + 1) * frame_ns;
	case QUEUE_BYTES:
		return (params->queue.limit_amount / frame_bytes + 2) * frame_ns;
	case QUEUE_UNLIMITED:
		break;
	}
	return LONGEST_QUEUE_NS;
}

static uint64_t queue_bound_ns(const struct channel_params *params)
{
	const struct access_params *access = &params->rate.access;
	uint64_t slots_ns = 0;

	if (params->rate.kind == RATE_ACCESS)
		slots_ns = access_longest_ns(access) + access->superframe_ns;
	return line_bound_ns(params) + slots_ns;
}

// The longest that a packet is under way on a path, by the parameters last looked at.
static uint64_t longest_ns(const struct recorder *recorder, const struct taken *path)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < path->hop_count; i++) {
		const struct channel_params *params = &recorder->params[path->hops[i]];

		sum += params->delay_ns + LATE_DEVIATIONS * params->jitter.jitter_ns +
		       queue_bound_ns(params);
	}
	return sum;
}

static bool at_exchange(const struct topology *topology, uint32_t port)
{
	uint32_t site = topology->ports[port].site;

	return site != TOPOLOGY_NONE && topology->sites[site].kind == SITE_EXCHANGE;
}

// Does every packet between these sites take the path, as long as nothing changes?
static bool is_certain(const struct recorder *recorder, const struct taken *path, uint32_t from,
		       uint32_t to)
{
	const struct plan *plan = network_plan(recorder->network);

	if (!network_is_settled(recorder->network) || !plan->sites[from].carrier ||
	    !plan->sites[to].carrier)
		return false;
	for (size_t i = 0; i < path->hop_count; i++) {
		const struct plan_channel *channel = &plan->channels[path->hops[i]];
		const struct plan_row *row = plan->rows[channel->from_site];

		if (!plan->sites[channel->to_site].carrier)
			return false;
		if (row && plan->groups[row->ways[to] - 1].count > 1)
			return false;
	}
	return path->hop_count == 0 ||
	       plan->channels[path->hops[path->hop_count - 1]].to_site == to;
}

// The path between two ports now.
static void find_path(const struct recorder *recorder, struct port_pair ports, struct taken *path)
{
	const struct plan *plan = network_plan(recorder->network);
	const struct plan_port *from = &plan->ports[ports.from];
	const struct plan_port *to = &plan->ports[ports.to];

	path->settled = true;
	path->hop_count = 0;
	path->disturbs_ns = 0;
	if (from->wire_channel != PLAN_NONE) {
		if (plan->channels[from->wire_channel].to_port == ports.to) {
			path->hops[0] = from->wire_channel;
			path->hop_count = 1;
		}
		return;
	}
	if (from->site == PLAN_NONE || to->site == PLAN_NONE)
		return;
	if (at_exchange(recorder->topology, ports.from) ||
	    at_exchange(recorder->topology, ports.to)) {
		path->settled = false;
		return;
	}
	path->hop_count = network_path(recorder->network, from->site, to->site, path->hops,
				       NETWORK_PATH_MOST);
	path->settled = is_certain(recorder, path, from->site, to->site);
}

static bool same_hops(const struct taken *a, const struct taken *b)
{
	return a->hop_count == b->hop_count &&
	       memcmp(a->hops, b->hops, a->hop_count * sizeof(*a->hops)) == 0;
}

// Is a packet that is under way on the path met by what happens now?
static bool is_met(const struct recorder *recorder, const struct taken *before,
		   const struct taken *now)
{
	const struct plan *plan = network_plan(recorder->network);

	if (!same_hops(before, now))
		return true;
	for (size_t i = 0; i < before->hop_count; i++) {
		uint32_t to = plan->channels[before->hops[i]].to_site;

		if (to != PLAN_NONE && !plan->sites[to].carrier)
			return true;
	}
	return false;
}

static int look_at_pair(struct recorder *recorder, struct pair *pair, uint64_t at_ns)
{
	struct taken *last = pair->count ? &pair->paths[pair->count - 1] : NULL;
	struct taken now = {.from_ns = at_ns};

	find_path(recorder, pair->ports, &now);
	if (last && is_met(recorder, last, &now))
		now.disturbs_ns = longest_ns(recorder, last);
	if (last && same_hops(last, &now) && last->settled == now.settled && !now.disturbs_ns)
		return 0;
	for (size_t i = 0; i < now.hop_count; i++)
		recorder->on_path[now.hops[i]] = true;
	if (pair->count == pair->room) {
		size_t room = pair->room ? pair->room * 2 : 8;
		struct taken *paths = realloc(pair->paths, room * sizeof(*paths));

		if (!paths)
			return -ENOMEM;
		pair->paths = paths;
		pair->room = room;
	}
	pair->paths[pair->count++] = now;
	return 0;
}

// What became of the packets in flight on a channel at the last step; NULL: nothing.
static const struct plan_touched *touched_of(const struct plan *plan, uint32_t channel)
{
	for (size_t t = 0; t < plan->touched_count; t++)
		if (plan->touched[t].channel == channel)
			return plan->touched[t].inflight == PLAN_NEW ? NULL : &plan->touched[t];
	return NULL;
}

static int add_change(struct recorder *recorder, uint64_t at_ns, uint32_t channel,
		      enum journal_inflight inflight, const struct channel_params *params)
{
	if (recorder->change_count == recorder->change_room) {
		size_t room = recorder->change_room ? recorder->change_room * 2 : 256;
		struct journal_channel *changes =
			realloc(recorder->changes, room * sizeof(*changes));

		if (!changes)
			return -ENOMEM;
		recorder->changes = changes;
		recorder->change_room = room;
	}
	recorder->changes[recorder->change_count++] = (struct journal_channel){
		.from_ns = at_ns, .channel = channel, .inflight = inflight, .params = *params};
	return 0;
}

// What is in flight may have moved to a delay that the same instant replaced: two entries then.
static int add_changes(struct recorder *recorder, uint64_t at_ns, uint32_t channel,
		       const struct plan_touched *touched, const struct channel_params *params)
{
	struct channel_params moved = *params;

	if (!touched)
		return add_change(recorder, at_ns, channel, JOURNAL_NEW, params);
	if (touched->inflight == PLAN_CUT)
		return add_change(recorder, at_ns, channel, JOURNAL_CUT, params);
	moved.delay_ns = touched->delay_ns;
	if (add_change(recorder, at_ns, channel, JOURNAL_RETIME, &moved) < 0)
		return -ENOMEM;
	return moved.delay_ns == params->delay_ns
		       ? 0
		       : add_change(recorder, at_ns, channel, JOURNAL_NEW, params);
}

static int look_at_channels(struct recorder *recorder, uint64_t at_ns, bool first)
{
	const struct plan *plan = network_plan(recorder->network);

	if (!first && recorder->version == network_plan_version(recorder->network))
		return 0;
	recorder->version = network_plan_version(recorder->network);
	for (uint32_t c = 0; c < plan->channel_count; c++) {
		const struct plan_touched *touched = touched_of(plan, c);

		if (!first && !touched &&
		    memcmp(&recorder->params[c], &plan->channels[c].params,
			   sizeof(recorder->params[c])) == 0)
			continue;
		recorder->params[c] = plan->channels[c].params;
		if (add_changes(recorder, at_ns, c, touched, &plan->channels[c].params) < 0)
			return -ENOMEM;
	}
	return 0;
}

// Notes what is new at at_ns. Paths first: packets under way travel by the parameters before.
static int look(struct recorder *recorder, uint64_t at_ns, bool first)
{
	int rc = first ? look_at_channels(recorder, at_ns, true) : 0;

	for (size_t i = 0; !rc && i < recorder->pair_count; i++)
		rc = look_at_pair(recorder, &recorder->pairs[i], at_ns);
	return rc || first ? rc : look_at_channels(recorder, at_ns, false);
}

static int run(struct recorder *recorder, struct network *network, uint64_t until_ns,
	       struct error *error)
{
	uint64_t at_ns = 0;
	bool first = true;

	do {
		int rc = network_step(network, at_ns, error);

		if (!rc && look(recorder, at_ns, first))
			rc = error_set(error, -ENOMEM, "journal", "no memory for the journal");
		if (rc)
			return rc;
		first = false;
		at_ns = network_next_change_ns(network);
	} while (at_ns != NETWORK_NO_CHANGE && at_ns <= until_ns);
	return 0;
}

// ---- Writing down ----

// Adds the part of a path from `from_ns` on, cut where a later change disturbs it.
static int add_path(const struct pair *pair, size_t index, struct journal *journal)
{
	const struct taken *path = &pair->paths[index];
	bool last = index + 1 == pair->count;
	uint64_t end_ns = last ? UINT64_MAX : pair->paths[index + 1].from_ns;
	uint64_t doubt_ns = end_ns; // from here on a packet may meet a change
	struct journal_path entry = {.from_ns = path->from_ns,
				     .from_port = pair->ports.from,
				     .to_port = pair->ports.to,
				     .settled = path->settled,
				     .hops = pair->paths[index].hops,
				     .hop_count = path->hop_count};
	int rc;

	for (size_t i = index + 1; i < pair->count; i++) {
		const struct taken *later = &pair->paths[i];
		uint64_t from_ns = later->from_ns > later->disturbs_ns
					   ? later->from_ns - later->disturbs_ns
					   : 0;

		if (later->disturbs_ns && from_ns < doubt_ns)
			doubt_ns = from_ns;
	}
	if (!path->settled || doubt_ns >= end_ns)
		return journal_add_path(journal, &entry);
	if (doubt_ns > path->from_ns) {
		rc = journal_add_path(journal, &entry);
		if (rc)
			return rc;
		entry.from_ns = doubt_ns;
	}
	entry.settled = false;
	return journal_add_path(journal, &entry);
}

static int path_by_time(const void *a, const void *b)
{
	const struct journal_path *left = a;
	const struct journal_path *right = b;

	if (left->from_ns != right->from_ns)
		return left->from_ns < right->from_ns ? -1 : 1;
	if (left->from_port != right->from_port)
		return left->from_port < right->from_port ? -1 : 1;
	return left->to_port < right->to_port ? -1 : left->to_port > right->to_port;
}

static int write_down(const struct recorder *recorder, struct journal *journal)
{
	const struct topology *topology = recorder->topology;
	char name[TOPOLOGY_NAME_MAX + 16];
	int rc = 0;

	journal->seed = topology->seed;
	for (uint32_t c = 0; !rc && c < 2 * topology->link_count; c++)
		rc = journal_add_channel_name(
			journal, topology_channel_name(topology, c, name, sizeof(name)));
	for (size_t p = 0; !rc && p < topology->port_count; p++)
		rc = journal_add_port_name(journal, topology->ports[p].name);
	for (size_t i = 0; !rc && i < recorder->change_count; i++) {
		if (recorder->on_path[recorder->changes[i].channel])
			rc = journal_add_channel(journal, &recorder->changes[i]);
	}
	for (size_t i = 0; !rc && i < recorder->pair_count; i++) {
		for (size_t p = 0; !rc && p < recorder->pairs[i].count; p++)
			rc = add_path(&recorder->pairs[i], p, journal);
	}
	if (!rc && journal->path_entry_count > 1)
		qsort(journal->paths, journal->path_entry_count, sizeof(*journal->paths),
		      path_by_time);
	return rc;
}

static bool same_site(const struct topology *topology, struct port_pair ports)
{
	return ports.from == ports.to ||
	       (topology->ports[ports.from].site != TOPOLOGY_NONE &&
		topology->ports[ports.from].site == topology->ports[ports.to].site);
}

int network_journal_pairs(const struct topology *topology, const struct port_pair *pairs,
			  size_t pair_count, uint64_t until_ns, struct journal *journal,
			  struct error *error)
{
	struct recorder recorder = {.topology = topology};
	struct network *network = network_create(topology, NETWORK_FILES, error);
	size_t channels = 2 * topology->link_count + 1;
	int rc = network ? 0 : -EINVAL;

	if (network) {
		recorder.network = network;
		recorder.pairs = calloc(pair_count + 1, sizeof(*recorder.pairs));
		recorder.params = calloc(channels, sizeof(*recorder.params));
		recorder.on_path = calloc(channels, sizeof(*recorder.on_path));
		if (!recorder.pairs || !recorder.params || !recorder.on_path)
			rc = error_set(error, -ENOMEM, "journal", "no memory for the journal");
	}
	for (size_t i = 0; !rc && i < pair_count; i++) {
		if (!same_site(topology, pairs[i]))
			recorder.pairs[recorder.pair_count++].ports = pairs[i];
	}
	if (!rc)
		rc = run(&recorder, network, until_ns, error);
	if (!rc && write_down(&recorder, journal))
		rc = error_set(error, -ENOMEM, "journal", "no memory for the journal");
	for (size_t i = 0; i < recorder.pair_count; i++)
		free(recorder.pairs[i].paths);
	free(recorder.pairs);
	free(recorder.params);
	free(recorder.on_path);
	free(recorder.changes);
	network_free(network);
	return rc;
}

int network_journal(const struct topology *topology, uint32_t from_port, uint32_t to_port,
		    uint64_t until_ns, struct journal *journal, struct error *error)
{
	struct port_pair pair = {.from = from_port, .to = to_port};

	if (same_site(topology, pair))
		return error_set(error, -EINVAL, topology->ports[from_port].name,
				 "ports %s and %s are at one site: there is no channel between "
				 "them to judge",
				 topology->ports[from_port].name, topology->ports[to_port].name);
	return network_journal_pairs(topology, &pair, 1, until_ns, journal, error);
}
