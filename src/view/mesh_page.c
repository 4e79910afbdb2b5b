/* The page: its frame, and the order of its sections. See mesh_page.h. */
#include "view/mesh_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/xml.h"
#include "metric/mesh_join.h"
#include "view/mesh_page_parts.h"

/* ---- this node's pairs, the worst first */

static int compare_lines(const void *a, const void *b)
{
	const struct mesh_page_line *left = a, *right = b;
	int difference = (int)mesh_page_verdict(right) - (int)mesh_page_verdict(left);

	if (difference == 0)
		difference = strcmp(left->location, right->location);
	return difference ? difference : strcmp(left->name, right->name);
}

static void name_line(struct mesh_page_line *line)
{
	const struct mesh_peer *peer = line->peer;

	line->location = peer && peer->location[0] ? peer->location : line->pair->told_place;
	if (peer && peer->name[0])
		line->name = peer->name;
	else if (line->pair->told_name[0])
		line->name = line->pair->told_name;
	else
		line->name = endpoint_format(&line->pair->endpoint, line->address);
}

static void add_line(struct mesh_page *page, uint32_t place, const struct mesh_peer *peer)
{
	const struct mesh_pair *pair = &page->state->snapshot->pairs[place];

	if (pair->id == 0)
		return;
	page->lines[page->count++] = (struct mesh_page_line){
		.pair = pair,
		.peer = peer,
		.judged = mesh_judge_of(page->state->judge, place, pair->id),
	};
}

/* Without memory for the peers the lines are called as these call themselves. */
static void find_lines(struct mesh_page *page)
{
	const struct mesh_snapshot *snapshot = page->state->snapshot;
	size_t room = (size_t)snapshot->places + 1;
	const struct mesh_peer **peers = calloc(room, sizeof(const struct mesh_peer *));
	bool is_joined = peers && mesh_join(snapshot, page->state->peers, peers) == 0;

	page->lines = calloc(room, sizeof(*page->lines));
	for (uint32_t i = 0; page->lines && i < snapshot->places; i++)
		add_line(page, i, is_joined ? peers[i] : NULL);
	free((void *)peers);
	for (uint32_t i = 0; i < page->count; i++)
		page->verdicts[mesh_page_verdict(&page->lines[i])]++;
}

/* A name may lie in its line: it is found once the line has its place. */
static void sort_lines(struct mesh_page *page)
{
	if (page->count == 0)
		return;
	for (uint32_t i = 0; i < page->count; i++)
		name_line(&page->lines[i]);
	qsort(page->lines, page->count, sizeof(*page->lines), compare_lines);
	for (uint32_t i = 0; i < page->count; i++)
		name_line(&page->lines[i]);
}

/* ---- what is on it */

static void write_view(const struct mesh_page *page, const char *text, bool is_current,
		       const struct mesh_page_style *style)
{
	struct buffer *out = page->out;

	buffer_append_text(out, "<a ");
	mesh_page_write_link(out, style);
	buffer_append_format(out, "%s>%s</a>\n", is_current ? " aria-current=\"page\"" : "", text);
}

static void write_colours(const struct mesh_page *page)
{
	struct mesh_page_style style = page->style;

	buffer_append_text(page->out, "<span>colour by</span>\n");
	for (style.colour = 0; style.colour < MESH_PAGE_COLOURS; style.colour++)
		write_view(page, mesh_page_colour_name(style.colour),
			   style.colour == page->style.colour, &style);
}

static void write_views(const struct mesh_page *page)
{
	bool has_peer = page->style.peer[0] != '\0';
	struct mesh_page_style list = { .peer = "" };
	struct mesh_page_style matrix = page->style;

	matrix.is_matrix = true;
	buffer_append_text(page->out, "<nav>\n");
	write_view(page, "from this node", !page->style.is_matrix && !has_peer, &list);
	write_view(page, "matrix", page->style.is_matrix, &matrix);
	if (page->style.is_matrix)
		write_colours(page);
	buffer_append_text(page->out, "</nav>\n");
}

static void write_sections(const struct mesh_page *page)
{
	const char *peer = page->style.peer;

	mesh_page_write_top(page);
	if (!page->style.is_matrix && !peer[0])
		mesh_page_write_findings(page);
	write_views(page);
	if (page->style.is_matrix)
		mesh_page_write_matrix(page);
	if (peer[0])
		mesh_page_write_pair(page);
	else if (!page->style.is_matrix)
		mesh_page_write_list(page);
	if (page->style.is_matrix)
		mesh_page_write_findings(page);
	mesh_page_write_events(page, peer[0] ? peer : NULL);
	if (!peer[0])
		mesh_page_write_sources(page);
}

static void page_deinit(struct mesh_page *page)
{
	free(page->lines);
}

static void page_init(struct mesh_page *page, struct buffer *out,
		      const struct mesh_page_style *style, const struct mesh_state *state)
{
	*page = (struct mesh_page){ .out = out, .style = *style, .state = state };
	if (page->style.peer == NULL)
		page->style.peer = "";
	find_lines(page);
	sort_lines(page);
}

void mesh_page_write_body(struct buffer *out, const struct mesh_page_style *style,
			  const struct mesh_state *state)
{
	cleanup(page_deinit) struct mesh_page page;

	page_init(&page, out, style, state);
	write_sections(&page);
}

/* ---- the frame */

static void write_head(const struct mesh_page *page)
{
	struct buffer *out = page->out;

	buffer_append_format(out,
			     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
			     "<meta charset=\"utf-8\">\n"
			     "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
			     "<meta name=\"viewport\" content=\"width=device-width\">\n"
			     "<meta name=\"color-scheme\" content=\"light dark\">\n"
			     "<meta name=\"referrer\" content=\"no-referrer\">\n",
			     mesh_page_policy());
	if (page->style.refresh_s > 0)
		buffer_append_format(out,
				     "<noscript><meta http-equiv=\"refresh\" content=\"%u\">"
				     "</noscript>\n",
				     page->style.refresh_s);
	buffer_append_text(out, "<link id=\"icon\" rel=\"icon\" href=\"");
	mesh_page_write_icon(page);
	buffer_append_text(out, "\">\n<title>");
	mesh_page_write_title(page);
	buffer_append_text(out, "</title>\n<style>");
	mesh_page_write_style(out);
	buffer_append_text(out, "</style>\n</head>\n");
}

void mesh_page_write(struct buffer *out, const struct mesh_page_style *style,
		     const struct mesh_state *state)
{
	cleanup(page_deinit) struct mesh_page page;

	page_init(&page, out, style, state);
	write_head(&page);
	buffer_append_format(out,
			     "<body data-refresh=\"%u\">\n"
			     "<p id=\"old\" role=\"status\" hidden></p>\n<main>\n",
			     page.style.refresh_s);
	write_sections(&page);
	buffer_append_text(out, "</main>\n<script>");
	buffer_append_text(out, mesh_page_script);
	buffer_append_text(out, "</script>\n</body>\n</html>\n");
}
