#include "metric/hops_fields.h"

#include "base/attributes.h"
#include "metric/report_hops.h"

#define PLACE(member)    .offset = offsetof(OWNER, member)
#define OPTIONAL(offset) ((offset) + 1)
#define IF(member)       .flag = OPTIONAL(offsetof(OWNER, member))
#define IF_COUNT(member) .nonzero = OPTIONAL(offsetof(OWNER, member))
#define REQUIRED         .is_required = true
#define LIST(items, items_count, size, max) \
	PLACE(items), .count = offsetof(OWNER, items_count), .list_size = (size), .list_max = (max)
#define OBJECT(name)      .table = (&(name))
#define TABLE(name, rows) static const struct field_table name = { rows, array_size(rows) }

/* clang-format off */
#define OWNER struct report_hop_address
static const struct field_row address_rows[] = {
	{ "address", FIELD_TEXT, PLACE(address), REQUIRED },
	{ "answers", FIELD_UNSIGNED, PLACE(answers), REQUIRED },
};
TABLE(address_table, address_rows);
#undef OWNER

#define OWNER struct report_hop
static const struct field_row hop_rows[] = {
	{ "ttl",           FIELD_UNSIGNED, PLACE(ttl), REQUIRED },
	{ "address",       FIELD_TEXT, PLACE(address) },
	{ "addresses",     FIELD_LIST, OBJECT(address_table),
	  LIST(addresses, address_count, sizeof(struct report_hop_address), HOP_ADDRESS_MAX) },
	{ "addresses_omitted", FIELD_UNSIGNED, PLACE(addresses_omitted) },
	{ "nameless",      FIELD_UNSIGNED, PLACE(nameless) },
	{ "small_sent",    FIELD_UNSIGNED, PLACE(small_sent), REQUIRED },
	{ "small_lost",    FIELD_UNSIGNED, PLACE(small_lost), REQUIRED },
	{ "small_note",    FIELD_TEXT, PLACE(small_note) },
	{ "full_sent",     FIELD_UNSIGNED, PLACE(full_sent) },
	{ "full_lost",     FIELD_UNSIGNED, PLACE(full_lost) },
	{ "full_note",     FIELD_TEXT, PLACE(full_note) },
	{ "rtt_min_ns",    FIELD_UNSIGNED, PLACE(rtt_min_ns), IF_COUNT(rtt_min_ns) },
	{ "rtt_p50_ns",    FIELD_UNSIGNED, PLACE(rtt_p50_ns), IF_COUNT(rtt_p50_ns) },
	{ "rtt_max_ns",    FIELD_UNSIGNED, PLACE(rtt_max_ns), IF_COUNT(rtt_max_ns) },
	{ "target",        FIELD_BOOLEAN, PLACE(is_target) },
	{ "stopped",       FIELD_BOOLEAN, PLACE(is_stopped) },
	{ "icmp_type",     FIELD_UNSIGNED, PLACE(icmp_type), IF(is_icmp) },
	{ "icmp_code",     FIELD_UNSIGNED, PLACE(icmp_code), IF(is_icmp) },
	{ "mpls",          FIELD_TEXT, PLACE(labels) },
	{ "too_big",       FIELD_UNSIGNED, PLACE(too_big) },
	{ "too_big_bytes", FIELD_UNSIGNED, PLACE(too_big_bytes), IF_COUNT(too_big_bytes) },
	{ "too_big_from",  FIELD_TEXT, PLACE(too_big_from) },
};
TABLE(hop_table, hop_rows);
#undef OWNER

#define OWNER struct report_hop_port
static const struct field_row port_rows[] = {
	{ "port",       FIELD_UNSIGNED, PLACE(port), REQUIRED },
	{ "hops",       FIELD_UNSIGNED, PLACE(hops) },
	{ "reached",    FIELD_BOOLEAN, PLACE(is_reached) },
	{ "small_sent", FIELD_UNSIGNED, PLACE(small_sent) },
	{ "small_lost", FIELD_UNSIGNED, PLACE(small_lost) },
	{ "full_sent",  FIELD_UNSIGNED, PLACE(full_sent) },
	{ "full_lost",  FIELD_UNSIGNED, PLACE(full_lost) },
	{ "failure",    FIELD_TEXT, PLACE(failure) },
};
TABLE(port_table, port_rows);
#undef OWNER

#define OWNER struct report_hop_path
static const struct field_row path_rows[] = {
	{ "reached",         FIELD_BOOLEAN, PLACE(is_reached), REQUIRED },
	{ "small_sent",      FIELD_UNSIGNED, PLACE(small_sent) },
	{ "small_lost",      FIELD_UNSIGNED, PLACE(small_lost) },
	{ "small_lost_from", FIELD_UNSIGNED, PLACE(small_lost_from), IF_COUNT(small_lost_from) },
	{ "full_sent",       FIELD_UNSIGNED, PLACE(full_sent) },
	{ "full_lost",       FIELD_UNSIGNED, PLACE(full_lost) },
	{ "full_lost_from",  FIELD_UNSIGNED, PLACE(full_lost_from), IF_COUNT(full_lost_from) },
	{ "hops",            FIELD_LIST, OBJECT(hop_table),
	  LIST(hops, hop_count, sizeof(struct report_hop), HOPS_TTL_MAX) },
	{ "ports",           FIELD_LIST, OBJECT(port_table),
	  LIST(ports, port_count, sizeof(struct report_hop_port), HOPS_FLOWS_MAX) },
};
TABLE(path_table, path_rows);
#undef OWNER

#define OWNER struct report_hops
static const struct field_row hops_rows[] = {
	{ "way",         FIELD_TEXT, PLACE(way), REQUIRED },
	{ "reason",      FIELD_TEXT, PLACE(reason) },
	{ "local",       FIELD_TEXT, PLACE(local) },
	{ "target",      FIELD_ENDPOINT, PLACE(target) },
	{ "rounds",      FIELD_UNSIGNED, PLACE(rounds) },
	{ "small_bytes", FIELD_UNSIGNED, PLACE(small_bytes), IF_COUNT(small_bytes) },
	{ "full_bytes",  FIELD_UNSIGNED, PLACE(full_bytes), IF_COUNT(full_bytes) },
	{ "nameless",    FIELD_BOOLEAN, PLACE(is_nameless) },
	{ "late",        FIELD_UNSIGNED, PLACE(late) },
	{ "unmatched",   FIELD_UNSIGNED, PLACE(unmatched) },
	{ "unsent",      FIELD_UNSIGNED, PLACE(unsent) },
	{ "paths",       FIELD_LIST, OBJECT(path_table),
	  LIST(paths, path_count, sizeof(struct report_hop_path), HOPS_FLOWS_MAX) },
	{ "failed",      FIELD_LIST, OBJECT(port_table),
	  LIST(failed, failed_count, sizeof(struct report_hop_port), HOPS_FLOWS_MAX) },
};
const struct field_table hops_fields = { hops_rows, array_size(hops_rows) };
#undef OWNER
/* clang-format on */
