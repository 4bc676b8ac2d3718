// SPDX-License-Identifier: BSD-3-Clause
// The netem grammar: words, shortenings, defaults, refusals, and the way there and back.
#include "topologies/impairment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CLASSIC                                                                                    \
	(IMPAIRMENT(GROUP_DELAY) | IMPAIRMENT(GROUP_JITTER) | IMPAIRMENT(GROUP_LOSS) |             \
	 IMPAIRMENT(GROUP_RATE) | IMPAIRMENT(GROUP_OVERHEAD) | IMPAIRMENT(GROUP_LIMIT))

static struct impairment parsed(const char *line)
{
	struct impairment impairment = {0};
	struct error error = {0};

	if (impairment_parse_line(line, "w", NULL, &impairment, &error) < 0)
		fail_msg("\"%s\": %s", line, error.what);
	return impairment;
}

static void a_whole_netem_line_is_read_as_tc_reads_it(void **state)
{
	struct impairment got = parsed("limit 1000 delay 100ms 10ms 25% distribution normal "
				       "loss gemodel 1% 10% 70% 0.1% rate 1mbit 24 48 5");

	(void)state;
	assert_int_equal(got.given, CLASSIC);
	assert_int_equal(got.limit.kind, LIMIT_PACKETS);
	assert_int_equal(got.limit.amount, 1000);
	assert_int_equal(got.delay.delay_ns, 100000000);
	assert_int_equal(got.jitter.kind, DISTRIBUTION_NORMAL);
	assert_int_equal(got.jitter.jitter_ns, 10000000);
	assert_true(got.jitter.correlation == 0.25);
	assert_int_equal(got.loss.kind, LOSS_WORDS_GEMODEL);
	assert_true(got.loss.p[0] == 0.01 && got.loss.p[1] == 0.1 && got.loss.p[2] == 0.7 &&
		    got.loss.p[3] == 0.001);
	assert_int_equal(got.rate.bps, 1000000);
	assert_int_equal(got.overhead.bytes, 24);
	assert_int_equal(got.overhead.cell_bytes, 48);
	assert_int_equal(got.overhead.cell_overhead_bytes, 5);
}

static void short_words_and_synonyms_mean_what_they_mean_to_tc(void **state)
{
	(void)state;
	assert_int_equal(parsed("d 1ms").given, IMPAIRMENT(GROUP_DELAY));
	assert_int_equal(parsed("la 1ms").given, IMPAIRMENT(GROUP_DELAY));
	assert_int_equal(parsed("latency 1ms").delay.delay_ns, 1000000);
	assert_int_equal(parsed("l 10").given, IMPAIRMENT(GROUP_LIMIT));
	assert_int_equal(parsed("lo 1%").given, IMPAIRMENT(GROUP_LOSS));
	assert_int_equal(parsed("drop 1%").given, IMPAIRMENT(GROUP_LOSS));
	assert_int_equal(parsed("ra 1mbit").given, IMPAIRMENT(GROUP_RATE));
	assert_int_equal(parsed("loss 1%").loss.kind, LOSS_WORDS_RANDOM);
	assert_true(parsed("loss random 1% 25%").loss.correlation == 0.25);
	assert_int_equal(parsed("rate 1mbps").rate.bps, 8000000);
	assert_int_equal(parsed("rate 1mbit -14").overhead.bytes, -14);
}

static void defaults_are_netems(void **state)
{
	struct impairment got = parsed("loss gemodel 1%");

	(void)state;
	assert_true(got.loss.p[0] == 0.01 && got.loss.p[1] == 0.99 && got.loss.p[2] == 1.0 &&
		    got.loss.p[3] == 0.0);
	assert_int_equal(parsed("delay 10ms 1ms").jitter.kind, DISTRIBUTION_UNIFORM);
	assert_int_equal(parsed("delay 10ms 1ms loss 1% distribution normal").jitter.kind,
			 DISTRIBUTION_NORMAL);
	assert_int_equal(parsed("loss 0%").loss.kind, LOSS_WORDS_NONE);
	assert_int_equal(parsed("delay 10ms 0ms").jitter.kind, DISTRIBUTION_NONE);
}

static void limits_are_packets_time_or_bytes(void **state)
{
	(void)state;
	assert_int_equal(parsed("limit 12p").limit.kind, LIMIT_PACKETS);
	assert_int_equal(parsed("limit 20ms").limit.kind, LIMIT_TIME);
	assert_int_equal(parsed("limit 20ms").limit.amount, 20000000);
	assert_int_equal(parsed("limit 64kb").limit.kind, LIMIT_BYTES);
	assert_int_equal(parsed("limit 64kb").limit.amount, 65536);
	assert_int_equal(parsed("limit none").limit.kind, LIMIT_NONE);
}

// A line that is refused, and a word that the sentence must have.
struct refusal {
	const char *line;
	const char *says;
};

static void what_netem_or_the_models_do_not_take_is_refused_by_name(void **state)
{
	static const struct refusal cases[] = {
		{"", "no impairment"},
		{"delay", "nothing follows"},
		{"delay 10", "add ns, us, ms or s"},
		{"delay 10ms 5", "add ns, us, ms or s"},
		{"delay 10ms distribution normal", "needs a jitter"},
		{"delay 10ms 1ms distribution parito", "parito"},
		{"delay 10ms 1ms distribution a.dist", "no file can be read"},
		{"delay 10ms 1ms 25% halflife 3ms", "exclude"},
		{"delay 10ms halflife 3ms", "needs a jitter"},
		{"delay 10ms wave sine 5ms", "nothing follows"},
		{"delay 10ms wave cosine 5ms 1s", "sine, triangle"},
		{"delay 10ms delay 11ms", "twice"},
		{"latency 10ms delay 11ms", "twice"},
		{"delay 10ms 1ms 101%", "100%"},
		{"loss", "nothing follows"},
		{"loss state", "nothing follows"},
		{"loss ber 1", "bit-error"},
		{"loss every 0", "every 0"},
		{"loss packet 7,7", "increase"},
		{"loss packet 7 dport 80", "protocol"},
		{"loss outage 5s every 5s", "shorter"},
		{"loss bursty 5%", "bursty"},
		{"loss gemodel", "nothing follows"},
		{"loss -1%", "-1%"},
		{"rate 10%", "share"},
		{"rate 100", "add bit"},
		{"limit 64k", "64k"},
		{"limit 99999999999999999999", "too large"},
		{"duplicate", "nothing follows"},
		{"corrupt 1% bits 0", "1 to 64"},
		{"gap 5", "belongs to reorder"},
		{"reorder 1% late 5ms gap 5", "exclude"},
		{"delay 1ms ecn", "needs a loss"},
		{"slot 5ms 1ms", "below"},
		{"slot 0", "none"},
		{"access", "nothing follows"},
		{"access superframe 40ms", "cra 64kbit"},
		{"access cra 0bit", "leave it out"},
		{"access cra 64kbit cra 1mbit", "twice"},
		{"access cra 64kbit timeout 1s", "on request"},
		{"access rbdc 64", "unit"},
		{"order maybe", "keep"},
		{"police cir 1mbit", "nothing follows"},
		{"police cir 2mbit cbs 10kb pir 1mbit pbs 10kb", "below"},
		{"police cir 1mbit cbs 1kb ebs 1kb remark 64", "0 to 63"},
		{"police cir 1mbit cbs 1kb remark 12", "yellow"},
		{"rate 1mbit burst 9kb peakrate 2mbit", "go together"},
		{"rate 1mbit burst 9kb mtu 1540b", "go together"},
		{"rate 1mbit burst 9kb peakrate 0bit mtu 1540b", "go together"},
		{"rate 1mbit burst 0b peakrate 2mbit mtu 1540b", "burst is 0"},
		{"rate 1mbit burst 9kb peakrate", "nothing follows"},
		{"queue pie burst 0ms", "burst is 0"},
		{"limit 10 queue pie limit 20 ecn", "twice"},
		{"queue lifo", "lifo"},
		{"queue red", "min"},
		{"queue drr", "weights"},
		{"queue drr weights 1", "no weights"},
		{"queue prio dscp 64:0", "0 to 63"},
		{"queue prio bands 2 dscp 46:2", "band 2"},
		{"queue codel interval", "nothing follows"},
		{"queue pie alpha 2.5", "whole number"},
		{"queue pie beta 33", "whole number"},
		{"trace", "file"},
		{"seed 7", "[network]"},
		{"wobble 3ms", "wobble"},
		{"delays 3ms", "delays"},
		{"jitter 1ms delay 5ms 2ms", "twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct impairment kept = {.given = 77, .delay.delay_ns = 5};
		struct error error = {0};

		if (impairment_parse_line(cases[i].line, "here", NULL, &kept, &error) != -EINVAL)
			fail_msg("\"%s\" was not refused", cases[i].line);
		if (!strstr(error.what, cases[i].says))
			fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].line, error.what,
				 cases[i].says);
		assert_string_equal(error.where, "here");
		assert_int_equal(kept.given, 77);
		assert_int_equal(kept.delay.delay_ns, 5);
	}
}

static void too_many_words_are_refused(void **state)
{
	char line[4096] = "";
	struct impairment kept = {0};

	(void)state;
	for (int i = 0; i < 400; i++)
		strcat(line, "delay 1ms ");
	assert_int_equal(impairment_parse_line(line, "", NULL, &kept, NULL), -EINVAL);
}

static void a_change_replaces_the_groups_it_names_and_leaves_the_rest(void **state)
{
	struct impairment into = parsed("delay 10ms 1ms loss 1% rate 1mbit 24");
	struct impairment change = parsed("delay 20ms loss gemodel 2% 20%");

	(void)state;
	impairment_merge(&into, &change);
	assert_int_equal(into.delay.delay_ns, 20000000);
	assert_int_equal(into.jitter.jitter_ns, 1000000);
	assert_int_equal(into.jitter.kind, DISTRIBUTION_UNIFORM);
	assert_int_equal(into.loss.kind, LOSS_WORDS_GEMODEL);
	assert_int_equal(into.rate.bps, 1000000);
	assert_int_equal(into.overhead.bytes, 24);
	assert_int_equal(into.given, CLASSIC & ~IMPAIRMENT(GROUP_LIMIT));
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

static const char *one_of(uint64_t *seed, const char *const *lines, size_t count)
{
	return lines[next(seed) % count];
}

#define ONE_OF(seed, ...)                                                                          \
	one_of(seed, (const char *const[]){__VA_ARGS__},                                           \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

// A line of words in any combination, each group in one of its forms or left out.
static void generate(uint64_t *seed, char *line, size_t size)
{
	snprintf(line, size, "%s %s %s %s %s %s %s %s %s %s %s %s",
		 ONE_OF(seed, "delay 10ms", "delay 1ns 3us 25%",
			"jitter 1ms distribution gamma shape 2.5",
			"delay 10ms 1ms distribution lognormal halflife 7ms",
			"delay 20ms wave sine 5ms 30s", "jitter 2ms 1%", "latency 3ms 0ms"),
		 ONE_OF(seed, "", "order free", "order keep"),
		 ONE_OF(seed, "", "loss 1.5%", "loss random 0.3% 25% ecn", "loss gemodel 1%",
			"loss gemodel 1% 10% 70% 0.1%", "loss state 1% 30% 2%", "loss ber 1e-9",
			"loss every 100 from 3", "loss every 7",
			"loss packet 3,9,27 segment dport 5201", "loss packet 1",
			"loss packet 2 udp sport 53", "loss outage 50ms every 2s fixed",
			"loss 5% wave square 4% 3s", "loss 0%"),
		 ONE_OF(seed, "", "duplicate 0.5%", "duplicate 1% 20%"),
		 ONE_OF(seed, "", "corrupt 0.01%", "corrupt 1% 50% bits 3"),
		 ONE_OF(seed, "", "reorder 25% 50% gap 5", "reorder 3%", "reorder 1% late 9ms"),
		 ONE_OF(seed, "", "rate 1mbit", "rate 100mbit 24 burst 64kb",
			"rate 1mbit burst 64kb peakrate 2mbit mtu 1540b", "rate 5kbit -14 48 5",
			"overhead -3", "rate 10mbit wave triangle 5mbit 1h"),
		 ONE_OF(seed, "", "police cir 1mbit cbs 10kb", "police cir 1mbit cbs 9b ebs 10kb",
			"police cir 1mbit cbs 10kb pir 2mbit pbs 20kb", "police none",
			"police cir 1mbit cbs 9b ebs 10kb remark 0",
			"police cir 1mbit cbs 10kb pir 2mbit pbs 20kb remark 63"),
		 ONE_OF(seed, "", "slot 1ms", "slot 800us 1ms packets 10 bytes 15000", "slot none",
			"slot distribution pareto 5ms 1ms packets 3"),
		 ONE_OF(seed, "", "access cra 64kbit", "access rbdc 2mbit", "access none",
			"access superframe 40ms rbdc 1500bit timeout 2s cra 1mbit schedule 0"),
		 ONE_OF(seed, "", "limit 100", "limit 20ms", "limit 64kb", "limit none"),
		 ONE_OF(seed, "", "queue tail", "queue head",
			"queue codel target 3ms interval 50ms ecn",
			"queue pie tupdate 10ms alpha 2 beta 21 noecn", "queue pie burst 300ms ecn",
			"queue red min 30kb max 90kb ecn harddrop",
			"queue red min 30kb max 90kb nodrop ecn",
			"queue fq_codel flows 64 quantum 300 memory_limit 4mb ce_threshold 1ms",
			"queue red min 30kb max 90kb avpkt 1kb burst 55 probability 0.02 ecn "
			"adaptive",
			"queue prio bands 4 dscp 46:0 dscp 0-7:3", "queue prio",
			"queue drr weights 4,2,1 quantum 1514 dscp 8-15:2",
			"queue step threshold 1ms ect1"));
}

// Two impairments with the same meaning print the same words.
static void what_is_printed_reads_back_to_the_same_values(void **state)
{
	uint64_t seed = 719;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		char line[1024], text[1024], again[1024];
		struct impairment made, back;

		generate(&seed, line, sizeof(line));
		made = parsed(line);
		impairment_format(&made, text, sizeof(text));
		back = parsed(text);
		if (memcmp(&made, &back, sizeof(made)) != 0)
			fail_msg("\"%s\" became \"%s\", which reads otherwise", line, text);
		impairment_format(&back, again, sizeof(again));
		assert_string_equal(text, again);
	}
}

// Each form on its own, against values that are written out here.
static void words_that_netem_does_not_have_mean_what_they_say(void **state)
{
	struct impairment got =
		parsed("delay 20ms 1ms wave sine 5ms 30s distribution gamma shape 2 "
		       "halflife 10ms order free");

	(void)state;
	assert_int_equal(got.delay.wave.kind, WAVE_SINE);
	assert_true(got.delay.wave.amplitude == 5e6);
	assert_int_equal(got.delay.wave.period_ns, 30000000000);
	assert_int_equal(got.jitter.kind, DISTRIBUTION_GAMMA);
	assert_true(got.jitter.shape == 2.0);
	assert_int_equal(got.jitter.halflife_ns, 10000000);
	assert_int_equal(got.order, ORDER_FREE);
	got = parsed("loss state 1%");
	assert_true(got.loss.p[0] == 0.01 && got.loss.p[1] == 0.99 && got.loss.p[2] == 0 &&
		    got.loss.p[3] == 1 && got.loss.p[4] == 0);
	got = parsed("loss packet 3,9 segment dport 5201");
	assert_int_equal(got.loss.packet.count, 2);
	assert_int_equal(got.loss.packet.numbers[1], 9);
	assert_true(got.loss.packet.segments);
	assert_int_equal(got.loss.packet.target_port, 5201);
	got = parsed("reorder 25% 50% gap 5 delay 1ms");
	assert_true(got.reorder.chance.ratio == 0.25 && got.reorder.chance.correlation == 0.5);
	assert_int_equal(got.reorder.gap, 5);
	assert_int_equal(parsed("reorder 25%").reorder.gap, 1);
	got = parsed("police cir 1mbit cbs 10kb pir 2mbit pbs 20kb");
	assert_int_equal(got.police.cir_bps, 1000000);
	assert_int_equal(got.police.pbs_bytes, 20480);
	got = parsed("queue prio bands 4 dscp 46:0 dscp 0-7:3");
	assert_int_equal(got.queue.band_of[46], 0);
	assert_int_equal(got.queue.band_of[7], 3);
	assert_int_equal(got.queue.band_of[8], 0xff);
	got = parsed("queue red min 30000 max 90kb");
	assert_int_equal(got.queue.min_bytes, 30000);
	assert_int_equal(got.queue.max_bytes, 92160);
	assert_int_equal(parsed("rate 1mbit").given, IMPAIRMENT(GROUP_RATE));
	got = parsed("access rbdc 2mbit timeout 3s cra 64kbit");
	assert_int_equal(got.access.cra_bps, 64000);
	assert_int_equal(got.access.rbdc_bps, 2000000);
	assert_int_equal(got.access.superframe_ns, 26500000);
	assert_int_equal(got.access.schedule_ns, 26500000);
	assert_int_equal(got.access.timeout_ns, 3000000000);
}

static void a_rate_without_overhead_leaves_the_overhead(void **state)
{
	struct impairment into = parsed("rate 1mbit 24"), change = parsed("rate 2mbit");

	(void)state;
	impairment_merge(&into, &change);
	assert_int_equal(into.rate.bps, 2000000);
	assert_int_equal(into.overhead.bytes, 24);
}

static void text_too_long_for_its_buffer_is_cut(void **state)
{
	struct impairment made = parsed("delay 100ms 10ms distribution normal loss 1%");
	char text[12];

	(void)state;
	memset(text, 'x', sizeof(text));
	impairment_format(&made, text, 10);
	assert_true(strlen(text) <= 9);
	assert_int_equal(text[10], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_netem_line_is_read_as_tc_reads_it),
		cmocka_unit_test(short_words_and_synonyms_mean_what_they_mean_to_tc),
		cmocka_unit_test(defaults_are_netems),
		cmocka_unit_test(limits_are_packets_time_or_bytes),
		cmocka_unit_test(what_netem_or_the_models_do_not_take_is_refused_by_name),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(a_change_replaces_the_groups_it_names_and_leaves_the_rest),
		cmocka_unit_test(what_is_printed_reads_back_to_the_same_values),
		cmocka_unit_test(words_that_netem_does_not_have_mean_what_they_say),
		cmocka_unit_test(a_rate_without_overhead_leaves_the_overhead),
		cmocka_unit_test(text_too_long_for_its_buffer_is_cut),
	};

	return cmocka_run_group_tests_name("impairment", tests, NULL, NULL);
}
