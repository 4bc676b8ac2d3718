// SPDX-License-Identifier: BSD-3-Clause
// Traces become lines and profiles: Mahimahi's delivery opportunities, and series of delay, rate,
// loss and carrier. All run on the lab's clock from its zero.
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "topologies/impairment_translate.h"

// Steps into which a segment of an interpolated rate is cut.
#define RATE_PIECES 64

// What a derived thing follows from: the table (which never changes), and how it is read.
struct key {
	const struct table *table;
	uint32_t kind;
	uint32_t column;
	bool once;
	bool interpolated;
};

enum { KEY_OPPORTUNITIES, KEY_PROFILE, KEY_RATE };

static int no_memory(const struct translation *t)
{
	return error_set(t->error, -ENOMEM, t->where, "no memory for the trace");
}

static struct key key_of(const struct translation *t, uint32_t kind, uint32_t column)
{
	struct key key;

	memset(&key, 0, sizeof(key)); // its padding is compared too
	key.table = t->from->trace.table;
	key.kind = kind;
	key.column = column;
	key.once = t->from->trace.once;
	key.interpolated = t->from->trace.interpolated;
	return key;
}

static int translate_opportunities(const struct translation *t)
{
	const struct table *table = t->from->trace.table;
	struct key key = key_of(t, KEY_OPPORTUNITIES, 0);
	struct opportunities *list;
	bool made;
	int result;

	list = tables_derive_of(t->tables, key.table, &key, sizeof(key), sizeof(*list), &made);
	if (!list)
		return no_memory(t);
	if (!made) {
		*list = (struct opportunities){.at_ms = table->times_ms,
					       .count = (uint32_t)table->count,
					       .once = t->from->trace.once};
		result = opportunities_make(list, t->where, t->error);
		if (result < 0) {
			tables_forget(t->tables, list);
			return result;
		}
	}
	rate_follow_opportunities(&t->to->rate, list);
	if (!(t->from->given & IMPAIRMENT(GROUP_OVERHEAD)))
		t->to->rate.overhead_bytes = OPPORTUNITY_OVERHEAD_BYTES;
	return 0;
}

static int64_t value_of(const struct series_row *row, uint32_t column)
{
	double value = row->values[column];

	return column == SERIES_LOSS ? (int64_t)llround(value * 4294967296.0)
				     : (int64_t)llround(value);
}

// The last row holds as long as the one before it, then a series begins again.
static uint64_t period_of(const struct table *table, bool once)
{
	const struct series_row *last = &table->rows[table->count - 1];

	if (once || table->count < 2)
		return 0;
	return last->at_ns + (last->at_ns - last[-1].at_ns);
}

struct profile_memory {
	struct profile profile;
	struct profile_point points[];
};

static const struct profile *derive_profile(const struct translation *t, uint32_t column,
					    bool interpolated)
{
	const struct table *table = t->from->trace.table;
	struct key key = key_of(t, KEY_PROFILE, column);
	struct profile_memory *memory;
	bool made;

	key.interpolated = interpolated;
	memory =
		tables_derive_of(t->tables, key.table, &key, sizeof(key),
				 sizeof(*memory) + table->count * sizeof(memory->points[0]), &made);
	if (!memory) {
		no_memory(t);
		return NULL;
	}
	if (made)
		return &memory->profile;
	for (size_t i = 0; i < table->count; i++)
		memory->points[i] = (struct profile_point){
			.at_ns = table->rows[i].at_ns, .value = value_of(&table->rows[i], column)};
	memory->profile = (struct profile){.points = memory->points,
					   .count = (uint32_t)table->count,
					   .interpolated = interpolated,
					   .period_ns = period_of(table, t->from->trace.once)};
	if (profile_make(&memory->profile, t->where, t->error) == 0)
		return &memory->profile;
	tables_forget(t->tables, memory);
	return NULL;
}

struct rate_memory {
	struct rate_profile line;
	struct profile stepped;
	// Then points, then steps.
};

static const struct rate_profile *derive_rate(const struct translation *t)
{
	const struct profile *profile = derive_profile(t, SERIES_RATE, t->from->trace.interpolated);
	uint32_t pieces = t->from->trace.interpolated ? RATE_PIECES : 1, count;
	struct key key = key_of(t, KEY_RATE, SERIES_RATE);
	struct rate_memory *memory;
	struct profile_point *points;
	struct rate_step *steps;
	bool made;

	if (!profile)
		return NULL;
	count = profile_step_points(profile, pieces);
	memory = tables_derive_of(t->tables, key.table, &key, sizeof(key),
				  sizeof(*memory) + count * (sizeof(*points) + sizeof(*steps)) + 16,
				  &made);
	if (!memory) {
		no_memory(t);
		return NULL;
	}
	if (made)
		return &memory->line;
	// Steps hold 128-bit numbers: on their own alignment, before the points.
	steps = (struct rate_step *)(((uintptr_t)(memory + 1) + 15) & ~(uintptr_t)15);
	points = (struct profile_point *)(steps + count);
	if (profile_step(profile, pieces, points, &memory->stepped, t->where, t->error) == 0 &&
	    rate_profile_make(&memory->line, &memory->stepped, steps, t->where, t->error) == 0)
		return &memory->line;
	tables_forget(t->tables, memory);
	return NULL;
}

static int translate_series(const struct translation *t)
{
	unsigned columns = t->from->trace.table->columns;
	bool interpolated = t->from->trace.interpolated;

	if (columns & 1U << SERIES_DELAY) {
		t->to->delay_profile = derive_profile(t, SERIES_DELAY, interpolated);
		if (!t->to->delay_profile)
			return -EINVAL;
		t->to->delay_ns = (uint64_t)t->to->delay_profile->points[0].value;
	}
	if (columns & 1U << SERIES_LOSS) {
		t->to->loss_profile = derive_profile(t, SERIES_LOSS, interpolated);
		if (!t->to->loss_profile)
			return -EINVAL;
	}
	if (columns & 1U << SERIES_CARRIER) {
		t->to->carrier_profile = derive_profile(t, SERIES_CARRIER, false);
		if (!t->to->carrier_profile)
			return -EINVAL;
	}
	if (columns & 1U << SERIES_RATE) {
		const struct rate_profile *line = derive_rate(t);

		if (!line)
			return -EINVAL;
		rate_follow_profile(&t->to->rate, line);
	}
	return 0;
}

int translate_trace(const struct translation *t)
{
	const struct table *table = t->from->trace.table;

	if (!table)
		return 0;
	if (!t->tables)
		return error_set(t->error, -EINVAL, t->where, "a trace cannot be read here");
	if (t->from->burst.bytes &&
	    (table->kind == TABLE_MAHIMAHI || table->columns & 1U << SERIES_RATE))
		return error_set(t->error, -EINVAL, t->where,
				 "a trace of the rate and a burst exclude each other; give one");
	return table->kind == TABLE_MAHIMAHI ? translate_opportunities(t) : translate_series(t);
}
