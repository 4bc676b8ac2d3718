// SPDX-License-Identifier: BSD-3-Clause
// Opening and closing a live port: the device and its queues.
#include "dataplane/engine/port.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane/engine/eal.h"
#include "dataplane/engine/port_private.h"

#define POOL_CACHE 64

static const char *first_log(char *line, size_t size)
{
	eal_log_first(line, size);
	return line[0] ? line : "DPDK gave no reason";
}

static int fail(const struct port_device *port, struct error *error, int code, const char *step,
		const char *remedy)
{
	char line[256];
	if (port->spec.kind == DEVICE_AF_XDP)
		remedy = "use an interface that has XDP and no other program on its queue 0, or "
			 "device = af_packet";
	return error_set(error, code < 0 ? code : -EIO, port->where, "%s%s%s %s (%s); %s",
			 port->spec.name, port->spec.arguments[0] ? "," : "", port->spec.arguments,
			 step, first_log(line, sizeof(line)), remedy);
}

// ---- The device ----

// Which of DPDK's ports are open here; control thread only.
static struct port_device *owners[RTE_MAX_ETHPORTS];

const struct port_device *port_find_socket(const char *path)
{
	for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++)
		if (owners[i] && strcmp(owners[i]->spec.path, path) == 0)
			return owners[i];
	return NULL;
}

static void no_signal(int number)
{
	(void)number;
}

// DPDK's tap asks for a SIGIO with every packet, in whatever thread, and reads only after one;
// unless somebody else handles SIGIO: then it simply reads. We wait on its descriptor and want no
// signals, so while it is made we are that somebody.
static int plug(struct port_device *port, struct error *error)
{
	struct sigaction ours = {.sa_handler = no_signal, .sa_flags = SA_RESTART}, before;
	eal_log_reset();
	// DPDK's own answer is not good enough: adding a device that is there "succeeds". It may be
	// there by the user's EAL options (-a, --vdev), for us to take.
	bool there = rte_eth_dev_get_port_by_name(port->spec.name, &port->id) == 0;
	if (there && owners[port->id])
		return error_set(error, -EEXIST, port->where,
				 "device %s is used by %s already; give each port a device of its "
				 "own",
				 port->spec.name, owners[port->id]->where);
	if (!there) {
		sigaction(SIGIO, &ours, &before);
		int code =
			rte_eal_hotplug_add(port->spec.bus, port->spec.name, port->spec.arguments);
		sigaction(SIGIO, &before, NULL);
		// What the code is depends on the driver; the machine has no such device.
		if (code < 0)
			return fail(port, error,
				    code == -EPERM || code == -EACCES ? -EPERM : -ENODEV,
				    "could not be made",
				    "check the device string and the rights of the user");
	}
	port->plugged = true;
	if (rte_eth_dev_get_port_by_name(port->spec.name, &port->id))
		return fail(port, error, -ENODEV, "is no Ethernet device",
			    "name a network device (net_...)");
	port->attached = true;
	owners[port->id] = port;
	return 0;
}

// What has been sent into a net_ring and not received lies in its ring, which the driver keeps for
// the next device of this name: those are our buffers.
static void drain(struct port_device *port)
{
	struct rte_mbuf *left[PORT_BURST];
	unsigned count;
	while (port->is_ring && port->started &&
	       (count = rte_eth_rx_burst(port->id, 0, left, PORT_BURST)) > 0)
		rte_pktmbuf_free_bulk(left, count);
}

static void unplug(struct port_device *port)
{
	drain(port);
	if (port->attached) {
		rte_eth_dev_stop(port->id);
		rte_eth_dev_close(port->id);
		owners[port->id] = NULL;
	}
	if (port->plugged)
		rte_eal_hotplug_remove(port->spec.bus, port->spec.name);
	port->attached = false;
	port->plugged = false;
}

// The driver's own limits as an MTU, reckoned as rte_eth_dev_configure does.
static uint32_t driver_mtu(const struct rte_eth_dev_info *info)
{
	uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	uint32_t most = info->max_mtu ? info->max_mtu : UINT16_MAX;
	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		overhead = info->max_rx_pktlen - info->max_mtu;
	if (info->max_rx_pktlen && info->max_rx_pktlen < most + overhead)
		most = info->max_rx_pktlen - overhead;
	return most;
}

struct queue_sizes {
	uint16_t receive;
	uint16_t transmit;
	unsigned buffers;
	uint16_t room;
};

// How many buffers of what size the driver holds at a time, with what is under way here.
static struct queue_sizes queue_sizes(const struct port_device *port)
{
	uint32_t room = RTE_PKTMBUF_HEADROOM + port->spec.mtu_bytes + PORT_HEADER_BYTES + 128;
	struct queue_sizes sizes = {.receive = 1024, .transmit = 1024};
	sizes.buffers = 4095;
	if (port->is_tap) {
		sizes.receive = 64;
		sizes.transmit = 64;
		sizes.buffers = 511;
	}
	switch (port->spec.kind) {
	case DEVICE_AF_PACKET:
		// The driver copies as much as its ring holds, whatever the buffer does.
		room = RTE_PKTMBUF_HEADROOM + device_ring_frame_bytes(port->spec.mtu_bytes);
		sizes.buffers = 1023;
		break;
	case DEVICE_AF_XDP:
		// A buffer is a piece of the area shared with the kernel: at most a page.
		room = RTE_MBUF_DEFAULT_BUF_SIZE;
		sizes.buffers = 8191;
		break;
	case DEVICE_PCI:
		sizes.buffers = 8191;
		break;
	default:
		break;
	}
	sizes.room = (uint16_t)(room > UINT16_MAX ? UINT16_MAX : room);
	return sizes;
}

static int setup_queues(struct port_device *port, struct rte_eth_conf *configuration)
{
	static unsigned pools; // names must differ; control thread only
	char name[RTE_MEMPOOL_NAMESIZE];
	struct queue_sizes sizes = queue_sizes(port);
	int code = rte_eth_dev_configure(port->id, 1, 1, configuration);
	if (code && port->timed) {
		// As an ordinary port, then.
		port_timed_drop(port);
		configuration->rxmode.offloads &= ~(uint64_t)RTE_ETH_RX_OFFLOAD_TIMESTAMP;
		configuration->txmode.offloads &= ~(uint64_t)RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP;
		code = rte_eth_dev_configure(port->id, 1, 1, configuration);
	}
	if (code == 0)
		code = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &sizes.receive, &sizes.transmit);
	if (code)
		return code;
	port_timed_room(port, sizes.transmit);
	snprintf(name, sizeof(name), "port%u", pools++ % 1000000);
	port->pool = rte_pktmbuf_pool_create(name, sizes.buffers, POOL_CACHE, 0, sizes.room,
					     SOCKET_ID_ANY);
	if (port->pool == NULL)
		return rte_errno > 0 ? -rte_errno : -ENOMEM;
	struct sigaction ours = {.sa_handler = no_signal, .sa_flags = SA_RESTART}, before;
	sigaction(SIGIO, &ours, &before); // a tap's queue is another descriptor: see plug()
	code = rte_eth_rx_queue_setup(port->id, 0, sizes.receive, SOCKET_ID_ANY, NULL, port->pool);
	sigaction(SIGIO, &before, NULL);
	if (code == 0)
		code = rte_eth_tx_queue_setup(port->id, 0, sizes.transmit, SOCKET_ID_ANY, NULL);
	return code;
}

static int start(struct port_device *port, struct error *error)
{
	struct rte_eth_dev_info info;
	int code = rte_eth_dev_info_get(port->id, &info);
	if (code)
		return fail(port, error, code, "does not describe itself", "try another device");
	port->is_tap = !strcmp(info.driver_name, "net_tap");
	port->is_ring = !strcmp(info.driver_name, "net_ring");
	port->is_af_packet = !strcmp(info.driver_name, "net_af_packet");

	uint32_t most = driver_mtu(&info);
	uint32_t mtu = port->spec.mtu_bytes < most ? port->spec.mtu_bytes : most;
	struct rte_eth_conf configuration = {.rxmode.mtu = mtu};
	configuration.intr_conf.rxq = port->is_tap; // only to learn its descriptor
	code = port_timed_ask(port, &info, &configuration);
	if (code)
		return error_set(error, code, port->where, "memory is short; free some");
	code = setup_queues(port, &configuration);
	if (code && port->pool == NULL && code == -ENOMEM)
		return fail(
			port, error, code, "found no memory for its packets",
			"use fewer ports or a smaller mtu, or give EAL more (-- --no-huge -m MB)");
	if (code)
		return fail(port, error, code, "refused its configuration", "try another device");
	code = rte_eth_dev_start(port->id);
	port->started = code == 0;
	port->reconnects = port->spec.kind == DEVICE_MEMIF && !port->spec.listens;
	if (code && port->reconnects)
		snprintf(port->warning, sizeof(port->warning),
			 "nobody listens on %s yet; the port connects when somebody does",
			 port->spec.path);
	else if (code)
		return fail(port, error, code, "did not start", "see `corridor doctor`");
	if (!port->is_tap && !port->spec.interface[0]) // those: port_kernel.c
		rte_eth_promiscuous_enable(port->id);

	port->mtu_bytes = mtu;
	port->driver_most = mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;
	if (port->is_tap) {
		port->mtu_bytes = port->spec.mtu_bytes;
	} else if (port->spec.kind == DEVICE_MEMIF) {
		// Says 1518, and carries what its buffers hold.
		port->mtu_bytes = port->spec.mtu_bytes;
		port->driver_most = port->mtu_bytes + PORT_HEADER_BYTES;
	}
	port->length_most = port->mtu_bytes + PORT_HEADER_BYTES;
	return 0;
}

// ---- Open and close ----

static void note_mtu(struct port_device *port)
{
	if (port->mtu_bytes < port->spec.mtu_bytes && port->warning[0] == '\0' &&
	    port->spec.mtu_bytes != DEVICE_MTU_DEFAULT)
		snprintf(port->warning, sizeof(port->warning),
			 "%s carries packets of up to %u bytes (asked: %u)", port->spec.name,
			 port->mtu_bytes, port->spec.mtu_bytes);
}

struct port_device *port_device_open(uint32_t number, const struct engine_device *device,
				     struct error *error)
{
	struct port_descriptors before;
	struct port_device *port = calloc(1, sizeof(*port));
	if (port == NULL) {
		error_set(error, -ENOMEM, device->name ? device->name : "port",
			  "memory is short; free some");
		return NULL;
	}
	port->wait_fd = -1;
	port->promiscuous_fd = -1;
	port->claim_fd = -1;
	snprintf(port->where, sizeof(port->where), "port %s", device->name ? device->name : "?");
	snprintf(port->netns, sizeof(port->netns), "%s", device->netns ? device->netns : "");
	if (device_parse(number, device, &port->spec, error)) {
		port_names_error(port, error);
		goto fail;
	}
	if (port_check(port, error) || port_kernel_prepare(port, error))
		goto fail;
	port_descriptors_read(&before);
	if (plug(port, error) || start(port, error))
		goto fail;
	port_kernel_find_wait_fd(port, &before);
	if (port_kernel_place(port, error))
		goto fail;
	note_mtu(port);
	return port;
fail:
	port_device_close(port);
	return NULL;
}

void port_device_close(struct port_device *port)
{
	if (port == NULL)
		return;
	if (port->received_count > 0)
		rte_pktmbuf_free_bulk(port->received, port->received_count);
	if (port->queued_count > 0)
		rte_pktmbuf_free_bulk(port->queued, port->queued_count);
	unplug(port);
	port_timed_drop(port);
	rte_mempool_free(port->pool);
	port_kernel_restore(port);
	free(port);
}

const char *port_device_warning(const struct port_device *port)
{
	return port->warning;
}

uint32_t port_device_mtu_bytes(const struct port_device *port)
{
	return port->mtu_bytes;
}

int port_device_wait_fd(const struct port_device *port)
{
	return port->wait_fd;
}
