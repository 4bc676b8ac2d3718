// SPDX-License-Identifier: BSD-3-Clause
// Light in glass: the figures of data sheets and the ends of the range.
#include "dataplane/physics/fibre.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_kilometre_of_g652_takes_4897_nanoseconds(void **state)
{
	(void)state;
	assert_int_equal(fibre_delay_ns(1000, FIBRE_GROUP_INDEX_G652), 4897);
	assert_int_equal(fibre_delay_ns(1000000, FIBRE_GROUP_INDEX_G652), 4897388);
	assert_int_equal(fibre_delay_ns(1000000, 1.003), 3345648); // hollow core
}

static void light_in_vacuum_needs_a_second_for_its_second(void **state)
{
	(void)state;
	assert_int_equal(fibre_delay_ns(LIGHT_SPEED_M_S, 1), 1000000000);
}

static void the_nanosecond_is_the_nearest(void **state)
{
	(void)state;
	assert_int_equal(fibre_delay_ns(0.299792458 * 1.499, 1), 1);
	assert_int_equal(fibre_delay_ns(0.299792458 * 1.501, 1), 2);
}

static void the_ends_of_the_range_are_plain(void **state)
{
	(void)state;
	assert_int_equal(fibre_delay_ns(0, 1.4682), 0);
	assert_int_equal(fibre_delay_ns(1e9, 2), 6671281904);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kilometre_of_g652_takes_4897_nanoseconds),
		cmocka_unit_test(light_in_vacuum_needs_a_second_for_its_second),
		cmocka_unit_test(the_nanosecond_is_the_nearest),
		cmocka_unit_test(the_ends_of_the_range_are_plain),
	};

	return cmocka_run_group_tests_name("fibre", tests, NULL, NULL);
}
