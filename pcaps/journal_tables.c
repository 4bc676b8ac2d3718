// SPDX-License-Identifier: BSD-3-Clause
// Tables of a journal: one line each, numbers in decimal, what follows from them made anew.
#include "pcaps/journal_tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/model/jitter_table.h"
#include "dataplane/model/opportunity.h"
#include "dataplane/model/profile.h"
#include "dataplane/model/rate_profile.h"

#define COUNT_MOST (UINT32_C(1) << 24)

static const char *const kind_words[JOURNAL_TABLE_KINDS] = {"profile", "rates", "opportunities",
							    "pattern", "shape"};

static int add(struct journal_tables *tables, enum journal_table_kind kind, const void *at)
{
	struct journal_table *grown =
		reallocarray(tables->tables, tables->count + 1, sizeof(*tables->tables));

	if (!grown)
		return -ENOMEM;
	tables->tables = grown;
	tables->tables[tables->count++] = (struct journal_table){kind, at};
	return 0;
}

static void print_profile(FILE *out, const struct profile *profile)
{
	fprintf(out, "profile %" PRIu32 " %d %" PRIu64 " %" PRIu64, profile->count,
		profile->interpolated, profile->period_ns, profile->start_ns);
	for (uint32_t i = 0; i < profile->count; i++)
		fprintf(out, " %" PRIu64 " %" PRId64, profile->points[i].at_ns,
			profile->points[i].value);
	fputc('\n', out);
}

static void print_opportunities(FILE *out, const struct opportunities *list)
{
	fprintf(out, "opportunities %" PRIu32 " %d %" PRIu32 " %" PRIu64, list->count, list->once,
		list->bytes, list->start_ns);
	for (uint32_t i = 0; i < list->count; i++)
		fprintf(out, " %" PRIu64, list->at_ms[i]);
	fputc('\n', out);
}

static void print_pattern(FILE *out, const uint8_t *bits, uint64_t count)
{
	fprintf(out, "pattern %" PRIu64, count);
	for (uint64_t i = 0; i < (count + 7) / 8; i++)
		fprintf(out, " %d", bits[i]);
	fputc('\n', out);
}

// A closed form by its kind and shape, which say all; samples one by one.
static void print_shape(FILE *out, const struct jitter_table *table)
{
	fprintf(out, "shape %d %a %" PRIu32, (int)table->kind, table->shape, table->count);
	for (uint32_t i = 0; i < table->count; i++)
		fprintf(out, " %d", table->samples[i]);
	fputc('\n', out);
}

int journal_table_print(FILE *out, struct journal_tables *tables, enum journal_table_kind kind,
			const void *at, uint64_t bits, size_t *number)
{
	size_t profile;

	for (*number = 0; *number < tables->count; (*number)++)
		if (tables->tables[*number].at == at && tables->tables[*number].kind == kind)
			return 0;
	switch (kind) {
	case JOURNAL_PROFILE:
		print_profile(out, at);
		break;
	case JOURNAL_RATES:
		if (journal_table_print(out, tables, JOURNAL_PROFILE,
					((const struct rate_profile *)at)->profile, 0,
					&profile) < 0)
			return -ENOMEM;
		fprintf(out, "rates %zu\n", profile);
		break;
	case JOURNAL_OPPORTUNITIES:
		print_opportunities(out, at);
		break;
	case JOURNAL_SHAPE:
		print_shape(out, at);
		break;
	default:
		print_pattern(out, at, bits);
	}
	*number = tables->count;
	return add(tables, kind, at);
}

// ---- Reading ----

struct reading {
	char *rest;
	const char *where;
	struct journal *journal;
	struct journal_tables *tables;
	struct error *error;
};

static int refuse(const struct reading *r)
{
	return error_set(r->error, -EINVAL, r->where,
			 "a table whose numbers are not complete or "
			 "not in range");
}

static int no_memory(const struct reading *r)
{
	return error_set(r->error, -ENOMEM, r->where, "no memory for a table");
}

static bool take_signed(struct reading *r, int64_t *number)
{
	char *end;

	if (!r->rest)
		return false;
	errno = 0;
	*number = strtoll(r->rest, &end, 10);
	if (end == r->rest || errno || (*end != ' ' && *end != '\0'))
		return false;
	r->rest = *end ? end + 1 : NULL;
	return true;
}

static bool take(struct reading *r, uint64_t most, uint64_t *number)
{
	char *end;

	if (!r->rest || *r->rest < '0' || *r->rest > '9')
		return false;
	errno = 0;
	*number = strtoull(r->rest, &end, 10);
	if (errno || (*end != ' ' && *end != '\0') || *number > most)
		return false;
	r->rest = *end ? end + 1 : NULL;
	return true;
}

static int read_profile(struct reading *r)
{
	uint64_t count, interpolated, period_ns, start_ns;
	struct profile_point *points;
	struct profile *profile;

	if (!take(r, COUNT_MOST, &count) || !take(r, 1, &interpolated) ||
	    !take(r, UINT64_MAX, &period_ns) || !take(r, UINT64_MAX, &start_ns))
		return refuse(r);
	profile = journal_own(r->journal, sizeof(*profile));
	points = journal_own(r->journal, count * sizeof(*points));
	if (!profile || !points)
		return no_memory(r);
	for (uint64_t i = 0; i < count; i++)
		if (!take(r, UINT64_MAX, &points[i].at_ns) || !take_signed(r, &points[i].value))
			return refuse(r);
	*profile = (struct profile){.points = points,
				    .count = (uint32_t)count,
				    .interpolated = interpolated,
				    .period_ns = period_ns,
				    .start_ns = start_ns};
	if (profile_make(profile, r->where, r->error) < 0)
		return -EINVAL;
	return add(r->tables, JOURNAL_PROFILE, profile) < 0 ? no_memory(r) : 0;
}

static int read_rates(struct reading *r)
{
	const struct profile *profile;
	struct rate_profile *rates;
	struct rate_step *steps;
	uint64_t number;

	if (!take(r, COUNT_MOST, &number) || number >= r->tables->count ||
	    r->tables->tables[number].kind != JOURNAL_PROFILE)
		return refuse(r);
	profile = r->tables->tables[number].at;
	rates = journal_own(r->journal, sizeof(*rates));
	steps = journal_own(r->journal, profile->count * sizeof(*steps));
	if (!rates || !steps)
		return no_memory(r);
	if (rate_profile_make(rates, profile, steps, r->where, r->error) < 0)
		return -EINVAL;
	return add(r->tables, JOURNAL_RATES, rates) < 0 ? no_memory(r) : 0;
}

static int read_opportunities(struct reading *r)
{
	uint64_t count, once, bytes, start_ns;
	struct opportunities *list;
	uint64_t *at_ms;

	if (!take(r, COUNT_MOST, &count) || !take(r, 1, &once) || !take(r, UINT32_MAX, &bytes) ||
	    !take(r, UINT64_MAX, &start_ns))
		return refuse(r);
	list = journal_own(r->journal, sizeof(*list));
	at_ms = journal_own(r->journal, count * sizeof(*at_ms));
	if (!list || !at_ms)
		return no_memory(r);
	for (uint64_t i = 0; i < count; i++)
		if (!take(r, UINT64_MAX, &at_ms[i]))
			return refuse(r);
	*list = (struct opportunities){.at_ms = at_ms,
				       .count = (uint32_t)count,
				       .once = once,
				       .bytes = (uint32_t)bytes,
				       .start_ns = start_ns};
	if (opportunities_make(list, r->where, r->error) < 0)
		return -EINVAL;
	return add(r->tables, JOURNAL_OPPORTUNITIES, list) < 0 ? no_memory(r) : 0;
}

static int read_pattern(struct reading *r)
{
	uint64_t count, byte;
	uint8_t *bits;

	if (!take(r, (uint64_t)COUNT_MOST * 8, &count))
		return refuse(r);
	bits = journal_own(r->journal, (count + 7) / 8);
	if (!bits)
		return no_memory(r);
	for (uint64_t i = 0; i < (count + 7) / 8; i++) {
		if (!take(r, 255, &byte))
			return refuse(r);
		bits[i] = (uint8_t)byte;
	}
	return add(r->tables, JOURNAL_PATTERN, bits) < 0 ? no_memory(r) : 0;
}

static bool take_real(struct reading *r, double *number)
{
	char *end;

	if (!r->rest)
		return false;
	*number = strtod(r->rest, &end);
	if (end == r->rest || (*end != ' ' && *end != '\0'))
		return false;
	r->rest = *end ? end + 1 : NULL;
	return true;
}

static int read_shape(struct reading *r)
{
	struct jitter_table *table;
	int16_t *samples;
	uint64_t kind, count;
	int64_t sample;
	double shape;
	int code;

	if (!take(r, JITTER_TABLE, &kind) || !take_real(r, &shape) ||
	    !take(r, JITTER_SAMPLES_MOST, &count))
		return refuse(r);
	table = journal_own(r->journal, sizeof(*table));
	samples = journal_own(r->journal, count * sizeof(*samples));
	if (!table || !samples)
		return no_memory(r);
	for (uint64_t i = 0; i < count; i++) {
		if (!take_signed(r, &sample) || sample < INT16_MIN || sample > INT16_MAX)
			return refuse(r);
		samples[i] = (int16_t)sample;
	}
	code = kind == JITTER_TABLE
		       ? jitter_table_make_from_samples(samples, count, r->where, table, r->error)
		       : jitter_table_make((enum jitter_kind)kind, shape, r->where, table,
					   r->error);
	if (code < 0)
		return code;
	return add(r->tables, JOURNAL_SHAPE, table) < 0 ? no_memory(r) : 0;
}

static int kind_of(const char *word)
{
	for (int kind = 0; kind < JOURNAL_TABLE_KINDS; kind++)
		if (strcmp(word, kind_words[kind]) == 0)
			return kind;
	return -1;
}

bool journal_table_is(const char *word)
{
	return kind_of(word) >= 0;
}

int journal_table_read(const struct journal_table_line *line, struct journal *journal,
		       struct journal_tables *tables, struct error *error)
{
	static int (*const readers[JOURNAL_TABLE_KINDS])(struct reading *) = {
		read_profile, read_rates, read_opportunities, read_pattern, read_shape};
	struct reading r = {.rest = line->rest,
			    .where = line->where,
			    .journal = journal,
			    .tables = tables,
			    .error = error};
	int code = readers[kind_of(line->word)](&r);

	if (code == 0 && r.rest)
		return refuse(&r);
	return code;
}

void journal_tables_fini(struct journal_tables *tables)
{
	free(tables->tables);
	*tables = (struct journal_tables){0};
}
