// SPDX-License-Identifier: BSD-3-Clause
// The live table that `corridor run` shows on a terminal.
#pragma once

#include <stdio.h>

#include "control/lab.h"

struct screen;

// NULL when memory is out: the lab then runs without a picture.
struct screen *screen_create(const struct lab *lab, FILE *out, bool colour);
// Draws what happened since the last call, over what was drawn then, within the terminal's size.
void screen_draw(struct screen *screen, const struct lab *lab);
void screen_free(struct screen *screen); // NULL is allowed
