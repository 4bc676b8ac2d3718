// SPDX-License-Identifier: BSD-3-Clause
// An impairment back to the words that impairment.c reads.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "topologies/impairment.h"
#include "topologies/quantity.h"

// A buffer that fills up: too long a text is cut, never overrun.
struct text {
	char *buffer;
	size_t size;
	size_t length;
};

static void add(struct text *text, const char *word)
{
	int written = snprintf(text->buffer + text->length, text->size - text->length, "%s%s",
			       text->length > 0 ? " " : "", word);

	if (written > 0)
		text->length += (size_t)written < text->size - text->length
					? (size_t)written
					: text->size - text->length - 1;
}

static void add_time(struct text *text, uint64_t time_ns)
{
	char word[40];

	add(text, quantity_format_time(time_ns, word, sizeof(word)));
}

static void add_percent(struct text *text, double ratio)
{
	char word[64];

	add(text, quantity_format_percent(ratio, word, sizeof(word)));
}

static void add_number(struct text *text, int64_t number)
{
	char word[24];

	snprintf(word, sizeof(word), "%" PRId64, number);
	add(text, word);
}

static void add_delay(struct text *text, const struct impairment *impairment)
{
	if (impairment->given & IMPAIRMENT_DELAY) {
		add(text, "delay");
		add_time(text, impairment->delay_ns);
	}
	if (!(impairment->given & IMPAIRMENT_JITTER))
		return;
	if (!(impairment->given & IMPAIRMENT_DELAY))
		add(text, "jitter");
	add_time(text, impairment->jitter == JITTER_NONE ? 0 : impairment->jitter_ns);
	if (impairment->jitter == JITTER_NONE)
		return;
	if (impairment->jitter_correlation > 0.0)
		add_percent(text, impairment->jitter_correlation);
	add(text, "distribution");
	add(text, impairment->jitter == JITTER_NORMAL ? "normal" : "uniform");
}

static void add_loss(struct text *text, const struct impairment *impairment)
{
	add(text, "loss");
	switch (impairment->loss) {
	case LOSS_NONE:
		add(text, "0%");
		break;
	case LOSS_RANDOM:
		add(text, "random");
		add_percent(text, impairment->loss_ratio);
		if (impairment->loss_correlation > 0.0)
			add_percent(text, impairment->loss_correlation);
		break;
	case LOSS_GILBERT_ELLIOTT:
		add(text, "gemodel");
		for (int i = 0; i < 4; i++)
			add_percent(text, impairment->gemodel[i]);
		break;
	}
}

static void add_rate(struct text *text, const struct impairment *impairment)
{
	char word[40];

	add(text, "rate");
	add(text, quantity_format_rate(impairment->rate_bps, word, sizeof(word)));
	if (impairment->rate_overhead_bytes == 0 && impairment->rate_cell_bytes == 0 &&
	    impairment->rate_cell_overhead_bytes == 0)
		return;
	add_number(text, impairment->rate_overhead_bytes);
	if (impairment->rate_cell_bytes == 0 && impairment->rate_cell_overhead_bytes == 0)
		return;
	add_number(text, impairment->rate_cell_bytes);
	if (impairment->rate_cell_overhead_bytes > 0)
		add_number(text, impairment->rate_cell_overhead_bytes);
}

static void add_limit(struct text *text, const struct impairment *impairment)
{
	char word[40];

	add(text, "limit");
	switch (impairment->limit) {
	case QUEUE_UNLIMITED:
		add(text, "none");
		break;
	case QUEUE_PACKETS:
		snprintf(word, sizeof(word), "%" PRIu64 "p", impairment->limit_amount);
		add(text, word);
		break;
	case QUEUE_BYTES:
		add(text, quantity_format_size(impairment->limit_amount, word, sizeof(word)));
		break;
	case QUEUE_TIME:
		add_time(text, impairment->limit_amount);
		break;
	}
}

char *impairment_format(const struct impairment *impairment, char *buffer, size_t size)
{
	struct text text = {buffer, size, 0};

	if (size == 0)
		return buffer;
	buffer[0] = '\0';
	add_delay(&text, impairment);
	if (impairment->given & IMPAIRMENT_LOSS)
		add_loss(&text, impairment);
	if (impairment->given & IMPAIRMENT_RATE)
		add_rate(&text, impairment);
	if (impairment->given & IMPAIRMENT_LIMIT)
		add_limit(&text, impairment);
	return buffer;
}
