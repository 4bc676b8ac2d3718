// SPDX-License-Identifier: BSD-3-Clause
// What two captures show without any model.
#include "pcaps/measure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SAMPLES_BEYOND 10

static int compare(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one;
	int64_t b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

// Nearest rank: the smallest value with at least the share `parts` / 1000 of all at or below it.
static struct measure_percentile percentile(const int64_t *sorted, size_t count, unsigned parts)
{
	size_t rank = (count * parts + 999) / 1000;
	struct measure_percentile found = {0};

	if (rank == 0 || count - rank < SAMPLES_BEYOND)
		return found;
	found.known = true;
	found.value_ns = sorted[rank - 1];
	return found;
}

void measure_summarise(int64_t *values, size_t count, struct measure_summary *summary)
{
	double sum = 0;
	double squares = 0;

	*summary = (struct measure_summary){.count = count};
	if (count == 0)
		return;
	qsort(values, count, sizeof(*values), compare);
	summary->min_ns = values[0];
	summary->max_ns = values[count - 1];
	// Relative to the minimum, so that nanoseconds survive in a sum of long delays.
	for (size_t i = 0; i < count; i++) {
		double above = (double)(values[i] - values[0]);

		sum += above;
		squares += above * above;
	}
	summary->mean_ns = (double)values[0] + sum / (double)count;
	if (count > 1)
		summary->deviation_ns =
			sqrt(fmax(0, squares - sum * sum / (double)count) / (double)(count - 1));
	summary->p50 = percentile(values, count, 500);
	summary->p90 = percentile(values, count, 900);
	summary->p99 = percentile(values, count, 990);
	summary->p999 = percentile(values, count, 999);
}

// A frame that has arrived whole.
static bool arrived(const struct match *match, size_t sent)
{
	return match->received_of_sent[sent] != MATCH_NONE &&
	       match->kinds[match->received_of_sent[sent]] == MATCH_FIRST;
}

static int64_t delay_of(const struct frames *sent, const struct frames *received,
			const struct match *match, size_t i)
{
	return (int64_t)(received->rows[match->received_of_sent[i]].at_ns - sent->rows[i].at_ns);
}

// Later than the threshold is lost (RFC 7680), and what is lost has neither delay nor place.
static bool is_late(int64_t delay_ns, const struct measure *measure)
{
	return delay_ns > 0 && (uint64_t)delay_ns > measure->loss_threshold_ns;
}

static bool in_time(const struct frames *sent, const struct frames *received,
		    const struct match *match, size_t i, const struct measure *measure)
{
	return arrived(match, i) && !is_late(delay_of(sent, received, match, i), measure);
}

static void measure_delays(const struct frames *sent, const struct frames *received,
			   const struct match *match, int64_t *values, struct measure *measure)
{
	size_t count = 0;

	for (size_t i = 0; i < sent->count; i++) {
		int64_t delay_ns;

		if (!arrived(match, i))
			continue;
		delay_ns = delay_of(sent, received, match, i);
		measure->negative += delay_ns < 0;
		if (is_late(delay_ns, measure))
			measure->late++;
		else
			values[count++] = delay_ns;
	}
	measure->lost = match->lost + measure->late;
	measure_summarise(values, count, &measure->delay);
	measure->pdv = measure->delay.p999;
	measure->pdv.value_ns -= measure->delay.min_ns;
}

static void measure_ipdv(const struct frames *sent, const struct frames *received,
			 const struct match *match, int64_t *values, struct measure *measure)
{
	size_t count = 0;

	for (size_t i = 1; i < sent->count; i++)
		if (in_time(sent, received, match, i, measure) &&
		    in_time(sent, received, match, i - 1, measure))
			values[count++] = delay_of(sent, received, match, i) -
					  delay_of(sent, received, match, i - 1);
	measure_summarise(values, count, &measure->ipdv);
}

// Arrivals that set a new record of the sequence number, in order: a reordered arrival's extent
// reaches back to the first record above it.
struct record {
	uint32_t sequence;
	size_t arrival;
};

static size_t first_record_above(const struct record *records, size_t count, uint32_t sequence)
{
	size_t low = 0;
	size_t high = count - 1; // the last record is above

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (records[middle].sequence > sequence)
			high = middle;
		else
			low = middle + 1;
	}
	return records[low].arrival;
}

static int measure_order(const struct frames *sent, const struct frames *received,
			 const struct match *match, struct measure *measure)
{
	struct record *records = malloc((match->received_count + 1) * sizeof(*records));
	size_t count = 0;
	size_t arrivals = 0;

	if (!records)
		return -ENOMEM;
	for (size_t i = 0; i < match->received_count; i++) {
		uint32_t sequence = match->sent_of_received[i];

		if (match->kinds[i] != MATCH_FIRST ||
		    !in_time(sent, received, match, sequence, measure))
			continue;
		if (count == 0 || sequence > records[count - 1].sequence) {
			records[count++] = (struct record){sequence, arrivals};
		} else {
			size_t extent = arrivals - first_record_above(records, count, sequence);

			measure->reordered++;
			if (extent > measure->reorder_extent)
				measure->reorder_extent = extent;
		}
		arrivals++;
	}
	measure->reordered_ratio = arrivals ? (double)measure->reordered / (double)arrivals : 0;
	free(records);
	return 0;
}

int measure_frames(const struct frames *sent, const struct frames *received,
		   const struct match *match, uint64_t loss_threshold_ns, struct measure *measure,
		   struct error *error)
{
	int64_t *values = malloc((sent->count + 1) * sizeof(*values));

	*measure = (struct measure){
		.sent = sent->count,
		.received = received->count,
		.duplicated = match->duplicated,
		.corrupted = match->corrupted,
		.extra = match->extra,
		.loss_threshold_ns = loss_threshold_ns,
	};
	if (!values || measure_order(sent, received, match, measure) < 0) {
		free(values);
		return error_set(error, -ENOMEM, "measure", "no memory for %zu delays",
				 sent->count);
	}
	measure_delays(sent, received, match, values, measure);
	measure_ipdv(sent, received, match, values, measure);
	measure->loss_ratio = sent->count ? (double)measure->lost / (double)sent->count : 0;
	free(values);
	return 0;
}
