// SPDX-License-Identifier: BSD-3-Clause
// A control line that changes the network, taken apart and checked against the topology. It says
// what is asked for; network carries it out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"
#include "topologies/topology.h"

enum change_object { CHANGE_LINK, CHANGE_SITE, CHANGE_CONDUIT };
enum change_action { CHANGE_SET, CHANGE_RESET, CHANGE_UP, CHANGE_DOWN };

struct change {
	enum change_object object;
	enum change_action action;
	uint32_t index;                  // of the link, site or conduit
	enum link_direction first, last; // CHANGE_LINK
	struct impairment impairment;    // CHANGE_SET: the groups that it names
	enum plan_inflight inflight;
};

// Takes a line apart (grammar: network_command). Keywords may be shortened as long as they are
// unambiguous. 0, or -EINVAL with a sentence that knows the nearest word; `where` names the place.
int change_parse(const struct topology *topology, const char *line, const char *where,
		 struct change *change, struct error *error);

// Is a line the same as another but for the name of the link? Then `change`, which is what the
// other has come to, becomes its own: true. False leaves `change` as it is.
bool change_parse_alike(const struct topology *topology, const char *line, const char *other,
			struct change *change);

// Are the words of a line right, whatever it names? For topology_load_lines. 0 or a negative errno
// with a sentence.
int change_check_words(const char *line, struct tables *tables, struct error *error);

// The line in full words, for users; returns buffer.
char *change_format(const struct topology *topology, const struct change *change, char *buffer,
		    size_t size);

// Impairment of a direction without what can be taken off: no jitter, no loss, the delay of the
// medium if that is known; rate and queue as the topology has them. Cannot fail.
struct impairment change_reset(const struct link *link, enum link_direction direction);
