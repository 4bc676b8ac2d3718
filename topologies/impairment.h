// SPDX-License-Identifier: BSD-3-Clause
// The words after `tc qdisc ... netem`, for one direction of a link, and what corridor adds to
// them: parsed, merged, printed back. impairment_params.h turns them into a channel's parameters.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/wave.h"
#include "topologies/tables.h"

// Groups of words: `set` changes what is named and leaves the rest.
enum impairment_group {
	GROUP_DELAY,
	GROUP_JITTER,
	GROUP_ORDER,
	GROUP_LOSS,
	GROUP_DUPLICATE,
	GROUP_CORRUPT,
	GROUP_REORDER,
	GROUP_RATE,
	GROUP_OVERHEAD, // the words after the rate, and framing = ethernet
	GROUP_BURST,
	GROUP_POLICE,
	GROUP_SLOT,
	GROUP_LIMIT,
	GROUP_QUEUE,
	GROUP_TRACE,
	GROUP_ACCESS,
	IMPAIRMENT_GROUPS
};

#define IMPAIRMENT(group) (1U << (group))
#define IMPAIRMENT_ALL    (IMPAIRMENT(IMPAIRMENT_GROUPS) - 1)

// Over time: value = the constant + amplitude x a wave of this period.
struct impairment_wave {
	enum wave_kind kind;
	double amplitude; // nanoseconds, bits per second or ratio, as the constant
	uint64_t period_ns;
};

struct impairment_delay {
	uint64_t delay_ns;
	struct impairment_wave wave;
};

enum distribution_kind {
	DISTRIBUTION_NONE, // no jitter
	DISTRIBUTION_UNIFORM,
	DISTRIBUTION_NORMAL,
	DISTRIBUTION_PARETO,
	DISTRIBUTION_PARETONORMAL,
	DISTRIBUTION_EXPONENTIAL,
	DISTRIBUTION_GAMMA,
	DISTRIBUTION_LOGNORMAL,
	DISTRIBUTION_TABLE // of a file in iproute2's .dist format
};

// Of the words after delay: TIME [JITTER [CORRELATION]] [distribution NAME] [halflife TIME].
struct impairment_jitter {
	enum distribution_kind kind;
	uint64_t jitter_ns;
	double correlation;   // 0..1, from packet to packet
	uint64_t halflife_ns; // 0: none
	double shape;         // gamma; 0: the default
	const struct table *table;
};

enum order_kind { ORDER_KEEP, ORDER_FREE };

enum loss_words {
	LOSS_WORDS_NONE,
	LOSS_WORDS_RANDOM,
	LOSS_WORDS_STATE,
	LOSS_WORDS_GEMODEL,
	LOSS_WORDS_BER,
	LOSS_WORDS_PATTERN,
	LOSS_WORDS_EVERY,
	LOSS_WORDS_PACKET,
	LOSS_WORDS_OUTAGE
};

#define LOSS_PACKETS_MOST 16

// Which packets of a flow are lost: `packet 7,9 tcp dport 5201`.
struct impairment_loss_packet {
	uint64_t numbers[LOSS_PACKETS_MOST]; // increasing, the first is 1
	uint32_t count;
	uint8_t protocol;                  // 0: any
	uint16_t source_port, target_port; // 0: any
	bool segments;                     // TCP with payload only
};

struct impairment_loss {
	enum loss_words kind;
	double ratio;       // random; ber: per bit
	double correlation; // random
	double p[5];        // state: p13 p31 p32 p23 p14; gemodel: p r 1-h 1-k; defaults filled in
	bool ecn;           // marks what can be marked
	const struct table *pattern;
	bool once;                       // pattern: not over again
	uint64_t every, offset;          // every n-th, from offset on
	uint64_t outage_ns, interval_ns; // outage: mean length, mean time from start to start
	bool fixed;                      // outage: lengths are not random
	struct impairment_loss_packet packet;
	struct impairment_wave wave; // random
};

struct impairment_chance {
	double ratio;
	double correlation;
};

struct impairment_corrupt {
	struct impairment_chance chance;
	uint32_t bits; // 1 unless given
};

struct impairment_reorder {
	struct impairment_chance chance;
	uint32_t gap;     // netem's; 1 unless given
	uint64_t late_ns; // instead: later by this
};

struct impairment_rate {
	uint64_t bps; // 0: no serialiser
	struct impairment_wave wave;
};

struct impairment_overhead {
	int32_t bytes;
	uint32_t cell_bytes;
	uint32_t cell_overhead_bytes;
};

// `burst SIZE [peakrate RATE mtu SIZE]`, as tc-tbf: a token bucket, and a second one for its peak.
struct impairment_burst {
	uint64_t bytes;    // 0: none
	uint64_t peak_bps; // 0: none
	uint64_t peak_bytes;
};

// `police CIR CBS [EBS]` (RFC 2697) or `police CIR CBS PIR PBS` (RFC 2698), and `remark DSCP`.
struct impairment_police {
	uint64_t cir_bps, pir_bps; // pir 0: single rate; cir 0: no policer
	uint64_t cbs_bytes, ebs_bytes, pbs_bytes;
	bool remarks; // yellow packets get yellow_dscp
	uint8_t yellow_dscp;
};

struct impairment_slot {
	uint64_t least_ns, most_ns;  // both 0: no slots
	struct impairment_jitter by; // with a distribution: delay in least_ns
	uint64_t packets, bytes;     // 0: any
};

// `access [cra RATE] [rbdc RATE [schedule TIME] [timeout TIME]] [superframe TIME]`: a return link
// of DVB-RCS2. Both rates 0: none.
struct impairment_access {
	uint64_t cra_bps, rbdc_bps;
	uint64_t superframe_ns, schedule_ns, timeout_ns; // defaults filled in
};

enum limit_kind { LIMIT_NONE, LIMIT_PACKETS, LIMIT_BYTES, LIMIT_TIME };

struct impairment_limit {
	enum limit_kind kind;
	uint64_t amount;
};

enum queue_words {
	QUEUE_WORDS_TAIL,
	QUEUE_WORDS_HEAD,
	QUEUE_WORDS_RED,
	QUEUE_WORDS_CODEL,
	QUEUE_WORDS_PIE,
	QUEUE_WORDS_FQ_CODEL,
	QUEUE_WORDS_PRIO,
	QUEUE_WORDS_DRR,
	QUEUE_WORDS_STEP
};

#define QUEUE_BANDS_MOST 8
#define QUEUE_BANDS      4 // unless given

// Zero means that a number was not given: the discipline's own default holds.
struct impairment_queue {
	enum queue_words kind;
	uint64_t target_ns, interval_ns, ce_threshold_ns, update_ns;
	uint64_t allowance_ns; // pie: of bursts
	uint32_t alpha, beta;  // pie, in 16ths per second as in tc
	uint64_t flows, quantum_bytes, memory_bytes;
	uint64_t min_bytes, max_bytes, packet_bytes, burst_packets; // red
	double probability;                                         // red
	bool adaptive, harddrop, nodrop;                            // red
	int ecn; // 0: not given, 1: ecn, -1: noecn
	uint32_t bands;
	uint64_t weights[QUEUE_BANDS_MOST]; // drr
	bool bands_given;
	uint8_t band_of[64]; // by DSCP; valid when bands_given
	bool ect1_only;      // step
};

struct impairment_trace {
	const struct table *table; // NULL: none
	bool once;
	bool interpolated;
};

struct impairment {
	unsigned given; // IMPAIRMENT(group), or-ed
	struct impairment_delay delay;
	struct impairment_jitter jitter;
	enum order_kind order;
	struct impairment_loss loss;
	struct impairment_chance duplicate;
	struct impairment_corrupt corrupt;
	struct impairment_reorder reorder;
	struct impairment_rate rate;
	struct impairment_overhead overhead;
	struct impairment_burst burst;
	struct impairment_police police;
	struct impairment_slot slot;
	struct impairment_limit limit;
	struct impairment_queue queue;
	struct impairment_trace trace;
	struct impairment_access access;
};

// Parses words such as {"delay","100ms","10ms","25%","distribution","normal","loss","gemodel","1%",
// "10%","rate","1mbit","24","limit","1000"}. Keywords may be shortened and have netem's synonyms
// (latency, drop); `loss 1%` means `loss random 1%`; `limit 1000` and `limit 1000p` are packets,
// `limit 20ms` time, `limit 64kb` bytes. Each group at most once. Files are read into `tables`,
// which must live as long as the impairment; NULL: files are refused. 0 or a negative errno with
// one sentence; `impairment` is untouched then.
int impairment_parse(const char *const *words, size_t count, const char *where,
		     struct tables *tables, struct impairment *impairment, struct error *error);

// The same from one string split at white space.
int impairment_parse_line(const char *line, const char *where, struct tables *tables,
			  struct impairment *impairment, struct error *error);

// into: replaces the groups that `change` gives.
void impairment_merge(struct impairment *into, const struct impairment *change);

// The word that begins a group ("delay", ...).
const char *impairment_group_name(enum impairment_group group);

// Words that impairment_parse reads back to the same values; only the groups given. Returns buffer.
char *impairment_format(const struct impairment *impairment, char *buffer, size_t size);
