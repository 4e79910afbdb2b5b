/* What a response is judged by, whatever frames it: its status, the text that it has to hold, the
 * text that ends the run, and who says to have given it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/needle.h"
#include "base/outcome.h"
#include "base/slab.h"
#include "engine/http_script.h"
#include "engine/names.h"

struct http1_event;
struct script;

/* Of one speaker. */
struct http_judge {
	const struct script *script;
	struct needle expect;
	struct needle stop;
	struct slab windows; /* of bodies, where a rule needs them */
};

/* Of one response. */
struct http_hearing {
	char *window; /* the beginning of the body, where a rule needs it */
	uint32_t window_size;
	uint32_t expect_matched;
	uint32_t stop_matched;
	bool has_expected;
	char backend[NAME_BYTES]; /* "": it does not say */
};

/* -ENOMEM. */
nodiscard int http_judge_init(struct http_judge *judge, const struct script *script);
/* Harmless on one that is all zero. */
void http_judge_deinit(struct http_judge *judge);
bool http_judge_wants_fields(const struct http_judge *judge);

/* Another response comes; of one that is all zero, too. */
void http_hearing_begin(struct http_hearing *hearing);
void http_hearing_end(struct http_judge *judge, struct http_hearing *hearing);
void http_hearing_field(const struct http_judge *judge, struct http_hearing *hearing,
			const struct http1_event *field);
void http_hearing_body(struct http_judge *judge, struct http_hearing *hearing, const void *data,
		       size_t size);
/* What ends the run is among these bytes. */
bool http_hearing_has_stop(const struct http_judge *judge, struct http_hearing *hearing,
			   const void *data, size_t size);
/* All of it has come: DONE or REJECTED. */
enum outcome http_hearing_verdict(const struct http_judge *judge, struct http_hearing *hearing,
				  uint32_t status);
