// SPDX-License-Identifier: BSD-3-Clause
// What kind of address this is: which may be forwarded, answered, or stay on their link. All
// addresses are bytes in network order. No function here can fail.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"

// A unicast address that a router may forward from and to: not 0/8, 127/8, 169.254/16 (RFC 3927,
// section 2.7), multicast, 240/4 or broadcast (RFC 1812, section 5.3.7).
bool address4_is_routable(const uint8_t address[4]);

// The same for IPv6: not unspecified, loopback, multicast or link-local (RFC 4291, section 2.5).
bool address6_is_routable(const uint8_t address[16]);
bool address4_is_multicast(const uint8_t address[4]);
bool address6_is_multicast(const uint8_t address[16]);

// A group (or broadcast) that no router may forward: 224.0.0/24 (RFC 5771, section 4), 239.255/16
// (the local scope, RFC 2365, section 6.1), 255.255.255.255; IPv6 multicast of interface-local and
// link-local scope, ff01 and ff02 (RFC 4291, section 2.7).
bool address4_stays_on_link(const uint8_t address[4]);
bool address6_stays_on_link(const uint8_t address[16]);
bool address6_is_link_local(const uint8_t address[16]);
bool address6_is_unspecified(const uint8_t address[16]);

// A plan_address (without prefix) of these bytes.
struct plan_address address_of(uint8_t family, const uint8_t *bytes);

// Is the address one of the subnet's? False when the families differ.
bool address_in_subnet(const struct plan_address *subnet, const struct plan_address *address);

// Same family and bytes, whatever the prefix lengths.
bool address_equal(const struct plan_address *a, const struct plan_address *b);

// The all-zeros or all-ones host part of an IPv4 subnet that has such (RFC 3021: not a /31).
bool address4_is_directed_broadcast(const struct plan_address *subnet, const uint8_t address[4]);
