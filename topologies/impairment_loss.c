// SPDX-License-Identifier: BSD-3-Clause
// The words of loss.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/impairment_parser.h"
#include "topologies/quantity.h"

static int loss_amplitude(struct parser *parser, const char *word, double *value)
{
	return quantity_parse_percent(word, parser->where, value, parser->error);
}

static int parse_random(struct parser *parser)
{
	struct impairment_loss *loss = &parser->parsed.loss;
	struct impairment_chance chance = {0};
	int result = parser_chance(parser, "loss random", "loss random 0.1%", &chance);

	loss->ratio = chance.ratio;
	loss->correlation = chance.ratio > 0 ? chance.correlation : 0;
	if (result == 0)
		result = parser_wave(parser, loss_amplitude, &loss->wave);
	loss->kind = loss->ratio > 0 || loss->wave.kind != WAVE_NONE ? LOSS_WORDS_RANDOM
								     : LOSS_WORDS_NONE;
	return result;
}

// Up to `most` probabilities; how many there are in `count`.
static int parse_probabilities(struct parser *parser, const char *keyword, const char *example,
			       int most, int *count)
{
	struct impairment_loss *loss = &parser->parsed.loss;
	int result = parser_percent(parser, keyword, example, &loss->p[0]);

	for (*count = 1; result == 0 && *count < most; (*count)++) {
		const char *word = parser_take_number(parser);

		if (!word)
			break;
		result = quantity_parse_percent(word, parser->where, &loss->p[*count],
						parser->error);
	}
	return result;
}

static int parse_state(struct parser *parser)
{
	double *p = parser->parsed.loss.p;
	int count, result;

	result = parse_probabilities(parser, "loss state", "loss state 1% 10%", 5, &count);
	if (count < 2)
		p[1] = 1.0 - p[0]; // p31
	if (count < 4)
		p[3] = 1.0; // p23
	parser->parsed.loss.kind = LOSS_WORDS_STATE;
	return result;
}

static int parse_gemodel(struct parser *parser)
{
	double *p = parser->parsed.loss.p;
	int count, result;

	result = parse_probabilities(parser, "loss gemodel", "loss gemodel 1% 10%", 4, &count);
	if (count < 2)
		p[1] = 1.0 - p[0]; // r
	if (count < 3)
		p[2] = 1.0; // 1-h
	parser->parsed.loss.kind = LOSS_WORDS_GEMODEL;
	return result;
}

static int parse_ber(struct parser *parser)
{
	struct impairment_loss *loss = &parser->parsed.loss;
	const char *word = parser_take(parser);
	char *end;

	if (!word)
		return parser_missing(parser, "loss ber", "loss ber 1e-9");
	loss->ratio = strtod(word, &end);
	if (end == word || *end != '\0' || !(loss->ratio > 0.0 && loss->ratio < 1.0))
		return parser_refuse(parser,
				     "\"%s\" is not a bit-error rate; expected a number above 0 "
				     "and below 1, such as 1e-9",
				     word);
	loss->kind = LOSS_WORDS_BER;
	return 0;
}

static int parse_pattern(struct parser *parser)
{
	struct impairment_loss *loss = &parser->parsed.loss;
	int result = parser_table(parser, TABLE_PATTERN, "loss pattern", &loss->pattern);

	loss->kind = LOSS_WORDS_PATTERN;
	loss->once = result == 0 && parser_take_word(parser, "once");
	return result;
}

static int parse_every(struct parser *parser)
{
	struct impairment_loss *loss = &parser->parsed.loss;

	loss->kind = LOSS_WORDS_EVERY;
	if (parser_count(parser, "loss every", "loss every 100", &loss->every) < 0)
		return -EINVAL;
	if (loss->every == 0)
		return parser_refuse(parser, "loss every 0 is none; write 1 or more");
	loss->offset = loss->every;
	if (parser_take_word(parser, "from") &&
	    parser_count(parser, "from", "loss every 100 from 7", &loss->offset) < 0)
		return -EINVAL;
	if (loss->offset == 0)
		return parser_refuse(parser, "packets count from 1; write from 1 or more");
	return 0;
}

// "7" or "7,9,12".
static int parse_numbers(struct parser *parser, struct impairment_loss_packet *packet)
{
	const char *word = parser_take(parser);
	char *end = NULL;

	if (!word)
		return parser_missing(parser, "loss packet", "loss packet 7 tcp dport 5201");
	for (const char *at = word; packet->count < LOSS_PACKETS_MOST; at = end + 1) {
		uint64_t number;

		errno = 0;
		number = strtoull(at, &end, 10);
		if (!isdigit((unsigned char)*at) || errno || number == 0 ||
		    (*end != '\0' && *end != ',') ||
		    (packet->count && number <= packet->numbers[packet->count - 1]))
			break;
		packet->numbers[packet->count++] = number;
		if (*end == '\0')
			return 0;
	}
	return parser_refuse(parser,
			     "\"%s\" are no packet numbers; expected up to %d that increase, from "
			     "1, such as 7 or 7,9",
			     word, LOSS_PACKETS_MOST);
}

static int parse_port(struct parser *parser, const char *keyword, uint16_t *port)
{
	uint64_t number;

	if (parser_count(parser, keyword, "loss packet 7 tcp dport 5201", &number) < 0)
		return -EINVAL;
	if (number < 1 || number > 65535)
		return parser_refuse(parser, "%" PRIu64 " is not a port; expected 1 to 65535",
				     number);
	*port = (uint16_t)number;
	return 0;
}

static int parse_packet(struct parser *parser)
{
	struct impairment_loss_packet *packet = &parser->parsed.loss.packet;
	int result = parse_numbers(parser, packet);

	parser->parsed.loss.kind = LOSS_WORDS_PACKET;
	if (result < 0)
		return result;
	if (parser_take_word(parser, "tcp"))
		packet->protocol = 6;
	else if (parser_take_word(parser, "udp"))
		packet->protocol = 17;
	else if (parser_take_word(parser, "segment")) {
		packet->protocol = 6;
		packet->segments = true;
	}
	if (parser_take_word(parser, "sport"))
		result = parse_port(parser, "sport", &packet->source_port);
	if (result == 0 && parser_take_word(parser, "dport"))
		result = parse_port(parser, "dport", &packet->target_port);
	if (result == 0 && !packet->protocol && (packet->source_port || packet->target_port))
		return parser_refuse(parser,
				     "ports belong to a protocol; write tcp, udp or segment "
				     "before sport and dport");
	return result;
}

static int parse_outage(struct parser *parser)
{
	struct impairment_loss *loss = &parser->parsed.loss;
	static const char example[] = "loss outage 50ms every 2s";

	loss->kind = LOSS_WORDS_OUTAGE;
	if (parser_time(parser, "loss outage", example, &loss->outage_ns) < 0)
		return -EINVAL;
	if (!parser_take_word(parser, "every"))
		return parser_missing(parser, "loss outage TIME", example);
	if (parser_time(parser, "every", example, &loss->interval_ns) < 0)
		return -EINVAL;
	loss->fixed = parser_take_word(parser, "fixed");
	if (loss->outage_ns == 0 || loss->interval_ns <= loss->outage_ns)
		return parser_refuse(parser, "an outage is longer than 0 and shorter than the time "
					     "from one to the next");
	return 0;
}

struct loss_keyword {
	const char *name;
	int (*parse)(struct parser *parser);
};

static const struct loss_keyword loss_keywords[] = {
	{"random", parse_random}, {"state", parse_state},   {"gemodel", parse_gemodel},
	{"ber", parse_ber},       {"every", parse_every},   {"pattern", parse_pattern},
	{"packet", parse_packet}, {"outage", parse_outage},
};

int parse_loss(struct parser *parser)
{
	const char *word = parser_take(parser);

	if (!word)
		return parser_missing(parser, "loss", "loss 0.1%");
	if (isdigit((unsigned char)word[0])) {
		parser->next--;
		return parse_random(parser);
	}
	for (size_t i = 0; i < sizeof(loss_keywords) / sizeof(loss_keywords[0]); i++)
		if (strcmp(word, loss_keywords[i].name) == 0)
			return loss_keywords[i].parse(parser);
	return parser_refuse(parser,
			     "\"%s\" is not a loss; write e.g. loss 0.1%% or loss gemodel 1%% 10%% "
			     "(there is random, state, gemodel, ber, every, pattern, packet and "
			     "outage)",
			     word);
}

int parse_ecn(struct parser *parser)
{
	if (parser->parsed.loss.ecn)
		return parser_refuse(parser, "ecn is given twice; give it once");
	parser->parsed.loss.ecn = true;
	return 0;
}
