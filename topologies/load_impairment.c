// SPDX-License-Identifier: BSD-3-Clause
// The impairment keys of a [link]: each is a part of a netem line, for both directions or one.
#include <stdio.h>
#include <string.h>

#include "dataplane/model/rate.h"
#include "topologies/impairment_params.h"
#include "topologies/load_link.h"

// What a key may give; netem may give all.
struct impairment_key {
	const char *key;
	unsigned groups; // enum impairment_given
};

static const struct impairment_key impairment_keys[] = {
	{"delay", IMPAIRMENT(GROUP_DELAY) | IMPAIRMENT(GROUP_JITTER) | IMPAIRMENT(GROUP_ORDER)},
	{"jitter", IMPAIRMENT(GROUP_JITTER) | IMPAIRMENT(GROUP_ORDER)},
	{"loss", IMPAIRMENT(GROUP_LOSS)},
	{"duplicate", IMPAIRMENT(GROUP_DUPLICATE)},
	{"corrupt", IMPAIRMENT(GROUP_CORRUPT)},
	{"reorder", IMPAIRMENT(GROUP_REORDER)},
	{"rate", IMPAIRMENT(GROUP_RATE) | IMPAIRMENT(GROUP_OVERHEAD) | IMPAIRMENT(GROUP_BURST)},
	{"police", IMPAIRMENT(GROUP_POLICE)},
	{"slot", IMPAIRMENT(GROUP_SLOT)},
	{"limit", IMPAIRMENT(GROUP_LIMIT)},
	{"queue", IMPAIRMENT(GROUP_QUEUE)},
	{"trace", IMPAIRMENT(GROUP_TRACE)},
	{"access", IMPAIRMENT(GROUP_ACCESS)},
	{"netem", IMPAIRMENT_ALL},
};

static unsigned allowed_groups(const char *key)
{
	for (size_t i = 0; i < sizeof(impairment_keys) / sizeof(impairment_keys[0]); i++)
		if (strcmp(impairment_keys[i].key, key) == 0)
			return impairment_keys[i].groups;
	return 0;
}

// Notes who gave each group; false when another key of the same scope gave one before.
static bool claim_groups(struct reader *reader, struct link_draft *draft, enum scope scope,
			 unsigned groups, const struct ini_entry *entry)
{
	bool free = true;

	for (int group = 0; group < IMPAIRMENT_GROUPS; group++) {
		const struct ini_entry **given_by = &draft->given_by[scope][group];

		if (!(groups & (1U << group)))
			continue;
		if (*given_by) {
			reader_fail(reader, entry,
				    "%s is also given by %s in line %u; give it once",
				    impairment_group_name((enum impairment_group)group),
				    (*given_by)->key, (*given_by)->line);
			free = false;
		} else {
			*given_by = entry;
		}
	}
	return free;
}

// The models have the last word; what hangs together with other keys is checked with the link.
static bool check_models(struct reader *reader, const struct ini_entry *entry,
			 const struct impairment *parsed)
{
	struct channel_params scratch = {0};
	struct impairment alone = *parsed;
	struct error error;

	// Wants a delay and a limit, which other keys give.
	alone.reorder = (struct impairment_reorder){0};
	if (!(alone.given & IMPAIRMENT(GROUP_LIMIT)))
		alone.queue.kind = QUEUE_WORDS_TAIL;
	if (impairment_params(&alone, "", reader->topology->tables, &scratch, &error) == 0)
		return true;
	reader_fail(reader, entry, "%s", error.what);
	return false;
}

void read_link_impairment(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	enum scope scope = entry->direction < 0 ? SCOPE_BOTH : (enum scope)entry->direction;
	unsigned allowed = allowed_groups(entry->key);
	char line[INI_LINE_MAX + 16];
	struct impairment parsed;
	struct error error;

	snprintf(line, sizeof(line), "%s %s", allowed == IMPAIRMENT_ALL ? "" : entry->key,
		 entry->value);
	if (impairment_parse_line(line, "", reader->topology->tables, &parsed, &error) < 0) {
		reader_fail(reader, entry, "%s", error.what);
		return;
	}
	if (parsed.given & ~allowed) {
		reader_fail(reader, entry,
			    "\"%s\" gives more than %s; write a whole netem line under netem, or "
			    "each part under its own key",
			    entry->value, entry->key);
		return;
	}
	if ((parsed.given & IMPAIRMENT(GROUP_RATE)) && parsed.rate.bps == 0) {
		reader_fail(reader, entry,
			    "a rate of 0 carries nothing; leave it out for no limit");
		return;
	}
	if (!check_models(reader, entry, &parsed))
		return;
	for (int d = 0; d < LINK_DIRECTIONS && parsed.given & IMPAIRMENT(GROUP_ACCESS); d++)
		if (entry->direction < 0 || entry->direction == d)
			draft->link->access_line[d] = entry->line;
	// A rate's value is the whole of the key, overhead and burst included.
	if (parsed.given & IMPAIRMENT(GROUP_RATE))
		parsed.given |= IMPAIRMENT(GROUP_OVERHEAD) | IMPAIRMENT(GROUP_BURST);
	if (claim_groups(reader, draft, scope, parsed.given, entry))
		impairment_merge(&draft->impairments[scope], &parsed);
}

// What is given as nothing need not be shown.
static void forget_nothings(struct impairment *impairment)
{
	const struct impairment_overhead *overhead = &impairment->overhead;

	if (!overhead->bytes && !overhead->cell_bytes && !overhead->cell_overhead_bytes)
		impairment->given &= ~IMPAIRMENT(GROUP_OVERHEAD);
	if (!impairment->burst.bytes)
		impairment->given &= ~IMPAIRMENT(GROUP_BURST);
}

void check_link_impairments(struct reader *reader, const struct link *link)
{
	for (int direction = 0; direction < LINK_DIRECTIONS; direction++) {
		struct channel_params scratch = {.delay_ns =
							 link->propagation_ns + link->equipment_ns};
		struct error error;

		if (impairment_params(&link->impairments[direction], "", reader->topology->tables,
				      &scratch, &error) == 0)
			continue;
		reader_fail(reader, NULL, "%s", error.what);
		return; // the other direction has the same fault as a rule
	}
}

void finish_link_impairments(struct reader *reader, struct link_draft *draft)
{
	bool rated = false;

	for (int direction = 0; direction < LINK_DIRECTIONS; direction++) {
		struct impairment *impairment = &draft->link->impairments[direction];

		*impairment = draft->impairments[SCOPE_BOTH];
		impairment_merge(impairment, &draft->impairments[direction]);
		if (!(impairment->given & IMPAIRMENT(GROUP_RATE)))
			continue;
		rated = true;
		if (draft->framing_ethernet) {
			impairment->overhead.bytes += RATE_ETHERNET_OVERHEAD_BYTES;
			impairment->given |= IMPAIRMENT(GROUP_OVERHEAD);
		}
	}
	for (int direction = 0; direction < LINK_DIRECTIONS; direction++)
		forget_nothings(&draft->link->impairments[direction]);
	if (draft->framing_ethernet && !rated)
		reader_fail(reader, draft->framing,
			    "framing counts against a rate, and none is given; add e.g. rate = "
			    "10gbit");
}
