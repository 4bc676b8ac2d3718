// SPDX-License-Identifier: BSD-3-Clause
// Points of a distribution, evenly over the logarithm of the share that lies beyond.
#include "bench/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define POINTS_A_DECADE 40

void plot_distribution(const char *title, const struct histogram *histogram)
{
	const char *folder = getenv("CORRIDOR_BENCH_PLOT");
	char path[512];

	if (folder == NULL || histogram->count == 0)
		return;
	snprintf(path, sizeof(path), "%.400s/%.100s", folder, title);
	FILE *file = fopen(path, "we");
	if (file == NULL) {
		fprintf(stderr, "bench: %s cannot be written, so %s is not drawn\n", path, title);
		return;
	}
	fprintf(file, "# %s\n", title);
	for (unsigned i = 0;; i++) {
		double beyond = pow(10, -(double)i / POINTS_A_DECADE);

		if (beyond * (double)histogram->count < 1)
			break;
		// A logarithmic axis has no 0.
		uint64_t value =
			i == 0 ? histogram->minimum : histogram_quantile(histogram, 1 - beyond);
		fprintf(file, "%llu %.6g\n", (unsigned long long)(value > 0 ? value : 1), beyond);
	}
	fprintf(file, "%llu %.6g\n", (unsigned long long)histogram->maximum,
		1 / (double)histogram->count);
	fclose(file);
}
