// SPDX-License-Identifier: BSD-3-Clause
// Reordering: is it some frames that were sent ahead, or held back, by a time of its own, with the
// others in order? Or does every frame's delay vary freely? Or is order kept?
#include <math.h>

#include "pcaps/fit_parts.h"

#define LEAST_CHOSEN 5
#define APART        3    // standard deviations of the others
#define ALARM        1e-6 // chance at which a gap between chosen frames is no accident
#define SURE_TO_MEET 14   // events expected and none seen: a chance of 1e-6

struct group {
	double count, sum, squares, first;
};

static void group_add(struct group *group, double value)
{
	if (group->count++ == 0)
		group->first = value;
	group->sum += value - group->first;
	group->squares += (value - group->first) * (value - group->first);
}

static double group_mean(const struct group *group)
{
	return group->first + group->sum / group->count;
}

static double group_deviation(const struct group *group)
{
	double mean = group->sum / group->count;

	return sqrt(fmax(0, group->squares / group->count - mean * mean));
}

static size_t sorted_bases(struct fit_work *work)
{
	size_t count = 0;

	for (size_t i = 0; i < work->count; i++)
		if (!isnan(work->rows[i].base_ns))
			work->values[count++] = work->rows[i].base_ns;
	fit_sort(work->values, count);
	return count;
}

// Between which neighbours in size lies the widest gap?
static size_t widest_gap(const double *sorted, size_t count)
{
	size_t at = 1;

	for (size_t i = 1; i < count; i++)
		if (sorted[i] - sorted[i - 1] > sorted[at] - sorted[at - 1])
			at = i;
	return at;
}

// Where two groups differ most for their size (Otsu 1979: the variance between them).
static size_t two_groups(const double *sorted, size_t count)
{
	double total = 0, below = 0, best = -1;
	size_t at = 1;

	for (size_t i = 0; i < count; i++)
		total += sorted[i] - sorted[0];
	for (size_t i = 1; i < count; i++) {
		double n = (double)i, rest = (double)count - n, apart;

		below += sorted[i - 1] - sorted[0];
		apart = below / n - (total - below) / rest;
		if (n * rest * apart * apart > best) {
			best = n * rest * apart * apart;
			at = i;
		}
	}
	return at;
}

// Marks those on the lesser side; true when the others are in order and far from them.
static bool separates(struct fit_work *work, size_t count, size_t at, struct group groups[2])
{
	double border = (work->values[at - 1] + work->values[at]) / 2;
	double apart = work->values[at] - work->values[at - 1];
	int few = at <= count - at ? 0 : 1;
	double latest = -INFINITY;

	groups[0] = groups[1] = (struct group){0};
	for (size_t i = 0; i < work->count; i++) {
		struct fit_row *row = &work->rows[i];
		int side = row->base_ns > border;

		row->chosen = false;
		if (isnan(row->base_ns))
			continue;
		group_add(&groups[side], row->base_ns);
		row->chosen = side == few;
		if (row->chosen)
			continue;
		if (row->at_ns + row->delay_ns < latest)
			return false;
		latest = row->at_ns + row->delay_ns;
	}
	return groups[few].count >= LEAST_CHOSEN &&
	       apart > APART * group_deviation(&groups[1 - few]) &&
	       apart > group_deviation(&groups[few]) && apart > 2 * work->quantum_ns;
}

// Chance and gap, from the distances between chosen frames.
static void tell_chance(struct fit_work *work)
{
	double arrived = 0, chosen = 0, last = NAN, least = INFINITY, share;
	struct fit *fit = work->fit;

	for (size_t i = 0; i < work->count; i++) {
		if (isnan(work->rows[i].base_ns))
			continue;
		if (work->rows[i].chosen) {
			if (chosen++ > 0)
				least = fmin(least, arrived - last);
			last = arrived;
		}
		arrived++;
	}
	share = chosen / arrived;
	fit->reorder_gap = 1;
	if (least > 1 && least < UINT32_MAX &&
	    (least - 1) * (chosen - 1) * log1p(-share) < log(ALARM))
		fit->reorder_gap = (uint32_t)least;
	fit->reorder = fit_ratio(fmax(chosen, arrived - chosen * (fit->reorder_gap - 1)), chosen);
}

static void tell_place(struct fit_work *work, const struct group groups[2])
{
	bool late = groups[1].count < groups[0].count;
	double apart = group_mean(&groups[1]) - group_mean(&groups[0]);
	double error = 0;

	if (late) {
		for (int i = 0; i < 2; i++)
			error += group_deviation(&groups[i]) * group_deviation(&groups[i]) /
				 groups[i].count;
		work->fit->late_ns = fit_about(apart, sqrt(error), (size_t)groups[1].count);
		work->fit->late_ns.low -= work->quantum_ns;
		work->fit->late_ns.high += work->quantum_ns;
	} else if (fabs(group_mean(&groups[0])) > 0.05 * fabs(group_mean(&groups[1]))) {
		fit_note(work->fit,
			 "frames sent ahead still take %.3f ms; netem's words let them skip all of "
			 "the delay",
			 group_mean(&groups[0]) / 1e6);
	}
}

// With neighbours' delays exchanged for those of frames far off, how many would go past others?
static double expected_overtaking(const struct fit_work *work)
{
	size_t count = 0, half;
	double expected = 0, last = NAN;

	for (size_t i = 0; i < work->count; i++)
		if (!isnan(work->rows[i].base_ns) && !work->rows[i].chosen)
			work->values[count++] = work->rows[i].base_ns;
	half = count / 2;
	count = 0;
	for (size_t i = 0; i < work->count && half > 0; i++) {
		const struct fit_row *row = &work->rows[i];
		double departs = row->at_ns + row->line_ns;

		if (isnan(row->base_ns) || row->chosen)
			continue;
		if (!isnan(last) && departs > last)
			expected += work->values[count % half] - work->values[count % half + half] >
				    departs - last;
		last = departs;
		count++;
	}
	return expected;
}

void fit_reordering(struct fit_work *work)
{
	struct fit *fit = work->fit;
	struct group groups[2];
	size_t overtaken = 0, count;
	bool told = false;

	for (size_t i = 0; i < work->count; i++) {
		overtaken += work->rows[i].overtaken;
		work->rows[i].chosen = false;
	}
	count = sorted_bases(work);
	if (overtaken > 0 && count > 1) {
		told = separates(work, count, widest_gap(work->values, count), groups) ||
		       separates(work, count, two_groups(work->values, count), groups);
		if (!told)
			for (size_t i = 0; i < work->count; i++)
				work->rows[i].chosen = false;
	}
	if (told) {
		tell_chance(work);
		tell_place(work, groups);
	} else if (overtaken == 0 && count > 0) {
		fit->reorder = fit_ratio((double)count, 0);
	}
	if (overtaken > 0 && !told)
		fit->order = FIT_ORDER_FREE;
	else if (expected_overtaking(work) >= SURE_TO_MEET)
		fit->order = FIT_ORDER_KEEP;
}
