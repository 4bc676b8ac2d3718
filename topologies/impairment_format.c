// SPDX-License-Identifier: BSD-3-Clause
// An impairment back to the words that impairment.c reads.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "topologies/impairment_text.h"
#include "topologies/quantity.h"

void text_add(struct text *text, const char *word)
{
	int written = snprintf(text->buffer + text->length, text->size - text->length, "%s%s",
			       text->length > 0 ? " " : "", word);

	if (written > 0)
		text->length += (size_t)written < text->size - text->length
					? (size_t)written
					: text->size - text->length - 1;
}

void text_add_time(struct text *text, const char *keyword, uint64_t time_ns)
{
	char word[40];

	if (keyword)
		text_add(text, keyword);
	text_add(text, quantity_format_time(time_ns, word, sizeof(word)));
}

void text_add_rate(struct text *text, const char *keyword, uint64_t bps)
{
	char word[40];

	if (keyword)
		text_add(text, keyword);
	text_add(text, quantity_format_rate(bps, word, sizeof(word)));
}

void text_add_size(struct text *text, const char *keyword, uint64_t bytes)
{
	char word[40];

	if (keyword)
		text_add(text, keyword);
	text_add(text, quantity_format_size(bytes, word, sizeof(word)));
}

void text_add_percent(struct text *text, double ratio)
{
	char word[64];

	text_add(text, quantity_format_percent(ratio, word, sizeof(word)));
}

void text_add_number(struct text *text, const char *keyword, int64_t number)
{
	char word[24];

	if (keyword)
		text_add(text, keyword);
	snprintf(word, sizeof(word), "%" PRId64, number);
	text_add(text, word);
}

void text_add_real(struct text *text, const char *keyword, double number)
{
	char word[40];

	// The shortest form that reads back to the same number.
	for (int digits = 1; digits <= 17; digits++) {
		double back = 0;

		snprintf(word, sizeof(word), "%.*g", digits, number);
		if (sscanf(word, "%lf", &back) == 1 && back == number)
			break;
	}
	if (keyword)
		text_add(text, keyword);
	text_add(text, word);
}

static void add_chance(struct text *text, const char *keyword,
		       const struct impairment_chance *chance)
{
	text_add(text, keyword);
	text_add_percent(text, chance->ratio);
	if (chance->correlation > 0.0)
		text_add_percent(text, chance->correlation);
}

static const char *const wave_words[] = {[WAVE_NONE] = "",
					 [WAVE_SINE] = "sine",
					 [WAVE_TRIANGLE] = "triangle",
					 [WAVE_SQUARE] = "square",
					 [WAVE_WALK] = "walk"};

static bool begin_wave(struct text *text, const struct impairment_wave *wave)
{
	if (wave->kind == WAVE_NONE)
		return false;
	text_add(text, "wave");
	text_add(text, wave_words[wave->kind]);
	return true;
}

static const char *const distribution_names[] = {
	[DISTRIBUTION_NONE] = "",
	[DISTRIBUTION_UNIFORM] = "uniform",
	[DISTRIBUTION_NORMAL] = "normal",
	[DISTRIBUTION_PARETO] = "pareto",
	[DISTRIBUTION_PARETONORMAL] = "paretonormal",
	[DISTRIBUTION_EXPONENTIAL] = "exponential",
	[DISTRIBUTION_GAMMA] = "gamma",
	[DISTRIBUTION_LOGNORMAL] = "lognormal",
	[DISTRIBUTION_TABLE] = "",
};

static void add_distribution(struct text *text, const struct impairment_jitter *jitter)
{
	text_add(text, "distribution");
	text_add(text, jitter->kind == DISTRIBUTION_TABLE ? jitter->table->path
							  : distribution_names[jitter->kind]);
	if (jitter->shape > 0)
		text_add_real(text, "shape", jitter->shape);
}

static void add_delay(struct text *text, const struct impairment *impairment)
{
	const struct impairment_jitter *jitter = &impairment->jitter;
	bool delays = impairment->given & IMPAIRMENT(GROUP_DELAY);
	bool jitters = impairment->given & IMPAIRMENT(GROUP_JITTER);

	if (delays)
		text_add_time(text, "delay", impairment->delay.delay_ns);
	if (jitters) {
		text_add_time(text, delays ? NULL : "jitter",
			      jitter->kind == DISTRIBUTION_NONE ? 0 : jitter->jitter_ns);
		if (jitter->kind != DISTRIBUTION_NONE && jitter->correlation > 0.0)
			text_add_percent(text, jitter->correlation);
	}
	if (delays && begin_wave(text, &impairment->delay.wave)) {
		text_add_time(text, NULL, (uint64_t)impairment->delay.wave.amplitude);
		text_add_time(text, NULL, impairment->delay.wave.period_ns);
	}
	if (!jitters || jitter->kind == DISTRIBUTION_NONE)
		return;
	add_distribution(text, jitter);
	if (jitter->halflife_ns)
		text_add_time(text, "halflife", jitter->halflife_ns);
}

static void add_packet(struct text *text, const struct impairment_loss_packet *packet)
{
	char word[LOSS_PACKETS_MOST * 21 + 1];
	size_t length = 0;

	for (uint32_t i = 0; i < packet->count; i++)
		length += (size_t)snprintf(word + length, sizeof(word) - length, "%s%" PRIu64,
					   i ? "," : "", packet->numbers[i]);
	text_add(text, "packet");
	text_add(text, word);
	if (packet->protocol)
		text_add(text, packet->segments        ? "segment"
			       : packet->protocol == 6 ? "tcp"
						       : "udp");
	if (packet->source_port)
		text_add_number(text, "sport", packet->source_port);
	if (packet->target_port)
		text_add_number(text, "dport", packet->target_port);
}

static void add_loss(struct text *text, const struct impairment_loss *loss)
{
	const struct impairment_chance chance = {loss->ratio, loss->correlation};
	int probabilities = loss->kind == LOSS_WORDS_STATE ? 5 : 4;

	text_add(text, "loss");
	switch (loss->kind) {
	case LOSS_WORDS_NONE:
		text_add(text, "0%");
		break;
	case LOSS_WORDS_RANDOM:
		add_chance(text, "random", &chance);
		if (begin_wave(text, &loss->wave)) {
			text_add_percent(text, loss->wave.amplitude);
			text_add_time(text, NULL, loss->wave.period_ns);
		}
		break;
	case LOSS_WORDS_STATE:
	case LOSS_WORDS_GEMODEL:
		text_add(text, loss->kind == LOSS_WORDS_STATE ? "state" : "gemodel");
		for (int i = 0; i < probabilities; i++)
			text_add_percent(text, loss->p[i]);
		break;
	case LOSS_WORDS_BER:
		text_add_real(text, "ber", loss->ratio);
		break;
	case LOSS_WORDS_PATTERN:
		text_add(text, "pattern");
		text_add(text, loss->pattern->path);
		if (loss->once)
			text_add(text, "once");
		break;
	case LOSS_WORDS_EVERY:
		text_add_number(text, "every", (int64_t)loss->every);
		if (loss->offset != loss->every)
			text_add_number(text, "from", (int64_t)loss->offset);
		break;
	case LOSS_WORDS_PACKET:
		add_packet(text, &loss->packet);
		break;
	case LOSS_WORDS_OUTAGE:
		text_add_time(text, "outage", loss->outage_ns);
		text_add_time(text, "every", loss->interval_ns);
		if (loss->fixed)
			text_add(text, "fixed");
		break;
	}
	if (loss->ecn)
		text_add(text, "ecn");
}

static void add_reorder(struct text *text, const struct impairment_reorder *reorder)
{
	add_chance(text, "reorder", &reorder->chance);
	if (reorder->late_ns)
		text_add_time(text, "late", reorder->late_ns);
	else if (reorder->gap != 1)
		text_add_number(text, "gap", reorder->gap);
}

static void add_overhead(struct text *text, const struct impairment_overhead *overhead, bool rated)
{
	if (!rated)
		text_add(text, "overhead");
	text_add_number(text, NULL, overhead->bytes);
	if (overhead->cell_bytes == 0 && overhead->cell_overhead_bytes == 0)
		return;
	text_add_number(text, NULL, overhead->cell_bytes);
	if (overhead->cell_overhead_bytes > 0)
		text_add_number(text, NULL, overhead->cell_overhead_bytes);
}

static void add_burst(struct text *text, const struct impairment_burst *burst)
{
	text_add_size(text, "burst", burst->bytes);
	if (burst->peak_bps == 0)
		return;
	text_add_rate(text, "peakrate", burst->peak_bps);
	text_add_size(text, "mtu", burst->peak_bytes);
}

static void add_rate(struct text *text, const struct impairment *impairment)
{
	bool rated = impairment->given & IMPAIRMENT(GROUP_RATE);

	if (rated)
		text_add_rate(text, "rate", impairment->rate.bps);
	if (impairment->given & IMPAIRMENT(GROUP_OVERHEAD))
		add_overhead(text, &impairment->overhead, rated);
	if (rated && begin_wave(text, &impairment->rate.wave)) {
		text_add_rate(text, NULL, (uint64_t)impairment->rate.wave.amplitude);
		text_add_time(text, NULL, impairment->rate.wave.period_ns);
	}
	if (impairment->given & IMPAIRMENT(GROUP_BURST))
		add_burst(text, &impairment->burst);
}

static void add_police(struct text *text, const struct impairment_police *police)
{
	text_add(text, "police");
	if (police->cir_bps == 0) {
		text_add(text, "none");
		return;
	}
	text_add_rate(text, "cir", police->cir_bps);
	text_add_size(text, "cbs", police->cbs_bytes);
	if (police->ebs_bytes)
		text_add_size(text, "ebs", police->ebs_bytes);
	if (police->pir_bps) {
		text_add_rate(text, "pir", police->pir_bps);
		text_add_size(text, "pbs", police->pbs_bytes);
	}
	if (police->remarks)
		text_add_number(text, "remark", police->yellow_dscp);
}

static void add_slot(struct text *text, const struct impairment_slot *slot)
{
	text_add(text, "slot");
	if (slot->least_ns == 0 && slot->most_ns == 0) {
		text_add(text, "none");
		return;
	}
	if (slot->by.kind != DISTRIBUTION_NONE) {
		add_distribution(text, &slot->by);
		text_add_time(text, NULL, slot->least_ns);
		text_add_time(text, NULL, slot->by.jitter_ns);
	} else {
		text_add_time(text, NULL, slot->least_ns);
		if (slot->most_ns != slot->least_ns)
			text_add_time(text, NULL, slot->most_ns);
	}
	if (slot->packets)
		text_add_number(text, "packets", (int64_t)slot->packets);
	if (slot->bytes)
		text_add_number(text, "bytes", (int64_t)slot->bytes);
}

static void add_limit(struct text *text, const struct impairment_limit *limit)
{
	char word[40];

	text_add(text, "limit");
	switch (limit->kind) {
	case LIMIT_NONE:
		text_add(text, "none");
		break;
	case LIMIT_PACKETS:
		snprintf(word, sizeof(word), "%" PRIu64 "p", limit->amount);
		text_add(text, word);
		break;
	case LIMIT_BYTES:
		text_add_size(text, NULL, limit->amount);
		break;
	case LIMIT_TIME:
		text_add_time(text, NULL, limit->amount);
		break;
	}
}

static void add_trace(struct text *text, const struct impairment_trace *trace)
{
	text_add(text, "trace");
	text_add(text, trace->table ? trace->table->path : "none");
	if (trace->table && trace->once)
		text_add(text, "once");
	if (trace->table && trace->interpolated)
		text_add(text, "interpolate");
}

char *impairment_format(const struct impairment *impairment, char *buffer, size_t size)
{
	struct text text = {buffer, size, 0};
	unsigned given = impairment->given;

	if (size == 0)
		return buffer;
	buffer[0] = '\0';
	add_delay(&text, impairment);
	if (given & IMPAIRMENT(GROUP_ORDER)) {
		text_add(&text, "order");
		text_add(&text, impairment->order == ORDER_FREE ? "free" : "keep");
	}
	if (given & IMPAIRMENT(GROUP_LOSS))
		add_loss(&text, &impairment->loss);
	if (given & IMPAIRMENT(GROUP_DUPLICATE))
		add_chance(&text, "duplicate", &impairment->duplicate);
	if (given & IMPAIRMENT(GROUP_CORRUPT)) {
		add_chance(&text, "corrupt", &impairment->corrupt.chance);
		if (impairment->corrupt.bits != 1)
			text_add_number(&text, "bits", impairment->corrupt.bits);
	}
	if (given & IMPAIRMENT(GROUP_REORDER))
		add_reorder(&text, &impairment->reorder);
	add_rate(&text, impairment);
	if (given & IMPAIRMENT(GROUP_POLICE))
		add_police(&text, &impairment->police);
	if (given & IMPAIRMENT(GROUP_SLOT))
		add_slot(&text, &impairment->slot);
	if (given & IMPAIRMENT(GROUP_LIMIT))
		add_limit(&text, &impairment->limit);
	if (given & IMPAIRMENT(GROUP_QUEUE))
		text_add_queue(&text, &impairment->queue);
	if (given & IMPAIRMENT(GROUP_TRACE))
		add_trace(&text, &impairment->trace);
	if (given & IMPAIRMENT(GROUP_ACCESS))
		text_add_access(&text, &impairment->access);
	return buffer;
}
