// SPDX-License-Identifier: BSD-3-Clause
// How a verdict is told: JSON for programs, tables for people.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/cli/table.h"
#include "control/verify.h"
#include "pcaps/aside.h"

static json_t *number_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *percentile_to_json(struct measure_percentile percentile)
{
	return percentile.known ? json_integer(percentile.value_ns) : json_null();
}

static json_t *summary_to_json(const struct measure_summary *summary)
{
	bool any = summary->count > 0;

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "count",
			 (json_int_t)summary->count, "min",
			 any ? json_integer(summary->min_ns) : json_null(), "p50",
			 percentile_to_json(summary->p50), "p90", percentile_to_json(summary->p90),
			 "p99", percentile_to_json(summary->p99), "p999",
			 percentile_to_json(summary->p999), "max",
			 any ? json_integer(summary->max_ns) : json_null(), "mean",
			 number_or_null(any ? summary->mean_ns : NAN), "deviation",
			 number_or_null(summary->count > 1 ? summary->deviation_ns : NAN));
}

static json_t *test_to_json(const struct judge_test *test)
{
	json_t *pass =
		test->answer == JUDGE_OPEN ? json_null() : json_boolean(test->answer == JUDGE_PASS);

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "name", test->name, "unit",
			 test->unit, "expected", number_or_null(test->expected), "measured",
			 number_or_null(test->measured), "p_value", number_or_null(test->p_value),
			 "pass", pass, "note", test->note);
}

static json_t *tests_to_json(const struct judge *judge)
{
	json_t *tests = json_array();

	for (size_t i = 0; i < judge->count; i++)
		json_array_append_new(tests, test_to_json(&judge->tests[i]));
	return tests;
}

static json_t *warnings_to_json(const struct verification *verification)
{
	json_t *warnings = json_array();

	if (verification->sent->warning[0])
		json_array_append_new(warnings, json_string(verification->sent->warning));
	if (verification->received->warning[0])
		json_array_append_new(warnings, json_string(verification->received->warning));
	return warnings;
}

static void add_model(json_t *object, const struct verification *verification)
{
	const struct oracle *oracle = verification->oracle;

	if (!oracle)
		return;
	json_object_set_new(object, "clock_ns", json_integer((json_int_t)verification->clock_ns));
	json_object_set_new(object, "model", json_string(oracle->exact ? "wire" : "path"));
	json_object_set_new(object, "settled", json_integer((json_int_t)oracle->settled));
	json_object_set_new(object, "converging", json_integer((json_int_t)oracle->converging));
	json_object_set_new(object, "unreachable", json_integer((json_int_t)oracle->unreachable));
}

json_t *verify_to_json(const struct verification *verification)
{
	const struct measure *measure = verification->measure;
	const struct judge *judge = verification->judge;
	json_t *threshold = measure->loss_threshold_ns == UINT64_MAX
				    ? json_null()
				    : json_integer((json_int_t)measure->loss_threshold_ns);
	json_t *object = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:f, "
		"s:f, "
		"s:I, "
		"s:I, s:o, s:s, s:f, s:I, s:o}",
		"verdict", judge->pass ? "pass" : "fail", "why", judge->why, "sent",
		(json_int_t)measure->sent, "received", (json_int_t)measure->received, "lost",
		(json_int_t)measure->lost, "duplicated", (json_int_t)measure->duplicated,
		"reordered", (json_int_t)measure->reordered, "corrupted",
		(json_int_t)measure->corrupted, "extra", (json_int_t)measure->extra, "ambiguous",
		(json_int_t)verification->match->ambiguous, "fragments",
		(json_int_t)verification->received->parts, "delay_ns",
		summary_to_json(&measure->delay), "ipdv_ns", summary_to_json(&measure->ipdv),
		"pdv_ns", percentile_to_json(measure->pdv), "tests", tests_to_json(judge),
		"loss_ratio", measure->loss_ratio, "reordered_ratio", measure->reordered_ratio,
		"reorder_extent", (json_int_t)measure->reorder_extent, "negative_delays",
		(json_int_t)measure->negative, "loss_threshold_ns", threshold, "matched_by",
		verification->match->by_packet_id ? "packet id" : "content", "alpha", judge->alpha,
		"tolerance_ns", (json_int_t)verification->tolerance_ns, "warnings",
		warnings_to_json(verification));

	if (object)
		add_model(object, verification);
	return object;
}

// Milliseconds with all nanoseconds, without trailing zeros.
static const char *format_ns(char *buffer, size_t size, double value_ns)
{
	char *end;

	snprintf(buffer, size, "%.6f", value_ns / 1e6);
	end = buffer + strlen(buffer);
	while (end[-1] == '0' && end[-2] != '.')
		*--end = '\0';
	return buffer;
}

static void add_summary(struct table *table, const char *name,
			const struct measure_summary *summary)
{
	char text[6][40];
	const char *cells[7] = {name};
	const struct measure_percentile *percentiles[3] = {&summary->p50, &summary->p99,
							   &summary->p999};

	if (summary->count > 0) {
		cells[1] = format_ns(text[0], sizeof(text[0]), (double)summary->min_ns);
		cells[5] = format_ns(text[4], sizeof(text[4]), (double)summary->max_ns);
		cells[6] = format_ns(text[5], sizeof(text[5]), summary->mean_ns);
	}
	for (size_t i = 0; i < 3; i++)
		if (percentiles[i]->known)
			cells[2 + i] = format_ns(text[1 + i], sizeof(text[0]),
						 (double)percentiles[i]->value_ns);
	table_row(table, cells);
}

static void print_measures(const struct verification *verification, FILE *out)
{
	static const char *const headings[] = {"ms",     ">min", ">p50",  ">p99",
					       ">p99.9", ">max", ">mean", NULL};
	const struct measure *measure = verification->measure;
	struct table *table = table_create(headings);
	char text[40];

	if (table) {
		add_summary(table, "one-way delay", &measure->delay);
		add_summary(table, "IPDV", &measure->ipdv);
		table_print(table, out);
	}
	fprintf(out, "PDV (p99.9 - min): %s%s\n",
		measure->pdv.known ? format_ns(text, sizeof(text), (double)measure->pdv.value_ns)
				   : "too few packets to say",
		measure->pdv.known ? " ms" : "");
	fprintf(out,
		"sent %zu, received %zu, lost %zu (%.4g%%), duplicated %zu, reordered %zu (extent "
		"%zu), corrupted %zu, extra %zu\n",
		measure->sent, measure->received, measure->lost, 100 * measure->loss_ratio,
		measure->duplicated, measure->reordered, measure->reorder_extent,
		measure->corrupted, measure->extra);
	if (measure->loss_threshold_ns == UINT64_MAX)
		fprintf(out, "lost is what is not in the received capture");
	else
		fprintf(out, "lost is what took longer than %s ms",
			format_ns(text, sizeof(text), (double)measure->loss_threshold_ns));
	fprintf(out, "; packets are matched by %s\n",
		verification->match->by_packet_id ? "packet id" : "content");
	if (verification->received->parts)
		fprintf(out,
			"%zu fragments are parts of packets that were sent whole, which arrive "
			"with "
			"the last of theirs\n",
			verification->received->parts);
	if (verification->match->ambiguous)
		fprintf(out,
			"%zu packets equal others of which some were lost or doubled: which is "
			"which is a guess, and so are their delays\n",
			verification->match->ambiguous);
	if (measure->negative)
		fprintf(out, "%zu delays are negative: the clocks of the captures disagree\n",
			measure->negative);
}

static const char *format_number(char *buffer, size_t size, double value)
{
	if (!isfinite(value))
		return NULL;
	snprintf(buffer, size, "%.6g", value);
	return buffer;
}

static void print_tests(const struct verification *verification, FILE *out)
{
	static const char *const headings[] = {"clause",   ">expected", ">measured", "unit",
					       ">p-value", "answer",    "note",      NULL};
	static const char *const answers[] = {"pass", "FAIL", "open"};
	struct table *table = table_create(headings);

	for (size_t i = 0; table && i < verification->judge->count; i++) {
		const struct judge_test *test = &verification->judge->tests[i];
		char text[3][40];
		const char *cells[] = {test->name,
				       format_number(text[0], sizeof(text[0]), test->expected),
				       format_number(text[1], sizeof(text[1]), test->measured),
				       test->unit,
				       format_number(text[2], sizeof(text[2]), test->p_value),
				       answers[test->answer],
				       test->note};

		table_row(table, cells);
	}
	if (table)
		table_print(table, out);
}

void verify_print(const struct verification *verification, FILE *out)
{
	const struct oracle *oracle = verification->oracle;
	const struct judge *judge = verification->judge;

	print_measures(verification, out);
	fputc('\n', out);
	if (oracle)
		fprintf(out,
			"%zu packets are judged against the model, %zu met a change of the network "
			"or were cut up (may be lost), %zu had no path\n",
			oracle->settled, oracle->converging, oracle->unreachable);
	print_tests(verification, out);
	fprintf(out, "chance of a false alarm: at most %.3g in all; tolerance %" PRIu64 " ns\n",
		judge->alpha, verification->tolerance_ns);
	fprintf(out, "verdict: %s: %s\n", judge->pass ? "pass" : "fail", judge->why);
}

int verify_save(const struct verification *verification, const char *path, struct error *error)
{
	json_t *object = verify_to_json(verification);
	struct aside aside;
	FILE *out;
	int code = object ? aside_open(&aside, path, error)
			  : error_set(error, -ENOMEM, path, "no memory for the report");

	if (code < 0) {
		json_decref(object);
		return code;
	}
	out = fdopen(dup(aside.descriptor), "w");
	errno = 0;
	if (!out || json_dumpf(object, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) < 0 ||
	    fputc('\n', out) == EOF || fflush(out) != 0)
		code = errno ? -errno : -EIO;
	if (out && fclose(out) != 0 && code == 0)
		code = -errno;
	json_decref(object);
	if (code == 0)
		return aside_finish(&aside, error);
	aside_abandon(&aside);
	return error_set(error, code, path, "cannot be written: %s", strerror(-code));
}
