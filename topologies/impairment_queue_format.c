// SPDX-License-Identifier: BSD-3-Clause
// A queue back to the words that impairment_queue.c reads.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "topologies/impairment_text.h"

static const char *const discipline_words[] = {
	[QUEUE_WORDS_TAIL] = "tail", [QUEUE_WORDS_HEAD] = "head",
	[QUEUE_WORDS_RED] = "red",   [QUEUE_WORDS_CODEL] = "codel",
	[QUEUE_WORDS_PIE] = "pie",   [QUEUE_WORDS_FQ_CODEL] = "fq_codel",
	[QUEUE_WORDS_PRIO] = "prio", [QUEUE_WORDS_DRR] = "drr",
	[QUEUE_WORDS_STEP] = "step",
};

static void add_times(struct text *text, const struct impairment_queue *queue)
{
	if (queue->target_ns)
		text_add_time(text, queue->kind == QUEUE_WORDS_STEP ? "threshold" : "target",
			      queue->target_ns);
	if (queue->interval_ns)
		text_add_time(text, "interval", queue->interval_ns);
	if (queue->update_ns)
		text_add_time(text, "tupdate", queue->update_ns);
	if (queue->allowance_ns)
		text_add_time(text, "burst", queue->allowance_ns);
	if (queue->ce_threshold_ns)
		text_add_time(text, "ce_threshold", queue->ce_threshold_ns);
}

static void add_numbers(struct text *text, const struct impairment_queue *queue)
{
	if (queue->alpha)
		text_add_number(text, "alpha", queue->alpha);
	if (queue->beta)
		text_add_number(text, "beta", queue->beta);
	if (queue->flows)
		text_add_number(text, "flows", (int64_t)queue->flows);
	if (queue->quantum_bytes)
		text_add_number(text, "quantum", (int64_t)queue->quantum_bytes);
	if (queue->memory_bytes)
		text_add_size(text, "memory_limit", queue->memory_bytes);
	if (queue->min_bytes)
		text_add_size(text, "min", queue->min_bytes);
	if (queue->max_bytes)
		text_add_size(text, "max", queue->max_bytes);
	if (queue->packet_bytes)
		text_add_size(text, "avpkt", queue->packet_bytes);
	if (queue->burst_packets)
		text_add_number(text, "burst", (int64_t)queue->burst_packets);
	if (queue->probability > 0)
		text_add_real(text, "probability", queue->probability);
}

static void add_bands(struct text *text, const struct impairment_queue *queue)
{
	char word[QUEUE_BANDS_MOST * 6];
	size_t length = 0;

	if (queue->kind == QUEUE_WORDS_DRR) {
		for (uint32_t i = 0; i < queue->bands; i++)
			length += (size_t)snprintf(word + length, sizeof(word) - length,
						   "%s%" PRIu64, i ? "," : "", queue->weights[i]);
		text_add(text, "weights");
		text_add(text, word);
	} else if (queue->bands) {
		text_add_number(text, "bands", queue->bands);
	}
	for (unsigned from = 0; queue->bands_given && from < 64;) {
		unsigned to = from;

		while (to < 63 && queue->band_of[to + 1] == queue->band_of[from])
			to++;
		if (queue->band_of[from] != 0xff) {
			if (from == to)
				snprintf(word, sizeof(word), "%u:%u", from, queue->band_of[from]);
			else
				snprintf(word, sizeof(word), "%u-%u:%u", from, to,
					 queue->band_of[from]);
			text_add(text, "dscp");
			text_add(text, word);
		}
		from = to + 1;
	}
}

void text_add_queue(struct text *text, const struct impairment_queue *queue)
{
	text_add(text, "queue");
	text_add(text, discipline_words[queue->kind]);
	add_times(text, queue);
	add_numbers(text, queue);
	add_bands(text, queue);
	if (queue->adaptive)
		text_add(text, "adaptive");
	if (queue->harddrop)
		text_add(text, "harddrop");
	if (queue->nodrop)
		text_add(text, "nodrop");
	if (queue->ecn)
		text_add(text, queue->ecn > 0 ? "ecn" : "noecn");
	if (queue->ect1_only)
		text_add(text, "ect1");
}
