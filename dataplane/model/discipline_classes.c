// SPDX-License-Identifier: BSD-3-Clause
// Which class goes next.
#include "dataplane/model/discipline_classes.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CLASSES_MIN_QUANTUM_BYTES 64
#define CLASSES_MAX_QUANTUM_BYTES (1u << 20)

// waiting_class.round: has it begun its turn?
enum { ABSENT, IN_ROUND, IN_TURN };

void classes_defaults(struct classes_params *params)
{
	// CS5, VOICE-ADMIT, EF, CS6, CS7
	static const uint8_t expedited[] = {40, 44, 46, 48, 56};
	// CS2, AF21..23, CS3, AF31..33, CS4, AF41..43, AF11..13
	static const uint8_t assured[] = {16, 18, 20, 22, 24, 26, 28, 30,
					  32, 34, 36, 38, 10, 12, 14};
	// LE, CS1
	static const uint8_t lower[] = {1, 8};

	*params = (struct classes_params){
		.count = 4, .quantum_bytes = CLASSES_QUANTUM_BYTES, .weight = {8, 4, 2, 1}};
	memset(params->of_dscp, 2, sizeof(params->of_dscp));
	for (size_t i = 0; i < sizeof(expedited); i++)
		params->of_dscp[expedited[i]] = 0;
	for (size_t i = 0; i < sizeof(assured); i++)
		params->of_dscp[assured[i]] = 1;
	for (size_t i = 0; i < sizeof(lower); i++)
		params->of_dscp[lower[i]] = 3;
}

int classes_check(const struct classes_params *params, bool weighted, const char *where,
		  struct error *error)
{
	if (params->count == 0 || params->count > CLASSES_MAX)
		return error_set(error, -EINVAL, where,
				 "a queue of %" PRIu32 " classes: expected 1 to %d", params->count,
				 CLASSES_MAX);
	for (unsigned dscp = 0; dscp < 64; dscp++) {
		if (params->of_dscp[dscp] >= params->count)
			return error_set(
				error, -EINVAL, where,
				"DSCP %u belongs to class %u, but classes are 0 to %" PRIu32, dscp,
				params->of_dscp[dscp], params->count - 1);
	}
	if (!weighted)
		return 0;
	for (uint32_t class = 0; class < params->count; class ++) {
		if (params->weight[class] == 0)
			return error_set(error, -EINVAL, where,
					 "class %" PRIu32
					 " has weight 0 and would never send: expected 1 to 65535",
					 class);
	}
	if (params->quantum_bytes < CLASSES_MIN_QUANTUM_BYTES ||
	    params->quantum_bytes > CLASSES_MAX_QUANTUM_BYTES)
		return error_set(error, -EINVAL, where,
				 "quantum of %" PRIu32
				 " bytes: expected %d to %u, best the longest frame",
				 params->quantum_bytes, CLASSES_MIN_QUANTUM_BYTES,
				 CLASSES_MAX_QUANTUM_BYTES);
	return 0;
}

uint32_t classes_next_priority(struct waiting *waiting)
{
	uint32_t class = 0;

	while (waiting_class(waiting, class)->line.packets == 0)
		class ++;
	return waiting_leave(waiting, class);
}

void classes_enter_weighted(struct waiting *waiting, uint32_t class, uint32_t entry)
{
	struct waiting_class *entered = waiting_class(waiting, class);

	waiting_enter(waiting, class, entry);
	if (entered->round == ABSENT) {
		entered->round = IN_ROUND;
		waiting_round_push(waiting, 0, class);
	}
}

static uint32_t head_bytes(struct waiting *waiting, const struct waiting_class *class)
{
	return waiting_entry(waiting, class->line.head)->frame.bytes;
}

uint32_t classes_next_weighted(const struct classes_params *params, struct waiting *waiting)
{
	uint32_t number = waiting_round_first(waiting, 0), entry;
	struct waiting_class *class = waiting_class(waiting, number);

	for (;;) {
		if (class->round == IN_ROUND) {
			class->round = IN_TURN;
			class->deficit_bytes +=
				(int64_t)params->weight[number] * params->quantum_bytes;
		}
		if (head_bytes(waiting, class) <= class->deficit_bytes)
			break;
		class->round = IN_ROUND;
		waiting_round_pop(waiting, 0);
		waiting_round_push(waiting, 0, number);
		number = waiting_round_first(waiting, 0);
		class = waiting_class(waiting, number);
	}
	entry = waiting_leave(waiting, number);
	class->deficit_bytes -= waiting_entry(waiting, entry)->frame.bytes;
	if (class->line.packets == 0) {
		class->round = ABSENT;
		class->deficit_bytes = 0;
		waiting_round_pop(waiting, 0);
	}
	return entry;
}
