#include "metric/mesh_fields.h"

#include "base/attributes.h"
#include "metric/report_mesh.h"

#define PLACE(member)     .offset = offsetof(OWNER, member)
#define OPTIONAL(offset)  ((offset) + 1)
#define IF_COUNT(member)  .nonzero = OPTIONAL(offsetof(OWNER, member))
#define REQUIRED          .is_required = true
#define TABLE(name, rows) static const struct field_table name = { rows, array_size(rows) }

/* clang-format off */
#define OWNER struct report_mesh_pair
static const struct field_row pair_rows[] = {
	{ "name",              FIELD_TEXT, PLACE(name), REQUIRED },
	{ "location",          FIELD_TEXT, PLACE(location) },
	{ "address",           FIELD_TEXT, PLACE(address), REQUIRED },
	{ "life",              FIELD_TEXT, PLACE(life), REQUIRED },
	{ "verdict",           FIELD_TEXT, PLACE(verdict), REQUIRED },
	{ "blame",             FIELD_TEXT, PLACE(blame) },
	{ "why",               FIELD_TEXT, PLACE(why) },
	{ "udp_sent",          FIELD_UNSIGNED, PLACE(udp_sent) },
	{ "udp_lost",          FIELD_UNSIGNED, PLACE(udp_lost) },
	{ "tcp_sent",          FIELD_UNSIGNED, PLACE(tcp_sent) },
	{ "tcp_lost",          FIELD_UNSIGNED, PLACE(tcp_lost) },
	{ "look_sent",         FIELD_UNSIGNED, PLACE(look_sent) },
	{ "look_lost",         FIELD_UNSIGNED, PLACE(look_lost) },
	{ "retransmits",       FIELD_UNSIGNED, PLACE(retransmits) },
	{ "rtt_p50_ns",        FIELD_UNSIGNED, PLACE(rtt_p50_ns), IF_COUNT(rtt_p50_ns) },
	{ "rtt_max_ns",        FIELD_UNSIGNED, PLACE(rtt_max_ns), IF_COUNT(rtt_max_ns) },
	{ "mtu_bytes",         FIELD_UNSIGNED, PLACE(mtu_bytes), IF_COUNT(mtu_bytes) },
	{ "mtu_reverse_bytes", FIELD_UNSIGNED, PLACE(mtu_reverse_bytes), IF_COUNT(mtu_reverse_bytes) },
	{ "mtu_looks",         FIELD_UNSIGNED, PLACE(mtu_looks) },
};
TABLE(pair_table, pair_rows);
#undef OWNER

#define OWNER struct report_mesh_finding
static const struct field_row finding_rows[] = {
	{ "scope",     FIELD_TEXT, PLACE(scope), REQUIRED },
	{ "subject",   FIELD_TEXT, PLACE(subject), REQUIRED },
	{ "verdict",   FIELD_TEXT, PLACE(verdict), REQUIRED },
	{ "blame",     FIELD_TEXT, PLACE(blame) },
	{ "evidence",  FIELD_TEXT, PLACE(evidence) },
	{ "besides",   FIELD_TEXT, PLACE(besides) },
	{ "pairs",     FIELD_UNSIGNED, PLACE(pairs) },
	{ "of",        FIELD_UNSIGNED, PLACE(of) },
	{ "witnesses", FIELD_UNSIGNED, PLACE(witnesses) },
};
TABLE(finding_table, finding_rows);
#undef OWNER

#define OWNER struct report_mesh
static const struct field_row mesh_rows[] = {
	{ "node",          FIELD_TEXT, PLACE(node), REQUIRED },
	{ "location",      FIELD_TEXT, PLACE(location) },
	{ "mechanism",     FIELD_TEXT, PLACE(mechanism) },
	{ "listed",        FIELD_UNSIGNED, PLACE(listed) },
	{ "probed",        FIELD_UNSIGNED, PLACE(probed) },
	{ "bad",           FIELD_UNSIGNED, PLACE(bad) },
	{ "black_holes",   FIELD_UNSIGNED, PLACE(black_holes) },
	{ "silent",        FIELD_UNSIGNED, PLACE(silent) },
	{ "leaving",       FIELD_UNSIGNED, PLACE(leaving) },
	{ "udp_each",      FIELD_UNSIGNED, PLACE(udp_each) },
	{ "tcp_each",      FIELD_UNSIGNED, PLACE(tcp_each) },
	{ "looks_each",    FIELD_UNSIGNED, PLACE(looks_each) },
	{ "smallest_loss", FIELD_REAL, PLACE(smallest_loss) },
	{ "delay_p99_ns",  FIELD_UNSIGNED, PLACE(delay_p99_ns) },
	{ "throttled_ns",  FIELD_UNSIGNED, PLACE(throttled_ns) },
	{ "skipped",       FIELD_UNSIGNED, PLACE(skipped) },
	{ "findings",      FIELD_LIST, .table = &finding_table, PLACE(findings),
	  .count = offsetof(OWNER, finding_count), .list_size = sizeof(struct report_mesh_finding),
	  .list_max = REPORT_MESH_FINDINGS_MAX },
	{ "pairs",         FIELD_LIST, .table = &pair_table, PLACE(pairs),
	  .count = offsetof(OWNER, pair_count), .list_size = sizeof(struct report_mesh_pair),
	  .list_max = REPORT_MESH_PAIRS_MAX },
	{ "pairs_omitted", FIELD_UNSIGNED, PLACE(pairs_omitted) },
};
const struct field_table report_mesh_fields = { mesh_rows, array_size(mesh_rows) };
#undef OWNER
/* clang-format on */
