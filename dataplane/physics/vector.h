// SPDX-License-Identifier: BSD-3-Clause
// Three numbers at a time.
#pragma once

#include <math.h>

#define RADIANS(degrees)    ((degrees) * (M_PI / 180))
#define DEGREES(radians)    ((radians) * (180 / M_PI))
#define LIGHT_M_PER_NS      0.299792458
#define ASTRONOMICAL_UNIT_M 1.495978707e11

static inline double vector_dot(const double a[3], const double b[3])
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline double vector_length(const double a[3])
{
	return sqrt(vector_dot(a, a));
}

// c = a - b
static inline void vector_subtract(const double a[3], const double b[3], double c[3])
{
	for (int i = 0; i < 3; i++)
		c[i] = a[i] - b[i];
}

// Turns the axes about z by an angle, so that a vector turns back by it.
static inline void vector_turn_axes(const double a[3], double cos_angle, double sin_angle,
				    double b[3])
{
	double x = cos_angle * a[0] + sin_angle * a[1];
	double y = cos_angle * a[1] - sin_angle * a[0];

	b[0] = x;
	b[1] = y;
	b[2] = a[2];
}
