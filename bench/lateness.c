// SPDX-License-Identifier: BSD-3-Clause
// How late packets leave a live wire, beside what the machine alone makes late; and whether one
// leaves early, as an outsider at both devices sees it.
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bench/fan.h"
#include "bench/gaps.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/plot.h"
#include "bench/report.h"
#include "bench/traffic.h"
#include "bench/wire.h"

#define ROUNDS 5
// As a real-time task (chrt -f), too, runs shall be whole: Linux takes the core away after 0.95 s
// of each second, for the sake of others. So runs that spin are shorter, with a rest before.
#define REST_SECONDS        1.1
#define SPIN_SECONDS        0.8
#define LOOK_SHARE          0.25 // of SPIN_SECONDS
#define IDLE_SECONDS        2.0
#define IDLE_SETTLE_SECONDS 3.2 // after NAP_QUIET_NS
#define BARE                "a bare loop on the same core that reads the clock, things due 1 us apart"
#define BARE_SLEEP          "a bare thread that sleeps until each thing is due, 1 ms apart"

enum regime {
	SPACED,   // the line spaces packets: due at instants that the machine's gaps did not choose
	CONSTANT, // due a constant after they came: what came in a gap is due at once
	FAST,     // 10 Mpps, spaced
	DEEP,     // 1 Mpps, spaced, over 4 s: 4 M in flight
	WIDE,     // 1 Mpps over 1,000 channels, at exact instants
	VAST,     // the same over 4 s
	FULL,     // as many as go through
	ASLEEP,
	REGIMES
};

static const struct regime_case {
	const char *name;
	const char *impairments;
	uint64_t interval_ns;
	uint64_t floor_ns; // between arrival and departure; 64 bytes at 512 Mbit/s are 1 us
	bool spin;
	double seconds;
	bool looks_late;   // early packets are looked for in the last part only
	uint32_t channels; // 0: a wire; else so many that end at one port, constant delay
} cases[REGIMES] = {
	[SPACED] = {"1 Mpps, spaced by the line", "delay = 1ms\nrate = 512mbit\n", 1000, 1001000,
		    true, SPIN_SECONDS, true, 0},
	[CONSTANT] = {"1 Mpps, constant delay", "delay = 1ms\n", 1000, 1000000, true, SPIN_SECONDS,
		      false, 0},
	[FAST] = {"10 Mpps, spaced by the line", "delay = 1ms\nrate = 5120mbit\n", 100, 1000100,
		  true, SPIN_SECONDS, true, 0},
	[DEEP] = {"1 Mpps, 4 M in flight", "delay = 4s\nrate = 512mbit\n", 1000, 4000001000, true,
		  4 + SPIN_SECONDS, true, 0},
	[WIDE] = {"1 Mpps over 1,000 channels", NULL, 1000, 1000000, true, SPIN_SECONDS, true,
		  1000},
	[VAST] = {"1 Mpps over 1,000 channels, 4 M in flight", NULL, 1000, 4000000000, true,
		  4 + SPIN_SECONDS, true, 1000},
	[FULL] = {"as much as goes through", "delay = 1ms\n", 0, 1000000, true, 0.5, false, 0},
	[ASLEEP] = {"asleep, 1000 pps", "delay = 1ms\n", 1000000, 1000000, false, 2, false, 0},
};

// What --plot draws.
enum distribution { D_SPINNING, D_SPINNING_BARE, D_ASLEEP, D_ASLEEP_BARE, DISTRIBUTIONS };
static const char *const distribution_names[DISTRIBUTIONS] = {
	"corridor, 1 Mpps over a wire, spinning", "a bare loop that reads the clock",
	"corridor, 1000 pps over a wire, asleep", "a bare thread that sleeps"};

// ---- Lines ----

// Of the percentiles, with the bare loop's beside them.
static const struct percentile {
	double quantile; // 1: the largest
	const char *key, *what;
	double target_ns; // 0: none
} percentiles[] = {
	{0.5, "spinning_p50", "1 Mpps over a wire, spinning: lateness p50", 50},
	{0.99, "spinning_p99", "  p99", 200},
	{0.999, "spinning_p999", "  p99.9", 0},
	{1, "spinning_max", "  max", 0},
	{0.5, "fast_p50", "10 Mpps over a wire, spinning: lateness p50", 500},
	{0.99, "fast_p99", "  p99", 0},
	{0.5, "deep_p50", "1 Mpps, 4 M in flight, spinning: lateness p50", 50},
	{0.99, "deep_p99", "  p99", 200},
	{0.999, "deep_p999", "  p99.9", 0},
	{0.5, "wide_p50", "1 Mpps over 1,000 channels, spinning: lateness p50", 50},
	{0.99, "wide_p99", "  p99", 200},
	{0.999, "wide_p999", "  p99.9", 0},
	{0.5, "vast_p50", "the same, 4 M in flight: lateness p50", 50},
	{0.99, "vast_p99", "  p99", 200},
	{0.999, "vast_p999", "  p99.9", 0},
	{0.5, "asleep_p50", "1000 pps over a wire, asleep: lateness p50", 0},
	{0.99, "asleep_p99", "  p99", 60000},
	{1, "asleep_max", "  max", 0},
};
#define PERCENTILES 18
// Where those of each regime begin.
#define SPINNING_END 4
#define FAST_END     6
#define DEEP_END     9
#define WIDE_END     12
#define VAST_END     15

static const char *const early_keys[REGIMES] = {"early_spaced", "early_constant", "early_fast",
						"early_deep",   "early_wide",     "early_vast",
						"early_full",   "early_asleep"};
static const char *const early_whats[REGIMES] = {"packets early: 1 Mpps, spaced by the line",
						 "  1 Mpps, constant delay",
						 "  10 Mpps, spaced by the line",
						 "  1 Mpps, 4 M in flight",
						 "  1 Mpps over 1,000 channels",
						 "  1 Mpps over 1,000 channels, 4 M in flight",
						 "  as many as go through",
						 "  asleep, 1000 pps"};

struct lateness_report {
	struct report report;
	struct report_line *percentile[PERCENTILES];
	struct report_line *outside_p50, *outside_p99;
	struct report_line *processor;
	struct report_line *idle;
	struct report_line *early[REGIMES];
	struct histogram all[DISTRIBUTIONS]; // of all rounds, to be plotted
	uint64_t departed[REGIMES];
	uint64_t earliest_ns[REGIMES];
};

static void make_lines(struct lateness_report *lateness)
{
	struct report *report = &lateness->report;

	for (int i = 0; i < PERCENTILES; i++) {
		lateness->percentile[i] =
			report_add(report, percentiles[i].key, percentiles[i].what, "ns",
				   i < VAST_END ? BARE : BARE_SLEEP);
		if (percentiles[i].target_ns > 0)
			report_target(lateness->percentile[i], REPORT_AT_MOST,
				      percentiles[i].target_ns);
	}
	lateness->processor =
		report_add(report, "asleep_processor", "  share of a core", "%", BARE_SLEEP);
	lateness->idle =
		report_target(report_add(report, "idle_processor",
					 "one idle lab, asleep: share of a core", "%", NULL),
			      REPORT_AT_MOST, 2);
	lateness->outside_p50 =
		report_add(report, "outside_p50",
			   "device to device at 1 Mpps, over 1 ms, spinning: p50", "ns", NULL);
	lateness->outside_p99 = report_add(report, "outside_p99", "  p99", "ns", NULL);
	for (int i = 0; i < REGIMES; i++)
		lateness->early[i] = report_target(
			report_add(report, early_keys[i], early_whats[i], "packets", NULL),
			REPORT_AT_MOST, 0);
}

// Percentiles are said only where ten records lie beyond them.
static void add_quantile(struct samples *samples, const struct histogram *histogram,
			 double quantile)
{
	if (quantile == 1)
		samples_add(samples, (double)histogram->maximum);
	else if (histogram_quantile_is_known(histogram, quantile))
		samples_add(samples, (double)histogram_quantile(histogram, quantile));
}

static void add_percentiles(struct lateness_report *lateness, int first, int last,
			    const struct histogram *corridor, const struct histogram *reference)
{
	for (int i = first; i < last; i++) {
		struct report_line *line = lateness->percentile[i];

		add_quantile(&line->corridor, corridor, percentiles[i].quantile);
		add_quantile(&line->reference, reference, percentiles[i].quantile);
	}
}

// ---- Measuring ----

static double processor_seconds(clockid_t clock)
{
	struct timespec used;

	clock_gettime(clock, &used);
	return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

struct result {
	struct traffic traffic; // stands still
	struct histogram lateness;
	double processor; // share of one
};

// The least share of the time for which the measured thread was not kept waiting for its core.
static double least_share = 1;

static void end_watch(const struct machine_watch *watch)
{
	double share;

	machine_watch_seconds(watch, &share);
	least_share = share < least_share ? share : least_share;
}

// Where lateness is wanted, it is taken before the hook at the device begins to look.
static void run_engine(struct engine *engine, const struct regime_case *c, double seconds,
		       struct result *result)
{
	double looking = c->looks_late ? LOOK_SHARE * SPIN_SECONDS / c->seconds * seconds : 0;
	struct machine_watch watch = machine_watch_start(getpid());
	double began = machine_seconds();
	double used = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);

	if (!c->looks_late)
		traffic_look(&result->traffic);
	traffic_begin(&result->traffic);
	machine_sleep(seconds - looking);
	engine_lateness(engine, &result->lateness);
	if (c->looks_late) {
		traffic_look(&result->traffic);
		machine_sleep(looking);
	}
	result->processor =
		(processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - used) / (machine_seconds() - began);
	end_watch(&watch);
	traffic_end(&result->traffic);
	machine_sleep(0.05); // for what is in flight
}

static void rest(enum regime regime, const struct options *options)
{
	if (cases[regime].spin)
		machine_sleep(options_seconds(options, REST_SECONDS));
}

static int measure_wire(enum regime regime, const struct options *wanted, struct result *result,
			struct error *error)
{
	const struct regime_case *c = &cases[regime];
	const struct wire_options options = {
		.impairments = c->impairments, .traffic = true, .spin = c->spin};
	struct wire wire;
	int code = wire_open(&wire, &options, error);

	if (code)
		return code;
	rest(regime, wanted);
	code = traffic_attach(&result->traffic, wire.engine, c->interval_ns, c->floor_ns, error);
	if (code) {
		wire_close(&wire);
		return code;
	}
	result->traffic.keeps_excess = regime == CONSTANT;
	code = wire_start(&wire, error);
	if (code == 0)
		run_engine(wire.engine, c, options_seconds(wanted, c->seconds), result);
	engine_stop(wire.engine);
	traffic_detach(&result->traffic);
	wire_close(&wire);
	traffic_free(&result->traffic);
	return code;
}

static int measure_fan(enum regime regime, const struct options *wanted, struct result *result,
		       struct error *error)
{
	const struct regime_case *c = &cases[regime];
	struct engine *engine = fan_open(c->channels, c->interval_ns, c->floor_ns, c->spin, error);
	int code;

	if (engine == NULL)
		return error->code;
	rest(regime, wanted);
	code = traffic_watch(&result->traffic, engine, FAN_STAMP_AT, c->floor_ns, error);
	if (code == 0)
		code = engine_start(engine, error);
	if (code == 0)
		run_engine(engine, c, options_seconds(wanted, c->seconds), result);
	engine_stop(engine);
	traffic_detach(&result->traffic);
	engine_destroy(engine);
	return code;
}

static int measure(enum regime regime, const struct options *wanted, struct result *result,
		   struct error *error)
{
	return (cases[regime].channels ? measure_fan : measure_wire)(regime, wanted, result, error);
}

// A lab without traffic, and ports that can only be polled: the worst kind for a sleeper.
static int measure_idle(const struct options *wanted, double *share, struct error *error)
{
	const struct wire_options options = {.impairments = "delay = 1ms\n", .traffic = true};
	struct wire wire;
	int code = wire_open(&wire, &options, error);

	if (code)
		return code;
	code = wire_start(&wire, error);
	if (code == 0) {
		machine_sleep(IDLE_SETTLE_SECONDS);
		double began = machine_seconds();
		double used = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);

		machine_sleep(options_seconds(wanted, IDLE_SECONDS));
		*share = (processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - used) /
			 (machine_seconds() - began);
	}
	engine_stop(wire.engine);
	wire_close(&wire);
	return code;
}

static int measure_regime(struct lateness_report *lateness, enum regime regime,
			  const struct options *options, struct result *result, struct error *error)
{
	int code = measure(regime, options, result, error);

	if (code)
		return code;
	samples_add(&lateness->early[regime]->corridor, (double)result->traffic.early);
	lateness->departed[regime] += result->traffic.left;
	if (result->traffic.earliest_ns > lateness->earliest_ns[regime])
		lateness->earliest_ns[regime] = result->traffic.earliest_ns;
	return 0;
}

// Nothing leaves for four seconds, whatever the length of a look.
static int measure_deep(struct lateness_report *lateness, enum regime regime,
			const struct options *options, struct result *result, struct error *error)
{
	const struct options whole = {.rounds = options->rounds};

	return measure_regime(lateness, regime, &whole, result, error);
}

// The reference, on the core where the engine runs.
static int measure_bare(enum regime regime, const struct options *options, struct gaps *gaps,
			double *processor, struct error *error)
{
	uint64_t length_ns = (uint64_t)(options_seconds(options, cases[regime].seconds) * 1e9);
	struct live_clock clock;
	cpu_set_t before;
	int code = live_clock_init(&clock);

	if (code)
		return error_set(error, code, "clock", "there is no CLOCK_MONOTONIC");
	rest(regime, options);
	machine_pin(&before);
	struct machine_watch watch = machine_watch_start(getpid());
	double used = processor_seconds(CLOCK_THREAD_CPUTIME_ID);
	(regime == ASLEEP ? gaps_measure_asleep : gaps_measure)(&clock, length_ns,
								cases[regime].interval_ns, gaps);
	used = processor_seconds(CLOCK_THREAD_CPUTIME_ID) - used;
	end_watch(&watch);
	machine_unpin(&before);
	*processor = used / (options_seconds(options, cases[regime].seconds));
	return 0;
}

static int one_round(struct lateness_report *lateness, const struct options *options,
		     struct error *error)
{
	static struct gaps gaps; // large
	static struct result result;
	double processor;
	int code = measure_bare(SPACED, options, &gaps, &processor, error);

	if (code == 0)
		code = measure_regime(lateness, SPACED, options, &result, error);
	if (code)
		return code;
	add_percentiles(lateness, 0, SPINNING_END, &result.lateness, &gaps.lateness);
	histogram_add(&lateness->all[D_SPINNING], &result.lateness);
	histogram_add(&lateness->all[D_SPINNING_BARE], &gaps.lateness);

	code = measure_regime(lateness, FAST, options, &result, error);
	if (code)
		return code;
	add_percentiles(lateness, SPINNING_END, FAST_END, &result.lateness, &gaps.lateness);
	code = measure_deep(lateness, DEEP, options, &result, error);
	if (code)
		return code;
	add_percentiles(lateness, FAST_END, DEEP_END, &result.lateness, &gaps.lateness);
	code = measure_regime(lateness, WIDE, options, &result, error);
	if (code)
		return code;
	add_percentiles(lateness, DEEP_END, WIDE_END, &result.lateness, &gaps.lateness);
	code = measure_deep(lateness, VAST, options, &result, error);
	if (code)
		return code;
	add_percentiles(lateness, WIDE_END, VAST_END, &result.lateness, &gaps.lateness);

	code = measure_regime(lateness, CONSTANT, options, &result, error);
	if (code)
		return code;
	add_quantile(&lateness->outside_p50->corridor, &result.traffic.excess, 0.5);
	add_quantile(&lateness->outside_p99->corridor, &result.traffic.excess, 0.99);

	code = measure_regime(lateness, FULL, options, &result, error);
	if (code == 0)
		code = measure_bare(ASLEEP, options, &gaps, &processor, error);
	if (code == 0)
		code = measure_regime(lateness, ASLEEP, options, &result, error);
	if (code)
		return code;
	add_percentiles(lateness, VAST_END, PERCENTILES, &result.lateness, &gaps.lateness);
	histogram_add(&lateness->all[D_ASLEEP], &result.lateness);
	histogram_add(&lateness->all[D_ASLEEP_BARE], &gaps.lateness);
	samples_add(&lateness->processor->corridor, 100 * result.processor);
	samples_add(&lateness->processor->reference, 100 * processor);
	code = measure_idle(options, &processor, error);
	if (code == 0)
		samples_add(&lateness->idle->corridor, 100 * processor);
	return code;
}

static void say_more(struct lateness_report *lateness)
{
	report_note(
		&lateness->report,
		"others had the core for up to %.1f %% of a run; the more they do, the more these "
		"figures are theirs",
		100 * (1 - least_share));
	for (int i = 0; i < REGIMES; i++) {
		if (lateness->earliest_ns[i] > 0)
			report_note(&lateness->report, "%s: early by up to %llu ns", cases[i].name,
				    (unsigned long long)lateness->earliest_ns[i]);
	}
	uint64_t departed = 0;
	for (int i = 0; i < REGIMES; i++)
		departed += lateness->departed[i];
	report_note(&lateness->report,
		    "early: sooner after its arrival at one device than the wire takes, of %.3g "
		    "packets in all",
		    (double)departed);
}

int main(int argc, char **argv)
{
	static struct lateness_report lateness = {.report = {.name = "lateness"}};
	struct options options;
	struct error error;
	int status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	lateness.report.rounds = options.rounds;
	make_lines(&lateness);
	for (int i = 0; i < DISTRIBUTIONS; i++)
		histogram_reset(&lateness.all[i]);
	for (unsigned round = 0; round < options.rounds; round++) {
		if (one_round(&lateness, &options, &error)) {
			fprintf(stderr, "bench_lateness: %s: %s\n", error.where, error.what);
			return 1;
		}
	}
	say_more(&lateness);
	for (int i = 0; i < DISTRIBUTIONS; i++)
		plot_distribution(distribution_names[i], &lateness.all[i]);
	report_print(&lateness.report, options.json);
	return 0;
}
