/* The JSON of a report as data: tables of fields that the writer and the reader both walk, so
 * that what one writes the other reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_UNSIGNED,   /* uint64_t */
	FIELD_UNSIGNED32, /* uint32_t */
	FIELD_MOMENT,     /* int64_t ns, INT64_MIN is null */
	FIELD_REAL,       /* double */
	FIELD_BOOLEAN,    /* bool */
	FIELD_LOOP,       /* bool: "open" or "closed" */
	FIELD_TEXT,       /* const char *, NULL is null */
	FIELD_DATE,       /* int64_t unix ns, as RFC 3339 with ms */
	FIELD_OUTCOME,    /* enum outcome, by name */
	FIELD_PHASE,      /* enum phase, by name */
	FIELD_ENDPOINT,   /* struct endpoint */
	FIELD_CONSTANT,   /* not in the struct: `constant`; the reader passes over it */
	FIELD_SETTINGS,   /* struct report_setting *, as an object */
	FIELD_FIGURES,    /* computed; the reader passes over it */
	FIELD_OBJECT,     /* the struct at `offset`, by `table` */
	FIELD_LIST,       /* structs by `table` */
	FIELD_NAMED,      /* the same as an object: their first member is the name, NULL is "" */
};

struct field_table;

/* Offsets count from the struct of the table. Optional ones are 1 more, so that 0 means none. */
struct field_row {
	const char *key;
	enum field_type type;
	bool is_required; /* for the reader: missing or null is an error */
	bool is_left_out; /* not written at all, rather than as null, where it doesn't apply */
	size_t offset;
	size_t flag;    /* of a bool: null where false; the reader sets it where there is a value */
	size_t nonzero; /* of eight bytes: null where they are zero */
	const char *constant;
	const struct field_table *table;
	size_t count;      /* LIST, NAMED, SETTINGS: offset of the uint32_t */
	size_t list_size;  /* LIST, NAMED: bytes of an item */
	uint32_t list_max; /* LIST, NAMED, SETTINGS */
	bool is_inline;    /* LIST: the items are in the struct, not behind a pointer */
};

struct field_table {
	const struct field_row *rows;
	size_t count;
};

extern const struct field_table report_fields;
/* Parts of it: struct report_sample, struct report_connection, struct report_probe. */
extern const struct field_table report_sample_fields;
extern const struct field_table report_connection_fields;
extern const struct field_table report_probe_fields;

/* Does the field have a value in this object? Else it is null, or left out. */
bool field_applies(const struct field_row *row, const void *object);

static inline void *field_at(void *object, size_t offset)
{
	return (char *)object + offset;
}

static inline const void *field_at_const(const void *object, size_t offset)
{
	return (const char *)object + offset;
}
