// SPDX-License-Identifier: BSD-3-Clause
// Which DPDK and which of its port drivers are installed, and which interfaces have offloads that
// spoil checksums. Looks at files and asks the kernel; DPDK itself is the engine's.
#include "control/machine.h"

#include <glob.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// Packages put drivers into dpdk/pmds-ABI below the library directory, others beside the libraries.
static bool driver_is_installed(const char *name)
{
	static const char *const patterns[] = {
		CORRIDOR_LIBRARY_DIRECTORY "/dpdk/pmds-*/librte_net_%s.so*",
		CORRIDOR_LIBRARY_DIRECTORY "/librte_net_%s.so*",
		"/usr/lib/dpdk/pmds-*/librte_net_%s.so*",
	};
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		char pattern[256];
		// The patterns above are the only formats.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(pattern, sizeof(pattern), patterns[i], name);
#pragma GCC diagnostic pop
		glob_t found;
		bool there = glob(pattern, 0, NULL, &found) == 0;
		globfree(&found);
		if (there)
			return true;
	}
	return false;
}

static void look_driver(struct machine_finding *finding, const char *key, const char *name,
			const char *purpose, enum machine_need need)
{
	bool ok = driver_is_installed(name);
	*finding = (struct machine_finding){key, purpose, need, ok, "", ""};
	strcpy(finding->found, ok ? "installed" : "not found");
	if (!ok)
		snprintf(finding->mend, sizeof(finding->mend),
			 "sudo apt-get install librte-net-%.40s23", name);
	for (char *c = finding->mend; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
}

// Interfaces (but lo) whose kernel leaves checksums to hardware that a veth does not have.
static void list_offloads(char *list, size_t size)
{
	list[0] = '\0';
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *interfaces = if_nameindex();
	for (struct if_nameindex *i = interfaces; i != NULL && i->if_index != 0; i++) {
		struct ethtool_value value = {.cmd = ETHTOOL_GTXCSUM};
		struct ifreq request = {.ifr_data = (void *)&value};
		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", i->if_name);
		if (strcmp(i->if_name, "lo") == 0 || fd < 0 ||
		    ioctl(fd, SIOCETHTOOL, &request) != 0 || value.data == 0)
			continue;
		size_t used = strlen(list);
		snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", i->if_name);
	}
	if (interfaces != NULL)
		if_freenameindex(interfaces);
	if (fd >= 0)
		close(fd);
}

static void look_offloads(struct machine_finding *finding)
{
	char list[120];
	list_offloads(list, sizeof(list));
	*finding = (struct machine_finding){"offloads",
					    "TCP over af_packet and af_xdp ports wants tx "
					    "checksumming off at both ends of a veth",
					    MACHINE_OPTION,
					    list[0] == '\0',
					    "",
					    ""};
	snprintf(finding->found, sizeof(finding->found), "tx checksumming on: %s",
		 list[0] == '\0' ? "none" : list);
	if (list[0] != '\0')
		strcpy(finding->mend, "for those used as ports: ethtool -K IF tx off");
}

size_t machine_look_dpdk(struct machine_finding *findings, size_t most)
{
	static const struct {
		const char *key;
		const char *driver;
		const char *purpose;
		enum machine_need need;
	} drivers[] = {
		{"driver-tap", "tap", "device = tap", MACHINE_LIVE},
		{"driver-af_packet", "af_packet", "device = af_packet IF", MACHINE_OPTION},
		{"driver-af_xdp", "af_xdp", "device = af_xdp IF", MACHINE_OPTION},
		{"driver-memif", "memif", "device = memif PATH", MACHINE_OPTION},
		{"driver-vhost", "vhost", "device = vhost PATH", MACHINE_OPTION},
		{"driver-ring", "ring", "tests", MACHINE_OPTION},
		{"driver-null", "null", "benchmarks", MACHINE_OPTION},
	};
	size_t count = 0;
	if (most < 2 + sizeof(drivers) / sizeof(drivers[0]))
		return 0;
	findings[count++] = (struct machine_finding){
		"dpdk", "the engine", MACHINE_FACT, true, "built with " CORRIDOR_DPDK_VERSION, ""};
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		look_driver(&findings[count++], drivers[i].key, drivers[i].driver,
			    drivers[i].purpose, drivers[i].need);
	look_offloads(&findings[count++]);
	return count;
}
