// SPDX-License-Identifier: BSD-3-Clause
// The words of rate: overhead, cells, bursts, policers, slots, traces, and the queue's limit.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "topologies/impairment_parser.h"
#include "topologies/quantity.h"

// [PACKETOVERHEAD [CELLSIZE [CELLOVERHEAD]]], whole numbers of bytes; the first may be negative.
static int parse_overhead_words(struct parser *parser, bool *given)
{
	struct impairment_overhead *overhead = &parser->parsed.overhead;
	uint64_t bytes[3] = {0};
	bool negative = false;

	*given = false;
	for (int i = 0; i < 3 && parser->next < parser->count; i++) {
		const char *word = parser->words[parser->next];
		int result;

		negative |= i == 0 && word[0] == '-';
		word += i == 0 && word[0] == '-';
		if (!isdigit((unsigned char)word[0]))
			break;
		parser->next++;
		*given = true;
		result = quantity_parse_count(word, parser->where, &bytes[i], parser->error);
		if (result < 0)
			return result;
		if (bytes[i] > 65535)
			return parser_refuse(parser,
					     "\"%s\" bytes of overhead or cell are too many; the "
					     "most is 65535",
					     word);
	}
	overhead->bytes = negative ? -(int32_t)bytes[0] : (int32_t)bytes[0];
	overhead->cell_bytes = (uint32_t)bytes[1];
	overhead->cell_overhead_bytes = (uint32_t)bytes[2];
	return 0;
}

static int rate_amplitude(struct parser *parser, const char *word, double *value)
{
	uint64_t bps = 0;
	int result = quantity_parse_rate_bps(word, parser->where, &bps, parser->error);

	*value = (double)bps;
	return result;
}

int parse_rate(struct parser *parser)
{
	const char *word = parser->next < parser->count ? parser->words[parser->next] : "";
	bool given;
	int result;

	if (strchr(word, '%'))
		return parser_refuse(parser,
				     "rate \"%s\" is a share of a link speed that is not known "
				     "here; write e.g. rate 100mbit",
				     word);
	result = parser_rate(parser, "rate", "rate 100mbit", &parser->parsed.rate.bps);
	if (result == 0)
		result = parse_overhead_words(parser, &given);
	if (result == 0 && given)
		parser->parsed.given |= IMPAIRMENT(GROUP_OVERHEAD);
	if (result == 0)
		result = parser_wave(parser, rate_amplitude, &parser->parsed.rate.wave);
	return result;
}

// Not in netem: the overhead alone, for a rate that stays.
int parse_overhead(struct parser *parser)
{
	bool given;
	int result = parse_overhead_words(parser, &given);

	if (result == 0 && !given)
		return parser_missing(parser, "overhead", "overhead 24");
	return result;
}

// As tc-tbf: peakrate and mtu (or minburst) in any order.
int parse_burst(struct parser *parser)
{
	struct impairment_burst *burst = &parser->parsed.burst;
	static const char example[] = "burst 64kb peakrate 20mbit mtu 1540b";
	bool takes = true;

	if (parser_size(parser, "burst", "burst 64kb", &burst->bytes) < 0)
		return -EINVAL;
	while (takes) {
		int result = 0;

		if (parser_take_word(parser, "peakrate"))
			result = parser_rate(parser, "peakrate", example, &burst->peak_bps);
		else if (parser_take_word(parser, "mtu") || parser_take_word(parser, "minburst"))
			result = parser_size(parser, "mtu", example, &burst->peak_bytes);
		else
			takes = false;
		if (result < 0)
			return result;
	}
	if (burst->bytes == 0 && (burst->peak_bps || burst->peak_bytes))
		return parser_refuse(parser, "a peak bounds the rate within a burst, and the burst "
					     "is 0");
	if ((burst->peak_bps == 0) != (burst->peak_bytes == 0))
		return parser_refuse(parser,
				     "a peak rate and its burst (the longest frame's length or "
				     "more) go together; write e.g. %s",
				     example);
	return 0;
}

// Behind the committed rate and burst: an excess burst, or a peak rate and its burst, or neither.
static int parse_second_bucket(struct parser *parser, const char *example)
{
	struct impairment_police *police = &parser->parsed.police;

	if (parser_take_word(parser, "ebs"))
		return parser_size(parser, "ebs", example, &police->ebs_bytes);
	if (!parser_take_word(parser, "pir"))
		return 0;
	if (parser_rate(parser, "pir", example, &police->pir_bps) < 0)
		return -EINVAL;
	if (!parser_take_word(parser, "pbs"))
		return parser_missing(parser, "pir RATE",
				      "police cir 10mbit cbs 64kb pir 20mbit pbs 64kb");
	if (parser_size(parser, "pbs", example, &police->pbs_bytes) < 0)
		return -EINVAL;
	if (police->pir_bps < police->cir_bps)
		return parser_refuse(parser, "the peak rate pir is below the committed rate cir");
	return 0;
}

// `remark DSCP`, of what is yellow.
static int parse_remark(struct parser *parser)
{
	struct impairment_police *police = &parser->parsed.police;
	uint64_t dscp;

	if (!parser_take_word(parser, "remark"))
		return 0;
	if (parser_count(parser, "remark", "police cir 10mbit cbs 64kb ebs 64kb remark 12", &dscp) <
	    0)
		return -EINVAL;
	if (dscp > 63)
		return parser_refuse(parser, "remark %" PRIu64 ": DSCPs run from 0 to 63", dscp);
	if (police->ebs_bytes == 0 && police->pir_bps == 0)
		return parser_refuse(parser, "remark gives yellow packets a DSCP, and without ebs "
					     "or pir no packet is yellow");
	police->remarks = true;
	police->yellow_dscp = (uint8_t)dscp;
	return 0;
}

int parse_police(struct parser *parser)
{
	struct impairment_police *police = &parser->parsed.police;
	static const char example[] = "police cir 10mbit cbs 64kb ebs 64kb";
	int result;

	if (parser_take_word(parser, "none"))
		return 0;
	if (!parser_take_word(parser, "cir"))
		return parser_missing(parser, "police", example);
	if (parser_rate(parser, "cir", example, &police->cir_bps) < 0)
		return -EINVAL;
	if (!parser_take_word(parser, "cbs"))
		return parser_missing(parser, "police cir RATE", example);
	if (parser_size(parser, "cbs", example, &police->cbs_bytes) < 0)
		return -EINVAL;
	result = parse_second_bucket(parser, example);
	return result == 0 ? parse_remark(parser) : result;
}

// After slot: MIN [MAX], or distribution NAME DELAY JITTER; then packets N, bytes N.
int parse_slot(struct parser *parser)
{
	struct impairment_slot *slot = &parser->parsed.slot;
	static const char example[] = "slot 1ms 5ms packets 10";
	const char *word;
	int result = 0;

	if (parser_take_word(parser, "none"))
		return 0;
	if (parser_take_word(parser, "distribution")) {
		result = parse_distribution_words(parser, &slot->by);
		if (result == 0)
			result = parser_time(parser, "slot distribution",
					     "slot distribution normal 5ms 1ms", &slot->least_ns);
		if (result == 0)
			result = parser_time(parser, "slot distribution DELAY",
					     "slot distribution normal 5ms 1ms",
					     &slot->by.jitter_ns);
	} else {
		result = parser_time(parser, "slot", example, &slot->least_ns);
		slot->most_ns = slot->least_ns;
		word = result == 0 ? parser_take_number(parser) : NULL;
		if (word)
			result = quantity_parse_time_ns(word, parser->where, &slot->most_ns,
							parser->error);
		if (result == 0 && slot->most_ns < slot->least_ns)
			return parser_refuse(parser, "a slot's longest time is below its shortest");
	}
	if (result == 0 && parser_take_word(parser, "packets"))
		result = parser_count(parser, "packets", example, &slot->packets);
	if (result == 0 && parser_take_word(parser, "bytes"))
		result = parser_count(parser, "bytes", "slot 1ms bytes 3000", &slot->bytes);
	if (result == 0 && slot->least_ns == 0 && slot->most_ns == 0)
		return parser_refuse(parser, "a slot of 0 is none; write slot none");
	return result;
}

int parse_trace(struct parser *parser)
{
	struct impairment_trace *trace = &parser->parsed.trace;

	if (parser_take_word(parser, "none"))
		return 0;
	if (parser_table(parser, TABLE_MAHIMAHI, "trace", &trace->table) < 0)
		return -EINVAL;
	for (;;) {
		if (parser_take_word(parser, "once"))
			trace->once = true;
		else if (parser_take_word(parser, "interpolate"))
			trace->interpolated = true;
		else
			break;
	}
	if (trace->interpolated && trace->table->kind == TABLE_MAHIMAHI)
		return parser_refuse(parser,
				     "delivery opportunities cannot be interpolated; that is "
				     "for series of delay, rate and loss");
	return 0;
}

static bool is_size_unit(const char *unit)
{
	return strcasecmp(unit, "b") == 0 || strcasecmp(unit, "kb") == 0 ||
	       strcasecmp(unit, "mb") == 0 || strcasecmp(unit, "gb") == 0;
}

int parse_limit(struct parser *parser)
{
	struct impairment_limit *limit = &parser->parsed.limit;
	const char *word = parser_take(parser), *unit;
	char number[32];
	size_t digits;

	if (!word)
		return parser_missing(parser, "limit", "limit 1000p, limit 20ms or limit 64kb");
	if (strcmp(word, "none") == 0)
		return 0;
	digits = strspn(word, "0123456789.");
	unit = word + digits;
	if (*unit == '\0' || strcasecmp(unit, "p") == 0) {
		limit->kind = LIMIT_PACKETS;
		if (digits >= sizeof(number))
			return parser_refuse(parser, "limit \"%s\" is too large; write e.g. 1000p",
					     word);
		memcpy(number, word, digits);
		number[digits] = '\0';
		return quantity_parse_count(number, parser->where, &limit->amount, parser->error);
	}
	if (is_size_unit(unit)) {
		limit->kind = LIMIT_BYTES;
		return quantity_parse_size_bytes(word, parser->where, &limit->amount,
						 parser->error);
	}
	limit->kind = LIMIT_TIME;
	if (quantity_parse_time_ns(word, parser->where, &limit->amount, NULL) == 0)
		return 0;
	return parser_refuse(
		parser,
		"\"%s\" is not a limit; write packets, time or bytes: e.g. 1000p, 20ms "
		"or 64kb",
		word);
}
