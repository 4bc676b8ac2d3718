// SPDX-License-Identifier: BSD-3-Clause
// Arithmetic on prefixes. Private to topologies/.
#pragma once

#include <stdbool.h>

#include "topologies/topology.h"

// The prefix with the bits behind its length cleared.
struct prefix prefix_network(const struct prefix *prefix);
// The address as a prefix of its whole length.
struct prefix prefix_of_address(const struct address *address);
// Does `outer` contain all of `inner`? False across families. Lengths beyond the family's count as
// its whole length.
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);
// Order by family, network, length.
int prefix_compare(const struct prefix *a, const struct prefix *b);
// An address that an interface may have: neither unspecified, loopback, multicast nor broadcast.
bool address_is_unicast(const struct address *address);
// Is the address the network's own or its broadcast address? (IPv4 prefixes shorter than /31; IPv6:
// the network's own, shorter than /127.)
bool prefix_reserves_its_address(const struct prefix *prefix);
