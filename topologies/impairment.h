// SPDX-License-Identifier: BSD-3-Clause
// The words after `tc qdisc ... netem`, for one direction of a link: parsed, merged, printed back.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/jitter.h"
#include "dataplane/model/loss.h"
#include "dataplane/model/queue.h"

// Which groups of words were given: `set` changes what is named and leaves the rest.
enum impairment_given {
	IMPAIRMENT_DELAY = 1 << 0,
	IMPAIRMENT_JITTER = 1 << 1,
	IMPAIRMENT_LOSS = 1 << 2,
	IMPAIRMENT_RATE = 1 << 3,
	IMPAIRMENT_LIMIT = 1 << 4
};

struct impairment {
	unsigned given; // enum impairment_given
	uint64_t delay_ns;
	enum jitter_kind
		jitter; // of the words after delay: TIME [JITTER [CORRELATION]] [distribution NAME]
	uint64_t jitter_ns;
	double jitter_correlation; // 0..1
	enum loss_kind loss;
	double loss_ratio;       // random
	double loss_correlation; // random
	double gemodel[4]; // p, r, 1-h, 1-k with netem's defaults filled in (r = 1-p, 1-h = 1, 1-k
			   // = 0)
	uint64_t rate_bps; // 0: no serialiser
	int32_t rate_overhead_bytes;
	uint32_t rate_cell_bytes;
	uint32_t rate_cell_overhead_bytes;
	enum queue_limit limit;
	uint64_t limit_amount;
};

// Parses words such as {"delay","100ms","10ms","25%","distribution","normal","loss","gemodel","1%",
// "10%","rate","1mbit","24","limit","1000"}. Keywords may be shortened and have netem's synonyms
// (latency, drop); `loss 1%` means `loss random 1%`; `limit 1000` and `limit 1000p` are packets,
// `limit 20ms` time, `limit 64kb` bytes. Words of netem that the models do not have yet are refused
// by name. Each group at most once. 0 or -EINVAL with one sentence; `impairment` is untouched then.
int impairment_parse(const char *const *words, size_t count, const char *where,
		     struct impairment *impairment, struct error *error);

// The same from one string split at white space.
int impairment_parse_line(const char *line, const char *where, struct impairment *impairment,
			  struct error *error);

// into: replaces the groups that `change` gives.
void impairment_merge(struct impairment *into, const struct impairment *change);

// Words that impairment_parse reads back to the same values; only the groups given. Returns buffer.
char *impairment_format(const struct impairment *impairment, char *buffer, size_t size);
