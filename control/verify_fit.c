// SPDX-License-Identifier: BSD-3-Clause
// A fit for people, for programs, and as lines of a topology.
#include "control/verify_fit.h"

#include <math.h>
#include <stdlib.h>

#include "control/cli/table.h"

#define LINE_MOST 1024

enum unit { UNIT_SHARE, UNIT_TIME, UNIT_RATE, UNIT_BYTES, UNIT_PACKETS, UNIT_NONE };

// Every estimate there may be: its name in JSON and in the table.
struct named {
	const char *key;
	const char *name;
	const struct fit_estimate *estimate;
	enum unit unit;
};

#define NAMED_MOST 24

static const char *const loss_names[] = {
	[FIT_LOSS_NONE] = "none",
	[FIT_LOSS_RANDOM] = "random",
	[FIT_LOSS_GILBERT] = "gilbert",
	[FIT_LOSS_ELLIOTT] = "gilbert-elliott",
};

static const char *const kind_names[] = {
	[JITTER_NONE] = "none",
	[JITTER_UNIFORM] = "uniform",
	[JITTER_NORMAL] = "normal",
	[JITTER_PARETO] = "pareto",
	[JITTER_PARETONORMAL] = "paretonormal",
	[JITTER_EXPONENTIAL] = "exponential",
	[JITTER_GAMMA] = "gamma",
	[JITTER_LOGNORMAL] = "lognormal",
	[JITTER_TABLE] = "table",
};

static const enum distribution_kind kinds[] = {
	[JITTER_NONE] = DISTRIBUTION_NONE,
	[JITTER_UNIFORM] = DISTRIBUTION_UNIFORM,
	[JITTER_NORMAL] = DISTRIBUTION_NORMAL,
	[JITTER_PARETO] = DISTRIBUTION_PARETO,
	[JITTER_PARETONORMAL] = DISTRIBUTION_PARETONORMAL,
	[JITTER_EXPONENTIAL] = DISTRIBUTION_EXPONENTIAL,
	[JITTER_GAMMA] = DISTRIBUTION_GAMMA,
	[JITTER_LOGNORMAL] = DISTRIBUTION_LOGNORMAL,
	[JITTER_TABLE] = DISTRIBUTION_NONE,
};

static size_t name_all(const struct fit *fit, struct named named[NAMED_MOST])
{
	enum unit limit = fit->limit == QUEUE_TIME    ? UNIT_TIME
			  : fit->limit == QUEUE_BYTES ? UNIT_BYTES
						      : UNIT_PACKETS;
	const struct named all[] = {
		{"delay_ns", "delay", &fit->delay_ns, UNIT_TIME},
		{"jitter_ns", "jitter", &fit->jitter_ns, UNIT_TIME},
		{"minimum_ns", "least delay seen", &fit->minimum_ns, UNIT_TIME},
		{"mean_ns", "mean delay", &fit->mean_ns, UNIT_TIME},
		{"deviation_ns", "standard deviation", &fit->deviation_ns, UNIT_TIME},
		{"correlation", "correlation", &fit->correlation, UNIT_SHARE},
		{"halflife_ns", "half-life", &fit->halflife_ns, UNIT_TIME},
		{"loss_ratio", "loss", &fit->loss_ratio, UNIT_SHARE},
		{"p", "p, good to bad", &fit->good_to_bad, UNIT_SHARE},
		{"r", "r, bad to good", &fit->bad_to_good, UNIT_SHARE},
		{"1-h", "1-h, lost in bad", &fit->lost_in_bad, UNIT_SHARE},
		{"1-k", "1-k, lost in good", &fit->lost_in_good, UNIT_SHARE},
		{"duplicate", "duplicated", &fit->duplicate, UNIT_SHARE},
		{"corrupt", "damaged", &fit->corrupt, UNIT_SHARE},
		{"reorder", "reordered", &fit->reorder, UNIT_SHARE},
		{"late_ns", "late by", &fit->late_ns, UNIT_TIME},
		{"rate_bps", "rate", &fit->rate_bps, UNIT_RATE},
		{"overhead_bytes", "overhead", &fit->overhead_bytes, UNIT_BYTES},
		{"limit_amount", "queue limit", &fit->limit_amount, limit},
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].estimate->known)
			named[count++] = all[i];
	return count;
}

// ---- As an impairment ----

// As many digits as the interval deserves.
static double rounded(const struct fit_estimate *estimate)
{
	double grain = (estimate->high - estimate->low) / 50;
	double size = fabs(estimate->value);
	int digits = grain > 0 && size > 0 ? (int)ceil(log10(size / grain)) + 1 : 12;
	char text[40];

	snprintf(text, sizeof(text), "%.*g",
		 digits < 1    ? 1
		 : digits > 12 ? 12
			       : digits,
		 estimate->value);
	return strtod(text, NULL);
}

static uint64_t whole(const struct fit_estimate *estimate)
{
	return estimate->value > 0 ? (uint64_t)llround(rounded(estimate)) : 0;
}

static double share(const struct fit_estimate *estimate)
{
	return fmin(fmax(rounded(estimate), 0), 1);
}

static void give_delay(const struct fit *fit, struct impairment *impairment)
{
	if (!fit->delay_ns.known)
		return;
	impairment->given |= IMPAIRMENT(GROUP_DELAY);
	impairment->delay.delay_ns = whole(&fit->delay_ns);
	if (fit->kind == JITTER_NONE || whole(&fit->jitter_ns) == 0)
		return;
	impairment->given |= IMPAIRMENT(GROUP_JITTER);
	impairment->jitter = (struct impairment_jitter){
		.kind = kinds[fit->kind],
		.jitter_ns = whole(&fit->jitter_ns),
		.shape = round(fit->shape * 1e4) / 1e4,
	};
	if (fit->order != FIT_ORDER_FREE)
		return;
	impairment->given |= IMPAIRMENT(GROUP_ORDER);
	impairment->order = ORDER_FREE;
	if (fit->halflife_ns.known)
		impairment->jitter.halflife_ns = whole(&fit->halflife_ns);
	else if (fit->correlation.known && fit->correlation.low > 0)
		impairment->jitter.correlation = share(&fit->correlation);
}

static void give_loss(const struct fit *fit, struct impairment *impairment)
{
	struct impairment_loss *loss = &impairment->loss;

	if (fit->loss == FIT_LOSS_NONE)
		return;
	impairment->given |= IMPAIRMENT(GROUP_LOSS);
	loss->kind = LOSS_WORDS_GEMODEL;
	loss->p[0] = share(&fit->good_to_bad);
	loss->p[1] = share(&fit->bad_to_good);
	loss->p[2] = fit->lost_in_bad.known ? share(&fit->lost_in_bad) : 1;
	loss->p[3] = fit->lost_in_good.known ? share(&fit->lost_in_good) : 0;
	if (fit->loss != FIT_LOSS_RANDOM)
		return;
	*loss = (struct impairment_loss){.kind = LOSS_WORDS_RANDOM,
					 .ratio = share(&fit->loss_ratio)};
}

static void give_mishaps(const struct fit *fit, struct impairment *impairment)
{
	if (fit->duplicate.known && fit->duplicate.value > 0) {
		impairment->given |= IMPAIRMENT(GROUP_DUPLICATE);
		impairment->duplicate.ratio = share(&fit->duplicate);
	}
	if (fit->corrupt.known && fit->corrupt.value > 0) {
		impairment->given |= IMPAIRMENT(GROUP_CORRUPT);
		impairment->corrupt.chance.ratio = share(&fit->corrupt);
		impairment->corrupt.bits = fit->corrupt_bits;
	}
	if (fit->reorder.known && fit->reorder.value > 0) {
		impairment->given |= IMPAIRMENT(GROUP_REORDER);
		impairment->reorder.chance.ratio = share(&fit->reorder);
		impairment->reorder.gap = fit->reorder_gap;
		if (fit->late_ns.known)
			impairment->reorder.late_ns = whole(&fit->late_ns);
	}
}

static void give_line(const struct fit *fit, struct impairment *impairment)
{
	if (!fit->rate_bps.known)
		return;
	impairment->given |= IMPAIRMENT(GROUP_RATE);
	impairment->rate.bps = whole(&fit->rate_bps);
	if (fit->overhead_bytes.known && lround(fit->overhead_bytes.value) != 0) {
		impairment->given |= IMPAIRMENT(GROUP_OVERHEAD);
		impairment->overhead.bytes = (int32_t)lround(fit->overhead_bytes.value);
	}
	if (!fit->limit_amount.known)
		return;
	impairment->given |= IMPAIRMENT(GROUP_LIMIT);
	impairment->limit.kind = fit->limit == QUEUE_TIME    ? LIMIT_TIME
				 : fit->limit == QUEUE_BYTES ? LIMIT_BYTES
							     : LIMIT_PACKETS;
	impairment->limit.amount = (uint64_t)llround(fit->limit_amount.value);
}

struct impairment verify_fit_impairment(const struct fit *fit)
{
	struct impairment impairment = {0};

	give_delay(fit, &impairment);
	give_loss(fit, &impairment);
	give_mishaps(fit, &impairment);
	give_line(fit, &impairment);
	return impairment;
}

// ---- Told ----

static json_t *estimate_to_json(const struct fit_estimate *estimate)
{
	return json_pack("{s:f, s:f, s:f}", "value", estimate->value, "low", estimate->low, "high",
			 estimate->high);
}

json_t *verify_fit_to_json(const struct fit *fit)
{
	static const char *const orders[] = {NULL, "keep", "free"};
	static const char *const limits[] = {NULL, "packets", "bytes", "time"};
	struct impairment impairment = verify_fit_impairment(fit);
	struct named named[NAMED_MOST];
	size_t count = name_all(fit, named);
	json_t *notes = json_array();
	char line[LINE_MOST];
	json_t *object;

	for (size_t i = 0; i < fit->note_count; i++)
		json_array_append_new(notes, json_string(fit->notes[i]));
	object = json_pack("{s:I, s:I, s:I, s:s, s:s, s:s?, s:s?, s:o, s:s}", "sent",
			   (json_int_t)fit->sent, "lost", (json_int_t)fit->lost, "lost_queue",
			   (json_int_t)fit->lost_queue, "loss", loss_names[fit->loss],
			   "distribution", kind_names[fit->kind], "order", orders[fit->order],
			   "limit", limits[fit->limit], "notes", notes, "netem",
			   impairment_format(&impairment, line, sizeof(line)));
	for (size_t i = 0; object && i < count; i++)
		json_object_set_new(object, named[i].key, estimate_to_json(named[i].estimate));
	if (object && fit->shape > 0)
		json_object_set_new(object, "shape", json_real(fit->shape));
	if (object && fit->kind != JITTER_NONE)
		json_object_set_new(object, "distance", json_real(fit->distance));
	if (object && fit->corrupt.value > 0)
		json_object_set_new(object, "corrupt_bits",
				    json_integer((json_int_t)fit->corrupt_bits));
	if (object && fit->reorder.value > 0)
		json_object_set_new(object, "reorder_gap",
				    json_integer((json_int_t)fit->reorder_gap));
	return object;
}

static const char *format(char text[40], double value, enum unit unit)
{
	switch (unit) {
	case UNIT_SHARE:
		snprintf(text, 40, "%.4g %%", value * 100);
		break;
	case UNIT_TIME:
		snprintf(text, 40, "%.6f ms", value / 1e6);
		break;
	case UNIT_RATE:
		snprintf(text, 40, "%.6f Mbit/s", value / 1e6);
		break;
	case UNIT_BYTES:
		snprintf(text, 40, "%.2f B", value);
		break;
	case UNIT_PACKETS:
		snprintf(text, 40, "%.0f packets", value);
		break;
	case UNIT_NONE:
		snprintf(text, 40, "%g", value);
		break;
	}
	return text;
}

void verify_fit_print(const struct fit *fit, const char *from, const char *to, FILE *out)
{
	static const char *const headings[] = {"estimate", ">value", ">95 % from", ">to", NULL};
	struct impairment impairment = verify_fit_impairment(fit);
	struct table *table = table_create(headings);
	struct named named[NAMED_MOST];
	size_t count = name_all(fit, named);
	char line[LINE_MOST], text[3][40];

	for (size_t i = 0; i < count; i++) {
		const struct fit_estimate *estimate = named[i].estimate;
		const char *cells[4] = {named[i].name,
					format(text[0], estimate->value, named[i].unit),
					format(text[1], estimate->low, named[i].unit),
					format(text[2], estimate->high, named[i].unit)};

		table_row(table, cells);
	}
	table_print(table, out);
	fprintf(out, "\nlosses: %s; %zu lost, %zu of them by a full queue\n", loss_names[fit->loss],
		fit->lost, fit->lost_queue);
	if (fit->kind != JITTER_NONE)
		fprintf(out, "delay variation: %s, Kolmogorov-Smirnov distance %.4f; order %s\n",
			kind_names[fit->kind], fit->distance,
			fit->order == FIT_ORDER_FREE   ? "free"
			: fit->order == FIT_ORDER_KEEP ? "kept"
						       : "cannot be told");
	for (size_t i = 0; i < fit->note_count; i++)
		fprintf(out, "note: %s\n", fit->notes[i]);
	fprintf(out,
		"\n; %s to %s as captured; netem.reverse = ... for the other direction\n"
		"[link fitted]\nmedium = wire\nends = %s, %s\nnetem = %s\n",
		from ? from : "west", to ? to : "east", from ? from : "west", to ? to : "east",
		impairment_format(&impairment, line, sizeof(line)));
}
