// SPDX-License-Identifier: BSD-3-Clause
// Words become the parameters that they mean, and what cannot be is refused whole.
#include "topologies/impairment_params.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/corridor-params-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	write_file("a.down", "0\n10\n20\n");
	write_file("a.dist", "0 8192 -8192\n");
	write_file("a.csv", "time_s,delay,rate,loss,carrier\n0,10ms,1mbit,0%,1\n"
			    "1,20ms,2mbit,50%,0\n");
	return 0;
}

static int remove_folder(void **state)
{
	char path[80];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/a.%s", folder,
			 i == 0   ? "down"
			 : i == 1 ? "csv"
				  : "dist");
		unlink(path);
	}
	return rmdir(folder);
}

static int translate(struct tables *tables, const char *line, struct channel_params *params,
		     struct error *error)
{
	struct impairment impairment;

	tables->folder = folder;
	*params = (struct channel_params){.carrier = true, .mtu_bytes = 1500};
	if (impairment_parse_line(line, "w", tables, &impairment, error) < 0)
		fail_msg("\"%s\": %s", line, error->what);
	return impairment_params(&impairment, "w", tables, params, error);
}

static struct channel_params translated(struct tables *tables, const char *line)
{
	struct channel_params params;
	struct error error;

	if (translate(tables, line, &params, &error) < 0)
		fail_msg("\"%s\": %s", line, error.what);
	assert_true(params.carrier);
	assert_int_equal(params.mtu_bytes, 1500);
	return params;
}

static void queues_get_what_is_named_and_their_own_defaults(void **state)
{
	struct tables tables = {0};
	struct channel_params p;

	(void)state;
	p = translated(&tables, "rate 1mbit");
	assert_int_equal(p.queue.kind, QUEUE_TAIL);
	assert_int_equal(p.queue.limit_amount, 1000);
	p = translated(&tables, "rate 1mbit limit none");
	assert_int_equal(p.queue.limit, QUEUE_UNLIMITED);
	p = translated(&tables, "limit 10");
	assert_int_equal(p.queue.limit, QUEUE_UNLIMITED); // nothing waits without a rate
	p = translated(&tables, "rate 1mbit queue codel interval 50ms ecn");
	assert_int_equal(p.queue.kind, QUEUE_CODEL);
	assert_int_equal(p.queue.codel.target_ns, 5000000);
	assert_int_equal(p.queue.codel.interval_ns, 50000000);
	assert_true(p.queue.codel.ecn);
	assert_true(p.reads_headers);
	p = translated(&tables, "rate 1mbit queue fq_codel flows 64 limit 500");
	assert_int_equal(p.queue.fair.flows, 64);
	assert_int_equal(p.queue.limit_amount, 500);
	p = translated(&tables, "rate 1mbit queue pie target 20ms alpha 3");
	assert_int_equal(p.queue.pie.target_ns, 20000000);
	assert_int_equal(p.queue.pie.alpha, 3);
	assert_int_equal(p.queue.pie.beta, 20);
	p = translated(&tables, "rate 1mbit queue red min 30000 max 90000 limit 400kb");
	assert_int_equal(p.queue.red.min_bytes, 30000);
	assert_false(p.queue.red.harddrop || p.queue.red.nodrop);
	p = translated(&tables, "rate 1mbit queue red min 30000 max 90000 ecn harddrop");
	assert_true(p.queue.red.harddrop && !p.queue.red.nodrop);
	// As tc has it: the limit among them.
	p = translated(&tables,
		       "rate 1mbit queue red limit 400kb min 30000 max 90000 ecn harddrop");
	assert_true(p.queue.red.harddrop && p.queue.red.ecn);
	assert_int_equal(p.queue.limit_amount, 409600);
	p = translated(&tables, "rate 1mbit queue codel target 3ms limit 100 ecn");
	assert_true(p.queue.codel.ecn);
	assert_int_equal(p.queue.limit_amount, 100);
	p = translated(&tables, "rate 1mbit queue red min 30000 max 90000 ecn nodrop");
	assert_true(p.queue.red.nodrop && !p.queue.red.harddrop);
	p = translated(&tables, "rate 1mbit queue pie burst 300ms");
	assert_int_equal(p.queue.pie.burst_ns, 300000000);
	p = translated(&tables, "rate 1mbit queue drr weights 4,1 dscp 46:0");
	assert_int_equal(p.queue.kind, QUEUE_DRR);
	assert_int_equal(p.queue.classes.count, 2);
	assert_int_equal(p.queue.classes.weight[0], 4);
	assert_int_equal(p.queue.classes.of_dscp[46], 0);
	assert_int_equal(p.queue.classes.of_dscp[0], 1);
	p = translated(&tables, "rate 1mbit queue step threshold 1ms ect1");
	assert_int_equal(p.queue.mark, QUEUE_TIME);
	assert_int_equal(p.queue.mark_amount, 1000000);
	assert_true(p.queue.mark_ect1_only);
	tables_free(&tables);
}

static void mishaps_have_their_chances(void **state)
{
	struct tables tables = {0};
	struct channel_params p = translated(&tables, "delay 1ms duplicate 25% corrupt 50% bits 7 "
						      "reorder 12.5% gap 3");

	(void)state;
	assert_int_equal(p.duplicate.chance.threshold, UINT64_C(1) << 30);
	assert_int_equal(p.corrupt.chance.threshold, UINT64_C(1) << 31);
	assert_int_equal(p.corrupt.bits, 7);
	assert_int_equal(p.reorder.gap, 3);
	assert_int_equal(p.reorder.chance.threshold, UINT64_C(1) << 29);
	p = translated(&tables, "reorder 1% late 5ms");
	assert_int_equal(p.reorder.late_ns, 5000000);
	p = translated(&tables, "delay 1ms reorder 0% duplicate 0% corrupt 0%");
	assert_int_equal(p.reorder.gap, 0);
	assert_int_equal(p.duplicate.chance.threshold, 0);
	tables_free(&tables);
}

static void jitter_has_the_law_that_is_asked_for(void **state)
{
	struct tables tables = {0};
	struct channel_params p = translated(&tables, "delay 10ms 1ms"), again;

	(void)state;
	assert_int_equal(p.jitter.kind, JITTER_UNIFORM);
	assert_int_equal(p.jitter.law, JITTER_ORDERLY);
	assert_int_equal(translated(&tables, "delay 10ms 1ms order free").jitter.law,
			 JITTER_INDEPENDENT);
	assert_int_equal(translated(&tables, "delay 10ms 1ms 25%").jitter.law, JITTER_CHAINED);
	p = translated(&tables, "delay 10ms 1ms distribution pareto order free halflife 5ms");
	assert_int_equal(p.jitter.law, JITTER_GAUSSIAN);
	assert_int_equal(p.jitter.halflife_ns, 5000000);
	assert_int_equal(p.jitter.table->kind, JITTER_PARETO);
	again = translated(&tables, "delay 20ms 3ms distribution pareto");
	assert_ptr_equal(again.jitter.table, p.jitter.table); // one table for all of a shape
	p = translated(&tables, "delay 10ms 5ms distribution gamma");
	assert_true(p.jitter.table->shape == 4.0);
	p = translated(&tables, "delay 10ms 5ms distribution gamma shape 2");
	assert_true(p.jitter.table->shape == 2.0);
	p = translated(&tables, "delay 10ms 1ms distribution a.dist");
	assert_int_equal(p.jitter.table->count, 3);
	assert_int_equal(p.jitter.table->samples[0], -8192);
	tables_free(&tables);
}

static void policers_and_slots_are_made(void **state)
{
	struct tables tables = {0};
	struct channel_params p = translated(&tables, "police cir 1mbit cbs 10kb ebs 20kb "
						      "slot 1ms 3ms packets 5");

	(void)state;
	assert_int_equal(p.police.kind, POLICE_SINGLE_RATE);
	assert_int_equal(p.slot.packets, 5);
	assert_int_equal(p.slot.range_ns, 2000000);
	p = translated(&tables, "police cir 1mbit cbs 10kb pir 2mbit pbs 20kb "
				"slot distribution normal 5ms 1ms");
	assert_int_equal(p.police.kind, POLICE_TWO_RATE);
	assert_int_equal(p.slot.by.kind, JITTER_NORMAL);
	assert_false(p.police.remarks);
	p = translated(&tables, "police cir 1mbit cbs 10kb ebs 20kb remark 12");
	assert_true(p.police.remarks);
	assert_int_equal(p.police.yellow_dscp, 12);
	p = translated(&tables, "police none slot none");
	assert_int_equal(p.police.kind, POLICE_NONE);
	assert_int_equal(p.slot.packets, 0);
	tables_free(&tables);
}

static void waves_swing_about_their_constant(void **state)
{
	struct tables tables = {0};
	struct channel_params p = translated(&tables, "delay 20ms wave sine 5ms 30s loss 5% wave "
						      "square 4% 3s rate 1mbit wave triangle "
						      "500kbit 2s");
	struct profile_cursor cursor = {0};

	(void)state;
	assert_in_range(profile_at(p.delay_profile, &cursor, 7500000000), 24999900, 25000100);
	assert_int_equal(p.delay_profile->period_ns, 30000000000);
	assert_in_range(p.loss_profile->maximum, 386547056, 386547057); // 9 % of 2^32
	assert_int_equal(p.rate.kind, RATE_PROFILE);
	assert_in_range(p.rate.profile->mean_bits_per_second, 999000, 1001000);
	tables_free(&tables);
}

static void losses_are_those_named(void **state)
{
	struct tables tables = {0};
	struct channel_params p = translated(&tables, "loss state 1% 25% 2% 50% 3%");

	(void)state;
	assert_int_equal(p.loss.kind, LOSS_STATES);
	assert_int_equal(p.loss.p31, UINT64_C(1) << 30);
	assert_int_equal(p.loss.p23, UINT64_C(1) << 31);
	assert_int_equal(translated(&tables, "loss ber 1e-6").loss.kind, LOSS_BER);
	p = translated(&tables, "loss every 100 from 7");
	assert_int_equal(p.loss.every, 100);
	assert_int_equal(p.loss.from, 7);
	p = translated(&tables, "loss packet 3,9 segment dport 5201");
	assert_int_equal(p.loss.kind, LOSS_PACKETS);
	assert_int_equal(p.loss.number_count, 2);
	assert_true(p.loss.segments_only);
	assert_int_equal(p.loss.target_port, 5201);
	assert_true(p.reads_headers);
	p = translated(&tables, "loss outage 50ms every 2s fixed");
	assert_int_equal(p.loss.kind, LOSS_OUTAGE);
	assert_true(translated(&tables, "loss 1% ecn").loss.ecn);
	tables_free(&tables);
}

static void access_is_put_before_the_line(void **state)
{
	struct tables tables = {0};
	struct channel_params p =
		translated(&tables, "delay 250ms rate 4mbit 10 access cra 64kbit rbdc 2mbit");

	(void)state;
	assert_int_equal(p.rate.kind, RATE_ACCESS);
	assert_int_equal(p.rate.modem, RATE_CONSTANT);
	assert_int_equal(p.rate.bits_per_second, 4000000);
	assert_int_equal(p.rate.overhead_bytes, 10);
	// There and back, and a schedule of a superframe: 526.5 ms, in whole superframes.
	assert_int_equal(p.rate.access.loop_ns, 530000000);
	assert_int_equal(p.rate.access.rbdc_bps, 2000000);
	assert_int_equal(translated(&tables, "access cra 64kbit").rate.bits_per_second, 64000);
	assert_int_equal(translated(&tables, "access none").rate.kind, RATE_CONSTANT);
	tables_free(&tables);
}

static void traces_become_lines_and_profiles(void **state)
{
	struct tables tables = {0};
	struct channel_params p = translated(&tables, "trace a.down"), again;
	struct profile_cursor cursor = {0};

	(void)state;
	assert_int_equal(p.rate.kind, RATE_OPPORTUNITIES);
	assert_int_equal(p.rate.opportunities->count, 3);
	assert_int_equal(p.queue.limit_amount, 1000); // there is a line, so frames wait
	again = translated(&tables, "trace a.down loss 1%");
	assert_ptr_equal(again.rate.opportunities, p.rate.opportunities); // made once
	assert_ptr_not_equal(translated(&tables, "trace a.down once").rate.opportunities,
			     p.rate.opportunities);

	p = translated(&tables, "trace a.csv interpolate");
	assert_int_equal(p.rate.kind, RATE_PROFILE);
	assert_in_range(profile_at(p.delay_profile, &cursor, 500000000), 14999999, 15000000);
	assert_int_equal(p.delay_profile->period_ns, 2000000000);
	assert_int_equal(p.loss_profile->maximum, UINT64_C(1) << 31);
	assert_false(p.carrier_profile->interpolated);
	p = translated(&tables, "trace a.csv once");
	assert_int_equal(p.delay_profile->period_ns, 0);
	p = translated(&tables, "trace none delay 1ms");
	assert_null(p.delay_profile);
	tables_free(&tables);
}

static void a_burst_makes_a_bucket(void **state)
{
	struct tables tables = {0};
	struct channel_params p = translated(&tables, "rate 1mbit burst 10kb");

	(void)state;
	assert_int_equal(p.rate.kind, RATE_BUCKET);
	assert_int_equal(p.rate.bucket.burst_bytes, 10240);
	assert_int_equal(p.rate.bucket.peak_burst_bytes, 0);
	p = translated(&tables, "rate 1mbit burst 10kb minburst 1540b peakrate 4mbit");
	assert_int_equal(p.rate.bucket.peak_burst_bytes, 1540);
	assert_int_equal(p.rate.bucket.peak_bits_per_second, 4000000);
	assert_int_equal(p.rate.bucket.peak_ns_per_byte_q32 >> 32, 2000);
	tables_free(&tables);
}

static void what_the_models_refuse_leaves_the_parameters_alone(void **state)
{
	static const char *const cases[][2] = {
		{"loss 1e-12%", "too small"},
		{"reorder 1%", "give a delay"},
		{"rate 1bit", "8"},
		{"limit 0", "limit 0"},
		{"burst 1kb", "rate"},
		{"rate 1mbit queue codel target 100ms interval 50ms", "target"},
		{"rate 1mbit queue codel limit none", "needs a limit"},
		{"rate 1mbit queue red min 300kb max 900kb limit 400kb", "above the limit"},
		{"rate 1mbit queue red min 30kb max 90kb nodrop", "ecn"},
		{"rate 1mbit burst 10kb trace a.csv", "exclude"},
		{"rate 1mbit burst 10kb peakrate 1mbit mtu 2kb", "not above"},
		{"rate 1mbit burst 10kb peakrate 2mbit mtu 5gb", "4 GiB"},
		{"rate 1mbit wave sine 500kbit 1s burst 10kb", "exclude"},
		{"delay 10ms wave sine 11ms 1s", "0"},
		{"rate 1mbit access cra 64kbit rbdc 2mbit", "lower cra or rbdc"},
		{"rate 4mbit burst 10kb access cra 64kbit", "a rate alone"},
		{"delay 250ms access rbdc 1mbit limit 20ms", "raise limit"},
		{"access cra 64kbit superframe 2s", "1ms to 1s"},
		{"access rbdc 1mbit timeout 20ms", "raise timeout"},
		{"rate 1mbit queue step threshold 20ms limit 10ms", "below the limit"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tables tables = {0};
		struct channel_params params;
		struct error error = {0};

		if (translate(&tables, cases[i][0], &params, &error) != -EINVAL)
			fail_msg("\"%s\" was not refused", cases[i][0]);
		if (!strstr(error.what, cases[i][1]))
			fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i][0], error.what,
				 cases[i][1]);
		assert_int_equal(params.loss.kind, LOSS_NONE);
		assert_int_equal(params.rate.bits_per_second, 0);
		tables_free(&tables);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_get_what_is_named_and_their_own_defaults),
		cmocka_unit_test(mishaps_have_their_chances),
		cmocka_unit_test(jitter_has_the_law_that_is_asked_for),
		cmocka_unit_test(policers_and_slots_are_made),
		cmocka_unit_test(waves_swing_about_their_constant),
		cmocka_unit_test(losses_are_those_named),
		cmocka_unit_test(access_is_put_before_the_line),
		cmocka_unit_test(traces_become_lines_and_profiles),
		cmocka_unit_test(a_burst_makes_a_bucket),
		cmocka_unit_test(what_the_models_refuse_leaves_the_parameters_alone),
	};

	return cmocka_run_group_tests_name("impairment_params", tests, make_folder, remove_folder);
}
