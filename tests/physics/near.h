// SPDX-License-Identifier: BSD-3-Clause
// Comparison of floating-point figures with a tolerance that is said. For cmocka.
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// NaN is never near.
#define near_to(value, expected, tolerance)                                                        \
	do {                                                                                       \
		double near_value = (value), near_expected = (expected);                           \
		double near_tolerance = (tolerance);                                               \
                                                                                                   \
		if (!(fabs(near_value - near_expected) <= near_tolerance))                         \
			fail_msg("%s is %.12g, expected %.12g +- %g", #value, near_value,          \
				 near_expected, near_tolerance);                                   \
	} while (0)
