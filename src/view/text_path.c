/* What passes each way, and what TCP makes of it. See text_parts.h. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "view/hops_text.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define LINE_MAX_BYTES 1024
/* What half of the usual first window is. */
#define WINDOW_BOUND_BYTES 16384
#define IPV4_TCP_BYTES     40
#define IPV6_TCP_BYTES     60

static const char *bytes_or_none(uint64_t bytes, char text[UNITS_TEXT_MAX])
{
	return bytes ? units_format_grouped(bytes, text) : "-";
}

static const char *note(const struct path_direction *direction)
{
	enum path_verdict verdict = path_verdict_find(direction->verdict);
	if (!direction->is_measured)
		return direction->reason ? direction->reason : "";
	return verdict < PATH_VERDICTS ? path_verdict_sentence(verdict) : "";
}

static void add_lost(struct text_table *table, uint64_t sent, uint64_t answered)
{
	if (sent > 0)
		text_table_cell(table, "%" PRIu64 "/%" PRIu64, sent - answered, sent);
	else
		text_table_cell(table, "-");
}

static void add_way(struct text_table *table, const char *way,
		    const struct path_direction *direction)
{
	char text[UNITS_TEXT_MAX];
	bool is_measured = direction->is_measured;
	bool has_rtt = is_measured && direction->rtt_max_ns > 0;
	text_table_cell(table, "%s", way);
	text_table_cell(table, "%s", is_measured && direction->verdict ? direction->verdict : "-");
	text_table_cell(table, "%s", bytes_or_none(direction->mtu_bytes, text));
	text_table_cell(table, "%s", bytes_or_none(direction->failed_bytes, text));
	add_lost(table, direction->small_sent, direction->small_answered);
	add_lost(table, direction->large_sent, direction->large_answered);
	text_table_cell(table, "%s", has_rtt ? units_format_ms(direction->rtt_min_ns, text) : "-");
	text_table_cell(table, "%s", has_rtt ? units_format_ms(direction->rtt_max_ns, text) : "-");
	text_table_cell(table, "%s", note(direction));
}

static void add_ways(const struct path_result *path, const struct text_style *style,
		     struct buffer *out)
{
	bool is_one = path->forward.told_by && strcmp(path->forward.told_by, PATH_BY_ECHO) == 0;
	cleanup(text_table_deinit) struct text_table table;
	text_table_init(&table, style);
	text_table_column(&table, "WAY", TEXT_LEFT, 0);
	text_table_column(&table, "VERDICT", TEXT_LEFT, 0);
	text_table_column(&table, "PASSES", TEXT_RIGHT, 0);
	text_table_column(&table, "FAILS", TEXT_RIGHT, 0);
	text_table_column(&table, "SMALL LOST", TEXT_RIGHT, 0);
	text_table_column(&table, "LARGE LOST", TEXT_RIGHT, 0);
	text_table_column(&table, "RTT min", TEXT_RIGHT, 0);
	text_table_column(&table, "max ms", TEXT_RIGHT, 0);
	text_table_column(&table, "NOTE", TEXT_LEFT, 0);
	add_way(&table, is_one ? "there and back" : "there", &path->forward);
	if (!is_one)
		add_way(&table, "back", &path->reverse);
	text_table_write(&table, out);
}

/* What the far end's own interface and kernel allow; 0: not known. */
static uint64_t far_bytes(const struct path_direction *reverse)
{
	bool has_route = reverse->route_bytes && reverse->route_bytes < reverse->interface_bytes;
	return has_route ? reverse->route_bytes : reverse->interface_bytes;
}

static bool is_narrow(const struct path_direction *direction)
{
	return direction->failed_bytes > 0;
}

/* Who made the MSS what it is: neither route nor far end explain less than they allow. */
static void tell_mss(const struct path_result *path, struct buffer *out)
{
	const struct path_tcp *tcp = &path->tcp;
	char segment[UNITS_TEXT_MAX], packet[UNITS_TEXT_MAX];
	/* It grows with the window: no segment is larger than half of that. */
	bool has_grown = tcp->mss_bytes > tcp->mss_first_bytes;
	uint64_t mss_bytes = has_grown ? tcp->mss_bytes : tcp->mss_first_bytes;
	uint64_t packet_bytes = mss_bytes + tcp->header_bytes;
	uint64_t option_bytes =
		packet_bytes - (path->remote.family == AF_INET6 ? IPV6_TCP_BYTES : IPV4_TCP_BYTES);
	uint64_t far = far_bytes(&path->reverse);
	const char *who = "clamped on the way, or so small is the far end's interface";
	if (packet_bytes >= tcp->path_mtu_first_bytes || mss_bytes >= WINDOW_BOUND_BYTES) {
		if (is_narrow(&path->forward))
			buffer_append_text(out, "; MSS not clamped on the way");
		return;
	}
	if (far > packet_bytes)
		who = "clamped on the way";
	else if (far)
		who = "as the far end believes of the path";
	buffer_append_format(
		out, "; MSS %s B (packets of %s B): %s%s",
		units_format_grouped(option_bytes, segment),
		units_format_grouped(packet_bytes, packet), who,
		tcp->is_echoed && is_narrow(&path->forward) ? ", which is why it passes" : "");
}

/* "snd_mss 1024": less than the kernel believes the path takes, so it found out by itself. */
static void tell_change(const struct path_tcp *tcp, struct buffer *out)
{
	char before[UNITS_TEXT_MAX], after[UNITS_TEXT_MAX];
	if (tcp->mss_bytes >= tcp->mss_first_bytes)
		return;
	buffer_append_format(out, ", snd_mss %s then %s",
			     units_format_grouped(tcp->mss_first_bytes, before),
			     units_format_grouped(tcp->mss_bytes, after));
	if (tcp->mss_bytes + tcp->header_bytes < tcp->path_mtu_bytes)
		buffer_append_format(out, " (net.ipv4.tcp_mtu_probing=%" PRIu64 " here found it)",
				     tcp->mtu_probing);
}

static bool is_stuck_there(const struct path_tcp *tcp)
{
	return !tcp->is_echoed && !tcp->ended && tcp->acked_bytes < tcp->sent_bytes;
}

static void tell_end(const struct path_tcp *tcp, struct buffer *out)
{
	char one[UNITS_TEXT_MAX], two[UNITS_TEXT_MAX], time[PHRASE_MAX];
	if (tcp->is_echoed)
		buffer_append_format(out, "passes: %s B there and back in %s",
				     units_format_grouped(tcp->sent_bytes, one),
				     phrase_interval(tcp->duration_ns, time));
	else if (tcp->ended)
		buffer_append_format(out, "%s after %s of %s B were acknowledged", tcp->ended,
				     units_format_grouped(tcp->acked_bytes, one),
				     units_format_grouped(tcp->sent_bytes, two));
	else if (is_stuck_there(tcp))
		buffer_append_format(out, "STUCK there: %s of %s B unacknowledged for %s",
				     units_format_grouped(tcp->sent_bytes - tcp->acked_bytes, one),
				     units_format_grouped(tcp->sent_bytes, two),
				     phrase_interval(tcp->silent_ns, time));
	else
		buffer_append_format(out,
				     "STUCK back: all acknowledged, but %s of %s B came back, "
				     "nothing for %s",
				     units_format_grouped(tcp->received_bytes, one),
				     units_format_grouped(tcp->sent_bytes, two),
				     phrase_interval(tcp->silent_ns, time));
}

static void tell_tcp(const struct path_result *path, struct buffer *out)
{
	const struct path_tcp *tcp = &path->tcp;
	char one[UNITS_TEXT_MAX], two[UNITS_TEXT_MAX], count[PHRASE_MAX];
	if (!tcp->is_measured) {
		buffer_append_format(out, "not measured: %s", tcp->reason ? tcp->reason : "");
		return;
	}
	tell_end(tcp, out);
	buffer_append_format(out,
			     "; snd_mss %s, %s retransmitted, the kernel takes the path for %s B",
			     units_format_grouped(tcp->mss_bytes, one),
			     phrase_count(tcp->retransmits, "segment", count),
			     units_format_grouped(tcp->path_mtu_bytes, two));
	tell_change(tcp, out);
	if (is_stuck_there(tcp))
		buffer_append_format(out, "; net.ipv4.tcp_mtu_probing=%" PRIu64 " here",
				     tcp->mtu_probing);
	tell_mss(path, out);
}

void text_path(const struct report *report, const struct text_style *style, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer line;
	buffer_init(&line, LINE_MAX_BYTES);
	if (!report->has_path || !report->path.forward.is_measured)
		return;
	add_ways(&report->path, style, out);
	for (uint32_t i = 0; i < report->path.hops_count; i++) {
		buffer_append_text(out, "\n");
		hops_text_write(&report->path.hops[i], style, out);
	}
	tell_tcp(&report->path, &line);
	buffer_append_text(out, "\nTCP  ");
	text_append(out, style, buffer_text(&line));
	buffer_append_text(out, "\n");
}
