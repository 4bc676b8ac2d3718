// SPDX-License-Identifier: BSD-3-Clause
// Which files a replay may not write: those that it reads, and none twice. Part of replay.
#pragma once

#include "control/replay.h"

// Looks at the options' paths, by whatever name a file goes. 0, or -EINVAL with a sentence. Several
// ports may share an output; standard input feeds one port.
int replay_files_check(const struct replay_options *options, struct error *error);
