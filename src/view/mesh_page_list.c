/* What this node finds on its ways to its peers: one row each, the worst first; on a narrow screen
 * a row is a card. */
#include "base/units.h"
#include "base/xml.h"
#include "view/mesh_page_parts.h"

/* Beyond these they are left to the matrix and /v1/peers: the worst are here. */
#define LINES_MAX 300

static void write_loss(struct buffer *out, const struct mesh_window *window)
{
	enum mesh_probe probe = mesh_page_probe(window);
	const struct mesh_window_series *series = &window->probes[probe];

	buffer_append_text(out, "<td class=\"l\" data-h=\"loss\">");
	if (series->received + series->lost == 0)
		buffer_append_text(out, "-");
	else
		buffer_append_format(out, "%s%u/%u%s", series->lost ? "<b class=\"much\">" : "",
				     series->lost, series->lost + series->received,
				     series->lost ? "</b>" : "");
	if (probe != MESH_UDP)
		buffer_append_format(out, " <i>%s</i>", mesh_probe_name(probe));
	buffer_append_text(out, "</td>");
}

static void write_rtt(struct buffer *out, const struct mesh_page_line *line)
{
	const struct mesh_window *window = &line->pair->closed;
	uint64_t median_ns = mesh_window_median(&window->probes[mesh_page_probe(window)]);
	bool is_slow = mesh_page_verdict(line) == MESH_VERDICT_SLOW;

	buffer_append_format(out, "<td data-h=\"ms\">%s", is_slow ? "<b class=\"much\">" : "");
	mesh_page_write_ms(out, median_ns);
	buffer_append_text(out, is_slow ? "</b>" : "");
	if (line->judged && line->judged->usual_ns > 0) {
		buffer_append_text(out, " <i>");
		mesh_page_write_ms(out, line->judged->usual_ns);
		buffer_append_text(out, "</i>");
	}
	buffer_append_text(out, "</td>");
}

static void write_way(struct buffer *out, const struct mesh_mtu_direction *way)
{
	bool is_less = way->verdict == PATH_BLACK_HOLE || way->verdict == PATH_REDUCED;

	buffer_append_text(out, is_less ? "<b class=\"much\">" : "");
	mesh_page_write_bytes(out, way->verdict == PATH_VERDICTS ? 0 : way->mtu_bytes);
	buffer_append_text(out, is_less ? "</b>" : "");
}

static void write_mtu(struct buffer *out, const struct mesh_mtu *mtu)
{
	buffer_append_text(out, "<td data-h=\"MTU\">");
	write_way(out, &mtu->forward);
	buffer_append_text(out, " / ");
	write_way(out, &mtu->reverse);
	buffer_append_text(out, "</td>");
}

static void write_name(const struct mesh_page *page, const struct mesh_page_line *line)
{
	struct buffer *out = page->out;

	buffer_append_text(out, "<th scope=\"row\" class=\"t p\">");
	mesh_page_write_peer(page, line->name);
	if (line->location[0]) {
		buffer_append_text(out, " <i>");
		xml_append(out, line->location);
		buffer_append_text(out, "</i>");
	}
	if (line->peer && line->peer->life != MESH_LIFE_UP)
		buffer_append_format(out, " <span class=\"kind\">%s</span>",
				     mesh_life_name((enum mesh_life)line->peer->life));
	buffer_append_text(out, "</th>");
}

static void write_why(struct buffer *out, const struct mesh_page_line *line)
{
	enum mesh_verdict verdict = mesh_page_verdict(line);

	buffer_append_text(out, "<td class=\"t why\">");
	if (line->judged && verdict >= MESH_VERDICT_LEAVING) {
		buffer_append_format(out, "<b>%s</b> ", mesh_verdict_name(verdict));
		if (line->judged->blame != MESH_BLAME_NONE)
			buffer_append_format(out, "<span class=\"blame\">%s</span> ",
					     mesh_blame_name((enum mesh_blame)line->judged->blame));
		xml_append(out, line->judged->evidence);
	}
	buffer_append_text(out, "</td>");
}

static void write_line(const struct mesh_page *page, const struct mesh_page_line *line)
{
	struct buffer *out = page->out;
	enum mesh_verdict verdict = mesh_page_verdict(line);

	buffer_append_text(out, "<tr><td class=\"t\">");
	mesh_page_write_mark(out, verdict);
	buffer_append_text(out, "</td>");
	write_name(page, line);
	write_loss(out, &line->pair->closed);
	write_rtt(out, line);
	write_mtu(out, &line->pair->mtu);
	buffer_append_text(out, "<td class=\"t h\">");
	mesh_page_write_spark(out, line->judged);
	buffer_append_text(out, "</td>");
	write_why(out, line);
	buffer_append_text(out, "</tr>\n");
}

void mesh_page_write_list(const struct mesh_page *page)
{
	struct buffer *out = page->out;
	char span[48];
	uint64_t hour_ns = page->state->settings->window_ns * MESH_HISTORY_MAX;
	uint32_t shown = page->count < LINES_MAX ? page->count : LINES_MAX;

	if (page->count == 0)
		return;
	buffer_append_format(out,
			     "<table class=\"list\">\n<thead><tr><th></th><th class=\"t\">peer"
			     "</th><th>lost</th><th>round trip, <i>usual</i> ms</th>"
			     "<th>MTU there / back</th><th class=\"t\">last %s</th>"
			     "<th class=\"t\">why</th></tr></thead>\n<tbody>\n",
			     mesh_page_span(hour_ns, span));
	for (uint32_t i = 0; i < shown; i++)
		write_line(page, &page->lines[i]);
	buffer_append_text(out, "</tbody>\n</table>\n");
	if (shown < page->count)
		buffer_append_format(out,
				     "<p class=\"line\">%u more, none of them worse than these: "
				     "<a href=\"/v1/peers\">/v1/peers</a></p>\n",
				     page->count - shown);
}
