// Whatever a server says to a look over HTTP/2 or to a health check of gRPC comes to one outcome,
// the same however it is cut. The first byte says what is asked, how often, and the cut.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/needle.h"
#include "fuzz.h"
#include "probe/talk.h"

#define BODY_MAX 1000
#define LOOKS    2

struct scene {
	struct probe_target target;
	struct prober prober;
	struct talk_request request;
	struct needle text;
	struct buffer out;
	struct talk *talk;
	struct probe_result results[LOOKS];
	enum outcome outcomes[LOOKS];
	bool is_whole[LOOKS];
	unsigned looks; // that were begun
	unsigned over;
};

static bool is_over(const struct talk *talk)
{
	return talk->state == TALK_ANSWERED || talk->outcome != OUTCOME_DONE;
}

// As the stream prober does.
static void ask(struct scene *scene)
{
	struct talk *talk = scene->talk;

	scene->results[scene->looks] = (struct probe_result){ .health = -1 };
	talk->result = &scene->results[scene->looks++];
	talk->state = TALK_SENDING;
	talk->outcome = OUTCOME_DONE;
	talk->why = NULL;
	talk->is_held_back = false;
	talk_h2.ask(talk);
	assert(talk->outcome == OUTCOME_DONE && scene->out.error == 0);
}

static void note_end(struct scene *scene)
{
	struct talk *talk = scene->talk;
	const struct probe_result *result = talk->result;

	if (result == NULL || !is_over(talk))
		return;
	assert(talk->outcome < OUTCOME_COUNT);
	assert(talk->outcome == OUTCOME_DONE || talk->outcome == OUTCOME_REJECTED ||
	       talk->state != TALK_ANSWERED);
	assert(talk->outcome == OUTCOME_DONE || talk->why != NULL);
	assert(talk->why == NULL || strlen(talk->why) > 0);
	assert(memchr(result->location, '\0', sizeof(result->location)) != NULL);
	if (scene->target.uri.service != SERVICE_GRPC)
		assert(result->body_bytes <= BODY_MAX);
	scene->outcomes[scene->over] = talk->outcome;
	scene->is_whole[scene->over++] = talk->state == TALK_ANSWERED;
	talk->result = NULL;
	if (!talk->is_ended && talk->state == TALK_ANSWERED && scene->looks < LOOKS)
		ask(scene);
}

static void hear(struct scene *scene, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1); // so that the sanitizer sees what reads beyond

	assert(copy != NULL);
	memcpy(copy, data, size);
	if (!scene->talk->is_ended)
		talk_h2.hear(scene->talk, copy, size, 1);
	free(copy);
	assert(scene->out.error == 0);
	note_end(scene);
}

static void look(struct scene *scene, uint8_t how, const uint8_t *data, size_t size, size_t piece)
{
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP };
	const char *uri = how & 1 ? "grpc://web/db" : "h2c://web/";

	*scene = (struct scene){ .prober.target = &scene->target };
	assert(uri_parse(uri, &defaults, NULL, &scene->target.uri) == 0);
	scene->target.body_max_bytes = BODY_MAX;
	scene->target.text = how & 2 ? "text" : NULL;
	assert(needle_init_text(&scene->text, scene->target.text) == 0);
	scene->request =
		(struct talk_request){ &scene->target.uri, "web", "POST", "body", 4, &scene->text };
	buffer_init(&scene->out, TALK_OUT_MAX);
	scene->talk = calloc(1, talk_h2.size);
	assert(scene->talk != NULL);
	scene->talk->kind = &talk_h2;
	scene->talk->prober = &scene->prober;
	scene->talk->request = &scene->request;
	scene->talk->out = &scene->out;
	assert(talk_h2.open(scene->talk) == 0);
	ask(scene);
	for (size_t at = 0; at < size; at += piece)
		hear(scene, data + at, size - at < piece ? size - at : piece);
	hear(scene, data, 0);
	assert(scene->talk->is_ended && scene->over == scene->looks);
	talk_h2.close(scene->talk);
	free(scene->talk);
	buffer_deinit(&scene->out);
	needle_deinit(&scene->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scene whole;
	static struct scene cut;

	if (size == 0)
		return 0;
	look(&whole, data[0], data + 1, size - 1, size);
	look(&cut, data[0], data + 1, size - 1, 1U + (data[0] >> 2));
	// What breaks the rules may be seen by its first bytes.
	if (whole.outcomes[0] == OUTCOME_PROTOCOL || cut.outcomes[0] == OUTCOME_PROTOCOL)
		return 0;
	assert(whole.outcomes[0] == cut.outcomes[0] && whole.is_whole[0] == cut.is_whole[0]);
	assert(whole.results[0].status == cut.results[0].status);
	assert(whole.results[0].health == cut.results[0].health);
	assert(whole.results[0].body_bytes == cut.results[0].body_bytes);
	return 0;
}
