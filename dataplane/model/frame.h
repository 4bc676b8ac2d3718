// SPDX-License-Identifier: BSD-3-Clause
// What the law of a channel may look at in a frame, and where it is found. Only `bytes` always
// counts; the rest is filled in where channel_params.reads_headers asks for it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The two bits of RFC 3168.
enum frame_ecn { FRAME_NOT_ECT, FRAME_ECT_1, FRAME_ECT_0, FRAME_CE };

struct channel_frame {
	uint32_t bytes;       // Ethernet header and payload, without FCS
	uint32_t handle;      // the caller's name for it, given back by a managed queue
	uint32_t flow;        // hash of addresses, protocol and ports: equal for one flow's packets
	uint8_t dscp;         // 0..63; 0 when not IP
	uint8_t ecn;          // enum frame_ecn; FRAME_NOT_ECT when not IP
	uint8_t protocol;     // of IP, behind extension headers; 0 when not IP
	uint8_t is_segment;   // 1: TCP with payload
	uint16_t source_port; // TCP, UDP, DCCP, SCTP; 0 otherwise and in fragments
	uint16_t target_port;
};

// Fills in all but bytes and handle from a frame's first `stored` bytes: past up to two VLAN tags,
// IPv4 or IPv6 past at most eight extension headers. What is not there or cut off stays 0; the
// hash of what is no IP is that of its Ethernet addresses and type. Cannot fail.
void frame_read(const uint8_t *bytes, uint32_t stored, struct channel_frame *frame);

// Offset of the IP header, or 0 when the frame is not IP or too short for it.
uint32_t frame_ip_offset(const uint8_t *bytes, uint32_t stored, bool *ipv6);

// Sets ECN to CE (RFC 3168), and mends IPv4's header checksum (RFC 1624). False, and nothing is
// written, when the frame is not IP or not ECN-capable.
bool frame_mark_ce(uint8_t *bytes, uint32_t stored);

// Sets the DSCP (0..63; RFC 2474), and mends IPv4's header checksum. False, and nothing is written,
// when the frame is not IP.
bool frame_mark_dscp(uint8_t *bytes, uint32_t stored, uint8_t dscp);
