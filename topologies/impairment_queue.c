// SPDX-License-Identifier: BSD-3-Clause
// The words of queue: the disciplines of a bottleneck buffer, with their parameters as in tc.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/impairment_parser.h"
#include "topologies/quantity.h"
#include "topologies/topology.h"

struct queue_keyword {
	const char *name;
	int (*parse)(struct parser *parser, struct impairment_queue *queue);
};

// A zero would be read as "not given", which is not what it says.
static int not_nothing(struct parser *parser, int result, const char *keyword,
		       const uint64_t *number)
{
	if (result < 0 || *number > 0)
		return result;
	return parser_refuse(parser, "%s is 0; give more, or leave it out for the default",
			     keyword);
}

static int parse_target(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser, parser_time(parser, "target", "target 5ms", &queue->target_ns),
			   "target", &queue->target_ns);
}

static int parse_interval(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser,
			   parser_time(parser, "interval", "interval 100ms", &queue->interval_ns),
			   "interval", &queue->interval_ns);
}

static int parse_update(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser,
			   parser_time(parser, "tupdate", "tupdate 15ms", &queue->update_ns),
			   "tupdate", &queue->update_ns);
}

static int parse_ce_threshold(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(
		parser,
		parser_time(parser, "ce_threshold", "ce_threshold 1ms", &queue->ce_threshold_ns),
		"ce_threshold", &queue->ce_threshold_ns);
}

static int parse_threshold(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser,
			   parser_time(parser, "threshold", "threshold 1ms", &queue->target_ns),
			   "threshold", &queue->target_ns);
}

static int parse_flows(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser, parser_count(parser, "flows", "flows 1024", &queue->flows),
			   "flows", &queue->flows);
}

static int parse_quantum(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser,
			   parser_count(parser, "quantum", "quantum 1514", &queue->quantum_bytes),
			   "quantum", &queue->quantum_bytes);
}

static int parse_memory(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(
		parser,
		parser_size(parser, "memory_limit", "memory_limit 32mb", &queue->memory_bytes),
		"memory_limit", &queue->memory_bytes);
}

// tc takes bare numbers as bytes here.
static int parse_bytes(struct parser *parser, const char *keyword, const char *example,
		       uint64_t *bytes)
{
	const char *word = parser_take(parser);

	if (!word)
		return parser_missing(parser, keyword, example);
	if (quantity_parse_count(word, parser->where, bytes, NULL) == 0)
		return 0;
	return quantity_parse_size_bytes(word, parser->where, bytes, parser->error);
}

static int parse_min(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(
		parser,
		parse_bytes(parser, "min", "red min 30kb max 90kb avpkt 1000", &queue->min_bytes),
		"min", &queue->min_bytes);
}

static int parse_max(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(
		parser,
		parse_bytes(parser, "max", "red min 30kb max 90kb avpkt 1000", &queue->max_bytes),
		"max", &queue->max_bytes);
}

static int parse_avpkt(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser,
			   parse_bytes(parser, "avpkt", "red min 30kb max 90kb avpkt 1000",
				       &queue->packet_bytes),
			   "avpkt", &queue->packet_bytes);
}

static int parse_red_burst(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser,
			   parser_count(parser, "burst", "red min 30kb max 90kb burst 55",
					&queue->burst_packets),
			   "burst", &queue->burst_packets);
}

static int parse_probability(struct parser *parser, struct impairment_queue *queue)
{
	const char *word = parser_take(parser);
	char *end;

	if (!word)
		return parser_missing(parser, "probability", "probability 0.02");
	if (strchr(word, '%'))
		return quantity_parse_percent(word, parser->where, &queue->probability,
					      parser->error);
	queue->probability = strtod(word, &end);
	if (end == word || *end != '\0' || !(queue->probability > 0.0 && queue->probability <= 1.0))
		return parser_refuse(parser, "\"%s\" is not a probability; expected 0 to 1", word);
	return 0;
}

static int parse_gain(struct parser *parser, const char *keyword, uint32_t *gain)
{
	const char *word = parser_take(parser);
	uint64_t number;

	if (!word)
		return parser_missing(parser, keyword, "pie alpha 2 beta 20");
	if (quantity_parse_count(word, parser->where, &number, NULL) < 0 || number < 1 ||
	    number > 32)
		return parser_refuse(parser,
				     "\"%s\" is not a gain in 16ths per second; expected a whole "
				     "number from 1 to 32, as in tc-pie",
				     word);
	*gain = (uint32_t)number;
	return 0;
}

static int parse_alpha(struct parser *parser, struct impairment_queue *queue)
{
	return parse_gain(parser, "alpha", &queue->alpha);
}

static int parse_beta(struct parser *parser, struct impairment_queue *queue)
{
	return parse_gain(parser, "beta", &queue->beta);
}

static int parse_queue_ecn(struct parser *parser, struct impairment_queue *queue)
{
	(void)parser;
	queue->ecn = 1;
	return 0;
}

static int parse_noecn(struct parser *parser, struct impairment_queue *queue)
{
	(void)parser;
	queue->ecn = -1;
	return 0;
}

static int parse_adaptive(struct parser *parser, struct impairment_queue *queue)
{
	(void)parser;
	queue->adaptive = true;
	return 0;
}

static int parse_harddrop(struct parser *parser, struct impairment_queue *queue)
{
	(void)parser;
	queue->harddrop = true;
	return 0;
}

static int parse_nodrop(struct parser *parser, struct impairment_queue *queue)
{
	(void)parser;
	queue->nodrop = true;
	return 0;
}

static int parse_allowance(struct parser *parser, struct impairment_queue *queue)
{
	return not_nothing(parser,
			   parser_time(parser, "burst", "pie burst 150ms", &queue->allowance_ns),
			   "burst", &queue->allowance_ns);
}

static int parse_ect1(struct parser *parser, struct impairment_queue *queue)
{
	(void)parser;
	queue->ect1_only = true;
	return 0;
}

static int parse_bands(struct parser *parser, struct impairment_queue *queue)
{
	uint64_t bands;

	if (parser_count(parser, "bands", "prio bands 3", &bands) < 0)
		return -EINVAL;
	if (bands < 2 || bands > QUEUE_BANDS_MOST)
		return parser_refuse(parser, "%" PRIu64 " bands; expected 2 to %d", bands,
				     QUEUE_BANDS_MOST);
	queue->bands = (uint32_t)bands;
	return 0;
}

// "4,2,1": quanta of deficit round robin, in relation to each other.
static int parse_weights(struct parser *parser, struct impairment_queue *queue)
{
	const char *word = parser_take(parser);
	char *end = NULL;

	if (!word)
		return parser_missing(parser, "weights", "drr weights 4,2,1");
	queue->bands = 0;
	for (const char *at = word; queue->bands < QUEUE_BANDS_MOST; at = end + 1) {
		uint64_t weight;

		if (!isdigit((unsigned char)*at))
			break;
		errno = 0;
		weight = strtoull(at, &end, 10);
		if (errno || weight == 0 || weight > 1000 || (*end != '\0' && *end != ','))
			break;
		queue->weights[queue->bands++] = weight;
		if (*end == '\0' && queue->bands >= 2)
			return 0;
		if (*end == '\0')
			break;
	}
	return parser_refuse(
		parser,
		"\"%s\" are no weights; expected 2 to %d whole numbers from 1 to 1000, "
		"such as 4,2,1",
		word, QUEUE_BANDS_MOST);
}

// "46:0", "32-40:1": DSCP or a range of them, and the band.
static int parse_dscp(struct parser *parser, struct impairment_queue *queue)
{
	const char *word = parser_take(parser);
	unsigned from, to, band;
	int length = 0;

	if (!word)
		return parser_missing(parser, "dscp", "prio dscp 46:0 dscp 0-7:2");
	if (!(sscanf(word, "%2u-%2u:%1u%n", &from, &to, &band, &length) == 3 &&
	      word[length] == '\0')) {
		length = 0;
		if (!(sscanf(word, "%2u:%1u%n", &from, &band, &length) == 2 &&
		      word[length] == '\0'))
			return parser_refuse(parser,
					     "\"%s\" is not DSCP:BAND or FROM-TO:BAND, such as "
					     "46:0 or 32-40:1",
					     word);
		to = from;
	}
	if (from > to || to > 63 || band >= QUEUE_BANDS_MOST)
		return parser_refuse(parser, "\"%s\": DSCPs run from 0 to 63, bands from 0 to %d",
				     word, QUEUE_BANDS_MOST - 1);
	if (!queue->bands_given)
		memset(queue->band_of, 0xff, sizeof(queue->band_of));
	queue->bands_given = true;
	for (unsigned dscp = from; dscp <= to; dscp++)
		queue->band_of[dscp] = (uint8_t)band;
	return 0;
}

static const struct queue_keyword red_keywords[] = {
	{"min", parse_min},
	{"max", parse_max},
	{"avpkt", parse_avpkt},
	{"burst", parse_red_burst},
	{"probability", parse_probability},
	{"adaptive", parse_adaptive},
	{"harddrop", parse_harddrop},
	{"nodrop", parse_nodrop},
	{"ecn", parse_queue_ecn},
	{NULL, NULL},
};
static const struct queue_keyword codel_keywords[] = {
	{"target", parse_target}, {"interval", parse_interval},         {"ecn", parse_queue_ecn},
	{"noecn", parse_noecn},   {"ce_threshold", parse_ce_threshold}, {NULL, NULL},
};
static const struct queue_keyword pie_keywords[] = {
	{"target", parse_target},   {"tupdate", parse_update},
	{"burst", parse_allowance}, {"alpha", parse_alpha},
	{"beta", parse_beta},       {"ecn", parse_queue_ecn},
	{"noecn", parse_noecn},     {NULL, NULL},
};
static const struct queue_keyword fq_codel_keywords[] = {
	{"target", parse_target},   {"interval", parse_interval},         {"flows", parse_flows},
	{"quantum", parse_quantum}, {"memory_limit", parse_memory},       {"ecn", parse_queue_ecn},
	{"noecn", parse_noecn},     {"ce_threshold", parse_ce_threshold}, {NULL, NULL},
};
static const struct queue_keyword prio_keywords[] = {
	{"bands", parse_bands},
	{"dscp", parse_dscp},
	{NULL, NULL},
};
static const struct queue_keyword drr_keywords[] = {
	{"weights", parse_weights},
	{"quantum", parse_quantum},
	{"dscp", parse_dscp},
	{NULL, NULL},
};
static const struct queue_keyword step_keywords[] = {
	{"threshold", parse_threshold},
	{"ect1", parse_ect1},
	{NULL, NULL},
};
static const struct queue_keyword no_keywords[] = {{NULL, NULL}};

struct discipline {
	const char *name;
	enum queue_words kind;
	const struct queue_keyword *keywords;
};

static const struct discipline disciplines[] = {
	{"tail", QUEUE_WORDS_TAIL, no_keywords},
	{"head", QUEUE_WORDS_HEAD, no_keywords},
	{"red", QUEUE_WORDS_RED, red_keywords},
	{"codel", QUEUE_WORDS_CODEL, codel_keywords},
	{"pie", QUEUE_WORDS_PIE, pie_keywords},
	{"fq_codel", QUEUE_WORDS_FQ_CODEL, fq_codel_keywords},
	{"prio", QUEUE_WORDS_PRIO, prio_keywords},
	{"drr", QUEUE_WORDS_DRR, drr_keywords},
	{"step", QUEUE_WORDS_STEP, step_keywords},
};

#define DISCIPLINE_COUNT (sizeof(disciplines) / sizeof(disciplines[0]))

static const char *const discipline_names[] = {"tail",     "head", "red", "codel", "pie",
					       "fq_codel", "prio", "drr", "step",  NULL};

// tc has the limit among a queue's parameters, so that others may follow it.
static bool takes_limit(struct parser *parser)
{
	return !(parser->parsed.given & IMPAIRMENT(GROUP_LIMIT)) &&
	       parser_take_word(parser, "limit");
}

static int parse_limit_within(struct parser *parser)
{
	parser->parsed.given |= IMPAIRMENT(GROUP_LIMIT);
	return parse_limit(parser);
}

// Parameters as long as the next word is one of the discipline's.
static int parse_parameters(struct parser *parser, const struct queue_keyword *keywords)
{
	int result = 0;

	while (result == 0 && parser->next < parser->count) {
		const struct queue_keyword *keyword = keywords;

		while (keyword->name && !parser_take_word(parser, keyword->name))
			keyword++;
		if (keyword->name)
			result = keyword->parse(parser, &parser->parsed.queue);
		else if (takes_limit(parser))
			result = parse_limit_within(parser);
		else
			break;
	}
	return result;
}

static int check_bands(struct parser *parser)
{
	const struct impairment_queue *queue = &parser->parsed.queue;

	for (unsigned dscp = 0; queue->bands_given && dscp < 64; dscp++)
		if (queue->band_of[dscp] != 0xff &&
		    queue->band_of[dscp] >= (queue->bands ? queue->bands : QUEUE_BANDS))
			return parser_refuse(parser, "dscp %u goes to band %u, and there are %u",
					     dscp, queue->band_of[dscp],
					     queue->bands ? queue->bands : QUEUE_BANDS);
	return 0;
}

int parse_queue(struct parser *parser)
{
	struct impairment_queue *queue = &parser->parsed.queue;
	const char *word = parser_take(parser), *nearest;
	int result;

	if (!word)
		return parser_missing(parser, "queue", "queue codel target 5ms");
	for (size_t i = 0; i < DISCIPLINE_COUNT; i++) {
		if (strcmp(word, disciplines[i].name) != 0)
			continue;
		queue->kind = disciplines[i].kind;
		result = parse_parameters(parser, disciplines[i].keywords);
		if (result == 0 && queue->kind == QUEUE_WORDS_DRR && queue->bands == 0)
			return parser_missing(parser, "queue drr", "queue drr weights 4,2,1");
		if (result == 0 && queue->kind == QUEUE_WORDS_STEP && queue->target_ns == 0)
			return parser_missing(parser, "queue step", "queue step threshold 1ms");
		if (result == 0 && queue->kind == QUEUE_WORDS_RED &&
		    (queue->min_bytes == 0 || queue->max_bytes <= queue->min_bytes))
			return parser_refuse(parser,
					     "red wants min above 0 and max above min, in bytes; "
					     "write e.g. queue red min 30kb max 90kb avpkt 1000");
		return result == 0 ? check_bands(parser) : result;
	}
	nearest = nearest_word(word, discipline_names);
	if (nearest)
		return parser_refuse(parser, "\"%s\" is no queue; did you mean %s?", word, nearest);
	return parser_refuse(parser,
			     "\"%s\" is no queue; there is tail, head, red, codel, pie, fq_codel, "
			     "prio, drr and step",
			     word);
}
