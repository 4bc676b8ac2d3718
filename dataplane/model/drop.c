// SPDX-License-Identifier: BSD-3-Clause
// The words for the reasons of loss.
#include "dataplane/model/drop.h"

static const char *const names[DROP_REASONS] = {
	[DROP_NONE] = "none",         [DROP_CARRIER] = "carrier", [DROP_QUEUE] = "queue",
	[DROP_AQM] = "aqm",           [DROP_MODEL] = "model",     [DROP_TTL] = "ttl",
	[DROP_NO_ROUTE] = "no-route", [DROP_POLICY] = "policy",   [DROP_MTU] = "mtu",
	[DROP_CUT] = "cut",           [DROP_LATE] = "late",       [DROP_MEMORY] = "memory",
	[DROP_PORT] = "port",
};

const char *drop_reason_name(enum drop_reason reason)
{
	// The cast makes a negative value a large one.
	return (unsigned int)reason < DROP_REASONS ? names[reason] : "unknown";
}
