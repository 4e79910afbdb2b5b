/* What one sees first: who says it, how it is, and whether to believe it; then why. */
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "base/xml.h"
#include "view/mesh_page_parts.h"

#define EVENTS_SHOWN 20

/* ---- how it is */

static uint32_t bad_lines(const struct mesh_page *page)
{
	uint32_t bad = 0;

	for (enum mesh_verdict i = 0; i < MESH_VERDICTS; i++) {
		if (mesh_verdict_is_bad(i))
			bad += page->verdicts[i];
	}
	return bad;
}

/* The worst of what is wrong; OK: nothing is. */
static enum mesh_verdict worst(const struct mesh_page *page)
{
	for (enum mesh_verdict i = MESH_VERDICTS - 1; i >= MESH_VERDICT_AGENT; i--) {
		if (page->verdicts[i] > 0)
			return i;
	}
	return page->verdicts[MESH_VERDICT_OK] > 0 ? MESH_VERDICT_OK : MESH_VERDICT_UNKNOWN;
}

void mesh_page_write_title(const struct mesh_page *page)
{
	uint32_t bad = bad_lines(page);

	if (bad > 0)
		buffer_append_format(page->out, "%u bad - ", bad);
	else if (worst(page) == MESH_VERDICT_AGENT)
		buffer_append_text(page->out, "held up - ");
	xml_append(page->out, page->state->snapshot->node.name);
}

/* A triangle that warns, a disc that does not. */
void mesh_page_write_icon(const struct mesh_page *page)
{
	enum mesh_verdict verdict = worst(page);
	uint32_t color = verdict == MESH_VERDICT_OK || verdict == MESH_VERDICT_UNKNOWN
				 ? ink_table[INK_GOOD].light
				 : ink_table[INK_BAD].light;

	buffer_append_text(page->out, "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'"
				      " viewBox='0 0 16 16'%3E%3Cpath d='");
	buffer_append_text(page->out, color == ink_table[INK_GOOD].light
					      ? "M2 8a6 6 0 1 0 12 0a6 6 0 1 0 -12 0'"
					      : "M8 1L16 15H0z'");
	buffer_append_format(page->out, " fill='%%23%06x'/%%3E%%3C/svg%%3E", color);
}

/* "1 mtu black hole, 1 loss; 10 ok, 1 leaving" */
static void write_counts(const struct mesh_page *page)
{
	const char *between = "";

	for (int i = MESH_VERDICTS - 1; i >= 0; i--) {
		enum mesh_verdict verdict = (enum mesh_verdict)i;
		if (page->verdicts[i] == 0)
			continue;
		buffer_append_text(page->out, between);
		mesh_page_write_mark(page->out, verdict);
		buffer_append_format(page->out, " %u %s", page->verdicts[i],
				     mesh_verdict_name(verdict));
		between = ", ";
	}
}

static void write_result(const struct mesh_page *page)
{
	uint32_t bad = bad_lines(page);
	const char *noun = page->count == 1 ? "peer" : "peers";

	buffer_append_format(page->out, "<h1 class=\"%s\">",
			     worst(page) >= MESH_VERDICT_AGENT ? "alarm" : "calm");
	if (page->count == 0)
		buffer_append_text(page->out, "No peer is probed yet");
	else if (bad > 0)
		buffer_append_format(page->out, "%u of %u %s bad", bad, page->count, noun);
	else if (page->verdicts[MESH_VERDICT_AGENT] > 0)
		buffer_append_format(page->out, "Held up here: of %u %s nothing can be said",
				     page->verdicts[MESH_VERDICT_AGENT], noun);
	else if (page->verdicts[MESH_VERDICT_OK] == page->count)
		buffer_append_format(page->out, "All %u %s well", page->count, noun);
	else
		buffer_append_format(page->out, "%u of %u %s well, none bad",
				     page->verdicts[MESH_VERDICT_OK], page->count, noun);
	buffer_append_text(page->out, "</h1>\n<p class=\"counts\">");
	write_counts(page);
	buffer_append_text(page->out, "</p>\n");
}

/* ---- who says it */

static void write_lives(const struct mesh_page *page)
{
	const struct mesh_peer_list *list = page->state->peers;
	uint32_t lives[MESH_LIVES] = { 0 }, all = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		if (list->peers[i].is_self)
			continue;
		lives[list->peers[i].life]++;
		all++;
	}
	buffer_append_format(page->out, "%u %s known", all, all == 1 ? "peer" : "peers");
	for (enum mesh_life i = 0; i < MESH_LIVES; i++) {
		if (lives[i] > 0)
			buffer_append_format(page->out, ", %u %s", lives[i], mesh_life_name(i));
	}
	buffer_append_format(page->out, "; %u probed", list->chosen);
	if (list->refused > 0)
		buffer_append_format(page->out, ", %u refused", list->refused);
}

static void write_who(const struct mesh_page *page)
{
	const struct mesh_node *node = &page->state->snapshot->node;
	struct buffer *out = page->out;
	char span[48];

	buffer_append_text(out, "<p class=\"who\"><b>");
	xml_append(out, node->name);
	buffer_append_text(out, "</b> ");
	if (node->location[0]) {
		buffer_append_text(out, "in ");
		xml_append(out, node->location);
		buffer_append_text(out, " ");
	}
	buffer_append_text(out, "<span>");
	write_lives(page);
	buffer_append_text(out, "</span> <span>conntest ");
	xml_append(out, page->state->version);
	buffer_append_format(out, ", up %s",
			     mesh_page_span(page->state->now_ns - node->started_ns, span));
	buffer_append_text(out, node->is_leaving ? ", <b class=\"alarm\">leaving</b>" : "");
	buffer_append_text(out, "</span> <span class=\"now\">");
	mesh_page_write_time(page, page->state->unix_now_ns);
	buffer_append_text(out, " UTC</span></p>\n");
}

/* A hundredth of the probes more than 10 ms late is trouble of our own. */
static bool is_held_up(const struct mesh_own_window *own)
{
	return own->delay_p99_ns > 10 * NS_PER_MS || own->throttled_ns * 20 > own->length_ns ||
	       own->overflows > 0 || own->skipped > 0;
}

static void write_part(struct buffer *out, uint64_t count, const char *text)
{
	char number[UNITS_TEXT_MAX];
	if (count > 0)
		buffer_append_format(out, ", %s %s", units_format_grouped(count, number), text);
}

static void write_trust(const struct mesh_page *page)
{
	const struct mesh_own_window *own = &page->state->snapshot->node.closed;
	struct buffer *out = page->out;
	bool is_bad = is_held_up(own);

	if (own->number == 0) {
		buffer_append_text(out, "<p class=\"line\">Trust: the first window is not over "
					"yet</p>\n");
		return;
	}
	buffer_append_format(out, "<p class=\"line%s\">Trust: %s; own delay p99 ",
			     is_bad ? " alarm" : "", is_bad ? "doubtful" : "good");
	mesh_page_write_ms(out, own->delay_p99_ns);
	buffer_append_text(out, " ms, ");
	if (own->throttled_ns > 0)
		buffer_append_format(out, "throttled for %.1f of %.0f s",
				     (double)own->throttled_ns / 1e9, (double)own->length_ns / 1e9);
	else
		buffer_append_text(out, "not throttled");
	write_part(out, own->late, "probes over 10 ms late");
	write_part(out, own->skipped, "left out");
	write_part(out, own->overflows, "packets lost in this host's queues");
	buffer_append_text(out, "</p>\n");
}

void mesh_page_write_top(const struct mesh_page *page)
{
	buffer_append_text(page->out, "<header data-title=\"");
	mesh_page_write_title(page);
	buffer_append_text(page->out, "\" data-icon=\"");
	mesh_page_write_icon(page);
	buffer_append_text(page->out, "\">\n");
	write_who(page);
	write_result(page);
	write_trust(page);
	buffer_append_text(page->out, "</header>\n");
}

/* ---- why */

static void write_subject(const struct mesh_page *page, uint8_t scope, const char *subject)
{
	static const char *const kinds[] = {
		[MESH_SCOPE_PAIR] = "to ",
		[MESH_SCOPE_PEER] = "to ",
		[MESH_SCOPE_PLACE] = "to all of ",
		[MESH_SCOPE_NODE] = "at ",
	};

	buffer_append_text(page->out, scope < array_size(kinds) ? kinds[scope] : "");
	if (scope == MESH_SCOPE_PAIR || scope == MESH_SCOPE_PEER)
		mesh_page_write_peer(page, subject);
	else
		xml_append(page->out, subject);
}

/* How many pairs and other nodes say so is in the evidence already. */
static void write_support(const struct mesh_page *page, const struct mesh_finding *finding)
{
	struct buffer *out = page->out;
	bool is_open = finding->blame == MESH_BLAME_UNDECIDED;

	xml_append(out, finding->evidence);
	if (finding->besides[0] == '\0')
		return;
	buffer_append_text(out, is_open ? " <i>(either " : " <i>(can't be told apart from ");
	xml_append(out, finding->besides);
	buffer_append_text(out, ")</i>");
}

static void write_finding(const struct mesh_page *page, const struct mesh_finding *finding)
{
	struct buffer *out = page->out;
	char span[48];

	buffer_append_text(out, "<li>");
	mesh_page_write_mark(out, (enum mesh_verdict)finding->verdict);
	buffer_append_format(out, " <b>%s</b> ",
			     mesh_verdict_name((enum mesh_verdict)finding->verdict));
	write_subject(page, finding->scope, finding->subject);
	if (finding->blame != MESH_BLAME_NONE)
		buffer_append_format(out, " <span class=\"blame\">%s</span>",
				     mesh_blame_name((enum mesh_blame)finding->blame));
	buffer_append_text(out, " <span class=\"since\">since ");
	mesh_page_write_time(page, mesh_page_unix(page->state, finding->since_ns));
	buffer_append_format(out, ", %s</span><br>",
			     mesh_page_span(page->state->now_ns - finding->since_ns, span));
	write_support(page, finding);
	buffer_append_text(out, "</li>\n");
}

void mesh_page_write_findings(const struct mesh_page *page)
{
	uint32_t count = 0;
	const struct mesh_finding *findings = mesh_judge_findings(page->state->judge, &count);

	if (count == 0)
		return;
	buffer_append_text(page->out, "<h2>Findings</h2>\n<ol class=\"findings\">\n");
	for (uint32_t i = 0; i < count; i++)
		write_finding(page, &findings[i]);
	buffer_append_text(page->out, "</ol>\n");
}

/* ---- what happened */

static void write_event(const struct mesh_page *page, const struct mesh_event *event)
{
	struct buffer *out = page->out;
	bool has_verdict = event->verdict != MESH_VERDICT_UNKNOWN;

	buffer_append_text(out, "<li>");
	mesh_page_write_time(page, event->unix_ns);
	buffer_append_format(out, " <b class=\"kind\">%s</b> ",
			     mesh_event_kind_name((enum mesh_event_kind)event->kind));
	if (has_verdict) {
		mesh_page_write_mark(out, (enum mesh_verdict)event->verdict);
		buffer_append_format(out, " %s ",
				     mesh_verdict_name((enum mesh_verdict)event->verdict));
	}
	if (event->subject[0]) {
		if (has_verdict)
			write_subject(page, event->scope, event->subject);
		else
			mesh_page_write_peer(page, event->subject);
		buffer_append_text(out, event->text[0] ? ": " : "");
	}
	xml_append(out, event->text);
	buffer_append_text(out, "</li>\n");
}

void mesh_page_write_events(const struct mesh_page *page, const char *subject)
{
	const struct mesh_events *events = page->state->events;
	uint64_t newest = mesh_events_newest(events), oldest = mesh_events_oldest(events);
	unsigned shown = 0;

	buffer_append_text(page->out, "<h2>Events <a class=\"more\" href=\"/v1/events\">"
				      "/v1/events</a></h2>\n<ul class=\"events\">\n");
	for (uint64_t i = newest; i >= oldest && i > 0 && shown < EVENTS_SHOWN; i--) {
		const struct mesh_event *event = mesh_events_at(events, i);
		if (event == NULL || (subject && strcmp(event->subject, subject) != 0))
			continue;
		write_event(page, event);
		shown++;
	}
	buffer_append_text(page->out, shown ? "</ul>\n" : "</ul>\n<p class=\"line\">none</p>\n");
}

/* ---- where peers come from */

static void write_source(const struct mesh_page *page, const struct mesh_source *source)
{
	struct buffer *out = page->out;

	buffer_append_text(out, "<li>");
	xml_append(out, source->text);
	buffer_append_format(out, ": %u %s", source->peers, source->peers == 1 ? "peer" : "peers");
	if (source->succeeded_unix_ns != 0) {
		buffer_append_text(out, ", read ");
		mesh_page_write_time(page, source->succeeded_unix_ns);
	}
	if (source->problem[0]) {
		buffer_append_text(out, ", <span class=\"alarm\">fails: ");
		xml_append(out, source->problem);
		buffer_append_format(out, " (%ju times)</span>", (uintmax_t)source->failures);
	}
	buffer_append_text(out, "</li>\n");
}

void mesh_page_write_sources(const struct mesh_page *page)
{
	const struct mesh_peer_list *list = page->state->peers;

	if (list->source_count == 0)
		return;
	buffer_append_text(page->out, "<h2>Where peers come from</h2>\n<ul class=\"sources\">\n");
	for (uint32_t i = 0; i < list->source_count; i++)
		write_source(page, &list->sources[i]);
	buffer_append_text(page->out, "</ul>\n");
}
