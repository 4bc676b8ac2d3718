// SPDX-License-Identifier: BSD-3-Clause
// What a topology says that may not be what was meant.
#include "control/notes.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/compile.h"
#include "dataplane/model/jitter_law.h"
#include "topologies/quantity.h"

#define SHARE_NOTED     0.01 // of what was asked for: a smaller difference is not worth a word
#define MEAN_NOTED      0.01 // of the deviation asked for, as jitter_achieve has it; of the deviation:
#define DEVIATION_NOTED 0.05
#define HALVINGS        60
#define LINKS_ALIKE     16

// What would have to be asked for: the share grows with it. 0 when that is beyond the formula's
// digits.
static double find_instead(uint32_t correlation, double wanted)
{
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (correlation_below(correlation, middle) < wanted)
			low = middle;
		else
			high = middle;
	}
	return fabs(correlation_below(correlation, high) - wanted) < SHARE_NOTED * wanted ? high
											  : 0;
}

// The same of one of the last notes, as links are often alike; NAN when there is none.
static double seen_instead(const struct notes *notes, const struct note *note)
{
	for (size_t i = notes->count; i > 0 && i + LINKS_ALIKE > notes->count; i--)
		if (notes->items[i - 1].kind == NOTE_SHARE &&
		    notes->items[i - 1].asked == note->asked &&
		    notes->items[i - 1].correlation == note->correlation)
			return notes->items[i - 1].instead;
	return NAN;
}

static int add(struct notes *notes, const struct note *note)
{
	struct note *grown;

	// The other direction mostly says the same.
	for (size_t i = notes->count; i > 0 && notes->items[i - 1].link == note->link; i--) {
		struct note *other = &notes->items[i - 1];

		if (strcmp(other->key, note->key) == 0 && other->asked == note->asked &&
		    other->achieved == note->achieved && other->correlation == note->correlation) {
			other->directions |= note->directions;
			return 0;
		}
	}
	if ((notes->count & (notes->count - 1)) == 0) {
		grown = reallocarray(notes->items, notes->count ? 2 * notes->count : 1,
				     sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		notes->items = grown;
	}
	notes->items[notes->count++] = *note;
	return 0;
}

static int look(struct notes *notes, uint32_t channel, const char *key, double asked,
		uint32_t correlation, double achieved)
{
	struct note note = {.link = channel / 2,
			    .directions = 1u << channel % 2,
			    .key = key,
			    .asked = asked,
			    .achieved = achieved,
			    .correlation = correlation_rho(correlation)};

	if (correlation == 0 || fabs(achieved - asked) <= SHARE_NOTED * asked)
		return 0;
	note.instead = seen_instead(notes, &note);
	if (isnan(note.instead))
		note.instead = find_instead(correlation, asked);
	return add(notes, &note);
}

// The constant delay cuts the distribution off, as no packet arrives before it was sent; netem's
// chain narrows it.
static int look_at_delay(struct notes *notes, uint32_t channel, const struct channel_params *params)
{
	struct note note = {.kind = NOTE_DELAY,
			    .link = channel / 2,
			    .directions = 1u << channel % 2,
			    .key = "delay",
			    .correlation = correlation_rho(params->jitter.correlation)};
	struct jitter_params plain = params->jitter;
	double delay_ns = (double)params->delay_ns;

	if (plain.kind == JITTER_NONE || params->delay_profile)
		return 0;
	note.cut_off = (double)-jitter_minimum_ns(&params->jitter) > delay_ns;
	if (!note.cut_off && params->jitter.law != JITTER_CHAINED)
		return 0;
	plain.law = JITTER_INDEPENDENT;
	jitter_moments_ns(&plain, UINT64_MAX, &note.asked, &note.asked_deviation_ns);
	jitter_moments_ns(&params->jitter, params->delay_ns, &note.achieved,
			  &note.achieved_deviation_ns);
	if (fabs(note.achieved - note.asked) <= MEAN_NOTED * note.asked_deviation_ns &&
	    fabs(note.achieved_deviation_ns - note.asked_deviation_ns) <=
		    DEVIATION_NOTED * note.asked_deviation_ns)
		return 0;
	note.asked += delay_ns;
	note.achieved += delay_ns;
	return add(notes, &note);
}

// What bounds the queue before a line that is not there.
static int look_at_line(struct notes *notes, uint32_t channel, const struct impairment *impairment,
			const struct channel_params *params)
{
	struct note note = {
		.kind = NOTE_NO_LINE, .link = channel / 2, .directions = 1u << channel % 2};

	if (params->rate.ns_per_byte_q32 > 0 || params->rate.kind != RATE_CONSTANT)
		return 0;
	if (impairment->given & IMPAIRMENT(GROUP_QUEUE))
		note.key = "queue";
	else if (impairment->given & IMPAIRMENT(GROUP_LIMIT))
		note.key = "limit";
	else
		return 0;
	return add(notes, &note);
}

static int look_at_channel(struct notes *notes, uint32_t channel,
			   const struct impairment *impairment, const struct channel_params *params)
{
	int rc = 0;

	if (params->loss.kind == LOSS_RANDOM && !params->loss_profile)
		rc = look(notes, channel, "loss", impairment->loss.ratio, params->loss.correlation,
			  loss_ratio(&params->loss));
	if (!rc)
		rc = look(notes, channel, "duplicate", impairment->duplicate.ratio,
			  params->duplicate.chance.correlation,
			  chance_ratio(&params->duplicate.chance));
	if (!rc)
		rc = look(notes, channel, "corrupt", impairment->corrupt.chance.ratio,
			  params->corrupt.chance.correlation,
			  chance_ratio(&params->corrupt.chance));
	// With a gap fewer are asked for anyway.
	if (!rc && params->reorder.gap == 1)
		rc = look(notes, channel, "reorder", impairment->reorder.chance.ratio,
			  params->reorder.chance.correlation,
			  chance_ratio(&params->reorder.chance));
	if (!rc)
		rc = look_at_delay(notes, channel, params);
	if (!rc)
		rc = look_at_line(notes, channel, impairment, params);
	return rc;
}

int notes_collect(const struct topology *topology, const struct plan *plan, struct notes *notes)
{
	int rc = 0;

	*notes = (struct notes){0};
	for (uint32_t c = 0; !rc && c < plan->channel_count; c++)
		rc = look_at_channel(notes, c, &topology->links[c / 2].impairments[c % 2],
				     &plan->channels[c].params);
	if (rc)
		notes_fini(notes);
	return rc;
}

void notes_fini(struct notes *notes)
{
	free(notes->items);
	*notes = (struct notes){0};
}

static void delay_text(const struct note *note, char *buffer, size_t size)
{
	const double times_ns[] = {note->achieved, note->achieved_deviation_ns, note->asked,
				   note->asked_deviation_ns};
	char words[4][40];

	for (size_t i = 0; i < 4; i++)
		quantity_format_time((uint64_t)(times_ns[i] + 0.5), words[i], sizeof(words[i]));
	snprintf(buffer, size,
		 "its mean will be %s and its deviation %s instead of %s and %s, as %s%s%s",
		 words[0], words[1], words[2], words[3],
		 note->cut_off ? "no packet arrives before it is sent" : "",
		 note->cut_off && note->correlation > 0 ? ", and " : "",
		 note->correlation > 0 ? "netem's correlation narrows what is drawn" : "");
}

char *notes_text(const struct note *note, char *buffer, size_t size)
{
	if (note->kind == NOTE_NO_LINE) {
		snprintf(buffer, size,
			 "without a rate nothing waits, and nothing is dropped or marked (give a "
			 "rate)");
		return buffer;
	}
	if (note->kind == NOTE_DELAY) {
		delay_text(note, buffer, size);
		return buffer;
	}
	int used = snprintf(buffer, size,
			    "a correlation of %.6g%% makes that %.3g%% of the packets instead of "
			    "%.6g%%, by netem's own formula",
			    100 * note->correlation, 100 * note->achieved, 100 * note->asked);

	if (note->instead > 0 && used >= 0 && (size_t)used < size)
		snprintf(buffer + used, size - (size_t)used, "; for %.6g%% write %.4g%% %.6g%%%s",
			 100 * note->asked, 100 * note->instead, 100 * note->correlation,
			 strcmp(note->key, "loss") == 0 ? ", or gemodel for bursts" : "");
	return buffer;
}

char *notes_where(const struct topology *topology, const struct note *note, char *buffer,
		  size_t size)
{
	static const char *const suffixes[] = {"", ".forward", ".reverse", ""};
	const struct link *link = &topology->links[note->link];
	size_t used;

	compile_where(&link->source, "link", link->name, buffer, size);
	used = strlen(buffer);
	snprintf(buffer + used, size - used, " %s%s", note->key, suffixes[note->directions & 3]);
	return buffer;
}
