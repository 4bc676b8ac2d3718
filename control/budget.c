// SPDX-License-Identifier: BSD-3-Clause
// `corridor budget`: the link budget of a satellite link, line by line.
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "control/cli/table.h"
#include "control/command.h"
#include "control/compile.h"
#include "control/network.h"
#include "control/sky_budget.h"
#include "dataplane/physics/fade_duration.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"

#define MINUTE_S 60.0
#define YEAR_S   (365.25 * 86400)

struct question {
	uint32_t link;
	enum link_direction first, last;
	uint64_t at_ns;
	double exceeded_percent; // 0: the weather at at_ns
};

// How a terminal gets its capacity; superframe_ns 0: the direction is its own.
static struct access_params access_of(const struct topology *topology, uint32_t link,
				      enum link_direction direction)
{
	const struct impairment *impairment = &topology->links[link].impairments[direction];
	const struct impairment_access *given = &impairment->access;
	struct access_params access = {.superframe_ns = 0};

	if (access_make(given->cra_bps, given->rbdc_bps, given->superframe_ns, given->schedule_ns,
			given->timeout_ns, "", &access, NULL) == 0)
		access_finish(&access, compile_delay_ns(&topology->links[link], impairment));
	return access;
}

// How many fades by so much rain last longer than duration_s in an average year; NaN where the
// budget is of an instant, or outside of P.1623's bounds (and with a second site, which ends
// fades).
static double fades_a_year(const struct sky_hop *hop, double exceeded_percent, double duration_s)
{
	double ghz = hop->hop.frequency_hz / 1e9, rain_db = hop->hop.air.rain_db;
	struct fade_law law;

	if (exceeded_percent <= 0 || rain_db <= 0 || hop->diversity_gain_db > 0 || ghz < 10 ||
	    ghz > 50 || hop->elevation_deg < 5 || hop->elevation_deg > 60)
		return NAN;
	law = fade_law_at(ghz, hop->elevation_deg, rain_db);
	return fade_count(&law, duration_s, exceeded_percent / 100 * YEAR_S);
}

static json_t *number_or_null(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *hop_json(const struct topology *topology, const struct sky_hop *hop,
			const struct sky_sites *sites, const struct hop_result *result,
			double exceeded_percent)
{
	uint32_t other = sites->on_other ? sites->main : sites->other;

	return json_pack(
		"{s:s, s:s?, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, "
		"s:f, s:f, s:o, s:o}",
		"site", topology->sites[hop->site].name, "other_site",
		other == TOPOLOGY_NONE ? NULL : topology->sites[other].name, "frequency_hz",
		(json_int_t)llround(hop->hop.frequency_hz), "azimuth_deg", hop->azimuth_deg,
		"elevation_deg", hop->elevation_deg, "range_km", hop->hop.range_m / 1000,
		"free_space_db", result->free_space_db, "rain_mm_per_h", hop->rain_mm_per_h,
		"rain_db", hop->hop.air.rain_db, "cloud_db", hop->hop.air.cloud_db,
		"diversity_gain_db", hop->diversity_gain_db, "gas_db", hop->hop.air.gas_db,
		"scintillation_db", hop->hop.air.scintillation_db, "antenna_gain_dbi",
		result->gain_dbi, "pointing_db", result->pointing_db, "eirp_dbw", result->eirp_dbw,
		"g_t_db", result->g_t_db, "c_n0_dbhz", result->c_n0_dbhz, "fades_over_1min_a_year",
		number_or_null(fades_a_year(hop, exceeded_percent, MINUTE_S)),
		"fades_over_10min_a_year",
		number_or_null(fades_a_year(hop, exceeded_percent, 10 * MINUTE_S)));
}

static json_t *budget_json(const struct topology *topology, const struct question *question,
			   enum link_direction direction, const struct sky_budget *b)
{
	char channel[TOPOLOGY_NAME_MAX + 16];
	double symbols = topology->links[question->link].radio.symbol_rate_per_s[direction];
	struct access_params access = access_of(topology, question->link, direction);
	json_t *json = json_pack(
		"{s:s, s:I, s:o, s:o, s:o, s:f, s:f, s:f, s:f, s:f, s:o, s:I, s:f}", "channel",
		topology_channel_name(topology, topology_channel(question->link, direction),
				      channel, sizeof(channel)),
		"at_ns", (json_int_t)question->at_ns, "exceeded_percent",
		question->exceeded_percent > 0 ? json_real(question->exceeded_percent)
					       : json_null(),
		"up",
		hop_json(topology, &b->up, &b->sites[0], &b->budget.up, question->exceeded_percent),
		"down",
		hop_json(topology, &b->down, &b->sites[1], &b->budget.down,
			 question->exceeded_percent),
		"power_control_db", b->budget.power_control_db, "rain_noise_k",
		b->budget.rain_noise_k, "c_n0_dbhz", b->budget.c_n0_dbhz, "symbol_rate_per_s",
		symbols, "es_n0_db", b->budget.es_n0_db, "modcod",
		b->rung >= 0 ? json_string(b->ladder.rungs[b->rung].name) : json_null(), "rate_bps",
		(json_int_t)llround(b->rate_bps), "frame_error_ratio", b->frame_error_ratio);

	json_object_set_new(json, "coding",
			    json_string(topology->links[question->link].radio.modcod[direction]
						? "ccm"
						: "acm"));
	if (access.superframe_ns > 0)
		json_object_set_new(
			json, "access",
			json_pack("{s:I, s:I, s:I, s:I}", "cra_bps", (json_int_t)access.cra_bps,
				  "rbdc_bps", (json_int_t)access.rbdc_bps, "wait_mean_ns",
				  (json_int_t)access_mean_ns(&access), "wait_longest_ns",
				  (json_int_t)access_longest_ns(&access)));
	if (b->rung >= 0)
		json_object_set_new(
			json, "margin_db",
			json_real(b->budget.es_n0_db - b->ladder.rungs[b->rung].threshold_db));
	return json;
}

static void line(struct table *table, const char *what, const char *unit, double up, double down)
{
	char left[32] = "", right[32] = "";

	if (!isnan(up))
		snprintf(left, sizeof(left), "%.2f", up);
	if (!isnan(down))
		snprintf(right, sizeof(right), "%.2f", down);
	table_row(table, (const char *const[]){what, left, right, unit});
}

static void print_fades(struct table *table, const struct sky_budget *b, double exceeded_percent)
{
	double up = fades_a_year(&b->up, exceeded_percent, MINUTE_S);
	double down = fades_a_year(&b->down, exceeded_percent, MINUTE_S);

	if (isnan(up) && isnan(down))
		return;
	line(table, "fades over 1 min", "a year", up, down);
	line(table, "fades over 10 min", "a year",
	     fades_a_year(&b->up, exceeded_percent, 10 * MINUTE_S),
	     fades_a_year(&b->down, exceeded_percent, 10 * MINUTE_S));
}

static void print_lines(const struct topology *topology, const struct sky_budget *b,
			double exceeded_percent, FILE *out)
{
	const struct sky_hop *up = &b->up, *down = &b->down;
	const struct hop_result *u = &b->budget.up, *d = &b->budget.down;
	struct table *table = table_create((const char *const[]){"", ">UP", ">DOWN", "UNIT", NULL});

	table_row(table, (const char *const[]){"station", topology->sites[up->site].name,
					       topology->sites[down->site].name, ""});
	line(table, "frequency", "GHz", up->hop.frequency_hz / 1e9, down->hop.frequency_hz / 1e9);
	line(table, "azimuth", "deg", up->azimuth_deg, down->azimuth_deg);
	line(table, "elevation", "deg", up->elevation_deg, down->elevation_deg);
	line(table, "range", "km", up->hop.range_m / 1000, down->hop.range_m / 1000);
	line(table, "rain on the station", "mm/h", up->rain_mm_per_h, down->rain_mm_per_h);
	line(table, "power control", "dB", b->budget.power_control_db, NAN);
	line(table, "antenna gain", "dBi", u->gain_dbi, d->gain_dbi);
	line(table, "EIRP", "dBW", u->eirp_dbw, d->eirp_dbw);
	line(table, "pointing", "dB", 0 - u->pointing_db, 0 - d->pointing_db);
	line(table, "free space", "dB", 0 - u->free_space_db, 0 - d->free_space_db);
	line(table, "gases", "dB", 0 - up->hop.air.gas_db, 0 - down->hop.air.gas_db);
	line(table, "rain", "dB", 0 - up->hop.air.rain_db, 0 - down->hop.air.rain_db);
	if (up->diversity_gain_db > 0 || down->diversity_gain_db > 0)
		line(table, "diversity gain", "dB", up->diversity_gain_db, down->diversity_gain_db);
	print_fades(table, b, exceeded_percent);
	line(table, "clouds", "dB", 0 - up->hop.air.cloud_db, 0 - down->hop.air.cloud_db);
	line(table, "scintillation", "dB", 0 - up->hop.air.scintillation_db,
	     0 - down->hop.air.scintillation_db);
	line(table, "rain noise", "K", NAN, b->budget.rain_noise_k);
	line(table, "G/T", "dB/K", u->g_t_db, d->g_t_db);
	line(table, "C/N0", "dBHz", u->c_n0_dbhz, d->c_n0_dbhz);
	table_print(table, out);
}

// Which of two sites stands in for the other, and how a terminal gets its capacity.
static void print_options(const struct topology *topology, const struct question *question,
			  enum link_direction direction, const struct sky_budget *b, FILE *out)
{
	struct access_params access = access_of(topology, question->link, direction);
	char cra[32], rbdc[32];

	for (unsigned i = 0; i < 2; i++)
		if (b->sites[i].on_other)
			fprintf(out, "diversity      %s stands in for %s, where it rains more\n",
				topology->sites[b->sites[i].other].name,
				topology->sites[b->sites[i].main].name);
	if (access.superframe_ns == 0)
		return;
	fprintf(out,
		"access         %s for good, %s on request; a first frame waits %.1f ms, up to "
		"%.1f ms\n",
		quantity_format_rate(access.cra_bps, cra, sizeof(cra)),
		quantity_format_rate(access.rbdc_bps, rbdc, sizeof(rbdc)),
		(double)access_mean_ns(&access) / 1e6, (double)access_longest_ns(&access) / 1e6);
}

static void print_budget(const struct topology *topology, const struct question *question,
			 enum link_direction direction, const struct sky_budget *b, FILE *out)
{
	double symbols = topology->links[question->link].radio.symbol_rate_per_s[direction];
	char name[TOPOLOGY_NAME_MAX + 16], rate[32];

	fprintf(out, "%s%s\n\n", direction == question->first ? "" : "\n",
		topology_channel_name(topology, topology_channel(question->link, direction), name,
				      sizeof(name)));
	print_lines(topology, b, question->exceeded_percent, out);
	fputc('\n', out);
	print_options(topology, question, direction, b, out);
	fprintf(out, "C/N0 together  %.2f dBHz\n", b->budget.c_n0_dbhz);
	fprintf(out, "symbol rate    %.6g Mbaud\n", symbols / 1e6);
	fprintf(out, "Es/N0          %.2f dB\n", b->budget.es_n0_db);
	if (b->rung < 0) {
		fprintf(out, "MODCOD         none: below the lowest, the carrier drops\n");
		return;
	}
	fprintf(out, "MODCOD         %s (%.2f dB over its threshold)%s\n",
		b->ladder.rungs[b->rung].name,
		b->budget.es_n0_db - b->ladder.rungs[b->rung].threshold_db,
		topology->links[question->link].radio.modcod[direction] ? ", kept to" : "");
	fprintf(out, "rate           %s\n",
		quantity_format_rate((uint64_t)llround(b->rate_bps), rate, sizeof(rate)));
	fprintf(out, "frame loss     %.2g\n", b->frame_error_ratio);
}

static int answer(struct invocation *invocation, const struct topology *topology,
		  const struct question *question)
{
	struct sky_budget budgets[LINK_DIRECTIONS];
	struct error error = {.code = 0};
	json_t *json = NULL;
	bool closes = true;

	for (unsigned d = question->first; d <= (unsigned)question->last; d++) {
		if (sky_budget_compute(topology, question->link, (enum link_direction)d,
				       question->at_ns, question->exceeded_percent, &budgets[d],
				       &error))
			return report_error(invocation, &error);
		closes &= budgets[d].rung >= 0;
	}
	for (unsigned d = question->first; d <= (unsigned)question->last; d++) {
		enum link_direction direction = (enum link_direction)d;

		if (!invocation->json)
			print_budget(topology, question, direction, &budgets[d], invocation->out);
		else if (!json)
			json = budget_json(topology, question, direction, &budgets[d]);
		else
			json_object_set_new(
				json, "reverse",
				budget_json(topology, question, direction, &budgets[d]));
	}
	if (json)
		print_json(invocation, json);
	return closes ? EXIT_TRUE : EXIT_ANSWER_NO;
}

static int parse(const struct topology *topology, const char *link, const char *at,
		 const char *exceeded, struct question *question, struct error *error)
{
	double ratio;
	int rc = 0;

	*question = (struct question){.at_ns = 0};
	question->link = topology_parse_channel(topology, link, &question->first, &question->last);
	if (question->link == TOPOLOGY_NONE)
		return error_set(error, -EINVAL, link,
				 "the topology has no link of this name (or write LINK:forward, "
				 "LINK:reverse)");
	if (at)
		rc = sky_parse_instant(topology, at, "--at", &question->at_ns, error);
	if (rc || !exceeded)
		return rc;
	rc = quantity_parse_percent(exceeded, "--exceeded", &ratio, error);
	if (rc)
		return rc;
	question->exceeded_percent = ratio * 100;
	if (question->exceeded_percent < 0.001 || question->exceeded_percent > 5)
		return error_set(error, -EINVAL, "--exceeded",
				 "\"%s\" is not from 0.001%% to 5%% of the year, where P.618 holds",
				 exceeded);
	return 0;
}

int command_budget(struct invocation *invocation)
{
	const char *at = take_option(invocation, "--at");
	const char *exceeded = take_option(invocation, "--exceeded");
	struct errors errors = {.count = 0};
	struct error error = {.code = 0};
	struct topology *topology;
	struct question question;
	int status = expect_words(invocation, 2, 2);

	if (status != EXIT_TRUE)
		return status;
	topology = network_load(invocation->argv[0], &errors);
	if (!topology)
		status = report_errors(invocation, &errors);
	else if (parse(topology, invocation->argv[1], at, exceeded, &question, &error))
		status = report_error(invocation, &error);
	else {
		report_stale(invocation, topology, question.at_ns, question.at_ns);
		status = answer(invocation, topology, &question);
	}
	topology_free(topology);
	errors_fini(&errors);
	return status;
}
