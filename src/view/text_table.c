/* See text_table.h. */
#include "view/text_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define CELLS_MAX (1 << 20)
#define CELL_MAX  512
#define GAP       2

static const char plus_minus[] = "±";

/* Nothing in it means anything, neither to Markdown nor to GitHub, where @ calls people and #
 * names issues. */
static void append_markdown(struct buffer *out, const char *text)
{
	for (size_t length; *text; text += length > 0 ? length : 1) {
		length = utf8_length(text);
		bool is_control = (unsigned char)*text < 0x20 || *text == 0x7f;
		if (length == 0 || is_control)
			buffer_append_text(out, length == 0 ? UTF8_REPLACEMENT : "?");
		else if (*text == '&')
			buffer_append_text(out, "&amp;");
		else if (strchr("@#", *text))
			buffer_append_format(out, "%c&#8203;", *text);
		else if (strchr("\\`*_[]<>|~$", *text))
			buffer_append_format(out, "\\%c", *text);
		else
			buffer_append(out, text, length);
	}
}

void text_append(struct buffer *out, const struct text_style *style, const char *text)
{
	if (style->is_markdown) {
		append_markdown(out, text);
		return;
	}
	while (*text) {
		size_t plain = strcspn(text, "\xc2");
		bool is_sign = strncmp(text, plus_minus, strlen(plus_minus)) == 0;
		if (is_sign && !style->is_utf8) {
			buffer_append_text(out, "+-");
		} else if (is_sign) {
			buffer_append_text(out, plus_minus);
		} else {
			plain = plain > 0 ? plain : 1;
			for (size_t i = 0; i < plain; i++) {
				unsigned char byte = (unsigned char)text[i];
				bool is_control = byte < 0x20 || byte == 0x7f;
				buffer_append(out, is_control ? "?" : text + i, 1);
			}
		}
		text += is_sign ? strlen(plus_minus) : plain;
	}
}

/* Characters, taking each code point as one. */
static unsigned text_width(const char *text)
{
	unsigned width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

void text_table_init(struct text_table *table, const struct text_style *style)
{
	*table = (struct text_table){ .style = style };
	buffer_init(&table->cells, CELLS_MAX);
}

void text_table_deinit(struct text_table *table)
{
	buffer_deinit(&table->cells);
}

static void append_cell(struct text_table *table, const char *text)
{
	unsigned column = (unsigned)(table->cell_count % table->columns);
	size_t begin = table->cells.size;
	text_append(&table->cells, table->style, text);
	unsigned width = begin < table->cells.size ? text_width(table->cells.data + begin) : 0;
	buffer_append(&table->cells, "", 1);
	if (width > table->width[column])
		table->width[column] = width;
	table->cell_count++;
}

void text_table_column(struct text_table *table, const char *head, enum text_align align,
		       unsigned width_min)
{
	assert(table->columns < TEXT_COLUMNS_MAX && table->cell_count == table->columns);
	unsigned column = table->columns++;
	table->align[column] = align;
	table->width[column] = width_min;
	append_cell(table, head);
}

void text_table_cell(struct text_table *table, const char *format, ...)
{
	char text[CELL_MAX];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	append_cell(table, text);
}

static void write_row(const struct text_table *table, const char **cell, struct buffer *out)
{
	unsigned owed = 0; /* blanks that come before the next text */
	for (unsigned column = 0; column < table->columns; column++) {
		const char *text = *cell;
		unsigned width = text_width(text);
		unsigned padding = table->width[column] - width;
		bool is_right = table->align[column] == TEXT_RIGHT;
		if (width > 0) {
			buffer_append_repeated(out, ' ', owed + (is_right ? padding : 0));
			buffer_append_text(out, text);
			owed = is_right ? 0 : padding;
		} else {
			owed += padding;
		}
		owed += GAP;
		*cell = text + strlen(text) + 1;
	}
	buffer_append_text(out, "\n");
}

/* Columns without any text are left out. */
static void write_markdown_row(const struct text_table *table, const char **cell,
			       struct buffer *out)
{
	for (unsigned column = 0; column < table->columns; column++) {
		if (table->width[column] > 0)
			buffer_append_format(out, "| %s ", *cell);
		*cell += strlen(*cell) + 1;
	}
	buffer_append_text(out, "|\n");
}

static void write_markdown_rule(const struct text_table *table, struct buffer *out)
{
	for (unsigned column = 0; column < table->columns; column++) {
		bool is_right = table->align[column] == TEXT_RIGHT;
		if (table->width[column] > 0)
			buffer_append_text(out, is_right ? "| ---: " : "| --- ");
	}
	buffer_append_text(out, "|\n");
}

/* The empty line ends a table. */
static void write_markdown(const struct text_table *table, struct buffer *out)
{
	const char *cell = table->cells.data;
	write_markdown_row(table, &cell, out);
	write_markdown_rule(table, out);
	for (uint64_t row = 1; row < table->cell_count / table->columns; row++)
		write_markdown_row(table, &cell, out);
	buffer_append_text(out, "\n");
}

void text_table_write(const struct text_table *table, struct buffer *out)
{
	assert(table->columns > 0 && table->cell_count % table->columns == 0);
	if (table->cells.error) {
		out->error = table->cells.error;
		return;
	}
	if (table->style->is_markdown) {
		write_markdown(table, out);
		return;
	}
	const char *cell = table->cells.data;
	for (uint64_t row = 0; row < table->cell_count / table->columns; row++)
		write_row(table, &cell, out);
}
