// SPDX-License-Identifier: BSD-3-Clause
// The live table: busiest channels first, one line each, rates since the last picture.
#include "control/cli/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control/view.h"
#include "topologies/quantity.h"

#define HEAD_LINES 3

// All columns but the first, which takes what the terminal leaves.
#define OTHER_COLUMNS 54
#define NAME_LEAST    16
#define NAME_MOST     (TOPOLOGY_NAME_MAX + 8)

struct row {
	uint32_t channel;
	struct engine_channel_counters counters;
	uint64_t packets; // delivered or lost since the last picture
	uint64_t bytes;   // delivered
};

struct screen {
	FILE *out;
	bool colour;
	uint64_t drawn_at_ns;
	size_t count;
	int longest_name;
	uint64_t *delivered, *bytes, *lost; // [channel] at the last picture
	struct row *rows;
};

struct screen *screen_create(const struct lab *lab, FILE *out, bool colour)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	if (screen == NULL)
		return NULL;
	screen->out = out;
	screen->colour = colour;
	screen->count = lab_topology(lab)->link_count * LINK_DIRECTIONS;
	screen->delivered = calloc(screen->count + 1, sizeof(uint64_t));
	screen->bytes = calloc(screen->count + 1, sizeof(uint64_t));
	screen->lost = calloc(screen->count + 1, sizeof(uint64_t));
	screen->rows = calloc(screen->count + 1, sizeof(*screen->rows));
	for (uint32_t i = 0; i < screen->count; i++) {
		char name[TOPOLOGY_NAME_MAX + 16];
		topology_channel_name(lab_topology(lab), i, name, sizeof(name));
		if ((int)strlen(name) > screen->longest_name)
			screen->longest_name = (int)strlen(name);
	}
	if (screen->delivered == NULL || screen->bytes == NULL || screen->lost == NULL ||
	    screen->rows == NULL) {
		screen_free(screen);
		return NULL;
	}
	return screen;
}

void screen_free(struct screen *screen)
{
	if (screen == NULL)
		return;
	free(screen->delivered);
	free(screen->bytes);
	free(screen->lost);
	free(screen->rows);
	free(screen);
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	if (a->packets != b->packets)
		return a->packets < b->packets ? 1 : -1;
	return a->channel < b->channel ? -1 : 1;
}

static void collect(struct screen *screen, const struct lab *lab)
{
	for (uint32_t i = 0; i < screen->count; i++) {
		struct row *row = &screen->rows[i];
		row->channel = i;
		engine_channel_read(lab_engine(lab), i, &row->counters);
		uint64_t lost = view_lost_sum(row->counters.lost);
		row->packets =
			row->counters.delivered - screen->delivered[i] + lost - screen->lost[i];
		row->bytes = row->counters.delivered_bytes - screen->bytes[i];
		screen->delivered[i] = row->counters.delivered;
		screen->bytes[i] = row->counters.delivered_bytes;
		screen->lost[i] = lost;
	}
	qsort(screen->rows, screen->count, sizeof(*screen->rows), compare_rows);
}

// How wide the first column is.
static int name_width(const struct screen *screen, int columns)
{
	int width = columns - OTHER_COLUMNS;
	if (width > screen->longest_name)
		width = screen->longest_name;
	return width < NAME_LEAST ? NAME_LEAST : width > NAME_MOST ? NAME_MOST : width;
}

// Of a name that is too long the end is kept: the direction stands there.
static const char *name_end(const char *name, int width)
{
	size_t length = strlen(name);
	return length > (size_t)width ? name + length - (size_t)width : name;
}

static void draw_row(const struct screen *screen, const struct lab *lab, const struct row *row,
		     double seconds, int columns)
{
	char name[TOPOLOGY_NAME_MAX + 16], delay[32], rate[32], line[256];
	int width = name_width(screen, columns);
	topology_channel_name(lab_topology(lab), row->channel, name, sizeof(name));
	const struct channel_params *params =
		&network_plan(lab_network(lab))->channels[row->channel].params;
	double bits = seconds > 0 ? (double)row->bytes * 8 / seconds : 0;
	quantity_format_time(params->delay_ns, delay, sizeof(delay));
	snprintf(rate, sizeof(rate), "%.3f", bits / 1e6);
	snprintf(line, sizeof(line), "%-*s %-5s %9s %9.0f %9s %9lu %7lu", width,
		 name_end(name, width), params->carrier ? "up" : "down", delay,
		 seconds > 0 ? (double)row->packets / seconds : 0, rate,
		 (unsigned long)row->counters.in_flight,
		 (unsigned long)view_lost_sum(row->counters.lost));
	bool red = screen->colour && !params->carrier;
	fprintf(screen->out, "%s%.*s%s\033[K\n", red ? "\033[31m" : "", columns, line,
		red ? "\033[0m" : "");
}

void screen_draw(struct screen *screen, const struct lab *lab)
{
	struct winsize size = {0};
	if (ioctl(fileno(screen->out), TIOCGWINSZ, &size) != 0 || size.ws_row == 0) {
		size.ws_row = 24;
		size.ws_col = 80;
	}
	uint64_t now_ns = lab_now_ns(lab);
	double seconds = (double)(now_ns - screen->drawn_at_ns) / 1e9;
	screen->drawn_at_ns = now_ns;
	collect(screen, lab);

	struct engine_memory memory;
	engine_memory_read(lab_engine(lab), &memory);
	char head[256];
	snprintf(head, sizeof(head), "lab %s  %.0f s  %lu packets in flight  %s  Ctrl-C stops it",
		 lab_name(lab), (double)now_ns / 1e9, (unsigned long)memory.packets,
		 network_is_settled(lab_network(lab)) ? "settled" : "converging");
	fprintf(screen->out, "\033[H%.*s\033[K\n\033[K\n", (int)size.ws_col, head);
	snprintf(head, sizeof(head), "%-*s %-5s %9s %9s %9s %9s %7s",
		 name_width(screen, size.ws_col), "CHANNEL", "STATE", "DELAY", "PACKETS/S",
		 "MBIT/S", "IN FLIGHT", "LOST");
	fprintf(screen->out, "%.*s\033[K\n", (int)size.ws_col, head);
	size_t room = size.ws_row > HEAD_LINES + 1 ? size.ws_row - HEAD_LINES - 1u : 0;
	for (size_t i = 0; i < screen->count && i < room; i++)
		draw_row(screen, lab, &screen->rows[i], seconds, size.ws_col);
	fputs("\033[J", screen->out);
	fflush(screen->out);
}
