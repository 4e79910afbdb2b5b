/* conntest mesh plan: what a mesh of so many nodes covers and costs, before it runs. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/mesh_probes.h"
#include "mesh/pinglist.h"
#include "view/mesh_forecast.h"
#include "view/mesh_metrics.h"

#define NODES_MAX  100000
#define TEXT_MAX   8192
#define NAME_BYTES 24

struct plan_options {
	struct mesh_probe_options probing;
	uint64_t locations;
	uint64_t racks;
	bool has_pairs;
	uint64_t worst;
	bool has_legacy;
};

/* clang-format off */
static const struct option_row rows[] = {
	OPTION(struct plan_options, locations, OPTION_COUNT, .name = "locations", .placeholder = "N",
	       .default_text = "1", .minimum = "1", .maximum = "1k", .level = OPTION_FIRST_HOUR,
	       .help = "that the nodes are spread over evenly"),
	OPTION(struct plan_options, racks, OPTION_COUNT, .name = "racks", .placeholder = "N",
	       .default_text = "1", .minimum = "1", .maximum = "10k", .level = OPTION_FIRST_HOUR,
	       .help = "in each location"),
	MESH_PROBE_OPTIONS(struct plan_options, probing),
	OPTION(struct plan_options, has_pairs, OPTION_FLAG, .name = "pairs", .level = OPTION_OUTPUT,
	       .help = "/metrics has every pair"),
	OPTION(struct plan_options, worst, OPTION_COUNT, .name = "worst", .placeholder = "N",
	       .default_text = "10", .maximum = "1000", .level = OPTION_OUTPUT,
	       .help = "so many bad pairs stand in /metrics on their own"),
	OPTION(struct plan_options, has_legacy, OPTION_FLAG, .name = "legacy-metrics",
	       .level = OPTION_OUTPUT, .help = "the names of Thought Machine's conntest, too"),
};
/* clang-format on */

/* ---- the nodes */

static const char *numbered(struct arena *arena, const char *noun, uint64_t number)
{
	return arena_format(arena, "%s-%llu", noun, (unsigned long long)number);
}

/* Node i stands in location i mod L, and there in rack by rack. */
static struct pinglist_member *make_members(const struct plan_options *options, uint32_t count,
					    struct arena *arena)
{
	struct pinglist_member *members = arena_take_array(arena, count, sizeof(*members));
	const char **locations = arena_take_array(arena, options->locations, sizeof(const char *));

	assert(options->locations > 0 && options->racks > 0); /* by their rows */
	for (uint64_t i = 0; i < options->locations; i++)
		locations[i] = options->locations > 1 ? numbered(arena, "location", i + 1) : "";
	for (uint32_t i = 0; i < count; i++) {
		uint64_t location = i % options->locations;
		uint64_t rack = i / options->locations % options->racks;
		members[i] = (struct pinglist_member){
			.name = numbered(arena, "node", i + 1),
			.location = locations[location],
			.rack = options->racks > 1 ? arena_format(arena, "rack-%llu-%llu",
								  (unsigned long long)location + 1,
								  (unsigned long long)rack + 1)
						   : "",
		};
	}
	return members;
}

static int parse_count(const struct operands *operands, struct error *error, uint32_t *ret)
{
	uint64_t count = 0;

	if (operands->count != 1)
		return error_set(error, EINVAL,
				 "how many nodes? Name a number, as in: conntest mesh plan 1000");
	int result = units_parse_count(operands->items[0], error, &count);
	if (result >= 0 && (count < 2 || count > NODES_MAX))
		result = error_set(error, EINVAL, "%s: from 2 to 100k nodes", operands->items[0]);
	*ret = (uint32_t)count;
	return result;
}

/* ---- the forecast */

static int forecast(const struct plan_options *options, uint32_t count, struct arena *arena,
		    struct mesh_forecast *ret)
{
	struct pinglist_setup setup = {
		.members = make_members(options, count, arena),
		.count = count,
		.k = (uint32_t)options->probing.k,
		.all = PINGLIST_ALL,
		.seed = options->probing.seed,
	};
	struct mesh_metrics_style style = { .has_pairs = options->has_pairs,
					    .worst = (uint32_t)options->worst,
					    .has_legacy = options->has_legacy };
	struct pinglist_coverage coverage;
	int result = pinglist_cover(&setup, &coverage);

	if (result < 0)
		return result;
	ret->members = count;
	ret->k = setup.k;
	ret->all = setup.all;
	ret->pairs = coverage.pairs;
	ret->pairs_across = coverage.pairs_across;
	ret->out_min = coverage.out_min;
	ret->out_max = coverage.out_max;
	ret->in_min = coverage.in_min;
	ret->in_max = coverage.in_max;
	ret->in_mean = coverage.in_mean;
	ret->unseen = coverage.unseen;
	ret->locations = coverage.places;
	ret->location_pairs = coverage.place_pairs;
	ret->location_pairs_covered = coverage.place_pairs_covered;
	ret->racks = coverage.racks;
	ret->rack_pairs = coverage.rack_pairs;
	ret->rack_pairs_covered = coverage.rack_pairs_covered;
	ret->series =
		mesh_metrics_series(&style, ret->settings, options->locations, coverage.out_max);
	return 0;
}

static int plan_run(const struct command *command, int argc, char **argv)
{
	struct plan_options options = { 0 };
	struct error error = { "" };
	struct operands operands cleanup(operands_deinit);
	struct arena arena cleanup(arena_deinit);
	struct buffer out cleanup(buffer_deinit);
	struct mesh_settings settings = { 0 };
	struct mesh_forecast found = { .settings = &settings };
	uint32_t count = 0;
	int code = options_parse(command, argc, argv, &options, &operands, &error);

	arena_init(&arena);
	buffer_init(&out, TEXT_MAX);
	if (code >= 0)
		code = parse_count(&operands, &error, &count);
	if (code >= 0)
		code = mesh_probe_settings(&options.probing, &error, &settings);
	if (code < 0)
		return command_stop(command, code, &error);
	if (forecast(&options, count, &arena, &found) < 0)
		return command_fail(command, EXIT_UNABLE, &(struct error){ "out of memory" });
	mesh_forecast_write(&out, &found);
	(void)fwrite(out.data, 1, out.size, stdout);
	return EXIT_OK;
}

const struct command command_mesh_plan = {
	.name = "mesh plan",
	.summary = "what a mesh of so many nodes covers and costs",
	.operands = "NODES",
	.options = { rows, array_size(rows) },
	.options_size = sizeof(struct plan_options),
	.description =
		"Reckons who would probe whom, as every node does, and says what follows: how many "
		"others see each node, which locations and racks are looked at from one another, packets "
		"and bytes a second, series of a scrape, and the smallest loss that a window can show. "
		"Nothing is sent.",
	.examples = "conntest mesh plan 1000  # 10 peers each\n"
		    "conntest mesh plan 1000 --locations 3 --racks 8 --peers-each 14\n"
		    "conntest mesh plan 30 --udp-interval 1s",
	.run = plan_run,
};
