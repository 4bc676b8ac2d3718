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
#include "pcaps/journal_tables.h"
#include "pcaps/journal_text.h"

#define AT(member) offsetof(struct channel_params, member)
#define FIELD(label, kind, member)                                                                 \
	{                                                                                          \
		.name = label, .type = kind, .offset = AT(member)                                  \
	}
#define WORDS(label, member, ...)                                                                  \
	{                                                                                          \
		.name = label, .type = JOURNAL_ENUM, .offset = AT(member), .words = {              \
			__VA_ARGS__,                                                               \
			NULL                                                                       \
		}                                                                                  \
	}
#define BYTES(label, member)                                                                       \
	{                                                                                          \
		.name = label, .type = JOURNAL_BYTES, .offset = AT(member),                        \
		.bytes = sizeof(((struct channel_params *)0)->member)                              \
	}
#define TABLE(label, kind, member)                                                                 \
	{                                                                                          \
		.name = label, .type = JOURNAL_TABLE, .offset = AT(member), .table = kind          \
	}

_Static_assert(sizeof(enum loss_kind) == 4 && sizeof(enum queue_limit) == 4,
	       "a word's value is stored as 32 bits");

// The law of loss is a union: its bytes are written as they are, but for a pattern's pointer, which
// comes behind them.
const struct journal_field journal_fields[] = {
	FIELD("seed", JOURNAL_U64, seed),
	FIELD("random_key", JOURNAL_U32, random_key),
	FIELD("carrier", JOURNAL_BOOL, carrier),
	FIELD("mtu_bytes", JOURNAL_U32, mtu_bytes),
	FIELD("delay_ns", JOURNAL_U64, delay_ns),
	WORDS("jitter", jitter.kind, "none", "uniform", "normal", "pareto", "paretonormal",
	      "exponential", "gamma", "lognormal", "table"),
	FIELD("jitter_correlation", JOURNAL_U32, jitter.correlation),
	FIELD("jitter_ns", JOURNAL_U64, jitter.jitter_ns),
	FIELD("jitter_halflife_ns", JOURNAL_U64, jitter.halflife_ns),
	FIELD("jitter_order_free", JOURNAL_BOOL, jitter.order_free),
	TABLE("jitter_table", JOURNAL_SHAPE, jitter.table),
	WORDS("loss", loss.kind, "none", "random", "gilbert-elliott", "states", "ber", "pattern",
	      "every", "packets", "outage"),
	FIELD("loss_ecn", JOURNAL_BOOL, loss.ecn),
	FIELD("loss_fingerprint", JOURNAL_U32, loss.fingerprint),
	FIELD("loss_correlation", JOURNAL_U32, loss.correlation),
	FIELD("loss_random", JOURNAL_U64, loss.random),
	{.name = "loss_law",
	 .type = JOURNAL_BYTES,
	 .offset = AT(loss.spared_q64),
	 .bytes = sizeof(struct loss_params) - offsetof(struct loss_params, spared_q64)},
	TABLE("loss_pattern", JOURNAL_PATTERN, loss.pattern),
	FIELD("duplicate", JOURNAL_U64, duplicate.chance.threshold),
	FIELD("duplicate_correlation", JOURNAL_U32, duplicate.chance.correlation),
	FIELD("corrupt", JOURNAL_U64, corrupt.chance.threshold),
	FIELD("corrupt_correlation", JOURNAL_U32, corrupt.chance.correlation),
	FIELD("corrupt_bits", JOURNAL_U32, corrupt.bits),
	FIELD("reorder", JOURNAL_U64, reorder.chance.threshold),
	FIELD("reorder_correlation", JOURNAL_U32, reorder.chance.correlation),
	FIELD("reorder_gap", JOURNAL_U32, reorder.gap),
	FIELD("reorder_late_ns", JOURNAL_U64, reorder.late_ns),
	WORDS("police", police.kind, "none", "single-rate", "two-rate"),
	FIELD("police_remarks", JOURNAL_BOOL, police.remarks),
	FIELD("police_yellow_dscp", JOURNAL_U8, police.yellow_dscp),
	FIELD("police_overhead_bytes", JOURNAL_I32, police.overhead_bytes),
	FIELD("police_committed_bps", JOURNAL_U64, police.committed_bps),
	FIELD("police_peak_bps", JOURNAL_U64, police.peak_bps),
	FIELD("police_committed_bits_e9", JOURNAL_U64, police.committed_bits_e9),
	FIELD("police_second_bits_e9", JOURNAL_U64, police.second_bits_e9),
	FIELD("slot_packets", JOURNAL_U64, slot.packets),
	FIELD("slot_bytes", JOURNAL_U64, slot.bytes),
	FIELD("slot_least_ns", JOURNAL_U64, slot.least_ns),
	FIELD("slot_range_ns", JOURNAL_U64, slot.range_ns),
	WORDS("slot_by", slot.by.kind, "none", "uniform", "normal", "pareto", "paretonormal",
	      "exponential", "gamma", "lognormal", "table"),
	FIELD("slot_jitter_ns", JOURNAL_U64, slot.by.jitter_ns),
	FIELD("slot_order_free", JOURNAL_BOOL, slot.by.order_free),
	TABLE("slot_table", JOURNAL_SHAPE, slot.by.table),
	WORDS("rate", rate.kind, "constant", "bucket", "profile", "opportunities", "access"),
	WORDS("rate_modem", rate.modem, "constant", "bucket", "profile", "opportunities", "access"),
	FIELD("rate_ns_per_byte_q32", JOURNAL_U64, rate.ns_per_byte_q32),
	FIELD("rate_overhead_bytes", JOURNAL_I32, rate.overhead_bytes),
	FIELD("rate_cell_bytes", JOURNAL_U32, rate.cell_bytes),
	FIELD("rate_cell_overhead_bytes", JOURNAL_U32, rate.cell_overhead_bytes),
	FIELD("rate_cell_reciprocal", JOURNAL_U32, rate.cell_reciprocal),
	FIELD("rate_bps", JOURNAL_U64, rate.bits_per_second),
	FIELD("bucket_burst_bytes", JOURNAL_U32, rate.bucket.burst_bytes),
	FIELD("bucket_peak_burst_bytes", JOURNAL_U32, rate.bucket.peak_burst_bytes),
	FIELD("bucket_peak_ns_per_byte_q32", JOURNAL_U64, rate.bucket.peak_ns_per_byte_q32),
	FIELD("bucket_peak_bps", JOURNAL_U64, rate.bucket.peak_bits_per_second),
	FIELD("access_superframe_ns", JOURNAL_U64, rate.access.superframe_ns),
	FIELD("access_cra_bps", JOURNAL_U64, rate.access.cra_bps),
	FIELD("access_rbdc_bps", JOURNAL_U64, rate.access.rbdc_bps),
	FIELD("access_schedule_ns", JOURNAL_U64, rate.access.schedule_ns),
	FIELD("access_timeout_ns", JOURNAL_U64, rate.access.timeout_ns),
	TABLE("rate_profile", JOURNAL_RATES, rate.profile),
	TABLE("rate_opportunities", JOURNAL_OPPORTUNITIES, rate.opportunities),
	WORDS("queue", queue.kind, "tail", "red", "pie", "head", "codel", "fq_codel", "prio",
	      "drr"),
	WORDS("queue_limit", queue.limit, "unlimited", "packets", "bytes", "time"),
	FIELD("queue_amount", JOURNAL_U64, queue.limit_amount),
	WORDS("queue_mark", queue.mark, "unlimited", "packets", "bytes", "time"),
	FIELD("queue_mark_amount", JOURNAL_U64, queue.mark_amount),
	FIELD("queue_mark_ect1", JOURNAL_BOOL, queue.mark_ect1_only),
	FIELD("queue_capacity", JOURNAL_U32, queue.capacity),
	FIELD("red_min_bytes", JOURNAL_U64, queue.red.min_bytes),
	FIELD("red_max_bytes", JOURNAL_U64, queue.red.max_bytes),
	FIELD("red_probability", JOURNAL_U64, queue.red.probability),
	FIELD("red_bandwidth_bps", JOURNAL_U64, queue.red.bandwidth_bps),
	FIELD("red_avpkt_bytes", JOURNAL_U32, queue.red.avpkt_bytes),
	FIELD("red_burst_packets", JOURNAL_U32, queue.red.burst_packets),
	FIELD("red_ecn", JOURNAL_BOOL, queue.red.ecn),
	FIELD("red_harddrop", JOURNAL_BOOL, queue.red.harddrop),
	FIELD("red_nodrop", JOURNAL_BOOL, queue.red.nodrop),
	FIELD("red_adaptive", JOURNAL_BOOL, queue.red.adaptive),
	FIELD("red_weight_shift", JOURNAL_U32, queue.red.weight_shift),
	FIELD("red_range_reciprocal", JOURNAL_U64, queue.red.range_reciprocal),
	FIELD("red_idle_reciprocal", JOURNAL_U64, queue.red.idle_reciprocal),
	FIELD("red_target_low", JOURNAL_U64, queue.red.target_low),
	FIELD("red_target_high", JOURNAL_U64, queue.red.target_high),
	FIELD("pie_target_ns", JOURNAL_U64, queue.pie.target_ns),
	FIELD("pie_tupdate_ns", JOURNAL_U64, queue.pie.tupdate_ns),
	FIELD("pie_burst_ns", JOURNAL_U64, queue.pie.burst_ns),
	FIELD("pie_ecn_threshold", JOURNAL_U64, queue.pie.ecn_threshold),
	FIELD("pie_alpha", JOURNAL_U32, queue.pie.alpha),
	FIELD("pie_beta", JOURNAL_U32, queue.pie.beta),
	FIELD("pie_mtu_bytes", JOURNAL_U32, queue.pie.mtu_bytes),
	FIELD("pie_ecn", JOURNAL_BOOL, queue.pie.ecn),
	FIELD("pie_derandomise", JOURNAL_BOOL, queue.pie.derandomise),
	FIELD("pie_alpha_q72", JOURNAL_I64, queue.pie.alpha_q72),
	FIELD("pie_beta_q72", JOURNAL_I64, queue.pie.beta_q72),
	FIELD("pie_tupdate_reciprocal", JOURNAL_U64, queue.pie.tupdate_reciprocal),
	FIELD("codel_target_ns", JOURNAL_U64, queue.codel.target_ns),
	FIELD("codel_interval_ns", JOURNAL_U64, queue.codel.interval_ns),
	FIELD("codel_ce_threshold_ns", JOURNAL_U64, queue.codel.ce_threshold_ns),
	FIELD("codel_mtu_bytes", JOURNAL_U32, queue.codel.mtu_bytes),
	FIELD("codel_ecn", JOURNAL_BOOL, queue.codel.ecn),
	FIELD("codel_ect1", JOURNAL_BOOL, queue.codel.ect1_only),
	FIELD("fair_flows", JOURNAL_U32, queue.fair.flows),
	FIELD("fair_quantum_bytes", JOURNAL_U32, queue.fair.quantum_bytes),
	FIELD("fair_batch_packets", JOURNAL_U32, queue.fair.batch_packets),
	FIELD("fair_memory_bytes", JOURNAL_U64, queue.fair.memory_bytes),
	FIELD("classes", JOURNAL_U32, queue.classes.count),
	FIELD("classes_quantum_bytes", JOURNAL_U32, queue.classes.quantum_bytes),
	BYTES("classes_of_dscp", queue.classes.of_dscp),
	BYTES("classes_weight", queue.classes.weight),
	TABLE("delay_profile", JOURNAL_PROFILE, delay_profile),
	TABLE("loss_profile", JOURNAL_PROFILE, loss_profile),
	TABLE("carrier_profile", JOURNAL_PROFILE, carrier_profile),
};
const size_t journal_field_count = sizeof(journal_fields) / sizeof(journal_fields[0]);
const char *const journal_inflight_words[] = {"new", "retime", "cut", NULL};

static void print_number(FILE *out, const struct journal_field *field, const char *at)
{
	uint64_t wide = 0;
	uint32_t narrow;
	int32_t negative;

	switch (field->type) {
	case JOURNAL_U64:
		memcpy(&wide, at, sizeof(wide));
		fprintf(out, "%" PRIu64, wide);
		return;
	case JOURNAL_I64:
		memcpy(&wide, at, sizeof(wide));
		fprintf(out, "%" PRId64, (int64_t)wide);
		return;
	case JOURNAL_I32:
		memcpy(&negative, at, sizeof(negative));
		fprintf(out, "%" PRId32, negative);
		return;
	case JOURNAL_BOOL:
	case JOURNAL_U8:
		fprintf(out, "%d", (unsigned char)*at);
		return;
	default:
		memcpy(&narrow, at, sizeof(narrow));
		if (field->type == JOURNAL_ENUM)
			fputs(field->words[narrow], out);
		else
			fprintf(out, "%" PRIu32, narrow);
	}
}

static bool is_table(const struct journal_field *field, const struct channel_params *params,
		     const void **at)
{
	if (field->type != JOURNAL_TABLE)
		return false;
	memcpy(at, (const char *)params + field->offset, sizeof(*at));
	// The pattern's pointer lies in a union.
	if (field->table == JOURNAL_PATTERN && params->loss.kind != LOSS_PATTERN)
		*at = NULL;
	return true;
}

// `table`: its number and 1, or 0 for none.
static void print_field(FILE *out, const struct journal_field *field,
			const struct channel_params *params, size_t table)
{
	const char *at = (const char *)params + field->offset;

	fprintf(out, " %s=", field->name);
	if (field->type == JOURNAL_TABLE) {
		if (table)
			fprintf(out, "%zu", table - 1);
		else
			fputc('-', out);
	} else if (field->type == JOURNAL_BYTES) {
		for (size_t i = 0; i < field->bytes; i++)
			fprintf(out, "%02x", (unsigned char)at[i]);
	} else {
		print_number(out, field, at);
	}
}

static int print_channel_entry(FILE *out, const struct journal_channel *entry,
			       struct journal_tables *tables)
{
	size_t numbers[128] = {0};
	struct channel_params params = entry->params;
	const void *at;

	for (size_t i = 0; i < journal_field_count; i++) {
		if (!is_table(&journal_fields[i], &params, &at) || !at)
			continue;
		if (journal_table_print(out, tables, journal_fields[i].table, at,
					params.loss.pattern_bits, &numbers[i]) < 0)
			return -ENOMEM;
		numbers[i]++;
	}
	if (params.loss.kind == LOSS_PATTERN)
		params.loss.pattern = NULL; // an address says nothing to a reader
	fprintf(out, "params %" PRIu64 " %" PRIu32 " %s", entry->from_ns, entry->channel,
		journal_inflight_words[entry->inflight]);
	for (size_t i = 0; i < journal_field_count; i++)
		print_field(out, &journal_fields[i], &params, numbers[i]);
	fputc('\n', out);
	return 0;
}

static int print_entries(FILE *out, const struct journal *journal)
{
	struct journal_tables tables = {0};
	int code = 0;

	for (size_t i = 0; code == 0 && i < journal->channel_entry_count; i++)
		code = print_channel_entry(out, &journal->channels[i], &tables);
	journal_tables_fini(&tables);
	for (size_t i = 0; i < journal->path_entry_count; i++) {
		const struct journal_path *entry = &journal->paths[i];

		fprintf(out, "path %" PRIu64 " %" PRIu32 " %" PRIu32 " %s", entry->from_ns,
			entry->from_port, entry->to_port,
			entry->settled ? "settled" : "converging");
		for (size_t hop = 0; hop < entry->hop_count; hop++)
			fprintf(out, " %" PRIu32, entry->hops[hop]);
		fputc('\n', out);
	}
	return code;
}

static int print_journal(FILE *out, const struct journal *journal)
{
	int code;

	fprintf(out, JOURNAL_MAGIC "\nseed %" PRIu64 "\nclock_ns %" PRIu64 "\n", journal->seed,
		journal->clock_ns);
	for (size_t i = 0; i < journal->channel_count; i++)
		fprintf(out, "channel %s\n", journal->channel_names[i]);
	for (size_t i = 0; i < journal->port_count; i++)
		fprintf(out, "port %s\n", journal->port_names[i]);
	code = print_entries(out, journal);
	fprintf(out, "end %zu\n", journal->channel_entry_count + journal->path_entry_count);
	return code;
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
		code = print_journal(out, journal);
	if (code == 0 && (!out || ferror(out) || fflush(out) != 0))
		code = errno ? -errno : -EIO;
	if (out && fclose(out) != 0 && code == 0)
		code = -errno;
	if (code == 0)
		return aside_finish(&aside, error);
	aside_abandon(&aside);
	return error_set(error, code, path, "cannot be written: %s", strerror(-code));
}
