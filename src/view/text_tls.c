/* What was agreed on over TLS, in a line. See text_parts.h. */
#include "base/attributes.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/text_parts.h"

#define LINE_MAX_BYTES 4096

/* "TLSv1.3, TLS_AES_256_GCM_SHA384, http/1.1" */
static void append_agreement(const struct report_tls *tls, struct buffer *out)
{
	struct clauses clauses;

	clauses_init(&clauses, out, ", ");
	if (tls->version == NULL) {
		buffer_append_text(clauses_next(&clauses), "no handshake was done");
		return;
	}
	buffer_append_text(clauses_next(&clauses), tls->version);
	if (tls->cipher != NULL)
		buffer_append_text(clauses_next(&clauses), tls->cipher);
	if (tls->protocol != NULL)
		buffer_append_text(clauses_next(&clauses), tls->protocol);
	if (!tls->is_verified)
		buffer_append_text(clauses_next(&clauses), "not verified (-k)");
}

/* "; 20 handshakes, 5 resumed, 1 cut short" */
static void append_counts(const struct report_tls *tls, struct buffer *out)
{
	char count[PHRASE_MAX];

	if (tls->handshakes == 0)
		return;
	buffer_append_format(out, "; %s", phrase_count(tls->handshakes, "handshake", count));
	if (tls->resumed > 0)
		buffer_append_format(out, ", %s resumed",
				     units_format_grouped(tls->resumed, count));
	if (tls->cut_short > 0)
		buffer_append_format(out, ", %s ended without a TLS goodbye",
				     units_format_grouped(tls->cut_short, count));
}

void text_tls(const struct report *report, const struct text_style *style, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer line;

	buffer_init(&line, LINE_MAX_BYTES);
	if (!report->has_tls)
		return;
	append_agreement(&report->tls, &line);
	append_counts(&report->tls, &line);
	/* Where nothing answered the result says it. */
	if (report->tls.complaint != NULL && !report->has_nothing_answered)
		buffer_append_format(&line, "; the first that failed: %s", report->tls.complaint);
	text_append_line(out, style, "TLS:     ", buffer_text(&line));
}
