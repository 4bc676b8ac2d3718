// SPDX-License-Identifier: BSD-3-Clause
// Processors, hugepages, and the time.
#include "bench/machine.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// MB for each of the two, as text for EAL and as a number of 2 MB pages for both.
#define MEMORY_MB    "256"
#define MEMORY_PAGES 256

double machine_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void machine_sleep(double seconds)
{
	struct timespec left = {.tv_sec = (time_t)seconds};

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	nanosleep(&left, NULL);
}

double machine_resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (file != NULL && fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

// Over all threads, since each began. 0 where the kernel does not say.
static double waited_seconds(pid_t pid)
{
	char path[320];
	uint64_t sum_ns = 0, waited_ns;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	struct dirent *task;
	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, task->d_name);
		FILE *file = task->d_name[0] != '.' ? fopen(path, "r") : NULL;
		if (file == NULL)
			continue;
		if (fscanf(file, "%*u %" SCNu64, &waited_ns) == 1)
			sum_ns += waited_ns;
		fclose(file);
	}
	if (tasks != NULL)
		closedir(tasks);
	return (double)sum_ns * 1e-9;
}

struct machine_watch machine_watch_start(pid_t pid)
{
	struct machine_watch watch = {.pid = pid, .waited = waited_seconds(pid)};

	watch.began = machine_seconds();
	return watch;
}

double machine_watch_seconds(const struct machine_watch *watch, double *share)
{
	double passed = machine_seconds() - watch->began;
	double own = passed - (waited_seconds(watch->pid) - watch->waited);

	if (own <= 0)
		own = passed; // several threads waited at once: not to be told apart
	if (share != NULL)
		*share = own / passed;
	return own;
}

void machine_processor(char *text, size_t size)
{
	char line[256];
	FILE *info = fopen("/proc/cpuinfo", "r");
	cpu_set_t allowed;

	snprintf(text, size, "unknown");
	while (info != NULL && fgets(line, sizeof(line), info) != NULL) {
		char *colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) != 0 || colon == NULL)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, size, "%s", colon + 1 + strspn(colon + 1, " "));
		break;
	}
	if (info != NULL)
		fclose(info);
	size_t used = strlen(text);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
		snprintf(text + used, size - used, ", %d usable", CPU_COUNT(&allowed));
}

static unsigned find_cpu(bool last)
{
	cpu_set_t allowed;
	unsigned found = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return 0;
	for (unsigned cpu = CPU_SETSIZE; cpu-- > 0;) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		found = cpu;
		if (last)
			break;
	}
	return found;
}

unsigned machine_first_cpu(void)
{
	return find_cpu(false);
}

unsigned machine_last_cpu(void)
{
	return find_cpu(true);
}

void machine_pin(cpu_set_t *before)
{
	cpu_set_t one;

	CPU_ZERO(before);
	pthread_getaffinity_np(pthread_self(), sizeof(*before), before);
	CPU_ZERO(&one);
	CPU_SET(machine_last_cpu(), &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

void machine_unpin(const cpu_set_t *before)
{
	pthread_setaffinity_np(pthread_self(), sizeof(*before), before);
}

struct machine_memory machine_memory(void)
{
	static bool asked, huge; // once: the engine's own pages are no longer free afterwards
	unsigned pages = 0;

	if (!asked) {
		FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
		huge = file != NULL && fscanf(file, "%u", &pages) == 1 && pages >= MEMORY_PAGES;
		if (file != NULL)
			fclose(file);
		asked = true;
	}
	return (struct machine_memory){
		.words = {huge ? "--in-memory" : "--no-huge", "-m", MEMORY_MB},
		.word_count = 3,
		.name = huge ? "hugepages" : "no hugepages",
	};
}
