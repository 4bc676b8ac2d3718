// SPDX-License-Identifier: BSD-3-Clause
// ICMP of sites: ping, traceroute and path-MTU discovery through four routers, and the silences.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/icmp.h"
#include "tests/engine/fake_worker.h"

#define WEST    "02:00:00:00:00:10"
#define HOST    "02:00:00:00:00:99"
#define ROUTERS 4

struct family {
	const char *host;
	const char *far_host;
	const char *router; // format of a site's own address
	uint32_t front;     // bytes before the ICMP message
	uint8_t protocol;
	uint8_t exceeded;
	uint8_t unreachable;
	uint8_t port_code;
};

static const struct family families[2] = {
	{"10.0.0.2", "10.1.0.2", "10.255.0.%u", 34, 1, 11, 3, 3},
	{"2001:db8::2", "2001:db8:1::2", "2001:db8:ff::1%u", 54, 58, 3, 1, 4},
};

static struct worker *chain(void)
{
	struct worker *worker = fake_chain(ROUTERS);

	worker->interfaces[0].resolves = false;
	worker->interfaces[1].resolves = false;
	fake_begin(worker);
	return worker;
}

static const char *router(const struct family *family, uint32_t site)
{
	static char text[40];

	snprintf(text, sizeof(text), family->router, site);
	return text;
}

// Fails unless the n-th frame out of port 0 is a sound ICMP message to the host from this address.
static const uint8_t *check_answer(struct worker *worker, uint32_t n, const struct family *family,
				   const char *from, uint8_t type, uint8_t code)
{
	const struct packet *packet = fake_sent(worker, 0, n);
	uint32_t width = family->protocol == 1 ? 4 : 16;
	uint8_t address[16];

	frame_check(packet->frame, packet->length);
	frame_ip(from, address);
	assert_memory_equal(packet->frame + family->front - 2 * width, address, width);
	frame_ip(family->host, address);
	assert_memory_equal(packet->frame + family->front - width, address, width);
	assert_int_equal(packet->frame[family->protocol == 1 ? 23 : 20], family->protocol);
	assert_int_equal(packet->frame[family->front], type);
	assert_int_equal(packet->frame[family->front + 1], code);
	return packet->frame + family->front;
}

static void every_router_answers_ping(void **state)
{
	(void)state;
	for (const struct family *family = families; family < families + 2; family++) {
		struct worker *worker = chain();

		for (uint32_t site = 0; site < ROUTERS; site++) {
			struct frame request =
				frame_echo(HOST, WEST, family->host, router(family, site), 64,
					   (uint16_t)site, 57);
			const uint8_t *reply;

			fake_receive(worker, 0, &request, site * 1000000000ull);
			fake_carry(worker);
			reply = check_answer(worker, site, family, router(family, site),
					     family->protocol == 1 ? 0 : 129, 0);
			assert_memory_equal(reply + 4, frame_upper(&request) + 4, 4 + 57);
			// There and back: 1 ms for each channel.
			assert_int_equal(fake_event(worker, FAKE_SENT, 0, site)->at_ns,
					 site * 1002000000ull);
			assert_int_equal(worker->counters[site].local, 1);
			assert_int_equal(worker->counters[site].originated, 1);
		}
		fake_free(worker);
	}
}

static void a_reply_has_its_own_id_and_a_fresh_ttl(void **state)
{
	struct worker *worker = chain();
	struct frame request = frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.0", 7, 1, 8);

	(void)state;
	fake_receive(worker, 0, &request, 0);
	assert_int_equal(fake_sent(worker, 0, 0)->frame[22], 64);
	assert_int_not_equal(fake_sent(worker, 0, 0)->id, 0);
	fake_free(worker);
}

static void interface_addresses_answer_ping(void **state)
{
	struct worker *worker = chain();
	struct frame request = frame_echo(HOST, WEST, "10.0.0.2", "10.1.0.1", 64, 1, 8);
	struct frame link = frame_echo(HOST, WEST, "fe80::99", "fe80::10", 64, 1, 8);
	const struct family of_link = {"fe80::99", NULL, NULL, 54, 58, 0, 0, 0};

	(void)state;
	fake_receive(worker, 0, &request, 0);
	fake_carry(worker);
	check_answer(worker, 0, &families[0], "10.1.0.1", 0, 0);
	fake_receive(worker, 0, &link, 0);
	check_answer(worker, 1, &of_link, "fe80::10", 129, 0);
	fake_free(worker);
}

static void traceroute_shows_the_sites_in_order(void **state)
{
	(void)state;
	for (const struct family *family = families; family < families + 2; family++) {
		struct worker *worker = chain();

		for (uint8_t ttl = 1; ttl <= ROUTERS; ttl++) {
			struct frame probe = frame_udp(HOST, WEST, family->host, family->far_host,
						       ttl, 40000, 33434, 32);
			const uint8_t *error;

			fake_receive(worker, 0, &probe, 0);
			fake_carry(worker);
			error = check_answer(worker, ttl - 1u, family, router(family, ttl - 1u),
					     family->exceeded, 0);
			// Quoted as it came in: TTL 1, header checksum right.
			probe.bytes[family->protocol == 1 ? 22 : 21] = 1;
			if (family->protocol == 1)
				frame_fix(&probe);
			assert_memory_equal(error + 8, probe.bytes + 14, probe.length - 14);
			assert_int_equal(fake_event(worker, FAKE_SENT, 0, ttl - 1u)->at_ns,
					 (ttl - 1u) * 2000000u);
		}
		assert_int_equal(fake_count(worker, FAKE_SENT, 1), 0);
		fake_free(worker);
	}
}

static void traceroute_to_a_site_ends_with_port_unreachable(void **state)
{
	(void)state;
	for (const struct family *family = families; family < families + 2; family++) {
		struct worker *worker = chain();
		struct frame probe = frame_udp(HOST, WEST, family->host, router(family, 3), 30,
					       40000, 33434, 32);

		fake_receive(worker, 0, &probe, 0);
		fake_carry(worker);
		check_answer(worker, 0, family, router(family, 3), family->unreachable,
			     family->port_code);
		fake_free(worker);
	}
}

static void path_mtu_discovery_learns_the_narrowest_channel(void **state)
{
	(void)state;
	for (const struct family *family = families; family < families + 2; family++) {
		struct worker *worker = chain();
		struct frame probe = frame_udp(HOST, WEST, family->host, family->far_host, 64, 1, 2,
					       1386 + 14 - family->front - 8);
		const uint8_t *error;

		worker->channels[4].params.mtu_bytes = 1385;
		if (family->protocol == 1) {
			probe.bytes[20] = 0x40;
			frame_fix(&probe);
		}
		fake_receive(worker, 0, &probe, 0);
		fake_carry(worker);
		assert_int_equal(fake_lost(worker, 2, DROP_MTU), 1);
		error = check_answer(worker, 0, family, router(family, 2),
				     family->protocol == 1 ? 3 : 2, family->protocol == 1 ? 4 : 0);
		assert_int_equal(frame_be32(error + 4), 1385);
		// As much of the packet as 576 and 1280 bytes hold.
		assert_int_equal(fake_sent(worker, 0, 0)->length,
				 family->protocol == 1 ? 590 : 1294);
		assert_memory_equal(error + 8 + 20, probe.bytes + 34, 400);
		fake_free(worker);
	}
}

static void a_packet_of_exactly_the_mtu_passes(void **state)
{
	struct worker *worker = chain();
	struct frame probe = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 1385 - 28);

	(void)state;
	worker->channels[4].params.mtu_bytes = 1385;
	worker->ports[1].mtu_bytes = 1385;
	fake_receive(worker, 0, &probe, 0);
	fake_carry(worker);
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), 1);
	fake_free(worker);
}

static void a_port_has_an_mtu_too(void **state)
{
	struct worker *worker = chain();
	struct frame probe = frame_udp(HOST, WEST, "2001:db8::2", "2001:db8:1::2", 64, 1, 2, 1400);
	const uint8_t *error;

	(void)state;
	worker->ports[1].mtu_bytes = 1280;
	fake_receive(worker, 0, &probe, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 3, DROP_MTU), 1);
	error = check_answer(worker, 0, &families[1], "2001:db8:ff::13", 2, 0);
	assert_int_equal(frame_be32(error + 4), 1280);
	fake_free(worker);
}

// A reply to whoever lets his packets be cut up may be cut up as well.
static void a_long_echo_reply_is_cut_up_where_the_request_might_have_been(void **state)
{
	(void)state;
	for (uint8_t df = 0; df < 2; df++) {
		struct worker *worker = chain();
		struct frame request =
			frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.2", 64, 1, 1372);

		request.bytes[20] = df ? 0x40 : 0;
		frame_fix(&request);
		worker->channels[1].params.mtu_bytes = 1000; // on the way back alone
		fake_receive(worker, 0, &request, 0);
		fake_carry(worker);
		assert_int_equal(fake_count(worker, FAKE_SENT, 0), df ? 0 : 2);
		assert_int_equal(worker->counters[1].fragmented, df ? 0 : 1);
		assert_int_equal(fake_lost(worker, 1, DROP_MTU), df);
		fake_free(worker);
	}
}

static void a_site_does_not_complain_about_its_own_packets(void **state)
{
	struct worker *worker = chain();
	struct frame own = frame_udp(HOST, WEST, "10.255.0.1", "10.1.0.2", 64, 1, 2, 1400);

	(void)state;
	own.bytes[20] = 0x40;
	frame_fix(&own);
	worker->channels[2].params.mtu_bytes = 1000;
	site_originate(worker, 1, fake_packet(worker, &own), 0);
	assert_int_equal(fake_lost(worker, 1, DROP_MTU), 1);
	assert_int_equal(worker->counters[1].originated, 0);
	fake_free(worker);
}

// Who claims to be the site itself gets no errors: they would go round in a circle.
static void nothing_is_said_to_the_site_s_own_addresses(void **state)
{
	const char *sources[] = {"10.255.0.0", "10.0.0.1", "2001:db8:ff::10"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct worker *worker = chain();
		struct frame frame = frame_udp(HOST, WEST, sources[i],
					       i < 2 ? "10.1.0.2" : "2001:db8:1::2", 1, 1, 2, 8);

		fake_receive(worker, 0, &frame, 0);
		assert_int_equal(fake_lost(worker, 0, DROP_TTL), 1);
		assert_int_equal(worker->counters[0].originated, 0);
		fake_free(worker);
	}
}

// Fails unless a packet that dies of its TTL at the first router dies in silence.
static void check_silence(const struct frame *frame, uint8_t flags)
{
	struct worker *worker = chain();
	packet_ref ref = fake_packet(worker, frame);

	worker_packet(worker, ref)->flags = flags;
	site_input(worker, 0, (struct ingress){0, PLAN_NONE}, ref, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 0, DROP_TTL), 1);
	assert_int_equal(worker->counters[0].originated, 0);
	fake_free(worker);
}

static void errors_about_errors_are_not_sent(void **state)
{
	const uint8_t errors4[] = {3, 4, 5, 11, 12, 200}, errors6[] = {1, 2, 3, 4, 127, 137};

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct frame frame = frame_packet(HOST, WEST, "10.0.0.2", "10.1.0.2", 1, 1, 40);

		frame_upper(&frame)[0] = errors4[i];
		check_silence(&frame, 0);
		frame = frame_packet(HOST, WEST, "2001:db8::2", "2001:db8:1::2", 1, 58, 40);
		frame_upper(&frame)[0] = errors6[i];
		check_silence(&frame, 0);
	}
}

static void only_first_fragments_are_complained_about(void **state)
{
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 1, 1, 2, 40);
	struct frame frame6 = frame_packet(HOST, WEST, "2001:db8::2", "2001:db8:1::2", 1, 44, 40);
	struct worker *worker = chain();

	(void)state;
	frame_put16(frame.bytes + 20, 0x2000);
	frame_fix(&frame);
	fake_receive(worker, 0, &frame, 0);
	check_answer(worker, 0, &families[0], "10.255.0.0", 11, 0);
	fake_free(worker);
	frame_put16(frame.bytes + 20, 0x0010);
	frame_fix(&frame);
	check_silence(&frame, 0);
	frame_upper(&frame6)[0] = 17;
	frame_put16(frame_upper(&frame6) + 2, 64);
	check_silence(&frame6, 0);
}

static void nobody_listens_for_errors_about_built_in_flows(void **state)
{
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 1, 1, 2, 40);

	(void)state;
	check_silence(&frame, PACKET_FLOW);
}

static void pings_that_must_not_be_answered(void **state)
{
	struct worker *worker = chain();
	struct frame good = frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.0", 64, 1, 32);
	struct frame frame = good;

	(void)state;
	frame.bytes[60] ^= 1; // checksum
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame_put16(frame.bytes + 20, 0x2000); // a piece
	frame_fix(&frame);
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame_mac("ff:ff:ff:ff:ff:ff", frame.bytes); // to all
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame.bytes[34] = 0; // a reply
	frame_put16(frame.bytes + 36, 0);
	frame_put16(frame.bytes + 36, frame_checksum(frame.bytes + 34, 40));
	fake_receive(worker, 0, &frame, 0);
	frame = frame_echo(HOST, "33:33:00:00:00:01", "fe80::99", "ff02::1", 64, 1, 32);
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(worker->counters[0].local, 5);
	assert_int_equal(worker->counters[0].originated, 0);
	fake_free(worker);
}

static void a_site_without_an_address_speaks_from_the_interface(void **state)
{
	struct worker *worker = chain();
	struct frame probe = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 1, 1, 2, 8);

	(void)state;
	worker->sites[0].address4.family = 0;
	worker->sites[1].address4.family = 0;
	fake_receive(worker, 0, &probe, 0);
	check_answer(worker, 0, &families[0], "10.0.0.1", 11, 0);
	probe = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 2, 1, 2, 8);
	fake_receive(worker, 0, &probe, 0); // site 1 has no address at all
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 1, DROP_TTL), 1);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 1);
	fake_free(worker);
}

static void errors_are_limited_by_the_packets_clock(void **state)
{
	struct worker *worker = chain();
	struct frame probe = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 1, 1, 2, 8);

	(void)state;
	for (int i = 0; i < 2 * ICMP_ERRORS_AT_ONCE; i++)
		fake_receive(worker, 0, &probe, 5000000000);
	assert_int_equal(worker->counters[0].originated, ICMP_ERRORS_AT_ONCE);
	for (int i = 0; i < 20; i++)
		fake_receive(worker, 0, &probe, 5010000000); // 10 ms later: ten more
	assert_int_equal(worker->counters[0].originated, ICMP_ERRORS_AT_ONCE + 10);
	assert_int_equal(fake_lost(worker, 0, DROP_TTL), 2 * ICMP_ERRORS_AT_ONCE + 20);
	fake_free(worker);
}

static void an_answer_without_memory_is_counted(void **state)
{
	struct worker *worker = chain();
	struct frame probe = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 1, 1, 2, 8);
	struct frame request = frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.0", 64, 1, 32);

	(void)state;
	worker->out_of_memory = true;
	fake_receive(worker, 0, &probe, 0);
	fake_receive(worker, 0, &request, 0);
	assert_int_equal(fake_lost(worker, 0, DROP_MEMORY), 2);
	assert_int_equal(worker->counters[0].originated, 2);
	fake_free(worker);
}

static void a_capture_cut_short_is_answered_as_far_as_it_goes(void **state)
{
	struct worker *worker = chain();
	struct frame request = frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.0", 64, 1, 1000);
	uint32_t whole = request.length;
	packet_ref ref;

	(void)state;
	request.length = 96;
	ref = fake_packet(worker, &request);
	worker_packet(worker, ref)->wire_length = whole;
	site_input(worker, 0, (struct ingress){0, PLAN_NONE}, ref, 0);
	assert_int_equal(fake_sent(worker, 0, 0)->length, 96);
	assert_int_equal(fake_sent(worker, 0, 0)->wire_length, whole);
	assert_int_equal(frame_be16(fake_sent(worker, 0, 0)->frame + 16), whole - 14);
	// With the bytes that were cut, the checksum would be right.
	memcpy(request.bytes, fake_sent(worker, 0, 0)->frame, 96);
	assert_int_equal(frame_checksum(request.bytes + 34, whole - 34), 0);
	fake_free(worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_router_answers_ping),
		cmocka_unit_test(a_reply_has_its_own_id_and_a_fresh_ttl),
		cmocka_unit_test(interface_addresses_answer_ping),
		cmocka_unit_test(traceroute_shows_the_sites_in_order),
		cmocka_unit_test(traceroute_to_a_site_ends_with_port_unreachable),
		cmocka_unit_test(path_mtu_discovery_learns_the_narrowest_channel),
		cmocka_unit_test(a_packet_of_exactly_the_mtu_passes),
		cmocka_unit_test(a_port_has_an_mtu_too),
		cmocka_unit_test(a_long_echo_reply_is_cut_up_where_the_request_might_have_been),
		cmocka_unit_test(a_site_does_not_complain_about_its_own_packets),
		cmocka_unit_test(nothing_is_said_to_the_site_s_own_addresses),
		cmocka_unit_test(errors_about_errors_are_not_sent),
		cmocka_unit_test(only_first_fragments_are_complained_about),
		cmocka_unit_test(nobody_listens_for_errors_about_built_in_flows),
		cmocka_unit_test(pings_that_must_not_be_answered),
		cmocka_unit_test(a_site_without_an_address_speaks_from_the_interface),
		cmocka_unit_test(errors_are_limited_by_the_packets_clock),
		cmocka_unit_test(an_answer_without_memory_is_counted),
		cmocka_unit_test(a_capture_cut_short_is_answered_as_far_as_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
