/* A table for people: CAPS heads, no rules, two blanks between columns, each as wide as its widest
 * cell. Cells are filled row by row. Text that came over the wire is made harmless. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "view/text.h"

#define TEXT_COLUMNS_MAX 16

enum text_align { TEXT_LEFT, TEXT_RIGHT };

struct text_table {
	const struct text_style *style;
	struct buffer cells; /* heads, then rows; each cell ends with a NUL */
	unsigned columns;
	uint64_t cell_count;
	enum text_align align[TEXT_COLUMNS_MAX];
	unsigned width[TEXT_COLUMNS_MAX];
};

void text_table_init(struct text_table *table, const struct text_style *style);
void text_table_deinit(struct text_table *table);
/* All columns come before the first cell. */
void text_table_column(struct text_table *table, const char *head, enum text_align align,
		       unsigned width_min);
void text_table_cell(struct text_table *table, const char *format, ...) printf_like(2, 3);
void text_table_write(const struct text_table *table, struct buffer *out);

/* Appends `text` as the style wants it: "±" or "+-", '?' for control characters, no markup. */
void text_append(struct buffer *out, const struct text_style *style, const char *text);
