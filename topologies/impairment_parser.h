// SPDX-License-Identifier: BSD-3-Clause
// The parser of impairment words, as its parts (impairment*.c) share it.
#pragma once

#include "topologies/impairment.h"

struct parser {
	const char *const *words;
	size_t count;
	size_t next;
	const char *where;
	struct tables *tables;
	struct impairment parsed;
	bool distribution_given;
	struct impairment_jitter distribution; // its kind, shape and table
	bool gap_given;
	uint32_t gap;
	struct error *error;
};

// The next word, or NULL.
const char *parser_take(struct parser *parser);
// The next word if it starts like a number, as optional arguments do; else NULL.
const char *parser_take_number(struct parser *parser);
// Is the next word exactly this? Takes it then.
bool parser_take_word(struct parser *parser, const char *word);

int parser_refuse(struct parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
// "nothing follows KEYWORD; write e.g. EXAMPLE".
int parser_missing(struct parser *parser, const char *keyword, const char *example);

// The next word as a quantity; `keyword` and `example` for when there is none. 0 or -EINVAL.
int parser_time(struct parser *parser, const char *keyword, const char *example, uint64_t *time_ns);
int parser_rate(struct parser *parser, const char *keyword, const char *example, uint64_t *bps);
int parser_size(struct parser *parser, const char *keyword, const char *example, uint64_t *bytes);
int parser_count(struct parser *parser, const char *keyword, const char *example, uint64_t *count);
int parser_percent(struct parser *parser, const char *keyword, const char *example, double *ratio);
// PERCENT [CORRELATION].
int parser_chance(struct parser *parser, const char *keyword, const char *example,
		  struct impairment_chance *chance);
// A file's table.
int parser_table(struct parser *parser, enum table_kind kind, const char *keyword,
		 const struct table **table);
// `wave KIND AMPLITUDE PERIOD` if it follows; `amplitude` reads the amplitude's word.
int parser_wave(struct parser *parser,
		int (*amplitude)(struct parser *parser, const char *word, double *value),
		struct impairment_wave *wave);

// What stands behind a keyword (each in its own file).
int parse_delay(struct parser *parser);
int parse_jitter(struct parser *parser);
int parse_halflife(struct parser *parser);
int parse_distribution(struct parser *parser);
// NAME [SHAPE] or FILE, for delay and slot.
int parse_distribution_words(struct parser *parser, struct impairment_jitter *jitter);
int parse_order(struct parser *parser);
int parse_reorder(struct parser *parser);
int parse_gap(struct parser *parser);
int parse_duplicate(struct parser *parser);
int parse_corrupt(struct parser *parser);
int parse_loss(struct parser *parser);
int parse_ecn(struct parser *parser);
int parse_rate(struct parser *parser);
int parse_overhead(struct parser *parser);
int parse_burst(struct parser *parser);
int parse_police(struct parser *parser);
int parse_slot(struct parser *parser);
int parse_trace(struct parser *parser);
int parse_access(struct parser *parser);
int parse_limit(struct parser *parser);
int parse_queue(struct parser *parser);
