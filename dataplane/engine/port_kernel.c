// SPDX-License-Identifier: BSD-3-Clause
// The kernel's end of a live port: a tap's interface, wherever it goes, or an interface of the host
// that af_packet or af_xdp uses.
#include "dataplane/engine/port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_ether.h>

#include "dataplane/engine/netns.h"
#include "dataplane/engine/port_private.h"

// ---- What to wait on ----

void port_descriptors_read(struct port_descriptors *descriptors)
{
	*descriptors = (struct port_descriptors){.open = {0}};
	for (int fd = 0; fd < PORT_DESCRIPTORS; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			descriptors->open[fd / 64] |= 1ull << (fd % 64);
}

// The driver's socket of the given family, or -1. DPDK does not tell; but only this thread opens
// descriptors while a port is made.
static int find_socket(const struct port_descriptors *before, int family)
{
	for (int fd = 0; fd < PORT_DESCRIPTORS; fd++) {
		int domain = 0;
		socklen_t size = sizeof(domain);
		if (!(before->open[fd / 64] >> (fd % 64) & 1) &&
		    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == family)
			return fd;
	}
	return -1;
}

void port_kernel_find_wait_fd(struct port_device *port, const struct port_descriptors *before)
{
	int yes = 1;
	if (port->is_tap) {
		port->wait_fd = rte_eth_dev_rx_intr_ctl_q_get_fd(port->id, 0);
	} else if (port->spec.kind == DEVICE_AF_PACKET) {
		port->wait_fd = find_socket(before, AF_PACKET);
		// What this host itself sends there is not the port's input.
		if (port->wait_fd >= 0)
			setsockopt(port->wait_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes,
				   sizeof(yes));
	} else if (port->spec.kind == DEVICE_AF_XDP) {
		port->wait_fd = find_socket(before, AF_XDP);
	}
}

// ---- An interface of the host ----

static bool is_interface(const struct port_device *port)
{
	return port->spec.kind == DEVICE_AF_PACKET || port->spec.kind == DEVICE_AF_XDP;
}

// Promiscuous as long as this socket is open, which takes no frame itself. The drivers would set
// the interface's own flag, and a process that is killed would leave it set.
static int promiscuous(unsigned index)
{
	struct packet_mreq membership = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

// The process that listens on a socket of ours; 0 when it is gone or of another namespace.
static pid_t owner_of(const struct sockaddr_un *address, socklen_t length)
{
	struct ucred owner = {.pid = 0};
	socklen_t size = sizeof(owner);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	if (connect(fd, (const struct sockaddr *)address, length) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size))
		owner.pid = 0;
	close(fd);
	return owner.pid;
}

// One port an interface. The kernel would let a second af_packet listen as well, and the end of a
// second af_xdp takes the first one's program away. An abstract socket stands for the claim: it
// belongs to the network namespace, as the interface does, and is gone with the process.
static int claim(struct port_device *port, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = port->spec.interface;
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			      "corridor/interface/%s", name);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(error, -errno, port->where, "no socket: %s", strerror(errno));
	if (bind(fd, (const struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0) {
		port->claim_fd = fd;
		return 0;
	}
	int code = -errno;
	close(fd);
	if (code != -EADDRINUSE)
		return error_set(error, code, port->where, "interface %s cannot be claimed (%s)",
				 name, strerror(-code));
	pid_t owner = owner_of(&address, size);
	if (owner == getpid())
		return error_set(error, -EEXIST, port->where,
				 "interface %s is used by another port of this lab; give each port "
				 "an interface of its own",
				 name);
	return error_set(error, -EBUSY, port->where,
			 "interface %s is used by another lab (process %d); choose another, or "
			 "stop that lab",
			 name, (int)owner);
}

int port_kernel_prepare(struct port_device *port, struct error *error)
{
	const char *name = port->spec.interface;
	if (!is_interface(port))
		return 0;
	int code = claim(port, error);
	if (code)
		return code;
	quiet_interface(&port->quiet, name, port->warning, sizeof(port->warning));
	port->promiscuous_fd = promiscuous(if_nametoindex(name));
	if (port->promiscuous_fd < 0)
		return error_set(error, -errno, port->where,
				 "interface %s cannot be made promiscuous (%s); run as root, or "
				 "use another",
				 name, strerror(errno));
	// A socket bound to an interface that is down reports a fault until it is read.
	return netns_link_set(NULL, name, 0, true, error);
}

void port_kernel_restore(struct port_device *port)
{
	if (port->promiscuous_fd >= 0)
		close(port->promiscuous_fd);
	port->promiscuous_fd = -1;
	quiet_restore(&port->quiet);
	if (port->claim_fd >= 0)
		close(port->claim_fd);
	port->claim_fd = -1;
}

// An interface carries what its own MTU allows.
static void adopt_mtu(struct port_device *port)
{
	struct netns_link link;
	const char *name = port->spec.interface;
	size_t used = strlen(port->warning);
	if (netns_link_read(NULL, name, &link) || link.mtu_bytes == 0)
		return;
	uint32_t room = port->is_af_packet ? port->spec.mtu_bytes : port->mtu_bytes;
	port->mtu_bytes = link.mtu_bytes < room ? link.mtu_bytes : room;
	port->length_most = port->mtu_bytes + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;
	port->driver_most = port->length_most;
	// Who asked for no MTU takes what there is.
	if (link.mtu_bytes < port->spec.mtu_bytes && port->spec.mtu_bytes != DEVICE_MTU_DEFAULT)
		snprintf(port->warning + used, sizeof(port->warning) - used,
			 "%s%s carries packets of up to %u bytes (asked: %u; `ip link set %s mtu "
			 "%u` raises it)",
			 used ? "; " : "", name, port->mtu_bytes, port->spec.mtu_bytes, name,
			 port->spec.mtu_bytes);
}

// ---- A tap ----

static int place_tap(struct port_device *port, struct error *error)
{
	const struct device_spec *spec = &port->spec;
	int code = 0;
	if (port->netns[0])
		code = netns_link_move(spec->interface, port->netns, spec->ifname, error);
	if (code == 0)
		code = netns_link_set(port->netns, spec->ifname, spec->mtu_bytes, true, error);
	if (code)
		port_names_error(port, error);
	return code;
}

int port_kernel_place(struct port_device *port, struct error *error)
{
	if (port->spec.kind == DEVICE_TAP)
		return place_tap(port, error);
	if (is_interface(port))
		adopt_mtu(port);
	return 0;
}

int port_device_carrier(struct port_device *port, bool up, struct error *error)
{
	int carrier = up;
	if (!port->is_tap)
		return error_set(error, -EOPNOTSUPP, port->where,
				 "only a tap has a kernel end whose carrier can be switched");
	// On the descriptor it works wherever the interface has gone and whatever it is called now.
	if (port->wait_fd >= 0 && ioctl(port->wait_fd, TUNSETCARRIER, &carrier) == 0)
		return 0;
	return netns_link_carrier(port->netns, port->spec.ifname, up, error);
}
