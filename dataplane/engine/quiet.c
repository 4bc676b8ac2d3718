// SPDX-License-Identifier: BSD-3-Clause
// Offloads by the ETHTOOL ioctl (the ethtool program is not needed) and IPv6 by /proc/sys.
#include "dataplane/engine/quiet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/engine/netns.h"

#define IPV6_SCOPE_LINK 0x20 // as /proc/net/if_inet6 writes it

struct setting {
	uint32_t get;
	uint32_t set;
	const char *what;
};

// Transmit checksums above all: a veth leaves them to the receiver, who would see broken TCP.
static const struct setting settings[] = {
	{ETHTOOL_GTSO, ETHTOOL_STSO, "TSO"},
	{ETHTOOL_GGSO, ETHTOOL_SGSO, "GSO"},
	{ETHTOOL_GGRO, ETHTOOL_SGRO, "GRO"},
	{ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, "transmit checksum"},
};

static void warn(char *warning, size_t size, const char *name, const char *what, int code)
{
	size_t used = strlen(warning);
	if (used < size)
		snprintf(warning + used, size - used, "%s%s: %s could not be turned off (%s)",
			 used ? "; " : "", name, what, strerror(code));
}

static int ethtool(int socket, const char *name, uint32_t command, uint32_t *value)
{
	struct ethtool_value data = {.cmd = command, .data = *value};
	struct ifreq request = {.ifr_data = (char *)&data};
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(socket, SIOCETHTOOL, &request))
		return -errno;
	*value = data.data;
	return 0;
}

static void remember(struct quiet *quiet, const char *netns, const char *name, uint32_t command,
		     uint32_t before)
{
	if (quiet->count == QUIET_CHANGES)
		return;
	struct quiet_change *change = &quiet->changes[quiet->count++];
	snprintf(change->netns, sizeof(change->netns), "%s", netns);
	snprintf(change->name, sizeof(change->name), "%s", name);
	change->command = command;
	change->before = before;
}

// Work on one interface inside its namespace.
struct visit {
	struct quiet *quiet;
	const char *netns;
	char name[IFNAMSIZ];
	unsigned index; // instead of a name
	char *warning;
	size_t size;
};

static int offloads_off(void *context)
{
	struct visit *visit = context;
	if (visit->index && if_indextoname(visit->index, visit->name) == NULL)
		return -errno;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		uint32_t value = 0;
		uint32_t off = 0;
		if (ethtool(fd, visit->name, settings[i].get, &value) || value == 0)
			continue; // not known here, or off already
		int code = ethtool(fd, visit->name, settings[i].set, &off);
		if (code)
			warn(visit->warning, visit->size, visit->name, settings[i].what, -code);
		else
			remember(visit->quiet, visit->netns, visit->name, settings[i].set, value);
	}
	close(fd);
	return 0;
}

static int offload_restore(void *context)
{
	struct quiet_change *change = context;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int code = ethtool(fd, change->name, change->command, &change->before);
	close(fd);
	return code;
}

// Writes 0 or 1; gives what was there. -1 and errno when there is no such setting.
static int ipv6_disable(const char *name, int wanted)
{
	char path[64 + IFNAMSIZ];
	char before = '0';
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = -1;
	if (read(fd, &before, 1) == 1) {
		result = before == '1';
		if (result != wanted && pwrite(fd, wanted ? "1\n" : "0\n", 2, 0) != 2)
			result = -1;
	}
	int code = errno;
	close(fd);
	errno = code;
	return result;
}

// Has the interface an IPv6 address that somebody gave it, beyond its own link-local one? Lines of
// /proc/net/if_inet6: address, interface, prefix length, scope, flags, name.
static bool has_ipv6_address(const char *name)
{
	char line[256];
	bool found = false;
	FILE *file = fopen("/proc/net/if_inet6", "re");
	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		char owner[IFNAMSIZ] = "";
		unsigned scope;
		found = sscanf(line, "%*s %*s %*s %x %*s %15s", &scope, owner) == 2 &&
			scope != IPV6_SCOPE_LINK && strcmp(owner, name) == 0;
	}
	fclose(file);
	return found;
}

static void quiet_ipv6(struct quiet *quiet, const char *name, char *warning, size_t size)
{
	size_t used = strlen(warning);
	if (has_ipv6_address(name)) {
		snprintf(warning + used, size - used,
			 "%s%s: it has IPv6 addresses, by which this host speaks there as well; "
			 "`ip -6 addr flush dev %s` takes them away",
			 used ? "; " : "", name, name);
		return;
	}
	int before = ipv6_disable(name, 1);
	if (before == 0)
		remember(quiet, "", name, 0, 0);
	else if (before < 0 && errno != ENOENT)
		warn(warning, size, name, "IPv6", errno);
}

static void quiet_peer(struct quiet *quiet, const char *name, char *warning, size_t size)
{
	char netns[128] = "";
	struct netns_link link;
	if (netns_link_read(NULL, name, &link) || link.peer_index == 0)
		return; // no veth
	if (link.peer_netns >= 0 && netns_find(link.peer_netns, netns, sizeof(netns))) {
		size_t used = strlen(warning);
		snprintf(warning + used, size - used,
			 "%s%s: its peer lies in a namespace without a name; turn transmit "
			 "checksums off there (ethtool -K IF tx off tso off gso off), or TCP fails",
			 used ? "; " : "", name);
		return;
	}
	struct visit visit = {.quiet = quiet,
			      .netns = netns,
			      .index = link.peer_index,
			      .warning = warning,
			      .size = size};
	int code = netns_run(netns, offloads_off, &visit, NULL);
	if (code)
		warn(warning, size, name, "the peer's transmit checksum", -code);
}

void quiet_interface(struct quiet *quiet, const char *name, char *warning, size_t size)
{
	*quiet = (struct quiet){.count = 0};
	warning[0] = '\0';
	struct visit visit = {.quiet = quiet, .netns = "", .warning = warning, .size = size};
	snprintf(visit.name, sizeof(visit.name), "%s", name);
	int code = offloads_off(&visit);
	if (code)
		warn(warning, size, name, "offloading", -code);
	quiet_peer(quiet, name, warning, size);
	quiet_ipv6(quiet, name, warning, size);
}

void quiet_restore(struct quiet *quiet)
{
	while (quiet->count > 0) {
		struct quiet_change *change = &quiet->changes[--quiet->count];
		if (change->command)
			netns_run(change->netns, offload_restore, change, NULL);
		else
			ipv6_disable(change->name, 0);
	}
}
