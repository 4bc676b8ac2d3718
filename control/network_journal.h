// SPDX-License-Identifier: BSD-3-Clause
// The journal of several pairs of ports at once: what network_journal does, for a replay.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pcaps/journal.h"
#include "topologies/topology.h"

struct port_pair {
	uint32_t from;
	uint32_t to;
};

// Runs the topology's timeline from 0 to until_ns and notes parameters and paths. Pairs of ports
// at one site have no channel between them and are left out.
//
// A path is noted as settled only while every packet that enters takes just that path: not while
// the network converges, nor where equal-cost ways share the traffic, nor for ports of an exchange
// (the frame's own MAC address decides there), nor so shortly before a change that a packet could
// still be under way when it comes.
int network_journal_pairs(const struct topology *topology, const struct port_pair *pairs,
			  size_t pair_count, uint64_t until_ns, struct journal *journal,
			  struct error *error);
