// SPDX-License-Identifier: BSD-3-Clause
// Order: nothing overtakes, and nothing waits that does not have to.
#include "dataplane/model/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_packet_never_leaves_before_the_one_ahead(void **state)
{
	const uint64_t wanted[] = {10, 30, 20, 29, 30, 31, 0, UINT64_MAX, 5};
	const uint64_t kept[] = {10, 30, 30, 30, 30, 31, 31, UINT64_MAX, UINT64_MAX};
	struct order_state order = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(order_offer(&order, wanted[i]), kept[i]);
}

static void
where_order_is_free_those_that_overtake_are_told_and_the_others_are_in_order(void **state)
{
	const uint64_t released[] = {10, 30, 20, 29, 30, 31, 0, UINT64_MAX, 5};
	const bool overtakes[] = {false, false, true, true, false, false, true, false, true};
	struct order_state order = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(released) / sizeof(released[0]); i++)
		assert_int_equal(order_overtakes(&order, released[i]), overtakes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_never_leaves_before_the_one_ahead),
		cmocka_unit_test(
			where_order_is_free_those_that_overtake_are_told_and_the_others_are_in_order),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
