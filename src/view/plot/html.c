/* The page: the picture with all panels, the tables behind it. See plot.h. */
#include "base/xml.h"
#include "view/plot/html_parts.h"
#include "view/plot/picture.h"
#include "view/plot/plot.h"
#include "view/plot/svg.h"

static void write_paragraph(struct buffer *out, const char *class, const char *text)
{
	buffer_append_format(out, "<p class=\"%s\">", class);
	xml_append(out, text);
	buffer_append_text(out, "</p>\n");
}

/* Nothing is fetched, whatever names a report holds. */
static void write_head(const struct report *report, struct buffer *out)
{
	buffer_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
				"<meta charset=\"utf-8\">\n"
				"<meta http-equiv=\"Content-Security-Policy\" "
				"content=\"default-src 'none'; style-src 'unsafe-inline'; "
				"script-src 'unsafe-inline'\">\n"
				"<meta name=\"viewport\" content=\"width=device-width\">\n"
				"<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	xml_append(out, report->result);
	buffer_append_text(out, "</title>\n<style>\n");
	svg_write_style(out);
	buffer_append_text(out, html_style);
	buffer_append_text(out, "</style>\n</head>\n<body>\n<h1>");
	xml_append(out, report->result);
	buffer_append_text(out, "</h1>\n");
	write_paragraph(out, "line", report->headline);
	buffer_append_text(out, "<p class=\"line\">Trust: ");
	xml_append(out, report->trust);
	buffer_append_text(out, "</p>\n");
}

static void write_picture(const struct report *report, struct buffer *out)
{
	cleanup(drawing_deinit) struct drawing drawing;
	picture_draw_all(report, &drawing);
	buffer_append_text(out, "<figure id=\"picture\">\n");
	svg_write_inline(&drawing, report->result, out);
	buffer_append_text(out, "<div id=\"cursor\"></div><div id=\"values\"></div>\n</figure>\n");
}

void plot_write_html(const struct report *report, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer origin;
	buffer_init(&origin, 4096);
	picture_origin(report, &origin);
	write_head(report, out);
	write_picture(report, out);
	html_write_tables(report, out);
	write_paragraph(out, "origin", buffer_text(&origin));
	html_write_values(report, out);
	buffer_append_text(out, "<script>\n");
	buffer_append_text(out, html_script);
	buffer_append_text(out, "</script>\n</body>\n</html>\n");
}
