// SPDX-License-Identifier: BSD-3-Clause
// A live port's insides, shared by its sources only: port.c (open and close),
// port_burst.c (packets), port_timed.c (devices that know the time), port_kernel.c (the kernel's
// end), port_check.c (what stands in the way).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane/engine/device.h"
#include "dataplane/engine/port.h"
#include "dataplane/engine/quiet.h"

// Beyond the payload: Ethernet header and two VLAN tags.
#define PORT_HEADER_BYTES (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)

struct port_timed;
struct rte_eth_conf;
struct rte_eth_dev_info;

struct port_device {
	// The worker's, every turn.
	uint16_t id; // DPDK's number
	bool is_tap;
	bool is_af_packet;
	bool started;
	bool reconnects; // a memif client: port_device_tick looks for its server
	unsigned received_count;
	bool received_simply; // each in one piece, ours alone, of one pool
	unsigned queued_count;
	unsigned unsent;      // since the last flush
	uint32_t length_most; // bytes of a frame to be sent, Ethernet header included
	uint32_t driver_most; // longer ones the driver does not take (tap: written directly)
	int wait_fd;
	struct rte_mempool *pool;
	const struct live_clock *clock;
	struct histogram *lateness;
	struct port_timed *timed; // NULL: the device does not know the time
	uint64_t refused;
	unsigned ready_count;
	struct rte_mbuf *received[PORT_BURST];
	struct rte_mbuf *queued[PORT_BURST];
	uint64_t due_at_ns[PORT_BURST];
	struct rte_mbuf *ready[PORT_READY];
	uint64_t ready_due_at_ns[PORT_READY];
	// Control's.
	struct device_spec spec;
	struct quiet quiet;
	char where[64];  // the port's name, for messages
	char netns[128]; // tap: where its kernel end is
	uint32_t mtu_bytes;
	int promiscuous_fd; // keeps a kernel interface promiscuous; gone with the process
	int claim_fd;       // says that the interface is ours; gone with the process
	bool plugged;       // the device exists
	bool is_ring;
	bool attached; // DPDK has given it a number
	char warning[512];
};

// ---- port.c ----

// The open port of this process on this socket, or NULL.
const struct port_device *port_find_socket(const char *path);

// ---- port_burst.c ----

// Sends what is queued.
void port_send_queued(struct port_device *port);
// Gives frames to the driver and records how late they were; those that it does not take after a
// few tries are freed and counted (unsent).
void port_hand_over(struct port_device *port, struct rte_mbuf **frames, const uint64_t *due_at_ns,
		    unsigned count);

// ---- port_timed.c ----

// Before the device is configured: asks for what it offers of sending at a time and stamping. 0, or
// -ENOMEM.
int port_timed_ask(struct port_device *port, const struct rte_eth_dev_info *info,
		   struct rte_eth_conf *configuration);
// How many frames the device's queue takes.
void port_timed_room(struct port_device *port, unsigned descriptors);
// The device does not know the time after all, or is closed.
void port_timed_drop(struct port_device *port);
// Frames get their time; afterwards, of what was sent, how it stands. Only where `timed`.
void port_timed_stamp(struct port_device *port, struct rte_mbuf **frames, const uint64_t *due_at_ns,
		      unsigned count);
void port_timed_sent(struct port_device *port, const uint64_t *due_at_ns, unsigned sent);
// The stamps of what was received become instants of the lab.
void port_timed_received(struct port_device *port);

// ---- port_check.c ----

// Looks, before DPDK is asked for a device, for what usually stands in the way, so that the user
// reads the reason and the remedy and not a driver's code. 0, or a negative errno and a sentence.
// Changes nothing but a socket file that nobody listens on.
int port_check(const struct port_device *port, struct error *error);
// Says that a fault which netns.h has found is this port's.
void port_names_error(const struct port_device *port, struct error *error);

// ---- port_kernel.c ----

// Which descriptors of this process are open, one bit each.
#define PORT_DESCRIPTORS 4096
struct port_descriptors {
	uint64_t open[PORT_DESCRIPTORS / 64];
};
void port_descriptors_read(struct port_descriptors *descriptors);

// An interface of the host is claimed (-EBUSY when it is a port of another lab) and made ready:
// quiet, promiscuous, up. Does nothing to other devices.
int port_kernel_prepare(struct port_device *port, struct error *error);
// Finds what to wait on: a descriptor of the driver, not open `before` it was made.
void port_kernel_find_wait_fd(struct port_device *port, const struct port_descriptors *before);
// A tap's kernel end goes where it belongs; of an interface of the host the MTU is adopted.
int port_kernel_place(struct port_device *port, struct error *error);
// Undoes port_kernel_prepare, but for the interface being up.
void port_kernel_restore(struct port_device *port);
