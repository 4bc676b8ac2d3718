// SPDX-License-Identifier: BSD-3-Clause
// The packet engine as control sees it: no names, no DPDK types. One engine, two clocks:
// virtual (engine_advance) and live (engine_start).
//
// Threads: all calls come from one control thread, except where a comment says otherwise.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"
#include "dataplane/model/drop.h"
#include "dataplane/model/error.h"
#include "dataplane/model/histogram.h"

struct engine;

enum engine_clock { ENGINE_VIRTUAL, ENGINE_LIVE };

struct engine_options {
	enum engine_clock clock;
	unsigned workers;      // 1 .. 16
	uint64_t memory_bytes; // for packets in flight; 0: 4 GiB of address space, used as needed
	bool spin;             // live: never sleep
	const char *instance;  // live: unique name for EAL's run-time files
	int eal_argc;          // the user's own EAL options (after --), which override ours
	char **eal_argv;
};

// Starts EAL at the first call of a process (no hugepages or privileges needed), takes memory and
// starts the workers' threads. NULL and a sentence on failure. At most one engine at a time.
struct engine *engine_create(const struct engine_options *options, struct error *error);
// Stops, frees, removes devices and run-time files. NULL is allowed.
void engine_destroy(struct engine *engine);

// ---- Ports ----

// A frame as capture files know it. Valid during the call only.
struct engine_frame {
	uint64_t at_ns; // the engine's clock
	const uint8_t *bytes;
	uint32_t length;      // stored
	uint32_t wire_length; // on the wire
	uint64_t packet;      // same number at every point where the packet is seen
};

// Where a replay port's frames come from: up to `most` frames in order of time, into `frames`;
// their bytes stay valid until the next call. Returns the number, 0 at the end, or a negative
// errno, which engine_advance passes on. Called from the worker that owns the port, one at a time.
struct engine_source {
	void *context;
	int (*read)(void *context, struct engine_frame *frames, unsigned most);
};

// Where a replay port's frames go, in order of time. Same rules. 0 or a negative errno.
struct engine_sink {
	void *context;
	int (*write)(void *context, const struct engine_frame *frames, unsigned count);
};

// Virtual clock. NULL: no input, or output only counted. The plan need not be published yet; port
// numbers are the plan's.
int engine_port_files(struct engine *engine, uint32_t port, const struct engine_source *source,
		      const struct engine_sink *sink, struct error *error);

// A live port: `device` is "tap", "af_packet IF", "af_xdp IF", "memif PATH", "vhost PATH", a PCI
// address, or any DPDK device string ("net_null0", "net_ring0,...").
struct engine_device {
	const char *name; // the port's own, for messages and EAL's device name
	const char *device;
	const char *ifname; // tap
	const char *netns;  // tap: moved there after creation; NULL or "": stays
	uint8_t mac[6];     // of the site's interface; on a tap the kernel's end gets another one
	uint32_t mtu_bytes;
};

// Creates and starts the device; before engine_start. 0, or a negative errno with one sentence that
// names the device, the reason and the remedy.
int engine_port_device(struct engine *engine, uint32_t port, const struct engine_device *device,
		       struct error *error);

// Carrier of a live tap port as its kernel end sees it (link failure shown to a real router). 0 or
// negative errno.
int engine_port_carrier(struct engine *engine, uint32_t port, bool up, struct error *error);

// The longest layer-3 packet that a port sends, 0 for any: its plan's, or less where its device
// carries less. Plans that are published adopt it.
uint32_t engine_port_mtu_bytes(const struct engine *engine, uint32_t port);

// What paces the frames that leave a live port, best last.
enum engine_accuracy {
	ENGINE_SLEEPING, // the loop sleeps until shortly before they are due: tens of microseconds
	ENGINE_SPINNING, // the loop never sleeps: tens of nanoseconds, and a core is busy
	ENGINE_HARDWARE  // the device is told when, ahead of time, and sends by its own clock
};
enum engine_accuracy engine_port_accuracy(const struct engine *engine, uint32_t port);

// How a live port's device keeps time, as far as it does. A frame handed over in time leaves by the
// device's clock, never early, and late by up to twice the error besides what the device itself
// adds, which nobody here sees. One handed over after its time, or behind one that is due later, is
// late, and so counted by engine_lateness, too.
struct engine_port_timing {
	bool paces;         // sends at the time that it is given
	bool stamps;        // says when frames came in
	uint64_t clock_hz;  // its clock's pace
	uint64_t error_ns;  // by how much an instant of its clock may be off in the lab's, now
	uint64_t clock_set; // how often somebody has set its clock
	uint64_t handed_in_time;
	uint64_t handed_late;
	uint64_t stamped;   // frames that came in with a stamp that was used,
	uint64_t unstamped; // and without one
};
// All zero for other ports, and before engine_start. Any thread.
void engine_port_timing(const struct engine *engine, uint32_t port,
			struct engine_port_timing *timing);

// What works less well than asked at a live port (an offload that stays on, a smaller MTU): one
// line, "" when all is well. The engine's; valid until engine_destroy.
const char *engine_port_warning(const struct engine *engine, uint32_t port);

// ---- Observation points (virtual clock) ----

enum engine_point {
	ENGINE_CHANNEL_ENTER, // as it enters the channel
	ENGINE_CHANNEL_LEAVE, // as it leaves, with its release time
	ENGINE_CHANNEL_LOST,  // reason and, if it was sent, the instant at which it was due
	ENGINE_PORT_IN,       // as a port receives it
	ENGINE_PORT_OUT,      // as a port sends it
	ENGINE_PORT_LOST,     // too long for a port
	ENGINE_SITE_LOST      // at a site, with the reason
};

struct engine_observation {
	enum engine_point point;
	uint32_t channel; // one of these three, the others are PLAN_NONE
	uint32_t port;
	uint32_t site;
	enum drop_reason reason;
	uint64_t due_at_ns; // but for jitter if the model lost it; 0: it was never sent
	struct engine_frame frame;
};

// Shows every packet at every channel and port, and where sites lose it, to `observe`, from the
// worker that owns the point: concurrent calls for different workers (`worker` tells them apart),
// in order of time for each worker. NULL turns it off. Before the first advance.
void engine_observe(struct engine *engine,
		    void (*observe)(void *context, unsigned worker,
				    const struct engine_observation *observation),
		    void *context);

// ---- Plans ----

// Hands over a plan, which takes effect at its valid_from_ns exactly, on every worker. Builds its
// lookup tables. Virtual: before the clock reaches valid_from_ns. Live: an instant that has passed
// means now; returns when the last worker has taken it over and the plan before it is retired; its
// valid_from_ns, which may be read until the next plan, is then the true instant.
// On failure the caller keeps the plan. Number of sites, channels, ports, interfaces and flows must
// equal the first plan's.
int engine_publish(struct engine *engine, struct plan *plan, struct error *error);

// ---- Virtual clock ----

#define ENGINE_IDLE UINT64_MAX

// Does all that is due before until_ns (exclusive) and sets the clock there. Results do not depend
// on the number of workers. A fault of a source or sink is passed on.
int engine_advance(struct engine *engine, uint64_t until_ns, struct error *error);
// The instant of the next thing due (an arrival, a release, a flow's packet), or ENGINE_IDLE.
uint64_t engine_next_due_ns(const struct engine *engine);

// ---- Live clock ----

// Workers run until engine_stop. 0 or a negative errno.
int engine_start(struct engine *engine, struct error *error);
void engine_stop(struct engine *engine);
// The engine's clock now: nanoseconds since engine_start (live), or where advance left it. Any
// thread.
uint64_t engine_now_ns(const struct engine *engine);
// CLOCK_REALTIME of the engine's zero, nanoseconds (live).
uint64_t engine_epoch_ns(const struct engine *engine);

// ---- Counters (copies; any thread, while running) ----

struct engine_channel_counters {
	uint64_t entered;
	uint64_t delivered;
	uint64_t duplicated;
	uint64_t entered_bytes;
	uint64_t delivered_bytes;
	uint64_t in_flight; // entered + duplicated - delivered - all lost
	uint64_t retimed;   // touched by a change
	uint64_t marked;    // ECN set to CE by the queue
	uint64_t corrupted; // bits flipped
	uint64_t reordered; // released without regard to order
	uint64_t lost[DROP_REASONS];
	uint64_t unused; // so that no two channels share a cache line
};
static_assert(sizeof(struct engine_channel_counters) % 64 == 0, "no two channels share a line");

struct engine_port_counters {
	uint64_t received;
	uint64_t received_bytes;
	uint64_t sent;
	uint64_t sent_bytes;
	uint64_t lost[DROP_REASONS]; // on the way out of the port: DROP_PORT, DROP_MTU
};

// What ended or began at a site. Over a whole lab:
//   ports received + flows sent + originated + flooded + fragmented + duplicated =
//   ports sent + flows received + local + pending + in flight + all lost.
struct engine_site_counters {
	// Addressed to the site itself (echo requests, ARP, ...) or to all on a link of it (MLD,
	// mDNS, LLDP, ...: what no router or bridge sends on), and consumed.
	uint64_t local;
	uint64_t originated; // made by the site (echo replies, errors, ARP)
	uint64_t pending;    // waiting for a neighbour's address now
	uint64_t flooded;    // extra copies made by an exchange
	uint64_t fragmented; // extra packets made by cutting up: fragments less what was cut
	uint64_t lost[DROP_REASONS];
};

struct engine_flow_counters {
	uint64_t sent;
	uint64_t received;
	uint64_t duplicated;         // sequence numbers seen again
	uint64_t reordered;          // RFC 4737: later than a higher sequence number
	uint64_t corrupted;          // received with a wrong checksum, and not measured
	uint64_t lost[DROP_REASONS]; // by cause, wherever it happened
	uint64_t next_sequence;      // expected
	// The longest time without a packet since engine_flow_reset_gap, between two receptions.
	uint64_t gap_ns, gap_from_ns, gap_until_ns;
	uint64_t last_received_at_ns;
	uint32_t last_path; // of the last packet received; see engine_path
};

void engine_channel_read(const struct engine *engine, uint32_t channel,
			 struct engine_channel_counters *counters);
void engine_port_read(const struct engine *engine, uint32_t port,
		      struct engine_port_counters *counters);
void engine_site_read(const struct engine *engine, uint32_t site,
		      struct engine_site_counters *counters);
void engine_flow_read(const struct engine *engine, uint32_t flow,
		      struct engine_flow_counters *counters);
// One-way delay of the flow's packets. Copies.
void engine_flow_delay(const struct engine *engine, uint32_t flow, struct histogram *delay);
void engine_flow_reset_gap(struct engine *engine, uint32_t flow); // virtual clock only

// The channels that packets with this path mark have passed, first to last: the number, at most
// `most`. 0 when unknown.
size_t engine_path(const struct engine *engine, uint32_t path, uint32_t *channels, size_t most);

// Actual minus intended departure at live ports, nanoseconds; without the frames that a device
// sends by its own clock (engine_port_timing). Copies.
void engine_lateness(const struct engine *engine, struct histogram *lateness);

// Bytes of packets and bookkeeping per packet in flight now, and the most there were.
struct engine_memory {
	uint64_t packets;
	uint64_t packets_most;
	uint64_t bytes_used;
	uint64_t bytes_limit;
};
void engine_memory_read(const struct engine *engine, struct engine_memory *memory);
