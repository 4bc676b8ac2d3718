// SPDX-License-Identifier: BSD-3-Clause
// What a wire between two taps delays a frame by, one way, by no clock but the kernel's own: packet
// sockets note when a frame goes into one tap and when it comes out of the other.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "control/lab.h"
#include "topologies/load.h"

#define ROUNDS      5
#define FRAMES      400
#define APART       0.002  // seconds between two frames
#define AFTER       0.05   // seconds for the last ones, beyond the delay
#define ETHER_TYPE  0x88b5 // for local experiments (IEEE 802)
#define TARGET_NS   10000
#define FRAME_BYTES 60
#define DELAYS      3
#define BESIDE      "the same path with no delay: what it takes itself"

static const char text[] = "[network]\nname = taps\n"
			   "[port west]\ndevice = tap\nifname = taps-west\n"
			   "[port east]\ndevice = tap\nifname = taps-east\n"
			   "[link span]\nmedium = wire\nends = west, east\ndelay = 0ms\n";

static const unsigned delays_ms[DELAYS] = {1, 10, 300};

struct probe {
	unsigned char target[6], source[6];
	uint16_t type;
	uint32_t number;
	unsigned char rest[FRAME_BYTES - 18];
} __attribute__((packed));
_Static_assert(sizeof(struct probe) == FRAME_BYTES, "a frame of the least length");

struct bench {
	struct topology *topology;
	struct lab *lab;
	int sender, west, east;
	int64_t in_ns[FRAMES], out_ns[FRAMES]; // of CLOCK_REALTIME; 0: not seen
};

static int open_socket(const char *ifname, bool stamps, struct error *error)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_ALL), // what leaves, too
				      .sll_ifindex = (int)if_nametoindex(ifname)};
	int on = 1, fd;

	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    (stamps && setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on))))
		error_set(error, -errno, "taps", "no packet socket on %s (%s)", ifname,
			  strerror(errno));
	return fd;
}

static int prepare(struct bench *bench, struct error *error)
{
	struct machine_memory memory = machine_memory();
	const struct lab_options options = {
		.spin = true, .eal_argc = memory.word_count, .eal_argv = (char **)memory.words};
	struct errors errors = {.count = 0};

	error->code = 0;
	bench->topology = topology_load_text(text, "bench", &errors);
	if (bench->topology == NULL)
		*error = errors.items[0];
	errors_fini(&errors);
	if (bench->topology == NULL)
		return error->code;
	bench->lab = lab_create(bench->topology, &options, error);
	if (bench->lab == NULL || lab_start(bench->lab, error))
		return error->code;
	bench->sender = open_socket("taps-west", false, error);
	bench->west = open_socket("taps-west", true, error);
	bench->east = open_socket("taps-east", true, error);
	return error->code;
}

// The kernel's stamps of all probes that a socket has seen.
static void collect(int fd, int64_t *stamps_ns)
{
	struct probe probe;
	char control[128];
	struct iovec bytes = {.iov_base = &probe, .iov_len = sizeof(probe)};

	for (;;) {
		struct msghdr message = {.msg_iov = &bytes,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		struct timespec stamp;

		if (recvmsg(fd, &message, MSG_DONTWAIT) < 0)
			return;
		if (probe.type != htons(ETHER_TYPE) || probe.number >= FRAMES)
			continue;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
			if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
				continue;
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			stamps_ns[probe.number] =
				stamp.tv_sec * INT64_C(1000000000) + stamp.tv_nsec;
		}
	}
}

static int earlier(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

// The median time from one tap to the other in nanoseconds; negative when half were lost.
static double median_ns(const struct bench *bench)
{
	int64_t taken_ns[FRAMES];
	size_t count = 0;

	for (unsigned n = 0; n < FRAMES; n++)
		if (bench->in_ns[n] && bench->out_ns[n])
			taken_ns[count++] = bench->out_ns[n] - bench->in_ns[n];
	qsort(taken_ns, count, sizeof(*taken_ns), earlier);
	return count >= FRAMES / 2 ? (double)taken_ns[count / 2] : -1;
}

static int measure(struct bench *bench, unsigned delay_ms, double *taken_ns, struct error *error)
{
	struct probe probe = {.target = {2, 0, 0, 0, 0, 2},
			      .source = {2, 0, 0, 0, 0, 1},
			      .type = htons(ETHER_TYPE)};
	char line[64];
	const char *lines[] = {line};
	double began;
	int code;

	snprintf(line, sizeof(line), "link span set delay %ums", delay_ms);
	code = lab_change(bench->lab, lines, 1, NULL, error);
	if (code)
		return code;
	machine_sleep(AFTER);
	memset(bench->in_ns, 0, sizeof(bench->in_ns));
	memset(bench->out_ns, 0, sizeof(bench->out_ns));
	began = machine_seconds();
	for (uint32_t n = 0; n < FRAMES; n++) {
		probe.number = n;
		if (send(bench->sender, &probe, sizeof(probe), 0) < 0)
			return error_set(error, -errno, "taps", "cannot send (%s)",
					 strerror(errno));
		machine_sleep(began + (n + 1) * APART - machine_seconds());
		collect(bench->west, bench->in_ns);
		collect(bench->east, bench->out_ns);
	}
	machine_sleep(delay_ms / 1e3 + AFTER);
	collect(bench->east, bench->out_ns);
	*taken_ns = median_ns(bench);
	return 0;
}

static int one_round(struct bench *bench, struct report_line **lines, struct error *error)
{
	double floor_ns = -1;
	int code = measure(bench, 0, &floor_ns, error);

	for (size_t i = 0; code == 0 && floor_ns >= 0 && i < DELAYS; i++) {
		double taken_ns = -1;

		code = measure(bench, delays_ms[i], &taken_ns, error);
		if (code || taken_ns < 0)
			break;
		samples_add(&lines[i]->corridor, fabs(taken_ns - delays_ms[i] * 1e6 - floor_ns));
		samples_add(&lines[i]->reference, floor_ns);
	}
	return code;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "taps"};
	static struct bench bench = {.sender = -1, .west = -1, .east = -1};
	static const char *const keys[DELAYS][2] = {
		{"tap_1ms", "1 ms from tap to tap: how far the median is off"},
		{"tap_10ms", "10 ms"},
		{"tap_300ms", "300 ms"}};
	struct report_line *lines[DELAYS];
	struct options options;
	struct error error = {.code = 0};
	int code = 0, status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	report.rounds = options.rounds;
	for (size_t i = 0; i < DELAYS; i++)
		lines[i] = report_target(report_add(&report, keys[i][0], keys[i][1], "ns", BESIDE),
					 REPORT_AT_MOST, TARGET_NS);
	// A network of our own: nothing of the machine's is touched, and nothing is left.
	if (unshare(CLONE_NEWNET)) {
		report_note(&report, "taps are made by root only (%s)", strerror(errno));
	} else {
		code = prepare(&bench, &error);
		for (unsigned round = 0; code == 0 && round < options.rounds; round++)
			code = one_round(&bench, lines, &error);
		report_note(&report,
			    "by the kernel's stamps of %d frames, %d ms apart, as they go into one "
			    "tap and come out of the other; less the delay and the reference",
			    FRAMES, (int)(APART * 1e3));
	}
	lab_destroy(bench.lab);
	topology_free(bench.topology);
	if (code) {
		fprintf(stderr, "bench_taps: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_print(&report, options.json);
	return 0;
}
