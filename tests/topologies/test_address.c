// SPDX-License-Identifier: BSD-3-Clause
// Addresses and prefixes: text there and back, and the arithmetic that validation rests on.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "topologies/prefixes.h"
#include "topologies/topology.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		fail_msg("\"%s\" is no prefix", text);
	return prefix;
}

static void prefixes_read_back_as_written(void **state)
{
	static const char *const texts[] = {"10.1.0.0/16",   "10.1.0.7/24",     "0.0.0.0/0",
					    "2001:db8::/32", "2001:db8::1/128", "::/0",
					    "192.0.2.255/32"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct prefix prefix = prefix_of(texts[i]);
		char text[64];

		assert_string_equal(prefix_format(&prefix, text, sizeof(text)), texts[i]);
	}
}

static void what_is_no_prefix_or_address_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "10.1.0.0",
					    "10.1.0.0/",
					    "10.1.0.0/33",
					    "10.1.0.0/-1",
					    "10.1.0.0/08",
					    "10.1/16",
					    "10.1.0.0/16 ",
					    "2001:db8::/129",
					    "/8",
					    "10.1.0.0/1e1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct prefix prefix = {.length = 99};

		assert_int_equal(prefix_parse(texts[i], &prefix), -EINVAL);
		assert_int_equal(prefix.length, 99);
	}
	struct address address;
	assert_int_equal(address_parse("10.1.0", &address), -EINVAL);
	assert_int_equal(address_parse("10.1.0.1/24", &address), -EINVAL);
	assert_int_equal(address_parse("::1::", &address), -EINVAL);
}

static void a_prefix_contains_what_shares_its_bits(void **state)
{
	struct prefix outer = prefix_of("10.128.0.0/9");
	struct prefix inside = prefix_of("10.255.1.0/24");
	struct prefix outside = prefix_of("10.127.0.0/24");
	struct prefix wider = prefix_of("10.0.0.0/8");
	struct prefix six = prefix_of("a80::/9");
	struct prefix all = prefix_of("0.0.0.0/0");

	(void)state;
	assert_true(prefix_contains(&outer, &outer));
	assert_true(prefix_contains(&outer, &inside));
	assert_false(prefix_contains(&outer, &outside));
	assert_false(prefix_contains(&outer, &wider));
	assert_true(prefix_contains(&wider, &outer));
	assert_false(prefix_contains(&outer, &six));
	assert_true(prefix_contains(&all, &outside));
	assert_false(prefix_contains(&all, &six));
}

static void networks_reserve_their_first_and_last_address(void **state)
{
	struct prefix network = prefix_of("192.0.2.0/24");
	struct prefix broadcast = prefix_of("192.0.2.255/24");
	struct prefix host = prefix_of("192.0.2.254/24");
	struct prefix pair = prefix_of("192.0.2.0/31");
	struct prefix anycast = prefix_of("2001:db8::/64");
	struct prefix last = prefix_of("2001:db8::ffff:ffff:ffff:ffff/64");

	(void)state;
	assert_true(prefix_reserves_its_address(&network));
	assert_true(prefix_reserves_its_address(&broadcast));
	assert_false(prefix_reserves_its_address(&host));
	assert_false(prefix_reserves_its_address(&pair));
	assert_true(prefix_reserves_its_address(&anycast));
	assert_false(prefix_reserves_its_address(&last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_read_back_as_written),
		cmocka_unit_test(what_is_no_prefix_or_address_is_refused),
		cmocka_unit_test(a_prefix_contains_what_shares_its_bits),
		cmocka_unit_test(networks_reserve_their_first_and_last_address),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
