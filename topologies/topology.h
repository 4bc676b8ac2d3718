// SPDX-License-Identifier: BSD-3-Clause
// A network on paper: what an INI file says, in SI units and with names resolved to indices.
// Made by load.h, checked by validate.h; nothing here acts.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/physics/geodesic.h"
#include "dataplane/physics/handover.h"
#include "dataplane/physics/orbit.h"
#include "dataplane/physics/path.h"
#include "topologies/impairment.h"
#include "topologies/radio.h"

#define TOPOLOGY_NAME_MAX 63
#define TOPOLOGY_NONE     UINT32_MAX

// The longest delay of a channel, 30 days: light comes from beyond the planets in hours, and sums
// over any path stay far from the end of 64 bits.
#define TOPOLOGY_DELAY_MOST_NS UINT64_C(2592000000000000)

// Where a thing was written, for messages: "file:line [section name]".
struct source {
	const char *file; // owned by the topology
	unsigned line;
};

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

// bytes in network order; IPv4 uses the first four.
struct address {
	enum address_family family;
	uint8_t bytes[16];
};

struct prefix {
	struct address address; // host bits kept as written (an interface's own address needs them)
	uint8_t length;
};

enum site_kind { SITE_ROUTER, SITE_EXCHANGE, SITE_TELEPORT, SITE_HOST };

// Times of convergence; each may be set for the network, a site, or (detection) a link.
struct convergence {
	uint64_t detection_ns;  // loss of light, or BFD interval x multiplier
	uint64_t flooding_ns;   // per hop, added to the link's own delay
	uint64_t spf_delay_ns;  // from the first notice to the computation
	uint64_t fib_update_ns; // from the computation to the change of the next hops
};

// `route = PREFIX via ADDRESS`: reached through a real router on a port or exchange of this site.
struct static_route {
	struct prefix prefix;
	struct address via;
};

struct site {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	enum site_kind kind;
	bool has_position;
	struct geodetic position;
	double rain_001_mm_per_h; // exceeded for 0.01 % of the year; 0: not given
	double rain_height_km;    // above the sea; 0: not given
	double cloud_kg_per_m2;   // reduced liquid water, exceeded 1 % of the year; 0: not given
	struct ground ground;     // made from the position
	char jurisdiction[8];     // ISO 3166 code, empty if not given
	struct address address;   // own IPv4 address (ADDRESS_NONE if absent)
	struct address address6;  // own IPv6 address
	struct prefix *subnets;   // subnet and subnet6 together; an exchange's is its peering LAN
	size_t subnet_count;
	struct static_route *routes;
	size_t route_count;
	struct convergence convergence; // the network's defaults filled in
};

enum link_medium { MEDIUM_FIBRE, MEDIUM_SATELLITE, MEDIUM_ETHERNET, MEDIUM_WIRE };

enum link_direction { LINK_FORWARD, LINK_REVERSE, LINK_DIRECTIONS };

// One end of a link: a site, or (wire) a port.
struct link_end {
	uint32_t site; // index, or TOPOLOGY_NONE
	uint32_t port; // index, or TOPOLOGY_NONE
};

// How a satellite link goes from one satellite to the next.
struct sky_handover {
	enum handover_rule rule; // `choose`
	double hysteresis_deg;
	struct handover_slot *slots; // of a schedule: paths are indices among the candidates
	size_t slot_count;
	uint64_t break_ns; // 0: make before break; else the carrier is away for so long
	bool reorder_allowed;
};

struct link {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	enum link_medium medium;
	struct link_end ends[2];
	double length_m;         // route length: given, or great circle x stretch; 0 if unknown
	double group_index;      // fibre
	uint64_t equipment_ns;   // `equipment = 20us`: transponders, amplifiers, per direction
	uint64_t processing_ns;  // satellite: payload and modem, per direction
	uint64_t propagation_ns; // per direction, filled in by load: fibre or cable without its
				 // equipment_ns, or up and down with processing_ns
	uint32_t satellite;      // index when `via` names one and no more, or TOPOLOGY_NONE
	uint32_t chain[PATH_SATELLITES_MOST]; // `via`: one, or from satellite to satellite
	uint32_t chain_count;                 // 0: a constellation's
	uint32_t constellation;               // index, or TOPOLOGY_NONE
	struct sky_handover handover;
	double elevation_mask_deg;
	char band[64];
	struct radio radio; // satellite
	struct impairment
		impairments[LINK_DIRECTIONS];  // as written; a given delay replaces propagation
	uint32_t mtu_bytes;                    // default 9216
	uint64_t metric[LINK_DIRECTIONS];      // 0: from the delay
	uint64_t detection_ns;                 // 0: the site's
	unsigned access_line[LINK_DIRECTIONS]; // where `access` is written; 0: nowhere
	bool starts_down;                      // `state = down`: no carrier at instant 0
	// On a link between a router and an exchange: the router's own addresses on the peering
	// LAN.
	struct prefix addresses[2]; // IPv4, IPv6; family ADDRESS_NONE if absent
};

enum satellite_kind {
	SATELLITE_NONE, // its orbit could not be read
	SATELLITE_GEOSTATIONARY,
	SATELLITE_CIRCULAR,
	SATELLITE_KEPLER,
	SATELLITE_ELEMENTS // mean elements of SGP4
};

// What is written, and the orbit that follows from it and from the run's epoch (sky.h).
struct satellite {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	enum satellite_kind kind;
	double longitude_deg;         // geostationary
	struct orbit_ellipse ellipse; // circular, kepler
	bool node_given;  // else the node is counted from Greenwich's meridian at the epoch
	bool epoch_given; // else it is the run's
	struct mean_elements elements;
	char object[64]; // whose elements: "O3B MPOWER F1", or empty
	struct orbit orbit;
};

struct constellation {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	uint32_t *satellites;
	size_t satellite_count;
};

struct port {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	uint32_t site;              // index, or TOPOLOGY_NONE on a wire
	char device[256];           // as written: "none", "tap", "af_packet IF", "net_null0", ...
	char netns[64];             // empty: none
	char ifname[16];            // default: the port's name, cut to 15
	struct prefix addresses[2]; // the site's own IPv4 and IPv6 address on this port
	uint32_t mtu_bytes;         // default 9216, 1500 for tap
};

enum flow_pattern { FLOW_CONSTANT, FLOW_POISSON, FLOW_ONOFF, FLOW_IMIX };

struct flow {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	uint32_t from; // site
	uint32_t to;   // site
	enum flow_pattern pattern;
	uint64_t rate_bps;         // of frames (Ethernet header and payload); or packets_per_second
	double packets_per_second; // 0 if rate_bps is given
	uint32_t size_bytes;       // frame, 60 to 9230
	uint64_t on_ns;            // mean lengths of on and off times, for onoff
	uint64_t off_ns;
	uint64_t start_ns;
	uint64_t stop_ns; // UINT64_MAX: for ever (a replay then needs --until)
	bool ipv6;
};

// Links that share a trench: `conduit NAME down` takes all.
struct conduit {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	uint32_t *links;
	size_t link_count;
};

// A control command at a time of the lab's clock.
struct event {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	uint64_t at_ns;
	char *command;
	bool of_modem; // not written by the user, but what a radio's modem does
};

// Rain over sites and time.
struct weather {
	char name[TOPOLOGY_NAME_MAX + 1];
	struct source source;
	struct weather_rain rain;
};

enum routing_kind { ROUTING_SPF, ROUTING_STATIC, ROUTING_EXTERNAL };

struct topology {
	char name[TOPOLOGY_NAME_MAX + 1];
	uint64_t seed;
	enum routing_kind routing;
	struct convergence convergence;
	struct site *sites;
	size_t site_count;
	struct link *links;
	size_t link_count;
	bool epoch_given;
	int64_t epoch_utc_ns; // the instant of clock 0: see sky_start
	struct satellite *satellites;
	size_t satellite_count;
	struct constellation *constellations;
	size_t constellation_count;
	struct port *ports;
	size_t port_count;
	struct flow *flows;
	size_t flow_count;
	struct conduit *conduits;
	size_t conduit_count;
	struct event *events; // sorted by at_ns, then by order in the file
	size_t event_count;
	struct weather *weathers;
	size_t weather_count;
	struct tables *tables; // files and tables that impairments point to
	char *folder;          // of the topology's file; relative paths start here
	void *names;           // private to topologies/: indices by name
	char **files;          // private: paths that `source` points to
	size_t file_count;
};

// Index of the thing with this name, or TOPOLOGY_NONE. Constant time.
uint32_t topology_find_site(const struct topology *topology, const char *name);
uint32_t topology_find_link(const struct topology *topology, const char *name);
uint32_t topology_find_port(const struct topology *topology, const char *name);
uint32_t topology_find_flow(const struct topology *topology, const char *name);
uint32_t topology_find_conduit(const struct topology *topology, const char *name);

// The channel of a link and a direction: 2 x link + direction. Its name is LINK:forward or
// LINK:reverse.
uint32_t topology_channel(uint32_t link, enum link_direction direction);
// Parses "LINK", "LINK:forward", "LINK:reverse": the link's index, and `first`..`last` directions.
// TOPOLOGY_NONE if there is no such link.
uint32_t topology_parse_channel(const struct topology *topology, const char *text,
				enum link_direction *first, enum link_direction *last);
char *topology_channel_name(const struct topology *topology, uint32_t channel, char *buffer,
			    size_t size);

// Text of an address or prefix ("10.1.0.0/16"); returns buffer. Parsers: 0 or -EINVAL.
char *address_format(const struct address *address, char *buffer, size_t size);
char *prefix_format(const struct prefix *prefix, char *buffer, size_t size);
int address_parse(const char *text, struct address *address);
int prefix_parse(const char *text, struct prefix *prefix);

// The word in `words` (NULL-terminated) nearest to `text` by edit distance, or NULL if none is
// near.
const char *nearest_word(const char *text, const char *const *words);

// Frees all. NULL is allowed.
void topology_free(struct topology *topology);
