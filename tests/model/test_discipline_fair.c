// SPDX-License-Identifier: BSD-3-Clause
// FQ-CoDel: whole channels against RFC 8290 written out with plain lists, and its promises one by
// one: shares, sparse flows, the longest queue.
#include "dataplane/model/discipline_fair.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/codel_reference.h"
#include "tests/model/queue_run.h"
#include "tests/model/statistics.h"

#define MS   RUN_MS
#define LINE 8000000 // a microsecond a byte

enum { PACKETS = 40000, FLOWS = 16 };

static struct reference_packet packets[PACKETS];
static uint32_t hashes[PACKETS];
static struct run_outcome found[PACKETS];

// ---- Whole channels against the RFC's text ----

struct list {
	int flows[FLOWS], count;
};

struct reference {
	struct reference_codel queues[FLOWS];
	double deficit[FLOWS];
	bool active[FLOWS];
	struct list fresh, old;
};

static int waiting(const struct reference *r)
{
	int sum = 0;

	for (int flow = 0; flow < FLOWS; flow++)
		sum += r->queues[flow].waiting;
	return sum;
}

static void append(struct list *list, int flow)
{
	assert_true(list->count < FLOWS);
	list->flows[list->count++] = flow;
}

static void remove_first(struct list *list)
{
	memmove(list->flows, list->flows + 1, (size_t)--list->count * sizeof(int));
}

// Section 4.2.
static int fair_dequeue(struct reference *r, double now)
{
	for (;;) {
		struct list *list = r->fresh.count > 0 ? &r->fresh : &r->old;
		int flow = list->flows[0], packet;

		if (list->count == 0)
			return -1;
		if (r->deficit[flow] <= 0) {
			r->deficit[flow] += 1514;
			remove_first(list);
			append(&r->old, flow);
			continue;
		}
		packet = reference_dequeue(&r->queues[flow], now);
		if (packet >= 0) {
			r->deficit[flow] -= packets[packet].bytes;
			return packet;
		}
		remove_first(list);
		if (list == &r->fresh)
			append(&r->old, flow);
		else
			r->active[flow] = false;
	}
}

// Section 4.1, and 4.1.3 when the limit is passed.
static void fair_enqueue(struct reference *r, int packet, int limit)
{
	int flow = (int)packets[packet].flow, longest = 0;
	double half, gone = 0;

	reference_push(&r->queues[flow], packet);
	if (!r->active[flow]) {
		r->active[flow] = true;
		r->deficit[flow] = 1514;
		append(&r->fresh, flow);
	}
	if (waiting(r) <= limit)
		return;
	for (int i = 1; i < FLOWS; i++)
		if (r->queues[i].backlog > r->queues[longest].backlog)
			longest = i;
	half = r->queues[longest].backlog / 2;
	for (int n = 0; n < 64 && gone < half; n++) {
		int thrown = reference_pop(&r->queues[longest]);

		packets[thrown].full = true;
		gone += packets[thrown].bytes;
	}
}

// The line asks for a packet whenever it is free; if there is none, again at the next arrival.
static void reference_run(struct reference *r, int limit)
{
	double line_free = 0;
	bool idle = true;
	int next = 0;

	while (next < PACKETS || !idle) {
		int packet;

		if (idle || (next < PACKETS && packets[next].arrives < line_free)) {
			fair_enqueue(r, next, limit);
			if (idle)
				line_free = packets[next].arrives;
			idle = false;
			next++;
			continue;
		}
		packet = fair_dequeue(r, line_free);
		idle = packet < 0;
		if (!idle)
			packets[packet].departs = line_free += 1000.0 * packets[packet].bytes;
	}
}

static void make_load(const struct fair_params *params)
{
	static const double loads[] = {0.5, 1.1, 0.9, 2, 5, 0.3, 1.05};
	double at = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct rng_block random = rng_block(719, 3, (uint64_t)i, 0);
		double load = loads[(i / 1500) % 7];
		// Half of all are of two flows, so that some are greedy and others sparse.
		uint32_t flow = random.word[2] % 2 ? random.word[3] % 2 : random.word[3] % 400;

		at += floor(-log((random.word[1] + 0.5) / 4294967296.0) * 787000 / load);
		hashes[i] = flow * 2654435761u;
		packets[i] = (struct reference_packet){.arrives = at,
						       .bytes = 60 + random.word[0] % 1455,
						       .flow = fair_class(params, hashes[i]),
						       .ecn = (uint8_t)(random.word[2] >> 8) % 4};
	}
}

static void whole_channels_do_what_the_rfc_says(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		bool marks = way & 1;
		struct queue_params params = queue_defaults(QUEUE_FQ_CODEL);
		struct reference r = {0};
		struct run run;
		int early = 0, full = 0, marked = 0;
		double nearest = 1e18;

		params.fair.flows = FLOWS;
		params.codel.ecn = marks;
		params.limit_amount = way & 2 ? 100 : 1000;
		make_load(&params.fair);
		for (int flow = 0; flow < FLOWS; flow++)
			r.queues[flow] = reference_codel(packets, marks);
		reference_run(&r, (int)params.limit_amount);
		memset(found, 0, sizeof(found));
		run_begin(&run, &params, LINE, found);
		for (uint32_t i = 0; i < PACKETS; i++)
			run_enter(&run, (uint64_t)packets[i].arrives,
				  (struct channel_frame){.handle = i,
							 .bytes = packets[i].bytes,
							 .flow = hashes[i],
							 .ecn = packets[i].ecn});
		run_out(&run);
		assert_int_equal(run.left, PACKETS);
		for (int i = 0; i < PACKETS; i++) {
			assert_int_equal(found[i].lost, packets[i].full   ? DROP_QUEUE
							: packets[i].lost ? DROP_AQM
									  : DROP_NONE);
			if (packets[i].full || packets[i].lost)
				continue;
			assert_int_equal(found[i].marked, packets[i].marked);
			assert_true((double)found[i].left_at_ns == packets[i].departs);
		}
		for (int i = 0; i < PACKETS; i++) {
			early += packets[i].lost;
			full += packets[i].full;
			marked += packets[i].marked;
		}
		for (int flow = 0; flow < FLOWS; flow++)
			nearest = fmin(nearest, r.queues[flow].nearest);
		assert_true(nearest > 50); // no decision hangs on rounding
		assert_true(early > 100 && (way & 2 ? full > 1000 : early + full > 1000));
		assert_true(marks ? marked > 300 : marked == 0);
		run_end(&run);
	}
}

// ---- Its promises ----

static struct channel_frame frame_of(uint32_t handle, uint32_t flow, uint32_t bytes)
{
	return (struct channel_frame){.handle = handle, .flow = flow, .bytes = bytes};
}

// FQ-CoDel without CoDel, whose drops are not the matter.
static struct queue_params only_fair(uint64_t limit)
{
	struct queue_params params = queue_defaults(QUEUE_FQ_CODEL);

	params.limit_amount = limit;
	params.codel.interval_ns = 3600000 * MS;
	params.codel.target_ns = 3599999 * MS;
	return params;
}

// Greedy flows whose frames differ: bytes sent differ by a turn at most, at any time.
static void greedy_flows_share_the_line_by_bytes(void **state)
{
	enum { GREEDY = 5, EACH = 200 };
	static const uint32_t lengths[GREEDY] = {60, 300, 800, 1200, 1514};
	static struct run_outcome outcomes[GREEDY * 26 * EACH];
	struct queue_params params = only_fair(100000);
	double sent[GREEDY] = {0}, least, most;
	struct run run;
	uint32_t frames[GREEDY], count = 0, order[GREEDY * 26 * EACH];

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	run_begin(&run, &params, LINE, outcomes);
	run_enter(&run, 0, frame_of(count++, 99, 60)); // keeps the line busy meanwhile
	for (uint32_t flow = 0; flow < GREEDY; flow++) {
		frames[flow] = count;
		for (uint32_t n = 0; n < EACH * 1514 / lengths[flow]; n++)
			run_enter(&run, 0, frame_of(count++, flow, lengths[flow]));
	}
	run_out(&run);
	for (uint32_t i = 0; i < count; i++)
		order[outcomes[i].turn] = i;
	for (uint32_t turn = 1; turn < count; turn++) {
		uint32_t flow = 0;

		while (flow + 1 < GREEDY && order[turn] >= frames[flow + 1])
			flow++;
		sent[flow] += lengths[flow];
		least = 1e18, most = 0;
		for (flow = 0; flow < GREEDY; flow++) {
			least = fmin(least, sent[flow]);
			most = fmax(most, sent[flow]);
		}
		// As long as none has run out of frames: a quantum, and a frame beyond it.
		if (most < (EACH - 2) * 1514)
			assert_true(most - least <= 1514 + 1514);
	}
	run_end(&run);
}

static void a_sparse_flow_goes_before_all_that_wait(void **state)
{
	static struct run_outcome outcomes[600];
	struct queue_params params = only_fair(10000);
	struct run run;

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	run_begin(&run, &params, LINE, outcomes);
	for (uint32_t i = 0; i < 500; i++)
		run_enter(&run, 0, frame_of(i, i % 10, 1000));
	for (uint32_t i = 500; i < 510; i++) {
		uint64_t at = 20 * MS + (i - 500) * 30 * MS + 12345;

		run_enter(&run, at, frame_of(i, 77, 200));
		run_until(&run, at + 3 * MS);
		// It waits for the frame in service alone, which takes a millisecond.
		assert_true(outcomes[i].done);
		assert_true(outcomes[i].left_at_ns - 200000 < at + MS);
		assert_true(run.left < 400);
	}
	run_end(&run);
}

// A flow that comes back as soon as its frame has left must wait for the others' turns: they do
// not starve (section 4.2).
static void a_flow_that_comes_back_again_and_again_starves_nobody(void **state)
{
	static struct run_outcome outcomes[2000];
	struct queue_params params = only_fair(10000);
	struct run run;
	uint32_t next = 100, greedy = 0;

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	run_begin(&run, &params, LINE, outcomes);
	for (uint32_t i = 0; i < 100; i++)
		run_enter(&run, 0, frame_of(i, 1, 1514));
	run_enter(&run, 0, frame_of(next, 2, 1514));
	for (uint64_t at = 0; next < 180; at += 1000) {
		run_until(&run, at);
		if (outcomes[next].done)
			run_enter(&run, at, frame_of(++next, 2, 1514));
	}
	for (uint32_t i = 0; i < 100; i++)
		greedy += outcomes[i].done;
	// One each in turn.
	assert_in_range(greedy, 78, 82);
	run_end(&run);
}

static void the_longest_queue_loses_half_of_its_bytes_or_a_batch(void **state)
{
	static const struct {
		uint32_t batch, expected;
	} cases[] = {{64, 4}, {2, 2}, {1, 1}};

	(void)state;
	for (int c = 0; c < 3; c++) {
		struct queue_params params = only_fair(10);
		struct run_outcome outcomes[16] = {{0}};
		struct run run;

		params.fair.batch_packets = cases[c].batch;
		run_begin(&run, &params, LINE, outcomes);
		run_enter(&run, 0, frame_of(0, 9, 1000)); // in service
		for (uint32_t i = 1; i <= 7; i++)         // 7000 bytes
			run_enter(&run, 0, frame_of(i, 1, 1000));
		for (uint32_t i = 8; i <= 10; i++) // more frames a byte, fewer bytes
			run_enter(&run, 0, frame_of(i, 2, 300));
		assert_int_equal(run.left, 1);
		run_enter(&run, 0, frame_of(11, 3, 60)); // the eleventh that waits
		run_until(&run, 0);
		for (uint32_t i = 1; i <= 11; i++)
			assert_int_equal(outcomes[i].lost,
					 i <= cases[c].expected ? DROP_QUEUE : DROP_NONE);
		assert_int_equal(run.left, 1 + cases[c].expected);
		run_out(&run);
		assert_int_equal(run.left, 12);
		run_end(&run);
	}
}

static void limits_in_bytes_memory_and_time_throw_out_as_well(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct queue_params params = only_fair(1000);
		struct run_outcome outcomes[16] = {{0}};
		struct run run;

		if (way == 0)
			params.fair.memory_bytes = 5000;
		else if (way == 1)
			params.limit = QUEUE_BYTES, params.limit_amount = 5000;
		else // those ahead of the fifth that waits: one in service, four waiting
			params.limit = QUEUE_TIME, params.limit_amount = 5 * MS;
		params.fair.batch_packets = 1;
		run_begin(&run, &params, LINE, outcomes);
		for (uint32_t i = 0; i < 6; i++)
			run_enter(&run, 0, frame_of(i, 1, 1000));
		run_until(&run, 0);
		assert_int_equal(run.left, 1);
		run_enter(&run, 0, frame_of(6, 1, 1000));
		run_until(&run, 0);
		assert_int_equal(run.left, 2);
		assert_int_equal(outcomes[1].lost, DROP_QUEUE);
		run_end(&run);
	}
}

// CoDel drops no last frame, but a full queue may lose it: then its next one begins anew.
static void a_flow_that_is_found_empty_drops_no_more(void **state)
{
	const struct queue_params params = queue_defaults(QUEUE_FQ_CODEL);
	struct fair_params fair = params.fair;
	struct waiting *waiting;
	enum aqm_verdict verdict;
	uint32_t entries[2], empty;

	(void)state;
	fair.flows = 16;
	waiting = waiting_init(calloc(1, waiting_memory_bytes(16, 4)), 16, 4);
	for (uint32_t i = 0; i < 2; i++) {
		entries[i] = waiting_take(waiting);
		waiting_entry(waiting, entries[i])->frame = frame_of(i, i, 1000 - i);
		fair_enter(&fair, waiting, entries[i]);
	}
	empty = fair_class(&fair, 0);
	waiting_class(waiting, empty)->codel = (struct codel_state){
		.first_above_at_ns = 1, .drop_next_at_ns = 1, .count = 9, .dropping = true};
	fair_relieve(&fair, waiting); // the first, which is longer
	assert_int_equal(waiting->out.head, entries[0]);
	assert_int_equal(fair_next(&fair, &params.codel, waiting, MS, &verdict), entries[1]);
	assert_false(waiting_class(waiting, empty)->codel.dropping);
	assert_int_equal(waiting_class(waiting, empty)->codel.first_above_at_ns, 0);
	free(waiting);
}

static void flows_are_spread_evenly(void **state)
{
	enum { QUEUES = 1024, MANY = 200000 };
	const struct fair_params params = {.flows = QUEUES};
	static uint32_t counts[QUEUES];

	(void)state;
	// Hashes that differ in their last bits alone, or in their first.
	for (int shift = 0; shift <= 14; shift += 14) {
		memset(counts, 0, sizeof(counts));
		for (uint32_t i = 0; i < MANY; i++)
			counts[fair_class(&params, i << shift)]++;
		assert_true(chi_square_of_equal(counts, QUEUES, MANY) <
			    chi_square_bound(QUEUES - 1));
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(fair_class(&(struct fair_params){.flows = 1}, i * 7919), 0);
}

static void parameters_out_of_range_are_refused(void **state)
{
	const struct fair_params usual = queue_defaults(QUEUE_FQ_CODEL).fair;
	struct fair_params params = usual;
	struct error error = {0};

	(void)state;
	assert_int_equal(fair_check(&params, "", NULL), 0);
	params.flows = 0;
	assert_int_equal(fair_check(&params, "lab.ini:9", &error), -EINVAL);
	assert_string_equal(error.where, "lab.ini:9");
	params.flows = 65537;
	assert_int_equal(fair_check(&params, "", NULL), -EINVAL);
	params = usual;
	params.quantum_bytes = 255;
	assert_int_equal(fair_check(&params, "", NULL), -EINVAL);
	params.quantum_bytes = (1 << 20) + 1;
	assert_int_equal(fair_check(&params, "", NULL), -EINVAL);
	params = usual;
	params.batch_packets = 0;
	assert_int_equal(fair_check(&params, "", NULL), -EINVAL);
	params.batch_packets = 65537;
	assert_int_equal(fair_check(&params, "", NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_channels_do_what_the_rfc_says),
		cmocka_unit_test(greedy_flows_share_the_line_by_bytes),
		cmocka_unit_test(a_sparse_flow_goes_before_all_that_wait),
		cmocka_unit_test(a_flow_that_comes_back_again_and_again_starves_nobody),
		cmocka_unit_test(the_longest_queue_loses_half_of_its_bytes_or_a_batch),
		cmocka_unit_test(limits_in_bytes_memory_and_time_throw_out_as_well),
		cmocka_unit_test(a_flow_that_is_found_empty_drops_no_more),
		cmocka_unit_test(flows_are_spread_evenly),
		cmocka_unit_test(parameters_out_of_range_are_refused),
	};

	return cmocka_run_group_tests_name("discipline_fair", tests, NULL, NULL);
}
