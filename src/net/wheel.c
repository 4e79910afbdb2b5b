#include "net/wheel.h"

#include <stdbool.h>

#define LAST_TICK ((UINT64_C(1) << (64 - WHEEL_TICK_BITS)) - 1)

struct place {
	unsigned level;
	unsigned slot;
};

/* Rounded up, so that no timer is early. */
static uint64_t tick_of(uint64_t at_ns)
{
	uint64_t tick = at_ns >> WHEEL_TICK_BITS;
	return tick == LAST_TICK || tick << WHEEL_TICK_BITS == at_ns ? tick : tick + 1;
}

static unsigned shift_of(unsigned level)
{
	return level * WHEEL_SLOT_BITS;
}

/* Where a timer of a later tick waits. Its digits above `level` are those of the wheel, and stay so
 * until the slot is emptied: the wheel's tick never passes an occupied slot. */
static struct place place_of(const struct wheel *wheel, uint64_t tick)
{
	unsigned highest_bit = 63 - (unsigned)__builtin_clzll(tick ^ wheel->tick);
	unsigned level = highest_bit / WHEEL_SLOT_BITS;
	return (struct place){ level, (tick >> shift_of(level)) & (WHEEL_SLOTS - 1) };
}

/* The earliest occupied slot: the first of the lowest level, as every level's slots come before
 * those of the level above. */
static bool find_first(const struct wheel *wheel, struct place *ret)
{
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		if (wheel->occupied[level] == 0)
			continue;
		*ret = (struct place){ level, (unsigned)__builtin_ctzll(wheel->occupied[level]) };
		return true;
	}
	return false;
}

static uint64_t first_tick_of(const struct wheel *wheel, struct place place)
{
	unsigned shift = shift_of(place.level);
	uint64_t above = wheel->tick >> shift >> WHEEL_SLOT_BITS;
	return (above << WHEEL_SLOT_BITS | place.slot) << shift;
}

void wheel_init(struct wheel *wheel, uint64_t now_ns)
{
	wheel->tick = now_ns >> WHEEL_TICK_BITS;
	list_init(&wheel->due);
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		wheel->occupied[level] = 0;
		for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
			list_init(&wheel->slots[level][slot]);
	}
}

void wheel_add(struct wheel *wheel, struct timer *timer)
{
	uint64_t tick = tick_of(timer->at_ns);

	if (tick <= wheel->tick) {
		list_append(&wheel->due, &timer->node);
		return;
	}
	struct place place = place_of(wheel, tick);
	wheel->occupied[place.level] |= UINT64_C(1) << place.slot;
	list_append(&wheel->slots[place.level][place.slot], &timer->node);
}

void wheel_remove(struct wheel *wheel, struct timer *timer)
{
	if (list_is_empty(&timer->node))
		return;
	list_remove(&timer->node);
	uint64_t tick = tick_of(timer->at_ns);
	if (tick <= wheel->tick)
		return;
	struct place place = place_of(wheel, tick);
	if (list_is_empty(&wheel->slots[place.level][place.slot]))
		wheel->occupied[place.level] &= ~(UINT64_C(1) << place.slot);
}

/* To lower levels, or to `due` from the lowest. */
static void empty_slot(struct wheel *wheel, struct place place)
{
	struct list timers;

	list_init(&timers);
	list_move_all(&timers, &wheel->slots[place.level][place.slot]);
	wheel->occupied[place.level] &= ~(UINT64_C(1) << place.slot);
	for (struct list *node; (node = list_take_first(&timers)) != NULL;)
		wheel_add(wheel, container_of(node, struct timer, node));
}

void wheel_advance(struct wheel *wheel, uint64_t now_ns)
{
	uint64_t now_tick = now_ns >> WHEEL_TICK_BITS;
	struct place place = { 0 };

	while (find_first(wheel, &place) && first_tick_of(wheel, place) <= now_tick) {
		wheel->tick = first_tick_of(wheel, place);
		empty_slot(wheel, place);
	}
	if (wheel->tick < now_tick)
		wheel->tick = now_tick;
}

/* Whose slot is alone with it is waited for itself: it goes to no lower level on the way. */
static uint64_t next_tick_of(const struct wheel *wheel, struct place place)
{
	const struct list *timers = &wheel->slots[place.level][place.slot];

	if (timers->next != timers->previous)
		return first_tick_of(wheel, place);
	return tick_of(container_of(timers->next, struct timer, node)->at_ns);
}

uint64_t wheel_next_ns(const struct wheel *wheel)
{
	struct place place = { 0 };

	if (!list_is_empty(&wheel->due))
		return 0;
	if (!find_first(wheel, &place))
		return UINT64_MAX;
	return next_tick_of(wheel, place) << WHEEL_TICK_BITS;
}
