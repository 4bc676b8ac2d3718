// SPDX-License-Identifier: BSD-3-Clause
// Reads how a satellite link's modem codes: `rate = acm` follows the weather, `modcod = NAME` keeps
// to one modulation and coding (CCM).
#include <string.h>

#include "topologies/load_radio.h"

static enum scope scope_of(const struct ini_entry *entry)
{
	return entry->direction < 0 ? SCOPE_BOTH : (enum scope)entry->direction;
}

void read_link_rate(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	if (strcmp(entry->value, "acm") == 0)
		draft->acm[scope_of(entry)] = entry;
	else
		read_link_impairment(reader, thing, entry);
}

void read_modcod(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;

	(void)reader; // its name depends on modcods, which may come later
	draft->modcod[scope_of(entry)] = entry;
	draft->link->radio.given = true;
}

// The entry in force for a direction: its own, or that for both.
static const struct ini_entry *entry_of(const struct ini_entry *const *entries, int direction)
{
	return entries[direction] ? entries[direction] : entries[SCOPE_BOTH];
}

static const char *name_of(struct reader *reader, const struct radio *radio,
			   const struct ini_entry *entry)
{
	const char *names[MODCOD_NAMES_MOST], *nearest;
	struct modem_ladder ladder;

	if (modem_ladder_fix(&ladder, radio->standard, entry->value))
		return ladder.rungs[0].name;
	modem_names(radio->standard, names);
	nearest = nearest_word(entry->value, names);
	reader_fail(reader, entry,
		    "\"%s\" is not a MODCOD of %s%s%s; write e.g. QPSK 3/4, or leave it out for "
		    "adaptive coding",
		    entry->value, radio->standard == MODEM_DVB_S2 ? "dvb-s2" : "dvb-s2x",
		    nearest ? "; did you mean " : "", nearest ? nearest : "");
	return NULL;
}

// A direction's own acm goes over a rate for both.
static void forget_rate(struct impairment *impairment)
{
	impairment->given &=
		~(IMPAIRMENT(GROUP_RATE) | IMPAIRMENT(GROUP_OVERHEAD) | IMPAIRMENT(GROUP_BURST));
	impairment->rate = (struct impairment_rate){.bps = 0};
	impairment->overhead = (struct impairment_overhead){.bytes = 0};
	impairment->burst = (struct impairment_burst){.bytes = 0};
}

static void finish_direction(struct reader *reader, struct link_draft *draft, int d)
{
	struct radio *radio = &draft->link->radio;
	struct impairment *impairment = &draft->link->impairments[d];
	const struct ini_entry *rate = draft->given_by[d][GROUP_RATE];
	const struct ini_entry *acm = draft->acm[d];
	const struct ini_entry *modcod = entry_of(draft->modcod, d);

	// One for both counts where the direction has nothing of its own.
	if (!rate && !acm) {
		rate = draft->given_by[SCOPE_BOTH][GROUP_RATE];
		acm = draft->acm[SCOPE_BOTH];
	}
	if (acm && !radio->given)
		reader_fail(reader, acm,
			    "acm follows a radio's link budget, and the link has none; add band, "
			    "antenna, power, noise, satellite_gt, satellite_eirp and symbol_rate");
	else if (acm && rate)
		reader_fail(reader, acm, "%s in line %u gives a rate, too; give acm or a rate",
			    rate->key, rate->line);
	else if (acm && modcod)
		reader_fail(reader, modcod,
			    "rate = acm in line %u lets the modem choose; give one of the two",
			    acm->line);
	else if (rate && modcod)
		reader_fail(
			reader, modcod,
			"%s in line %u gives a rate, so the modem's coding does not count; leave "
			"one of them out",
			rate->key, rate->line);
	else if (modcod)
		radio->modcod[d] = name_of(reader, radio, modcod);
	if (acm)
		forget_rate(impairment);
}

void finish_coding(struct reader *reader, struct link_draft *draft)
{
	size_t before = reader->errors->count;

	// The other direction has the same fault as a rule.
	for (int d = 0; d < LINK_DIRECTIONS && reader->errors->count == before; d++)
		finish_direction(reader, draft, d);
}
