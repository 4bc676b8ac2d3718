// SPDX-License-Identifier: BSD-3-Clause
// JSON-RPC 2.0 without a transport: a line in, a line out. docs/rpc.md describes the protocol.
//
// One JSON value a line, at most RPC_LINE_MOST bytes towards the lab. The lab speaks first: a
// notification "hello" with the version, rpc_hello().
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "dataplane/model/error.h"

#define RPC_PROTOCOL    1             // grows when an old client would misunderstand an answer
#define RPC_LINE_MOST   (1024 * 1024) // bytes of a request, newline included
#define RPC_BATCH_MOST  256           // requests in one batch
#define RPC_ANSWER_MOST (64u << 20)   // bytes of a batch's answers; the rest is refused

enum rpc_code {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_UNKNOWN_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	RPC_REFUSED = -32000, // the request is well-formed, and wrong
	RPC_MACHINE = -32001, // the machine lacks something
	RPC_TOO_LONG = -32002,
	RPC_BUSY = -32003,
};

// A method's answer, or NULL and a sentence: code -EPROTO for wrong params, -EINVAL and the like
// for what is refused. `params` is an object, an array or NULL.
struct rpc_method {
	const char *name;
	const char *summary;
	json_t *(*call)(void *context, const json_t *params, struct error *error);
};

// The answer to one line of `length` bytes (no newline needed), which the caller frees: one line
// with its newline, NUL-terminated, its length in `answer_length`. NULL when no answer is due (a
// notification) or memory is out. Any bytes are allowed. `methods` ends with name NULL.
char *rpc_answer(const struct rpc_method *methods, void *context, const char *line, size_t length,
		 size_t *answer_length);

// The line of a fault that belongs to no request (id null). The caller frees. NULL: no memory.
char *rpc_fault(enum rpc_code code, const char *what);

// The lab's first line. The caller frees. NULL: no memory.
char *rpc_hello(const char *lab);

// The stable word that `data.reason` carries: "parse-error", "refused", ...
const char *rpc_reason(enum rpc_code code);

// A request line with its newline. Gives up `params` (may be NULL). The caller frees.
char *rpc_request(const char *method, json_t *params, int id);

// The result in an answer to rpc_request (a new reference), or NULL and the answer's fault in
// `error`, whose code leads to the exit status that the lab meant.
json_t *rpc_result(const char *line, size_t length, int id, struct error *error);
