#include "engine/speaker.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/plan.h"
#include "engine/script.h"

static int init_one(struct speakers *speakers, struct worker *worker, const struct script *script)
{
	struct speaker *speaker = &speakers->items[speakers->count];
	*speaker = (struct speaker){ .kind = script->kind, .script = script, .worker = worker };
	int result = speaker->kind->init(speaker);
	if (result < 0)
		return result;
	speakers->count++;
	if (speaker->kind->speech_bytes > speakers->speech_bytes)
		speakers->speech_bytes = speaker->kind->speech_bytes;
	return 0;
}

int speakers_init(struct speakers *speakers, struct worker *worker,
		  const struct plan_target *targets, uint32_t count)
{
	int result = 0;
	*speakers = (struct speakers){ .items = calloc(count, sizeof(*speakers->items)) };
	if (!speakers->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && result >= 0; i++)
		result = init_one(speakers, worker, targets[i].script);
	return result;
}

void speakers_deinit(struct speakers *speakers)
{
	for (uint32_t i = 0; i < speakers->count; i++)
		speakers->items[i].kind->deinit(&speakers->items[i]);
	free(speakers->items);
	*speakers = (struct speakers){ .items = NULL };
}

void speaker_write(struct speaker *speaker, void *speech, uint32_t count, uint64_t now_ns,
		   struct speech_parts *ret)
{
	ret->count = 0;
	ret->size = 0;
	speaker->kind->write(speaker, speech, count, now_ns, ret);
}

void speaker_hear(struct speaker *speaker, void *speech, const uint8_t *data, size_t size,
		  struct heard *ret)
{
	*ret = (struct heard){ .what = HEARD_ALL };
	speaker->kind->hear(speaker, speech, data, size, ret);
}

bool speaker_leave(struct speaker *speaker, void *speech)
{
	return speaker->kind->leave && speaker->kind->leave(speaker, speech);
}

bool speaker_is_at_rest(const struct speaker *speaker, const void *speech)
{
	return speaker->kind->is_at_rest(speaker, speech);
}

void speaker_end(struct speaker *speaker, void *speech)
{
	if (speaker->kind->end)
		speaker->kind->end(speaker, speech);
}
