// SPDX-License-Identifier: BSD-3-Clause
// The words after `tc qdisc ... netem`: the grammar of tc-netem(8), with its shortenings, synonyms
// and defaults, and what corridor adds or refuses by name.
#include "topologies/impairment.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dataplane/model/rate.h"
#include "topologies/quantity.h"

// The most words of one line; a full netem line has fewer than 40.
#define WORDS_MAX 128

struct parser {
	const char *const *words;
	size_t count;
	size_t next;
	const char *where;
	struct impairment parsed;
	bool distribution_given;
	enum jitter_kind distribution;
	struct error *error;
};

// A keyword; words match from the first row down by their beginning, as in tc, so that the order
// decides what a short word means. `parse` NULL: refused with the sentence.
struct keyword {
	const char *name;
	unsigned group; // enum impairment_given
	int (*parse)(struct parser *parser);
	const char *refusal;
};

static const char *take(struct parser *parser)
{
	return parser->next < parser->count ? parser->words[parser->next++] : NULL;
}

// The next word if it starts like a number, as optional arguments do.
static const char *take_number(struct parser *parser)
{
	if (parser->next < parser->count && isdigit((unsigned char)parser->words[parser->next][0]))
		return take(parser);
	return NULL;
}

static int missing(struct parser *parser, const char *keyword, const char *example)
{
	return error_set(parser->error, -EINVAL, parser->where,
			 "nothing follows \"%s\"; write e.g. %s", keyword, example);
}

// The words after `delay TIME` or `jitter`: JITTER [CORRELATION].
static int parse_jitter_words(struct parser *parser, const char *word)
{
	struct impairment *parsed = &parser->parsed;
	int result;

	result = quantity_parse_time_ns(word, parser->where, &parsed->jitter_ns, parser->error);
	if (result < 0)
		return result;
	parsed->given |= IMPAIRMENT_JITTER;
	word = take_number(parser);
	if (!word)
		return 0;
	return quantity_parse_percent(word, parser->where, &parsed->jitter_correlation,
				      parser->error);
}

static int parse_delay(struct parser *parser)
{
	const char *word = take(parser);
	int result;

	if (!word)
		return missing(parser, "delay", "delay 10ms 1ms distribution normal");
	result = quantity_parse_time_ns(word, parser->where, &parser->parsed.delay_ns,
					parser->error);
	if (result < 0)
		return result;
	word = take_number(parser);
	if (!word)
		return 0;
	if (parser->parsed.given & IMPAIRMENT_JITTER)
		return error_set(parser->error, -EINVAL, parser->where,
				 "jitter is given twice; give it once");
	return parse_jitter_words(parser, word);
}

// Not in netem: jitter alone, for a delay that comes from elsewhere.
static int parse_jitter(struct parser *parser)
{
	const char *word = take(parser);

	if (!word)
		return missing(parser, "jitter", "jitter 1ms distribution normal");
	return parse_jitter_words(parser, word);
}

static int parse_distribution(struct parser *parser)
{
	const char *word = take(parser);

	if (!word)
		return missing(parser, "distribution", "distribution normal");
	if (parser->distribution_given)
		return error_set(parser->error, -EINVAL, parser->where,
				 "distribution is given twice; give it once");
	parser->distribution_given = true;
	if (strcmp(word, "normal") == 0)
		parser->distribution = JITTER_NORMAL;
	else if (strcmp(word, "uniform") == 0)
		parser->distribution = JITTER_UNIFORM;
	else
		return error_set(parser->error, -EINVAL, parser->where,
				 "distribution \"%s\" is not in this version; it has uniform and "
				 "normal",
				 word);
	return 0;
}

static int parse_random_loss(struct parser *parser, const char *word)
{
	struct impairment *parsed = &parser->parsed;
	int result;

	if (!word)
		return missing(parser, "loss random", "loss random 0.1%");
	result = quantity_parse_percent(word, parser->where, &parsed->loss_ratio, parser->error);
	if (result < 0)
		return result;
	word = take_number(parser);
	if (word) {
		result = quantity_parse_percent(word, parser->where, &parsed->loss_correlation,
						parser->error);
		if (result < 0)
			return result;
	}
	parsed->loss = parsed->loss_ratio > 0.0 ? LOSS_RANDOM : LOSS_NONE;
	if (parsed->loss == LOSS_NONE)
		parsed->loss_correlation = 0.0;
	return 0;
}

static int parse_gemodel(struct parser *parser)
{
	struct impairment *parsed = &parser->parsed;
	const char *word = take(parser);

	if (!word)
		return missing(parser, "loss gemodel", "loss gemodel 1% 10%");
	parsed->loss = LOSS_GILBERT_ELLIOTT;
	for (int i = 0; i < 4 && word; i++) {
		int result = quantity_parse_percent(word, parser->where, &parsed->gemodel[i],
						    parser->error);

		if (result < 0)
			return result;
		if (i == 0) {
			parsed->gemodel[1] = 1.0 - parsed->gemodel[0];
			parsed->gemodel[2] = 1.0;
			parsed->gemodel[3] = 0.0;
		}
		word = i < 3 ? take_number(parser) : NULL;
	}
	return 0;
}

static int parse_loss(struct parser *parser)
{
	const char *word = take(parser);

	if (!word)
		return missing(parser, "loss", "loss 0.1%");
	if (isdigit((unsigned char)word[0]))
		return parse_random_loss(parser, word);
	if (strcmp(word, "random") == 0)
		return parse_random_loss(parser, take(parser));
	if (strcmp(word, "gemodel") == 0)
		return parse_gemodel(parser);
	if (strcmp(word, "state") == 0 || strcmp(word, "ber") == 0 || strcmp(word, "pattern") == 0)
		return error_set(parser->error, -EINVAL, parser->where,
				 "loss model \"%s\" is not in this version; it has random and "
				 "gemodel",
				 word);
	return error_set(parser->error, -EINVAL, parser->where,
			 "\"%s\" is not a loss; write e.g. loss 0.1%% or loss gemodel 1%% 10%%",
			 word);
}

// [PACKETOVERHEAD [CELLSIZE [CELLOVERHEAD]]], whole numbers of bytes; the first may be negative.
static int parse_rate_bytes(struct parser *parser)
{
	struct impairment *parsed = &parser->parsed;
	uint64_t bytes[3] = {0};
	bool negative = false;

	for (int i = 0; i < 3 && parser->next < parser->count; i++) {
		const char *word = parser->words[parser->next];
		int result;

		negative |= i == 0 && word[0] == '-';
		word += i == 0 && word[0] == '-';
		if (!isdigit((unsigned char)word[0]))
			break;
		parser->next++;
		result = quantity_parse_count(word, parser->where, &bytes[i], parser->error);
		if (result < 0)
			return result;
		if (bytes[i] > 65535)
			return error_set(parser->error, -EINVAL, parser->where,
					 "\"%s\" bytes of overhead or cell are too many; the "
					 "most is 65535",
					 word);
	}
	parsed->rate_overhead_bytes = negative ? -(int32_t)bytes[0] : (int32_t)bytes[0];
	parsed->rate_cell_bytes = (uint32_t)bytes[1];
	parsed->rate_cell_overhead_bytes = (uint32_t)bytes[2];
	return 0;
}

static int parse_rate(struct parser *parser)
{
	const char *word = take(parser);
	int result;

	if (!word)
		return missing(parser, "rate", "rate 100mbit");
	if (strchr(word, '%'))
		return error_set(parser->error, -EINVAL, parser->where,
				 "rate \"%s\" is a share of a link speed that is not known here; "
				 "write e.g. rate 100mbit",
				 word);
	result = quantity_parse_rate_bps(word, parser->where, &parser->parsed.rate_bps,
					 parser->error);
	return result < 0 ? result : parse_rate_bytes(parser);
}

static int parse_limit(struct parser *parser)
{
	struct impairment *parsed = &parser->parsed;
	const char *word = take(parser);
	size_t digits;
	const char *unit;
	char number[32];

	if (!word)
		return missing(parser, "limit", "limit 1000p, limit 20ms or limit 64kb");
	if (strcmp(word, "none") == 0) {
		parsed->limit = QUEUE_UNLIMITED;
		return 0;
	}
	digits = strspn(word, "0123456789.");
	unit = word + digits;
	if (*unit == '\0' || strcasecmp(unit, "p") == 0) {
		parsed->limit = QUEUE_PACKETS;
		if (digits >= sizeof(number))
			return error_set(parser->error, -EINVAL, parser->where,
					 "limit \"%s\" is too large; write e.g. 1000p", word);
		memcpy(number, word, digits);
		number[digits] = '\0';
		return quantity_parse_count(number, parser->where, &parsed->limit_amount,
					    parser->error);
	}
	if (strcasecmp(unit, "b") == 0 || strcasecmp(unit, "kb") == 0 ||
	    strcasecmp(unit, "mb") == 0 || strcasecmp(unit, "gb") == 0) {
		parsed->limit = QUEUE_BYTES;
		return quantity_parse_size_bytes(word, parser->where, &parsed->limit_amount,
						 parser->error);
	}
	parsed->limit = QUEUE_TIME;
	if (quantity_parse_time_ns(word, parser->where, &parsed->limit_amount, NULL) == 0)
		return 0;
	return error_set(parser->error, -EINVAL, parser->where,
			 "\"%s\" is not a limit; write packets, time or bytes: e.g. 1000p, 20ms or "
			 "64kb",
			 word);
}

static const char no_ecn[] = "ecn (marking instead of loss) is not in this version; leave it out";
static const char no_seed[] = "a seed is the whole network's; write it as seed in [network]";

static const struct keyword keywords[] = {
	{"limit", IMPAIRMENT_LIMIT, parse_limit, NULL},
	{"latency", IMPAIRMENT_DELAY, parse_delay, NULL},
	{"delay", IMPAIRMENT_DELAY, parse_delay, NULL},
	{"loss", IMPAIRMENT_LOSS, parse_loss, NULL},
	{"drop", IMPAIRMENT_LOSS, parse_loss, NULL},
	{"ecn", 0, NULL, no_ecn},
	{"reorder", 0, NULL, "reorder is not in this version; jitter keeps order here"},
	{"corrupt", 0, NULL, "corrupt is not in this version; it has delay, loss, rate and limit"},
	{"gap", 0, NULL, "gap belongs to reorder, which is not in this version"},
	{"duplicate", 0, NULL,
	 "duplicate is not in this version; it has delay, loss, rate and limit"},
	{"distribution", 0, parse_distribution, NULL},
	{"rate", IMPAIRMENT_RATE, parse_rate, NULL},
	{"slot", 0, NULL, "slot is not in this version; it has delay, loss, rate and limit"},
	{"seed", 0, NULL, no_seed},
	{"jitter", IMPAIRMENT_JITTER, parse_jitter, NULL},
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

	if (!keyword)
		return error_set(parser->error, -EINVAL, parser->where,
				 "\"%s\" is not known here; expected delay, jitter, loss, rate, "
				 "limit or distribution",
				 word);
	if (!keyword->parse)
		return error_set(parser->error, -EINVAL, parser->where, "%s", keyword->refusal);
	if (parser->parsed.given & keyword->group)
		return error_set(parser->error, -EINVAL, parser->where,
				 "%s is given twice; give it once", keyword->name);
	parser->parsed.given |= keyword->group;
	return keyword->parse(parser);
}

// What the words mean together.
static int finish(struct parser *parser)
{
	struct impairment *parsed = &parser->parsed;
	bool jitter = (parsed->given & IMPAIRMENT_JITTER) && parsed->jitter_ns > 0;

	if (parser->distribution_given && !jitter)
		return error_set(parser->error, -EINVAL, parser->where,
				 "distribution needs a jitter that is not 0; write e.g. delay 10ms "
				 "1ms distribution normal");
	if (jitter)
		parsed->jitter = parser->distribution_given ? parser->distribution : JITTER_UNIFORM;
	else
		parsed->jitter_correlation = 0.0;
	return 0;
}

// The models have the last word on what they can carry.
static int check_models(const struct parser *parser)
{
	const struct impairment *parsed = &parser->parsed;
	struct jitter_params jitter;
	struct loss_params loss;
	struct rate_params rate;
	struct queue_params queue;
	int result = 0;

	if (parsed->given & IMPAIRMENT_JITTER)
		result = jitter_make_params(parsed->jitter, parsed->jitter_ns,
					    parsed->jitter_correlation, parser->where, &jitter,
					    parser->error);
	if (result == 0 && parsed->loss == LOSS_RANDOM)
		result = loss_random_params(parsed->loss_ratio, parsed->loss_correlation,
					    parser->where, &loss, parser->error);
	if (result == 0 && parsed->loss == LOSS_GILBERT_ELLIOTT)
		result = loss_gilbert_elliott_params(parsed->gemodel[0], parsed->gemodel[1],
						     parsed->gemodel[2], parsed->gemodel[3],
						     parser->where, &loss, parser->error);
	if (result == 0 && (parsed->given & IMPAIRMENT_RATE))
		result = rate_make_params(parsed->rate_bps, parsed->rate_overhead_bytes,
					  parsed->rate_cell_bytes, parsed->rate_cell_overhead_bytes,
					  parser->where, &rate, parser->error);
	if (result == 0 && (parsed->given & IMPAIRMENT_LIMIT) && parsed->limit != QUEUE_UNLIMITED)
		result = queue_make_params(parsed->limit, parsed->limit_amount, parser->where,
					   &queue, parser->error);
	return result;
}

int impairment_parse(const char *const *words, size_t count, const char *where,
		     struct impairment *impairment, struct error *error)
{
	struct parser parser = {.words = words, .count = count, .where = where, .error = error};
	int result = 0;

	if (count == 0)
		return error_set(error, -EINVAL, where,
				 "no impairment is given; write e.g. delay 10ms loss 0.1%%");
	while (result == 0 && parser.next < count)
		result = parse_keyword(&parser, take(&parser));
	if (result == 0)
		result = finish(&parser);
	if (result == 0)
		result = check_models(&parser);
	if (result == 0)
		*impairment = parser.parsed;
	return result;
}

int impairment_parse_line(const char *line, const char *where, struct impairment *impairment,
			  struct error *error)
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
		result = impairment_parse(words, count, where, impairment, error);
	free(copy);
	return result;
}

void impairment_merge(struct impairment *into, const struct impairment *change)
{
	if (change->given & IMPAIRMENT_DELAY)
		into->delay_ns = change->delay_ns;
	if (change->given & IMPAIRMENT_JITTER) {
		into->jitter = change->jitter;
		into->jitter_ns = change->jitter_ns;
		into->jitter_correlation = change->jitter_correlation;
	}
	if (change->given & IMPAIRMENT_LOSS) {
		into->loss = change->loss;
		into->loss_ratio = change->loss_ratio;
		into->loss_correlation = change->loss_correlation;
		memcpy(into->gemodel, change->gemodel, sizeof(into->gemodel));
	}
	if (change->given & IMPAIRMENT_RATE) {
		into->rate_bps = change->rate_bps;
		into->rate_overhead_bytes = change->rate_overhead_bytes;
		into->rate_cell_bytes = change->rate_cell_bytes;
		into->rate_cell_overhead_bytes = change->rate_cell_overhead_bytes;
	}
	if (change->given & IMPAIRMENT_LIMIT) {
		into->limit = change->limit;
		into->limit_amount = change->limit_amount;
	}
	into->given |= change->given;
}
