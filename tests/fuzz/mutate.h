// SPDX-License-Identifier: BSD-3-Clause
// Damage by number: the same round of the same seed always changes the same bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that grow; zero-initialised is empty.
struct mutant {
	uint8_t *bytes; // with a NUL behind them
	size_t length;
	size_t room;
};

// What a kind of file is made of: put in, or in the place of something, now and then.
struct mutate_words {
	const char *const *words; // ends with NULL
	bool is_text;             // numbers are digits, else of 2, 4 or 8 bytes
};

// A copy of the sound bytes, with one to eight changes: bits, bytes, numbers, ranges taken out,
// doubled, moved or cut off, words. `round` addresses them.
void mutate(struct mutant *mutant, const uint8_t *sound, size_t length,
	    const struct mutate_words *words, uint64_t seed, uint64_t round);
void mutant_fini(struct mutant *mutant);

// How many rounds: FUZZ_ROUNDS, or `few`. FUZZ_SEED is the seed, else 1.
uint64_t fuzz_rounds(uint64_t few);
uint64_t fuzz_seed(void);

// Whole files; failures end the test.
void fuzz_read(const char *path, struct mutant *into);
void fuzz_write(const char *path, const struct mutant *from);

// A folder under /tmp that the test works in, and its end with all that is in it.
int fuzz_enter(void **state);
int fuzz_leave(void **state);
