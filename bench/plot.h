// SPDX-License-Identifier: BSD-3-Clause
// Whole distributions for `lab bench --plot`: files of points, which lab has gnuplot draw.
#pragma once

#include "dataplane/model/histogram.h"

// Writes the share of records beyond each value into a file of its own, titled `title`, in the
// folder that the environment variable CORRIDOR_BENCH_PLOT names; nothing without it.
void plot_distribution(const char *title, const struct histogram *histogram);
