// SPDX-License-Identifier: BSD-3-Clause
// Frames with damaged bytes and lengths, thousands of them, at routers and at an exchange: each
// comes to exactly one end (the fake worker sees to that), and nothing is read or written beside it
// (a sanitiser sees to that). The seed is fixed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/fake_worker.h"

#define WEST   "02:00:00:00:00:10"
#define HOST   "02:00:00:00:00:99"
#define GROUP  "33:33:ff:00:00:01"
#define ROUNDS 3000

// A generator of the test's own: splitmix64.
static uint64_t random_state;
static uint32_t random_below(uint32_t bound)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(((z ^ z >> 31) >> 32) * bound >> 32);
}

// An IPv6 packet with extension headers: hop-by-hop, routing, fragment, destination options.
static struct frame with_extensions(void)
{
	static const uint8_t kinds[] = {43, 44, 60, 17};
	struct frame frame =
		frame_packet(HOST, WEST, "2001:db8::2", "2001:db8:1::2", 64, 0, 4 * 8 + 40);

	for (uint32_t i = 0; i < 4; i++)
		frame.bytes[54 + 8 * i] = kinds[i];
	return frame;
}

static struct frame any_frame(void)
{
	struct frame frame;

	switch (random_below(8)) {
	case 0:
		return frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 1 + (uint8_t)random_below(6),
				 1, 2, random_below(400));
	case 1:
		return frame_udp(HOST, WEST, "2001:db8::2", "2001:db8:1::2",
				 1 + (uint8_t)random_below(6), 1, 2, random_below(400));
	case 2:
		return frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.1", 64, 1, random_below(400));
	case 3:
		return frame_echo(HOST, WEST, "2001:db8::2", "2001:db8:ff::11", 64, 1,
				  random_below(400));
	case 4:
		return frame_arp(HOST, WEST, 1 + (uint16_t)random_below(2), HOST, "10.0.0.2",
				 "00:00:00:00:00:00", "10.0.0.1");
	case 5:
		return frame_nd(HOST, GROUP, "fe80::99", "ff02::1:ff00:1",
				135 + (uint8_t)random_below(2), 0, "2001:db8::1", HOST);
	case 6:
		return with_extensions();
	default:
		frame = frame_udp(HOST, WEST, "10.0.0.2", "10.2.0.2", 64, 1, 2, 300);
		frame.bytes[14] = 0x46 + (uint8_t)random_below(10); // options
		frame_fix(&frame);
		return frame;
	}
}

// Up to four changes: a byte, a field's usual edges, or the length; and often a checksum put right,
// so that the change is believed.
static void mangle(struct frame *frame)
{
	static const uint8_t edges[] = {0, 1, 2, 7, 8, 0x3f, 0x40, 0x7f, 0x80, 0xfe, 0xff};

	for (uint32_t changes = random_below(5); changes > 0; changes--) {
		uint32_t at = random_below(frame->length < 100 ? frame->length : 100);

		switch (random_below(4)) {
		case 0:
			frame->bytes[at] = (uint8_t)random_below(256);
			break;
		case 1:
			frame->bytes[at] = edges[random_below(sizeof(edges))];
			break;
		case 2:
			frame->bytes[at] ^= (uint8_t)(1u << random_below(8));
			break;
		default:
			if (random_below(4) == 0 && frame->length > 1)
				frame->length = 1 + random_below(frame->length);
		}
	}
	if (random_below(3) > 0 && frame->length >= 34 && frame->bytes[12] == 8 &&
	    frame->bytes[13] == 0 && frame->length >= 14 + (frame->bytes[14] & 15) * 4u)
		frame_fix(frame);
}

static void inject(struct worker *worker, uint32_t port, uint64_t at_ns)
{
	struct frame frame = any_frame();
	packet_ref ref;

	mangle(&frame);
	ref = fake_packet(worker, &frame);
	if (random_below(8) == 0) // as from a capture that was cut short
		worker_packet(worker, ref)->wire_length += random_below(1500);
	site_input(worker, worker->ports[port].site, (struct ingress){port, PLAN_NONE}, ref, at_ns);
}

static void routers_bear_them(void **state)
{
	(void)state;
	random_state = 719;
	for (uint32_t round = 0; round < ROUNDS / 100; round++) {
		struct worker *worker = fake_chain(4);

		// Known hosts and narrow ways: what passes is cut up, or its sender told.
		worker->interfaces[0].resolves = round % 2;
		worker->interfaces[1].resolves = false;
		worker->interfaces[0].promiscuous = round % 3 == 0;
		worker->channels[2].params.mtu_bytes = 68 + random_below(300);
		worker->ports[1].mtu_bytes = 100 + random_below(300);
		fake_begin(worker);
		for (uint32_t i = 0; i < 100; i++) {
			inject(worker, random_below(2), i);
			fake_carry(worker);
			if (i % 10 == 9)
				fake_forget(worker);
		}
		for (uint32_t site = 0; site < 4; site++)
			for (uint64_t second = 1; second < 6; second++)
				site_tick(worker, site, second * UINT64_C(1000000000));
		fake_carry(worker);
		fake_free(worker);
	}
}

static void an_exchange_and_its_routers_bear_them(void **state)
{
	(void)state;
	random_state = 720;
	for (uint32_t round = 0; round < ROUNDS / 100; round++) {
		struct worker *worker = fake_exchange();

		worker->interfaces[0].resolves = false;
		fake_begin(worker);
		for (uint32_t i = 0; i < 100; i++) {
			inject(worker, random_below(3), i);
			fake_carry(worker);
			if (i % 10 == 9)
				fake_forget(worker);
		}
		fake_free(worker);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routers_bear_them),
		cmocka_unit_test(an_exchange_and_its_routers_bear_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
