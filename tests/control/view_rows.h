// SPDX-License-Identifier: BSD-3-Clause
// Views of a lab on the fake engine that has something of everything, and ways into their JSON.
#pragma once

#include "control/view.h"
#include "tests/control/fake_lab.h"

// Sites of two kinds, links of each medium, a satellite, three ports, two flows, an event.
extern const char view_everything[];

// The rows of a view; the test fails when it is refused. Gives up `names` (NULL: all).
json_t *view_rows(const struct fake_lab *fake, const char *name, json_t *names);
// The row whose `key` is this text. Borrowed.
json_t *view_row(json_t *rows, const char *key, const char *text);
// A whole number that must be there.
json_int_t view_number(const json_t *object, const char *key);

// Another number in each of the fake engine's counters.
void view_count_differently(void);
