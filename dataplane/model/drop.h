// SPDX-License-Identifier: BSD-3-Clause
// Why a packet ended before its destination: the one list, in the order in which it is printed.
#pragma once

enum drop_reason {
	DROP_NONE, // not lost
	DROP_CARRIER,
	DROP_QUEUE,
	DROP_AQM,
	DROP_MODEL,
	DROP_TTL,
	DROP_NO_ROUTE,
	DROP_POLICY,
	DROP_MTU,
	DROP_CUT,
	DROP_LATE,
	DROP_MEMORY,
	DROP_PORT,
	DROP_REASONS
};

// The word users read ("no-route", ...); "none" for DROP_NONE, "unknown" outside the list.
const char *drop_reason_name(enum drop_reason reason);
