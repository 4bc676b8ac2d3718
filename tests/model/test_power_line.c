// SPDX-License-Identifier: BSD-3-Clause
// What tests see of policers, lines, slots, and of memories from packet to packet: each parameter
// 5 % off.
#include "tests/model/power_law.h"

#define MS RUN_MS

// ---- Policers; a yellow frame shows by its DSCP ----

static void single_cir(struct channel_params *params, double factor)
{
	police_make_single_rate(times(6e6, factor), 10000, 20000, "", &params->police, NULL);
}

static void single_cbs(struct channel_params *params, double factor)
{
	police_make_single_rate(6000000, times(10000, factor), 20000, "", &params->police, NULL);
}

static void single_ebs(struct channel_params *params, double factor)
{
	police_make_single_rate(6000000, 10000, times(20000, factor), "", &params->police, NULL);
}

static void two_cir(struct channel_params *params, double factor)
{
	police_make_two_rate(times(4e6, factor), 10000, 8000000, 20000, "", &params->police, NULL);
}

static void two_cbs(struct channel_params *params, double factor)
{
	police_make_two_rate(4000000, times(10000, factor), 8000000, 20000, "", &params->police,
			     NULL);
}

static void two_pir(struct channel_params *params, double factor)
{
	police_make_two_rate(4000000, 10000, times(8e6, factor), 20000, "", &params->police, NULL);
}

static void two_pbs(struct channel_params *params, double factor)
{
	police_make_two_rate(4000000, 10000, 8000000, times(20000, factor), "", &params->police,
			     NULL);
}

// ---- Lines ----

static void rate(struct channel_params *params, double factor)
{
	rate_make_params(times(POWER_LINE, factor), 0, 0, 0, "", &params->rate, NULL);
}

static void overhead(struct channel_params *params, double factor)
{
	rate_make_params(POWER_LINE, (int32_t)times(20, factor), 0, 0, "", &params->rate, NULL);
}

static void cell(struct channel_params *params, double factor)
{
	rate_make_params(POWER_LINE, 0, (uint32_t)times(40, factor), 5, "", &params->rate, NULL);
}

static void cell_overhead(struct channel_params *params, double factor)
{
	rate_make_params(POWER_LINE, 0, 480, (int32_t)times(20, factor), "", &params->rate, NULL);
}

static void bucket(struct channel_params *params, uint32_t burst_bytes, uint64_t peak_bps)
{
	assert_int_equal(rate_make_params(POWER_LINE, 0, 0, 0, "", &params->rate, NULL), 0);
	assert_int_equal(rate_add_bucket(&params->rate, burst_bytes, peak_bps,
					 peak_bps != 0 ? 1600 : 0, "", NULL),
			 0);
}

static void bucket_burst(struct channel_params *params, double factor)
{
	bucket(params, (uint32_t)times(20000, factor), 0);
}

static void bucket_peak(struct channel_params *params, double factor)
{
	bucket(params, 20000, times(20e6, factor));
}

static void delay(struct channel_params *params, double factor)
{
	params->delay_ns = times(20e6, factor);
}

// ---- Slots ----

static void slot_least(struct channel_params *params, double factor)
{
	slot_make_uniform(times(2e6, factor), 20 * MS, 0, 0, "", &params->slot, NULL);
}

static void slot_most(struct channel_params *params, double factor)
{
	slot_make_uniform(2 * MS, times(20e6, factor), 0, 0, "", &params->slot, NULL);
}

static void slot_packets(struct channel_params *params, double factor)
{
	slot_make_uniform(10 * MS, 20 * MS, times(20, factor), 0, "", &params->slot, NULL);
}

static void slot_bytes(struct channel_params *params, double factor)
{
	slot_make_uniform(10 * MS, 20 * MS, 0, times(20000, factor), "", &params->slot, NULL);
}

static void slot_by(struct channel_params *params, double mean_ns, double deviation_ns)
{
	struct jitter_params by = {0};

	jitter_make_params(JITTER_NORMAL, (uint64_t)deviation_ns, 0, "", &by, NULL);
	slot_make_distribution((uint64_t)mean_ns, &by, 0, 0, "", &params->slot, NULL);
}

static void slot_mean(struct channel_params *params, double factor)
{
	slot_by(params, 10e6 * factor, 2e6);
}

static void slot_deviation(struct channel_params *params, double factor)
{
	slot_by(params, 10e6, 2e6 * factor);
}

// ---- What one packet has to do with the one before ----

static void loss_correlation(struct channel_params *params, double factor)
{
	loss_random_params(0.3, 0.4 * factor, "", &params->loss, NULL);
}

static void duplicate_correlation(struct channel_params *params, double factor)
{
	duplicate_make_params(0.3, 0.4 * factor, "", &params->duplicate, NULL);
}

static void corrupt_correlation(struct channel_params *params, double factor)
{
	corrupt_make_params(0.3, 0.4 * factor, 1, "", &params->corrupt, NULL);
}

static void reorder_correlation(struct channel_params *params, double factor)
{
	reorder_make_params(0.3, 0.4 * factor, 1, 0, "", &params->reorder, NULL);
}

static void reorder_gap(struct channel_params *params, double factor)
{
	reorder_make_params(0.5, 0, (uint32_t)times(20, factor), 0, "", &params->reorder, NULL);
}

static void reorder_late(struct channel_params *params, double factor)
{
	reorder_make_params(0.2, 0, 1, times(5e6, factor), "", &params->reorder, NULL);
}

static void policers_5_percent_off_are_caught(void **state)
{
	const struct power_row rows[] = {
		{"RFC 2697 CIR", single_cir}, {"RFC 2697 CBS", single_cbs},
		{"RFC 2697 EBS", single_ebs}, {"RFC 2698 CIR", two_cir},
		{"RFC 2698 CBS", two_cbs},    {"RFC 2698 PIR", two_pir},
		{"RFC 2698 PBS", two_pbs},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void lines_and_slots_5_percent_off_are_caught(void **state)
{
	const struct power_row rows[] = {
		{"delay", delay},
		{"rate", rate},
		{"overhead", overhead},
		{"cell size", cell},
		{"cell overhead", cell_overhead},
		{"bucket burst", bucket_burst},
		{"bucket peak", bucket_peak},
		{"slot min", slot_least},
		{"slot max", slot_most},
		{"slot packets", slot_packets},
		{"slot bytes", slot_bytes},
		{"slot distribution delay", slot_mean},
		{"slot distribution jitter", slot_deviation},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void memories_5_percent_off_are_caught(void **state)
{
	const struct power_row rows[] = {
		{"loss correlation", loss_correlation},
		{"duplicate correlation", duplicate_correlation},
		{"corrupt correlation", corrupt_correlation},
		{"reorder correlation", reorder_correlation},
		{"reorder gap", reorder_gap},
		{"reorder late", reorder_late},
	};

	(void)state;
	CHECK_ROWS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policers_5_percent_off_are_caught),
		cmocka_unit_test(lines_and_slots_5_percent_off_are_caught),
		cmocka_unit_test(memories_5_percent_off_are_caught),
	};

	return cmocka_run_group_tests_name("power_line", tests, NULL, NULL);
}
