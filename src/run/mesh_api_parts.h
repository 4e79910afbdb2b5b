/* The parts of mesh_api.h: mesh_api.c has its life and what is read, mesh_api_guard.c who may what,
 * mesh_api_effects.c what changes something. */
#pragma once

#include "net/http_server.h"
#include "run/mesh_api.h"

#define GUARD_ADDRESSES_MAX 64
#define RENDERINGS_MAX      4
#define RENDERING_KEY_MAX   320

struct guard_address {
	struct endpoint host; /* of an IPv6 address the first 64 bits; family 0: free */
	uint64_t since_ns;
	unsigned wrong;
};
struct guard {
	char token[MESH_API_TOKEN_MAX]; /* zeros behind its end; "": there is none */
	bool is_for_all;
	struct loop *loop;
	struct guard_address addresses[GUARD_ADDRESSES_MAX];
};

/* -EINVAL with the sentence: the token is empty, too long, or has other than printable ASCII. */
nodiscard int guard_init(struct guard *guard, const struct mesh_api_setup *setup,
			 struct error *error);
/* May this be answered by its route; false: the answer says why not. */
bool guard_allows(struct guard *guard, const struct http_server_request *request,
		  struct http_server_response *response);

struct rendering {
	char key[RENDERING_KEY_MAX];
	struct http_server_text *text; /* NULL: free */
	uint64_t at_ns;
};

struct mesh_api {
	struct mesh_api_setup setup;
	struct http_server *server;
	struct guard guard;
	struct rendering renderings[RENDERINGS_MAX];
	struct timer stale; /* lets go of them */
	char *page_fields;
};

/* What views wrote is old now. */
void mesh_api_forget(struct mesh_api *api);
/* A status with one line of text. */
void mesh_api_say(struct http_server_response *response, uint16_t status, const char *format, ...)
	printf_like(3, 4);
void mesh_api_begin_html(struct http_server_response *response, const char *title);

void mesh_api_show_add(void *context, const struct http_server_request *request,
		       struct http_server_response *response);
void mesh_api_show_quit(void *context, const struct http_server_request *request,
			struct http_server_response *response);
void mesh_api_show_mark(void *context, const struct http_server_request *request,
			struct http_server_response *response);
void mesh_api_add(void *context, const struct http_server_request *request,
		  struct http_server_response *response);
void mesh_api_quit(void *context, const struct http_server_request *request,
		   struct http_server_response *response);
void mesh_api_mark(void *context, const struct http_server_request *request,
		   struct http_server_response *response);
