// SPDX-License-Identifier: BSD-3-Clause
// The compiled, immutable topology that the dataplane runs: indices and numbers, no names.
// control/compile fills one in, engine_publish takes it over; nobody changes it afterwards.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/channel.h"

#define PLAN_NONE       UINT32_MAX
#define PLAN_ECMP_PATHS 8

// IPv4 in the first four bytes, network order. family 0: none.
struct plan_address {
	uint8_t family; // 0, 4 or 6
	uint8_t prefix_length;
	uint8_t bytes[16];
};

// A layer-3 interface of a site that routes: a port of the site, or a channel from the site to an
// exchange. Numbered over the whole plan.
struct plan_interface {
	uint32_t site;
	uint32_t port;    // or PLAN_NONE
	uint32_t channel; // site -> exchange, or PLAN_NONE
	uint8_t mac[6];
	struct plan_address address4; // the site's own, with the subnet's prefix length
	struct plan_address address6;
	uint8_t link_local[16]; // IPv6 link-local address derived from the MAC
	bool resolves;    // ask by ARP / ND and wait; false (replay ports): synthesise at once
	bool promiscuous; // take frames for any MAC address (replay ports)
};

struct plan_site {
	bool switches; // an exchange: layer 2; all else routes
	bool carrier;  // false: the site is down, everything that reaches it is lost (carrier)
	struct plan_address address4; // own (loopback)
	struct plan_address address6;
};

// One direction of a link, from a site or port to a site or port. Channel c and c^1 are the two
// directions of one link.
struct plan_channel {
	uint32_t to_site; // or PLAN_NONE on a wire
	uint32_t to_port; // wires only
	uint32_t
		to_interface; // when it comes from an exchange to a router: that router's interface
	uint32_t from_interface; // when it leaves a router towards an exchange
	struct channel_params params;
	uint64_t minimum_delay_ns; // filled in by plan_finish
	uint32_t from_site;        // or PLAN_NONE on a wire
	uint32_t from_port;        // wires only
	uint64_t unused[5];        // so that the next one begins a cache line, too
};
static_assert(offsetof(struct plan_channel, params.plain_loss) + sizeof(uint64_t) <= 64,
	      "what a packet needs of a channel of constant delay is one line");
static_assert(sizeof(struct plan_channel) % 64 == 0, "no two channels share a line");

struct plan_port {
	uint32_t site;         // or PLAN_NONE on a wire
	uint32_t wire_channel; // the channel that frames received here enter, or PLAN_NONE
	uint32_t interface;    // layer-3 interface when the site routes, or PLAN_NONE
	uint32_t mtu_bytes;    // longest layer-3 packet sent here; 0: any
};

// How a site forwards towards another: into a channel; on the far side of an exchange the frame
// needs the next router's MAC address.
struct plan_adjacency {
	uint32_t channel;
	uint32_t interface; // of the sending router when the channel leads to an exchange, else
			    // PLAN_NONE
	uint8_t mac[6];     // destination MAC when the channel leads to an exchange
};

// Where a prefix ends.
enum plan_delivery {
	PLAN_LOCAL,      // an address of the site itself
	PLAN_CONNECTED,  // on an interface: the neighbour is the packet's destination
	PLAN_VIA,        // on an interface: the neighbour is `via`
	PLAN_UNREACHABLE // lives behind the site, but no port leads there: flows only
};

struct plan_destination {
	uint32_t site;
	enum plan_delivery delivery;
	uint32_t interface;
	struct plan_address via;
};

struct plan_prefix {
	struct plan_address prefix;
	uint32_t destination;
};

enum plan_flow_pattern { PLAN_FLOW_CONSTANT, PLAN_FLOW_POISSON, PLAN_FLOW_ONOFF, PLAN_FLOW_IMIX };

// Smallest frames that hold a flow's UDP header and stamp (magic, flow, sequence, time sent).
#define PLAN_FLOW_MINIMUM_IPV4 66
#define PLAN_FLOW_MINIMUM_IPV6 86
// PLAN_FLOW_IMIX draws frames of these sizes 7 : 4 : 1, whatever frame_bytes says.
#define PLAN_IMIX_SMALL  PLAN_FLOW_MINIMUM_IPV6
#define PLAN_IMIX_MEDIUM 590
#define PLAN_IMIX_LARGE  1514

// Built-in traffic: UDP packets made at a site for another.
struct plan_flow {
	uint32_t from_site;
	uint32_t to_site;
	uint32_t random_key; // address of its random draws; apart from the channels'
	enum plan_flow_pattern pattern;
	struct plan_address source; // family decides IPv4 or IPv6
	struct plan_address target;
	uint16_t source_port;
	uint16_t target_port;
	uint32_t frame_bytes;       // Ethernet header and payload
	uint64_t interval_ns_q16;   // mean time between packets, times 2^16
	uint64_t on_ns, off_ns;     // mean lengths, onoff
	uint64_t start_ns, stop_ns; // no packet at or after stop
};

// The way on of one site towards all others: ways[destination site] is 0 for none, else
// 1 + an index into `groups`. A row is shared between plans (reference counted by control's
// thread).
struct plan_row {
	unsigned references;
	uint32_t *ways;
	size_t way_count; // = site_count
};

// Equal-cost ways, chosen by a packet's hash.
struct plan_group {
	uint32_t count; // 1 .. PLAN_ECMP_PATHS
	uint32_t adjacency[PLAN_ECMP_PATHS];
};

// What becomes of packets in flight on a channel when this plan takes over.
enum plan_inflight {
	PLAN_NEW,    // untouched: only packets that start after the change see it
	PLAN_RETIME, // moved to another delay, in order, never before the change
	PLAN_CUT     // lost (cut)
};

struct plan_touched {
	uint32_t channel;
	enum plan_inflight inflight;
	uint64_t delay_ns; // retime: to which they move; what starts later may have another
};

struct plan_lookup; // longest-prefix tables, private to the engine, shared between plans

// How a channel of a plan may differ from that of another.
enum plan_difference {
	PLAN_SAME,
	PLAN_DIFFERS = 1,
	PLAN_LINE_DIFFERS = 3 // its queue and rate, too
};

// A bottleneck queue that changes when the plan takes over: its new memory before, its old
// afterwards. Private to the engine.
struct plan_queue {
	uint32_t channel;
	void *memory;
};

struct plan {
	unsigned references;    // control's thread counts; plan_free gives one up
	uint64_t valid_from_ns; // takes over for everything that happens at or after this instant
	uint64_t seed;
	struct plan_site *sites;
	size_t site_count;
	struct plan_channel *channels;
	size_t channel_count;
	struct plan_port *ports;
	size_t port_count;
	struct plan_interface *interfaces;
	size_t interface_count;
	struct plan_adjacency *adjacencies;
	size_t adjacency_count;
	struct plan_group *groups;
	size_t group_count;
	struct plan_row **rows; // [site]; NULL for a site that switches
	struct plan_destination *destinations;
	size_t destination_count;
	struct plan_prefix *prefixes;
	size_t prefix_count;
	struct plan_flow *flows;
	size_t flow_count;
	struct plan_touched *touched; // channels in flight that this plan retimes or cuts
	size_t touched_count;
	struct plan_lookup *lookup; // by engine_publish: built, or shared by equal `prefixes`
	struct plan_queue *queues;  // made by engine_publish
	size_t queue_count;
	// For engine_publish, which need not look at the other channels when `since` is in force:
	// [channel] enum plan_difference to that plan's. Neither is owned; NULL: nothing is known.
	const struct plan *since;
	const uint8_t *changed;
};

// An empty plan with one reference, or NULL. Arrays are malloc'ed by the filler and freed by
// plan_free.
struct plan *plan_create(void);
// A copy to be changed and published next: arrays copied, rows and lookup shared, touched empty.
struct plan *plan_copy(const struct plan *plan);
// Gives up a reference: the caller's own, never the engine's, which retires its plans. The last one
// frees the plan.
void plan_free(struct plan *plan);
// Makes `to`, an earlier plan of the same network that nobody else holds, the same as `from`. Left
// out: what is touched, which begins empty; channels, which the caller sees to; and what never
// changes (ports, interfaces, prefixes, destinations, flows). 0 or -ENOMEM: then `to` is good for
// plan_free only.
int plan_renew(struct plan *to, const struct plan *from);
// Frees what a takeover has left in a plan. Cannot fail.
void plan_drop_queues(struct plan *plan);
// Bytes of memory that all links of the plan take when they are full of the shortest frames:
// bandwidth times delay, at PLAN_PACKET_BYTES a packet. Channels without a rate have no such bound
// and are left out, as are queues before the line. Never overflows: UINT64_MAX instead.
#define PLAN_PACKET_BYTES 109 // a frame of 64 bytes, its header, and its place in the queue
uint64_t plan_memory_bytes(const struct plan *plan);
// A row of `way_count` ways, all none, with one reference. plan_row_put frees it with the last one.
struct plan_row *plan_row_create(size_t way_count);
void plan_row_put(struct plan_row *row);
// Replaces a site's row: takes over the caller's reference and puts the old row.
void plan_set_row(struct plan *plan, uint32_t site, struct plan_row *row);
// Fills in what follows from the rest (minimum delays), in channels that may have changed since
// `in_force` (NULL: in all). engine_publish calls it.
void plan_finish(struct plan *plan, const struct plan *in_force);

// How may a channel differ from that of the plan in force (NULL: none is)?
static inline enum plan_difference plan_difference(const struct plan *plan,
						   const struct plan *in_force, size_t channel)
{
	if (!in_force || plan->since != in_force || !plan->changed)
		return PLAN_LINE_DIFFERS;
	return (enum plan_difference)plan->changed[channel];
}
