// SPDX-License-Identifier: BSD-3-Clause
// What the law of a channel may look at in a frame. Only `bytes` always counts; the rest is filled
// in where channel_params.reads_headers asks for it.
#pragma once

#include <stdint.h>

// The two bits of RFC 3168.
enum frame_ecn { FRAME_NOT_ECT, FRAME_ECT_1, FRAME_ECT_0, FRAME_CE };

struct channel_frame {
	uint32_t bytes;       // Ethernet header and payload, without FCS
	uint32_t handle;      // the caller's name for it, given back when it leaves a managed queue
	uint32_t flow;        // hash of addresses, protocol and ports; equal for packets of a flow
	uint8_t dscp;         // 0..63; 0 when not IP
	uint8_t ecn;          // enum frame_ecn; FRAME_NOT_ECT when not IP
	uint8_t protocol;     // of IP; 0 when not IP
	uint8_t is_segment;   // 1: TCP with payload
	uint16_t source_port; // TCP and UDP; 0 otherwise and in later fragments
	uint16_t target_port;
};
