/* See hops_text.h. */
#include "view/hops_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "metric/hops_path.h"
#include "proto/icmp.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/text_table.h"

/* A percentile needs ten samples above it. */
#define SAMPLES_MIN 20
#define NOTE_MAX    512
#define PORTS_MAX   6

static bool is_note(const char *note, enum hop_note wanted)
{
	return note && strcmp(note, hop_note_name(wanted)) == 0;
}

/* ---- notes */

static void note_answers(const struct report_hop_path *path, const struct report_hop *hop,
			 struct clauses *notes)
{
	uint64_t lost = path->hops[path->hop_count - 1].small_lost;
	const char *note = hop->small_note;
	bool is_last = hop->ttl == path->hop_count;

	if (is_note(note, HOP_LIMITED) && is_last)
		buffer_append_format(clauses_next(notes),
				     "answers %" PRIu64 " of %" PRIu64
				     " by ICMP, which hosts limit: no sign of loss",
				     hop->small_sent - hop->small_lost, hop->small_sent);
	else if (is_note(note, HOP_LIMITED))
		buffer_append_format(
			clauses_next(notes),
			"answers %" PRIu64 " of %" PRIu64 ": rate-limited, no loss (%s)",
			hop->small_sent - hop->small_lost, hop->small_sent,
			lost == 0 ? "behind it none are lost" : "behind it fewer are lost");
	else if (is_note(note, HOP_UNSURE))
		buffer_append_format(clauses_next(notes),
				     "answers %" PRIu64 " of %" PRIu64
				     ": a limit of its ICMP or loss, nobody behind it tells",
				     hop->small_sent - hop->small_lost, hop->small_sent);
	else if (is_note(note, HOP_SILENT))
		buffer_append_format(clauses_next(notes), "never answers, those behind it do");
	else if (is_note(note, HOP_DEAD))
		buffer_append_format(clauses_next(notes), "no answer from here on");
	else if (is_note(hop->full_note, HOP_LIMITED) || is_note(hop->full_note, HOP_SILENT))
		buffer_append_format(clauses_next(notes),
				     "full size answered seldom: rate-limited, no loss");
}

static void note_loss(const struct report_hop_path *path, const struct report_hop *hop,
		      struct clauses *notes)
{
	char share[PHRASE_MAX];
	bool has_vanished = is_note(hop->full_note, HOP_DEAD) && hop->ttl == path->full_lost_from;

	if (is_note(hop->small_note, HOP_LOSES))
		buffer_append_format(clauses_next(notes), "<- %s %% are lost from here",
				     phrase_share(hop->small_lost, hop->small_sent, share));
	if (is_note(hop->small_note, HOP_LOSES) || is_note(hop->small_note, HOP_DEAD))
		return;
	if (has_vanished)
		buffer_append_text(clauses_next(notes), "<- full size is lost from here");
	else if (is_note(hop->full_note, HOP_LOSES))
		buffer_append_format(clauses_next(notes),
				     "<- %s %% of full size are lost from here",
				     phrase_share(hop->full_lost, hop->full_sent, share));
}

static uint16_t family_of(const char *address)
{
	return address && strchr(address, ':') ? AF_INET6 : AF_INET;
}

static void note_icmp(const struct report_hop *hop, struct clauses *notes)
{
	char icmp[ICMP_TEXT_MAX], bytes[UNITS_TEXT_MAX];
	bool says_more = hop->is_icmp && (hop->is_target || hop->is_stopped);

	if (hop->is_target)
		buffer_append_format(clauses_next(notes), "target");
	if (says_more)
		buffer_append_format(clauses_next(notes), "%s",
				     icmp_text(family_of(hop->address), (uint8_t)hop->icmp_type,
					       (uint8_t)hop->icmp_code, icmp));
	if (hop->is_stopped)
		buffer_append_format(clauses_next(notes), "it does not go on from here");
	if (hop->too_big > 0 && hop->too_big_bytes > 0)
		buffer_append_format(clauses_next(notes), "%s says: %s B at most",
				     hop->too_big_from ? hop->too_big_from : "ICMP",
				     units_format_grouped(hop->too_big_bytes, bytes));
	if (hop->labels)
		buffer_append_format(clauses_next(notes), "MPLS %s", hop->labels);
}

static void note_others(const struct report_hop *hop, struct clauses *notes)
{
	for (uint32_t i = 1; i < hop->address_count; i++)
		buffer_append_format(clauses_next(notes), "also %s", hop->addresses[i].address);
}

static void add_notes(struct text_table *table, const struct report_hop_path *path,
		      const struct report_hop *hop)
{
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, NOTE_MAX);
	struct clauses notes;
	clauses_init(&notes, &text, "; ");
	note_icmp(hop, &notes);
	note_answers(path, hop, &notes);
	note_loss(path, hop, &notes);
	note_others(hop, &notes);
	text_table_cell(table, "%s", buffer_text(&text));
}

/* ---- tables */

static void add_lost(struct text_table *table, uint64_t lost, uint64_t sent)
{
	if (sent > 0)
		text_table_cell(table, "%" PRIu64 "/%" PRIu64, lost, sent);
	else
		text_table_cell(table, "-");
}

static void add_times(struct text_table *table, const struct report_hop *hop)
{
	uint64_t count = hop->small_sent - hop->small_lost;
	char text[UNITS_TEXT_MAX];

	text_table_cell(table, "%s", count > 0 ? units_format_ms(hop->rtt_min_ns, text) : "-");
	text_table_cell(table, "%s",
			count >= SAMPLES_MIN ? units_format_ms(hop->rtt_p50_ns, text) : "-");
	text_table_cell(table, "%s", count > 0 ? units_format_ms(hop->rtt_max_ns, text) : "-");
}

static const char *name_of(const struct report_hop *hop)
{
	if (hop->address)
		return hop->address;
	return hop->nameless > 0 ? "?" : "*";
}

static void add_path(const struct report_hops *hops, const struct report_hop_path *path,
		     const struct text_style *style, struct buffer *out)
{
	bool has_full = hops->full_bytes > 0;
	cleanup(text_table_deinit) struct text_table table;

	text_table_init(&table, style);
	text_table_column(&table, "HOP", TEXT_RIGHT, 0);
	text_table_column(&table, "ADDRESS", TEXT_LEFT, 0);
	text_table_column(&table, "SMALL LOST", TEXT_RIGHT, 0);
	if (has_full)
		text_table_column(&table, "FULL LOST", TEXT_RIGHT, 0);
	text_table_column(&table, "RTT min", TEXT_RIGHT, 0);
	text_table_column(&table, "p50", TEXT_RIGHT, 0);
	text_table_column(&table, "max ms", TEXT_RIGHT, 0);
	text_table_column(&table, "NOTE", TEXT_LEFT, 0);
	for (uint32_t i = 0; i < path->hop_count; i++) {
		const struct report_hop *hop = &path->hops[i];
		text_table_cell(&table, "%" PRIu64, hop->ttl);
		text_table_cell(&table, "%s", name_of(hop));
		add_lost(&table, hop->small_lost, hop->small_sent);
		if (has_full)
			add_lost(&table, hop->full_lost, hop->full_sent);
		add_times(&table, hop);
		add_notes(&table, path, hop);
	}
	text_table_write(&table, out);
}

/* "source ports 40211, 40213 and 12 more" */
static void say_ports(const struct report_hop_path *path, struct buffer *out)
{
	uint32_t shown = path->port_count <= PORTS_MAX ? path->port_count : PORTS_MAX - 1;

	buffer_append_text(out, path->port_count == 1 ? "source port" : "source ports");
	for (uint32_t i = 0; i < shown; i++)
		buffer_append_format(out, "%s %" PRIu64, i > 0 ? "," : "", path->ports[i].port);
	if (shown < path->port_count)
		buffer_append_format(out, " and %u more", path->port_count - shown);
}

/* "HOPS  by udp from 10.9.1.4, 108 B and 1,500 B, 20 each: path 1 of 2, source ports 40211, 40213"
 */
static void say_head(const struct report_hops *hops, uint32_t index, struct buffer *out)
{
	char small[UNITS_TEXT_MAX], full[UNITS_TEXT_MAX];

	buffer_append_format(out, "HOPS  by %s from %s, %s B", hops->way,
			     hops->local ? hops->local : "?",
			     units_format_grouped(hops->small_bytes, small));
	if (hops->full_bytes > 0)
		buffer_append_format(out, " and %s B (DF)",
				     units_format_grouped(hops->full_bytes, full));
	buffer_append_format(out, ", %" PRIu64 " a hop and port", hops->rounds);
	if (hops->path_count > 1)
		buffer_append_format(out, ": path %u of %u", index + 1, hops->path_count);
	buffer_append_text(out, ", ");
	say_ports(&hops->paths[index], out);
	buffer_append_text(out, "\n");
}

static void say_failed(const struct report_hops *hops, const struct report_hop_port *ports,
		       uint32_t count, struct buffer *out)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!ports[i].failure)
			continue;
		buffer_append_format(out, "Given up by %s", hops->way);
		if (ports[i].port > 0)
			buffer_append_format(out, ", source port %" PRIu64, ports[i].port);
		buffer_append_format(out, ": %s\n", ports[i].failure);
	}
}

void hops_text_write(const struct report_hops *hops, const struct text_style *style,
		     struct buffer *out)
{
	if (hops->reason)
		buffer_append_format(out, "HOPS  not traced by %s: %s\n", hops->way, hops->reason);
	for (uint32_t i = 0; i < hops->path_count; i++) {
		if (i > 0)
			buffer_append_text(out, "\n");
		say_head(hops, i, out);
		add_path(hops, &hops->paths[i], style, out);
		say_failed(hops, hops->paths[i].ports, hops->paths[i].port_count, out);
	}
	say_failed(hops, hops->failed, hops->failed_count, out);
	if (hops->is_nameless)
		buffer_append_text(
			out, "Who answers inside TCP is not known: that takes CAP_NET_RAW.\n");
	if (hops->unmatched > 0)
		buffer_append_format(out,
				     "%" PRIu64
				     " answers quote too little to tell which packet they "
				     "are about.\n",
				     hops->unmatched);
}

/* ---- sentences */

static void say_loss(const struct report_hop_path *path, const char *what, uint64_t lost,
		     uint64_t sent, uint64_t from, struct buffer *out)
{
	char share[PHRASE_MAX];

	if (lost < sent)
		buffer_append_format(out, "%s %% of ", phrase_share(lost, sent, share));
	buffer_append_format(out, "%s packets are lost", what);
	if (from == 0)
		buffer_append_text(out, ", too few to tell where");
	else if (from > 1 && from - 2 < path->hop_count && path->hops[from - 2].address)
		buffer_append_format(out, " behind hop %" PRIu64 " (%s)", from - 1,
				     path->hops[from - 2].address);
	else
		buffer_append_format(out, " from hop %" PRIu64 " on", from);
}

/* The last of them. */
static bool has_answered(const struct report_hop *hops, uint32_t count)
{
	return count > 0 && hops[count - 1].small_lost < hops[count - 1].small_sent;
}

static void say_path(const struct report_hop_path *path, struct clauses *clauses)
{
	if (!path->is_reached && has_answered(path->hops, path->hop_count))
		buffer_append_format(clauses_next(clauses),
				     "the target is not among the first %" PRIu32, path->hop_count);
	else if (!path->is_reached)
		buffer_append_format(clauses_next(clauses), "nothing answers behind hop %" PRIu32,
				     path->hop_count > 0 ? path->hop_count - 1 : 0);
	else if (path->small_lost > 0)
		say_loss(path, "small", path->small_lost, path->small_sent, path->small_lost_from,
			 clauses_next(clauses));
	else if (path->full_lost > 0)
		say_loss(path, "full-size", path->full_lost, path->full_sent, path->full_lost_from,
			 clauses_next(clauses));
}

static bool has_unsure(const struct report_hops *hops)
{
	for (uint32_t i = 0; i < hops->path_count; i++) {
		if (hops->paths[i].small_sent == 0)
			return true;
	}
	return false;
}

static uint32_t count_ports(const struct report_hops *hops)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < hops->path_count; i++)
		count += hops->paths[i].port_count;
	return count;
}

void hops_text_sentence(const struct report_hops *hops, struct buffer *out)
{
	struct clauses clauses;
	char count[PHRASE_MAX];
	uint32_t bad = 0;

	clauses_init(&clauses, out, "; ");
	buffer_append_format(out, "by %s ", hops->way);
	if (hops->path_count == 0) {
		buffer_append_text(out, "no hops");
		return;
	}
	while (bad < hops->path_count && report_hop_path_is_bad(&hops->paths[bad]))
		bad++;
	if (hops->path_count > 1)
		buffer_append_format(clauses_next(&clauses),
				     "%u source ports take %u paths, %u of them bad",
				     count_ports(hops), hops->path_count, bad);
	else
		buffer_append_text(clauses_next(&clauses),
				   phrase_count(hops->paths[0].hop_count, "hop", count));
	if (bad > 0)
		say_path(&hops->paths[0], &clauses);
	else if (has_unsure(hops))
		buffer_append_text(clauses_next(&clauses),
				   "only ICMP answers, too seldom to tell loss from a limit");
	else
		buffer_append_text(clauses_next(&clauses), "nothing lost to the end");
}
