// SPDX-License-Identifier: BSD-3-Clause
// The journal as text: one entry a line, all integers, so that it reads back exactly.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcaps/aside.h"
#include "pcaps/journal.h"
#include "pcaps/journal_text.h"

#define FIELD(name, type, member)                                                                  \
	{                                                                                          \
		name, type, offsetof(struct channel_params, member),                               \
		{                                                                                  \
			NULL                                                                       \
		}                                                                                  \
	}
#define WORDS(name, member, ...)                                                                   \
	{                                                                                          \
		name, JOURNAL_ENUM, offsetof(struct channel_params, member),                       \
		{                                                                                  \
			__VA_ARGS__, NULL                                                          \
		}                                                                                  \
	}

_Static_assert(sizeof(enum loss_kind) == 4 && sizeof(enum queue_limit) == 4,
	       "a word's value is stored as 32 bits");

const struct journal_field journal_fields[] = {
	FIELD("seed", JOURNAL_U64, seed),
	FIELD("random_key", JOURNAL_U32, random_key),
	FIELD("carrier", JOURNAL_BOOL, carrier),
	FIELD("mtu_bytes", JOURNAL_U32, mtu_bytes),
	FIELD("delay_ns", JOURNAL_U64, delay_ns),
	WORDS("jitter", jitter.kind, "none", "uniform", "normal"),
	FIELD("jitter_correlation", JOURNAL_U32, jitter.correlation),
	FIELD("jitter_ns", JOURNAL_U64, jitter.jitter_ns),
	WORDS("loss", loss.kind, "none", "random", "gilbert-elliott"),
	FIELD("loss_correlation", JOURNAL_U32, loss.correlation),
	FIELD("loss_random", JOURNAL_U64, loss.random),
	FIELD("loss_good_to_bad", JOURNAL_U64, loss.good_to_bad),
	FIELD("loss_bad_to_good", JOURNAL_U64, loss.bad_to_good),
	FIELD("loss_in_bad", JOURNAL_U64, loss.lost_in_bad),
	FIELD("loss_in_good", JOURNAL_U64, loss.lost_in_good),
	FIELD("rate_ns_per_byte_q32", JOURNAL_U64, rate.ns_per_byte_q32),
	FIELD("rate_overhead_bytes", JOURNAL_I32, rate.overhead_bytes),
	FIELD("rate_cell_bytes", JOURNAL_U32, rate.cell_bytes),
	FIELD("rate_cell_overhead_bytes", JOURNAL_U32, rate.cell_overhead_bytes),
	FIELD("rate_cell_reciprocal", JOURNAL_U32, rate.cell_reciprocal),
	FIELD("rate_bps", JOURNAL_U64, rate.bits_per_second),
	WORDS("queue", queue.limit, "unlimited", "packets", "bytes", "time"),
	FIELD("queue_amount", JOURNAL_U64, queue.limit_amount),
};
const size_t journal_field_count = sizeof(journal_fields) / sizeof(journal_fields[0]);
const char *const journal_inflight_words[] = {"new", "retime", "cut", NULL};

static void print_field(FILE *out, const struct journal_field *field,
			const struct channel_params *params)
{
	const char *at = (const char *)params + field->offset;
	uint64_t wide;
	uint32_t narrow;
	int32_t negative;
	bool truth;

	switch (field->type) {
	case JOURNAL_BOOL:
		memcpy(&truth, at, sizeof(truth));
		fprintf(out, " %s=%d", field->name, truth);
		return;
	case JOURNAL_U64:
		memcpy(&wide, at, sizeof(wide));
		fprintf(out, " %s=%" PRIu64, field->name, wide);
		return;
	case JOURNAL_I32:
		memcpy(&negative, at, sizeof(negative));
		fprintf(out, " %s=%" PRId32, field->name, negative);
		return;
	case JOURNAL_U32:
		memcpy(&narrow, at, sizeof(narrow));
		fprintf(out, " %s=%" PRIu32, field->name, narrow);
		return;
	case JOURNAL_ENUM:
		memcpy(&narrow, at, sizeof(narrow));
		fprintf(out, " %s=%s", field->name, field->words[narrow]);
		return;
	}
}

static void print_entries(FILE *out, const struct journal *journal)
{
	for (size_t i = 0; i < journal->channel_entry_count; i++) {
		const struct journal_channel *entry = &journal->channels[i];

		fprintf(out, "params %" PRIu64 " %" PRIu32 " %s", entry->from_ns, entry->channel,
			journal_inflight_words[entry->inflight]);
		for (size_t field = 0; field < journal_field_count; field++)
			print_field(out, &journal_fields[field], &entry->params);
		fputc('\n', out);
	}
	for (size_t i = 0; i < journal->path_entry_count; i++) {
		const struct journal_path *entry = &journal->paths[i];

		fprintf(out, "path %" PRIu64 " %" PRIu32 " %" PRIu32 " %s", entry->from_ns,
			entry->from_port, entry->to_port,
			entry->settled ? "settled" : "converging");
		for (size_t hop = 0; hop < entry->hop_count; hop++)
			fprintf(out, " %" PRIu32, entry->hops[hop]);
		fputc('\n', out);
	}
}

static void print_journal(FILE *out, const struct journal *journal)
{
	fprintf(out, JOURNAL_MAGIC "\nseed %" PRIu64 "\nclock_ns %" PRIu64 "\n", journal->seed,
		journal->clock_ns);
	for (size_t i = 0; i < journal->channel_count; i++)
		fprintf(out, "channel %s\n", journal->channel_names[i]);
	for (size_t i = 0; i < journal->port_count; i++)
		fprintf(out, "port %s\n", journal->port_names[i]);
	print_entries(out, journal);
	fprintf(out, "end %zu\n", journal->channel_entry_count + journal->path_entry_count);
}

static bool name_is_fit(const char *name)
{
	if (name[0] == '\0')
		return false;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return false;
	return true;
}

// What the text could not hold, or would not read back.
static int check(const struct journal *journal, const char *path, struct error *error)
{
	for (size_t i = 0; i < journal->channel_count; i++)
		if (!name_is_fit(journal->channel_names[i]))
			return error_set(error, -EINVAL, path, "a channel's name holds a space");
	for (size_t i = 0; i < journal->port_count; i++)
		if (!name_is_fit(journal->port_names[i]))
			return error_set(error, -EINVAL, path, "a port's name holds a space");
	return 0;
}

int journal_save(const struct journal *journal, const char *path, struct error *error)
{
	struct aside aside;
	FILE *out;
	int code = check(journal, path, error);

	if (code == 0)
		code = aside_open(&aside, path, error);
	if (code < 0)
		return code;
	out = fdopen(dup(aside.descriptor), "w");
	errno = 0;
	if (out)
		print_journal(out, journal);
	if (!out || ferror(out) || fflush(out) != 0)
		code = errno ? -errno : -EIO;
	if (out && fclose(out) != 0 && code == 0)
		code = -errno;
	if (code == 0)
		return aside_finish(&aside, error);
	aside_abandon(&aside);
	return error_set(error, code, path, "cannot be written: %s", strerror(-code));
}
