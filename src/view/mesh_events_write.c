/* Events as NDJSON: see mesh_peers.h. */
#include "base/date.h"
#include "view/mesh_peers_parts.h"

static void write_verdict(struct json *json, const struct mesh_event *event)
{
	json_key_text(json, "scope", mesh_scope_name((enum mesh_scope)event->scope));
	json_key_text(json, "verdict", mesh_verdict_name((enum mesh_verdict)event->verdict));
	json_key_text(json, "blame", mesh_blame_name((enum mesh_blame)event->blame));
	json_key_unsigned(json, "pairs", event->pairs);
	json_key_unsigned(json, "of", event->of);
	json_key_unsigned(json, "witnesses", event->witnesses);
}

void mesh_events_write_one(struct buffer *out, const struct mesh_event *event)
{
	char text[DATE_TEXT_MAX];
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_unsigned(&json, "number", event->number);
	json_key_text(&json, "time", date_format_ms(event->unix_ns, text));
	json_key_text(&json, "event", mesh_event_kind_name((enum mesh_event_kind)event->kind));
	json_key_text(&json, "subject", event->subject);
	if (event->verdict != MESH_VERDICT_UNKNOWN)
		write_verdict(&json, event);
	if (event->since_unix_ns != 0)
		json_key_text(&json, "since", date_format_ms(event->since_unix_ns, text));
	json_key_text(&json, "text", event->text);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

static void write_gap(struct buffer *out, uint64_t after, uint64_t oldest, const char *text)
{
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "event", "gap");
	json_key_unsigned(&json, "after", after);
	json_key_unsigned(&json, "oldest", oldest);
	json_key_text(&json, "text", text);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

void mesh_events_write(struct buffer *out, const struct mesh_events *events, uint64_t after,
		       uint32_t most)
{
	uint64_t newest = mesh_events_newest(events);
	uint64_t oldest = mesh_events_oldest(events);

	if (after > newest) {
		write_gap(out, after, oldest, "numbers have begun anew: so does this process");
		after = 0;
	} else if (oldest > 1 && after < oldest - 1) {
		write_gap(out, after, oldest, "what is older than this is not kept any more");
	}
	if (oldest > 0 && after < oldest - 1)
		after = oldest - 1;
	for (uint64_t i = after + 1; i <= newest && most > 0; i++, most--)
		mesh_events_write_one(out, mesh_events_at(events, i));
}
