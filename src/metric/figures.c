/* See figures.h. */
#include "metric/figures.h"

#include <stdint.h>
#include <string.h>

#include "base/attributes.h"
#include "base/closest.h"
#include "metric/foreign.h"
#include "metric/report_hops.h"
#include "metric/report_receiver.h"

static uint64_t number_at(const void *object, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)object + offset);
}

static const char *get_nothing(const struct report *report, const struct report_stream *stream,
			       const struct figure_source *source, double *ret)
{
	(void)report;
	(void)stream;
	(void)source;
	*ret = 0;
	return NULL;
}

static const char *get_field(const struct report *report, const struct report_stream *stream,
			     const struct figure_source *source, double *ret)
{
	(void)report;
	*ret = (double)number_at(stream, source->outer);
	return NULL;
}

static const char *get_missed(const struct report *report, const struct report_stream *stream,
			      const struct figure_source *source, double *ret)
{
	(void)report;
	(void)source;
	*ret = (double)(stream->totals.missed_no_connection + stream->totals.missed_peer +
			stream->totals.missed_generator);
	return NULL;
}

static const char *get_goodput(const struct report *report, const struct report_stream *stream,
			       const struct figure_source *source, double *ret)
{
	struct goodput goodput;
	const char *reason = report_goodput(report, stream, &goodput);
	(void)source;
	*ret = goodput.bits_per_second;
	return reason;
}

static const char *get_latency_count(const struct report *report,
				     const struct report_stream *stream,
				     const struct figure_source *source, double *ret)
{
	const struct report_latency *latency = &stream->latency[source->outer];
	(void)report;
	*ret = (double)number_at(latency, source->inner);
	if (latency->is_measured)
		return NULL;
	return report_is_told(stream) && stream->receiver.reason ? stream->receiver.reason
								 : "not recorded in this run";
}

static const char *get_latency(const struct report *report, const struct report_stream *stream,
			       const struct figure_source *source, double *ret)
{
	const char *reason = get_latency_count(report, stream, source, ret);
	if (reason)
		return reason;
	return stream->latency[source->outer].count > 0 ? NULL : "nothing was answered";
}

static bool is_lower_bound(const struct report_latency *latency, double value)
{
	return latency->censored > 0 && value >= (double)latency->censored_min_ns;
}

static const char *get_intervals(const struct report *report, const struct report_stream *stream,
				 const struct figure_source *source, double *ret)
{
	const struct report_intervals *intervals =
		(const void *)((const char *)stream + source->outer);
	(void)report;
	*ret = (double)number_at(intervals, source->inner);
	if (intervals->is_measured)
		return NULL;
	return intervals->reason ? intervals->reason : "not recorded in this run";
}

static const char *get_expected_false(const struct report *report,
				      const struct report_stream *stream,
				      const struct figure_source *source, double *ret)
{
	const char *reason = get_intervals(report, stream, source, ret);
	*ret = stream->outages.expected_false;
	return reason;
}

static const char *get_datagrams(const struct report *report, const struct report_stream *stream,
				 const struct figure_source *source, double *ret)
{
	(void)report;
	*ret = (double)number_at(stream, source->outer);
	if (stream->datagrams.is_measured)
		return NULL;
	if (stream->receiver.is_known)
		return "the datagrams of -m have no numbers";
	return stream->receiver.reason ? stream->receiver.reason : "only the receiver could tell";
}

/* A counter, where the receiver tells: only if it did. */
static const char *get_told(const struct report *report, const struct report_stream *stream,
			    const struct figure_source *source, double *ret)
{
	*ret = (double)number_at(stream, source->outer);
	if (!report_is_told(stream))
		return NULL;
	return get_datagrams(report, stream, source, ret);
}

static const char *get_lost(const struct report *report, const struct report_stream *stream,
			    const struct figure_source *source, double *ret)
{
	const char *reason = get_told(report, stream, source, ret);
	if (report_is_told(stream))
		*ret = (double)stream->datagrams.lost;
	return reason;
}

static const char *get_received(const struct report *report, const struct report_stream *stream,
				const struct figure_source *source, double *ret)
{
	const char *reason = get_told(report, stream, source, ret);
	if (report_is_told(stream))
		*ret = (double)(stream->totals.sent - stream->datagrams.lost);
	return reason;
}

static const char *get_overflows(const struct report *report, const struct report_stream *stream,
				 const struct figure_source *source, double *ret)
{
	const char *reason = get_datagrams(report, stream, source, ret);
	if (reason || stream->datagrams.has_overflows)
		return reason;
	return "the receiver's host does not tell what it dropped";
}

static const char *get_network_lost(const struct report *report, const struct report_stream *stream,
				    const struct figure_source *source, double *ret)
{
	const char *reason = get_overflows(report, stream, source, ret);
	if (reason || stream->datagrams.has_network_lost)
		return reason;
	return "the receiver's host dropped datagrams that came several in one (GRO)";
}

static const char *get_survival(const struct report *report, const struct report_stream *stream,
				const struct figure_source *source, double *ret)
{
	(void)report;
	*ret = (double)stream->survival[source->outer];
	return stream->has_survival ? NULL : "not recorded in this run";
}

static const char *get_cpu(const struct report *report, const struct report_stream *stream,
			   const struct figure_source *source, double *ret)
{
	(void)stream;
	(void)source;
	if (report->duration_ns == 0)
		return "the run had no length";
	*ret = report->generator.cpu_seconds * 1e9 / (double)report->duration_ns;
	return NULL;
}

static const char *get_duration(const struct report *report, const struct report_stream *stream,
				const struct figure_source *source, double *ret)
{
	(void)stream;
	(void)source;
	*ret = (double)report->duration_ns;
	return NULL;
}

static const char *get_command_exit(const struct report *report, const struct report_stream *stream,
				    const struct figure_source *source, double *ret)
{
	const struct report_mark *mark = report_mark_of(report, "command");
	(void)stream;
	(void)source;
	if (!mark || !mark->has_command)
		return "no command was started";
	*ret = (double)mark->command.exit_status;
	return mark->command.has_exit_status ? NULL : "the command did not end";
}

/* `outer` is an offset in the report. */
static const char *get_path_mtu(const struct report *report, const struct report_stream *stream,
				const struct figure_source *source, double *ret)
{
	const struct path_direction *direction =
		(const void *)((const char *)report + source->outer);
	(void)stream;
	*ret = (double)direction->mtu_bytes;
	return path_direction_lacks(direction);
}

/* `outer` is an offset in the totals. */
static const char *get_hops(const struct report *report, const struct report_stream *stream,
			    const struct figure_source *source, double *ret)
{
	const struct path_result *path = &report->path;
	struct report_hops_totals totals = report_hops_sum(path->hops, path->hops_count);
	(void)stream;
	*ret = (double)*(const uint64_t *)(const void *)((const char *)&totals + source->outer);
	return totals.paths > 0 ? NULL : "no hops were traced";
}

static const char *get_hops_lost(const struct report *report, const struct report_stream *stream,
				 const struct figure_source *source, double *ret)
{
	const struct path_result *path = &report->path;
	const char *reason = get_hops(report, stream, source, ret);
	struct report_hops_totals totals = report_hops_sum(path->hops, path->hops_count);
	if (!reason && totals.sent == 0)
		return "only ICMP answers, too seldom to tell loss from a limit";
	return reason;
}

/* `outer` is an offset in the report. */
static const char *get_mesh(const struct report *report, const struct report_stream *stream,
			    const struct figure_source *source, double *ret)
{
	(void)stream;
	*ret = (double)*(const uint64_t *)(const void *)((const char *)report + source->outer);
	return report->mesh.probed > 0 ? NULL : "no peer was probed";
}

/* Scopes, as figures.def names them. */
#define TCP       FIGURE_SLOTS_TCP
#define UDP       FIGURE_SLOTS_UDP
#define SLOTS     (FIGURE_SLOTS_TCP | FIGURE_SLOTS_UDP)
#define ATTEMPTS  FIGURE_ATTEMPTS
#define PROBES    FIGURE_PROBES
#define SERVICES  FIGURE_SERVICE
#define RUN       FIGURE_RUN
#define ANSWERED  (SLOTS | PROBES)
#define PACED     (SLOTS | ATTEMPTS | PROBES)
#define DATAGRAMS (FIGURE_SLOTS_UDP | PROBES)
#define CONNECTED (TCP | ATTEMPTS)
#define ANY       (PACED | SERVICES)
#define PING      FIGURE_PING
#define MESH      FIGURE_MESH

/* Needs. */
#define OPEN      FIGURE_OPEN
#define ANSWERS   FIGURE_ANSWERED
#define BOTH      (FIGURE_OPEN | FIGURE_ANSWERED)
#define COUNTED   FIGURE_COUNTED
#define DELAYS    FIGURE_DELAYS
#define OVER_TLS  FIGURE_TLS
#define UPGRADED  FIGURE_UPGRADE
#define IN_PARTS  FIGURE_FIRST_BYTE
#define UNORDERED (FIGURE_COUNTED | FIGURE_UNORDERED)

/* Sources. */
#define FROM(function, ...)                    \
	{                                      \
		.get = (function), __VA_ARGS__ \
	}
#define NOTHING       FROM(get_nothing)
#define FIELD(member) FROM(get_field, .outer = offsetof(struct report_stream, member))
#define COUNTER(name) FIELD(totals.name)
#define TOLD(name)    FROM(get_told, .outer = offsetof(struct report_stream, totals.name))
#define LOST          FROM(get_lost, .outer = offsetof(struct report_stream, totals.lost))
#define RECEIVED      FROM(get_received, .outer = offsetof(struct report_stream, totals.received))
#define DATAGRAMS_OF(name) \
	FROM(get_datagrams, .outer = offsetof(struct report_stream, datagrams.name))
#define NETWORK_LOST \
	FROM(get_network_lost, .outer = offsetof(struct report_stream, datagrams.network_lost))
#define OVERFLOWS_OF(name) \
	FROM(get_overflows, .outer = offsetof(struct report_stream, datagrams.name))
#define MISSED            FROM(get_missed)
#define GOODPUT           FROM(get_goodput)
#define SURVIVED(symbol)  FROM(get_survival, .outer = SURVIVAL_##symbol)
#define CPU               FROM(get_cpu)
#define DURATION          FROM(get_duration)
#define COMMAND_EXIT      FROM(get_command_exit)
#define PATH_MTU(way)     FROM(get_path_mtu, .outer = offsetof(struct report, path.way))
#define MESHED(member)    FROM(get_mesh, .outer = offsetof(struct report, mesh.member))
#define HOPS(member)      FROM(get_hops, .outer = offsetof(struct report_hops_totals, member))
#define HOPS_LOST(member) FROM(get_hops_lost, .outer = offsetof(struct report_hops_totals, member))
#define LATENCY_OF(function, symbol, member) \
	FROM(function, .outer = LATENCY_##symbol, .inner = offsetof(struct report_latency, member))
#define INTERVAL_OF(member, figure)                                          \
	FROM(get_intervals, .outer = offsetof(struct report_stream, member), \
	     .inner = offsetof(struct report_intervals, figure))
#define OUTAGES_EXPECTED_FALSE \
	FROM(get_expected_false, .outer = offsetof(struct report_stream, outages))

/* Rows. Texts are joined, and sources are initialisers: neither can stand in parentheses. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define FIGURE(row_name, suffix, row_unit, row_scopes, row_needs, row_whole, row_source, \
	       row_whole_source, row_help)                                               \
	{ .name = (row_name),                                                            \
	  .key = row_name suffix,                                                        \
	  .unit = FIGURE_##row_unit,                                                     \
	  .scopes = (row_scopes),                                                        \
	  .needs = (row_needs),                                                          \
	  .whole = (row_whole),                                                          \
	  .source = row_source,                                                          \
	  .whole_source = row_whole_source,                                              \
	  .help = (row_help) },
#define LATENCIES(name, symbol, scopes, needs, help)                                         \
	FIGURE(name ".count", "", COUNT, scopes, needs, NULL,                                \
	       LATENCY_OF(get_latency_count, symbol, count), NOTHING, help)                  \
	FIGURE(name ".censored", "", COUNT, scopes, needs, NULL,                             \
	       LATENCY_OF(get_latency_count, symbol, censored), NOTHING,                     \
	       "of these: unanswered, entered with a lower bound")                           \
	LATENCY_TIME(name ".min", symbol, scopes, needs, min_ns, "the shortest")             \
	LATENCY_TIME(name ".mean", symbol, scopes, needs, mean_ns, "the mean")               \
	LATENCY_TIME(name ".p50", symbol, scopes, needs, p50_ns, "half took no longer")      \
	LATENCY_TIME(name ".p90", symbol, scopes, needs, p90_ns, "90 in 100 took no longer") \
	LATENCY_TIME(name ".p99", symbol, scopes, needs, p99_ns, "99 in 100 took no longer") \
	LATENCY_TIME(name ".p99_9", symbol, scopes, needs, p99_9_ns,                         \
		     "999 in 1,000 took no longer")                                          \
	LATENCY_TIME(name ".p99_99", symbol, scopes, needs, p99_99_ns,                       \
		     "9,999 in 10,000 took no longer")                                       \
	LATENCY_TIME(name ".max", symbol, scopes, needs, max_ns, "the longest")
#define LATENCY_TIME(name, symbol, scopes, needs, member, help)                                 \
	FIGURE(name, "_ns", TIME, scopes, needs, NULL, LATENCY_OF(get_latency, symbol, member), \
	       NOTHING, help)
#define INTERVALS(name, member, scopes, needs, help)                                               \
	FIGURE(name ".count", "", COUNT, scopes, needs, NULL, INTERVAL_OF(member, count), NOTHING, \
	       help)                                                                               \
	FIGURE(name ".max", "_ns", TIME, scopes, needs, NULL, INTERVAL_OF(member, max_ns),         \
	       NOTHING, "the longest")                                                             \
	FIGURE(name ".total", "_ns", TIME, scopes, needs, NULL, INTERVAL_OF(member, total_ns),     \
	       NOTHING, "all together")                                                            \
	FIGURE(name ".open", "", COUNT, scopes, needs, NULL, INTERVAL_OF(member, open), NOTHING,   \
	       "of these: still open at the end, their length a lower bound")
#define SURVIVALS(name, symbol, help) \
	FIGURE(name, "", COUNT, SLOTS, 0, "slots", SURVIVED(symbol), FIELD(slots), help)

/* NOLINTEND(bugprone-macro-parentheses) */

const struct figure_row figure_table[] = {
#include "metric/figures.def"
};
const size_t figure_table_size = array_size(figure_table);

const struct figure_row *figure_find(const char *name)
{
	for (size_t i = 0; i < figure_table_size; i++) {
		if (strcmp(figure_table[i].name, name) == 0)
			return &figure_table[i];
	}
	return NULL;
}

const char *figure_closest(const char *name)
{
	const char *names[array_size(figure_table)];
	for (size_t i = 0; i < figure_table_size; i++)
		names[i] = figure_table[i].name;
	return closest_word(name, names, figure_table_size);
}

const char *figure_unit_name(enum figure_unit unit)
{
	static const char *const names[FIGURE_UNIT_COUNT] = {
		[FIGURE_COUNT] = "count",         [FIGURE_TIME] = "time",
		[FIGURE_BANDWIDTH] = "bandwidth", [FIGURE_SIZE] = "size",
		[FIGURE_NUMBER] = "number",
	};
	return names[unit];
}

unsigned figure_scope_of(const char *kind, const char *transport)
{
	if (strcmp(kind, "slots") == 0 || strcmp(kind, "probe") == 0)
		return strcmp(transport, "udp") == 0 ? FIGURE_SLOTS_UDP : FIGURE_SLOTS_TCP;
	if (strcmp(kind, "attempts") == 0)
		return FIGURE_ATTEMPTS;
	if (strcmp(kind, "probes") == 0)
		return FIGURE_PROBES;
	if (strcmp(kind, "command") == 0)
		return FIGURE_COMMAND;
	if (strcmp(kind, "ping") == 0)
		return FIGURE_PING;
	if (strcmp(kind, "path") == 0)
		return FIGURE_PATH;
	if (strcmp(kind, "mesh") == 0)
		return FIGURE_MESH;
	return strcmp(kind, "service") == 0 ? FIGURE_SERVICE : 0;
}

static bool is_counted(const struct report_stream *stream)
{
	const char *counted_by = stream->datagrams.counted_by;
	return report_is_told(stream) || (counted_by && strcmp(counted_by, "here") == 0);
}

/* What probes of this target do not go through. */
static unsigned lacks_of_ping(const struct report_stream *stream)
{
	static const struct {
		enum latency latency;
		unsigned need;
	} phases[] = {
		{ LATENCY_RESOLVE, FIGURE_RESOLVED }, { LATENCY_CONNECT, FIGURE_CONNECTED },
		{ LATENCY_TLS, FIGURE_TLS },          { LATENCY_SEND, FIGURE_SENT },
		{ LATENCY_WAIT, FIGURE_WAITED },      { LATENCY_TRANSFER, FIGURE_TRANSFERRED },
		{ LATENCY_JITTER, FIGURE_UNORDERED },
	};
	unsigned lacks = 0;
	for (size_t i = 0; i < array_size(phases); i++)
		if (!stream->latency[phases[i].latency].is_measured)
			lacks |= phases[i].need;
	return lacks;
}

/* Traffic's own stream records all that its kind can. */
unsigned figure_lacks_of(const struct report_stream *stream)
{
	if (strcmp(stream->kind, "ping") == 0)
		return lacks_of_ping(stream);
	if (strcmp(stream->kind, "mesh") == 0)
		return strcmp(stream->transport, "udp") == 0 ? 0 : FIGURE_UNORDERED;
	bool is_load = strcmp(stream->name, "load") == 0 || strcmp(stream->name, "probe") == 0;
	unsigned lacks = 0;
	if (is_load && !stream->schedule.is_open_loop)
		lacks |= FIGURE_OPEN;
	if (is_load && !stream->latency[LATENCY_SERVICE].is_measured &&
	    !stream->latency[LATENCY_RESPONSE].is_measured)
		lacks |= FIGURE_ANSWERED;
	if ((lacks & FIGURE_ANSWERED) && !is_counted(stream))
		lacks |= FIGURE_COUNTED;
	if (!stream->latency[LATENCY_DELAY_VARIATION].is_measured && !report_is_told(stream))
		lacks |= FIGURE_DELAYS;
	if (!stream->latency[LATENCY_TLS].is_measured)
		lacks |= FIGURE_TLS;
	if (!stream->latency[LATENCY_FIRST_BYTE].is_measured)
		lacks |= FIGURE_FIRST_BYTE;
	if (!stream->latency[LATENCY_UPGRADE].is_measured)
		lacks |= FIGURE_UPGRADE;
	return lacks;
}

bool figure_is_of(const struct figure_row *row, const struct report *report,
		  const struct report_stream *stream)
{
	unsigned lacks = figure_lacks_of(stream);
	if (foreign_report(report)) /* figure_value() says what it lacks */
		lacks &= FIGURE_TLS | FIGURE_UPGRADE | FIGURE_FIRST_BYTE | FIGURE_DELAYS;
	return (row->scopes & figure_scope_of(stream->kind, stream->transport)) != 0 &&
	       (row->needs & lacks) == 0;
}

bool figure_is_of_run(const struct figure_row *row, const struct report *report)
{
	return (row->scopes & FIGURE_RUN) && (!(row->scopes & FIGURE_PATH) || report->has_path) &&
	       (!(row->scopes & FIGURE_MESH) || report->has_mesh);
}

void figure_value(const struct report *report, const struct report_stream *stream,
		  const struct figure_row *row, struct figure_value *ret)
{
	*ret = (struct figure_value){ 0 };
	if (stream && !stream->is_measured) {
		ret->reason = stream->reason ? stream->reason : "the stream was not measured";
		return;
	}
	ret->reason = foreign_lacks(report, row->name);
	if (ret->reason)
		return;
	ret->reason = row->source.get(report, stream, &row->source, &ret->number);
	ret->is_measured = ret->reason == NULL;
	(void)row->whole_source.get(report, stream, &row->whole_source, &ret->whole);
	if (stream && row->source.get == get_latency)
		ret->is_lower_bound =
			is_lower_bound(&stream->latency[row->source.outer], ret->number);
}

static const char *scopes_text(unsigned scopes, struct buffer *text)
{
	static const struct {
		unsigned scopes;
		const char *stream;
	} streams[] = { { SLOTS, "persistent load" },
			{ ATTEMPTS, "new" },
			{ PROBES, "path" },
			{ SERVICES, "served" },
			{ PING, "ping" },
			{ MESH, "mesh" },
			{ RUN, "run" } };
	buffer_clear(text);
	for (size_t i = 0; i < array_size(streams); i++) {
		if (!(scopes & streams[i].scopes) || (streams[i].scopes == MESH && (scopes & RUN)))
			continue;
		buffer_append_text(text, text->size > 0 ? " " : "");
		buffer_append_text(text, streams[i].stream);
	}
	return buffer_text(text);
}

void figures_help(struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer streams;
	buffer_init(&streams, 256);
	buffer_append_text(
		out,
		"What --expect '[STREAM.]NAME OP VALUE' can ask for: OP is == != < <= > >=; a "
		"count with a WHOLE\nalso takes a percentage of it. Without STREAM it must hold in "
		"every stream that has it; a UDP probe\nthat nobody answers fails only figures that "
		"persistent doesn't have.\nSets: graceful, hitless.\n\n");
	buffer_append_format(out, "%-25s %-9s  %-9s  %-26s  %s\n", "NAME", "UNIT", "WHOLE",
			     "STREAMS", "WHAT");
	for (size_t i = 0; i < figure_table_size; i++) {
		const struct figure_row *row = &figure_table[i];
		buffer_append_format(out, "%-25s %-9s  %-9s  %-26s  %s\n", row->name,
				     figure_unit_name(row->unit), row->whole ? row->whole : "-",
				     scopes_text(row->scopes, &streams), row->help);
	}
}
