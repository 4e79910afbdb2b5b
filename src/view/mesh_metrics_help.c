/* `conntest help metrics`: what a mesh exposes. */
#include <stdio.h>

#include "view/mesh_families.h"
#include "view/mesh_metrics.h"

static void help_families(struct buffer *out, const struct mesh_family *families, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prometheus_help_family(out, &families[i].family);
}

static void help_own(struct buffer *out, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		prometheus_help_family(out, &mesh_own[i]);
}

void mesh_metrics_help(struct buffer *out)
{
	buffer_append_text(
		out,
		"What mesh exposes at /metrics. About peers it tells sums, with the label group: the "
		"location of the\npeer. The same of a pair is conntest_pair_NAME with the label peer "
		"(without what is left out below):\nof the worst few, and with ?pairs=all of each. No "
		"failure ever has a duration; a sum never goes back;\nwhat was counted of a peer that "
		"is gone stays until it is forgotten.\n\n");
	help_families(out, mesh_family_table, mesh_family_count);
	buffer_append_text(out, "\nNot of a pair:");
	for (size_t i = 0; i < mesh_family_count; i++)
		if (mesh_family_table[i].is_of_group)
			buffer_append_format(out, "\n  %s", mesh_family_table[i].family.name);
	buffer_append_text(out, "\n\nOf the node, its peers, sources and verdicts:\n\n");
	help_own(out, 0, MESH_OWN_OLD_HANDLED);
	for (size_t i = 0; i < mesh_node_count; i++)
		prometheus_help_family(out, &mesh_node_table[i].family);
	buffer_append_text(out, "\nWith --legacy-metrics besides, with the labels dst_ip and "
				"node_name (src_ip is left out):\n\n");
	help_families(out, mesh_legacy_table, mesh_legacy_count);
	help_own(out, MESH_OWN_OLD_HANDLED, MESH_OWN_COUNT);
}
