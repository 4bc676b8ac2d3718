// SPDX-License-Identifier: BSD-3-Clause
// Damage by number.
#include "tests/fuzz/mutate.h"

#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t draw(uint64_t *random)
{
	uint64_t value = *random += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static size_t below(uint64_t *random, size_t bound)
{
	return bound ? draw(random) % bound : 0;
}

static void hold(struct mutant *mutant, size_t length)
{
	if (length + 1 > mutant->room) {
		mutant->room = 2 * length + 64;
		mutant->bytes = realloc(mutant->bytes, mutant->room);
		assert_non_null(mutant->bytes);
	}
}

// Puts `count` bytes in the place of `gone` at `at`.
static void replace(struct mutant *mutant, size_t at, size_t gone, const void *bytes, size_t count)
{
	uint8_t copy[4096];

	// They may come from the mutant itself.
	count = count < sizeof(copy) ? count : sizeof(copy);
	memcpy(copy, bytes, count);
	hold(mutant, mutant->length + count);
	memmove(mutant->bytes + at + count, mutant->bytes + at + gone, mutant->length - at - gone);
	memcpy(mutant->bytes + at, copy, count);
	mutant->length = mutant->length - gone + count;
}

// ---- Numbers ----

static void change_binary_number(struct mutant *mutant, uint64_t *random)
{
	static const uint64_t odd[] = {0,          1,          2,          0x7f,
				       0x80,       0xff,       0x7fff,     0x8000,
				       0xffff,     0x10000,    0x7fffffff, 0x80000000,
				       0xffffffff, 0xfffffffc, INT64_MAX,  UINT64_MAX};
	size_t width = (size_t)2 << below(random, 3);
	uint64_t value = odd[below(random, sizeof(odd) / sizeof(odd[0]))];
	bool big = draw(random) & 1;
	size_t at;

	if (mutant->length < width)
		return;
	at = below(random, mutant->length - width + 1);
	at -= draw(random) & 1 ? at % width : 0; // headers are aligned
	for (size_t i = 0; i < width; i++)
		mutant->bytes[at + (big ? width - 1 - i : i)] = (uint8_t)(value >> 8 * i);
}

// The run of digits at or behind a random place becomes another number.
static void change_decimal_number(struct mutant *mutant, uint64_t *random)
{
	static const char *const odd[] = {"0",
					  "1",
					  "-1",
					  "255",
					  "65535",
					  "65536",
					  "2147483648",
					  "4294967295",
					  "4294967296",
					  "9223372036854775807",
					  "18446744073709551615",
					  "18446744073709551616",
					  "99999999999999999999999",
					  "0.000000000000000001",
					  "1e999",
					  "1e-999",
					  "nan",
					  "inf",
					  "0x10",
					  "1.5",
					  "."};
	const char *number = odd[below(random, sizeof(odd) / sizeof(odd[0]))];
	size_t at = below(random, mutant->length);
	size_t end;

	while (at < mutant->length && !isdigit(mutant->bytes[at]))
		at++;
	for (end = at; end < mutant->length && isdigit(mutant->bytes[end]);)
		end++;
	if (end > at)
		replace(mutant, at, end - at, number, strlen(number));
}

// ---- Changes ----

static void change(struct mutant *mutant, const struct mutate_words *words, uint64_t *random)
{
	size_t at = below(random, mutant->length);
	size_t count = 1 + below(random, draw(random) & 1 ? 8 : 200);
	const char *word;
	size_t known = 0;

	if (mutant->length == 0)
		return;
	count = count < mutant->length - at ? count : mutant->length - at;
	switch (below(random, 10)) {
	case 0:
		mutant->bytes[at] ^= (uint8_t)(1u << below(random, 8));
		break;
	case 1:
		mutant->bytes[at] = (uint8_t)draw(random);
		break;
	case 2: // taken out
		replace(mutant, at, count, "", 0);
		break;
	case 3: // doubled
		replace(mutant, at, 0, mutant->bytes + at, count);
		break;
	case 4: // moved over something else
		replace(mutant, below(random, mutant->length), 0, mutant->bytes + at, count);
		break;
	case 5: // cut off
		if (below(random, 4) == 0)
			mutant->length = at;
		break;
	case 6:
	case 7:
		while (words->words[known])
			known++;
		word = known ? words->words[below(random, known)] : "";
		replace(mutant, at, draw(random) & 1 ? count : 0, word, strlen(word));
		break;
	default:
		if (words->is_text)
			change_decimal_number(mutant, random);
		else
			change_binary_number(mutant, random);
		break;
	}
}

void mutate(struct mutant *mutant, const uint8_t *sound, size_t length,
	    const struct mutate_words *words, uint64_t seed, uint64_t round)
{
	uint64_t random = seed * UINT64_C(0xd1342543de82ef95) + round;
	size_t changes = 1;

	// Mostly one: what has many is refused for the first of them.
	while (changes < 8 && below(&random, 3) == 0)
		changes++;
	hold(mutant, length);
	memcpy(mutant->bytes, sound, length);
	mutant->length = length;
	while (changes-- > 0)
		change(mutant, words, &random);
	mutant->bytes[mutant->length] = '\0';
}

void mutant_fini(struct mutant *mutant)
{
	free(mutant->bytes);
	*mutant = (struct mutant){0};
}

// ---- Rounds, files, folders ----

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

uint64_t fuzz_rounds(uint64_t few)
{
	return number_of("FUZZ_ROUNDS", few);
}

uint64_t fuzz_seed(void)
{
	return number_of("FUZZ_SEED", 1);
}

void fuzz_read(const char *path, struct mutant *into)
{
	FILE *file = fopen(path, "r");

	if (!file)
		fail_msg("%s cannot be read", path);
	into->length = 0;
	do {
		hold(into, into->length + 65536);
		into->length += fread(into->bytes + into->length, 1, 65536, file);
	} while (!feof(file) && !ferror(file));
	into->bytes[into->length] = '\0';
	fclose(file);
}

void fuzz_write(const char *path, const struct mutant *from)
{
	FILE *file;

	// A new file each time: some filesystems write one out at once that is cut and filled anew.
	unlink(path);
	file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(from->bytes, 1, from->length, file), from->length);
	assert_int_equal(fclose(file), 0);
}

static char folder[] = "/tmp/corridor-fuzz-XXXXXX";

int fuzz_enter(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

int fuzz_leave(void **state)
{
	DIR *directory = opendir(".");
	struct dirent *entry;

	(void)state;
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			unlink(entry->d_name);
	if (directory)
		closedir(directory);
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}
