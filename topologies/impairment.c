// SPDX-License-Identifier: BSD-3-Clause
// The words after `tc qdisc ... netem`: the grammar of tc-netem(8), with its shortenings, synonyms
// and defaults, and what corridor adds. What stands behind a keyword: impairment_*.c.
#include "topologies/impairment.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/impairment_parser.h"
#include "topologies/quantity.h"

// The most words of one line; a full one has fewer than 100.
#define WORDS_MAX 128

// A keyword; words match from the first row down by their beginning, as in tc, so that the order
// decides what a short word means. `group` IMPAIRMENT_GROUPS: it belongs to another's.
struct keyword {
	const char *name;
	enum impairment_group group;
	int (*parse)(struct parser *parser);
};

static int refuse_seed(struct parser *parser)
{
	return parser_refuse(parser,
			     "a seed is the whole network's; write it as seed in [network]");
}

static const struct keyword keywords[] = {
	{"limit", GROUP_LIMIT, parse_limit},
	{"latency", GROUP_DELAY, parse_delay},
	{"delay", GROUP_DELAY, parse_delay},
	{"loss", GROUP_LOSS, parse_loss},
	{"drop", GROUP_LOSS, parse_loss},
	{"ecn", IMPAIRMENT_GROUPS, parse_ecn},
	{"reorder", GROUP_REORDER, parse_reorder},
	{"corrupt", GROUP_CORRUPT, parse_corrupt},
	{"gap", IMPAIRMENT_GROUPS, parse_gap},
	{"duplicate", GROUP_DUPLICATE, parse_duplicate},
	{"distribution", IMPAIRMENT_GROUPS, parse_distribution},
	{"rate", GROUP_RATE, parse_rate},
	{"slot", GROUP_SLOT, parse_slot},
	{"seed", IMPAIRMENT_GROUPS, refuse_seed},
	// What netem does not have.
	{"jitter", IMPAIRMENT_GROUPS, parse_jitter},
	{"halflife", IMPAIRMENT_GROUPS, parse_halflife},
	{"order", GROUP_ORDER, parse_order},
	{"overhead", GROUP_OVERHEAD, parse_overhead},
	{"burst", GROUP_BURST, parse_burst},
	{"police", GROUP_POLICE, parse_police},
	{"queue", GROUP_QUEUE, parse_queue},
	{"trace", GROUP_TRACE, parse_trace},
	{"access", GROUP_ACCESS, parse_access},
};

#define KEYWORD_COUNT (sizeof(keywords) / sizeof(keywords[0]))

static const struct keyword *find_keyword(const char *word)
{
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		if (word[0] != '\0' && strncmp(keywords[i].name, word, strlen(word)) == 0)
			return &keywords[i];
	return NULL;
}

static int parse_keyword(struct parser *parser, const char *word)
{
	const struct keyword *keyword = find_keyword(word);
	int result;

	if (!keyword)
		return parser_refuse(
			parser,
			"\"%s\" is not known here; expected delay, jitter, "
			"distribution, halflife, order, loss, ecn, duplicate, corrupt, "
			"reorder, gap, rate, overhead, burst, police, slot, limit, "
			"queue, trace or access",
			word);
	if (keyword->group == IMPAIRMENT_GROUPS)
		return keyword->parse(parser);
	if (parser->parsed.given & IMPAIRMENT(keyword->group))
		return parser_refuse(parser, "%s is given twice; give it once", keyword->name);
	result = keyword->parse(parser);
	parser->parsed.given |= IMPAIRMENT(keyword->group);
	return result;
}

static int finish_jitter(struct parser *parser)
{
	struct impairment *parsed = &parser->parsed;
	struct impairment_jitter *jitter = &parsed->jitter;
	bool jitters = (parsed->given & IMPAIRMENT(GROUP_JITTER)) && jitter->jitter_ns > 0;

	if ((parser->distribution_given || parser->distribution.halflife_ns) && !jitters)
		return parser_refuse(parser,
				     "%s needs a jitter that is not 0; write e.g. delay "
				     "10ms 1ms distribution normal",
				     parser->distribution_given ? "distribution" : "halflife");
	if (!jitters) {
		*jitter = (struct impairment_jitter){.kind = DISTRIBUTION_NONE};
		return 0;
	}
	jitter->kind =
		parser->distribution_given ? parser->distribution.kind : DISTRIBUTION_UNIFORM;
	jitter->shape = parser->distribution.shape;
	jitter->table = parser->distribution.table;
	jitter->halflife_ns = parser->distribution.halflife_ns;
	if (jitter->halflife_ns && jitter->correlation > 0)
		return parser_refuse(parser,
				     "a correlation from packet to packet and a halflife in "
				     "time exclude each other; give one");
	return 0;
}

// What the words mean together; netem's own three refusals among it.
static int finish(struct parser *parser)
{
	struct impairment *parsed = &parser->parsed;

	if (finish_jitter(parser) < 0)
		return -EINVAL;
	if (parser->gap_given && !(parsed->given & IMPAIRMENT(GROUP_REORDER)))
		return parser_refuse(parser,
				     "gap belongs to reorder; write e.g. reorder 25%% gap 5");
	if (parsed->given & IMPAIRMENT(GROUP_REORDER)) {
		if (parser->gap_given && parsed->reorder.late_ns)
			return parser_refuse(parser, "gap and late exclude each other; give one");
		parsed->reorder.gap = parser->gap_given ? parser->gap : 1;
	}
	if (parsed->loss.ecn &&
	    (!(parsed->given & IMPAIRMENT(GROUP_LOSS)) || parsed->loss.kind == LOSS_WORDS_NONE))
		return parser_refuse(parser, "ecn marks instead of losing and needs a loss; write "
					     "e.g. loss 1%% ecn");
	return 0;
}

int impairment_parse(const char *const *words, size_t count, const char *where,
		     struct tables *tables, struct impairment *impairment, struct error *error)
{
	struct parser parser = {
		.words = words, .count = count, .where = where, .tables = tables, .error = error};
	int result = 0;

	if (count == 0)
		return parser_refuse(&parser, "no impairment is named; write e.g. delay 10ms");
	while (result == 0 && parser.next < count)
		result = parse_keyword(&parser, parser_take(&parser));
	if (result == 0)
		result = finish(&parser);
	if (result == 0)
		*impairment = parser.parsed;
	return result;
}

int impairment_parse_line(const char *line, const char *where, struct tables *tables,
			  struct impairment *impairment, struct error *error)
{
	const char *words[WORDS_MAX];
	size_t count = 0;
	char *copy = strdup(line);
	char *rest = NULL;
	int result;

	if (!copy)
		return error_set(error, -ENOMEM, where, "no memory for the impairment's words");
	for (char *word = strtok_r(copy, " \t\r\n", &rest); word && count <= WORDS_MAX;
	     word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (count < WORDS_MAX)
			words[count] = word;
		count++;
	}
	if (count > WORDS_MAX)
		result = error_set(error, -EINVAL, where,
				   "more than %d words; give each group once", WORDS_MAX);
	else
		result = impairment_parse(words, count, where, tables, impairment, error);
	free(copy);
	return result;
}

struct group {
	const char *name;
	size_t offset;
	size_t bytes;
};

#define FIELD(name, field)                                                                         \
	{                                                                                          \
		name, offsetof(struct impairment, field), sizeof(((struct impairment *)0)->field)  \
	}

static const struct group groups[IMPAIRMENT_GROUPS] = {
	[GROUP_DELAY] = FIELD("delay", delay),
	[GROUP_JITTER] = FIELD("jitter", jitter),
	[GROUP_ORDER] = FIELD("order", order),
	[GROUP_LOSS] = FIELD("loss", loss),
	[GROUP_DUPLICATE] = FIELD("duplicate", duplicate),
	[GROUP_CORRUPT] = FIELD("corrupt", corrupt),
	[GROUP_REORDER] = FIELD("reorder", reorder),
	[GROUP_RATE] = FIELD("rate", rate),
	[GROUP_OVERHEAD] = FIELD("overhead", overhead),
	[GROUP_BURST] = FIELD("burst", burst),
	[GROUP_POLICE] = FIELD("police", police),
	[GROUP_SLOT] = FIELD("slot", slot),
	[GROUP_LIMIT] = FIELD("limit", limit),
	[GROUP_QUEUE] = FIELD("queue", queue),
	[GROUP_TRACE] = FIELD("trace", trace),
	[GROUP_ACCESS] = FIELD("access", access),
};

void impairment_merge(struct impairment *into, const struct impairment *change)
{
	for (int i = 0; i < IMPAIRMENT_GROUPS; i++)
		if (change->given & IMPAIRMENT(i))
			memcpy((char *)into + groups[i].offset,
			       (const char *)change + groups[i].offset, groups[i].bytes);
	into->given |= change->given;
}

const char *impairment_group_name(enum impairment_group group)
{
	return groups[group].name;
}
