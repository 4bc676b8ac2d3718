// SPDX-License-Identifier: BSD-3-Clause
// What there is to see of a running lab, as JSON: one array of objects a view, units in the keys,
// impairments in tc's own keys and base units.
#pragma once

#include <jansson.h>

#include "control/lab.h"

#define VIEWS_MOST 15

// `names` picks some (a JSON array of strings), NULL takes all; a name that is not there is
// -EINVAL. NULL and a sentence on failure.
struct view {
	const char *name;
	const char *summary;
	json_t *(*make)(const struct lab *lab, const json_t *names, struct error *error);
};

extern const struct view views[VIEWS_MOST + 1]; // ends with name NULL

// ---- Shared by the view_*.c files ----

json_t *view_sites(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_links(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_channels(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_ports(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_routes(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_flows(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_satellites(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_events(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_stats(const struct lab *lab, const json_t *names, struct error *error);
json_t *view_lateness(const struct lab *lab, const json_t *names, struct error *error);

// Counters of all causes, zero included: {"carrier": 0, "queue": 3, ...}; and their sum.
json_t *view_lost(const uint64_t lost[DROP_REASONS]);
uint64_t view_lost_sum(const uint64_t lost[DROP_REASONS]);
// "queue 3, model 2", or "-" for none: what has been lost since `before` (NULL: in all). Returns
// buffer.
const char *view_lost_text(const uint64_t lost[DROP_REASONS], const uint64_t *before, char *buffer,
			   size_t size);
// n, min, mean, p50, p90, p99, p999, max of a histogram of nanoseconds; a percentile with fewer
// than ten samples beyond it is null.
json_t *view_histogram(const struct histogram *histogram);
// Adds tc's objects (delay, loss-random, loss-gemodel, rate, limit) of a channel to `object`.
void view_add_impairment(json_t *object, const struct channel_params *params,
			 const struct impairment *impairment);
// Text of an address, or null.
json_t *view_address(const struct address *address);
json_t *view_mac(const uint8_t mac[6]);
// An array of the names of `count` channels.
json_t *view_channel_names(const struct topology *topology, const uint32_t *channels, size_t count);
// Is `name` among names, or names NULL? Several alternatives may stand for one thing; NULL is none.
bool view_wants(const json_t *names, const char *name, const char *other);
// Refuses names that match nothing: -EINVAL and a sentence. `find` says whether one exists.
int view_check_names(const struct topology *topology, const json_t *names, const char *kind,
		     uint32_t (*find)(const struct topology *, const char *), struct error *error);
