#include "metric/path_fields.h"

#include "base/attributes.h"
#include "metric/hops_fields.h"
#include "metric/path_result.h"
#include "metric/report_hops.h"

#define PLACE(member)     .offset = offsetof(OWNER, member)
#define OPTIONAL(offset)  ((offset) + 1)
#define IF(member)        .flag = OPTIONAL(offsetof(OWNER, member))
#define IF_COUNT(member)  .nonzero = OPTIONAL(offsetof(OWNER, member))
#define REQUIRED          .is_required = true
#define TABLE(name, rows) static const struct field_table name = { rows, array_size(rows) }

/* clang-format off */
#define OWNER struct path_direction
static const struct field_row direction_rows[] = {
	{ "measured",        FIELD_BOOLEAN, PLACE(is_measured), REQUIRED },
	{ "reason",          FIELD_TEXT, PLACE(reason) },
	{ "verdict",         FIELD_TEXT, PLACE(verdict) },
	{ "told_by",         FIELD_TEXT, PLACE(told_by) },
	{ "mtu_bytes",       FIELD_UNSIGNED, PLACE(mtu_bytes), IF_COUNT(mtu_bytes) },
	{ "failed_bytes",    FIELD_UNSIGNED, PLACE(failed_bytes), IF_COUNT(failed_bytes) },
	{ "full_bytes",      FIELD_UNSIGNED, PLACE(full_bytes), IF_COUNT(full_bytes) },
	{ "asked_bytes",     FIELD_UNSIGNED, PLACE(asked_bytes), IF_COUNT(asked_bytes) },
	{ "interface_bytes", FIELD_UNSIGNED, PLACE(interface_bytes), IF_COUNT(interface_bytes) },
	{ "route_bytes",     FIELD_UNSIGNED, PLACE(route_bytes), IF_COUNT(route_bytes) },
	{ "step_bytes",      FIELD_UNSIGNED, PLACE(step_bytes), IF_COUNT(step_bytes) },
	{ "small_bytes",     FIELD_UNSIGNED, PLACE(small_bytes), IF_COUNT(small_bytes) },
	{ "small_sent",      FIELD_UNSIGNED, PLACE(small_sent) },
	{ "small_answered",  FIELD_UNSIGNED, PLACE(small_answered) },
	{ "large_sent",      FIELD_UNSIGNED, PLACE(large_sent) },
	{ "large_answered",  FIELD_UNSIGNED, PLACE(large_answered) },
	{ "rtt_min_ns",      FIELD_UNSIGNED, PLACE(rtt_min_ns), IF_COUNT(rtt_min_ns) },
	{ "rtt_max_ns",      FIELD_UNSIGNED, PLACE(rtt_max_ns), IF_COUNT(rtt_max_ns) },
	{ "signalled",       FIELD_BOOLEAN, PLACE(is_signalled) },
	{ "signal_from",     FIELD_TEXT, PLACE(signal_from) },
	{ "signal_bytes",    FIELD_UNSIGNED, PLACE(signal_bytes), IF_COUNT(signal_bytes) },
};
TABLE(direction_table, direction_rows);
#undef OWNER

#define OWNER struct path_tcp
static const struct field_row tcp_rows[] = {
	{ "measured",             FIELD_BOOLEAN, PLACE(is_measured), REQUIRED },
	{ "reason",               FIELD_TEXT, PLACE(reason) },
	{ "mss_first_bytes",      FIELD_UNSIGNED, PLACE(mss_first_bytes) },
	{ "mss_bytes",            FIELD_UNSIGNED, PLACE(mss_bytes) },
	{ "path_mtu_first_bytes", FIELD_UNSIGNED, PLACE(path_mtu_first_bytes) },
	{ "path_mtu_bytes",       FIELD_UNSIGNED, PLACE(path_mtu_bytes) },
	{ "header_bytes",         FIELD_UNSIGNED, PLACE(header_bytes) },
	{ "sent_bytes",           FIELD_UNSIGNED, PLACE(sent_bytes) },
	{ "acked_bytes",          FIELD_UNSIGNED, PLACE(acked_bytes) },
	{ "received_bytes",       FIELD_UNSIGNED, PLACE(received_bytes) },
	{ "retransmits",          FIELD_UNSIGNED, PLACE(retransmits) },
	{ "mtu_probing",          FIELD_UNSIGNED, PLACE(mtu_probing) },
	{ "duration_ns",          FIELD_UNSIGNED, PLACE(duration_ns) },
	{ "silent_ns",            FIELD_UNSIGNED, PLACE(silent_ns) },
	{ "echoed",               FIELD_BOOLEAN, PLACE(is_echoed) },
	{ "ended",                FIELD_TEXT, PLACE(ended) },
};
TABLE(tcp_table, tcp_rows);
#undef OWNER

#define OWNER struct path_result
static const struct field_row path_rows[] = {
	{ "local",           FIELD_ENDPOINT, PLACE(local) },
	{ "remote",          FIELD_ENDPOINT, PLACE(remote) },
	{ "name",            FIELD_TEXT, PLACE(name) },
	{ "interface_bytes", FIELD_UNSIGNED, PLACE(interface_bytes), IF_COUNT(interface_bytes) },
	{ "forward",         FIELD_OBJECT, .table = &direction_table, PLACE(forward), REQUIRED },
	{ "reverse",         FIELD_OBJECT, .table = &direction_table, PLACE(reverse), REQUIRED },
	{ "tcp",             FIELD_OBJECT, .table = &tcp_table, PLACE(tcp), REQUIRED },
	{ "hops",            FIELD_LIST, .table = &hops_fields, PLACE(hops),
	  .count = offsetof(OWNER, hops_count), .list_size = sizeof(struct report_hops),
	  .list_max = HOPS_WAYS },
};
const struct field_table path_result_fields = { path_rows, array_size(path_rows) };
#undef OWNER
/* clang-format on */
