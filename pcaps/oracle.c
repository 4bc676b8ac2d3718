// SPDX-License-Identifier: BSD-3-Clause
// What must come out: what both oracles share.
#include "pcaps/oracle.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define LONGEST_FRAME  9230 // where a channel has no MTU of its own
#define SHORTEST_FRAME 60
#define ETHERNET       14

uint64_t oracle_add_ns(uint64_t a, uint64_t b)
{
	return a > ORACLE_NEVER - b ? ORACLE_NEVER : a + b;
}

int oracle_begin(const struct journal *journal, const struct frames *sent, struct oracle *oracle,
		 struct error *error)
{
	*oracle = (struct oracle){.count = sent->count};
	if (sent->count && sent->rows[0].at_ns < journal->clock_ns)
		return error_set(error, -EINVAL, "clock",
				 "the first frame was sent %" PRIu64 " ns before the lab's clock "
				 "was zero: give the right --clock or --journal",
				 journal->clock_ns - sent->rows[0].at_ns);
	oracle->promises = calloc(sent->count + 1, sizeof(*oracle->promises));
	if (!oracle->promises)
		return error_set(error, -ENOMEM, "oracle", "no memory for %zu promises",
				 sent->count);
	return 0;
}

bool oracle_loss_is_known(const struct loss_params *loss)
{
	if (loss->ecn)
		return loss->kind == LOSS_NONE; // some are marked instead
	return loss->kind == LOSS_NONE || loss->kind == LOSS_RANDOM ||
	       loss->kind == LOSS_GILBERT_ELLIOTT || loss->kind == LOSS_STATES ||
	       loss->kind == LOSS_BER;
}

bool oracle_keeps_order(const struct channel_params *params)
{
	// Queues with classes or flows let one pass the other.
	return params->reorder.gap == 0 && !params->jitter.order_free &&
	       params->queue.kind != QUEUE_FQ_CODEL && params->queue.kind != QUEUE_PRIO &&
	       params->queue.kind != QUEUE_DRR;
}

double oracle_chance(const struct chance_params *chance)
{
	return chance->correlation == 0 ? (double)chance->threshold / 4294967296.0 : NAN;
}

int oracle_add_era(struct oracle *oracle, const struct oracle_era *era, struct error *error)
{
	struct oracle_era *grown =
		reallocarray(oracle->eras, oracle->era_count + 1, sizeof(*oracle->eras));

	if (!grown)
		return error_set(error, -ENOMEM, "oracle", "no memory");
	oracle->eras = grown;
	oracle->eras[oracle->era_count++] = *era;
	return 0;
}

void oracle_finish(struct oracle *oracle)
{
	oracle->settled = oracle->converging = oracle->unreachable = 0;
	for (size_t i = 0; i < oracle->count; i++) {
		oracle->settled += oracle->promises[i].class == ORACLE_SETTLED;
		oracle->converging += oracle->promises[i].class == ORACLE_CONVERGING;
		oracle->unreachable += oracle->promises[i].class == ORACLE_UNREACHABLE;
	}
}

uint64_t oracle_line_most_ns(const struct channel_params *params)
{
	uint32_t longest = params->mtu_bytes ? params->mtu_bytes + ETHERNET : LONGEST_FRAME;
	uint64_t longest_ns = rate_serialisation_ns(&params->rate, longest) + 1;
	uint64_t amount = params->queue.limit_amount;

	if (params->rate.ns_per_byte_q32 == 0)
		return 0;
	switch (params->queue.limit) {
	case QUEUE_TIME:
		return oracle_add_ns(amount, longest_ns);
	case QUEUE_PACKETS:
		return amount > ORACLE_NEVER / longest_ns ? ORACLE_NEVER : amount * longest_ns;
	case QUEUE_BYTES: {
		// Short frames carry the most overhead for their bytes.
		uint64_t shortest_ns = rate_serialisation_ns(&params->rate, SHORTEST_FRAME) + 1;
		double most_ns = (double)amount * ((double)shortest_ns / SHORTEST_FRAME +
						   (double)longest_ns / longest);

		return most_ns < 1e18 ? (uint64_t)most_ns + longest_ns : ORACLE_NEVER;
	}
	case QUEUE_UNLIMITED:
		break;
	}
	return ORACLE_NEVER;
}

uint64_t oracle_moved_ns(uint64_t at_ns, int64_t by_ns, uint64_t least_ns)
{
	uint64_t sooner_ns = by_ns < 0 ? -(uint64_t)by_ns : 0;

	if (at_ns == ORACLE_NEVER)
		return ORACLE_NEVER;
	at_ns = by_ns < 0 ? (at_ns > sooner_ns ? at_ns - sooner_ns : 0)
			  : oracle_add_ns(at_ns, (uint64_t)by_ns);
	return at_ns > least_ns ? at_ns : least_ns;
}

uint32_t oracle_path_bytes(const struct frame_row *row)
{
	// The digest of an IP packet has its length.
	return row->ttl ? ETHERNET + row->length : row->wire_length;
}

uint64_t oracle_dscps(const struct police_params *police)
{
	bool remarks = police->kind != POLICE_NONE && police->remarks;

	return remarks ? UINT64_C(1) << (police->yellow_dscp & 63) : 0;
}

uint64_t *oracle_expected(const struct oracle *oracle)
{
	uint64_t *expected = malloc((oracle->count + 1) * sizeof(*expected));

	for (size_t i = 0; expected && i < oracle->count; i++) {
		const struct oracle_promise *promise = &oracle->promises[i];

		if (promise->class == ORACLE_UNREACHABLE || promise->lost != DROP_NONE)
			expected[i] = ORACLE_NEVER;
		else
			expected[i] =
				oracle->exact ? promise->release_at_ns : promise->constant_at_ns;
	}
	return expected;
}

uint8_t *oracle_expected_dscp(const struct oracle *oracle)
{
	uint8_t *expected = malloc(oracle->count + 1);

	for (size_t i = 0; expected && i < oracle->count; i++)
		expected[i] = oracle->promises[i].dscp;
	return expected;
}

void oracle_free(struct oracle *oracle)
{
	free(oracle->promises);
	for (size_t i = 0; i < oracle->era_count; i++)
		free(oracle->eras[i].hops);
	free(oracle->eras);
	*oracle = (struct oracle){0};
}

uint64_t oracle_spread_ns(const struct jitter_params *jitter)
{
	return (uint64_t)(jitter_maximum_ns(jitter) - jitter_minimum_ns(jitter));
}
