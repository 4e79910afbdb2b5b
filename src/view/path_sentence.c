#include "view/path_sentence.h"

#include <string.h>

#include "base/attributes.h"
#include "base/date.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/hops_text.h"
#include "view/phrase.h"
#include "view/result_traffic.h"

/* "1,500" */
#define BYTES(count) units_format_grouped((count), (char[UNITS_TEXT_MAX]){ "" })

static bool is_echo(const struct path_direction *direction)
{
	return direction->told_by && strcmp(direction->told_by, PATH_BY_ECHO) == 0;
}

static const char *teller(const struct path_direction *direction)
{
	return direction->signal_from ? direction->signal_from : "somebody";
}

/* ---- line 1 ---- */

static void headline(const struct report *report, struct buffer *out)
{
	const struct path_result *path = &report->path;
	char local[ENDPOINT_TEXT_MAX], date[DATE_TEXT_MAX], length[PHRASE_MAX];
	buffer_append_format(out, "path %s", report->target);
	if (path->local.family)
		buffer_append_format(out, " from %s", endpoint_format(&path->local, local));
	buffer_append_text(out, "  ");
	if (path->forward.is_measured)
		buffer_append_format(
			out, "same ports on every packet, %s B and up to %s B with DF, ",
			BYTES(path->forward.small_bytes), BYTES(path->forward.full_bytes));
	buffer_append_format(out, "%s from %s", phrase_duration(report->duration_ns, length),
			     date_format_ms(report->started_unix_ns, date));
}

/* ---- line 2 ---- */

static void tell_signal(const struct path_direction *direction, struct buffer *out)
{
	if (direction->signal_bytes)
		buffer_append_format(out, "%s says so by ICMP (%s B)", teller(direction),
				     BYTES(direction->signal_bytes));
	else
		buffer_append_format(out, "%s says so by ICMP, but not how much",
				     teller(direction));
}

/* "BLACK HOLE on the way there: 1,400 B pass, 1,420 B vanish, no ICMP says so" */
static void tell_black_hole(const struct path_direction *direction, const char *way,
			    struct buffer *out)
{
	buffer_append_format(out, "BLACK HOLE %s: %s B pass, ", way, BYTES(direction->mtu_bytes));
	if (direction->failed_bytes > direction->mtu_bytes + 1)
		buffer_append_format(out, "%s B and more vanish", BYTES(direction->failed_bytes));
	else
		buffer_append_text(out, "larger ones vanish");
	if (!direction->is_signalled)
		buffer_append_text(out, ", no ICMP says so");
	else
		buffer_append_format(out, " though %s says by ICMP that %s B pass",
				     teller(direction), BYTES(direction->signal_bytes));
}

static void tell_undecided(const struct path_direction *direction, const char *way,
			   struct buffer *out)
{
	buffer_append_format(out, "undecided %s: ", way);
	if (direction->reason)
		buffer_append_text(out, direction->reason);
	else if (direction->small_answered == 0)
		buffer_append_text(out, "nothing answers over UDP");
	else
		buffer_append_text(out, "stopped before the end");
	if (direction->is_signalled && direction->signal_bytes)
		buffer_append_format(out, ", but %s says by ICMP that it takes %s B at most",
				     teller(direction), BYTES(direction->signal_bytes));
}

static void tell_direction(const struct path_direction *direction, const char *way,
			   struct buffer *out)
{
	switch (path_verdict_find(direction->verdict)) {
	case PATH_OK:
		buffer_append_format(out, "%s B pass %s", BYTES(direction->mtu_bytes), way);
		break;
	case PATH_REDUCED:
		buffer_append_format(out, "reduced %s: %s B pass, ", way,
				     BYTES(direction->mtu_bytes));
		tell_signal(direction, out);
		break;
	case PATH_BLACK_HOLE:
		tell_black_hole(direction, way, out);
		break;
	case PATH_LOSS:
		buffer_append_format(out, "LOSS %s: %s of %s small packets lost as well", way,
				     BYTES(direction->small_sent - direction->small_answered),
				     BYTES(direction->small_sent));
		break;
	default:
		tell_undecided(direction, way, out);
	}
}

static bool is_ok(const struct path_direction *direction)
{
	return direction->is_measured && path_verdict_find(direction->verdict) == PATH_OK;
}

static void tell_back(const struct path_direction *reverse, struct buffer *out)
{
	if (is_ok(reverse))
		buffer_append_format(out, "; way back %s B", BYTES(reverse->mtu_bytes));
	else if (reverse->is_measured) {
		buffer_append_text(out, "; ");
		tell_direction(reverse, "on the way back", out);
	} else if (reverse->reason) {
		buffer_append_format(out, "; way back not asked: %s", reverse->reason);
	}
}

static void result(const struct report *report, struct buffer *out)
{
	const struct path_direction *forward = &report->path.forward;
	const struct path_direction *reverse = &report->path.reverse;
	if (report->expectation_count > 0)
		result_verdict(report, out);
	if (report->not_measured) {
		buffer_append_format(out, "%s: %s",
				     report->has_nothing_answered ? "nothing answered"
								  : "could not measure",
				     report->not_measured);
	} else if (is_ok(forward) && is_ok(reverse) && forward->mtu_bytes == reverse->mtu_bytes) {
		tell_direction(forward, "both ways", out);
	} else if (is_echo(forward)) {
		tell_direction(forward, "there and back", out);
	} else {
		if (report->has_nothing_answered)
			buffer_append_text(out, "nothing answered; ");
		tell_direction(forward, "on the way there", out);
		tell_back(reverse, out);
	}
	for (uint32_t i = 0; i < report->path.hops_count; i++) {
		buffer_append_text(out, "; ");
		hops_text_sentence(&report->path.hops[i], out);
	}
}

/* ---- line 3 ---- */

/* "there 3 of 3 and back 3 of 3"; false: nothing was answered either way. */
static bool count_small(const struct path_result *path, struct buffer *out)
{
	const struct path_direction *forward = &path->forward;
	const struct path_direction *reverse = &path->reverse;
	bool has_back = reverse->is_measured && reverse->small_sent > 0;
	if (!forward->is_measured || forward->small_answered == 0)
		return false;
	buffer_append_format(out, "%s%s of %s", is_echo(forward) ? "" : "there ",
			     BYTES(forward->small_answered), BYTES(forward->small_sent));
	if (has_back)
		buffer_append_format(out, ", back %s of %s", BYTES(reverse->small_answered),
				     BYTES(reverse->small_sent));
	return true;
}

/* "small packets between the large ones all came: there 3 of 3, back 3 of 3; so it is size and not
 * loss" */
static void trust_small(const struct path_result *path, struct clauses *clauses)
{
	const struct path_direction *ways[] = { &path->forward, &path->reverse };
	cleanup(buffer_deinit) struct buffer counts;
	uint64_t lost = 0;
	bool is_narrow = false;
	buffer_init(&counts, CLAUSES_MAX);
	if (!count_small(path, &counts))
		return;
	for (size_t i = 0; i < array_size(ways); i++) {
		lost += ways[i]->small_sent - ways[i]->small_answered;
		is_narrow |= ways[i]->failed_bytes > 0;
	}
	buffer_append_format(clauses_next(clauses),
			     "small packets between the large ones %s (%s)%s",
			     lost ? "came but for a few" : "all came", buffer_text(&counts),
			     is_narrow ? ", so it is size and not loss" : "");
}

static void trust_exact(const struct path_direction *direction, struct clauses *clauses)
{
	uint64_t gap = direction->failed_bytes - direction->mtu_bytes;
	if (!direction->failed_bytes || path_direction_lacks(direction))
		return;
	if (direction->is_signalled && direction->signal_bytes == direction->mtu_bytes)
		buffer_append_text(clauses_next(clauses), "the size that ICMP named was tried");
	else if (gap > 1)
		buffer_append_format(clauses_next(clauses), "MTU to %s B (--exact: to 1 B)",
				     BYTES(gap));
	else
		buffer_append_text(clauses_next(clauses), "MTU exact to 1 B");
}

/* More was asked for than the sender's interface takes. */
static void trust_asked(const struct path_direction *direction, const char *where,
			struct clauses *clauses)
{
	if (direction->asked_bytes > direction->full_bytes)
		buffer_append_format(clauses_next(clauses),
				     "not the %s B asked for: the interface %s takes %s B",
				     BYTES(direction->asked_bytes), where,
				     BYTES(direction->full_bytes));
}

/* What a look over this way cannot tell. */
static void trust_teller(const struct path_direction *forward, struct clauses *clauses)
{
	if (is_echo(forward))
		buffer_append_text(clauses_next(clauses),
				   "an echo comes back as large as it went: both ways as one");
	else if (forward->told_by && strcmp(forward->told_by, PATH_BY_ICMP) == 0)
		buffer_append_text(clauses_next(clauses),
				   "the target answers by ICMP alone, about once a second");
}

static bool is_weak(const struct path_direction *direction)
{
	enum path_verdict verdict = path_verdict_find(direction->verdict);
	return direction->is_measured && (verdict == PATH_LOSS || verdict == PATH_UNDECIDED);
}

static void trust_weak(const struct path_direction *direction, const char *way,
		       struct clauses *clauses)
{
	if (!is_weak(direction) || direction->small_answered == 0)
		return;
	buffer_append_format(clauses_next(clauses), "of %s small packets %s %s were answered",
			     BYTES(direction->small_sent), way, BYTES(direction->small_answered));
}

static void trust(struct report *report, struct buffer *out)
{
	const struct path_direction *forward = &report->path.forward;
	const struct path_direction *reverse = &report->path.reverse;
	bool is_bad = report->has_nothing_answered || report->not_measured;
	struct clauses clauses;
	clauses_init(&clauses, out, "; ");
	trust_weak(forward, "there", &clauses);
	trust_weak(reverse, "back", &clauses);
	if (!is_weak(forward) && !is_weak(reverse))
		trust_small(&report->path, &clauses);
	trust_exact(forward->failed_bytes ? forward : reverse, &clauses);
	trust_asked(forward, "here", &clauses);
	trust_asked(reverse, "there", &clauses);
	trust_teller(forward, &clauses);
	if (report->is_interrupted)
		buffer_append_text(clauses_next(&clauses), "interrupted before the end");
	if (!clauses.has_one)
		buffer_append_text(out, "no answer tells what arrives");
	report->generator.verdict = is_bad ? "bad"
				    : is_weak(forward) || is_weak(reverse) || report->is_interrupted
					    ? "weak"
					    : "good";
}

void path_sentence_build(struct report *report, struct buffer *scratch)
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
