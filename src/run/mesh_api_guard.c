/* Who may what: see mesh_api.h. */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#include "base/attributes.h"
#include "base/base64.h"
#include "base/form.h"
#include "run/mesh_api_parts.h"

static const char challenge[] = "WWW-Authenticate: Bearer realm=\"conntest mesh\"\r\n"
				"Cache-Control: no-store\r\n";
/* For who reads: a browser asks for it. */
static const char challenges[] =
	"WWW-Authenticate: Bearer realm=\"conntest mesh\"\r\n"
	"WWW-Authenticate: Basic realm=\"conntest mesh: the token is the password\"\r\n"
	"Cache-Control: no-store\r\n";
static const char later[] = "Retry-After: 60\r\nCache-Control: no-store\r\n";

int guard_init(struct guard *guard, const struct mesh_api_setup *setup, struct error *error)
{
	const char *token = setup->token;

	*guard = (struct guard){ .loop = setup->loop, .is_for_all = setup->token_for_all };
	if (token == NULL && setup->token_for_all)
		return error_set(error, EINVAL, "there is no token that all would need");
	if (token == NULL)
		return 0;
	if (token[0] == '\0' || strlen(token) >= sizeof(guard->token))
		return error_set(error, EINVAL, "a token has 1 to %d characters",
				 MESH_API_TOKEN_MAX - 1);
	for (const char *at = token; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return error_set(error, EINVAL,
					 "a token has printable ASCII alone, without blanks");
	memcpy(guard->token, token, strlen(token));
	return 0;
}

/* ---- who guesses */

static struct endpoint host_of(const struct endpoint *remote)
{
	struct endpoint host = { .family = remote->family };

	memcpy(host.address, remote->address, remote->family == AF_INET6 ? 8 : 4);
	return host;
}

/* Where this address is, or may be put: the one that is free or was first, if it is in none. */
static struct guard_address *address_of(struct guard *guard, const struct endpoint *remote)
{
	const struct endpoint host = host_of(remote);
	struct guard_address *oldest = &guard->addresses[0];

	for (size_t i = 0; i < GUARD_ADDRESSES_MAX; i++) {
		struct guard_address *address = &guard->addresses[i];
		if (address->wrong > 0 && endpoint_is_equal(&address->host, &host))
			return address;
		if (address->since_ns < oldest->since_ns)
			oldest = address;
	}
	*oldest = (struct guard_address){ .host = host };
	return oldest;
}

static bool is_shut_out(struct guard *guard, const struct endpoint *remote)
{
	struct guard_address *address = address_of(guard, remote);

	if (address->wrong > 0 && loop_now(guard->loop) - address->since_ns >= MESH_API_WRONG_NS)
		*address = (struct guard_address){ .host = address->host };
	return address->wrong >= MESH_API_WRONG_MAX;
}

static void note_wrong(struct guard *guard, const struct endpoint *remote)
{
	struct guard_address *address = address_of(guard, remote);

	if (address->wrong++ == 0)
		address->since_ns = loop_now(guard->loop);
}

/* ---- the token */

/* Takes as long whatever it is. */
static bool is_token(const struct guard *guard, const char *text, size_t size)
{
	char shown[MESH_API_TOKEN_MAX] = { 0 };
	bool is_long = size >= sizeof(shown);

	memcpy(shown, text, is_long ? 0 : size);
	return CRYPTO_memcmp(shown, guard->token, sizeof(shown)) == 0 && !is_long;
}

/* The password behind the user's name. */
static bool is_basic(const struct guard *guard, const char *text)
{
	struct buffer plain cleanup(buffer_deinit);
	const char *password = NULL;

	buffer_init(&plain, 2 * (size_t)MESH_API_TOKEN_MAX);
	if (base64_decode(text, strlen(text), &plain) == 0 && plain.error == 0 && plain.size > 0)
		password = memchr(plain.data, ':', plain.size);
	if (password == NULL)
		return false;
	password++;
	return is_token(guard, password, (size_t)(plain.data + plain.size - password));
}

enum shown { SHOWN_NOTHING, SHOWN_WRONG, SHOWN_RIGHT };

static enum shown judge(bool is_right)
{
	return is_right ? SHOWN_RIGHT : SHOWN_WRONG;
}

static enum shown look_at_field(const struct guard *guard, const char *field, bool is_reading)
{
	if (strncasecmp(field, "Bearer ", 7) == 0) {
		const char *text = field + 7 + strspn(field + 7, " ");
		return judge(is_token(guard, text, strlen(text)));
	}
	if (strncasecmp(field, "Basic ", 6) == 0)
		return is_reading ? judge(is_basic(guard, field + 6 + strspn(field + 6, " ")))
				  : SHOWN_NOTHING;
	return SHOWN_WRONG;
}

static enum shown look_at(const struct guard *guard, const struct http_server_request *request,
			  bool is_reading)
{
	const char *field = http_server_field(request, "Authorization");
	char text[MESH_API_TOKEN_MAX];
	enum shown shown = field != NULL ? look_at_field(guard, field, is_reading) : SHOWN_NOTHING;

	if (shown != SHOWN_NOTHING || is_reading || !form_has(request->body, "token"))
		return shown;
	if (!form_find(request->body, "token", text, sizeof(text)))
		return SHOWN_WRONG;
	return judge(is_token(guard, text, strlen(text)));
}

/* ---- requests */

/* Nothing but POST has effects: of other methods it is only told that they are not taken. */
static bool is_reading(const struct http_server_request *request)
{
	return strcmp(request->method, "POST") != 0;
}

static bool refuse(struct http_server_response *response, uint16_t status, const char *fields,
		   const char *text)
{
	response->fields = fields;
	mesh_api_say(response, status, "%s", text);
	return false;
}

/* What a kubelet asks, which has no token: these tell nothing else. */
static bool is_of_health(const struct http_server_request *request)
{
	return strcmp(request->path, "/healthz") == 0 || strcmp(request->path, "/readyz") == 0;
}

bool guard_allows(struct guard *guard, const struct http_server_request *request,
		  struct http_server_response *response)
{
	bool reads = is_reading(request);

	if (reads && (!guard->is_for_all || is_of_health(request)))
		return true;
	if (guard->token[0] == '\0')
		return refuse(response, 403, "Cache-Control: no-store\r\n",
			      "this node is read-only: it was started without --token");
	enum shown shown = look_at(guard, request, reads);
	if (shown == SHOWN_NOTHING)
		return refuse(
			response, 401, reads ? challenges : challenge,
			reads ? "this node tells nothing without its token"
			      : "this takes the token: \"Authorization: Bearer TOKEN\", or the "
				"field token of the form");
	if (is_shut_out(guard, &request->remote))
		return refuse(response, 429, later, "too many wrong tokens; wait a minute");
	if (shown == SHOWN_RIGHT)
		return true;
	note_wrong(guard, &request->remote);
	return refuse(response, 401, reads ? challenges : challenge,
		      "this is not the token that the node was given");
}
