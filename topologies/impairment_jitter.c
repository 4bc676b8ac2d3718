// SPDX-License-Identifier: BSD-3-Clause
// Delay variation becomes a request to its model; shapes become tables that all who ask for the
// same shape share.
#include <errno.h>
#include <string.h>

#include "topologies/impairment_translate.h"

static const enum jitter_kind jitter_kinds[] = {
	[DISTRIBUTION_NONE] = JITTER_NONE,
	[DISTRIBUTION_UNIFORM] = JITTER_UNIFORM,
	[DISTRIBUTION_NORMAL] = JITTER_NORMAL,
	[DISTRIBUTION_PARETO] = JITTER_PARETO,
	[DISTRIBUTION_PARETONORMAL] = JITTER_PARETONORMAL,
	[DISTRIBUTION_EXPONENTIAL] = JITTER_EXPONENTIAL,
	[DISTRIBUTION_GAMMA] = JITTER_GAMMA,
	[DISTRIBUTION_LOGNORMAL] = JITTER_LOGNORMAL,
	[DISTRIBUTION_TABLE] = JITTER_TABLE,
};

struct key {
	enum jitter_kind kind;
	double shape;
	const struct table *samples;
};

struct memory {
	struct jitter_table table;
	int16_t samples[];
};

static int no_memory(const struct translation *t)
{
	return error_set(t->error, -ENOMEM, t->where, "no memory for a distribution");
}

static const struct jitter_table *derive_table(const struct translation *t,
					       const struct impairment_jitter *jitter,
					       enum jitter_kind kind, double shape)
{
	size_t count = kind == JITTER_TABLE ? jitter->table->count : 0;
	struct memory *memory;
	struct key key;
	bool made;
	int result;

	if (!t->tables) {
		error_set(t->error, -EINVAL, t->where, "a distribution cannot be made here");
		return NULL;
	}
	memset(&key, 0, sizeof(key)); // its padding is compared too
	key.kind = kind;
	key.shape = shape;
	key.samples = kind == JITTER_TABLE ? jitter->table : NULL;
	memory = tables_derive(t->tables, &key, sizeof(key),
			       sizeof(*memory) + count * sizeof(memory->samples[0]), &made);
	if (!memory) {
		no_memory(t);
		return NULL;
	}
	if (made)
		return &memory->table;
	if (kind == JITTER_TABLE) {
		memcpy(memory->samples, jitter->table->samples, count * sizeof(memory->samples[0]));
		result = jitter_table_make_from_samples(memory->samples, count, t->where,
							&memory->table, t->error);
	} else {
		result = jitter_table_make(kind, shape, t->where, &memory->table, t->error);
	}
	if (result == 0)
		return &memory->table;
	tables_forget(t->tables, memory);
	return NULL;
}

int translate_jitter_words(const struct translation *t, const struct impairment_jitter *jitter,
			   uint64_t delay_ns, bool order_free, struct jitter_params *params)
{
	struct jitter_request request = {
		.kind = jitter_kinds[jitter->kind],
		.jitter_ns = jitter->jitter_ns,
		.correlation = jitter->correlation,
		.halflife_ns = jitter->halflife_ns,
		.order_free = order_free,
	};
	double shape = jitter->shape;

	if (shape <= 0)
		shape = jitter_natural_shape(request.kind, delay_ns, jitter->jitter_ns);
	if ((request.kind == JITTER_GAMMA || request.kind == JITTER_LOGNORMAL) && shape <= 0)
		return error_set(t->error, -EINVAL, t->where,
				 "this distribution's shape follows from a delay, and there is "
				 "none; give a delay");
	if (request.kind > JITTER_NORMAL) {
		request.table = derive_table(t, jitter, request.kind, shape);
		if (!request.table)
			return -EINVAL;
	}
	return jitter_make(&request, t->where, params, t->error);
}
