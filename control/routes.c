// SPDX-License-Identifier: BSD-3-Clause
// Next hops of each site. Distances come from igraph; the first hops of all equal-cost paths are
// then collected along edges on which the distance grows by just the edge's cost.
#include "control/routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <igraph/igraph.h>

#include "control/ways.h"

// Costs beyond this are cut to it, so that sums of thousands stay exact in a double.
#define COST_MAX (UINT64_C(1) << 40)

// Sources in one call to igraph: bounds the memory for distances.
#define SOURCES_AT_ONCE 64

// The ways out of the source that lead to a vertex. `behind` is PLAN_NONE at an exchange that is
// reached without passing a router: the next hop is whichever router comes next.
struct way_set {
	uint32_t count;
	struct way ways[PLAN_ECMP_PATHS];
};

struct edge {
	uint32_t channel;
	uint32_t to; // vertex
};

// Vertices are the sites where they are reached, by index, and after them the hosts where they
// send: no edge leads into the latter and none leaves the former, so no path passes a host.
struct routes {
	const struct topology *topology;
	size_t vertex_count;
	uint32_t *departure; // [site]: the vertex at which its paths begin
	igraph_t graph;
	bool has_graph;
	igraph_vector_t costs;   // [edge]
	igraph_vector_t weights; // [edge] of the view at hand: infinite when down
	bool has_vectors;
	size_t edge_count;
	struct edge *edges;   // by the vertex that they leave
	uint32_t *first_edge; // [vertex + 1]
	struct way_set *sets; // [vertex], of the source at hand
	double *distances;    // [vertex], of the source at hand
	uint32_t *order;      // vertices by distance
	struct ways *ways;
};

uint64_t routes_cost(const struct topology *topology, uint32_t channel)
{
	const struct link *link = &topology->links[channel / 2];
	const struct impairment *impairment = &link->impairments[channel % 2];
	uint64_t cost = link->metric[channel % 2];

	if (cost == 0) {
		cost = impairment->given & IMPAIRMENT(GROUP_DELAY)
			       ? impairment->delay.delay_ns
			       : link->propagation_ns + link->equipment_ns;
		cost = (cost + 500) / 1000;
	}
	return cost < 1 ? 1 : cost > COST_MAX ? COST_MAX : cost;
}

static bool switches(const struct routes *routes, uint32_t vertex)
{
	return vertex < routes->topology->site_count &&
	       routes->topology->sites[vertex].kind == SITE_EXCHANGE;
}

// Sites at the two ends of a channel; false for a wire.
static bool channel_sites(const struct topology *topology, uint32_t channel, uint32_t *from,
			  uint32_t *to)
{
	const struct link *link = &topology->links[channel / 2];

	*from = link->ends[channel % 2].site;
	*to = link->ends[1 - channel % 2].site;
	return *from != TOPOLOGY_NONE && *to != TOPOLOGY_NONE;
}

static bool number_vertices(struct routes *routes)
{
	const struct topology *topology = routes->topology;
	uint32_t next = (uint32_t)topology->site_count;

	routes->departure = calloc(topology->site_count + 1, sizeof(*routes->departure));
	if (!routes->departure)
		return false;
	for (uint32_t s = 0; s < topology->site_count; s++)
		routes->departure[s] = topology->sites[s].kind == SITE_HOST ? next++ : s;
	routes->vertex_count = next;
	return true;
}

// Lays out the edges by the vertex that they leave, in order of channel.
static bool lay_edges(struct routes *routes)
{
	const struct topology *topology = routes->topology;
	uint32_t *next;
	uint32_t from, to;

	routes->first_edge = calloc(routes->vertex_count + 2, sizeof(*routes->first_edge));
	routes->edges = calloc(2 * topology->link_count + 1, sizeof(*routes->edges));
	if (!routes->first_edge || !routes->edges)
		return false;
	// Counted one place further, so that filling in moves each start to where it belongs.
	next = routes->first_edge + 1;
	for (uint32_t c = 0; c < 2 * topology->link_count; c++) {
		if (channel_sites(topology, c, &from, &to))
			next[routes->departure[from] + 1]++;
	}
	for (size_t v = 0; v < routes->vertex_count; v++)
		next[v + 1] += next[v];
	for (uint32_t c = 0; c < 2 * topology->link_count; c++) {
		if (!channel_sites(topology, c, &from, &to))
			continue;
		routes->edges[next[routes->departure[from]]++] =
			(struct edge){.channel = c, .to = to};
		routes->edge_count++;
	}
	return true;
}

static bool build_graph(struct routes *routes)
{
	igraph_vector_int_t ends;
	igraph_error_t rc = IGRAPH_SUCCESS;

	if (igraph_vector_int_init(&ends, (igraph_integer_t)(2 * routes->edge_count)))
		return false;
	if (igraph_vector_init(&routes->costs, (igraph_integer_t)routes->edge_count)) {
		igraph_vector_int_destroy(&ends);
		return false;
	}
	if (igraph_vector_init(&routes->weights, (igraph_integer_t)routes->edge_count)) {
		igraph_vector_destroy(&routes->costs);
		igraph_vector_int_destroy(&ends);
		return false;
	}
	routes->has_vectors = true;
	for (size_t v = 0; v < routes->vertex_count; v++) {
		for (uint32_t e = routes->first_edge[v]; e < routes->first_edge[v + 1]; e++) {
			VECTOR(ends)[2 * e] = (igraph_integer_t)v;
			VECTOR(ends)[2 * e + 1] = routes->edges[e].to;
			VECTOR(routes->costs)
			[e] = (double)routes_cost(routes->topology, routes->edges[e].channel);
		}
	}
	rc = igraph_create(&routes->graph, &ends, (igraph_integer_t)routes->vertex_count, true);
	igraph_vector_int_destroy(&ends);
	routes->has_graph = rc == IGRAPH_SUCCESS;
	return routes->has_graph;
}

static int out_of_memory(struct error *error)
{
	return error_set(error, -ENOMEM, "routing", "no memory for the shortest paths");
}

struct routes *routes_create(const struct topology *topology, struct error *error)
{
	struct routes *routes = calloc(1, sizeof(*routes));

	// By default igraph ends the process when something fails.
	igraph_set_error_handler(igraph_error_handler_ignore);
	if (!routes)
		goto fail;
	routes->topology = topology;
	if (!number_vertices(routes) || !lay_edges(routes) || !build_graph(routes))
		goto fail;
	routes->sets = calloc(routes->vertex_count + 1, sizeof(*routes->sets));
	routes->distances = calloc(routes->vertex_count + 1, sizeof(*routes->distances));
	routes->order = calloc(routes->vertex_count + 1, sizeof(*routes->order));
	routes->ways = ways_create();
	if (!routes->sets || !routes->distances || !routes->order || !routes->ways)
		goto fail;
	return routes;
fail:
	out_of_memory(error);
	routes_destroy(routes);
	return NULL;
}

void routes_destroy(struct routes *routes)
{
	if (!routes)
		return;
	if (routes->has_graph)
		igraph_destroy(&routes->graph);
	if (routes->has_vectors) {
		igraph_vector_destroy(&routes->costs);
		igraph_vector_destroy(&routes->weights);
	}
	ways_destroy(routes->ways);
	free(routes->departure);
	free(routes->edges);
	free(routes->first_edge);
	free(routes->sets);
	free(routes->distances);
	free(routes->order);
	free(routes);
}

void routes_renew(struct routes *routes, const struct plan *plan)
{
	ways_renew(routes->ways, plan);
}

void routes_forget(struct routes *routes, const struct plan *plan)
{
	ways_forget(routes->ways, plan);
}

static bool way_is_before(const struct way *a, const struct way *b)
{
	return a->channel != b->channel ? a->channel < b->channel : a->behind < b->behind;
}

// Keeps a set sorted and without repetition. When it is full the highest numbers drop out, so the
// outcome does not depend on the order of insertion.
static void set_add(struct way_set *set, struct way way)
{
	uint32_t at = set->count;

	while (at > 0 && way_is_before(&way, &set->ways[at - 1]))
		at--;
	if (at > 0 && !way_is_before(&set->ways[at - 1], &way))
		return;
	if (at == PLAN_ECMP_PATHS)
		return;
	if (set->count < PLAN_ECMP_PATHS)
		set->count++;
	memmove(&set->ways[at + 1], &set->ways[at], (set->count - at - 1) * sizeof(way));
	set->ways[at] = way;
}

// The ways to the vertex at the end of `edge`, as they come from the vertex at its start.
static void pass_on(struct routes *routes, uint32_t source, uint32_t from, const struct edge *edge)
{
	struct way_set *to = &routes->sets[edge->to];
	uint32_t behind = switches(routes, edge->to) ? PLAN_NONE : edge->channel;

	if (from == source) {
		set_add(to, (struct way){.channel = edge->channel, .behind = behind});
		return;
	}
	for (uint32_t i = 0; i < routes->sets[from].count; i++) {
		struct way way = routes->sets[from].ways[i];

		if (way.behind == PLAN_NONE)
			way.behind = behind;
		set_add(to, way);
	}
}

static int by_distance(const void *a, const void *b, void *context)
{
	const double *distances = context;
	double left = distances[*(const uint32_t *)a];
	double right = distances[*(const uint32_t *)b];

	return left < right ? -1 : left > right;
}

// Fills `sets` for one source from `distances` and `weights`.
static void collect_ways(struct routes *routes, uint32_t source)
{
	size_t reached = 0;

	for (uint32_t v = 0; v < routes->vertex_count; v++) {
		routes->sets[v].count = 0;
		if (routes->distances[v] < IGRAPH_INFINITY)
			routes->order[reached++] = v;
	}
	// Costs are at least 1, so a vertex's set is complete before it is passed on.
	qsort_r(routes->order, reached, sizeof(*routes->order), by_distance, routes->distances);
	for (size_t i = 0; i < reached; i++) {
		uint32_t from = routes->order[i];

		for (uint32_t e = routes->first_edge[from]; e < routes->first_edge[from + 1]; e++) {
			const struct edge *edge = &routes->edges[e];

			if (routes->distances[edge->to] < IGRAPH_INFINITY &&
			    routes->distances[from] + VECTOR(routes->weights)[e] ==
				    routes->distances[edge->to])
				pass_on(routes, source, from, edge);
		}
	}
}

// Fills `sets` with direct neighbours only: over a link, or over one exchange.
static void collect_neighbours(struct routes *routes, uint32_t source)
{
	const igraph_vector_t *weights = &routes->weights;

	for (size_t v = 0; v < routes->vertex_count; v++) {
		routes->sets[v].count = 0;
		routes->distances[v] = IGRAPH_INFINITY;
	}
	for (int pass = 0; pass < 2; pass++) { // least cost first, then who has it
		for (uint32_t e = routes->first_edge[source]; e < routes->first_edge[source + 1];
		     e++) {
			const struct edge *out = &routes->edges[e];
			bool across = switches(routes, out->to);
			uint32_t f = across ? routes->first_edge[out->to] : e;
			uint32_t last = across ? routes->first_edge[out->to + 1] : e + 1;

			for (; f < last; f++) {
				const struct edge *in = &routes->edges[f];
				double cost =
					VECTOR(*weights)[e] + (across ? VECTOR(*weights)[f] : 0);

				if (pass == 0 && cost < routes->distances[in->to])
					routes->distances[in->to] = cost;
				if (pass == 1 && cost < IGRAPH_INFINITY &&
				    cost == routes->distances[in->to])
					set_add(&routes->sets[in->to],
						(struct way){.channel = out->channel,
							     .behind = in->channel});
			}
		}
	}
}

// The row of `site` from `sets`. NULL when memory is short.
static struct plan_row *make_row(struct routes *routes, struct plan *plan, uint32_t site)
{
	const struct topology *topology = routes->topology;
	struct plan_row *row = plan_row_create(topology->site_count);

	for (uint32_t s = 0; row && s < topology->site_count; s++) {
		const struct way_set *set = &routes->sets[s];

		if (s == site || set->count == 0 || switches(routes, s))
			continue;
		row->ways[s] = ways_group(routes->ways, plan, set->ways, set->count);
		if (row->ways[s] == 0) {
			plan_row_put(row);
			return NULL;
		}
	}
	return row;
}

static void set_view(struct routes *routes, const bool *link_down)
{
	for (size_t e = 0; e < routes->edge_count; e++) {
		double cost = VECTOR(routes->costs)[e];

		if (link_down[routes->edges[e].channel / 2])
			cost = IGRAPH_INFINITY;
		VECTOR(routes->weights)[e] = cost;
	}
}

// Sets the rows of the sites `sites[0..count-1]`, none of which switches.
static int spf_rows(struct routes *routes, struct plan *plan, const uint32_t *sites, size_t count,
		    struct plan_row **rows)
{
	igraph_vector_int_t from;
	igraph_matrix_t result;
	size_t done = 0;

	if (igraph_vector_int_init(&from, (igraph_integer_t)count))
		return -ENOMEM;
	if (igraph_matrix_init(&result, 0, 0)) {
		igraph_vector_int_destroy(&from);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		VECTOR(from)[i] = routes->departure[sites[i]];
	if (igraph_distances_dijkstra(&routes->graph, &result, igraph_vss_vector(&from),
				      igraph_vss_all(), &routes->weights, IGRAPH_OUT) == 0) {
		for (; done < count; done++) {
			for (size_t v = 0; v < routes->vertex_count; v++)
				routes->distances[v] = MATRIX(result, done, v);
			collect_ways(routes, routes->departure[sites[done]]);
			rows[done] = make_row(routes, plan, sites[done]);
			if (!rows[done])
				break;
		}
	}
	igraph_matrix_destroy(&result);
	igraph_vector_int_destroy(&from);
	if (done == count)
		return 0;
	while (done > 0)
		plan_row_put(rows[--done]);
	return -ENOMEM;
}

// Rows of up to SOURCES_AT_ONCE sites in the view that set_view has set.
static int make_rows(struct routes *routes, struct plan *plan, const uint32_t *sites, size_t count,
		     struct plan_row **rows)
{
	if (routes->topology->routing == ROUTING_SPF)
		return spf_rows(routes, plan, sites, count, rows);
	for (size_t i = 0; i < count; i++) {
		for (size_t v = 0; v < routes->vertex_count; v++)
			routes->sets[v].count = 0;
		if (routes->topology->routing == ROUTING_STATIC)
			collect_neighbours(routes, routes->departure[sites[i]]);
		rows[i] = make_row(routes, plan, sites[i]);
		if (!rows[i]) {
			while (i > 0)
				plan_row_put(rows[--i]);
			return -ENOMEM;
		}
	}
	return 0;
}

int routes_row(struct routes *routes, struct plan *plan, const bool *link_down, uint32_t site,
	       struct plan_row **row, struct error *error)
{
	*row = NULL;
	if (switches(routes, site))
		return 0;
	set_view(routes, link_down);
	return make_rows(routes, plan, &site, 1, row) ? out_of_memory(error) : 0;
}

int routes_all(struct routes *routes, struct plan *plan, const bool *link_down, struct error *error)
{
	uint32_t sites[SOURCES_AT_ONCE];
	struct plan_row *rows[SOURCES_AT_ONCE];
	size_t count = 0;

	set_view(routes, link_down);
	for (uint32_t s = 0; s < routes->topology->site_count; s++) {
		if (!switches(routes, s))
			sites[count++] = s;
		if (count == SOURCES_AT_ONCE || (s + 1 == routes->topology->site_count && count)) {
			if (make_rows(routes, plan, sites, count, rows))
				return out_of_memory(error);
			for (size_t i = 0; i < count; i++)
				plan_set_row(plan, sites[i], rows[i]);
			count = 0;
		}
	}
	return 0;
}
