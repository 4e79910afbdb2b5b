/* The parts of the page; inside mesh_page*.c. */
#pragma once

#include "base/endpoint.h"
#include "view/mesh_page.h"
#include "view/plot/ink.h"

/* How a verdict looks: never by its colour alone. */
struct mesh_page_look {
	const char *class;
	const char *letter;
	enum ink ink;
};
extern const struct mesh_page_look mesh_page_looks[MESH_VERDICTS];

/* This node's way to one peer. */
struct mesh_page_line {
	const struct mesh_pair *pair;
	const struct mesh_peer *peer;     /* NULL: it is not listed any more */
	const struct mesh_judged *judged; /* NULL: not yet */
	const char *name;
	const char *location;
	char address[ENDPOINT_TEXT_MAX]; /* where it has no name */
};

struct mesh_page {
	struct buffer *out;
	struct mesh_page_style style; /* `peer` is not NULL */
	const struct mesh_state *state;
	struct mesh_page_line *lines; /* the worst first */
	uint32_t count;
	uint32_t verdicts[MESH_VERDICTS]; /* of these */
};

/* ---- mesh_page_assets.c: what is not data */
void mesh_page_write_style(struct buffer *out);
extern const char mesh_page_script[];

/* ---- mesh_page_words.c */
enum mesh_verdict mesh_page_verdict(const struct mesh_page_line *line);
/* The verdict's letter in its colour, with its name for those who hear the page. */
void mesh_page_write_mark(struct buffer *out, enum mesh_verdict verdict);
/* href="...", of a page in this style. */
void mesh_page_write_link(struct buffer *out, const struct mesh_page_style *style);
/* <a>NAME</a> to the same page about this peer. */
void mesh_page_write_peer(const struct mesh_page *page, const char *name);
/* "07:40:00", with the day where it is not that of the page. */
void mesh_page_write_time(const struct mesh_page *page, int64_t unix_ns);
void mesh_page_write_clock(struct buffer *out, int64_t unix_ns); /* "07:40:00" */
int64_t mesh_page_unix(const struct mesh_state *state, uint64_t ns);
/* "3 min 20 s": two units. */
const char *mesh_page_span(uint64_t ns, char text[48]);
/* The probe by which a pair's loss and time are told: the first that had a word in the window. */
enum mesh_probe mesh_page_probe(const struct mesh_window *window);
/* "1,400", "-" */
void mesh_page_write_bytes(struct buffer *out, uint64_t bytes);
void mesh_page_write_ms(struct buffer *out, uint64_t ns); /* "0.31", "-" for 0 */

/* ---- the sections */
/* For the browser's tab: how many are bad, and who says so; the same as a sign. */
void mesh_page_write_title(const struct mesh_page *page);
void mesh_page_write_icon(const struct mesh_page *page);
void mesh_page_write_top(const struct mesh_page *page);
void mesh_page_write_findings(const struct mesh_page *page);
/* The newest; of this subject alone where it is not NULL. */
void mesh_page_write_events(const struct mesh_page *page, const char *subject);
void mesh_page_write_sources(const struct mesh_page *page);
void mesh_page_write_list(const struct mesh_page *page);
void mesh_page_write_matrix(const struct mesh_page *page);
/* Of the line, or of what is known where there is none. */
void mesh_page_write_pair(const struct mesh_page *page);

/* ---- mesh_page_history.c */
/* Loss as bars, time as a line, verdicts as a strip below. */
void mesh_page_write_spark(struct buffer *out, const struct mesh_judged *judged);
void mesh_page_write_history(const struct mesh_page *page, const struct mesh_judged *judged);
