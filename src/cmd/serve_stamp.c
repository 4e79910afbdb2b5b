#include "cmd/serve_stamp.h"

#include <errno.h>
#include <string.h>

#include "proto/stamp_wire.h"

static bool has_stamp(const struct plan_serve *serve)
{
	for (uint32_t i = 0; i < serve->listen_count; i++) {
		if (serve->listen[i].service == SERVICE_STAMP)
			return true;
	}
	return false;
}

static const char *given_option(const struct serve_stamp_options *options)
{
	if (options->key != NULL)
		return "--stamp-key";
	if (options->allow.count > 0)
		return "--stamp-allow";
	return options->is_stateful ? "--stamp-stateful" : NULL;
}

static int read_ranges(const char *const *texts, size_t count, struct arena *arena,
		       struct plan_stamp *stamp, struct error *error)
{
	struct subnet *allowed = arena_take_array(arena, count, sizeof(*allowed));
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = subnet_parse(texts[i], error, &allowed[i]);
	if (rc < 0)
		error_prefix(error, "--stamp-allow");
	stamp->allowed = allowed;
	stamp->allowed_count = (uint32_t)count;
	return rc;
}

int serve_stamp_plan(const struct serve_stamp_options *options, struct arena *arena,
		     struct plan_serve *serve, struct error *error)
{
	static const char *const this_host[] = { "127.0.0.0/8", "::1" };
	struct plan_stamp *stamp = &serve->stamp;
	const char *given = given_option(options);

	if (given != NULL && !has_stamp(serve))
		return error_set(error, EINVAL, "%s: nobody can ask: add --listen %s://:%u", given,
				 service_name(SERVICE_STAMP), service_port(SERVICE_STAMP));
	stamp->is_stateful = options->is_stateful;
	if (options->key != NULL) {
		stamp->key = (const uint8_t *)options->key;
		stamp->key_size = strlen(options->key);
		if (stamp->key_size < STAMP_KEY_MIN || stamp->key_size > STAMP_KEY_MAX)
			return error_set(error, EINVAL,
					 "--stamp-key: a key has %d to %d bytes, this has %zu",
					 STAMP_KEY_MIN, STAMP_KEY_MAX, stamp->key_size);
	}
	/* Without either anybody could have it send to anybody. */
	if (options->allow.count == 0 && options->key == NULL)
		return read_ranges(this_host, array_size(this_host), arena, stamp, error);
	return read_ranges(options->allow.items, options->allow.count, arena, stamp, error);
}

void serve_stamp_write(struct buffer *out, const struct plan_serve *serve)
{
	const struct plan_stamp *stamp = &serve->stamp;
	char text[ENDPOINT_TEXT_MAX];

	if (!has_stamp(serve))
		return;
	buffer_append_format(out, "stamp      answers %s",
			     stamp->allowed_count == 0 ? "everybody" : "");
	for (uint32_t i = 0; i < stamp->allowed_count; i++)
		buffer_append_format(out, "%s%s/%u", i > 0 ? ", " : "",
				     endpoint_format_address(&stamp->allowed[i].base, text),
				     stamp->allowed[i].bits);
	buffer_append_format(out, "%s; %s; %s\n",
			     stamp->key != NULL ? " who has the key" : " and nobody else",
			     stamp->key != NULL ? "authenticated (HMAC-SHA-256)"
						: "without a key (--stamp-key, --stamp-allow)",
			     stamp->is_stateful ? "stateful" : "stateless (--stamp-stateful)");
}
