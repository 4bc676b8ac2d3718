// SPDX-License-Identifier: BSD-3-Clause
// The rows of the DVB standards. Private to modem*.c.
#pragma once

#include "dataplane/physics/modem.h"

#define MODEM_S2_ROWS  28
#define MODEM_S2X_ROWS 39

extern const struct modcod modem_s2[MODEM_S2_ROWS];
extern const struct modcod modem_s2x[MODEM_S2X_ROWS];
