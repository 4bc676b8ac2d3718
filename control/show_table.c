// SPDX-License-Identifier: BSD-3-Clause
// Views as tables: each column is a heading, a key (dots lead into objects) and how to print it.
#include "control/show_table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "control/cli/table.h"
#include "topologies/quantity.h"

#define COLUMNS_MOST 14
#define CELL_SIZE    256

enum cell {
	CELL_TEXT,
	CELL_COUNT,
	CELL_TIME,    // ns
	CELL_INSTANT, // ns on the lab's clock; 0 is the start
	CELL_RATE,    // bit/s; 0 is no limit
	CELL_STATE,   // true: up
	CELL_CARRIER, // an object's `up`, and why not
	CELL_UNTIL,   // the end of a teleport's service
	CELL_LIST,    // of texts
	CELL_NUMBER,  // one decimal
	CELL_LOST,    // sum over the causes
	CELL_CAUSES   // "queue 3, carrier 2"
};

struct column {
	const char *heading; // '>' first: to the right
	const char *key;
	enum cell cell;
};

static const struct view_columns {
	const char *view;
	const char *each; // one row for each object of this array in the view's objects, or NULL
	struct column columns[COLUMNS_MOST + 1];
} tables[] = {
	{"sites",
	 NULL,
	 {{"SITE", "site", CELL_TEXT},
	  {"KIND", "kind", CELL_TEXT},
	  {"STATE", "up", CELL_STATE},
	  {"CC", "jurisdiction", CELL_TEXT},
	  {"ADDRESS", "address", CELL_TEXT},
	  {"ADDRESS6", "address6", CELL_TEXT},
	  {">LOCAL", "local", CELL_COUNT},
	  {">ORIGINATED", "originated", CELL_COUNT},
	  {">PENDING", "pending", CELL_COUNT},
	  {">LOST", "lost", CELL_LOST},
	  {"CAUSES", "lost", CELL_CAUSES}}},
	{"links",
	 NULL,
	 {{"LINK", "link", CELL_TEXT},
	  {"MEDIUM", "medium", CELL_TEXT},
	  {"ENDS", "ends", CELL_LIST},
	  {">KM", "length_km", CELL_NUMBER},
	  {"FORWARD", "forward", CELL_CARRIER},
	  {">DELAY", "forward.delay_ns", CELL_TIME},
	  {">RATE", "forward.rate_bps", CELL_RATE},
	  {"REVERSE", "reverse", CELL_CARRIER},
	  {">DELAY", "reverse.delay_ns", CELL_TIME},
	  {">RATE", "reverse.rate_bps", CELL_RATE}}},
	{"channels",
	 NULL,
	 {{"CHANNEL", "channel", CELL_TEXT},
	  {"STATE", "carrier", CELL_STATE},
	  {">DELAY", "delay_ns", CELL_TIME},
	  {">RATE", "rate_bps", CELL_RATE},
	  {">ENTERED", "entered", CELL_COUNT},
	  {">DELIVERED", "delivered", CELL_COUNT},
	  {">IN FLIGHT", "in_flight", CELL_COUNT},
	  {">LOST", "lost", CELL_LOST},
	  {"CAUSES", "lost", CELL_CAUSES},
	  {"IMPAIRMENTS", "words", CELL_TEXT}}},
	{"ports",
	 NULL,
	 {{"PORT", "port", CELL_TEXT},
	  {"SITE", "site", CELL_TEXT},
	  {"WIRE", "wire", CELL_TEXT},
	  {"DEVICE", "device", CELL_TEXT},
	  {"NETNS", "netns", CELL_TEXT},
	  {"IFNAME", "ifname", CELL_TEXT},
	  {"ADDRESSES", "addresses", CELL_LIST},
	  {"CARRIER", "carrier", CELL_STATE},
	  {"ACCURACY", "accuracy", CELL_TEXT},
	  {"ARRIVALS", "arrivals", CELL_TEXT},
	  {">RECEIVED", "received", CELL_COUNT},
	  {">SENT", "sent", CELL_COUNT},
	  {">LOST", "lost", CELL_LOST},
	  {"CAUSES", "lost", CELL_CAUSES}}},
	{"routes",
	 NULL,
	 {{"SITE", "site", CELL_TEXT},
	  {"TO", "to", CELL_TEXT},
	  {"VIA", "via", CELL_LIST},
	  {">DELAY", "delay_ns", CELL_TIME},
	  {">CHANGED", "changed_at_ns", CELL_INSTANT}}},
	{"flows",
	 NULL,
	 {{"FLOW", "flow", CELL_TEXT},
	  {"FROM", "from", CELL_TEXT},
	  {"TO", "to", CELL_TEXT},
	  {">SENT", "sent", CELL_COUNT},
	  {">RECEIVED", "received", CELL_COUNT},
	  {">LOST", "lost", CELL_LOST},
	  {"CAUSES", "lost", CELL_CAUSES},
	  {">P50", "delay_ns.p50", CELL_TIME},
	  {">P99", "delay_ns.p99", CELL_TIME},
	  {">P99.9", "delay_ns.p999", CELL_TIME},
	  {">MAX", "delay_ns.max", CELL_TIME},
	  {">LONGEST GAP", "gap_ns", CELL_TIME}}},
	{"satellites",
	 "teleports",
	 {{"SATELLITE", "satellite", CELL_TEXT},
	  {"ORBIT", "orbit", CELL_TEXT},
	  {">LONGITUDE", "longitude_deg", CELL_NUMBER},
	  {"LINK", "link", CELL_TEXT},
	  {"SITE", "site", CELL_TEXT},
	  {"SERVES SINCE", "since", CELL_TEXT},
	  {"UNTIL", "", CELL_UNTIL},
	  {">ELEVATION", "elevation_deg", CELL_NUMBER},
	  {">AZIMUTH", "azimuth_deg", CELL_NUMBER},
	  {">RANGE KM", "range_km", CELL_NUMBER},
	  {">DELAY", "delay_ns", CELL_TIME}}},
	{"events",
	 NULL,
	 {{">AT", "at_ns", CELL_INSTANT},
	  {">APPLIED", "applied_at_ns", CELL_INSTANT},
	  {"STATE", "state", CELL_TEXT},
	  {"WHAT", "what", CELL_TEXT}}},
	{"lateness",
	 NULL,
	 {{">SAMPLES", "lateness_ns.samples", CELL_COUNT},
	  {">MIN", "lateness_ns.min", CELL_TIME},
	  {">P50", "lateness_ns.p50", CELL_TIME},
	  {">P90", "lateness_ns.p90", CELL_TIME},
	  {">P99", "lateness_ns.p99", CELL_TIME},
	  {">P99.9", "lateness_ns.p999", CELL_TIME},
	  {">MAX", "lateness_ns.max", CELL_TIME},
	  {">EARLY", "early", CELL_COUNT}}},
};

// The value at a dotted key, or NULL; at "" the object itself.
static const json_t *find(const json_t *object, const char *key)
{
	char part[64];
	if (key[0] == '\0')
		return object;
	while (object != NULL) {
		size_t length = strcspn(key, ".");
		snprintf(part, sizeof(part), "%.*s", (int)length, key);
		object = json_object_get(object, part);
		if (key[length] == '\0')
			return object;
		key += length + 1;
	}
	return NULL;
}

static void format_list(const json_t *list, char *text)
{
	size_t index, used = 0;
	const json_t *item;
	json_array_foreach(list, index, item)
	{
		const char *word = json_string_value(item);
		if (word == NULL || used + strlen(word) + 3 > CELL_SIZE)
			break;
		used += (size_t)snprintf(text + used, CELL_SIZE - used, "%s%s",
					 used > 0 ? ", " : "", word);
	}
}

static json_int_t sum_lost(const json_t *lost)
{
	json_int_t sum = 0;
	const char *cause;
	json_t *count;
	json_object_foreach((json_t *)lost, cause, count) sum += json_integer_value(count);
	return sum;
}

static void format_causes(const json_t *lost, char *text)
{
	size_t used = 0;
	const char *cause;
	json_t *count;
	json_object_foreach((json_t *)lost, cause, count)
	{
		if (json_integer_value(count) == 0 || used + strlen(cause) + 24 > CELL_SIZE)
			continue;
		used += (size_t)snprintf(text + used, CELL_SIZE - used, "%s%s %" PRId64,
					 used > 0 ? ", " : "", cause,
					 (int64_t)json_integer_value(count));
	}
}

// Of a teleport.
static void format_until(const json_t *teleport, char *text)
{
	const char *until = json_string_value(json_object_get(teleport, "until"));
	if (until != NULL)
		snprintf(text, CELL_SIZE, "%s", until);
	else if (json_is_true(json_object_get(teleport, "serves")))
		strcpy(text, "no end in sight");
}

static void format_carrier(const json_t *direction, char *text)
{
	const char *by = json_string_value(json_object_get(direction, "down_by"));
	if (json_is_true(json_object_get(direction, "up")))
		strcpy(text, "up");
	else if (by == NULL)
		strcpy(text, "down");
	else
		snprintf(text, CELL_SIZE, "down (%s)", by);
}

// Fills `text`; stays empty for what is absent.
static void format(const json_t *value, enum cell cell, char *text)
{
	text[0] = '\0';
	if (value == NULL || json_is_null(value))
		return;
	uint64_t number = (uint64_t)json_integer_value(value);
	switch (cell) {
	case CELL_TEXT:
		snprintf(text, CELL_SIZE, "%s", json_string_value(value));
		break;
	case CELL_COUNT:
		snprintf(text, CELL_SIZE, "%" PRIu64, number);
		break;
	case CELL_TIME:
		quantity_format_time(number, text, CELL_SIZE);
		break;
	case CELL_INSTANT:
		snprintf(text, CELL_SIZE, "%" PRIu64 ".%06" PRIu64 "s", number / 1000000000,
			 number / 1000 % 1000000);
		break;
	case CELL_RATE:
		if (number > 0)
			quantity_format_rate(number, text, CELL_SIZE);
		break;
	case CELL_STATE:
		strcpy(text, json_is_true(value) ? "up" : "down");
		break;
	case CELL_UNTIL:
		format_until(value, text);
		break;
	case CELL_CARRIER:
		format_carrier(value, text);
		break;
	case CELL_LIST:
		format_list(value, text);
		break;
	case CELL_NUMBER:
		snprintf(text, CELL_SIZE, "%.1f", json_number_value(value));
		break;
	case CELL_LOST:
		snprintf(text, CELL_SIZE, "%" PRId64, (int64_t)sum_lost(value));
		break;
	case CELL_CAUSES:
		format_causes(value, text);
		break;
	}
}

// A row of `inner`, or where that lacks a key, of the object around it.
static void add_row(struct table *table, const struct column *columns, const json_t *outer,
		    const json_t *inner)
{
	char texts[COLUMNS_MOST][CELL_SIZE];
	const char *cells[COLUMNS_MOST];
	for (size_t i = 0; columns[i].heading != NULL; i++) {
		const json_t *value = find(inner, columns[i].key);
		format(value != NULL ? value : find(outer, columns[i].key), columns[i].cell,
		       texts[i]);
		cells[i] = texts[i][0] == '\0' ? NULL : texts[i];
	}
	table_row(table, cells);
}

static void add_inner(struct table *table, const struct view_columns *layout, const json_t *rows,
		      bool serves)
{
	size_t index, inner_index;
	const json_t *row, *inner;
	json_array_foreach(rows, index, row)
	{
		json_array_foreach(json_object_get(row, layout->each), inner_index, inner)
		{
			if (json_is_true(json_object_get(inner, "serves")) == serves)
				add_row(table, layout->columns, row, inner);
		}
	}
}

static void print_table(const struct view_columns *layout, const json_t *rows, FILE *out)
{
	const char *headings[COLUMNS_MOST + 1] = {NULL};
	for (size_t i = 0; layout->columns[i].heading != NULL; i++)
		headings[i] = layout->columns[i].heading;
	struct table *table = table_create(headings);
	size_t index;
	const json_t *row;
	if (layout->each != NULL) {
		// What serves comes first: of many satellites it is few.
		add_inner(table, layout, rows, true);
		add_inner(table, layout, rows, false);
	} else {
		json_array_foreach(rows, index, row) add_row(table, layout->columns, NULL, row);
	}
	table_print(table, out);
}

// What is rarely there has no column: a line below the table.
static void print_warnings(const json_t *rows, FILE *out)
{
	size_t index;
	const json_t *row;
	json_array_foreach(rows, index, row)
	{
		const char *warning = json_string_value(json_object_get(row, "warning"));
		if (warning != NULL)
			fprintf(out, "port %s: %s\n",
				json_string_value(json_object_get(row, "port")), warning);
	}
}

// One line a key: for views of one object with many.
static void print_keys(const json_t *rows, FILE *out)
{
	static const char *const headings[] = {"WHAT", "VALUE", NULL};
	struct table *table = table_create(headings);
	size_t index;
	json_t *row, *value;
	const char *key;
	json_array_foreach(rows, index, row) json_object_foreach(row, key, value)
	{
		char text[CELL_SIZE] = "";
		if (json_is_object(value))
			format_causes(value, text);
		else if (json_is_boolean(value))
			strcpy(text, json_is_true(value) ? "yes" : "no");
		else if (json_is_integer(value))
			format(value, CELL_COUNT, text);
		else
			format(value, CELL_TEXT, text);
		table_row(table, (const char *const[]){key, text[0] == '\0' ? NULL : text});
	}
	table_print(table, out);
}

void show_table(const char *view, const json_t *rows, FILE *out)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].view, view) == 0) {
			print_table(&tables[i], rows, out);
			print_warnings(rows, out);
			return;
		}
	print_keys(rows, out);
}
