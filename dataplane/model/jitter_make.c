// SPDX-License-Identifier: BSD-3-Clause
// From a request for delay variation to its parameters.
#include <errno.h>
#include <inttypes.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/jitter.h"

#define JITTER_BELOW_NS   (UINT64_C(1) << 47)
#define HALFLIFE_BELOW_NS (UINT64_C(1) << 62)

// jitter_table.steepest of the two distributions that need no table. Normal: between the shares
// 2^-13 and 1 - 2^-13, at the lower one. Uniform: 2 ln 2 / e for a half width of 1, at the share
// 1/e.
#define NORMAL_STEEPEST  26671207
#define UNIFORM_STEEPEST 8556199

// Where the orderly law's rank correlation is a half, 3 a / (2 + a) = 1/2, the share a that time
// has left is 2/5: log2(5/2) halvings. In 2^-32.
#define HALVINGS_TO_HALF UINT64_C(5677637935)

static int jitter_check_table(const struct jitter_request *request, const char *where,
			      struct error *error)
{
	enum jitter_kind kind = request->kind;
	bool tabled = kind > JITTER_NORMAL;

	if ((unsigned)kind > JITTER_TABLE)
		return error_set(error, -EINVAL, where,
				 "jitter of unknown kind %d: use uniform, normal, pareto, "
				 "paretonormal, exponential, gamma, lognormal or a table",
				 (int)kind);
	if (tabled && (!request->table || request->table->kind != kind))
		return error_set(error, -EINVAL, where,
				 "jitter of kind %d comes without its table: make one of that kind",
				 (int)kind);
	return 0;
}

static int jitter_check(const struct jitter_request *request, const char *where,
			struct error *error)
{
	if (request->kind != JITTER_NONE && request->jitter_ns == 0)
		return error_set(error, -EINVAL, where,
				 "jitter of 0 does nothing: leave it out, or give a time above 0");
	if (request->jitter_ns >= JITTER_BELOW_NS)
		return error_set(error, -EINVAL, where,
				 "jitter of %" PRIu64 " ns is too long: expected less than 39 "
				 "hours",
				 request->jitter_ns);
	if (request->halflife_ns >= HALFLIFE_BELOW_NS)
		return error_set(error, -EINVAL, where,
				 "a half-life of %" PRIu64 " ns is too long: expected less than "
				 "146 years",
				 request->halflife_ns);
	if (request->halflife_ns != 0 && request->correlation > 0)
		return error_set(error, -EINVAL, where,
				 "a correlation from packet to packet and a half-life in time "
				 "exclude each other: give one");
	return 0;
}

int jitter_make(const struct jitter_request *request, const char *where,
		struct jitter_params *params, struct error *error)
{
	struct jitter_params made = {.order_free = request->order_free};
	int status = jitter_check_table(request, where, error);

	if (status != 0)
		return status;
	if (!correlation_make(request->correlation, &made.correlation))
		return error_set(error, -EINVAL, where,
				 "jitter correlation of %g: expected 0 to 1 (0%% to 100%%)",
				 request->correlation);
	if (request->kind == JITTER_NONE) {
		*params = (struct jitter_params){.order_free = request->order_free};
		return 0;
	}
	status = jitter_check(request, where, error);
	if (status != 0)
		return status;
	made.kind = request->kind;
	made.jitter_ns = request->jitter_ns;
	made.halflife_ns = request->halflife_ns;
	made.table = request->kind > JITTER_NORMAL ? request->table : NULL;
	jitter_finish(&made);
	*params = made;
	return 0;
}

int jitter_make_params(enum jitter_kind kind, uint64_t jitter_ns, double correlation,
		       const char *where, struct jitter_params *params, struct error *error)
{
	const struct jitter_request request = {
		.kind = kind, .jitter_ns = jitter_ns, .correlation = correlation};

	return jitter_make(&request, where, params, error);
}

// The time of one halving of what is left, so that deviations sink no faster than time goes, by a
// thirty-second part; and longer if a half-life asks for it.
static uint64_t jitter_pace_ns(const struct jitter_params *params)
{
	uint64_t steepest = params->kind == JITTER_UNIFORM  ? UNIFORM_STEEPEST
			    : params->kind == JITTER_NORMAL ? NORMAL_STEEPEST
							    : (uint64_t)params->table->steepest;
	unsigned __int128 least = (unsigned __int128)params->jitter_ns *
				  (steepest + steepest / 32) / (uint64_t)JITTER_VALUE_ONE;
	unsigned __int128 asked = ((unsigned __int128)params->halflife_ns << 32) / HALVINGS_TO_HALF;

	asked = asked > least ? asked : least;
	return asked < HALFLIFE_BELOW_NS ? (uint64_t)asked + 1 : HALFLIFE_BELOW_NS;
}

void jitter_finish(struct jitter_params *params)
{
	params->pace = (struct decay_params){0};
	if (params->kind == JITTER_NONE) {
		params->law = JITTER_INDEPENDENT;
	} else if (params->correlation != 0) {
		params->law = JITTER_CHAINED;
	} else if (!params->order_free) {
		params->law = JITTER_ORDERLY;
		params->pace = decay_make(jitter_pace_ns(params));
	} else if (params->halflife_ns != 0) {
		params->law = JITTER_GAUSSIAN;
		params->pace = decay_make(params->halflife_ns);
	} else {
		params->law = JITTER_INDEPENDENT;
	}
}
