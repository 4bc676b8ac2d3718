// SPDX-License-Identifier: BSD-3-Clause
// Words, numbers and sentences of the impairment parser.
#include "topologies/impairment_parser.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topologies/quantity.h"

const char *parser_take(struct parser *parser)
{
	return parser->next < parser->count ? parser->words[parser->next++] : NULL;
}

const char *parser_take_number(struct parser *parser)
{
	if (parser->next < parser->count && isdigit((unsigned char)parser->words[parser->next][0]))
		return parser_take(parser);
	return NULL;
}

bool parser_take_word(struct parser *parser, const char *word)
{
	if (parser->next >= parser->count || strcmp(parser->words[parser->next], word) != 0)
		return false;
	parser->next++;
	return true;
}

int parser_refuse(struct parser *parser, const char *format, ...)
{
	char text[sizeof(parser->error->what)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return error_set(parser->error, -EINVAL, parser->where, "%s", text);
}

int parser_missing(struct parser *parser, const char *keyword, const char *example)
{
	return parser_refuse(parser, "nothing follows \"%s\"; write e.g. %s", keyword, example);
}

int parser_time(struct parser *parser, const char *keyword, const char *example, uint64_t *time_ns)
{
	const char *word = parser_take(parser);

	return word ? quantity_parse_time_ns(word, parser->where, time_ns, parser->error)
		    : parser_missing(parser, keyword, example);
}

int parser_rate(struct parser *parser, const char *keyword, const char *example, uint64_t *bps)
{
	const char *word = parser_take(parser);

	return word ? quantity_parse_rate_bps(word, parser->where, bps, parser->error)
		    : parser_missing(parser, keyword, example);
}

int parser_size(struct parser *parser, const char *keyword, const char *example, uint64_t *bytes)
{
	const char *word = parser_take(parser);

	return word ? quantity_parse_size_bytes(word, parser->where, bytes, parser->error)
		    : parser_missing(parser, keyword, example);
}

int parser_count(struct parser *parser, const char *keyword, const char *example, uint64_t *count)
{
	const char *word = parser_take(parser);

	return word ? quantity_parse_count(word, parser->where, count, parser->error)
		    : parser_missing(parser, keyword, example);
}

int parser_percent(struct parser *parser, const char *keyword, const char *example, double *ratio)
{
	const char *word = parser_take(parser);

	return word ? quantity_parse_percent(word, parser->where, ratio, parser->error)
		    : parser_missing(parser, keyword, example);
}

int parser_chance(struct parser *parser, const char *keyword, const char *example,
		  struct impairment_chance *chance)
{
	int result = parser_percent(parser, keyword, example, &chance->ratio);
	const char *word = result == 0 ? parser_take_number(parser) : NULL;

	if (word)
		result = quantity_parse_percent(word, parser->where, &chance->correlation,
						parser->error);
	return result;
}

int parser_table(struct parser *parser, enum table_kind kind, const char *keyword,
		 const struct table **table)
{
	const char *path = parser_take(parser);
	struct error reason;

	if (!path)
		return parser_refuse(parser, "nothing follows \"%s\"; write the name of a file",
				     keyword);
	if (!parser->tables)
		return parser_refuse(parser, "%s \"%s\": no file can be read here", keyword, path);
	*table = tables_read(parser->tables, kind, path, &reason);
	if (*table)
		return 0;
	return parser_refuse(parser, "%s: %s", reason.where, reason.what);
}

static const char *const wave_words[] = {[WAVE_SINE] = "sine",
					 [WAVE_TRIANGLE] = "triangle",
					 [WAVE_SQUARE] = "square",
					 [WAVE_WALK] = "walk"};

int parser_wave(struct parser *parser,
		int (*amplitude)(struct parser *parser, const char *word, double *value),
		struct impairment_wave *wave)
{
	const char *word;

	if (!parser_take_word(parser, "wave"))
		return 0;
	word = parser_take(parser);
	for (int kind = WAVE_SINE; word && kind <= WAVE_WALK; kind++)
		if (strcmp(word, wave_words[kind]) == 0)
			wave->kind = (enum wave_kind)kind;
	if (wave->kind == WAVE_NONE)
		return parser_refuse(
			parser, "wave wants sine, triangle, square or walk, an amplitude and a "
				"period; write e.g. delay 20ms wave sine 5ms 30s");
	word = parser_take(parser);
	if (!word)
		return parser_missing(parser, "wave", "wave sine 5ms 30s");
	if (amplitude(parser, word, &wave->amplitude) < 0)
		return -EINVAL;
	if (parser_time(parser, "wave sine AMPLITUDE", "wave sine 5ms 30s", &wave->period_ns) < 0)
		return -EINVAL;
	if (wave->amplitude <= 0 || wave->period_ns == 0)
		return parser_refuse(parser, "a wave's amplitude and period are above 0");
	return 0;
}
