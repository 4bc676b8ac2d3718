// SPDX-License-Identifier: BSD-3-Clause
// The engine's own structures: what a worker owns, what all share. Private to the engine.
//
// Who owns what. A site, with its ports, its flows' senders and receivers and the entry side of the
// channels that leave it, belongs to one worker; the packets in flight on a channel (its hold)
// belong to the worker of the site or port where it ends. Owners change only while all workers
// stand still.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/agenda.h"
#include "dataplane/engine/engine.h"
#include "dataplane/engine/flight.h"
#include "dataplane/engine/hold.h"
#include "dataplane/engine/packet.h"
#include "dataplane/engine/plan.h"
#include "dataplane/engine/ready.h"
#include "dataplane/engine/store.h"
#include "dataplane/engine/worker.h"
#include "dataplane/model/channel.h"

#define CORE_BURST       64
#define CORE_MAX_WORKERS STORE_WORKERS

struct port_device;
struct port_frame;
struct live_clock;

// A port: capture files (virtual) or a device (live). Touched by the owner of its site or wire.
struct core_port {
	struct engine_source source; // read NULL: none
	struct engine_sink sink;     // write NULL: none
	struct engine_frame in[CORE_BURST];
	unsigned in_count;
	unsigned in_next;
	bool in_ended;
	unsigned out_count;
	packet_ref out[CORE_BURST];
	uint64_t out_at_ns[CORE_BURST];
	uint64_t sequence; // of frames received, for their ids
	struct port_device *device;
	struct store_packer packer; // of frames from the device into a wire, in order
};

// The sending and the receiving end of a built-in flow, each owned by its site's worker.
struct core_flow_sender {
	uint64_t sequence;
	uint64_t next_at_ns; // AGENDA_NEVER: finished
	uint64_t phase_q16;  // fraction of a nanosecond of the next constant departure
	uint64_t on_until_ns;
	uint64_t draws;
};

struct core_flow_receiver {
	struct engine_flow_counters counters;
	struct histogram delay;
};

// Remembers which channels a path mark stands for: mark -> (mark before, last channel).
#define CORE_PATHS 4096
struct core_path {
	uint32_t mark; // 0: free
	uint32_t before;
	uint32_t channel;
};

// How far the way of a packet that comes next has been looked up (fetch.c).
#define CORE_FETCH 32
struct core_fetch {
	uint32_t next_place; // in the agenda's line, of the step that comes next; 0: none
	uint32_t site;       // that it comes to
	const struct packet *packet;
	const void *step; // fetched last
};

struct worker {
	struct engine *engine;
	const struct plan *plan;
	uint32_t index;
	int fault; // negative errno of a source or sink
	struct agenda agenda;
	struct store_cache store;
	int64_t packets; // taken minus ended here
	int64_t packets_most;
	struct engine_channel_counters *channels; // [channel]
	struct engine_site_counters *sites;       // [site]
	struct engine_port_counters *ports;       // [port]
	uint64_t (*flow_lost)[DROP_REASONS];      // [flow]
	struct core_path *paths;                  // [CORE_PATHS]
	struct core_fetch fetch[CORE_FETCH];
	struct hold outbox[CORE_MAX_WORKERS]; // pairs for other workers' flights
	uint64_t next_at_ns;                  // virtual: of its agenda, for the others to read
	uint64_t tick_at_ns;                  // live: next site_tick
	struct ready ready;                   // live
	pthread_t thread;
} __attribute__((aligned(64)));

struct engine {
	struct engine_options options;
	struct store *store;
	unsigned worker_count;
	struct worker *workers;
	struct channel_state *states; // [channel] entry side
	struct flight *flights;       // [channel] packets in flight
	struct site_state **site_states;
	uint64_t *site_sequence; // [site] ids of originated packets
	struct core_port *ports;
	size_t port_count; // known before the first plan: grows with engine_port_*
	struct core_flow_sender *senders;
	struct core_flow_receiver *receivers;
	uint8_t *site_owner;
	uint8_t *port_owner;
	uint64_t lookahead_ns;  // least delay of a channel between two workers
	struct plan *plan;      // in force
	struct plan *pending;   // takes over at its valid_from_ns
	struct plan *published; // RCU: what the live worker reads
	uint64_t now_ns;
	void (*observe)(void *context, unsigned worker, const struct engine_observation *);
	void *observe_context;
	// Virtual clock with several workers (virtual.c).
	pthread_mutex_t gate;
	pthread_barrier_t windows; // all workers meet
	uint64_t windows_until_ns;
	bool threads_run;
	bool finish;
	struct engine_live *live; // engine_live.c
};

// Numbering of an agenda's sources.
static inline uint32_t core_source_of_port(const struct engine *engine, uint32_t port)
{
	return (uint32_t)engine->plan->channel_count + port;
}

static inline uint32_t core_source_of_flow(const struct engine *engine, uint32_t flow)
{
	return (uint32_t)(engine->plan->channel_count + engine->plan->port_count) + flow;
}

// The next frame to leave a channel's managed queue.
static inline uint32_t core_source_of_departure(const struct engine *engine, uint32_t channel)
{
	return core_source_of_flow(engine, (uint32_t)engine->plan->flow_count) + channel;
}

// The worker that owns the far (or near) end of a channel.
static inline unsigned core_exit_owner(const struct engine *engine, const struct plan_channel *c)
{
	return c->to_site != PLAN_NONE ? engine->site_owner[c->to_site]
				       : engine->port_owner[c->to_port];
}

static inline unsigned core_entry_owner(const struct engine *engine, const struct plan_channel *c)
{
	return c->from_site != PLAN_NONE ? engine->site_owner[c->from_site]
					 : engine->port_owner[c->from_port];
}

// ---- worker.c ----

// Takes a block for a packet of `length` bytes and zeroes its header. PACKET_NONE when memory is
// out.
packet_ref core_take_packet(struct worker *worker, uint32_t length);
void core_end_packet(struct worker *worker, packet_ref ref);
// Counts and ends a packet that a channel has lost.
void core_lose_in_channel(struct worker *worker, uint32_t channel, packet_ref ref,
			  enum drop_reason reason, uint64_t at_ns, uint64_t due_at_ns);
// Into the flight of a channel that this worker owns the end of. `out_of_order`: see flight_push.
void core_hold(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t release_at_ns,
	       bool out_of_order);
// Sets the instant in the agenda at which the channel's managed queue has something to do; for the
// owner of its entry.
void core_schedule_departure(struct worker *worker, uint32_t channel);
// What is due at or before at_ns leaves a channel's managed queue, or is lost by it.
void core_depart(struct worker *worker, uint32_t channel, uint64_t at_ns);
// Shows a packet at a point of a channel to whoever observes, who must be there.
void core_observe_channel(struct worker *worker, uint32_t channel, enum engine_point point,
			  packet_ref ref, uint64_t at_ns, enum drop_reason reason,
			  uint64_t due_at_ns);
// What the law has decided on a packet that has just entered a channel is done.
void core_offered(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns,
		  const struct channel_fate *fate);
// Shows a packet at a port to whoever observes.
void core_observe_port(struct worker *worker, uint32_t port, enum engine_point point,
		       packet_ref ref, uint64_t at_ns);
// A frame that a port has received: into its site or wire.
void core_port_receive(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns);
// The same once it has been numbered and counted.
void core_port_input(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns);
// Does all that is due before until_ns.
void core_advance(struct worker *worker, uint64_t until_ns);

// ---- burst.c ----

// Frames that a port has received at one instant, at most PORT_BURST: copied, and into its site or
// wire.
void core_receive_burst(struct worker *worker, uint32_t port, const struct port_frame *frames,
			unsigned count, uint64_t at_ns);
// The first packet in flight on a channel, which the agenda gave as its first, reaches the far end,
// and with it all behind it that are due before until_ns and before anything else.
void core_release(struct worker *worker, uint32_t channel, uint64_t until_ns);
// Up to PORT_BURST of a wire's packets that are due before an instant leave by the port at its end;
// observers are not told, nor is the agenda. Gives how many, and when the last was due.
unsigned core_release_burst(struct worker *worker, uint32_t channel, uint64_t before_ns,
			    uint64_t *last_at_ns);

// ---- file_port.c: capture files as ports ----

// Sets the port's instant in the agenda from its source; reads a burst when needed.
void file_port_schedule(struct worker *worker, uint32_t port);
// The next frame of the port's source is due.
void file_port_input(struct worker *worker, uint32_t port, uint64_t at_ns);
void file_port_output(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns);
void file_port_flush(struct worker *worker, uint32_t port);

// ---- flow.c ----

void flow_schedule(struct worker *worker, uint32_t flow);
void flow_send(struct worker *worker, uint32_t flow, uint64_t at_ns);

// ---- takeover.c ----

// The pending plan takes over: all workers stand still, or the caller is the only one. Returns the
// plan that it replaces (NULL the first time), for the caller to free after a grace period.
struct plan *takeover(struct engine *engine);

// ---- partition.c ----

// Assigns sites and ports to workers, and fills their agendas and engine->lookahead_ns. One worker
// has all: there is nothing to do for it but with the first plan.
void partition(struct engine *engine, bool first);

// ---- virtual.c ----

int virtual_start(struct engine *engine, struct error *error);
void virtual_stop(struct engine *engine);

// ---- engine_live.c ----

int core_live_create(struct engine *engine, struct error *error);
void core_live_destroy(struct engine *engine);
// Hands a plan to the running worker and waits until it has taken over.
void core_live_publish(struct engine *engine, struct plan *plan);
// Does the live clock run (between engine_start and engine_stop)?
bool core_live_runs(const struct engine *engine);
// What the worker measures while it runs; NULL on the virtual clock.
const struct histogram *core_live_lateness(const struct engine *engine);
