/* The three lines of `mesh --once`. */
#include <string.h>

#include "base/attributes.h"
#include "base/date.h"
#include "base/units.h"
#include "metric/mesh_verdict.h"
#include "view/clauses.h"
#include "view/mesh_text.h"
#include "view/phrase.h"
#include "view/result_traffic.h"

/* "1,500" */
#define GROUPED(count) units_format_grouped((count), (char[UNITS_TEXT_MAX]){ "" })

/* So many findings are named in the result. */
#define NAMED_MAX 4

/* ---- line 1 ---- */

/* "SRV": how its peers were found. */
static const char *found_by(const char *mechanism)
{
	static const struct {
		const char *mechanism;
		const char *text;
	} rows[] = { { "static", "as listed" },
		     { "dns", "DNS" },
		     { "srv", "SRV" },
		     { "file", "file_sd" },
		     { "http", "http_sd" } };

	for (size_t i = 0; i < array_size(rows); i++) {
		if (strcmp(rows[i].mechanism, mechanism) == 0)
			return rows[i].text;
	}
	return mechanism;
}

/* "each 60 udp and 20 tcp probes and 3 looks at the MTU" */
static void each(const struct report_mesh *mesh, struct buffer *out)
{
	bool has_probes = mesh->udp_each > 0 || mesh->tcp_each > 0;
	char looks[PHRASE_MAX];

	if (mesh->udp_each > 0)
		buffer_append_format(out, ", each %s udp", GROUPED(mesh->udp_each));
	if (mesh->tcp_each > 0)
		buffer_append_format(out, "%s %s tcp", mesh->udp_each > 0 ? " and" : ", each",
				     GROUPED(mesh->tcp_each));
	if (has_probes)
		buffer_append_text(out, " probes");
	if (mesh->looks_each > 0)
		buffer_append_format(out, "%s %s at the MTU", has_probes ? " and" : ", each",
				     phrase_count(mesh->looks_each, "look", looks));
}

/* "mesh --once from node-04  11 peers (SRV), each 60 udp and 20 tcp probes in 10.0 s from ..." */
static void headline(const struct report *report, struct buffer *out)
{
	const struct report_mesh *mesh = &report->mesh;
	char date[DATE_TEXT_MAX], length[PHRASE_MAX], peers[PHRASE_MAX];

	buffer_append_format(out, "mesh --once from %s  %s", mesh->node ? mesh->node : "here",
			     phrase_count(mesh->listed, "peer", peers));
	if (mesh->mechanism)
		buffer_append_format(out, " (%s)", found_by(mesh->mechanism));
	if (mesh->probed < mesh->listed)
		buffer_append_format(out, ", %s of them probed", GROUPED(mesh->probed));
	each(mesh, out);
	buffer_append_format(out, " in %s from %s", phrase_duration(report->duration_ns, length),
			     date_format_ms(report->started_unix_ns, date));
}

/* ---- Result ---- */

/* "node-09 loses packets" */
static const char *deed(enum mesh_verdict verdict)
{
	switch (verdict) {
	case MESH_VERDICT_LOSS:
		return "loses packets";
	case MESH_VERDICT_BLACK_HOLE:
		return "swallows large packets";
	case MESH_VERDICT_MTU_REDUCED:
		return "takes only smaller packets, and says so";
	case MESH_VERDICT_SLOW:
		return "is slow";
	case MESH_VERDICT_SERVICE:
		return "is there, but its service fails";
	case MESH_VERDICT_REFUSED:
		return "refuses";
	case MESH_VERDICT_SILENT:
		return "is silent";
	case MESH_VERDICT_AGENT:
		return "was held up itself";
	default:
		return mesh_verdict_name(verdict);
	}
}

/* The largest packet that passes on the way to it; 0: not known. */
static uint64_t mtu_to(const struct report_mesh *mesh, const char *name)
{
	for (uint32_t i = 0; i < mesh->pair_count; i++) {
		const struct report_mesh_pair *pair = &mesh->pairs[i];
		uint64_t back = pair->mtu_reverse_bytes;
		if (strcmp(pair->name, name) == 0)
			return back == 0 || pair->mtu_bytes <= back ? pair->mtu_bytes : 0;
	}
	return 0;
}

static void tell_subject(const struct report_mesh_finding *finding, enum mesh_scope scope,
			 struct buffer *out)
{
	if (scope == MESH_SCOPE_PLACE)
		buffer_append_format(out, "the way to %s", finding->subject);
	else if (scope == MESH_SCOPE_NODE)
		buffer_append_format(out, "this node (%s)", finding->subject);
	else
		buffer_append_text(out, finding->subject);
}

/* " (MTU black hole, 3 of 4 peers, network)" */
static void tell_besides(const struct report_mesh_finding *finding, enum mesh_scope scope,
			 enum mesh_verdict verdict, struct buffer *out)
{
	bool is_wide = scope == MESH_SCOPE_PLACE || scope == MESH_SCOPE_NODE;
	bool is_blamed = finding->blame && strcmp(finding->blame, finding->verdict) != 0 &&
			 mesh_blame_find(finding->blame) != MESH_BLAME_UNDECIDED;
	size_t begin = out->size;
	struct clauses clauses;

	buffer_append_text(out, " (");
	clauses_init(&clauses, out, ", ");
	if (verdict == MESH_VERDICT_BLACK_HOLE)
		buffer_append_text(clauses_next(&clauses), "MTU black hole");
	if (is_wide)
		buffer_append_format(clauses_next(&clauses), "%s of %s peers",
				     GROUPED(finding->pairs), GROUPED(finding->of));
	if (is_blamed)
		buffer_append_text(clauses_next(&clauses), finding->blame);
	if (clauses.has_one)
		buffer_append_text(out, ")");
	else
		buffer_cut(out, begin);
}

/* "node-12 swallows packets over 1,400 B (MTU black hole, network)" */
static void tell_finding(const struct report_mesh *mesh, const struct report_mesh_finding *finding,
			 struct buffer *out)
{
	enum mesh_scope scope = mesh_scope_find(finding->scope);
	enum mesh_verdict verdict = mesh_verdict_find(finding->verdict);
	uint64_t mtu_bytes =
		verdict == MESH_VERDICT_BLACK_HOLE ? mtu_to(mesh, finding->subject) : 0;

	tell_subject(finding, scope, out);
	if (mtu_bytes > 0)
		buffer_append_format(out, " swallows packets over %s B", GROUPED(mtu_bytes));
	else
		buffer_append_format(out, " %s",
				     verdict < MESH_VERDICTS ? deed(verdict) : finding->verdict);
	tell_besides(finding, scope, verdict, out);
}

static void tell_findings(const struct report_mesh *mesh, struct buffer *out)
{
	struct clauses clauses;

	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < mesh->finding_count && i < NAMED_MAX; i++)
		tell_finding(mesh, &mesh->findings[i], clauses_next(&clauses));
	if (mesh->finding_count > NAMED_MAX)
		buffer_append_format(clauses_next(&clauses), "%s more",
				     GROUPED(mesh->finding_count - NAMED_MAX));
}

/* Peers of which nothing can be said, as this node was held up. */
static uint64_t unjudged(const struct report_mesh *mesh)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < mesh->pair_count; i++)
		count += mesh_verdict_find(mesh->pairs[i].verdict) == MESH_VERDICT_AGENT;
	return count;
}

/* "2 of 13 peers bad: node-09 loses packets (network); 10 ok" */
static void tell_trouble(const struct report_mesh *mesh, uint64_t well, struct buffer *out)
{
	bool is_agent = mesh->bad > 0 && unjudged(mesh) == mesh->bad;
	char peers[PHRASE_MAX];

	buffer_append_format(out, "%s of %s %s: ", GROUPED(mesh->bad),
			     phrase_count(mesh->probed, "peer", peers),
			     is_agent ? "can't be judged" : "bad");
	tell_findings(mesh, out);
	buffer_append_format(out, "; %s ok", GROUPED(well));
}

static void result(const struct report *report, struct buffer *out)
{
	const struct report_mesh *mesh = &report->mesh;
	uint64_t well = mesh->probed - mesh->bad - mesh->leaving;
	char peers[PHRASE_MAX];

	if (report->not_measured) {
		buffer_append_format(out, "could not measure: %s", report->not_measured);
		return;
	}
	if (report->expectation_count > 0)
		result_verdict(report, out);
	if (mesh->probed == 0) {
		buffer_append_text(out, "no peer was found");
		return;
	}
	if (mesh->bad == 0 && mesh->finding_count == 0)
		buffer_append_format(out, "all well: %s ok", phrase_count(well, "peer", peers));
	else
		tell_trouble(mesh, well, out);
	if (mesh->leaving > 0)
		buffer_append_format(out, "; %s leaving", GROUPED(mesh->leaving));
}

/* ---- Trust ---- */

/* Also where that explains no pair: what began late was late to see anything. As on the page. */
static bool is_held_up(const struct report_mesh *mesh)
{
	if (mesh->delay_p99_ns > 10 * NS_PER_MS)
		return true;
	for (uint32_t i = 0; i < mesh->finding_count; i++) {
		if (mesh_verdict_find(mesh->findings[i].verdict) == MESH_VERDICT_AGENT)
			return true;
	}
	return false;
}

static void trust_own(const struct report_mesh *mesh, struct clauses *clauses)
{
	char text[UNITS_TEXT_MAX], length[PHRASE_MAX];

	buffer_append_format(clauses_next(clauses), "own delay p99 %s ms",
			     units_format_ms(mesh->delay_p99_ns, text));
	if (mesh->throttled_ns > 0)
		buffer_append_format(clauses_next(clauses), "throttled for %s",
				     phrase_interval(mesh->throttled_ns, length));
	else
		buffer_append_text(clauses_next(clauses), "not throttled");
	if (mesh->skipped > 0)
		buffer_append_format(clauses_next(clauses), "%s probes skipped",
				     GROUPED(mesh->skipped));
}

static void trust(struct report *report, struct buffer *out)
{
	const struct report_mesh *mesh = &report->mesh;
	bool is_bad = report->not_measured || report->has_nothing_answered;
	bool is_weak = is_held_up(mesh) || mesh->skipped > 0 || report->is_interrupted;
	char share[PHRASE_MAX];
	struct clauses clauses;

	clauses_init(&clauses, out, ", ");
	if (report->is_interrupted)
		buffer_append_text(clauses_next(&clauses), "interrupted before the end");
	if (report->has_nothing_answered && mesh->probed > 0)
		buffer_append_text(clauses_next(&clauses), "nothing answered");
	if (!report->not_measured)
		trust_own(mesh, &clauses);
	if (mesh->udp_each > 0)
		buffer_append_format(out,
				     "; %s probes see a loss of %s %% 95 times in 100; less can "
				     "escape them",
				     GROUPED(mesh->udp_each),
				     phrase_number(100 * mesh->smallest_loss, 2, share));
	if (out->size == 0)
		buffer_append_text(out, "nothing was sent");
	report->generator.verdict = is_bad ? "bad" : is_weak ? "weak" : "good";
}

void mesh_sentence_build(struct report *report, struct buffer *scratch)
{
	headline(report, scratch);
	report->headline = arena_text(&report->arena, buffer_text(scratch));
	buffer_clear(scratch);
	result(report, scratch);
	report->result = arena_text(&report->arena, buffer_text(scratch));
	buffer_clear(scratch);
	trust(report, scratch);
	report->generator.evidence = arena_text(&report->arena, buffer_text(scratch));
	report->trust = arena_format(&report->arena, "%s: %s", report->generator.verdict,
				     report->generator.evidence);
}
