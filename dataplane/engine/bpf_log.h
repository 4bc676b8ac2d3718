// SPDX-License-Identifier: BSD-3-Clause
// What the libraries below DPDK's af_xdp driver print to stderr by themselves. Private to the
// engine.
#pragma once

// From now on they print nothing; what fails is told by the driver's return codes. Once EAL has
// loaded its drivers; does nothing where the libraries are not there. Cannot fail.
void bpf_log_silence(void);
