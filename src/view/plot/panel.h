/* The panels of a picture: each answers one question of a run over the same time. Inside plot/. */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "metric/report.h"
#include "view/plot/axis.h"
#include "view/plot/drawing.h"

/* What all panels of a page share. */
struct plot {
	const struct report *report;
	struct drawing *drawing;
	struct time_axis time;
	/* See streams.h. */
	const struct report_stream *slots;    /* NULL: not in this run */
	const struct report_stream *attempts; /* new connections */
	const struct report_stream *path;     /* measured */
	const struct report_stream *served;   /* of `serve` */
};

/* Its own place: without the room for its head, and for labels to the left and right. */
struct panel {
	struct plot *plot;
	double left;
	double top;
	double right;
	double bottom;
};

struct panel_kind {
	const char *name; /* also what `report plot` says is in a file */
	double weight;    /* of the heights */
	bool (*has_data)(const struct plot *plot);
	bool (*is_empty)(const struct plot *plot); /* nothing happened; NULL: something always */
	void (*draw)(const struct panel *panel);
};

extern const struct panel_kind panel_states;
extern const struct panel_kind panel_attempts;
extern const struct panel_kind panel_response;
extern const struct panel_kind panel_bytes; /* instead of response where nothing is answered */
extern const struct panel_kind panel_intervals;
/* Of ping. */
extern const struct panel_kind panel_phases;
extern const struct panel_kind panel_probes;
/* Of HTML alone. */
extern const struct panel_kind panel_throughput;
extern const struct panel_kind panel_round_trip;
extern const struct panel_kind panel_retransmits;

/* Bytes go one way: there are no answers to speak of. */
bool plot_is_one_way(const struct plot *plot);

#define LABEL_SIZE 11.0

/* The line above a panel: its name, what is drawn of it, what there is to see, and at the right
 * what colours mean. */
struct panel_key {
	enum ink ink;
	const char *word;
};
#define PANEL_KEYS_MAX 6
struct panel_head {
	const char *name;
	const char *unit;
	enum ink ink;                          /* of the sentence */
	struct panel_key keys[PANEL_KEYS_MAX]; /* up to the first without a word */
};
void panel_says(const struct panel *panel, const struct panel_head *head,
		const struct buffer *sentence);
/* The lines of the time axis, and the tint of what is compressed; before the data. */
void panel_ground(const struct panel *panel);
/* After them. */
void panel_frame(const struct panel *panel);
/* A label at the left edge, and a line if wanted. */
void panel_label(const struct panel *panel, double y, const char *text);
void panel_tick(const struct panel *panel, double y, const char *text);
void panel_ticks_log(const struct panel *panel, const struct log_axis *axis);
/* From `low` to `high`, bottom to top: two to five round numbers. */
void panel_ticks_even(const struct panel *panel, double low, double high);
/* A label at the right end of a line. */
void panel_name_line(const struct panel *panel, double y, enum ink ink, const char *text);

static inline double panel_x(const struct panel *panel, int64_t at_ns)
{
	return time_axis_x(&panel->plot->time, at_ns);
}

/* A value of samples, 0: none, as a line with gaps; the largest in each px. */
typedef uint64_t sample_value(const struct report_sample *sample);
void panel_line(const struct panel *panel, const struct report_stream *stream,
		const struct log_axis *axis, enum ink ink, sample_value *value_of);
/* Response p50 and p99. */
void panel_quantiles(const struct panel *panel, const struct report_stream *stream,
		     const struct log_axis *axis);
/* Around what panel_quantiles() draws. */
void panel_quantile_range(const struct report_stream *stream, struct log_axis *ret);
/* "07:11:25.3" */
const char *panel_time(const struct plot *plot, int64_t at_ns, char text[TIME_TEXT_MAX]);
