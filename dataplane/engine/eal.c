// SPDX-License-Identifier: BSD-3-Clause
// EAL's start and end: the options it is given, where its messages go, and what it leaves behind.
#include "dataplane/engine/eal.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include "dataplane/engine/bpf_log.h"

#define ARGUMENTS_MOST 64

// One EAL a process, hence one of these.
static struct {
	pid_t started_by; // 0: not started. A forked child must not clean up for its parent
	char directory[PATH_MAX];
	pthread_mutex_t log_lock;
	bool log_forward; // the user asked to see the log
	char log_first[256];
} eal = {.log_lock = PTHREAD_MUTEX_INITIALIZER};

// ---- Messages ----

// Keeps the first line: the cause. Those after it only tell how the failure travelled.
static ssize_t log_write(void *cookie, const char *text, size_t size)
{
	(void)cookie;
	size_t length = size;
	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
		length--;
	pthread_mutex_lock(&eal.log_lock);
	if (length > 0 && eal.log_first[0] == '\0')
		snprintf(eal.log_first, sizeof(eal.log_first), "%.*s", (int)length, text);
	bool forward = eal.log_forward;
	pthread_mutex_unlock(&eal.log_lock);
	if (forward)
		fwrite(text, 1, size, stderr);
	return (ssize_t)size;
}

void eal_log_first(char *line, size_t size)
{
	pthread_mutex_lock(&eal.log_lock);
	snprintf(line, size, "%s", eal.log_first);
	pthread_mutex_unlock(&eal.log_lock);
}

void eal_log_reset(void)
{
	pthread_mutex_lock(&eal.log_lock);
	eal.log_first[0] = '\0';
	pthread_mutex_unlock(&eal.log_lock);
}

static int log_open(void)
{
	cookie_io_functions_t functions = {.write = log_write};
	FILE *log = fopencookie(NULL, "w", functions);
	if (log == NULL)
		return -ENOMEM;
	setvbuf(log, NULL, _IOLBF, BUFSIZ);
	return rte_openlog_stream(log) ? -EIO : 0;
}

// ---- Options ----

struct arguments {
	int count;
	char *items[ARGUMENTS_MOST + 1];
	char prefix[80];
	char lcores[1024];
};

static void add(struct arguments *arguments, const char *item)
{
	if (arguments->count < ARGUMENTS_MOST) {
		arguments->items[arguments->count++] = (char *)item;
		arguments->items[arguments->count] = NULL;
	}
}

// Has the user given one of these options (a list ended by NULL), alone or with "=value"? Short
// ones may have their value attached.
static bool given(const struct eal_options *options, const char *const *names)
{
	for (int i = 0; i < options->argc; i++)
		for (const char *const *name = names; *name; name++) {
			size_t length = strlen(*name);
			if (strncmp(options->argv[i], *name, length))
				continue;
			char next = options->argv[i][length];
			if (next == '\0' || next == '=' || (*name)[1] != '-')
				return true;
		}
	return false;
}

// All CPUs that this process may use, as the one place where EAL's main thread may run:
// otherwise EAL would nail the caller to one of them.
static void lcores_format(char *text, size_t size)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		CPU_SET(0, &set);
	size_t used = (size_t)snprintf(text, size, "0@(");
	const char *comma = "";
	for (int first = 0; first < CPU_SETSIZE; first++) {
		if (!CPU_ISSET(first, &set))
			continue;
		int last = first;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set))
			last++;
		if (used + 32 > size)
			break; // some CPUs are enough
		used += (size_t)snprintf(text + used, size - used, "%s%d-%d", comma, first, last);
		comma = ",";
		first = last;
	}
	snprintf(text + used, size - used, ")");
}

static void memory_arguments(struct arguments *arguments, const struct eal_options *options)
{
	static const char *const huge[] = {"--huge-dir",
					   "--huge-unlink",
					   "--in-memory",
					   "--socket-mem",
					   "--socket-limit",
					   "--legacy-mem",
					   "--single-file-segments",
					   "--match-allocations",
					   "-m",
					   NULL};
	static const char *const no_huge[] = {"--no-huge", NULL};
	static const char *const own_files[] = {"--huge-dir", "--legacy-mem", NULL};
	static const char *const settled[] = {"--huge-unlink", "--in-memory", NULL};
	if (given(options, no_huge))
		return;
	if (!given(options, huge)) {
		add(arguments, "--no-huge");
		// Address space: pages are taken when they are first touched.
		add(arguments, "-m");
		add(arguments, "2048");
	} else if (!given(options, settled)) {
		// Hugepages that vanish with the process.
		add(arguments, given(options, own_files) ? "--huge-unlink" : "--in-memory");
	}
}

static void arguments_make(struct arguments *arguments, const struct eal_options *options)
{
	static const char *const pci[] = {"-a",       "--allow", "-b",          "--block",
					  "--no-pci", "-w",      "--vfio-intr", NULL};
	static const char *const cores[] = {"-l", "-c", "-s", "-S", "--lcores", NULL};
	static const char *const prefix[] = {"--file-prefix", NULL};
	static const char *const telemetry[] = {"--telemetry", "--no-telemetry", NULL};
	static const char *const levels[] = {"--log-level", NULL};

	*arguments = (struct arguments){.count = 0};
	add(arguments, "corridor");
	add(arguments, "--no-shconf");
	memory_arguments(arguments, options);
	if (!given(options, pci)) {
		// Live, the bus stays on for ports given by PCI address, but an allowed list with a
		// device that cannot exist keeps EAL from taking any by itself.
		add(arguments, options->live ? "--allow=ffff:ff:1f.7" : "--no-pci");
	}
	if (!given(options, cores)) {
		lcores_format(arguments->lcores, sizeof(arguments->lcores));
		add(arguments, "--lcores");
		add(arguments, arguments->lcores);
	}
	if (!given(options, prefix)) {
		// With the process number two EALs never meet.
		snprintf(arguments->prefix, sizeof(arguments->prefix), "--file-prefix=%.40s-%d",
			 options->instance && options->instance[0] ? options->instance : "corridor",
			 (int)getpid());
		add(arguments, arguments->prefix);
	}
	if (!given(options, telemetry))
		add(arguments, "--no-telemetry");
	if (!given(options, levels))
		add(arguments, "--log-level=error");
	for (int i = 0; i < options->argc; i++)
		add(arguments, options->argv[i]);
}

// ---- Start and end ----

// EAL makes a directory for its files, and with --no-shconf puts nothing there: gone at once,
// nothing is left behind however the process ends. Never removes what is not empty.
static void directory_remove(void)
{
	char parent[PATH_MAX];
	if (eal.directory[0] == '\0' || rmdir(eal.directory))
		return;
	snprintf(parent, sizeof(parent), "%s", eal.directory);
	eal.directory[0] = '\0';
	char *slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = '\0';
		rmdir(parent);
	}
}

// With files of its own (the user's options) EAL's directory is emptied first. Only plain names
// directly inside it.
static void directory_empty(void)
{
	static const char *const files[] = {"config", "hugepage_info", "mp_socket",
					    "dpdk_telemetry.v2", NULL};
	char path[PATH_MAX + 32];
	for (const char *const *file = files; eal.directory[0] && *file; file++) {
		snprintf(path, sizeof(path), "%s/%s", eal.directory, *file);
		unlink(path);
	}
}

static void eal_end(void)
{
	if (eal.started_by != getpid())
		return;
	eal.started_by = 0;
	rte_eal_cleanup();
	directory_empty();
	directory_remove();
}

// Sends a stream's descriptor to nowhere; gives what it was, or -1.
static int mute_descriptor(FILE *stream, int descriptor)
{
	fflush(stream);
	int saved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (saved >= 0 && nowhere >= 0)
		dup2(nowhere, descriptor);
	if (nowhere >= 0)
		close(nowhere);
	return saved;
}

static void unmute_descriptor(FILE *stream, int descriptor, int saved)
{
	fflush(stream);
	if (saved < 0)
		return;
	dup2(saved, descriptor);
	close(saved);
}

// rte_eal_init prints pages of usage to stdout when an option is wrong, and what is fatal to stderr
// beside the log; the caller gets a sentence instead.
static int init_quietly(struct arguments *arguments)
{
	int complain = opterr;
	int out = mute_descriptor(stdout, STDOUT_FILENO);
	int err = eal.log_forward ? -1 : mute_descriptor(stderr, STDERR_FILENO);
	opterr = 0;
	int result = rte_eal_init(arguments->count, arguments->items);
	int reason = rte_errno;
	if (err >= 0)
		unmute_descriptor(stderr, STDERR_FILENO, err);
	unmute_descriptor(stdout, STDOUT_FILENO, out);
	opterr = complain;
	rte_errno = reason;
	return result;
}

// EAL counts processors by these files, and without them finds none.
static int processors_look(struct error *error)
{
	if (access("/sys/devices/system/cpu/cpu0/topology/core_id", F_OK) == 0)
		return 0;
	return error_set(error, -ENODEV, "EAL",
			 "DPDK looks for processors in /sys/devices/system/cpu, where none are; "
			 "mount it (sudo mount -t sysfs sysfs /sys)");
}

static int start_failed(const struct eal_options *options, struct error *error)
{
	char first[sizeof(eal.log_first)];
	int reason = rte_errno > 0 ? rte_errno : EINVAL;
	eal_log_first(first, sizeof(first));
	if (options->argc > 0)
		return error_set(error, -reason, "EAL",
				 "DPDK did not start with the options after -- (%s%s%s); leave out "
				 "what EAL does not know, and reserve hugepages (sysctl "
				 "vm.nr_hugepages=512) if they are asked for, or add --no-huge",
				 rte_strerror(reason), first[0] ? ": " : "", first);
	return error_set(error, -reason, "EAL",
			 "DPDK did not start (%s%s%s); check free memory and the limits of the "
			 "process (ulimit -a)",
			 rte_strerror(reason), first[0] ? ": " : "", first);
}

int eal_start(const struct eal_options *options, struct error *error)
{
	static const char *const levels[] = {"--log-level", NULL};
	if (eal.started_by == getpid())
		return 0;
	if (options->workers >= RTE_MAX_LCORE)
		return error_set(error, -EINVAL, "EAL", "%u workers asked, at most %d can run",
				 options->workers, RTE_MAX_LCORE - 1);
	if (options->argc > ARGUMENTS_MOST - 16)
		return error_set(error, -E2BIG, "EAL", "%d options after --, at most %d are taken",
				 options->argc, ARGUMENTS_MOST - 16);
	if (processors_look(error))
		return error->code;
	if (log_open())
		return error_set(error, -ENOMEM, "EAL", "memory is short; free some");
	eal.log_forward = given(options, levels);

	eal_log_reset();
	struct arguments arguments;
	arguments_make(&arguments, options);

	sigset_t all, mask;
	cpu_set_t affinity;
	bool pinned = pthread_getaffinity_np(pthread_self(), sizeof(affinity), &affinity) == 0;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &mask);
	int result = init_quietly(&arguments);
	int reason = rte_errno;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (pinned)
		pthread_setaffinity_np(pthread_self(), sizeof(affinity), &affinity);
	const char *directory = rte_eal_get_runtime_dir();
	snprintf(eal.directory, sizeof(eal.directory), "%s", directory ? directory : "");
	directory_remove();
	if (result < 0) {
		rte_errno = reason;
		return start_failed(options, error);
	}
	if (!eal.log_forward)
		bpf_log_silence();
	eal.started_by = getpid();
	atexit(eal_end);
	return 0;
}

void eal_stop(void)
{
	// EAL lives on; an engine created later in this process finds it running.
}

int eal_register_thread(void)
{
	if (rte_thread_register() == 0)
		return 0;
	return rte_errno > 0 ? -rte_errno : -ENOMEM;
}

void eal_unregister_thread(void)
{
	rte_thread_unregister();
}
