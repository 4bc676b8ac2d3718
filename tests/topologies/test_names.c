// SPDX-License-Identifier: BSD-3-Clause
// Names: found among many, apart by kind, with the nearest word offered for a slip.
#include "topologies/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "topologies/topology.h"

static void names_are_found_among_many_and_apart_by_kind(void **state)
{
	struct names *names = names_create();
	char name[32];

	(void)state;
	assert_non_null(names);
	for (uint32_t i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		assert_int_equal(names_add(names, NAME_SITE, name, i), 0);
	}
	assert_int_equal(names_add(names, NAME_LINK, "s7", 70000), 0);
	for (uint32_t i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		assert_int_equal(names_find(names, NAME_SITE, name), i);
	}
	assert_int_equal(names_find(names, NAME_LINK, "s7"), 70000);
	assert_int_equal(names_find(names, NAME_LINK, "s8"), UINT32_MAX);
	assert_int_equal(names_find(names, NAME_SITE, "s20000"), UINT32_MAX);
	assert_int_equal(names_find(NULL, NAME_SITE, "s1"), UINT32_MAX);
	names_free(names);
}

static void the_nearest_word_is_offered_and_a_far_one_is_not(void **state)
{
	static const char *const words[] = {"delay", "loss", "length", "limit", NULL};

	(void)state;
	assert_string_equal(nearest_word("dely", words), "delay");
	assert_string_equal(nearest_word("dealy", words), "delay");
	assert_string_equal(nearest_word("dellaay", words), "delay");
	assert_string_equal(nearest_word("limi", words), "limit");
	assert_string_equal(nearest_word("lenght", words), "length");
	assert_string_equal(nearest_word("DELAY", words), "delay");
	assert_string_equal(nearest_word("Limti", words), "limit");
	assert_null(nearest_word("jurisdiction", words));
	assert_null(nearest_word("", words));
	assert_null(nearest_word("a-very-long-word-that-is-longer-than-any-name-of-a-topology-may-"
				 "ever-be-in-this-program",
				 words));
}

static void channels_are_named_by_link_and_direction(void **state)
{
	struct link links[2] = {{.name = "a-b"}, {.name = "b-c"}};
	struct topology topology = {.links = links, .link_count = 2, .names = names_create()};
	enum link_direction first;
	enum link_direction last;
	char name[80];

	(void)state;
	assert_int_equal(names_add(topology.names, NAME_LINK, "a-b", 0), 0);
	assert_int_equal(names_add(topology.names, NAME_LINK, "b-c", 1), 0);
	assert_int_equal(topology_channel(1, LINK_REVERSE), 3);
	assert_string_equal(topology_channel_name(&topology, 3, name, sizeof(name)), "b-c:reverse");
	assert_string_equal(topology_channel_name(&topology, 0, name, sizeof(name)), "a-b:forward");
	assert_int_equal(topology_parse_channel(&topology, "b-c", &first, &last), 1);
	assert_int_equal(first, LINK_FORWARD);
	assert_int_equal(last, LINK_REVERSE);
	assert_int_equal(topology_parse_channel(&topology, "b-c:reverse", &first, &last), 1);
	assert_int_equal(first, LINK_REVERSE);
	assert_int_equal(last, LINK_REVERSE);
	assert_int_equal(topology_parse_channel(&topology, "b-c:rev", &first, &last),
			 TOPOLOGY_NONE);
	assert_int_equal(topology_parse_channel(&topology, "c-d", &first, &last), TOPOLOGY_NONE);
	names_free(topology.names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_among_many_and_apart_by_kind),
		cmocka_unit_test(the_nearest_word_is_offered_and_a_far_one_is_not),
		cmocka_unit_test(channels_are_named_by_link_and_direction),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
