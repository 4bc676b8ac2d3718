// SPDX-License-Identifier: BSD-3-Clause
// The lists of new and old flows, and the longest of them when all is full.
#include "dataplane/model/discipline_fair.h"

#include <errno.h>
#include <inttypes.h>

#define FAIR_MIN_QUANTUM_BYTES 256 // else a long frame would take many rounds
#define FAIR_MAX_QUANTUM_BYTES (1u << 20)
#define FAIR_MAX_BATCH         65536

// waiting_class.round says in which list a flow is: 1 + one of these.
enum { NEW_FLOWS, OLD_FLOWS };

int fair_check(const struct fair_params *params, const char *where, struct error *error)
{
	if (params->flows == 0 || params->flows > FAIR_MAX_FLOWS)
		return error_set(error, -EINVAL, where,
				 "fq_codel with %" PRIu32 " flows: expected 1 to %d", params->flows,
				 FAIR_MAX_FLOWS);
	if (params->quantum_bytes < FAIR_MIN_QUANTUM_BYTES ||
	    params->quantum_bytes > FAIR_MAX_QUANTUM_BYTES)
		return error_set(error, -EINVAL, where,
				 "fq_codel quantum of %" PRIu32
				 " bytes: expected %d to %u, best the longest frame",
				 params->quantum_bytes, FAIR_MIN_QUANTUM_BYTES,
				 FAIR_MAX_QUANTUM_BYTES);
	if (params->batch_packets == 0 || params->batch_packets > FAIR_MAX_BATCH)
		return error_set(error, -EINVAL, where,
				 "fq_codel drop_batch of %" PRIu32 " packets: expected 1 to %d",
				 params->batch_packets, FAIR_MAX_BATCH);
	return 0;
}

// Multiplied by 2^32 over the golden ratio, so that all bits of the hash count in the upper ones.
uint32_t fair_class(const struct fair_params *params, uint32_t flow_hash)
{
	uint32_t mixed = flow_hash * 0x9E3779B1u;

	return (uint32_t)(((uint64_t)mixed * params->flows) >> 32);
}

static void join(struct waiting *waiting, unsigned list, uint32_t flow)
{
	waiting_round_push(waiting, list, flow);
	waiting_class(waiting, flow)->round = 1 + list;
}

void fair_enter(const struct fair_params *params, struct waiting *waiting, uint32_t entry)
{
	uint32_t flow = fair_class(params, waiting_entry(waiting, entry)->frame.flow);
	struct waiting_class *class = waiting_class(waiting, flow);

	waiting_enter(waiting, flow, entry);
	if (class->round == 0) {
		class->deficit_bytes = params->quantum_bytes;
		join(waiting, NEW_FLOWS, flow);
	}
}

void fair_relieve(const struct fair_params *params, struct waiting *waiting)
{
	uint32_t longest = 0;
	uint64_t most = 0, bytes;
	struct waiting_line *line;

	for (uint32_t flow = 0; flow < waiting->class_count; flow++) {
		bytes = waiting_class(waiting, flow)->line.bytes;
		if (bytes > most) {
			most = bytes;
			longest = flow;
		}
	}
	line = &waiting_class(waiting, longest)->line;
	for (uint32_t n = 0; n < params->batch_packets && line->packets > 0; n++) {
		waiting_throw(waiting, longest);
		if (2 * (most - line->bytes) >= most)
			break;
	}
}

// A queue that has had its turn, or has nothing to send: a new one becomes an old one first.
static void step_back(struct waiting *waiting, unsigned list, uint32_t flow, bool ends)
{
	waiting_round_pop(waiting, list);
	if (ends && list == OLD_FLOWS)
		waiting_class(waiting, flow)->round = 0;
	else
		join(waiting, OLD_FLOWS, flow);
}

uint32_t fair_next(const struct fair_params *params, const struct codel_params *codel,
		   struct waiting *waiting, uint64_t now_ns, enum aqm_verdict *verdict)
{
	for (;;) {
		unsigned list = waiting->rounds[NEW_FLOWS].first ? NEW_FLOWS : OLD_FLOWS;
		uint32_t flow = waiting_round_first(waiting, list);
		struct waiting_class *class = waiting_class(waiting, flow);
		const struct waiting_entry *left;
		uint32_t entry;

		if (class->deficit_bytes <= 0) {
			class->deficit_bytes += params->quantum_bytes;
			step_back(waiting, list, flow, false);
			continue;
		}
		if (class->line.packets == 0) {
			codel_empty(&class->codel);
			step_back(waiting, list, flow, true);
			continue;
		}
		entry = waiting_leave(waiting, flow);
		left = waiting_entry(waiting, entry);
		*verdict = codel ? codel_offer(codel, &class->codel, now_ns, left->arrival_at_ns,
					       class->line.bytes, left->frame.ecn)
				 : AQM_PASS;
		if (*verdict != AQM_DROP)
			class->deficit_bytes -= left->frame.bytes;
		return entry;
	}
}

void fair_empty(struct waiting *waiting)
{
	for (unsigned list = NEW_FLOWS; list <= OLD_FLOWS; list++) {
		while (waiting->rounds[list].first) {
			struct waiting_class *class =
				waiting_class(waiting, waiting_round_first(waiting, list));

			waiting_round_pop(waiting, list);
			class->round = 0;
			codel_empty(&class->codel);
		}
	}
}
