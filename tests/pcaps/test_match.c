// SPDX-License-Identifier: BSD-3-Clause
// Matching: the same packet is found again although routers change it, payloads repeat, and packets
// are lost, duplicated, reordered or damaged on the way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dataplane/model/frame.h"
#include "pcaps/frames.h"
#include "pcaps/match.h"
#include "pcaps/trace.h"
#include "tests/pcaps/captures.h"

#define MS 1000000u

static const struct digest_options routed = {.scope = DIGEST_ROUTED};
static const struct digest_options whole = {.scope = DIGEST_WHOLE};

// A capture put together row by row.
static void add(struct frames *frames, const struct digest_options *options, uint64_t at_ns,
		const uint8_t *bytes, uint32_t length, uint64_t packet_id)
{
	struct digest digest = digest_frame(options, bytes, length, length);
	struct frame_row row = {.at_ns = at_ns,
				.key = digest.key,
				.lanes = digest.lanes,
				.packet_id = packet_id,
				.wire_length = length,
				.length = digest.length};

	frames->rows = reallocarray(frames->rows, frames->count + 1, sizeof(row));
	assert_non_null(frames->rows);
	frames->have_ids =
		(frames->count == 0 || frames->have_ids) && packet_id != TRACE_NO_PACKET_ID;
	frames->rows[frames->count++] = row;
}

static void add_ipv4(struct frames *frames, uint64_t at_ns, uint32_t sequence, int numbered)
{
	uint8_t bytes[100];

	captures_ipv4(bytes, 100, sequence, numbered);
	add(frames, &routed, at_ns, bytes, 100, TRACE_NO_PACKET_ID);
}

static struct match match_of(const struct frames *sent, const struct frames *received,
			     const uint64_t *expected_at_ns)
{
	struct match_options options = {.expected_at_ns = expected_at_ns};
	struct match match;
	struct error error;

	assert_int_equal(match_frames(sent, received, &options, &match, &error), 0);
	return match;
}

static void drop(struct frames *sent, struct frames *received, struct match *match)
{
	frames_free(sent);
	frames_free(received);
	match_free(match);
}

static struct digest digest_routed(const uint8_t *bytes, uint32_t length)
{
	return digest_frame(&routed, bytes, length, length);
}

static void what_routers_change_does_not_matter(void **state)
{
	uint8_t before[100];
	uint8_t after[104];

	(void)state;
	captures_ipv4(before, 100, 7, 1);
	memcpy(after, before, 100);
	captures_route(after);
	assert_true(digest_routed(before, 100).key == digest_routed(after, 100).key);
	assert_true(digest_frame(&whole, before, 100, 100).key !=
		    digest_frame(&whole, after, 100, 100).key);
	// A VLAN tag pushed in, and padding behind the packet.
	memcpy(after, before, 12);
	memcpy(after + 12, "\x81\0\0\x2a", 4);
	memcpy(after + 16, before + 12, 88);
	assert_true(digest_routed(before, 100).key == digest_routed(after, 104).key);
	captures_ipv6(before, 100, 7);
	memcpy(after, before, 100);
	after[0] ^= 1;      // MAC
	after[14 + 7]--;    // hop limit
	after[14 + 1] ^= 2; // traffic class
	assert_true(digest_routed(before, 100).key == digest_routed(after, 100).key);
}

// Every other byte counts, in both families.
static void every_byte_that_must_stay_counts(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		uint8_t bytes[120];
		unsigned ignored = 0;
		uint64_t key;

		if (family == 4)
			captures_ipv4(bytes, 120, 7, 1);
		else
			captures_ipv6(bytes, 120, 7);
		key = digest_routed(bytes, 120).key;
		for (size_t at = 14; at < 120; at++) {
			bytes[at] ^= 0x40;
			ignored += digest_routed(bytes, 120).key == key;
			bytes[at] ^= 0x40;
		}
		// IPv4: TOS, TTL, checksum (2), UDP checksum (2), and the reserved and DF bits are
		// in a byte of which other bits count. IPv6: three bytes of class and flow label
		// (the version is in the first), hop limit, checksum.
		assert_int_equal(ignored, family == 4 ? 7 : 6);
	}
}

// On a wire every byte counts, but a policer may set the DSCP and a queue ECN: with the checksum
// that follows from it, or a bit was flipped. (IPv6 has no checksum; there rows tell.)
static void a_mark_is_no_damage_and_damage_is_no_mark(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		for (uint32_t sequence = 0; sequence < 1000; sequence++) {
			uint8_t before[100], after[100];
			uint64_t key;

			if (family == 4)
				captures_ipv4(before, 100, sequence, 1);
			else
				captures_ipv6(before, 100, sequence);
			// ECT(0); IPv4's checksum takes all values, those that mend to 0 among
			// them.
			before[15] |= family == 4 ? 2 : 0x20;
			before[18] = (uint8_t)(sequence * 67);
			before[24] = (uint8_t)sequence;
			before[25] = (uint8_t)(sequence >> 2);
			memcpy(after, before, 100);
			key = digest_frame(&whole, before, 100, 100).key;
			assert_true(frame_mark_ce(after, 100));
			assert_true(digest_frame(&whole, after, 100, 100).key == key);
			assert_true(frame_mark_dscp(after, 100, (uint8_t)(sequence % 64)));
			assert_true(digest_frame(&whole, after, 100, 100).key == key);
			after[15] ^= family == 4 ? 4 : 0x40; // DSCP
			assert_int_equal(digest_frame(&whole, after, 100, 100).key == key,
					 family == 6);
			after[14] = before[14];
			after[15] = before[15];
			if (family == 4) // the checksum alone
				assert_true(digest_frame(&whole, after, 100, 100).key != key);
			else
				assert_true(digest_frame(&whole, after, 100, 100).key == key);
			// Cut off within the header nothing is taken out.
			after[15] ^= family == 4 ? 1 : 0x10;
			assert_true(digest_frame(&whole, after, 33, 100).key !=
				    digest_frame(&whole, before, 33, 100).key);
		}
	}
}

// A product passes its top bit on to nothing but the top bit: words of one lane must not make up
// for each other.
static void top_bits_of_one_lane_do_not_cancel(void **state)
{
	uint8_t bytes[400] = {0};
	uint64_t key = digest_frame(&whole, bytes, 400, 400).key;

	(void)state;
	for (size_t word = 0; word + 8 < 50; word++) {
		bytes[8 * word + 7] ^= 0x80;
		bytes[8 * (word + 8) + 7] ^= 0x80;
		assert_true(digest_frame(&whole, bytes, 400, 400).key != key);
		memset(bytes, 0, sizeof(bytes));
	}
}

// A flipped bit shows in one lane, other content in nearly all.
static void lanes_tell_damage_from_difference(void **state)
{
	uint8_t one[600];
	uint8_t other[600];
	uint64_t random = 5;
	struct digest digest;

	(void)state;
	captures_ipv4(one, 600, 1, 1);
	digest = digest_routed(one, 600);
	for (int round = 0; round < 500; round++) {
		memcpy(other, one, 600);
		other[42 + captures_random(&random) % 558] ^= (uint8_t)(1u << round % 8);
		assert_true(digest_lanes_that_differ(digest.lanes,
						     digest_routed(other, 600).lanes) <= 1);
		for (int i = 42; i < 600; i++)
			other[i] = (uint8_t)captures_random(&random);
		assert_true(digest_lanes_that_differ(digest.lanes,
						     digest_routed(other, 600).lanes) > 4);
	}
}

static void losses_and_extras_are_told_apart(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	struct match match;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		add_ipv4(&sent, i * MS, i, 1);
		if (i % 10 != 3)
			add_ipv4(&received, i * MS + 500, i, 1);
	}
	add_ipv4(&received, 200 * MS, 5000, 1);
	match = match_of(&sent, &received, NULL);
	assert_int_equal(match.lost, 10);
	assert_int_equal(match.extra, 1);
	assert_int_equal(match.duplicated, 0);
	assert_int_equal(match.corrupted, 0);
	assert_int_equal(match.received_of_sent[13], MATCH_NONE);
	assert_int_equal(match.received_of_sent[14], 12);
	assert_int_equal(match.kinds[90], MATCH_EXTRA);
	drop(&sent, &received, &match);
}

// Equal frames all along, every seventh lost, every eleventh twice, among frames that are unique.
static void repeated_payloads_keep_their_places(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	struct match match;
	uint32_t lost = 0;
	uint32_t twice = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		bool equal = i % 3 != 0;
		uint64_t at_ns = i * MS;

		add_ipv4(&sent, at_ns, equal ? 9999 : i, 1);
		if (equal && i % 7 == 0) {
			lost++;
			continue;
		}
		add_ipv4(&received, at_ns + 20 * MS, equal ? 9999 : i, 1);
	}
	match = match_of(&sent, &received, NULL);
	assert_int_equal(match.lost, lost);
	assert_int_equal(match.extra, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		if (i % 3 != 0 && i % 7 == 0)
			assert_int_equal(match.received_of_sent[i], MATCH_NONE);
		else
			assert_true(received.rows[match.received_of_sent[i]].at_ns ==
				    i * MS + 20 * MS);
	}
	drop(&sent, &received, &match);
	for (uint32_t i = 0; i < 1000; i++) {
		bool equal = i % 3 != 0;

		add_ipv4(&sent, i * MS, equal ? 9999 : i, 1);
		add_ipv4(&received, i * MS + 20 * MS, equal ? 9999 : i, 1);
		if (equal && i % 11 == 0) {
			add_ipv4(&received, i * MS + 20 * MS + 1000, 9999, 1);
			twice++;
		}
	}
	match = match_of(&sent, &received, NULL);
	assert_int_equal(match.lost, 0);
	assert_int_equal(match.duplicated, twice);
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(received.rows[match.received_of_sent[i]].at_ns == i * MS + 20 * MS);
	drop(&sent, &received, &match);
}

// Equal but for the DSCP that each is to have, and with that changing places; some come with
// another.
static void a_dscp_tells_equal_frames_apart_and_a_wrong_one_is_still_found(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	uint8_t expected[200];
	struct match_options options = {.expected_dscp = expected};
	struct match match;
	struct error error;

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		uint32_t place = i ^ 1; // neighbours change places

		add_ipv4(&sent, i * MS, i / 2, 1);
		add_ipv4(&received, i * MS + 5, i / 2, 1);
		expected[i] = i % 2 ? 46 : 12;
		received.rows[i].dscp = place % 2 ? 46 : 12;
		if (i % 20 == 0)
			received.rows[i].dscp = 7;
	}
	assert_int_equal(match_frames(&sent, &received, &options, &match, &error), 0);
	assert_int_equal(match.lost, 0);
	assert_int_equal(match.extra, 0);
	assert_int_equal(match.corrupted, 0);
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(match.sent_of_received[i], i ^ 1);
		assert_int_equal(match.kinds[i], MATCH_FIRST);
	}
	drop(&sent, &received, &match);
}

// Nothing but equal frames: only what is expected of each tells them apart.
static void expectations_tell_equal_frames_apart(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	uint64_t expected[500];
	uint64_t random = 3;
	struct match match;

	(void)state;
	for (uint32_t i = 0; i < 500; i++) {
		bool lost = captures_uniform(&random) < 0.3;

		add_ipv4(&sent, i * 10, 0, 0);
		expected[i] = lost ? UINT64_MAX : i * 10 + 5 * MS;
		if (!lost)
			add_ipv4(&received, expected[i], 0, 0);
	}
	match = match_of(&sent, &received, expected);
	for (uint32_t i = 0; i < 500; i++) {
		if (expected[i] == UINT64_MAX)
			assert_int_equal(match.received_of_sent[i], MATCH_NONE);
		else
			assert_true(received.rows[match.received_of_sent[i]].at_ns == expected[i]);
	}
	drop(&sent, &received, &match);
}

static void damaged_frames_are_neither_lost_nor_extra(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	struct match match;
	uint8_t bytes[200];

	(void)state;
	for (uint32_t i = 0; i < 300; i++) {
		captures_ipv4(bytes, 200, i, 1);
		add(&sent, &routed, i * MS, bytes, 200, TRACE_NO_PACKET_ID);
		if (i % 50 == 10)
			continue; // lost, next to a damaged one
		if (i % 50 == 11)
			bytes[150] ^= 4;
		add(&received, &routed, i * MS + 7, bytes, 200, TRACE_NO_PACKET_ID);
	}
	match = match_of(&sent, &received, NULL);
	assert_int_equal(match.lost, 6);
	assert_int_equal(match.corrupted, 6);
	assert_int_equal(match.extra, 0);
	for (uint32_t i = 11; i < 300; i += 50) {
		assert_true(match.received_of_sent[i] != MATCH_NONE);
		assert_int_equal(match.kinds[match.received_of_sent[i]], MATCH_CORRUPTED);
	}
	drop(&sent, &received, &match);
}

static void packet_ids_decide_where_they_are_right(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	struct match match;
	uint8_t bytes[100];

	(void)state;
	captures_ipv4(bytes, 100, 0, 0); // all alike
	for (uint32_t i = 0; i < 50; i++) {
		add(&sent, &routed, i, bytes, 100, i);
		if (i % 5)
			add(&received, &routed, 1000 + i, bytes, 100, i);
	}
	match = match_of(&sent, &received, NULL);
	assert_true(match.by_packet_id);
	assert_int_equal(match.lost, 10);
	assert_int_equal(match.received_of_sent[5], MATCH_NONE);
	assert_int_equal(match.received_of_sent[6], 4);
	drop(&sent, &received, &match);
	// Ids that number each file on its own are not believed.
	for (uint32_t i = 0; i < 50; i++) {
		captures_ipv4(bytes, 100, i, 1);
		add(&sent, &routed, i, bytes, 100, i);
		if (i >= 5)
			add(&received, &routed, 1000 + i, bytes, 100, i - 5);
	}
	match = match_of(&sent, &received, NULL);
	assert_false(match.by_packet_id);
	assert_int_equal(match.lost, 5);
	assert_int_equal(match.corrupted, 0);
	assert_int_equal(match.received_of_sent[7], 2);
	drop(&sent, &received, &match);
}

// The first copy that is not corrupt is the arrival (RFC 7679).
static void an_intact_copy_is_the_arrival(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	struct match match;
	uint8_t bytes[100];

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		captures_ipv4(bytes, 100, i, 1);
		add(&sent, &routed, i * MS, bytes, 100, i);
		if (i == 3) {
			bytes[80] ^= 1;
			add(&received, &routed, i * MS + 500, bytes, 100, i);
			bytes[80] ^= 1;
		}
		add(&received, &routed, i * MS + 600, bytes, 100, i);
	}
	match = match_of(&sent, &received, NULL);
	assert_true(match.by_packet_id);
	assert_int_equal(match.corrupted, 1);
	assert_int_equal(match.duplicated, 0);
	assert_int_equal(match.lost, 0);
	assert_int_equal(match.received_of_sent[3], 4);
	assert_int_equal(match.kinds[3], MATCH_CORRUPTED);
	assert_int_equal(match.kinds[4], MATCH_FIRST);
	drop(&sent, &received, &match);
}

// Nothing but equal frames and no model: which is which cannot be known. It is said, and no delay
// is below zero.
static void a_guess_is_called_one_and_no_frame_comes_before_it_was_sent(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	uint64_t random = 9;
	struct match match;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		uint64_t wait = captures_random(&random) % (2 * MS);

		add_ipv4(&sent, i * (MS / 50), 0, 0);
		if (captures_uniform(&random) < 0.04)
			continue;
		add_ipv4(&received, i * (MS / 50) + 10 * MS + wait, 0, 0);
		if (received.count > 1 && received.rows[received.count - 1].at_ns <
						  received.rows[received.count - 2].at_ns)
			received.rows[received.count - 1].at_ns =
				received.rows[received.count - 2].at_ns;
	}
	match = match_of(&sent, &received, NULL);
	assert_int_equal(match.ambiguous, received.count);
	for (uint32_t i = 0; i < received.count; i++)
		assert_true(received.rows[i].at_ns >= sent.rows[match.sent_of_received[i]].at_ns);
	drop(&sent, &received, &match);
	// As many came as were sent: no guess.
	for (uint32_t i = 0; i < 10; i++) {
		add_ipv4(&sent, i * MS, 0, 0);
		add_ipv4(&received, i * MS + 5, 0, 0);
	}
	match = match_of(&sent, &received, NULL);
	assert_int_equal(match.ambiguous, 0);
	drop(&sent, &received, &match);
}

static void empty_captures_are_no_special_case(void **state)
{
	struct frames sent = {0};
	struct frames received = {0};
	struct match match;

	(void)state;
	add_ipv4(&sent, 0, 1, 1);
	match = match_of(&sent, &received, NULL);
	assert_int_equal(match.lost, 1);
	match_free(&match);
	match = match_of(&received, &sent, NULL);
	assert_int_equal(match.extra, 1);
	match_free(&match);
	match = match_of(&received, &received, NULL);
	assert_int_equal(match.lost + match.extra, 0);
	drop(&sent, &received, &match);
}

static void cut_frames_are_compared_as_far_as_both_reach(void **state)
{
	uint8_t bytes[200];
	const struct digest_options cut = {.scope = DIGEST_ROUTED, .most_bytes = 66};

	(void)state;
	captures_ipv4(bytes, 200, 3, 1);
	assert_true(digest_frame(&cut, bytes, 200, 200).key ==
		    digest_frame(&cut, bytes, 80, 200).key);
	assert_true(digest_frame(&routed, bytes, 200, 200).key !=
		    digest_frame(&routed, bytes, 80, 200).key);
}

// A file with two interfaces: one must be chosen, unless only one has frames.
static void interfaces_are_chosen_by_name(void **state)
{
	static const char *const names[] = {"west", "east"};
	const char *path = captures_path("two.pcapng");
	struct frames_choice choice = {0};
	struct frames frames;
	struct error error = {0};
	struct trace_writer *writer = trace_create(path, TRACE_PCAPNG, names, 2, "test", &error);
	uint8_t bytes[100];

	(void)state;
	assert_non_null(writer);
	for (uint32_t i = 0; i < 10; i++) {
		struct trace_frame frame = {.at_ns = i,
					    .bytes = bytes,
					    .length = 100,
					    .wire_length = 100,
					    .interface = i % 5 == 0,
					    .packet_id = i};

		captures_ipv4(bytes, 100, i, 1);
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
	assert_true(frames_load(path, &choice, &routed, &frames, &error) < 0);
	assert_non_null(strstr(error.what, "several interfaces"));
	choice.interface = "east";
	assert_int_equal(frames_load(path, &choice, &routed, &frames, &error), 0);
	assert_int_equal(frames.count, 2);
	assert_true(frames.have_ids);
	frames_free(&frames);
	choice.interface = "north";
	assert_true(frames_load(path, &choice, &routed, &frames, &error) < 0);
	assert_non_null(strstr(error.what, "no interface named"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_routers_change_does_not_matter),
		cmocka_unit_test(every_byte_that_must_stay_counts),
		cmocka_unit_test(a_mark_is_no_damage_and_damage_is_no_mark),
		cmocka_unit_test(top_bits_of_one_lane_do_not_cancel),
		cmocka_unit_test(lanes_tell_damage_from_difference),
		cmocka_unit_test(losses_and_extras_are_told_apart),
		cmocka_unit_test(repeated_payloads_keep_their_places),
		cmocka_unit_test(a_dscp_tells_equal_frames_apart_and_a_wrong_one_is_still_found),
		cmocka_unit_test(expectations_tell_equal_frames_apart),
		cmocka_unit_test(damaged_frames_are_neither_lost_nor_extra),
		cmocka_unit_test(packet_ids_decide_where_they_are_right),
		cmocka_unit_test(an_intact_copy_is_the_arrival),
		cmocka_unit_test(a_guess_is_called_one_and_no_frame_comes_before_it_was_sent),
		cmocka_unit_test(empty_captures_are_no_special_case),
		cmocka_unit_test(cut_frames_are_compared_as_far_as_both_reach),
		cmocka_unit_test(interfaces_are_chosen_by_name),
	};

	return cmocka_run_group_tests_name("match", tests, captures_setup, captures_teardown);
}
