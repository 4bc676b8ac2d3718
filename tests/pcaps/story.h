// SPDX-License-Identifier: BSD-3-Clause
// A wire, what went in, and what came out: told by a test, written to files, read back and judged.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pcaps/judge.h"

#define MS       UINT64_C(1000000)
#define START_NS UINT64_C(1700000000000000000) // of the lab's clock
#define FRAME    200u                          // bytes

struct arrival {
	uint32_t sent;
	uint64_t at_ns; // since START_NS
	bool flipped;
	bool foreign; // never sent
};

// One wire and what came out of it.
struct story {
	struct journal journal;
	uint64_t *sent_ns;
	uint32_t sent_count;
	struct arrival *arrivals;
	uint32_t arrival_count;
	uint64_t tolerance_ns;
	bool no_law;
	struct judge judge;
};

// A wire into which `frames` frames go, gap_ns apart; nothing holds yet and nothing arrives.
void story_begin(struct story *story, uint32_t frames, uint64_t gap_ns);
void story_end(struct story *story);
// Parameters: 10 ms, nothing else.
struct channel_params story_plain(void);
void story_hold_from(struct story *story, uint64_t from_ns, enum journal_inflight inflight,
		     const struct channel_params *params);
// Arrivals by the law itself, under one set of parameters.
void story_obey(struct story *story, const struct channel_params *params);
// Writes both captures, reads them back and judges.
void story_judge(struct story *story);
const struct judge_test *story_find(const struct story *story, const char *name);
enum judge_answer story_answer(const struct story *story, const char *name);
void story_expect_pass(struct story *story);
// The named clause fails, is named in the verdict, and none fails that is not in `others`.
void story_expect_failure(struct story *story, const char *name, const char *others);
