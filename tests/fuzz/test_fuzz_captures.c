// SPDX-License-Identifier: BSD-3-Clause
// Damaged captures through the reader, and what can be read of them through matching and measuring:
// frames or a sentence, never anything else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcaps/frames.h"
#include "pcaps/match.h"
#include "pcaps/measure.h"
#include "pcaps/trace.h"
#include "tests/fuzz/mutate.h"

#define FRAMES 40

static const struct mutate_words words = {
	.words = (const char *const[]){"\x0a\x0d\x0d\x0a", "\x4d\x3c\x2b\x1a", "\x1a\x2b\x3c\x4d",
				       "\xd4\xc3\xb2\xa1", "\x4d\x3c\xb2\xa1", "\x34\xcd\xb2\xa1",
				       "\x06", "\x03", "\x81\x01\x08\x45\x60", NULL},
};

// The first frames of a shipped capture, as one of four kinds of file.
static void make_sound(int kind, struct mutant *sound)
{
	static const char *const names[] = {"lux", "span:forward"};
	const char *path = kind % 2 ? "sound.pcapng" : "sound.pcap";
	struct error error;
	struct trace_reader *reader = trace_open(
		kind / 2 ? CORRIDOR_GOLDEN "/ams.pcap" : CORRIDOR_GOLDEN "/lux.pcap", &error);
	struct trace_writer *writer = trace_create(path, kind % 2 ? TRACE_PCAPNG : TRACE_PCAP,
						   names, kind % 2 ? 2 : 1, "fuzz", &error);
	struct trace_frame frame;

	assert_non_null(reader);
	assert_non_null(writer);
	for (uint64_t i = 0; i < FRAMES; i++) {
		assert_int_equal(trace_read(reader, &frame, &error), 1);
		frame.interface = kind % 2 ? i % 2 : 0;
		frame.packet_id = i % 3 ? i : TRACE_NO_PACKET_ID;
		frame.comment = i % 7 == 3 ? "lost: model" : NULL;
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
	trace_close(reader);
	fuzz_read(path, sound);
}

static void assert_sentence(const struct error *error)
{
	assert_true(error->code < 0);
	assert_true(strlen(error->where) > 0 && strlen(error->what) > 10);
	assert_null(strchr(error->what, '\n'));
}

// All that a reader promises of each frame.
static void read_all(const char *path, size_t file_bytes)
{
	struct error error = {0};
	struct trace_reader *reader = trace_open(path, &error);
	struct trace_frame frame;
	uint64_t last_ns = 0;
	size_t count = 0;
	unsigned sum = 0;
	int got;

	if (!reader) {
		assert_sentence(&error);
		return;
	}
	while ((got = trace_read(reader, &frame, &error)) > 0) {
		assert_true(frame.at_ns >= last_ns && frame.at_ns <= INT64_MAX);
		assert_true(frame.length <= frame.wire_length && frame.length <= 262144);
		for (uint32_t i = 0; i < frame.length; i++)
			sum += frame.bytes[i];
		sum += frame.comment ? (unsigned)strlen(frame.comment) : 0;
		trace_interface_name(reader, frame.interface);
		last_ns = frame.at_ns;
		count++;
	}
	if (got < 0)
		assert_sentence(&error);
	assert_true(count <= file_bytes / 12);
	assert_true(sum < UINT32_MAX);
	if (trace_warning(reader))
		assert_true(strlen(trace_warning(reader)) > 10);
	trace_close(reader);
}

// Damaged against sound, with what is cut short compared as far as it goes.
static void match_with(const char *path, const struct frames *sound, enum digest_scope scope)
{
	struct frames_choice choice = {.collects = true};
	struct digest_options options = {.scope = scope};
	struct frames frames;
	struct match_options how = {0};
	struct match match;
	struct measure measure;
	struct error error = {0};

	if (frames_load(path, &choice, &options, &frames, &error) < 0) {
		assert_sentence(&error);
		return;
	}
	assert_int_equal(frames_join(sound, &frames, &error), 0);
	assert_int_equal(match_frames(sound, &frames, &how, &match, &error), 0);
	assert_int_equal(measure_frames(sound, &frames, &match, 1000000, &measure, &error), 0);
	assert_int_equal(match.sent_count, sound->count);
	assert_true(match.lost <= sound->count);
	match_free(&match);
	frames_free(&frames);
}

static void damaged_captures_do_no_harm(void **state)
{
	struct mutant sound = {0}, mutant = {0};
	uint64_t rounds = fuzz_rounds(2000);

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct frames_choice choice = {.interface = kind % 2 ? "lux" : NULL};
		struct digest_options options = {.scope = DIGEST_ROUTED};
		struct frames frames;
		struct error error;

		make_sound(kind, &sound);
		assert_int_equal(frames_load(kind % 2 ? "sound.pcapng" : "sound.pcap", &choice,
					     &options, &frames, &error),
				 0);
		for (uint64_t round = 0; round < rounds; round++) {
			mutate(&mutant, sound.bytes, sound.length, &words,
			       fuzz_seed() + (uint64_t)kind, round);
			fuzz_write("damaged", &mutant);
			read_all("damaged", mutant.length);
			match_with("damaged", &frames, round % 2 ? DIGEST_ROUTED : DIGEST_WHOLE);
		}
		frames_free(&frames);
	}
	mutant_fini(&sound);
	mutant_fini(&mutant);
}

// Each length of a file is one that a full disk may leave.
static void captures_cut_anywhere_do_no_harm(void **state)
{
	struct mutant sound = {0};

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		size_t whole;

		make_sound(kind, &sound);
		whole = sound.length < 1500 ? sound.length : 1500;
		for (sound.length = 0; sound.length <= whole; sound.length++) {
			fuzz_write("damaged", &sound);
			read_all("damaged", sound.length);
		}
	}
	mutant_fini(&sound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_captures_do_no_harm),
		cmocka_unit_test(captures_cut_anywhere_do_no_harm),
	};

	return cmocka_run_group_tests(tests, fuzz_enter, fuzz_leave);
}
