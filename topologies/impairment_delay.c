// SPDX-License-Identifier: BSD-3-Clause
// The words of delay: jitter, distribution, half-life, order, reordering, copies, corruption.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/impairment_parser.h"
#include "topologies/quantity.h"

// The words after `delay TIME` or `jitter`: JITTER [CORRELATION].
static int parse_jitter_words(struct parser *parser, const char *word)
{
	struct impairment_jitter *jitter = &parser->parsed.jitter;
	int result;

	if (parser->parsed.given & IMPAIRMENT(GROUP_JITTER))
		return parser_refuse(parser, "jitter is given twice; give it once");
	result = quantity_parse_time_ns(word, parser->where, &jitter->jitter_ns, parser->error);
	if (result < 0)
		return result;
	parser->parsed.given |= IMPAIRMENT(GROUP_JITTER);
	word = parser_take_number(parser);
	if (!word)
		return 0;
	return quantity_parse_percent(word, parser->where, &jitter->correlation, parser->error);
}

static int delay_amplitude(struct parser *parser, const char *word, double *value)
{
	uint64_t time_ns = 0;
	int result = quantity_parse_time_ns(word, parser->where, &time_ns, parser->error);

	*value = (double)time_ns;
	return result;
}

int parse_delay(struct parser *parser)
{
	int result = parser_time(parser, "delay", "delay 10ms 1ms distribution normal",
				 &parser->parsed.delay.delay_ns);
	const char *word;

	if (result < 0)
		return result;
	word = parser_take_number(parser);
	if (word)
		result = parse_jitter_words(parser, word);
	if (result == 0)
		result = parser_wave(parser, delay_amplitude, &parser->parsed.delay.wave);
	return result;
}

// Not in netem: jitter alone, for a delay that comes from elsewhere.
int parse_jitter(struct parser *parser)
{
	const char *word = parser_take(parser);

	if (!word)
		return parser_missing(parser, "jitter", "jitter 1ms distribution normal");
	return parse_jitter_words(parser, word);
}

int parse_halflife(struct parser *parser)
{
	if (parser->distribution.halflife_ns)
		return parser_refuse(parser, "halflife is given twice; give it once");
	if (parser_time(parser, "halflife", "halflife 10ms", &parser->distribution.halflife_ns) < 0)
		return -EINVAL;
	if (parser->distribution.halflife_ns == 0)
		return parser_refuse(parser, "a halflife of 0 is none; leave it out");
	return 0;
}

struct distribution_word {
	const char *name;
	enum distribution_kind kind;
};

static const struct distribution_word distribution_words[] = {
	{"uniform", DISTRIBUTION_UNIFORM},         {"normal", DISTRIBUTION_NORMAL},
	{"pareto", DISTRIBUTION_PARETO},           {"paretonormal", DISTRIBUTION_PARETONORMAL},
	{"exponential", DISTRIBUTION_EXPONENTIAL}, {"gamma", DISTRIBUTION_GAMMA},
	{"lognormal", DISTRIBUTION_LOGNORMAL},
};

static int parse_shape(struct parser *parser, double *shape)
{
	const char *word = parser_take(parser);
	char *end;

	if (!word)
		return parser_missing(parser, "shape", "distribution gamma shape 2");
	*shape = strtod(word, &end);
	if (*end != '\0' || !(*shape >= 0.1 && *shape <= 1000.0))
		return parser_refuse(parser, "\"%s\" is not a shape; expected 0.1 to 1000", word);
	return 0;
}

int parse_distribution_words(struct parser *parser, struct impairment_jitter *jitter)
{
	const char *word = parser_take(parser);

	if (!word)
		return parser_missing(parser, "distribution", "distribution normal");
	for (size_t i = 0; i < sizeof(distribution_words) / sizeof(distribution_words[0]); i++) {
		if (strcmp(word, distribution_words[i].name) != 0)
			continue;
		jitter->kind = distribution_words[i].kind;
		if (jitter->kind == DISTRIBUTION_GAMMA && parser_take_word(parser, "shape"))
			return parse_shape(parser, &jitter->shape);
		return 0;
	}
	if (!strpbrk(word, "./"))
		return parser_refuse(parser,
				     "\"%s\" is no distribution; write uniform, normal, pareto, "
				     "paretonormal, exponential, gamma, lognormal, or a file of "
				     "iproute2's format (with a . or / in its name)",
				     word);
	parser->next--;
	jitter->kind = DISTRIBUTION_TABLE;
	return parser_table(parser, TABLE_DISTRIBUTION, "distribution", &jitter->table);
}

int parse_distribution(struct parser *parser)
{
	if (parser->distribution_given)
		return parser_refuse(parser, "distribution is given twice; give it once");
	parser->distribution_given = true;
	return parse_distribution_words(parser, &parser->distribution);
}

int parse_order(struct parser *parser)
{
	if (parser_take_word(parser, "keep"))
		parser->parsed.order = ORDER_KEEP;
	else if (parser_take_word(parser, "free"))
		parser->parsed.order = ORDER_FREE;
	else
		return parser_refuse(parser, "order wants a word: keep (the default) or free");
	return 0;
}

int parse_reorder(struct parser *parser)
{
	struct impairment_reorder *reorder = &parser->parsed.reorder;
	int result = parser_chance(parser, "reorder", "reorder 25% 50% gap 5", &reorder->chance);

	if (result == 0 && parser_take_word(parser, "late"))
		result = parser_time(parser, "reorder late", "reorder 1% late 5ms",
				     &reorder->late_ns);
	return result;
}

int parse_gap(struct parser *parser)
{
	uint64_t gap;

	if (parser->gap_given)
		return parser_refuse(parser, "gap is given twice; give it once");
	if (parser_count(parser, "gap", "reorder 25% gap 5", &gap) < 0)
		return -EINVAL;
	if (gap > UINT32_MAX)
		return parser_refuse(parser, "a gap of %" PRIu64 " packets is too long", gap);
	parser->gap_given = true;
	parser->gap = (uint32_t)gap;
	return 0;
}

int parse_duplicate(struct parser *parser)
{
	return parser_chance(parser, "duplicate", "duplicate 0.1%", &parser->parsed.duplicate);
}

int parse_corrupt(struct parser *parser)
{
	struct impairment_corrupt *corrupt = &parser->parsed.corrupt;
	uint64_t bits = 1;

	if (parser_chance(parser, "corrupt", "corrupt 0.1%", &corrupt->chance) < 0)
		return -EINVAL;
	if (parser_take_word(parser, "bits") &&
	    parser_count(parser, "corrupt bits", "corrupt 0.1% bits 3", &bits) < 0)
		return -EINVAL;
	if (bits < 1 || bits > 64)
		return parser_refuse(parser, "corrupt flips 1 to 64 bits, not %" PRIu64, bits);
	corrupt->bits = (uint32_t)bits;
	return 0;
}
