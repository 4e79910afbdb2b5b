/* What every section of the page says in the same way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/date.h"
#include "base/units.h"
#include "base/xml.h"
#include "view/mesh_page_parts.h"

/* clang-format off */
const struct mesh_page_look mesh_page_looks[MESH_VERDICTS] = {
	[MESH_VERDICT_UNKNOWN]     = { "unknown", "?",            INK_QUIET },
	[MESH_VERDICT_OK]          = { "ok",      "\xc2\xb7",     INK_CALM },
	[MESH_VERDICT_LEAVING]     = { "leaving", "\xe2\x86\x92", INK_NEVER }, /* an arrow */
	[MESH_VERDICT_AGENT]       = { "agent",   "A",            INK_AWAY },
	[MESH_VERDICT_MTU_REDUCED] = { "reduced", "m",            INK_CONNECT },
	[MESH_VERDICT_SLOW]        = { "slow",    "S",            INK_RESOLVE },
	[MESH_VERDICT_LOSS]        = { "loss",    "L",            INK_SILENT },
	[MESH_VERDICT_SERVICE]     = { "service", "F",            INK_SEND }, /* it fails */
	[MESH_VERDICT_BLACK_HOLE]  = { "hole",    "M",            INK_BAD },
	[MESH_VERDICT_REFUSED]     = { "refused", "R",            INK_TRANSFER },
	[MESH_VERDICT_SILENT]      = { "silent",  "X",            INK_TEXT },
};
/* clang-format on */

static const char *const colours[MESH_PAGE_COLOURS] = {
	[MESH_PAGE_VERDICT] = "verdict",
	[MESH_PAGE_LOSS] = "loss",
	[MESH_PAGE_RTT] = "rtt",
	[MESH_PAGE_MTU] = "mtu",
};

const char *mesh_page_colour_name(enum mesh_page_colour colour)
{
	return colours[colour];
}

enum mesh_page_colour mesh_page_colour_find(const char *name)
{
	for (enum mesh_page_colour i = 0; name && i < MESH_PAGE_COLOURS; i++) {
		if (strcmp(name, colours[i]) == 0)
			return i;
	}
	return MESH_PAGE_VERDICT;
}

enum mesh_verdict mesh_page_verdict(const struct mesh_page_line *line)
{
	return line->judged ? (enum mesh_verdict)line->judged->verdict : MESH_VERDICT_UNKNOWN;
}

void mesh_page_write_mark(struct buffer *out, enum mesh_verdict verdict)
{
	buffer_append_format(out, "<b class=\"mark b-%s\" title=\"%s\">%s</b>",
			     mesh_page_looks[verdict].class, mesh_verdict_name(verdict),
			     mesh_page_looks[verdict].letter);
}

/* ---- links */

/* RFC 3986, 2.3: all but the unreserved characters as %XX, which is harmless in HTML too. */
static void write_escaped(struct buffer *out, const char *text)
{
	for (const char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;
		bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
				(byte >= '0' && byte <= '9') || strchr("-._~", byte);
		if (is_plain)
			buffer_append(out, at, 1);
		else
			buffer_append_format(out, "%%%02X", byte);
	}
}

void mesh_page_write_link(struct buffer *out, const struct mesh_page_style *style)
{
	const char *between = "";

	buffer_append_text(out, "href=\"?");
	if (style->is_matrix) {
		buffer_append_text(out, "matrix=1");
		between = "&amp;";
	}
	if (style->is_matrix && style->colour != MESH_PAGE_VERDICT)
		buffer_append_format(out, "%scolour=%s", between, colours[style->colour]);
	if (style->peer && style->peer[0]) {
		buffer_append_format(out, "%speer=", between);
		write_escaped(out, style->peer);
	}
	buffer_append_text(out, "\"");
}

void mesh_page_write_peer(const struct mesh_page *page, const char *name)
{
	struct mesh_page_style style = page->style;

	style.peer = name;
	buffer_append_text(page->out, "<a ");
	mesh_page_write_link(page->out, &style);
	buffer_append_text(page->out, ">");
	xml_append(page->out, name);
	buffer_append_text(page->out, "</a>");
}

/* ---- times and figures */

int64_t mesh_page_unix(const struct mesh_state *state, uint64_t ns)
{
	return state->unix_now_ns - (int64_t)(state->now_ns - ns);
}

void mesh_page_write_time(const struct mesh_page *page, int64_t unix_ns)
{
	char text[DATE_TEXT_MAX], today[DATE_TEXT_MAX];

	date_format_ms(unix_ns, text);
	date_format_ms(page->state->unix_now_ns, today);
	buffer_append_format(page->out, "<time datetime=\"%s\">", text);
	if (strncmp(text, today, 10) != 0)
		buffer_append_format(page->out, "%.10s ", text);
	buffer_append_format(page->out, "%.8s</time>", text + 11);
}

void mesh_page_write_clock(struct buffer *out, int64_t unix_ns)
{
	char text[DATE_TEXT_MAX];
	buffer_append_format(out, "%.8s", date_format_ms(unix_ns, text) + 11);
}

const char *mesh_page_span(uint64_t ns, char text[48])
{
	static const struct {
		unsigned seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	uint64_t seconds = (ns + NS_PER_S / 2) / NS_PER_S;
	size_t i = 0;

	while (i + 1 < array_size(units) && seconds < units[i].seconds)
		i++;
	uint64_t count = seconds / units[i].seconds;
	uint64_t rest =
		i + 1 < array_size(units) ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	if (rest > 0)
		(void)snprintf(text, 48, "%ju %s %ju %s", (uintmax_t)count, units[i].name,
			       (uintmax_t)rest, units[i + 1].name);
	else
		(void)snprintf(text, 48, "%ju %s", (uintmax_t)count, units[i].name);
	return text;
}

enum mesh_probe mesh_page_probe(const struct mesh_window *window)
{
	static const enum mesh_probe order[] = { MESH_UDP, MESH_TCP, MESH_HTTP, MESH_GRPC };

	for (size_t i = 0; i < array_size(order); i++) {
		const struct mesh_window_series *series = &window->probes[order[i]];
		if (series->received + series->lost > 0)
			return order[i];
	}
	return MESH_UDP;
}

void mesh_page_write_bytes(struct buffer *out, uint64_t bytes)
{
	char text[UNITS_TEXT_MAX];
	buffer_append_text(out, bytes ? units_format_grouped(bytes, text) : "-");
}

void mesh_page_write_ms(struct buffer *out, uint64_t ns)
{
	char text[UNITS_TEXT_MAX];
	buffer_append_text(out, ns ? units_format_ms(ns, text) : "-");
}
