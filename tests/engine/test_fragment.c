// SPDX-License-Identifier: BSD-3-Clause
// Cutting IPv4 packets up: fragments are put together again here, by a routine of the test's own,
// and must be the packet that was cut up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/forward.h"
#include "dataplane/engine/fragment.h"
#include "tests/engine/fake_worker.h"

#define WEST "02:00:00:00:00:10"
#define EAST "02:00:00:00:00:11"
#define HOST "02:00:00:00:00:99"

// Three routers; the channel from the second to the third (2), or the last port, is narrow.
static struct worker *chain(uint32_t channel_mtu, uint32_t port_mtu)
{
	struct worker *worker = fake_chain(3);

	worker->interfaces[0].resolves = false;
	worker->interfaces[1].resolves = false;
	worker->channels[2].params.mtu_bytes = channel_mtu;
	worker->ports[1].mtu_bytes = port_mtu;
	fake_begin(worker);
	return worker;
}

// A packet from 10.0.0.2 to 10.1.0.2 with `data` bytes that tell their place.
static struct frame packet_of(uint32_t data)
{
	struct frame frame = frame_packet(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 17, data);

	for (uint32_t i = 0; i < data; i++)
		frame.bytes[34 + i] = (uint8_t)(i * 7 + i / 251);
	frame_put16(frame.bytes + 18, 0xbeef);
	frame_fix(&frame);
	return frame;
}

// Puts the frames sent out of port 1 together: the data behind their headers, in order of offset.
// Fails unless each is sound, no longer than the MTU, and all but the last one full and marked.
static uint32_t reassemble(struct worker *worker, uint32_t mtu, uint8_t *data)
{
	uint32_t count = fake_count(worker, FAKE_SENT, 1), expected = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct packet *packet = fake_sent(worker, 1, i);
		const uint8_t *header = packet->frame + 14;
		uint32_t header_bytes = (header[0] & 15) * 4u;
		uint32_t total = frame_be16(header + 2);
		uint32_t field = frame_be16(header + 6);

		frame_check(packet->frame, packet->length);
		frame_check_ethernet(packet->frame, EAST, "02:00:0a:01:00:02", 0x0800);
		assert_int_equal(packet->length, total + 14);
		assert_int_equal(packet->wire_length, total + 14);
		assert_true(total <= mtu);
		assert_int_equal((field & 0x1fff) * 8, expected);
		assert_int_equal(field >> 13, i + 1 < count ? 1 : 0);
		assert_true(i + 1 == count || mtu - total < 8);
		assert_int_equal(frame_be16(header + 4), 0xbeef);
		assert_int_equal(header[8], 61);
		assert_int_equal(header[9], 17);
		memcpy(data + expected, header + header_bytes, total - header_bytes);
		expected += total - header_bytes;
	}
	return expected;
}

static void fragments_are_the_packet_that_was_cut_up(void **state)
{
	static const uint32_t mtus[] = {68, 69, 75, 576, 1000, 1492};
	static const uint32_t lengths[] = {56, 57, 100, 556, 557, 1472, 1473, 1480, 1900};
	static uint8_t data[FRAME_MOST];

	(void)state;
	for (size_t m = 0; m < sizeof(mtus) / sizeof(mtus[0]); m++)
		for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
			for (unsigned at_port = 0; at_port < 2; at_port++) {
				struct worker *worker =
					at_port ? chain(0, mtus[m]) : chain(mtus[m], 0);
				struct frame frame = packet_of(lengths[l]);
				uint32_t room = (mtus[m] - 20) & ~7u;
				// All but the last one carry `room`, the last one up to the MTU.
				uint32_t left = lengths[l], pieces = 1;

				for (; left > mtus[m] - 20; left -= room)
					pieces++;
				fake_receive(worker, 0, &frame, 0);
				fake_carry(worker);
				assert_int_equal(fake_count(worker, FAKE_SENT, 1), pieces);
				assert_int_equal(reassemble(worker, mtus[m], data), lengths[l]);
				assert_memory_equal(data, frame.bytes + 34, lengths[l]);
				assert_int_equal(worker->counters[1 + at_port].fragmented,
						 pieces - 1);
				fake_free(worker);
			}
}

// RFC 791, section 3.1: of the options only those with the copied flag stand in all fragments.
static void copied_options_stand_in_all_fragments_others_in_the_first(void **state)
{
	// No operation, record route (not copied), no operation, router alert (copied), end.
	static const uint8_t options[16] = {1, 7, 7, 4, 0, 0, 0, 0, 1, 0x94, 4, 0, 0, 0, 0, 0};
	struct worker *worker = chain(100, 0);
	struct frame frame = packet_of(16 + 200);
	uint32_t at = 0;

	(void)state;
	frame.bytes[14] = 0x49; // 36 bytes of header
	memcpy(frame.bytes + 34, options, sizeof(options));
	frame_fix(&frame);
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	// 64 bytes fit behind the first header, 72 behind the later one of 24 bytes: 64 + 72 + 64.
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), 3);
	for (uint32_t i = 0; i < 3; i++) {
		const uint8_t *header = fake_sent(worker, 1, i)->frame + 14;
		uint32_t header_bytes = i == 0 ? 36 : 24;
		uint32_t bytes = frame_be16(header + 2) - header_bytes;

		assert_int_equal(header[0], i == 0 ? 0x49 : 0x46);
		assert_int_equal(frame_checksum(header, header_bytes), 0);
		assert_memory_equal(header + 20, i == 0 ? options : options + 9, i == 0 ? 16 : 4);
		assert_memory_equal(header + header_bytes, frame.bytes + 50 + at, bytes);
		at += bytes;
	}
	assert_int_equal(at, 200);
	fake_free(worker);
}

// An option whose length leads nowhere is not followed.
static void malformed_options_are_not_copied(void **state)
{
	static const uint8_t lengths[] = {0, 1, 5, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths); i++) {
		struct worker *worker = chain(100, 0);
		struct frame frame = packet_of(4 + 200);

		frame.bytes[14] = 0x46;
		frame.bytes[34] = 0x94;
		frame.bytes[35] = lengths[i];
		frame_fix(&frame);
		fake_receive(worker, 0, &frame, 0);
		fake_carry(worker);
		assert_int_equal(fake_count(worker, FAKE_SENT, 1), 3);
		assert_int_equal(fake_sent(worker, 1, 1)->frame[14], 0x45);
		fake_free(worker);
	}
}

// A fragment is cut up like a packet: offsets go on from its own, and only its last piece may be
// the last of all.
static void fragments_of_a_fragment_keep_their_places(void **state)
{
	(void)state;
	for (uint16_t more = 0; more < 2; more++) {
		struct worker *worker = chain(100, 0);
		struct frame frame = packet_of(200);

		frame_put16(frame.bytes + 20, (uint16_t)(more << 13 | 100));
		frame_fix(&frame);
		fake_receive(worker, 0, &frame, 0);
		fake_carry(worker);
		assert_int_equal(fake_count(worker, FAKE_SENT, 1), 3);
		for (uint32_t i = 0; i < 3; i++) {
			uint16_t field = frame_be16(fake_sent(worker, 1, i)->frame + 20);

			assert_int_equal(field & 0x1fff, 100 + 10 * i);
			assert_int_equal(field >> 13, i < 2 ? 1 : more);
		}
		fake_free(worker);
	}
}

static void a_fragment_that_ends_beyond_the_longest_packet_is_lost(void **state)
{
	struct worker *worker = chain(100, 0);
	struct frame frame = packet_of(200);

	(void)state;
	frame_put16(frame.bytes + 20, 0x1fff);
	frame_fix(&frame);
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 1, DROP_NO_ROUTE), 1);
	fake_free(worker);
}

static void all_fragments_carry_the_packet_s_id(void **state)
{
	struct worker *worker = chain(100, 0);
	struct frame frame = packet_of(200);
	uint32_t copies = 0;

	(void)state;
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(fake_sent(worker, 1, i)->id, 0);
		copies += (fake_sent(worker, 1, i)->flags & PACKET_COPY) != 0;
	}
	assert_int_equal(copies, 2);
	fake_free(worker);
}

// Ports tell whole packets apart among equal ways, but not fragments, which do not all have them.
static void fragments_of_all_flows_of_two_hosts_go_one_way(void **state)
{
	uint8_t whole[64], pieces = 0;
	unsigned different = 0;

	(void)state;
	for (uint16_t port = 0; port < 64; port++) {
		struct worker *worker = chain(100, 0);
		struct frame frame = packet_of(200);

		frame_put16(frame.bytes + 34, port);
		fake_receive(worker, 0, &frame, 0);
		fake_carry(worker);
		// Event 0 is the packet entering channel 0, whole; its block is the last
		// fragment's.
		for (uint32_t i = 0; i < 3; i++) {
			const struct packet *packet = fake_sent(worker, 1, i);

			if (port == 0 && i == 0)
				pieces = packet->hash;
			assert_int_equal(packet->hash, pieces);
		}
		fake_forget(worker);
		worker->channels[2].params.mtu_bytes = 0;
		fake_receive(worker, 0, &frame, 0);
		fake_carry(worker);
		whole[port] = fake_sent(worker, 1, 0)->hash;
		different += whole[port] != whole[0];
		fake_free(worker);
	}
	assert_true(different > 32);
}

static void fragments_that_must_wait_for_a_neighbour_wait(void **state)
{
	struct worker *worker = chain(0, 100);
	struct frame frame = packet_of(200);
	struct frame answer;

	(void)state;
	worker->interfaces[1].resolves = true;
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	assert_int_equal(worker->counters[2].pending, 3);
	answer = frame_arp(HOST, EAST, 2, HOST, "10.1.0.2", EAST, "10.1.0.1");
	fake_receive(worker, 1, &answer, 1000);
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), 4); // with the question
	fake_free(worker);
}

// Of a capture that was cut short: the wire's lengths are those of whole fragments.
static void what_a_capture_left_out_is_missing_in_the_fragments_too(void **state)
{
	static const uint32_t stored[] = {80, 26, 0};
	struct worker *worker = chain(100, 0);
	struct frame frame = packet_of(200);
	packet_ref ref;

	(void)state;
	frame.length = 34 + 80 + 26;
	ref = fake_packet(worker, &frame);
	worker_packet(worker, ref)->wire_length = 234;
	site_input(worker, 0, (struct ingress){0, PLAN_NONE}, ref, 0);
	fake_carry(worker);
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct packet *packet = fake_sent(worker, 1, i);

		assert_int_equal(packet->length, 34 + stored[i]);
		assert_int_equal(packet->wire_length, 34 + (i < 2 ? 80 : 40));
		assert_memory_equal(packet->frame + 34, frame.bytes + 34 + 80 * i, stored[i]);
	}
	fake_free(worker);
}

static void a_header_damaged_on_its_way_is_not_believed(void **state)
{
	static const uint8_t places[] = {14, 16, 18, 25, 30};

	(void)state;
	for (size_t i = 0; i < sizeof(places); i++) {
		struct worker *worker = chain(100, 0);
		struct frame frame = packet_of(200);
		packet_ref ref;

		fake_receive(worker, 0, &frame, 0);
		ref = fake_event(worker, FAKE_OFFERED, 0, 0)->ref;
		worker_packet(worker, ref)->frame[places[i]] ^= 0x0f;
		fake_carry(worker);
		assert_int_equal(fake_count(worker, FAKE_SENT, 1), 0);
		assert_int_equal(fake_lost(worker, 1, DROP_NO_ROUTE), 1);
		fake_free(worker);
	}
}

static void without_memory_fragments_are_lost_and_counted(void **state)
{
	struct worker *worker = chain(100, 0);
	struct frame frame = packet_of(200);

	(void)state;
	worker->out_of_memory = true;
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 1, DROP_MEMORY), 2);
	assert_int_equal(worker->counters[1].fragmented, 2);
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), 1);
	fake_free(worker);
}

static void no_eight_bytes_fit_behind_a_long_header(void **state)
{
	struct worker *worker = chain(67, 0); // below the least that there may be
	struct frame frame = packet_of(40 + 200);

	(void)state;
	frame.bytes[14] = 0x4f; // 60 bytes of header
	memset(frame.bytes + 34, 0, 40);
	frame_fix(&frame);
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 1, DROP_MTU), 1);
	fake_free(worker);
}

// With DF it is never cut up, nor are IPv6 packets and those of built-in flows.
static void what_must_stay_whole_is_lost(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		struct worker *worker = chain(100, 0);
		struct frame frame = kind == 1 ? frame_udp(HOST, WEST, "2001:db8::2",
							   "2001:db8:1::2", 64, 1, 2, 200)
					       : packet_of(200);
		packet_ref ref;

		if (kind == 0)
			frame.bytes[20] = 0x40;
		if (kind != 1)
			frame_fix(&frame);
		ref = fake_packet(worker, &frame);
		if (kind == 2)
			worker_packet(worker, ref)->flags = PACKET_FLOW;
		site_input(worker, 0, (struct ingress){0, PLAN_NONE}, ref, 0);
		fake_carry(worker);
		assert_int_equal(fake_lost(worker, 1, DROP_MTU), 1);
		assert_int_equal(worker->counters[1].fragmented, 0);
		fake_free(worker);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_are_the_packet_that_was_cut_up),
		cmocka_unit_test(copied_options_stand_in_all_fragments_others_in_the_first),
		cmocka_unit_test(malformed_options_are_not_copied),
		cmocka_unit_test(fragments_of_a_fragment_keep_their_places),
		cmocka_unit_test(a_fragment_that_ends_beyond_the_longest_packet_is_lost),
		cmocka_unit_test(all_fragments_carry_the_packet_s_id),
		cmocka_unit_test(fragments_of_all_flows_of_two_hosts_go_one_way),
		cmocka_unit_test(fragments_that_must_wait_for_a_neighbour_wait),
		cmocka_unit_test(what_a_capture_left_out_is_missing_in_the_fragments_too),
		cmocka_unit_test(a_header_damaged_on_its_way_is_not_believed),
		cmocka_unit_test(without_memory_fragments_are_lost_and_counted),
		cmocka_unit_test(no_eight_bytes_fit_behind_a_long_header),
		cmocka_unit_test(what_must_stay_whole_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
