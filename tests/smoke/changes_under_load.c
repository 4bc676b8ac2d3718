// SPDX-License-Identifier: BSD-3-Clause
// Thousands of live changes under traffic: a lab of its own ($CORRIDOR), one connection to its
// socket, and afterwards the books. Only what the models ask for happens to packets, each packet
// that a change touches is counted, and the events tell all of it. How long: the first argument,
// in seconds. Speeds are said and not judged.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/client.h"
#include "topologies/quantity.h"

#define CHANGES_PER_S  1000
#define LINES_AT_ONCE  64
#define LINE_SIZE      96
#define STRAIGHT_PPS   450000 // each way of ab
#define LOSSY_PPS      100000 // c to d
#define MIDDLE_NS      UINT64_C(5000000)
#define SWING_NS       UINT64_C(400000) // of the delays asked for, to both sides
#define LOSS           0.01
#define READ_EVERY     400  // lines, so that no event is forgotten unread
#define BEYOND_1E6     4.9  // standard deviations that chance passes once in 1e6
#define SERIALISED_NS  2000 // a frame of 100 bytes at the slowest rate, and what is ahead of it
#define RETIMED_SLACK  0.02
#define ANSWER_POLLS   600
#define ANSWER_POLL_NS 50000000

static unsigned seconds = 3;
static const char *program;

// ---- The lab ----

struct run {
	char folder[64];
	char name[32];
	pid_t pid;
	struct client *client;
	char (*lines)[LINE_SIZE]; // all that were carried out
	size_t line_count, line_room;
	size_t lines_read; // of them, found among the events
	size_t requests;
	size_t refusals;
	uint64_t delay_ns, back_ns, lossy_ns;        // as asked last
	double retimed, retimed_back, retimed_lossy; // expected
	double took_s;
};

static void write_topology(const char *path)
{
	FILE *file = fopen(path, "w");
	unsigned stop_s = seconds + 1;

	assert_non_null(file);
	fprintf(file, "[network]\nname = load\nseed = 11\n");
	for (char site = 'a'; site <= 'd'; site++)
		fprintf(file, "[site %c]\nkind = router\naddress = 10.255.0.%d\n", site,
			site - 'a' + 1);
	// A ring, so that every site is reached; its metrics keep each flow on its own link.
	for (unsigned i = 0; i < 2; i++)
		fprintf(file,
			"[link %s]\nends = %s\nmedium = ethernet\nmetric = 100\ndelay = 1ms\n",
			i ? "da" : "bc", i ? "d, a" : "b, c");
	for (unsigned i = 0; i < 2; i++)
		fprintf(file,
			"[link %s]\nends = %s\nmedium = ethernet\nmetric = 1\ndelay = 5ms\n"
			"rate = 10gbit\nlimit = 20ms\n%s",
			i ? "cd" : "ab", i ? "c, d" : "a, b", i ? "loss = random 1%\n" : "");
	fprintf(file,
		"[flow there]\nfrom = a\nto = b\nrate = %dpps\nsize = 100b\nstop = %us\n"
		"[flow back]\nfrom = b\nto = a\nrate = %dpps\nsize = 100b\nstop = %us\n"
		"[flow lossy]\nfrom = c\nto = d\nrate = %dpps\nsize = 100b\nstop = %us\n",
		STRAIGHT_PPS, stop_s, STRAIGHT_PPS, stop_s, LOSSY_PPS, stop_s);
	assert_int_equal(fclose(file), 0);
}

static void pause_ns(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static void start(struct run *run)
{
	char topology[80];
	struct error error = {.code = 0};

	strcpy(run->folder, "/tmp/corridor-load-XXXXXX");
	assert_non_null(mkdtemp(run->folder));
	snprintf(topology, sizeof(topology), "%s/load.ini", run->folder);
	snprintf(run->name, sizeof(run->name), "load-%d", (int)getpid());
	write_topology(topology);
	setenv("XDG_RUNTIME_DIR", run->folder, 1);
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (run->pid == 0) {
		// Its output is the lab's own; a fault of it goes to stderr and to the log.
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		execl(program, program, "run", topology, "--lab", run->name, (char *)NULL);
		_exit(127);
	}
	for (unsigned i = 0; !run->client && i < ANSWER_POLLS; i++) {
		pause_ns(ANSWER_POLL_NS);
		run->client = client_open(run->name, &error);
	}
	if (!run->client)
		fail_msg("%s: %s", error.where, error.what);
	run->delay_ns = run->back_ns = run->lossy_ns = MIDDLE_NS;
}

static json_t *call(struct run *run, const char *method, json_t *params)
{
	struct error error = {.code = 0};
	json_t *answer = client_call(run->client, method, params, &error);

	if (!answer)
		fail_msg("%s: %s", error.where, error.what);
	return answer;
}

static json_t *show(struct run *run, const char *what)
{
	return call(run, "show", json_pack("{s:s}", "what", what));
}

static void finish(struct run *run)
{
	int status;

	json_decref(call(run, "stop", NULL));
	client_close(run->client);
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	assert_int_equal(status, 0);
	run->pid = 0;
}

// Whatever has become of the test, its lab ends and nothing of it stays.
static int clear(void **state)
{
	struct run *run = *state;
	char path[80];

	if (run->pid > 0) {
		kill(run->pid, SIGTERM);
		waitpid(run->pid, NULL, 0);
	}
	snprintf(path, sizeof(path), "%s/load.ini", run->folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/corridor", run->folder);
	rmdir(path);
	rmdir(run->folder);
	free(run->lines);
	return 0;
}

// ---- The changes ----

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Delays that wander in steps of 20 us: in flight there is then, at each change, what the rate
// makes of the delay before.
static uint64_t wander_ns(uint64_t i)
{
	uint64_t step = i % (4 * (SWING_NS / 20000));
	uint64_t up = step < 2 * (SWING_NS / 20000) ? step : 4 * (SWING_NS / 20000) - step;

	return MIDDLE_NS - SWING_NS + up * 20000;
}

// Change number i, in the words in which the events will have it.
static const char *change_line(struct run *run, uint64_t i, bool touched[3], char line[LINE_SIZE])
{
	static const char *const queues[] = {
		"limit 20ms queue codel", "limit 20ms queue pie",  "limit 1000p queue fq_codel",
		"limit 20ms queue tail",  "limit 20ms queue head", "limit 1000p queue prio"};
	static const char *const rates[] = {"10gbit", "2gbit", "5gbit", "40gbit"};
	uint64_t round = i / 10;
	char delay[40];

	switch (i % 10) {
	case 0:
	case 5:
		run->delay_ns = wander_ns(i / 5);
		touched[0] |= i % 10 == 0;
		snprintf(line, LINE_SIZE, "link ab:forward set delay %s%s",
			 quantity_format_time(run->delay_ns, delay, sizeof(delay)),
			 i % 10 == 0 ? " inflight retime" : "");
		return line;
	case 1:
		return strcpy(line, "link ab:forward set loss 0%");
	case 2:
	case 3:
		snprintf(line, LINE_SIZE, "link ab:%s set %s", i % 10 == 2 ? "forward" : "reverse",
			 queues[round % 6]);
		return line;
	case 4:
	case 6:
		snprintf(line, LINE_SIZE, "link ab:%s set rate %s",
			 i % 10 == 4 ? "forward" : "reverse", rates[round % 4]);
		return line;
	case 7: // nobody overtakes where the delay stays
		snprintf(line, LINE_SIZE, "link ab:reverse set order %s",
			 round % 2 ? "keep" : "free");
		return line;
	case 8:
		touched[1] = true; // by nothing, but all of them
		return strcpy(line, "link ab:reverse set delay 5ms inflight retime");
	default:
		run->lossy_ns = wander_ns(round);
		touched[2] = true;
		snprintf(line, LINE_SIZE, "link cd set delay %s loss random 1%% inflight retime",
			 quantity_format_time(run->lossy_ns, delay, sizeof(delay)));
		return line;
	}
}

// What is in flight when a change retimes it.
static double in_flight(uint64_t pps, uint64_t delay_ns)
{
	return (double)pps * (double)delay_ns / 1e9;
}

static void change(struct run *run, size_t count)
{
	double before[3] = {in_flight(STRAIGHT_PPS, run->delay_ns),
			    in_flight(STRAIGHT_PPS, run->back_ns),
			    in_flight(LOSSY_PPS, run->lossy_ns) * (1 - LOSS)};
	bool touched[3] = {false, false, false};
	json_t *lines = json_array();
	json_t *answer;

	for (size_t i = 0; i < count; i++) {
		if (run->line_count == run->line_room) {
			run->line_room = run->line_room ? 2 * run->line_room : 4096;
			run->lines = realloc(run->lines, run->line_room * sizeof(*run->lines));
			assert_non_null(run->lines);
		}
		char *line = run->lines[run->line_count];

		change_line(run, run->line_count, touched, line);
		run->line_count++;
		json_array_append_new(lines, json_string(line));
	}
	answer = call(run, "change", json_pack("{s:o}", "lines", lines));
	assert_int_equal(json_integer_value(json_object_get(answer, "lines")), count);
	json_decref(answer);
	run->requests++;
	run->retimed += touched[0] ? before[0] : 0;
	run->retimed_back += touched[1] ? before[1] : 0;
	run->retimed_lossy += touched[2] ? before[2] : 0;
}

// A change that is refused in the midst of the traffic: neither its good line nor its bad one shows
// in the events, and the books close as if nobody had asked.
static void refused_change(struct run *run)
{
	static const char *const bad[] = {"link ab set delay 5",
					  "link ab set loss 101%",
					  "link ab set rate 40gbit limit 60s queue prio",
					  "link ab set trace ./no-such.down",
					  "link nowhere down",
					  "link ab down inflight retime"};
	struct error error = {.code = 0};
	json_t *answer = client_call(run->client, "change",
				     json_pack("{s:[s,s]}", "lines", "link ab down inflight cut",
					       bad[run->refusals++ % 6]),
				     &error);

	assert_null(answer);
	assert_int_equal(error.code, -EINVAL);
}

// Every change since the last look stands among the events, in order, once, in its own words; what
// came before is kept or counted as forgotten.
static void read_events(struct run *run)
{
	json_t *events = show(run, "events");
	size_t forgotten = 0, index;
	json_t *event;

	json_array_foreach(events, index, event)
	{
		const char *what = json_string_value(json_object_get(event, "what"));

		if (strcmp(json_string_value(json_object_get(event, "state")), "forgotten") == 0) {
			forgotten = (size_t)json_integer_value(json_object_get(event, "count"));
			assert_true(index == 0 && forgotten <= run->lines_read);
			continue;
		}
		size_t number = forgotten + index - (forgotten > 0);

		assert_true(number < run->line_count);
		assert_string_equal(what, run->lines[number]);
	}
	assert_int_equal(forgotten + json_array_size(events) - (forgotten > 0), run->line_count);
	run->lines_read = run->line_count;
	json_decref(events);
}

static void change_for(struct run *run)
{
	double from_s = now_s();

	pause_ns(100000000); // the flows fill the links first
	from_s = now_s();
	for (;;) {
		double elapsed_s = now_s() - from_s;
		size_t due = (size_t)(elapsed_s * CHANGES_PER_S) + 1;

		if (elapsed_s >= seconds)
			break;
		if (due <= run->line_count) {
			pause_ns(100000);
			continue;
		}
		due -= run->line_count;
		change(run, due < LINES_AT_ONCE ? due : LINES_AT_ONCE);
		if (run->requests % 20 == 0)
			refused_change(run);
		if (run->line_count - run->lines_read >= READ_EVERY)
			read_events(run);
	}
	run->took_s = now_s() - from_s;
	read_events(run);
}

// ---- The books ----

static uint64_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("no \"%s\" in %s", key, json_dumps(object, 0));
	return (uint64_t)json_integer_value(value);
}

static uint64_t lost(const json_t *object)
{
	const char *reason;
	json_t *count;
	uint64_t sum = 0;

	json_object_foreach(json_object_get(object, "lost"), reason, count) sum +=
		(uint64_t)json_integer_value(count);
	return sum;
}

static const json_t *named(const json_t *list, const char *key, const char *name)
{
	size_t index;
	json_t *row;

	json_array_foreach(list, index, row)
	{
		if (strcmp(json_string_value(json_object_get(row, key)), name) == 0)
			return row;
	}
	fail_msg("no %s \"%s\"", key, name);
	return NULL;
}

// The flows have ended and all has arrived.
static void wait_for_the_end(struct run *run)
{
	for (unsigned i = 0; i < ANSWER_POLLS; i++) {
		json_t *stats = show(run, "stats");
		const json_t *sums = json_is_array(stats) ? json_array_get(stats, 0) : stats;
		bool over = number(sums, "flows_sent") ==
				    (2 * STRAIGHT_PPS + LOSSY_PPS) * (uint64_t)(seconds + 1) &&
			    number(sums, "in_flight") == 0;

		json_decref(stats);
		if (over)
			return;
		pause_ns(ANSWER_POLL_NS);
	}
	fail_msg("the flows do not come to their end");
}

static void check_flow(const json_t *flows, const char *name, bool lossy)
{
	const json_t *flow = named(flows, "flow", name);
	uint64_t sent = number(flow, "sent");

	assert_int_equal(number(flow, "received") + lost(flow), sent);
	assert_int_equal(number(flow, "duplicated"), 0);
	assert_int_equal(number(flow, "reordered"), 0);
	assert_int_equal(number(flow, "corrupted"), 0);
	if (!lossy)
		assert_int_equal(lost(flow), 0);
	else
		assert_true(fabs((double)lost(flow) - (double)sent * LOSS) <
			    BEYOND_1E6 * sqrt((double)sent * LOSS * (1 - LOSS)));
	// No packet is faster or slower than some delay that was asked for.
	const json_t *delay = json_object_get(flow, "delay_ns");

	assert_true(number(delay, "min") >= MIDDLE_NS - SWING_NS);
	assert_true(number(delay, "max") <= MIDDLE_NS + SWING_NS + SERIALISED_NS);
}

static void check_channel(const json_t *channels, const char *name, double retimed)
{
	const json_t *channel = named(channels, "channel", name);

	assert_int_equal(number(channel, "entered"), number(channel, "delivered") + lost(channel));
	assert_int_equal(number(channel, "duplicated"), 0);
	assert_int_equal(number(channel, "in_flight"), 0);
	printf("# %s: retimed %" PRIu64 ", rate x delay at each change says %.0f\n", name,
	       number(channel, "retimed"), retimed);
	assert_true(fabs((double)number(channel, "retimed") - retimed) <= RETIMED_SLACK * retimed);
}

static void changes_do_to_packets_what_they_were_asked_to_and_no_more(void **state)
{
	struct run *run = *state;

	start(run);
	change_for(run);
	wait_for_the_end(run);

	json_t *flows = show(run, "flows"), *channels = show(run, "channels");

	printf("# %zu changes in %.1f s (%.0f a second), at %zu instants, and %zu refused, under "
	       "%.2f Mpps\n",
	       run->line_count, run->took_s, (double)run->line_count / run->took_s, run->requests,
	       run->refusals, (2 * STRAIGHT_PPS + LOSSY_PPS) / 1e6);
	check_flow(flows, "there", false);
	check_flow(flows, "back", false);
	check_flow(flows, "lossy", true);
	check_channel(channels, "ab:forward", run->retimed);
	check_channel(channels, "ab:reverse", run->retimed_back);
	check_channel(channels, "cd:forward", run->retimed_lossy);
	json_decref(flows);
	json_decref(channels);
	finish(run);
}

int main(int argc, char **argv)
{
	static struct run run;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(
			changes_do_to_packets_what_they_were_asked_to_and_no_more, NULL, clear,
			&run),
	};

	program = getenv("CORRIDOR");
	if (!program) {
		fputs("CORRIDOR names no program to test\n", stderr);
		return 2;
	}
	if (argc > 1)
		seconds = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
