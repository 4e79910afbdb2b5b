/* See junit.h. The attributes are those that Jenkins' schema and GitLab read. */
#include "view/junit.h"

#include "base/attributes.h"
#include "base/date.h"
#include "base/units.h"
#include "base/xml.h"
#include "view/clauses.h"
#include "view/text_parts.h"

static void attribute(struct buffer *out, const char *name, const char *value)
{
	buffer_append_format(out, " %s=\"", name);
	xml_append(out, value);
	buffer_append_text(out, "\"");
}

static uint32_t failures(const struct report *report)
{
	uint32_t count = report->has_nothing_answered;
	for (uint32_t i = 0; i < report->expectation_count; i++)
		count += !report->expectations[i].is_held;
	return count;
}

static double seconds(const struct report *report)
{
	return (double)report->duration_ns / NS_PER_S;
}

static void counts(const struct report *report, struct buffer *out)
{
	buffer_append_format(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" time=\"%.3f\"",
			     report->expectation_count + 1, failures(report), seconds(report));
}

static void case_open(const struct report *report, const char *name, struct buffer *out)
{
	buffer_append_text(out, "    <testcase classname=\"conntest.");
	xml_append(out, report->command);
	buffer_append_text(out, "\"");
	attribute(out, "name", name);
}

static void failure(const char *type, const char *message, struct buffer *out)
{
	buffer_append_text(out, "      <failure");
	attribute(out, "type", type);
	attribute(out, "message", message);
	buffer_append_text(out, "/>\n");
}

static void case_of_run(const struct report *report, struct buffer *out)
{
	const char *const lines[][2] = {
		{ "", report->headline },
		{ "Result:  ", report->result },
		{ "Trust:   ", report->trust },
	};
	case_open(report, report->target, out);
	buffer_append_format(out, " time=\"%.3f\">\n", seconds(report));
	if (report->has_nothing_answered)
		failure("nothing answered", report->result, out);
	buffer_append_text(out, "      <system-out>");
	for (size_t i = 0; i < array_size(lines); i++) {
		buffer_append_text(out, lines[i][0]);
		xml_append(out, lines[i][1]);
		buffer_append_text(out, "\n");
	}
	buffer_append_text(out, "</system-out>\n    </testcase>\n");
}

static void case_of_expectation(const struct report *report,
				const struct report_expectation *expectation, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer sentence;
	buffer_init(&sentence, CLAUSES_MAX);
	case_open(report, expectation->text, out);
	if (expectation->is_held) {
		buffer_append_text(out, "/>\n");
		return;
	}
	buffer_append_text(out, ">\n");
	text_expectation_sentence(report, expectation, &sentence);
	failure(expectation->is_measured ? "not held" : "not measured", buffer_text(&sentence),
		out);
	buffer_append_text(out, "    </testcase>\n");
}

void junit_write(const struct report *report, struct buffer *out)
{
	char date[DATE_TEXT_MAX];
	buffer_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	attribute(out, "name", "conntest");
	counts(report, out);
	buffer_append_text(out, ">\n  <testsuite");
	attribute(out, "name", "conntest");
	counts(report, out);
	/* Its schema wants no zone and no fraction. */
	buffer_append_format(out, " skipped=\"0\" timestamp=\"%.19s\"",
			     date_format_ms(report->started_unix_ns, date));
	attribute(out, "hostname", report->host_name);
	buffer_append_text(out, ">\n");
	case_of_run(report, out);
	for (uint32_t i = 0; i < report->expectation_count; i++)
		case_of_expectation(report, &report->expectations[i], out);
	buffer_append_text(out, "  </testsuite>\n</testsuites>\n");
}
