// SPDX-License-Identifier: BSD-3-Clause
// Words of an impairment as text, shared by impairment_format.c and impairment_queue_format.c.
#pragma once

#include "topologies/impairment.h"

// A buffer that fills up: too long a text is cut, never overrun.
struct text {
	char *buffer;
	size_t size;
	size_t length;
};

// Each adds the keyword, if it is not NULL, and the quantity.
void text_add(struct text *text, const char *word);
void text_add_time(struct text *text, const char *keyword, uint64_t time_ns);
void text_add_rate(struct text *text, const char *keyword, uint64_t bps);
void text_add_size(struct text *text, const char *keyword, uint64_t bytes);
void text_add_percent(struct text *text, double ratio);
void text_add_number(struct text *text, const char *keyword, int64_t number);
void text_add_real(struct text *text, const char *keyword, double number);

// `access` and its words.
void text_add_access(struct text *text, const struct impairment_access *access);

// `queue` and its words.
void text_add_queue(struct text *text, const struct impairment_queue *queue);
