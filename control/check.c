// SPDX-License-Identifier: BSD-3-Clause
// `corridor check`: is a topology right, and what is in it?
#include <errno.h>
#include <string.h>

#include "control/cli/table.h"
#include "control/command.h"
#include "control/compile.h"
#include "control/notes.h"
#include "topologies/quantity.h"

#define NOTES_PRINTED 20

// "5 routers, 2 exchanges": the kinds of sites that there are.
static void site_kinds(const struct topology *topology, char *buffer, size_t size)
{
	static const char *const kinds[] = {[SITE_ROUTER] = "router",
					    [SITE_EXCHANGE] = "exchange",
					    [SITE_TELEPORT] = "teleport",
					    [SITE_HOST] = "host"};
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		size_t count = 0;

		for (size_t i = 0; i < topology->site_count; i++)
			count += topology->sites[i].kind == (enum site_kind)k;
		if (count > 0 && used < size)
			used += (size_t)snprintf(buffer + used, size - used, "%s%zu %s%s",
						 used ? ", " : "", count, kinds[k],
						 count == 1 ? "" : "s");
	}
}

// What a topology comes to beside what it lists.
struct sums {
	double fibre_m;
	size_t events, modem_events; // the user's; a modem's ups and downs on its first day
	uint64_t last_ns;            // of the user's
	size_t access;               // channels whose capacity is assigned
	struct access_params slowest;
};

static struct sums sum_up(const struct topology *topology, const struct plan *plan)
{
	struct sums sums = {.events = 0};

	for (size_t i = 0; i < topology->link_count; i++)
		if (topology->links[i].medium == MEDIUM_FIBRE)
			sums.fibre_m += topology->links[i].length_m;
	for (size_t i = 0; i < topology->event_count; i++) {
		if (topology->events[i].of_modem) {
			sums.modem_events++;
			continue;
		}
		sums.events++;
		sums.last_ns = topology->events[i].at_ns;
	}
	for (size_t c = 0; c < LINK_DIRECTIONS * topology->link_count; c++) {
		const struct rate_params *rate = &plan->channels[c].params.rate;

		if (rate->kind != RATE_ACCESS)
			continue;
		if (sums.access == 0 ||
		    access_longest_ns(&rate->access) > access_longest_ns(&sums.slowest))
			sums.slowest = rate->access;
		sums.access++;
	}
	return sums;
}

static void access_words(const struct sums *sums, char *text, size_t size)
{
	const struct access_params *access = &sums->slowest;
	char cra[32], rbdc[32];

	if (sums->access == 0)
		snprintf(text, size, "-");
	else if (sums->access == 1)
		snprintf(text, size,
			 "%s for good, %s on request; a first frame waits %.1f ms, up to %.1f ms",
			 quantity_format_rate(access->cra_bps, cra, sizeof(cra)),
			 quantity_format_rate(access->rbdc_bps, rbdc, sizeof(rbdc)),
			 (double)access_mean_ns(access) / 1e6,
			 (double)access_longest_ns(access) / 1e6);
	else
		snprintf(text, size, "a first frame waits up to %.1f ms",
			 (double)access_longest_ns(access) / 1e6);
}

static void print_table(FILE *out, const struct topology *topology, const struct sums *sums)
{
	struct table *table = table_create((const char *const[]){"WHAT", ">COUNT", "", NULL});
	char kinds[128], fibre[64] = "-", last[64] = "", access[160];
	const struct {
		const char *what;
		size_t count;
		const char *more;
	} rows[] = {
		{"sites", topology->site_count, kinds},
		{"links", topology->link_count, fibre},
		{"ports", topology->port_count, NULL},
		{"flows", topology->flow_count, NULL},
		{"satellites", topology->satellite_count, NULL},
		{"conduits", topology->conduit_count, NULL},
		{"return links", sums->access, access},
		{"events", sums->events, sums->events ? last : NULL},
		{"modem changes", sums->modem_events, "on the first day, by the weather"},
	};
	// Few have a modem that changes.
	size_t row_count = sizeof(rows) / sizeof(rows[0]) - (sums->modem_events == 0);

	access_words(sums, access, sizeof(access));
	site_kinds(topology, kinds, sizeof(kinds));
	if (sums->fibre_m > 0)
		snprintf(fibre, sizeof(fibre), "%.0f km of fibre", sums->fibre_m / 1000);
	if (sums->events) {
		strcpy(last, "the last at ");
		quantity_format_time(sums->last_ns, last + strlen(last),
				     sizeof(last) - strlen(last));
	}
	fprintf(out, "%s: valid, seed %llu\n\n", topology->name,
		(unsigned long long)topology->seed);
	for (size_t i = 0; i < row_count; i++) {
		char count[32];

		snprintf(count, sizeof(count), "%zu", rows[i].count);
		table_row(table, (const char *const[]){rows[i].what, count, rows[i].more});
	}
	table_print(table, out);
}

static json_t *access_json(const struct topology *topology, const struct plan *plan)
{
	json_t *list = json_array();

	for (uint32_t c = 0; c < LINK_DIRECTIONS * topology->link_count; c++) {
		const struct rate_params *rate = &plan->channels[c].params.rate;
		const struct access_params *access = &rate->access;
		char name[TOPOLOGY_NAME_MAX + 16];

		if (rate->kind != RATE_ACCESS)
			continue;
		topology_channel_name(topology, c, name, sizeof(name));
		json_array_append_new(
			list, json_pack("{s:s, s:I, s:I, s:I, s:I}", "channel", name, "cra_bps",
					(json_int_t)access->cra_bps, "rbdc_bps",
					(json_int_t)access->rbdc_bps, "wait_mean_ns",
					(json_int_t)access_mean_ns(access), "wait_longest_ns",
					(json_int_t)access_longest_ns(access)));
	}
	return list;
}

static json_t *notes_json(const struct topology *topology, const struct notes *notes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < notes->count; i++) {
		const struct note *note = &notes->items[i];
		char text[512];

		json_t *object = json_pack("{s:s, s:b, s:b, s:s, s:s}", "link",
					   topology->links[note->link].name, "forward",
					   note->directions & 1u << LINK_FORWARD, "reverse",
					   note->directions & 1u << LINK_REVERSE, "key", note->key,
					   "text", notes_text(note, text, sizeof(text)));

		if (note->kind == NOTE_SHARE)
			json_object_update_new(object,
					       json_pack("{s:f, s:f, s:f}", "asked", note->asked,
							 "achieved", note->achieved, "correlation",
							 note->correlation));
		if (note->kind == NOTE_DELAY)
			json_object_update_new(
				object,
				json_pack("{s:f, s:f, s:f, s:f, s:f}", "asked_ns", note->asked,
					  "achieved_ns", note->achieved, "asked_deviation_ns",
					  note->asked_deviation_ns, "achieved_deviation_ns",
					  note->achieved_deviation_ns, "correlation",
					  note->correlation));
		json_array_append_new(list, object);
	}
	return list;
}

static void print_notes(const struct invocation *invocation, const struct topology *topology,
			const struct notes *notes)
{
	for (size_t i = 0; i < notes->count && i < NOTES_PRINTED; i++) {
		char where[192], text[512], line[720];

		snprintf(line, sizeof(line), "%s: %s",
			 notes_where(topology, &notes->items[i], where, sizeof(where)),
			 notes_text(&notes->items[i], text, sizeof(text)));
		report_warning(invocation, line);
	}
	if (notes->count > NOTES_PRINTED) {
		char line[64];

		snprintf(line, sizeof(line), "and %zu more such links (-j gives all)",
			 notes->count - NOTES_PRINTED);
		report_warning(invocation, line);
	}
}

static void print_summary(const struct invocation *invocation, const struct topology *topology,
			  const struct plan *plan, const struct notes *notes)
{
	struct sums sums = sum_up(topology, plan);

	if (invocation->json) {
		print_json(invocation,
			   json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, "
				     "s:o, s:o}",
				     "valid", 1, "name", topology->name, "seed",
				     (json_int_t)topology->seed, "sites",
				     (json_int_t)topology->site_count, "links",
				     (json_int_t)topology->link_count, "ports",
				     (json_int_t)topology->port_count, "flows",
				     (json_int_t)topology->flow_count, "satellites",
				     (json_int_t)topology->satellite_count, "conduits",
				     (json_int_t)topology->conduit_count, "events",
				     (json_int_t)sums.events, "modem_changes",
				     (json_int_t)sums.modem_events, "fibre_km", sums.fibre_m / 1000,
				     "access", access_json(topology, plan), "notes",
				     notes_json(topology, notes)));
		return;
	}
	print_notes(invocation, topology, notes);
	print_table(invocation->out, topology, &sums);
}

// Compiles it, too, as that finds what the models do not take; routes, which take long in a large
// network, find no faults.
static int check(const struct invocation *invocation, const struct topology *topology)
{
	struct error error = {.code = 0};
	struct notes notes = {.count = 0};
	struct plan *plan = compile_plan(topology, NETWORK_FILES, &error);
	int status = EXIT_TRUE;

	if (plan && notes_collect(topology, plan, &notes))
		error_set(&error, -ENOMEM, topology->name, "no memory for the notes");
	if (error.code)
		status = report_error(invocation, &error);
	else {
		report_stale(invocation, topology, 0, 0);
		print_summary(invocation, topology, plan, &notes);
	}
	notes_fini(&notes);
	plan_free(plan);
	return status;
}

int command_check(struct invocation *invocation)
{
	struct errors errors = {.count = 0};
	struct topology *topology;
	int status = expect_words(invocation, 1, 1);

	if (status != EXIT_TRUE)
		return status;
	topology = network_load(invocation->argv[0], &errors);
	status = topology ? check(invocation, topology) : report_errors(invocation, &errors);
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
