// SPDX-License-Identifier: BSD-3-Clause
// Which parameters were in force, and which path was taken, from which instant on: what the oracle
// needs beside the captures.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/channel.h"
#include "dataplane/model/error.h"

// What became of the packets in flight when an entry took over.
enum journal_inflight {
	JOURNAL_NEW,    // nothing: they keep their promise
	JOURNAL_RETIME, // they moved to the new delay
	JOURNAL_CUT     // they were lost (cut)
};

// The parameters of one channel from an instant on, until the channel's next entry.
struct journal_channel {
	uint64_t from_ns;
	uint32_t channel;
	enum journal_inflight inflight;
	struct channel_params params;
};

// The channels that a packet entering at port `from` for port `to` takes from an instant on, until
// the next entry of the pair. hop_count 0: no path. `settled` false: the network is converging, so
// packets that enter now may take any path, loop, or be lost.
struct journal_path {
	uint64_t from_ns;
	uint32_t from_port;
	uint32_t to_port;
	int settled;
	uint32_t *hops;
	size_t hop_count;
};

// Times count from clock_ns, the instant of the captures at which the lab's clock was zero.
struct journal {
	uint64_t seed;
	uint64_t clock_ns;
	char **channel_names; // by index
	size_t channel_count;
	char **port_names;
	size_t port_count;
	struct journal_channel *channels; // by from_ns
	size_t channel_entry_count;
	struct journal_path *paths; // by from_ns
	size_t path_entry_count;
	void **owned; // what parameters read from a file point to
	size_t owned_count;
};

// Zero-initialise before the first add. Names are copied; entries are put where their from_ns
// belongs, behind those of the same instant. 0 or -ENOMEM.
int journal_add_channel_name(struct journal *journal, const char *name);
int journal_add_port_name(struct journal *journal, const char *name);
int journal_add_channel(struct journal *journal, const struct journal_channel *entry);
int journal_add_path(struct journal *journal, const struct journal_path *entry); // copies hops
void journal_fini(struct journal *journal);

// Zeroed memory that lives as long as the journal; NULL when there is none.
void *journal_own(struct journal *journal, size_t bytes);

// Index of a name, or -1.
int64_t journal_find_port(const struct journal *journal, const char *name);
int64_t journal_find_channel(const struct journal *journal, const char *name);

// Text, one entry a line, versioned, exact (reads back to identical parameters). Written aside and
// renamed. 0 or negative errno with a sentence naming file and line.
int journal_save(const struct journal *journal, const char *path, struct error *error);
int journal_load(const char *path, struct journal *journal, struct error *error);
