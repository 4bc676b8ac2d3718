// SPDX-License-Identifier: BSD-3-Clause
// The words after `access`: a return link's assigned capacity, parsed, printed back, translated.
#include <errno.h>
#include <inttypes.h>

#include "topologies/impairment_parser.h"
#include "topologies/impairment_text.h"
#include "topologies/impairment_translate.h"

// Unless given: a usual superframe of DVB-RCS2, a hub that answers within one, and grants that
// outlive the next request's round trip over a geostationary satellite.
#define SUPERFRAME_NS UINT64_C(26500000)
#define SCHEDULE_NS   SUPERFRAME_NS
#define TIMEOUT_NS    UINT64_C(1000000000)

static const char example[] = "access cra 64kbit rbdc 2mbit";

// Once each: what was given before has another value than 0.
static int take_rate(struct parser *parser, const char *word, uint64_t *bps)
{
	if (*bps != 0)
		return parser_refuse(parser, "%s is given twice; give it once", word);
	if (parser_rate(parser, word, example, bps) < 0)
		return -EINVAL;
	if (*bps == 0)
		return parser_refuse(parser, "%s of 0 assigns nothing; leave it out", word);
	return 0;
}

int parse_access(struct parser *parser)
{
	struct impairment_access *access = &parser->parsed.access;
	const char *on_request = NULL;
	int result = 0;

	if (parser_take_word(parser, "none"))
		return 0;
	*access = (struct impairment_access){.superframe_ns = SUPERFRAME_NS,
					     .schedule_ns = SCHEDULE_NS,
					     .timeout_ns = TIMEOUT_NS};
	while (result == 0) {
		if (parser_take_word(parser, "cra")) {
			result = take_rate(parser, "cra", &access->cra_bps);
		} else if (parser_take_word(parser, "rbdc")) {
			result = take_rate(parser, "rbdc", &access->rbdc_bps);
		} else if (parser_take_word(parser, "superframe")) {
			result = parser_time(parser, "superframe", "superframe 26.5ms",
					     &access->superframe_ns);
		} else if (parser_take_word(parser, "schedule")) {
			on_request = "schedule";
			result = parser_time(parser, on_request, "schedule 50ms",
					     &access->schedule_ns);
		} else if (parser_take_word(parser, "timeout")) {
			on_request = "timeout";
			result = parser_time(parser, on_request, "timeout 1s", &access->timeout_ns);
		} else {
			break;
		}
	}
	if (result < 0)
		return result;
	if (access->cra_bps == 0 && access->rbdc_bps == 0)
		return parser_missing(parser, "access", example);
	if (on_request && access->rbdc_bps == 0)
		return parser_refuse(parser,
				     "%s is about capacity on request, and there is none; add e.g. "
				     "rbdc 2mbit, or leave it out",
				     on_request);
	return 0;
}

void text_add_access(struct text *text, const struct impairment_access *access)
{
	text_add(text, "access");
	if (access->cra_bps == 0 && access->rbdc_bps == 0) {
		text_add(text, "none");
		return;
	}
	if (access->cra_bps)
		text_add_rate(text, "cra", access->cra_bps);
	if (access->rbdc_bps) {
		text_add_rate(text, "rbdc", access->rbdc_bps);
		text_add_time(text, "schedule", access->schedule_ns);
		text_add_time(text, "timeout", access->timeout_ns);
	}
	text_add_time(text, "superframe", access->superframe_ns);
}

// A limit in time that is shorter than the wait for the first slot would let nothing pass.
static int check_limit(const struct translation *t, struct access_params *access)
{
	const struct impairment_limit *limit = &t->from->limit;
	uint64_t longest_ns;

	access_finish(access, t->to->delay_ns);
	longest_ns = access_longest_ns(access);
	if (!(t->from->given & IMPAIRMENT(GROUP_LIMIT)) || limit->kind != LIMIT_TIME ||
	    limit->amount >= longest_ns)
		return 0;
	return error_set(t->error, -EINVAL, t->where,
			 "a limit of %" PRIu64
			 " ns is shorter than the wait for capacity, which may take %" PRIu64
			 " ns; raise limit, or give it in packets or bytes",
			 limit->amount, longest_ns);
}

// Is a user's trace ever as fast as what may be assigned? What weather leaves of a modem may be
// less for an hour and more.
static int check_trace(const struct translation *t, const struct access_params *access)
{
	const struct rate_params *line = &t->to->rate;
	uint64_t assigned_bps = access_most_bps(access);

	if (line->kind != RATE_PROFILE || (t->from->trace.table && t->from->trace.table->made) ||
	    line->profile->most_bits_per_second >= assigned_bps)
		return 0;
	return error_set(t->error, -EINVAL, t->where,
			 "access may assign %" PRIu64 " bit/s, and the trace has %" PRIu64
			 " bit/s at most: lower cra or rbdc, or give a faster trace",
			 assigned_bps, line->profile->most_bits_per_second);
}

int translate_access(const struct translation *t)
{
	const struct impairment_access *from = &t->from->access;
	struct access_params access;
	int result;

	if (from->cra_bps == 0 && from->rbdc_bps == 0)
		return 0;
	result = access_make(from->cra_bps, from->rbdc_bps, from->superframe_ns, from->schedule_ns,
			     from->timeout_ns, t->where, &access, t->error);
	if (result == 0)
		result = check_limit(t, &access);
	if (result == 0)
		result = check_trace(t, &access);
	if (result == 0)
		result = rate_add_access(&t->to->rate, &access, t->where, t->error);
	return result;
}
