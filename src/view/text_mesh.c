/* The peers of `mesh --once`, the worst first. See text_parts.h. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "metric/mesh_verdict.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

/* So many that are well are shown unless all are asked for. */
#define WELL_SHOWN 3

static bool is_well(const struct report_mesh_pair *pair)
{
	return mesh_verdict_find(pair->verdict) == MESH_VERDICT_OK;
}

/* --all */
static bool wants_all(const struct report *report)
{
	for (uint32_t i = 0; i < report->setting_count; i++) {
		const struct report_setting *setting = &report->settings[i];
		if (strcmp(setting->name, "all") == 0)
			return setting->value && strcmp(setting->value, "true") == 0;
	}
	return false;
}

static void add_count(struct text_table *table, uint64_t lost, uint64_t sent)
{
	if (sent > 0)
		text_table_cell(table, "%" PRIu64 "/%" PRIu64, lost, sent);
	else
		text_table_cell(table, "-");
}

static void add_bytes(struct text_table *table, uint64_t bytes)
{
	if (bytes > 0)
		text_table_cell(table, "%" PRIu64, bytes);
	else
		text_table_cell(table, "-");
}

static void add_pair(struct text_table *table, const struct report_mesh_pair *pair)
{
	char text[UNITS_TEXT_MAX];

	text_table_cell(table, "%s", pair->name);
	text_table_cell(table, "%s", pair->location ? pair->location : "-");
	text_table_cell(table, "%s", pair->verdict);
	text_table_cell(table, "%s", pair->blame && !is_well(pair) ? pair->blame : "-");
	add_count(table, pair->udp_lost, pair->udp_sent);
	add_count(table, pair->tcp_lost, pair->tcp_sent);
	text_table_cell(table, "%s",
			pair->rtt_p50_ns ? units_format_ms(pair->rtt_p50_ns, text) : "-");
	text_table_cell(table, "%s",
			pair->rtt_max_ns ? units_format_ms(pair->rtt_max_ns, text) : "-");
	add_bytes(table, pair->mtu_bytes);
	add_bytes(table, pair->mtu_reverse_bytes);
	text_table_cell(table, "%s", pair->why ? pair->why : "");
}

static void add_columns(struct text_table *table)
{
	text_table_column(table, "PEER", TEXT_LEFT, 0);
	text_table_column(table, "ZONE", TEXT_LEFT, 0);
	text_table_column(table, "VERDICT", TEXT_LEFT, 0);
	text_table_column(table, "BLAME", TEXT_LEFT, 0);
	text_table_column(table, "LOST", TEXT_RIGHT, 0);
	text_table_column(table, "TCP", TEXT_RIGHT, 0);
	text_table_column(table, "RTT p50", TEXT_RIGHT, 0);
	text_table_column(table, "max ms", TEXT_RIGHT, 0);
	text_table_column(table, "MTU TO", TEXT_RIGHT, 0);
	text_table_column(table, "FROM", TEXT_RIGHT, 0);
	text_table_column(table, "WHY", TEXT_LEFT, 0);
}

void text_mesh(const struct report *report, const struct text_style *style, struct buffer *out)
{
	const struct report_mesh *mesh = &report->mesh;
	uint64_t hidden = mesh->pairs_omitted, well = 0;
	bool has_all = wants_all(report);
	char text[UNITS_TEXT_MAX];
	cleanup(text_table_deinit) struct text_table table = { 0 };

	if (!report->has_mesh || mesh->pair_count == 0)
		return;
	text_table_init(&table, style);
	add_columns(&table);
	for (uint32_t i = 0; i < mesh->pair_count; i++) {
		well += is_well(&mesh->pairs[i]);
		if (has_all || !is_well(&mesh->pairs[i]) || well <= WELL_SHOWN)
			add_pair(&table, &mesh->pairs[i]);
		else
			hidden++;
	}
	text_table_write(&table, out);
	if (hidden > 0)
		buffer_append_format(out, "(%s more%s)\n", units_format_grouped(hidden, text),
				     has_all ? "" : " ok; --all lists them");
}
