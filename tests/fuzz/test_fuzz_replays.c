// SPDX-License-Identifier: BSD-3-Clause
// The program's own words on damaged files: check, path, replay and verify end with a status that
// they have, say why in one line, and leave either all outputs or none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pcaps/trace.h"
#include "tests/control/spoken.h"
#include "tests/fuzz/mutate.h"

#define FRAMES 30

static const struct mutate_words text = {
	.is_text = true,
	.words = (const char *const[]){"\n",
				       "[",
				       "]",
				       " = ",
				       "delay = ",
				       "loss = 5%\n",
				       "rate = ",
				       "limit = 5ms\n",
				       "queue = pie\n",
				       "reorder 25% ",
				       "1ms",
				       "0ms",
				       "8bit",
				       "10tbit",
				       "100%",
				       "order free ",
				       "slot 1ms 2ms ",
				       "distribution normal ",
				       "inflight retime",
				       "inflight cut",
				       "link span up\n",
				       "link span down\n",
				       "mtu = 68\n",
				       NULL},
};
static const struct mutate_words binary = {
	.words = (const char *const[]){"\x0a\x0d\x0d\x0a", "\x06", "\x81\x01\x08\x45\x60", NULL}};

static void make_capture(struct mutant *sound)
{
	const char *names[] = {"west"};
	struct error error;
	struct trace_reader *reader = trace_open(CORRIDOR_GOLDEN "/lux.pcap", &error);
	struct trace_writer *writer =
		trace_create("sound.pcapng", TRACE_PCAPNG, names, 1, "fuzz", &error);
	struct trace_frame frame;

	assert_non_null(reader);
	assert_non_null(writer);
	for (int i = 0; i < FRAMES; i++) {
		assert_int_equal(trace_read(reader, &frame, &error), 1);
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
	trace_close(reader);
	fuzz_read("sound.pcapng", sound);
}

static int ended(struct spoken *spoken, int status)
{
	if (status < 0 || status > 3)
		fail_msg("status %d: %s", status, spoken->err);
	if (status >= 2)
		assert_true(strncmp(spoken->err, "corridor: ", 10) == 0);
	spoken_fini(spoken);
	return status;
}

// A capture and a topology, of which one or both are damaged.
static void use(const char *lab, const char *in)
{
	char from[64];
	struct spoken spoken;
	int status;

	snprintf(from, sizeof(from), "west=%s", in);
	ended(&spoken, speak(&spoken, "-j", "check", lab, NULL));
	ended(&spoken, speak(&spoken, "path", lab, "west", "east", NULL));
	status = ended(&spoken, speak(&spoken, "-j", "replay", lab, "--in", from, "--out",
				      "east=out.pcapng", "--journal", "journal", "--capture",
				      "all.pcapng", "--until", "100s", NULL));
	assert_int_equal(access("out.pcapng", F_OK) == 0, status == 0);
	assert_int_equal(access("journal", F_OK) == 0, status == 0);
	assert_int_equal(access("all.pcapng", F_OK) == 0, status == 0);
	if (status != 0)
		return;
	ended(&spoken,
	      speak(&spoken, "-j", "verify", "--sent", in, "--received", "out.pcapng", "--topology",
		    lab, "--from", "west", "--to", "east", "--journal", "journal", NULL));
	unlink("out.pcapng");
	unlink("journal");
	unlink("all.pcapng");
}

static const char wire[] =
	"[network]\nname = wire\nseed = 1\n[port west]\n[port east]\n[link span]\n"
	"medium = wire\nends = west, east\ndelay = 10ms 1ms distribution normal\n"
	"loss = gemodel 1% 25%\nrate = 100mbit\nlimit = 50ms\nduplicate = 1%\n"
	"[event a]\nat = 5ms\ndo = link span set delay 5ms inflight retime\n"
	"[event b]\nat = 9ms\ndo = link span down inflight cut\n"
	"[event c]\nat = 20ms\ndo = link span up\n";

static void damaged_labs_and_captures_end_in_order(void **state)
{
	struct mutant capture = {0}, lab = {0}, mutant = {0};
	uint64_t rounds = fuzz_rounds(600);

	(void)state;
	make_capture(&capture);
	lab.bytes = (uint8_t *)strdup(wire);
	lab.length = strlen(wire);
	fuzz_write("sound.ini", &lab);
	use("sound.ini", "sound.pcapng");
	for (uint64_t round = 0; round < rounds; round++) {
		bool both = round % 3 == 2;

		mutate(&mutant, lab.bytes, lab.length, &text, fuzz_seed(), round);
		fuzz_write("damaged.ini", &mutant);
		mutate(&mutant, capture.bytes, capture.length, &binary, fuzz_seed(), round);
		fuzz_write("damaged.pcapng", &mutant);
		use(both || round % 3 == 0 ? "damaged.ini" : "sound.ini",
		    both || round % 3 == 1 ? "damaged.pcapng" : "sound.pcapng");
	}
	mutant_fini(&capture);
	mutant_fini(&lab);
	mutant_fini(&mutant);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_labs_and_captures_end_in_order),
	};

	return cmocka_run_group_tests(tests, fuzz_enter, fuzz_leave);
}
