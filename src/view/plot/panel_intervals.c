/* Interruptions and stalls: a line a client, grouped by backend, worst group first; then what was
 * out of the path and of new connections. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/plot/panel.h"

#define LINE_MAX    9.0 /* px a client */
#define LENGTH_MIN  2.0
#define GROUP_GAP   5.0
#define GROUPS_MAX  8 /* beyond: all in the last one */
#define GROUPS_TOLD 3

/* What became of a group's clients, by kind. */
struct told {
	uint64_t slots; /* different ones */
	uint64_t min_ns;
	uint64_t max_ns;
	bool has_open;
};
enum told_kind { TOLD_INTERRUPTIONS, TOLD_STALLS, TOLD_COUNT };

/* Whose intervals these are. */
struct source {
	const char *name; /* NULL: each interval's backend */
	const char *noun; /* of what there is a line */
	const char *word; /* what became of it */
	uint64_t resolution_ns;
	enum told_kind kind;
};

struct group {
	const char *name; /* NULL: of no known backend */
	const struct source *source;
	uint64_t rows; /* different slots in it */
	struct told told[TOLD_COUNT];
};

/* An interval in its place: the row of its client within its group. */
struct entry {
	const struct report_interval *interval;
	const struct source *source;
	unsigned group;
	uint32_t row;
};

enum { FROM_SLOTS, FROM_STALLS, FROM_NEW, FROM_PATH, FROM_COUNT };

struct field {
	struct source sources[FROM_COUNT];
	struct entry *entries;
	size_t count;
	struct group groups[GROUPS_MAX];
	unsigned group_count;
	uint64_t rows; /* of all groups */
};

static bool has_intervals(const struct report_stream *stream)
{
	return stream && (stream->interruptions.is_measured || stream->outages.is_measured);
}

static bool has_data(const struct plot *plot)
{
	return has_intervals(plot->slots) || has_intervals(plot->path);
}

/* ---- who belongs where ---- */

static const char *noun_of(const struct plot *plot)
{
	bool is_datagram = !plot->slots || strcmp(plot->slots->transport, "udp") == 0;
	return is_datagram ? "flow" : "client";
}

static void add_list(struct field *field, const struct report_intervals *intervals,
		     struct source *source)
{
	source->resolution_ns = intervals->resolution_ns;
	for (uint32_t i = 0; i < intervals->list_count; i++)
		field->entries[field->count++] =
			(struct entry){ .interval = &intervals->list[i], .source = source };
}

static size_t list_count(const struct report_stream *stream)
{
	return stream ? (size_t)stream->interruptions.list_count + stream->stalls.list_count +
				stream->outages.list_count
		      : 0;
}

static bool is_empty(const struct plot *plot)
{
	return list_count(plot->slots) + list_count(plot->path) + list_count(plot->attempts) == 0;
}

static void collect(const struct plot *plot, struct field *field)
{
	size_t most = list_count(plot->slots) + list_count(plot->path) + list_count(plot->attempts);
	field->entries = calloc(most + 1, sizeof(*field->entries));
	if (!field->entries)
		abort();
	field->sources[FROM_SLOTS] =
		(struct source){ NULL, noun_of(plot), "interrupted", 0, TOLD_INTERRUPTIONS };
	field->sources[FROM_STALLS] =
		(struct source){ NULL, noun_of(plot), "stalled", 0, TOLD_STALLS };
	field->sources[FROM_NEW] =
		(struct source){ "new", "outage", "seen", 0, TOLD_INTERRUPTIONS };
	field->sources[FROM_PATH] = (struct source){ "path", "flow", "out", 0, TOLD_INTERRUPTIONS };
	if (plot->slots) {
		add_list(field, &plot->slots->interruptions, &field->sources[FROM_SLOTS]);
		add_list(field, &plot->slots->stalls, &field->sources[FROM_STALLS]);
	}
	if (plot->attempts)
		add_list(field, &plot->attempts->outages, &field->sources[FROM_NEW]);
	if (plot->path)
		add_list(field, &plot->path->outages, &field->sources[FROM_PATH]);
}

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static unsigned group_of(struct field *field, const struct entry *entry)
{
	const char *name = entry->source->name ? entry->source->name : entry->interval->backend;
	for (unsigned i = 0; i < field->group_count; i++) {
		if (is_same_name(field->groups[i].name, name))
			return i;
	}
	if (field->group_count == GROUPS_MAX) {
		field->groups[GROUPS_MAX - 1].name = "others";
		return GROUPS_MAX - 1;
	}
	field->groups[field->group_count] = (struct group){ .name = name, .source = entry->source };
	return field->group_count++;
}

/* Groups stand in the order of the lists: those with the longest first. */
static void make_groups(struct field *field)
{
	for (size_t i = 0; i < field->count; i++)
		field->entries[i].group = group_of(field, &field->entries[i]);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->interval->slot != b->interval->slot)
		return a->interval->slot < b->interval->slot ? -1 : 1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	return a->interval->start_ns < b->interval->start_ns ? -1 : 1;
}

static bool is_same_row(const struct entry *before, const struct entry *now)
{
	return before->group == now->group && before->interval->slot == now->interval->slot;
}

static void note(struct told *told, const struct report_interval *interval, bool is_new_slot)
{
	uint64_t length_ns = (uint64_t)interval->end_ns - (uint64_t)interval->start_ns;
	bool is_first = told->slots == 0;
	told->slots += is_new_slot;
	told->min_ns = is_first || length_ns < told->min_ns ? length_ns : told->min_ns;
	told->max_ns = length_ns > told->max_ns ? length_ns : told->max_ns;
	told->has_open |= interval->is_open;
}

static void make_rows(struct field *field)
{
	if (field->count)
		qsort(field->entries, field->count, sizeof(*field->entries), compare_entries);
	for (size_t i = 0; i < field->count; i++) {
		struct entry *entry = &field->entries[i];
		struct group *group = &field->groups[entry->group];
		bool is_new_row = i == 0 || !is_same_row(entry - 1, entry);
		group->rows += is_new_row;
		field->rows += is_new_row;
		entry->row = (uint32_t)group->rows - 1;
		note(&group->told[entry->source->kind], entry->interval,
		     is_new_row || entry[-1].source != entry->source);
	}
}

/* ---- lines ---- */

static const struct {
	enum ink ink;
	double share; /* of its row */
	const char *word;
} kinds[TOLD_COUNT] = {
	[TOLD_INTERRUPTIONS] = { INK_BAD, 0.8, "interrupted" },
	[TOLD_STALLS] = { INK_SILENT, 0.5, "stalled" },
};

struct place {
	double top; /* of its group */
	double row_height;
};

static void draw_entries(const struct panel *panel, const struct field *field,
			 const struct place places[GROUPS_MAX], enum told_kind kind)
{
	struct drawing *drawing = panel->plot->drawing;
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_BOXES, .ink = kinds[kind].ink });
	for (size_t i = 0; i < field->count; i++) {
		const struct entry *entry = &field->entries[i];
		const struct place *place = &places[entry->group];
		double from = panel_x(panel, entry->interval->start_ns);
		double to = panel_x(panel, entry->interval->end_ns);
		double height = fmax(place->row_height * kinds[kind].share, 0.4);
		if (entry->source->kind == kind)
			drawing_box(drawing, from,
				    place->top + (entry->row + 0.5) * place->row_height -
					    height / 2,
				    fmax(to - from, LENGTH_MIN), height);
	}
}

static void place_groups(const struct panel *panel, const struct field *field,
			 struct place places[GROUPS_MAX])
{
	double room = panel->bottom - panel->top - GROUP_GAP * (field->group_count + 1);
	double row_height = field->rows ? fmin(room / (double)field->rows, LINE_MAX) : LINE_MAX;
	double least = fmin(room / (field->group_count ? field->group_count : 1), LABEL_SIZE + 1);
	double top = panel->top + GROUP_GAP;
	double spare = room;
	for (unsigned i = 0; i < field->group_count; i++)
		spare -= fmax((double)field->groups[i].rows * row_height, least);
	if (spare < 0)
		row_height *= fmax(0.2, 1 + spare / room);
	for (unsigned i = 0; i < field->group_count; i++) {
		double height = fmax((double)field->groups[i].rows * row_height, least);
		places[i] = (struct place){ top, height / (double)field->groups[i].rows };
		if (places[i].row_height > LINE_MAX)
			places[i].row_height = LINE_MAX;
		top += height + GROUP_GAP;
	}
}

static void draw_lines(const struct panel *panel, const struct field *field)
{
	struct place places[GROUPS_MAX] = { { 0 } };
	place_groups(panel, field, places);
	for (unsigned i = 0; i < field->group_count; i++) {
		const struct group *group = &field->groups[i];
		double height = (double)group->rows * places[i].row_height;
		panel_label(panel, places[i].top + height / 2,
			    group->name ? group->name : noun_of(panel->plot));
	}
	draw_entries(panel, field, places, TOLD_INTERRUPTIONS);
	draw_entries(panel, field, places, TOLD_STALLS);
}

/* ---- words ---- */

/* "0.6 to 0.7 s each (±0.1)" */
static void say_lengths(const struct told *told, uint64_t resolution_ns, struct buffer *out)
{
	char least[PHRASE_MAX], most[PHRASE_MAX], exact[PHRASE_MAX];
	(void)phrase_span(told->min_ns, resolution_ns, least);
	(void)phrase_span(told->max_ns, resolution_ns, most);
	int digits = (int)strcspn(least, " ");
	int length = (int)strcspn(most, " ");
	length += 1 + (int)strcspn(most + length + 1, " ");
	if (strncmp(least, most, (size_t)digits + 1) != 0)
		buffer_append_format(out, "%.*s to ", digits, least);
	buffer_append_format(out, "%.*s%s", length, most, told->slots > 1 ? " each" : "");
	if (resolution_ns)
		buffer_append_format(out, " (%s)", phrase_resolution(resolution_ns, exact));
	if (told->has_open)
		buffer_append_text(out, ", open at the end");
}

/* "50 clients interrupted, 0.6 to 0.7 s each (±0.1)" */
static void say_told(const struct told *told, const struct source *source, struct buffer *out)
{
	char count[PHRASE_MAX];
	buffer_append_format(out, "%s %s, ", phrase_count(told->slots, source->noun, count),
			     source->word);
	say_lengths(told, source->resolution_ns, out);
}

static bool is_touched(const struct field *field, const char *name, enum told_kind kind)
{
	for (unsigned i = 0; i < field->group_count; i++) {
		const struct group *group = &field->groups[i];
		if (group->told[kind].slots > 0 && is_same_name(group->name, name))
			return true;
	}
	return false;
}

static bool has_backends(const struct field *field, enum told_kind kind)
{
	for (unsigned i = 0; i < field->group_count; i++) {
		if (field->groups[i].told[kind].slots && !field->groups[i].source->name)
			return true;
	}
	return false;
}

/* "web-1, web-2, web-4: none" */
static void say_untouched(const struct plot *plot, const struct field *field, enum told_kind kind,
			  struct clauses *sentence)
{
	struct clauses clauses;
	cleanup(buffer_deinit) struct buffer names;
	unsigned count = 0;
	buffer_init(&names, CLAUSES_MAX);
	clauses_init(&clauses, &names, ", ");
	for (uint32_t i = 0; plot->slots && i < plot->slots->backend_count; i++) {
		const char *name = plot->slots->backends[i].name;
		if (!name || is_touched(field, name, kind))
			continue;
		if (++count <= GROUPS_TOLD)
			buffer_append_text(clauses_next(&clauses), name);
	}
	if (count == 0)
		return;
	buffer_append_text(clauses_next(sentence), buffer_text(&names));
	if (count > GROUPS_TOLD)
		buffer_append_format(sentence->out, " and %u more", count - GROUPS_TOLD);
	buffer_append_text(sentence->out, ": none");
}

static void say_omitted(const struct plot *plot, struct clauses *sentence)
{
	char count[UNITS_TEXT_MAX];
	if (plot->slots && plot->slots->interruptions.list_omitted)
		buffer_append_format(
			clauses_next(sentence), "%s more not listed",
			units_format_grouped(plot->slots->interruptions.list_omitted, count));
}

/* Of all groups; returns how many there are. */
static unsigned add_up(const struct field *field, enum told_kind kind, struct told *ret)
{
	unsigned count = 0;
	*ret = (struct told){ .min_ns = UINT64_MAX };
	for (unsigned i = 0; i < field->group_count; i++) {
		const struct told *told = &field->groups[i].told[kind];
		if (told->slots == 0)
			continue;
		ret->slots += told->slots;
		ret->min_ns = told->min_ns < ret->min_ns ? told->min_ns : ret->min_ns;
		ret->max_ns = told->max_ns > ret->max_ns ? told->max_ns : ret->max_ns;
		ret->has_open |= told->has_open;
		count++;
	}
	return count;
}

static uint64_t count_slots(const struct field *field, enum told_kind kind)
{
	struct told sum;
	(void)add_up(field, kind, &sum);
	return sum.slots;
}

/* Each backend, or all in one where there are many; and those that had none of it. */
static void say_groups(const struct plot *plot, const struct field *field, enum told_kind kind,
		       struct clauses *sentence)
{
	struct told sum;
	const struct source *source =
		&field->sources[kind == TOLD_STALLS ? FROM_STALLS : FROM_SLOTS];
	bool is_many = add_up(field, kind, &sum) > GROUPS_TOLD;
	if (is_many) {
		say_told(&sum, source, clauses_next(sentence));
		buffer_append_format(sentence->out, ", worst of %s",
				     field->groups[0].name ? field->groups[0].name : "all");
	}
	for (unsigned i = 0; i < field->group_count && !is_many; i++) {
		const struct group *group = &field->groups[i];
		if (group->told[kind].slots == 0)
			continue;
		if (group->name)
			buffer_append_format(clauses_next(sentence), "%s: ", group->name);
		say_told(&group->told[kind], group->source->name ? group->source : source,
			 group->name ? sentence->out : clauses_next(sentence));
	}
	if (!is_many && has_backends(field, kind))
		say_untouched(plot, field, kind, sentence);
}

/* Interruptions are what matters; stalls are told in full where there is nothing worse. */
static void say_all(const struct plot *plot, const struct field *field, struct clauses *sentence)
{
	char count[PHRASE_MAX];
	uint64_t interrupted = count_slots(field, TOLD_INTERRUPTIONS);
	uint64_t stalled = count_slots(field, TOLD_STALLS);
	if (interrupted)
		say_groups(plot, field, TOLD_INTERRUPTIONS, sentence);
	else if (stalled)
		say_groups(plot, field, TOLD_STALLS, sentence);
	else
		buffer_append_text(clauses_next(sentence), "none");
	if (interrupted && stalled)
		buffer_append_format(clauses_next(sentence), "%s stalled",
				     phrase_count(stalled, noun_of(plot), count));
	say_omitted(plot, sentence);
}

static void say(const struct panel *panel, const struct field *field)
{
	cleanup(buffer_deinit) struct buffer text;
	struct panel_head head = { .name = "interruptions", .unit = "", .ink = INK_MUTED };
	struct clauses sentence;
	unsigned keys = 0;
	buffer_init(&text, CLAUSES_MAX);
	clauses_init(&sentence, &text, "; ");
	for (enum told_kind kind = 0; kind < TOLD_COUNT; kind++)
		if (count_slots(field, kind))
			head.keys[keys++] = (struct panel_key){ kinds[kind].ink, kinds[kind].word };
	if (field->count) {
		head.ink = INK_ALARM;
		head.unit = strcmp(noun_of(panel->plot), "flow") == 0 ? "a line a flow"
								      : "a line a client";
	}
	say_all(panel->plot, field, &sentence);
	panel_says(panel, &head, &text);
}

static void draw(const struct panel *panel)
{
	struct field field = { 0 };
	collect(panel->plot, &field);
	make_groups(&field);
	make_rows(&field);
	say(panel, &field);
	panel_ground(panel);
	draw_lines(panel, &field);
	panel_frame(panel);
	free(field.entries);
}

const struct panel_kind panel_intervals = {
	.name = "interruptions",
	.weight = 1.3,
	.has_data = has_data,
	.is_empty = is_empty,
	.draw = draw,
};
