// SPDX-License-Identifier: BSD-3-Clause
// What `corridor satellites` prints: JSON and tables.
#include <stdlib.h>
#include <string.h>

#include "control/cli/table.h"
#include "control/satellites.h"
#include "dataplane/physics/utc.h"
#include "topologies/sky.h"

#define NAME_BYTES 256

// To the millisecond, which is how well they are known.
static char *when(int64_t utc_ns, char text[UTC_TEXT_BYTES])
{
	return utc_format((utc_ns + 500000) / 1000000 * 1000000, text);
}

static json_t *utc(int64_t utc_ns)
{
	char text[UTC_TEXT_BYTES];

	return json_string(when(utc_ns, text));
}

static const char *satellite_name(const struct sky_report *report, uint32_t index)
{
	return report->topology->satellites[index].name;
}

static const char *site_name(const struct sky_report *report, uint32_t index)
{
	return report->topology->sites[index].name;
}

static double elevation_deg(const struct sky_report *report, const struct sky_pass *pass)
{
	const struct topology *topology = report->topology;
	struct orbit_state state;

	if (orbit_at(&topology->satellites[pass->satellite].orbit, pass->pass.culmination_utc_ns,
		     &state) < 0)
		return 0;
	return topocentric_elevation_deg(&topology->sites[pass->site].ground, &state);
}

static json_t *passes_json(const struct sky_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->pass_count; i++) {
		const struct sky_pass *pass = &report->passes[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:f, s:b, s:b}", "satellite",
					satellite_name(report, pass->satellite), "site",
					site_name(report, pass->site), "rise",
					utc(pass->pass.rise_utc_ns), "culmination",
					utc(pass->pass.culmination_utc_ns), "set",
					utc(pass->pass.set_utc_ns), "max_elevation_deg",
					elevation_deg(report, pass), "begun", pass->pass.begun,
					"unended", pass->pass.unended));
	}
	return list;
}

static const char *way_name(const struct sky_report *report, const struct sky_link *of, size_t i,
			    char name[NAME_BYTES])
{
	return sky_way_name(report->topology, &report->topology->links[of->link],
			    of->services[i].path, name, NAME_BYTES);
}

// Handovers are changes from one to another; a gap is none.
static bool is_handover(const struct sky_link *of, size_t i)
{
	return i > 0 && of->services[i].path != HANDOVER_NONE &&
	       of->services[i - 1].path != HANDOVER_NONE;
}

static json_t *handovers_json(const struct sky_report *report)
{
	json_t *list = json_array();
	char from[NAME_BYTES], to[NAME_BYTES];

	for (size_t l = 0; l < report->link_count; l++) {
		const struct sky_link *of = &report->links[l];

		for (size_t i = 0; i < of->count; i++)
			if (is_handover(of, i))
				json_array_append_new(
					list, json_pack("{s:s, s:o, s:s, s:s}", "link",
							report->topology->links[of->link].name,
							"at", utc(of->services[i].from_utc_ns),
							"from", way_name(report, of, i - 1, from),
							"to", way_name(report, of, i, to)));
	}
	return list;
}

static json_t *gaps_json(const struct sky_report *report)
{
	json_t *list = json_array();

	for (size_t l = 0; l < report->link_count; l++) {
		const struct sky_link *of = &report->links[l];

		for (size_t i = 0; i < of->count; i++)
			if (of->services[i].path == HANDOVER_NONE)
				json_array_append_new(
					list, json_pack("{s:s, s:o, s:o}", "link",
							report->topology->links[of->link].name,
							"from", utc(of->services[i].from_utc_ns),
							"to", utc(of->services[i].to_utc_ns)));
	}
	return list;
}

static json_t *outages_json(const struct sky_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->outage_count; i++) {
		const struct sky_outage *outage = &report->outages[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o, s:o, s:o, s:f, s:f}", "site",
						site_name(report, outage->site), "satellite",
						satellite_name(report, outage->satellite), "from",
						utc(outage->outage.from_utc_ns), "peak",
						utc(outage->outage.peak_utc_ns), "to",
						utc(outage->outage.to_utc_ns), "separation_deg",
						outage->outage.separation_deg, "depth",
						outage->outage.depth));
	}
	return list;
}

static json_t *changes_json(const struct sky_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->change_count; i++) {
		const struct sky_change *change = &report->changes[i];

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:o, s:s?, s:s}", "link",
				  report->topology->links[change->channel / 2].name, "direction",
				  change->channel % 2 ? "reverse" : "forward", "at",
				  utc(change->at_utc_ns), "from",
				  change->from == change->to ? NULL
							     : site_name(report, change->from),
				  "to", site_name(report, change->to)));
	}
	return list;
}

static json_t *services_json(const struct sky_report *report, const struct sky_link *of)
{
	json_t *list = json_array();
	char name[NAME_BYTES];

	for (size_t i = 0; i < of->count; i++)
		json_array_append_new(
			list, json_pack("{s:o, s:o, s:o}", "from", utc(of->services[i].from_utc_ns),
					"to", utc(of->services[i].to_utc_ns), "by",
					of->services[i].path == HANDOVER_NONE
						? json_null()
						: json_string(way_name(report, of, i, name))));
	return list;
}

static json_t *links_json(const struct sky_report *report)
{
	json_t *list = json_array();

	for (size_t l = 0; l < report->link_count; l++) {
		const struct sky_link *of = &report->links[l];
		double span_ns = (double)(report->to_utc_ns - report->from_utc_ns);

		json_array_append_new(
			list,
			json_pack("{s:s, s:f, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:o}", "link",
				  report->topology->links[of->link].name, "availability",
				  (double)of->served_ns / span_ns, "delay_ns", "min",
				  (json_int_t)of->least_ns, "mean", (json_int_t)of->mean_ns, "max",
				  (json_int_t)of->most_ns, "rtt_ns", "min",
				  (json_int_t)of->rtt_least_ns, "mean", (json_int_t)of->rtt_mean_ns,
				  "max", (json_int_t)of->rtt_most_ns, "services",
				  services_json(report, of)));
	}
	return list;
}

void satellites_print_json(const struct invocation *invocation, const struct sky_report *report)
{
	print_json(invocation,
		   json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "epoch",
			     utc(report->topology->epoch_utc_ns), "from", utc(report->from_utc_ns),
			     "to", utc(report->to_utc_ns), "links", links_json(report), "passes",
			     passes_json(report), "handovers", handovers_json(report), "gaps",
			     gaps_json(report), "site_changes", changes_json(report), "sun_outages",
			     outages_json(report)));
}

// ---- Tables ----

static void print_links(const struct sky_report *report, FILE *out)
{
	struct table *table =
		table_create((const char *const[]){"LINK", ">IN SERVICE", ">RTT MIN MS", ">MEAN",
						   ">MAX", ">GAPS", ">HANDOVERS", NULL});

	for (size_t l = 0; l < report->link_count; l++) {
		const struct sky_link *of = &report->links[l];
		double span_ns = (double)(report->to_utc_ns - report->from_utc_ns);
		char cells[6][32];
		size_t gaps = 0, handovers = 0;

		for (size_t i = 0; i < of->count; i++) {
			gaps += of->services[i].path == HANDOVER_NONE;
			handovers += is_handover(of, i);
		}
		snprintf(cells[0], 32, "%.3f %%", 100 * (double)of->served_ns / span_ns);
		snprintf(cells[1], 32, "%.3f", of->rtt_least_ns / 1e6);
		snprintf(cells[2], 32, "%.3f", of->rtt_mean_ns / 1e6);
		snprintf(cells[3], 32, "%.3f", of->rtt_most_ns / 1e6);
		snprintf(cells[4], 32, "%zu", gaps);
		snprintf(cells[5], 32, "%zu", handovers);
		table_row(table,
			  (const char *const[]){report->topology->links[of->link].name, cells[0],
						cells[1], cells[2], cells[3], cells[4], cells[5]});
	}
	table_print(table, out);
}

static void print_services(const struct sky_report *report, FILE *out)
{
	struct table *table =
		table_create((const char *const[]){"LINK", "FROM", "TO", "SERVED BY", NULL});

	for (size_t l = 0; l < report->link_count; l++) {
		const struct sky_link *of = &report->links[l];

		for (size_t i = 0; i < of->count; i++) {
			char from[UTC_TEXT_BYTES], to[UTC_TEXT_BYTES], name[NAME_BYTES];

			table_row(table,
				  (const char *const[]){report->topology->links[of->link].name,
							when(of->services[i].from_utc_ns, from),
							when(of->services[i].to_utc_ns, to),
							way_name(report, of, i, name)});
		}
	}
	table_print(table, out);
}

static void print_changes(const struct sky_report *report, FILE *out)
{
	struct table *table =
		table_create((const char *const[]){"DIVERSITY OF", "FROM", "SITE IN USE", NULL});

	for (size_t i = 0; i < report->change_count; i++) {
		const struct sky_change *change = &report->changes[i];
		char at[UTC_TEXT_BYTES], name[NAME_BYTES];

		table_row(table, (const char *const[]){topology_channel_name(report->topology,
									     change->channel, name,
									     sizeof(name)),
						       when(change->at_utc_ns, at),
						       site_name(report, change->to)});
	}
	table_print(table, out);
	fputc('\n', out);
}

static void print_passes(const struct sky_report *report, FILE *out)
{
	struct table *table = table_create(
		(const char *const[]){"SATELLITE", "SITE", "RISE", "SET", ">HIGHEST DEG", NULL});

	for (size_t i = 0; i < report->pass_count; i++) {
		const struct sky_pass *pass = &report->passes[i];
		char rise[UTC_TEXT_BYTES], set[UTC_TEXT_BYTES], highest[32];

		snprintf(highest, sizeof(highest), "%.2f", elevation_deg(report, pass));
		table_row(table,
			  (const char *const[]){
				  satellite_name(report, pass->satellite),
				  site_name(report, pass->site),
				  pass->pass.begun ? "before" : when(pass->pass.rise_utc_ns, rise),
				  pass->pass.unended ? "later" : when(pass->pass.set_utc_ns, set),
				  highest});
	}
	table_print(table, out);
}

static void print_outages(const struct sky_report *report, FILE *out)
{
	struct table *table = table_create((const char *const[]){
		"SUN OUTAGE AT", "SATELLITE", "FROM", "PEAK", "TO", ">DEPTH", NULL});

	for (size_t i = 0; i < report->outage_count; i++) {
		const struct sky_outage *outage = &report->outages[i];
		char from[UTC_TEXT_BYTES], peak[UTC_TEXT_BYTES], to[UTC_TEXT_BYTES], depth[32];

		snprintf(depth, sizeof(depth), "%.2f", outage->outage.depth);
		table_row(table, (const char *const[]){site_name(report, outage->site),
						       satellite_name(report, outage->satellite),
						       when(outage->outage.from_utc_ns, from),
						       when(outage->outage.peak_utc_ns, peak),
						       when(outage->outage.to_utc_ns, to), depth});
	}
	table_print(table, out);
}

void satellites_print_tables(const struct invocation *invocation, const struct sky_report *report)
{
	char from[UTC_TEXT_BYTES], to[UTC_TEXT_BYTES];
	FILE *out = invocation->out;

	fprintf(out, "%s: %s to %s\n\n", report->topology->name, when(report->from_utc_ns, from),
		when(report->to_utc_ns, to));
	print_links(report, out);
	fputc('\n', out);
	print_services(report, out);
	fputc('\n', out);
	if (report->change_count > 0)
		print_changes(report, out);
	print_passes(report, out);
	if (report->outage_count == 0)
		return;
	fprintf(out, "\nDishes of %g m%s.\n", report->dish_m,
		report->dish_asked ? "" : ", or the antennas of links with a radio");
	print_outages(report, out);
}
