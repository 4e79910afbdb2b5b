#include "net/control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A thousand questions, and again. */
#define QUESTIONS_MAX ((size_t)4 << 20)

static void fail(struct control_client *client, int code)
{
	control_client_close(client);
	client->events->failed(client, code);
}

/* False: it has failed. */
static bool send_questions(struct control_client *client)
{
	struct buffer *questions = &client->questions;

	while (client->sent < questions->size) {
		struct iovec part = { questions->data + client->sent,
				      questions->size - client->sent };
		ssize_t sent = stream_send(&client->stream, &part, 1);

		if (sent == -EAGAIN)
			return true;
		if (sent < 0) {
			fail(client, (int)sent);
			return false;
		}
		client->sent += (size_t)sent;
	}
	buffer_clear(questions);
	client->sent = 0;
	return true;
}

/* Hands over the lines that are whole. False: it has been closed. */
static bool tell_lines(struct control_client *client)
{
	char *end = NULL;

	while ((end = memchr(client->line, '\n', client->used)) != NULL) {
		size_t size = (size_t)(end - client->line);

		client->events->heard(client, client->line, size);
		if (client->line == NULL)
			return false;
		client->used -= size + 1;
		memmove(client->line, end + 1, client->used);
	}
	if (client->used < CONTROL_ANSWER_MAX)
		return true;
	fail(client, -EPROTO);
	return false;
}

static bool receive_answers(struct control_client *client)
{
	for (;;) {
		ssize_t got = stream_receive(&client->stream, client->line + client->used,
					     CONTROL_ANSWER_MAX - client->used);

		if (got == -EAGAIN)
			return true;
		if (got <= 0) {
			fail(client, got < 0 ? (int)got : -ENODATA);
			return false;
		}
		client->used += (size_t)got;
		if (!tell_lines(client))
			return false;
	}
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct control_client *client = container_of(stream, struct control_client, stream);

	if ((events & STREAM_CONNECTED) != 0)
		client->is_connected = true;
	if ((events & (STREAM_CONNECTED | STREAM_WRITABLE)) != 0 && !send_questions(client))
		return;
	if ((events & STREAM_READABLE) != 0 && !receive_answers(client))
		return;
	if ((events & STREAM_FAILED) != 0)
		fail(client, -stream_error(stream));
}

int control_client_open(struct control_client *client, const struct control_client_events *events,
			const struct stream_transport *transport, struct loop *loop,
			const struct stream_connect *connect)
{
	client->events = events;
	buffer_init(&client->questions, QUESTIONS_MAX);
	client->line = malloc(CONTROL_ANSWER_MAX);
	if (client->line == NULL)
		return -ENOMEM;
	int rc = stream_connect(&client->stream, transport, loop, connect, on_ready);
	if (rc < 0)
		control_client_close(client);
	return rc;
}

void control_client_ask(struct control_client *client, const struct control_question *question)
{
	control_write_question(question, &client->questions);
	if (client->is_connected)
		(void)send_questions(client);
}

void control_client_close(struct control_client *client)
{
	if (client->line == NULL)
		return;
	stream_close(&client->stream);
	buffer_deinit(&client->questions);
	free(client->line);
	client->line = NULL;
	client->used = 0;
	client->is_connected = false;
}
