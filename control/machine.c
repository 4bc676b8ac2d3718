// SPDX-License-Identifier: BSD-3-Clause
// What the kernel and the processor offer. The DPDK part is in machine_dpdk.c.
#include "control/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/socket.h"

static bool has_capability(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	return (data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}

// The first line of a file, or "" when it cannot be read.
static void read_line(const char *path, char *line, size_t size)
{
	line[0] = '\0';
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(line, (int)size, file) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

// The number after "KEY:" in a file such as /proc/meminfo; 0 when absent.
static unsigned long read_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	char line[512];
	unsigned long number = 0;
	size_t length = strlen(key);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, length) == 0 && line[length] == ':') {
			number = strtoul(line + length + 1, NULL, 10);
			break;
		}
	fclose(file);
	return number;
}

static bool processor_has(const char *flag)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	if (file == NULL)
		return false;
	char *line = NULL;
	size_t size = 0;
	bool found = false;
	while (!found && getline(&line, &size, file) > 0) {
		if (strncmp(line, "flags", 5) != 0)
			continue;
		const char *at = strstr(line, flag);
		found = at != NULL && at[-1] == ' ' && strchr(" \n", at[strlen(flag)]) != NULL;
		break;
	}
	free(line);
	fclose(file);
	return found;
}

// 0, or the errno with which /dev/net/tun cannot be opened.
static int tun_fault(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void look_tun(struct machine_finding *finding)
{
	int fault = tun_fault();
	*finding = (struct machine_finding){"tun-device", "tap ports", MACHINE_LIVE,
					    fault == 0,   "",          ""};
	snprintf(finding->found, sizeof(finding->found), "/dev/net/tun: %s",
		 fault == 0 ? "there" : strerror(fault));
	if (fault == EACCES || fault == EPERM)
		strcpy(finding->mend, "sudo chmod 0666 /dev/net/tun");
	else if (fault != 0)
		strcpy(finding->mend, "sudo modprobe tun; sudo mkdir -p /dev/net; sudo mknod -m "
				      "0666 /dev/net/tun c 10 200");
}

static void look_capability(struct machine_finding *finding, const char *name, int capability,
			    const char *purpose, enum machine_need need)
{
	bool ok = has_capability(capability);
	*finding = (struct machine_finding){name, purpose, need, ok, "", ""};
	strcpy(finding->found, ok ? "held" : "not held");
	if (!ok)
		strcpy(finding->mend, "run as root (sudo corridor run ...)");
}

static void look_cores(struct machine_finding *finding)
{
	cpu_set_t set;
	int cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	*finding = (struct machine_finding){
		"cores",
		"punctual departures: one for the engine, one for the rest",
		MACHINE_OPTION,
		cores >= 2,
		"",
		""};
	snprintf(finding->found, sizeof(finding->found), "%d for this process", cores);
	if (cores < 2)
		strcpy(finding->mend, "give the machine a second core (taskset -p shows the set)");
}

static void look_clock(struct machine_finding *finding)
{
	char source[64];
	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
		  sizeof(source));
	bool ok = processor_has("constant_tsc") && processor_has("nonstop_tsc");
	*finding = (struct machine_finding){
		"clock", "the live clock counts processor cycles", MACHINE_OPTION, ok, "", ""};
	snprintf(finding->found, sizeof(finding->found), "TSC %s, kernel clock %s",
		 ok ? "constant and non-stop" : "not invariant", source[0] ? source : "unknown");
	if (!ok)
		strcpy(finding->mend, "use a processor (or a virtual one) with constant_tsc and "
				      "nonstop_tsc; replays need none");
}

static void look_hugepages(struct machine_finding *finding)
{
	unsigned long pages = read_number("/proc/meminfo", "HugePages_Total");
	unsigned long free_pages = read_number("/proc/meminfo", "HugePages_Free");
	unsigned long kilobytes = read_number("/proc/meminfo", "Hugepagesize");
	*finding = (struct machine_finding){
		"hugepages", "not needed; speed with PCI ports", MACHINE_OPTION, pages > 0, "", ""};
	snprintf(finding->found, sizeof(finding->found), "%lu of %lu kB, %lu free", pages,
		 kilobytes, free_pages);
	if (pages == 0)
		strcpy(finding->mend, "sudo sysctl vm.nr_hugepages=512");
}

static void look_memory(struct machine_finding *finding)
{
	unsigned long megabytes = read_number("/proc/meminfo", "MemAvailable") / 1024;
	*finding = (struct machine_finding){
		"memory", "packets in flight", MACHINE_OPTION, megabytes >= 512, "", ""};
	snprintf(finding->found, sizeof(finding->found), "%lu MB available", megabytes);
	if (megabytes < 512)
		strcpy(finding->mend, "free some memory (free -m; ps --sort -rss -eo rss,comm)");
}

static void look_socket_family(struct machine_finding *finding, const char *name, int family,
			       int type, const char *purpose)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	bool there = fd >= 0 || errno != EAFNOSUPPORT;
	int fault = fd >= 0 ? 0 : errno;
	if (fd >= 0)
		close(fd);
	*finding = (struct machine_finding){name, purpose, MACHINE_OPTION, fault == 0, "", ""};
	snprintf(finding->found, sizeof(finding->found), "%s",
		 fault == 0 ? "there" : (there ? strerror(fault) : "not in this kernel"));
	if (!there)
		snprintf(finding->mend, sizeof(finding->mend),
			 "use a kernel with it, or tap ports");
	else if (fault != 0)
		snprintf(finding->mend, sizeof(finding->mend), "run as root");
}

static void look_runtime(struct machine_finding *finding)
{
	char directory[SOCKET_PATH_SIZE];
	struct error error;
	int result = socket_directory(directory, sizeof(directory), true, &error);
	*finding = (struct machine_finding){
		"runtime-directory", "sockets of running labs", MACHINE_LIVE, result == 0, "", ""};
	if (result == 0) {
		snprintf(finding->found, sizeof(finding->found), "%.150s", directory);
	} else {
		snprintf(finding->found, sizeof(finding->found), "%.150s", error.what);
		strcpy(finding->mend, "export XDG_RUNTIME_DIR=$(mktemp -d)");
	}
}

// What EAL starts without: it counts processors by files of sysfs.
static void look_offline(struct machine_finding *finding)
{
	bool ok = access("/sys/devices/system/cpu/cpu0/topology/core_id", F_OK) == 0;
	*finding =
		(struct machine_finding){"offline-commands",
					 "check, path, replay, verify, demo: no privilege needed",
					 MACHINE_REPLAY,
					 ok,
					 "",
					 ""};
	strcpy(finding->found, ok ? "they work here"
				  : "check, path and verify work; DPDK finds no processor in /sys");
	if (!ok)
		strcpy(finding->mend, "sudo mount -t sysfs sysfs /sys");
}

size_t machine_look(struct machine_finding findings[MACHINE_FINDINGS])
{
	size_t count = 0;
	look_offline(&findings[count++]);
	look_tun(&findings[count++]);
	look_capability(&findings[count++], "CAP_NET_ADMIN", CAP_NET_ADMIN, "tap ports",
			MACHINE_LIVE);
	look_capability(&findings[count++], "CAP_NET_RAW", CAP_NET_RAW,
			"af_packet and af_xdp ports", MACHINE_OPTION);
	look_capability(&findings[count++], "CAP_SYS_ADMIN", CAP_SYS_ADMIN,
			"moving taps into network namespaces", MACHINE_OPTION);
	look_runtime(&findings[count++]);
	look_cores(&findings[count++]);
	look_clock(&findings[count++]);
	look_memory(&findings[count++]);
	look_hugepages(&findings[count++]);
	look_socket_family(&findings[count++], "AF_PACKET", AF_PACKET, SOCK_RAW, "af_packet ports");
	look_socket_family(&findings[count++], "AF_XDP", AF_XDP, SOCK_RAW, "af_xdp ports");
	return count + machine_look_dpdk(findings + count, MACHINE_FINDINGS - count);
}

static int check_tap(const char *port, const char *netns, const char *where, struct error *error)
{
	int fault = tun_fault();
	if (fault == ENOENT || fault == ENODEV || fault == ENXIO)
		return error_set(error, -ENODEV, where,
				 "/dev/net/tun is not there, which device = tap needs (sudo "
				 "modprobe tun; sudo mkdir -p /dev/net; sudo mknod -m 0666 "
				 "/dev/net/tun c 10 200)");
	if (fault != 0)
		return error_set(error, -EPERM, where,
				 "/dev/net/tun cannot be opened: %s (sudo corridor run ...)",
				 strerror(fault));
	if (!has_capability(CAP_NET_ADMIN))
		return error_set(error, -EPERM, where,
				 "device = tap needs CAP_NET_ADMIN, which this process does not "
				 "hold (sudo corridor run ...)");
	if (netns == NULL || netns[0] == '\0')
		return 0;
	if (!has_capability(CAP_SYS_ADMIN))
		return error_set(error, -EPERM, where,
				 "netns = %s needs CAP_SYS_ADMIN, which this process does not hold "
				 "(sudo corridor run ...)",
				 netns);
	char path[128];
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	if (access(path, F_OK) != 0)
		return error_set(error, -ENODEV, where,
				 "there is no network namespace %s for port %s (ip netns add %s)",
				 netns, port, netns);
	return 0;
}

int machine_check_device(const char *port, const char *device, const char *netns,
			 struct error *error)
{
	char where[128];
	snprintf(where, sizeof(where), "port %.64s", port);
	size_t length = strcspn(device, " ,");
	if (length == 3 && strncmp(device, "tap", 3) == 0)
		return check_tap(port, netns, where, error);
	bool raw = (length == 9 && strncmp(device, "af_packet", 9) == 0) ||
		   (length == 6 && strncmp(device, "af_xdp", 6) == 0);
	if (raw && !has_capability(CAP_NET_RAW))
		return error_set(error, -EPERM, where,
				 "device = %.*s needs CAP_NET_RAW, which this process does not "
				 "hold (sudo corridor run ...)",
				 (int)length, device);
	return 0;
}
