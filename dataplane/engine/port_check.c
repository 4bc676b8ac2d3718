// SPDX-License-Identifier: BSD-3-Clause
// What usually stands in the way of a port, found out before DPDK is asked.
#include "dataplane/engine/port_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/engine/netns.h"

#define TUN "/dev/net/tun"

// Is the interface of this name a tap that somebody made to last, for us to take?
static bool is_persistent_tap(const char *name)
{
	char path[64 + IFNAMSIZ];
	unsigned flags = 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s/tun_flags", name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%x", &flags) != 1)
		flags = 0;
	fclose(file);
	return (flags & IFF_TAP) && (flags & IFF_PERSIST);
}

// Makes the interface as DPDK is going to; it is gone again when the descriptor is closed.
static int try_tap(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_MULTI_QUEUE};
	int code = 0;
	int fd = open(TUN, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request))
		code = -errno;
	close(fd);
	return code;
}

static int check_tap(const struct port_device *port, struct error *error)
{
	const char *where = port->where;
	const char *name = port->spec.interface;
	if (access(TUN, F_OK))
		return error_set(error, -ENODEV, where,
				 "device = tap: there is no " TUN "; load it with `modprobe tun`, "
				 "or give it to the container (--device " TUN ")");
	if (port->netns[0]) {
		int fd = netns_open(port->netns, error);
		if (fd < 0) {
			port_names_error(port, error);
			return fd;
		}
		close(fd);
	}
	if (if_nametoindex(name) && !is_persistent_tap(name))
		return error_set(error, -EEXIST, where,
				 "ifname = %s: an interface of this name exists already; choose "
				 "another ifname, or remove it with `ip link del %s`",
				 name, name);
	int code = try_tap(name);
	if (code == -EPERM || code == -EACCES)
		return error_set(error, code, where,
				 "device = tap: a tap may not be made (%s); run as root, or give "
				 "the program CAP_NET_ADMIN (setcap cap_net_admin+ep)",
				 strerror(-code));
	if (code)
		return error_set(
			error, code, where,
			"device = tap: interface %s could not be made (%s); see `ip link`, "
			"or choose another ifname",
			name, strerror(-code));
	return 0;
}

static int check_interface(const struct port_device *port, struct error *error)
{
	if (if_nametoindex(port->spec.interface) == 0)
		return error_set(error, -ENODEV, port->where,
				 "there is no interface %s in this namespace; see `ip link`",
				 port->spec.interface);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	int code = -errno;
	return error_set(error, code, port->where,
			 "interface %s may not be opened (%s); run as root, or give the program "
			 "CAP_NET_RAW and CAP_NET_ADMIN (setcap cap_net_raw,cap_net_admin+ep)",
			 port->spec.interface, strerror(-code));
}

// Is a socket of some process bound there? Asked by a connection of a type that neither memif nor
// vhost accepts, so that the kernel answers and the other process never hears of it: DPDK's memif
// may panic when a client hangs up before its first word.
static bool is_bound(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	bool refused =
		connect(fd, (struct sockaddr *)&address, sizeof(address)) && errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

// A socket of memif joins two processes: both ends in one crash DPDK. Several ports at the same
// end, told apart by their id, are fine. Returns 1 when the socket is ours already.
static int check_other_ports(const struct port_device *port, struct error *error)
{
	const struct port_device *other = port_find_socket(port->spec.path);
	if (other == NULL)
		return 0;
	if (port->spec.kind == DEVICE_MEMIF && other->spec.kind == DEVICE_MEMIF &&
	    port->spec.listens == other->spec.listens)
		return 1;
	return error_set(error, -EEXIST, port->where,
			 "%s is the socket of %s of this lab already; give each port one of its "
			 "own, and join two ports of one lab by a link",
			 port->spec.path, other->where);
}

static int check_socket(const struct port_device *port, struct error *error)
{
	const char *path = port->spec.path;
	int ours = check_other_ports(port, error);
	if (ours)
		return ours < 0 ? ours : 0;
	char directory[sizeof(port->spec.path)];
	struct stat status;
	snprintf(directory, sizeof(directory), "%s", path);
	char *slash = strrchr(directory, '/');
	if (slash)
		*(slash == directory ? slash + 1 : slash) = '\0';
	if (slash && access(directory, port->spec.listens ? W_OK | X_OK : X_OK)) {
		int code = -errno;
		return error_set(error, code, port->where,
				 "%s: directory %s cannot be used (%s); make it, or choose another "
				 "path",
				 path, directory, strerror(-code));
	}
	if (!port->spec.listens || lstat(path, &status))
		return 0; // a client waits for its server to come
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, -EEXIST, port->where,
				 "%s exists and is no socket; choose another path", path);
	if (!is_bound(path) && unlink(path) == 0)
		return 0; // left over by a process that is gone
	return error_set(error, -EADDRINUSE, port->where,
			 "%s: somebody listens on this socket already; choose another path, or be "
			 "its client (%s)",
			 path,
			 port->spec.kind == DEVICE_MEMIF ? "PATH,role=client" : "PATH,client=1");
}

static int check_pci(const struct port_device *port, struct error *error)
{
	char path[128];
	char driver[256];
	const char *address = port->spec.name;
	bool full = strchr(address, ':') != strrchr(address, ':');
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s%s", full ? "" : "0000:", address);
	if (access(path, F_OK))
		return error_set(
			error, -ENODEV, port->where,
			"there is no PCI device %s; see `dpdk-devbind.py --status-dev net`",
			address);
	strncat(path, "/driver", sizeof(path) - strlen(path) - 1);
	ssize_t length = readlink(path, driver, sizeof(driver) - 1);
	if (length < 0)
		return error_set(error, -ENODEV, port->where,
				 "PCI device %s has no driver; bind it with `dpdk-devbind.py "
				 "--bind=vfio-pci %s`",
				 address, address);
	return 0;
}

void port_names_error(const struct port_device *port, struct error *error)
{
	if (error)
		snprintf(error->where, sizeof(error->where), "%s", port->where);
}

int port_check(const struct port_device *port, struct error *error)
{
	switch (port->spec.kind) {
	case DEVICE_TAP:
		return check_tap(port, error);
	case DEVICE_AF_PACKET:
	case DEVICE_AF_XDP:
		return check_interface(port, error);
	case DEVICE_MEMIF:
	case DEVICE_VHOST:
		return check_socket(port, error);
	case DEVICE_PCI:
		return check_pci(port, error);
	case DEVICE_OTHER:
		break;
	}
	return 0;
}
