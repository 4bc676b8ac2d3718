// SPDX-License-Identifier: BSD-3-Clause
// From an impairment on paper to the parameters of a channel's law.
#pragma once

#include "dataplane/model/channel.h"
#include "topologies/impairment.h"

// A queue in front of a rate without a limit of its own; netem's default.
#define IMPAIRMENT_LIMIT_PACKETS 1000

// Fills in all that an impairment says; seed, random_key, carrier and mtu_bytes are the caller's,
// and so is delay_ns where no delay is given. What is derived (tables, profiles) is kept in
// `tables`, which must live as long as the parameters. 0, or a negative errno with the sentence of
// the model that refuses; `params` is untouched then.
int impairment_params(const struct impairment *impairment, const char *where, struct tables *tables,
		      struct channel_params *params, struct error *error);
