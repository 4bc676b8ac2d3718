// SPDX-License-Identifier: BSD-3-Clause
// The impairment keys of a [link]: each is a part of a netem line, for both directions or one.
#include <stdio.h>
#include <string.h>

#include "dataplane/model/rate.h"
#include "topologies/load_link.h"

// What a key may give; netem may give all.
struct impairment_key {
	const char *key;
	unsigned groups; // enum impairment_given
};

static const struct impairment_key impairment_keys[] = {
	{"delay", IMPAIRMENT_DELAY | IMPAIRMENT_JITTER},
	{"jitter", IMPAIRMENT_JITTER},
	{"loss", IMPAIRMENT_LOSS},
	{"rate", IMPAIRMENT_RATE},
	{"limit", IMPAIRMENT_LIMIT},
	{"netem", ~0U},
};

static const char *const group_names[IMPAIRMENT_GROUPS] = {"delay", "jitter", "loss", "rate",
							   "limit"};

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
				    group_names[group], (*given_by)->key, (*given_by)->line);
			free = false;
		} else {
			*given_by = entry;
		}
	}
	return free;
}

void read_link_impairment(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	enum scope scope = entry->direction < 0 ? SCOPE_BOTH : (enum scope)entry->direction;
	unsigned allowed = allowed_groups(entry->key);
	char line[INI_LINE_MAX + 16];
	struct impairment parsed;
	struct error error;

	snprintf(line, sizeof(line), "%s %s", allowed == ~0U ? "" : entry->key, entry->value);
	if (impairment_parse_line(line, "", &parsed, &error) < 0) {
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
	if ((parsed.given & IMPAIRMENT_RATE) && parsed.rate_bps == 0) {
		reader_fail(reader, entry,
			    "a rate of 0 carries nothing; leave it out for no limit");
		return;
	}
	if (claim_groups(reader, draft, scope, parsed.given, entry))
		impairment_merge(&draft->impairments[scope], &parsed);
}

void finish_link_impairments(struct reader *reader, struct link_draft *draft)
{
	bool rated = false;

	for (int direction = 0; direction < LINK_DIRECTIONS; direction++) {
		struct impairment *impairment = &draft->link->impairments[direction];

		*impairment = draft->impairments[SCOPE_BOTH];
		impairment_merge(impairment, &draft->impairments[direction]);
		if (!(impairment->given & IMPAIRMENT_RATE))
			continue;
		rated = true;
		if (draft->framing_ethernet)
			impairment->rate_overhead_bytes += RATE_ETHERNET_OVERHEAD_BYTES;
	}
	if (draft->framing_ethernet && !rated)
		reader_fail(reader, draft->framing,
			    "framing counts against a rate, and none is given; add e.g. rate = "
			    "10gbit");
}
