// SPDX-License-Identifier: BSD-3-Clause
// The demo's table over the fake engine: where phases begin and end, and what each counts.
#include "control/demo_story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/fake_lab.h"

#define SECOND_NS (1000 * MS)

static const char told[] = TIMES
	"[site a]\nkind = router\naddress = 10.255.0.1\n"
	"[site b]\nkind = router\naddress = 10.255.0.2\n" ROUTER("c")
		LINK("ab", "a", "b", "1ms", "1") LINK("ac", "a", "c", "2ms", "1")
			LINK("cb", "c", "b", "3ms",
			     "5") "[flow money]\nfrom = a\nto = b\nrate = 1mbit\nsize = 200b\n"
				  "[event cut]\nat = 2s\ndo = link ab down\n"
				  "[event slow]\nat = 2s\ndo = link ac set delay 9ms\n"
				  "[event mend]\nat = 5s\ndo = link ab up\n";

// The flow has had `count` more packets, each with this delay.
static void receive(uint64_t count, uint64_t delay_ns)
{
	fake_engine.flows[0].received += count;
	for (uint64_t i = 0; i < count; i++)
		histogram_record(&fake_engine.delay, delay_ns);
}

// A story in which something happens in each phase; routing changes in between, too.
static struct demo_story *tell(const struct topology *topology)
{
	struct demo_story *story = demo_story_create(topology);

	demo_story_changed(story, NULL, NULL, 0);
	receive(2000, 1 * MS);
	fake_engine.path[0] = paper_channel(topology, "ab:forward");
	fake_engine.path_count = 1;
	demo_story_changed(story, NULL, NULL, 2 * SECOND_NS);
	fake_engine.flows[0].lost[DROP_CARRIER] += 7;
	fake_engine.flows[0].gap_ns = 200 * MS;
	receive(5, 14 * MS);
	demo_story_changed(story, NULL, NULL, 2 * SECOND_NS + 190 * MS); // no event
	fake_engine.path[0] = paper_channel(topology, "ac:forward");
	fake_engine.path[1] = paper_channel(topology, "cb:forward");
	fake_engine.path_count = 2;
	demo_story_changed(story, NULL, NULL, 5 * SECOND_NS);
	fake_engine.flows[0].lost[DROP_QUEUE] += 2;
	demo_story_end(story, NULL, 6 * SECOND_NS);
	return story;
}

static void a_phase_lies_between_two_events_and_counts_its_own(void **state)
{
	(void)state;
	struct topology *topology = paper(told);
	fake_engine_reset();
	struct demo_story *story = tell(topology);
	json_t *phases = demo_story_json(story);
	static const struct {
		json_int_t from_ns, until_ns, received, carrier, queue, gap_ns;
		const char *begun_by;
	} expected[] = {
		{0, 2 * SECOND_NS, 2000, 0, 0, 0, "all is well"},
		// Two events at one instant are one beginning, named by the last.
		{2 * SECOND_NS, 5 * SECOND_NS, 5, 7, 0, 200 * MS, "link ac set delay 9ms"},
		{5 * SECOND_NS, 6 * SECOND_NS, 0, 0, 2, 0, "link ab up"},
	};
	assert_int_equal(json_array_size(phases), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *phase = json_array_get(phases, i);
		const json_t *lost = json_object_get(phase, "lost");
		assert_string_equal(json_string_value(json_object_get(phase, "flow")), "money");
		assert_string_equal(json_string_value(json_object_get(phase, "begun_by")),
				    expected[i].begun_by);
#define SAYS(object, key, value)                                                                   \
	assert_int_equal(json_integer_value(json_object_get(object, key)), value)
		SAYS(phase, "from_ns", expected[i].from_ns);
		SAYS(phase, "until_ns", expected[i].until_ns);
		SAYS(phase, "received", expected[i].received);
		SAYS(phase, "gap_ns", expected[i].gap_ns);
		SAYS(lost, "carrier", expected[i].carrier);
		SAYS(lost, "queue", expected[i].queue);
#undef SAYS
	}
	json_decref(phases);
	demo_story_free(story);
	topology_free(topology);
	fake_engine_reset();
}

static void its_delays_are_its_own_and_known_only_from_enough(void **state)
{
	(void)state;
	struct topology *topology = paper(told);
	fake_engine_reset();
	struct demo_story *story = tell(topology);
	json_t *phases = demo_story_json(story);
	const json_t *well = json_object_get(json_array_get(phases, 0), "delay_ns");
	const json_t *cut = json_object_get(json_array_get(phases, 1), "delay_ns");
	const json_t *mended = json_object_get(json_array_get(phases, 2), "delay_ns");
	// Within the histogram's resolution of the one delay that there was.
	assert_in_range(json_integer_value(json_object_get(well, "p50")), 990000, 1010000);
	assert_true(json_is_integer(json_object_get(well, "p99")));
	assert_true(json_is_null(json_object_get(well, "p999"))); // two beyond it
	assert_in_range(json_integer_value(json_object_get(well, "max")), 990000, 1010000);
	assert_true(json_is_null(json_object_get(cut, "p50"))); // of five packets
	assert_in_range(json_integer_value(json_object_get(cut, "max")), 13860000, 14140000);
	assert_true(json_is_null(json_object_get(mended, "max"))); // of none
	json_decref(phases);
	demo_story_free(story);
	topology_free(topology);
	fake_engine_reset();
}

static void the_table_names_sites_and_causes(void **state)
{
	(void)state;
	struct topology *topology = paper(told);
	fake_engine_reset();
	struct demo_story *story = tell(topology);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	demo_story_print(story, out);
	fflush(out);
	assert_non_null(strstr(text, "money  0-2 s all is well"));
	assert_non_null(strstr(text, "carrier 7"));
	assert_non_null(strstr(text, "200.000  a c b\n"));
	assert_null(strstr(text, "carrier 7, queue 2")); // each phase its own
	size_t once = size;
	demo_story_print(story, out);
	fclose(out);
	assert_int_equal(size, once); // a second call prints nothing
	free(text);
	demo_story_free(story);
	topology_free(topology);
	fake_engine_reset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phase_lies_between_two_events_and_counts_its_own),
		cmocka_unit_test(its_delays_are_its_own_and_known_only_from_enough),
		cmocka_unit_test(the_table_names_sites_and_causes),
	};
	return cmocka_run_group_tests_name("demo story", tests, NULL, NULL);
}
