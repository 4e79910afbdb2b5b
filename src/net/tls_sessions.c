/* A bounded set of sessions to resume, shared by the threads of a client. */
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "net/tls_context.h"

/* More than are taken up before others come in: each connection gives back as many as it took. */
#define SESSIONS_MAX 1024

struct entry {
	uint64_t key;
	SSL_SESSION *session; /* NULL: taken */
};

struct tls_sessions {
	pthread_mutex_t mutex;
	uint64_t put; /* so many in all; the next one takes the place of the oldest */
	struct entry entries[SESSIONS_MAX];
};

struct tls_sessions *tls_sessions_new(void)
{
	struct tls_sessions *sessions = calloc(1, sizeof(*sessions));

	if (sessions != NULL)
		(void)pthread_mutex_init(&sessions->mutex, NULL);
	return sessions;
}

void tls_sessions_free(struct tls_sessions *sessions)
{
	if (sessions == NULL)
		return;
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		SSL_SESSION_free(sessions->entries[i].session);
	(void)pthread_mutex_destroy(&sessions->mutex);
	free(sessions);
}

void tls_sessions_put(struct tls_sessions *sessions, uint64_t key, SSL_SESSION *session)
{
	(void)pthread_mutex_lock(&sessions->mutex);
	struct entry *entry = &sessions->entries[sessions->put++ % SESSIONS_MAX];
	SSL_SESSION *oldest = entry->session;
	*entry = (struct entry){ key, session };
	(void)pthread_mutex_unlock(&sessions->mutex);
	SSL_SESSION_free(oldest);
}

/* A session of TLS 1.2 serves any number of connections. */
static SSL_SESSION *take_entry(struct entry *entry)
{
	SSL_SESSION *session = entry->session;

	if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION)
		entry->session = NULL;
	else
		(void)SSL_SESSION_up_ref(session);
	return session;
}

SSL_SESSION *tls_sessions_take(struct tls_sessions *sessions, uint64_t key)
{
	SSL_SESSION *session = NULL;

	(void)pthread_mutex_lock(&sessions->mutex);
	uint64_t count = sessions->put < SESSIONS_MAX ? sessions->put : SESSIONS_MAX;
	for (uint64_t i = 1; i <= count && session == NULL; i++) {
		struct entry *entry = &sessions->entries[(sessions->put - i) % SESSIONS_MAX];
		if (entry->session != NULL && entry->key == key)
			session = take_entry(entry);
	}
	(void)pthread_mutex_unlock(&sessions->mutex);
	return session;
}

/* Names and addresses are no secret, and few. */
uint64_t tls_sessions_key(const char *server_name, const struct endpoint *remote)
{
	uint64_t hash = HASH_BEGIN;

	if (server_name != NULL)
		hash = hash_bytes(hash, server_name, strlen(server_name) + 1);
	hash = hash_bytes(hash, remote->address, sizeof(remote->address));
	return hash_bytes(hash, &remote->port, sizeof(remote->port));
}
