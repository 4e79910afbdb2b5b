/* All that is known of the way to one peer. */
#include <string.h>

#include "base/units.h"
#include "base/xml.h"
#include "proto/grpc.h"
#include "view/mesh_page_parts.h"

static void write_count(struct buffer *out, uint64_t count)
{
	char text[UNITS_TEXT_MAX];
	buffer_append_format(out, "<td>%s</td>", units_format_grouped(count, text));
}

static void write_cell_ms(struct buffer *out, uint64_t ns)
{
	buffer_append_text(out, "<td>");
	mesh_page_write_ms(out, ns);
	buffer_append_text(out, "</td>");
}

static void begin_facts(struct buffer *out, const char *title, const char *heads)
{
	buffer_append_format(out,
			     "<section><h2>%s</h2>\n<div class=\"scroll\"><table class=\"facts\">"
			     "<thead><tr>%s</tr></thead>\n<tbody>\n",
			     title, heads);
}

static void end_facts(struct buffer *out)
{
	buffer_append_text(out, "</tbody></table></div></section>\n");
}

/* ---- who */

static void write_address(const struct mesh_page *page, const struct mesh_page_line *line)
{
	struct buffer *out = page->out;
	char text[ENDPOINT_TEXT_MAX];

	xml_append(out, line->location);
	buffer_append_text(out, line->location[0] ? ", " : "");
	if (line->peer && line->peer->url)
		xml_append(out, line->peer->url);
	else
		xml_append(out, endpoint_format(&line->pair->endpoint, text));
	if (line->peer)
		buffer_append_format(out, ", %s", mesh_life_name((enum mesh_life)line->peer->life));
	else
		buffer_append_text(out, ", not listed any more");
	if (line->pair->answered_ns > 0) {
		buffer_append_text(out, ", newest answer ");
		mesh_page_write_time(page, mesh_page_unix(page->state, line->pair->answered_ns));
	}
}

static void write_verdict(const struct mesh_page *page, const struct mesh_page_line *line)
{
	struct buffer *out = page->out;
	enum mesh_verdict verdict = mesh_page_verdict(line);
	char span[48];

	mesh_page_write_mark(out, verdict);
	buffer_append_format(out, " <b>%s</b>: %s", mesh_verdict_name(verdict),
			     mesh_verdict_sentence(verdict));
	if (line->judged == NULL || verdict == MESH_VERDICT_UNKNOWN)
		return;
	if (line->judged->blame != MESH_BLAME_NONE)
		buffer_append_format(out, " <span class=\"blame\">%s</span>",
				     mesh_blame_name((enum mesh_blame)line->judged->blame));
	buffer_append_text(out, " <span class=\"since\">since ");
	mesh_page_write_time(page, mesh_page_unix(page->state, line->judged->since_ns));
	buffer_append_format(out, ", %s</span><br>",
			     mesh_page_span(page->state->now_ns - line->judged->since_ns, span));
	xml_append(out, line->judged->evidence);
}

/* ---- what was counted */

static void write_reasons(struct buffer *out, const struct mesh_series *series)
{
	const char *between = "";

	buffer_append_text(out, "<td class=\"t why\">");
	for (enum mesh_reason i = 0; i < MESH_REASONS; i++) {
		if (series->failures[i] == 0)
			continue;
		buffer_append_format(out, "%s%s %u", between, mesh_reason_name(i),
				     series->failures[i]);
		between = ", ";
	}
	buffer_append_text(out, "</td>");
}

/* Of what a bucket bounds: at most that. */
static uint64_t quantile(const struct mesh_spread *spread, unsigned percent)
{
	uint64_t all = mesh_spread_count(spread), below = 0;

	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS && all > 0; i++) {
		below += spread->counts[i];
		if (below * 100 >= all * percent)
			return mesh_spread_bound(i);
	}
	return 0;
}

static void write_bound(struct buffer *out, uint64_t ns)
{
	char text[UNITS_TEXT_MAX];

	if (ns == 0)
		buffer_append_text(out, "<td>-</td>");
	else if (ns == UINT64_MAX)
		buffer_append_text(out, "<td>&gt; 26,000</td>");
	else
		buffer_append_format(out, "<td>&le; %s</td>", units_format_ms(ns, text));
}

static void write_series(struct buffer *out, enum mesh_probe probe,
			 const struct mesh_series *series, const struct mesh_window_series *window)
{
	uint64_t mean_ns = series->received ? series->rtt.sum_ns / series->received : 0;

	buffer_append_format(out, "<tr><th scope=\"row\" class=\"t\" title=\"%s\">%s</th>",
			     mesh_probe_help(probe), mesh_probe_name(probe));
	write_count(out, series->sent);
	write_count(out, series->received);
	write_count(out, series->lost);
	write_count(out, series->in_flight);
	write_count(out, series->late);
	write_count(out, series->reordered);
	write_count(out, series->duplicated);
	write_count(out, series->corrupted);
	write_count(out, series->skipped);
	write_cell_ms(out, mean_ns);
	write_bound(out, quantile(&series->rtt, 50));
	write_bound(out, quantile(&series->rtt, 99));
	buffer_append_format(out, "<td>%u/%u</td>", window->lost, window->lost + window->received);
	write_cell_ms(out, mesh_window_median(window));
	write_reasons(out, series);
	buffer_append_text(out, "</tr>\n");
}

static void write_probes(struct buffer *out, const struct mesh_pair *pair)
{
	begin_facts(out, "Probes since it began",
		    "<th class=\"t\">probe</th><th>sent =</th><th>received +</th><th>lost +</th>"
		    "<th>in flight</th><th>late</th><th>reordered</th><th>duplicate</th>"
		    "<th>corrupted</th><th>skipped</th><th>mean ms</th><th>p50</th><th>p99</th>"
		    "<th>newest window lost</th><th>p50 ms</th><th class=\"t\">why lost</th>");
	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		if (pair->probes[i].sent > 0 || pair->probes[i].skipped > 0)
			write_series(out, i, &pair->probes[i], &pair->closed.probes[i]);
	}
	end_facts(out);
}

/* ---- size */

static void write_direction(struct buffer *out, const char *name,
			    const struct mesh_mtu_direction *way)
{
	char text[ENDPOINT_TEXT_MAX];

	buffer_append_format(out, "<tr><th scope=\"row\" class=\"t\">%s</th>", name);
	if (way->verdict >= PATH_VERDICTS) {
		buffer_append_text(out, "<td class=\"t\" colspan=\"6\">not measured</td></tr>\n");
		return;
	}
	buffer_append_format(out, "<td class=\"t\" title=\"%s\">%s</td>",
			     path_verdict_sentence((enum path_verdict)way->verdict),
			     path_verdict_name((enum path_verdict)way->verdict));
	write_count(out, way->mtu_bytes);
	write_count(out, way->full_bytes);
	buffer_append_format(out, "<td>%u/%u</td><td>%u/%u</td><td class=\"t\">", way->large_lost,
			     way->large_sent, way->small_lost, way->small_sent);
	if (way->is_signalled && way->signal_from.family)
		xml_append(out, endpoint_format_address(&way->signal_from, text));
	else
		buffer_append_text(out, way->is_signalled ? "yes" : "no");
	buffer_append_text(out, "</td></tr>\n");
}

static void write_mtu(struct buffer *out, const struct mesh_mtu *mtu)
{
	if (mtu->looks == 0)
		return;
	begin_facts(out, "MTU",
		    "<th class=\"t\">way</th><th class=\"t\">verdict</th><th>passes, B</th>"
		    "<th>tried, B</th><th>large lost</th><th>small lost</th>"
		    "<th class=\"t\">ICMP says so</th>");
	write_direction(out, "there", &mtu->forward);
	write_direction(out, "back", &mtu->reverse);
	end_facts(out);
}

/* ---- UDP by source port */

static double lost_share(const struct mesh_udp *udp, uint32_t port)
{
	return udp->sent[port] ? (double)udp->lost[port] / udp->sent[port] : 0;
}

static double most_of_a_port(const struct mesh_udp *udp)
{
	double most = 0;

	for (uint32_t i = 0; i < MESH_PORTS_MAX; i++)
		most = lost_share(udp, i) > most ? lost_share(udp, i) : most;
	return most;
}

static void write_ports(const struct mesh_page *page, const struct mesh_udp *udp)
{
	struct buffer *out = page->out;
	uint32_t ports = page->state->settings->udp_ports;
	uint64_t jitters = mesh_spread_count(&udp->jitter);
	double most = most_of_a_port(udp);

	begin_facts(out, "UDP by source port",
		    "<th>port</th><th>sent</th><th>lost</th><th>%</th><th></th>");
	for (uint32_t i = 0; i < ports && i < MESH_PORTS_MAX; i++) {
		double share = lost_share(udp, i);
		buffer_append_format(out,
				     "<tr><th scope=\"row\">%u</th><td>%u</td><td>%u</td>"
				     "<td>%.2f</td><td class=\"t\"><svg width=\"60\" height=\"9\">"
				     "<rect class=\"v-loss\" width=\"%.1f\" height=\"9\"/></svg>"
				     "</td></tr>\n",
				     i + 1, udp->sent[i], udp->lost[i], 100 * share,
				     most > 0 ? 60 * share / most : 0);
	}
	buffer_append_text(out, "</tbody></table></div>");
	buffer_append_format(out, "<p class=\"line\">lost there %u, back %u", udp->lost_there,
			     udp->lost_back);
	if (jitters > 0) {
		buffer_append_text(out, "; jitter ");
		mesh_page_write_ms(out, udp->jitter.sum_ns / jitters);
		buffer_append_text(out, " ms on average");
	}
	buffer_append_text(out, "</p></section>\n");
}

/* ---- TCP, HTTP, gRPC */

static void write_fact(struct buffer *out, const char *name, uint64_t value, const char *unit)
{
	char text[UNITS_TEXT_MAX];
	buffer_append_format(out, "<tr><th scope=\"row\" class=\"t\">%s</th><td>%s%s</td></tr>\n",
			     name, units_format_grouped(value, text), unit);
}

static void write_fact_ms(struct buffer *out, const char *name, uint64_t ns)
{
	char text[UNITS_TEXT_MAX];
	buffer_append_format(out, "<tr><th scope=\"row\" class=\"t\">%s</th><td>%s ms</td></tr>\n",
			     name, units_format_ms(ns, text));
}

static void write_tcp(struct buffer *out, const struct mesh_tcp *tcp)
{
	begin_facts(out, "TCP, as the kernel has it", "<th class=\"t\">fact</th><th>value</th>");
	write_fact(out, "connections that came up", tcp->connects, "");
	if (tcp->connects > 0)
		write_fact_ms(out, "connect, mean", tcp->connect_sum_ns / tcp->connects);
	write_fact(out, "segments sent", tcp->sent, "");
	write_fact(out, "of these again", tcp->retransmitted, "");
	write_fact(out, "time-outs", tcp->timeouts, "");
	write_fact_ms(out, "smoothed round trip", tcp->rtt_ns);
	write_fact_ms(out, "its mean deviation", tcp->deviation_ns);
	write_fact(out, "MSS there", tcp->send_mss_bytes, " B");
	write_fact(out, "MSS back", tcp->receive_mss_bytes, " B");
	write_fact(out, "path MTU that it believes", tcp->path_mtu_bytes, " B");
	end_facts(out);
}

static void write_phases(struct buffer *out, const struct mesh_pair *pair)
{
	begin_facts(out, "HTTP by phase", "<th class=\"t\">phase</th><th>mean</th>");
	for (enum probe_phase i = 0; i < PROBE_PHASES; i++) {
		if (pair->phase_count[i] > 0)
			write_fact_ms(out, probe_phase_name(i),
				      pair->phase_sum_ns[i] / pair->phase_count[i]);
	}
	write_fact(out, "newest status", pair->http_status, "");
	end_facts(out);
}

static void write_health(struct buffer *out, const struct mesh_pair *pair)
{
	if (pair->grpc_health != UINT8_MAX)
		buffer_append_format(out, "<p class=\"line\">gRPC health: %s</p>\n",
				     grpc_health_name(pair->grpc_health));
}

static void write_facts(const struct mesh_page *page, const struct mesh_pair *pair)
{
	buffer_append_text(page->out, "<div class=\"columns\">\n");
	write_mtu(page->out, &pair->mtu);
	if (pair->probes[MESH_UDP].sent > 0)
		write_ports(page, &pair->udp);
	if (pair->probes[MESH_TCP].sent + pair->probes[MESH_TCP_LONG].sent > 0)
		write_tcp(page->out, &pair->tcp);
	if (pair->probes[MESH_HTTP].sent > 0)
		write_phases(page->out, pair);
	buffer_append_text(page->out, "</div>\n");
}

/* ---- the whole */

static const struct mesh_page_line *find_line(const struct mesh_page *page)
{
	for (uint32_t i = 0; i < page->count; i++) {
		if (strcmp(page->lines[i].name, page->style.peer) == 0)
			return &page->lines[i];
	}
	return NULL;
}

static const struct mesh_peer *find_peer(const struct mesh_page *page)
{
	const struct mesh_peer_list *list = page->state->peers;

	for (uint32_t i = 0; i < list->count; i++) {
		if (strcmp(list->peers[i].name, page->style.peer) == 0)
			return &list->peers[i];
	}
	return NULL;
}

static void write_nothing(const struct mesh_page *page)
{
	const struct mesh_peer *peer = find_peer(page);

	buffer_append_text(page->out, "<p>");
	xml_append(page->out, page->style.peer);
	buffer_append_text(page->out, peer == NULL    ? ": no peer of this name is known"
				      : peer->is_self ? ": this node itself"
						      : ": known, and not probed from here");
	buffer_append_text(page->out, "</p>\n");
}

void mesh_page_write_pair(const struct mesh_page *page)
{
	const struct mesh_page_line *line = find_line(page);
	struct buffer *out = page->out;

	buffer_append_text(out, "<h2 class=\"pair\">");
	xml_append(out, page->state->snapshot->node.name);
	buffer_append_text(out, " to ");
	xml_append(out, page->style.peer);
	buffer_append_text(out, "</h2>\n");
	if (line == NULL) {
		write_nothing(page);
		return;
	}
	buffer_append_text(out, "<p class=\"line\">");
	write_address(page, line);
	buffer_append_text(out, "</p>\n<p>");
	write_verdict(page, line);
	buffer_append_text(out, "</p>\n");
	mesh_page_write_history(page, line->judged);
	write_probes(out, line->pair);
	write_health(out, line->pair);
	write_facts(page, line->pair);
}
