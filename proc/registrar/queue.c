/* A list of what is due, read anew when something has happened and at least once a second, and the
 * rounds under way beside it. */
#include "proc/registrar/queue.h"

#include "lib/base/pace.h"

#include <assert.h>

enum {
    ROWS_ARENA_BYTES = 2 * 1024 * 1024,
    REFILL_MS = 1000,
};

static int64_t closed_ms(const struct queue *queue, enum queue_lane lane);
static enum err refill(struct queue *queue, struct store *store, int64_t now, uint64_t bell);
static enum err list_read(const struct queue *queue, struct queue_list *list, struct store *store,
    int64_t since, int64_t now);
static bool pick(struct queue *queue, struct queue_list *list, enum queue_lane lane,
    struct queue_turn *ret_turn);
static bool may_fly(const struct queue *queue, enum queue_lane lane, const struct pacing_due *row,
    size_t *ret_free);
static size_t known_find(const struct queue *queue, uint64_t subscriber);
static bool is_known(const struct queue *queue, uint64_t subscriber);
static bool is_slow(const struct queue *queue, uint64_t subscriber);
static unsigned patience_of(
    const struct queue *queue, enum queue_lane lane, const struct pacing_due *row);
static uint64_t id_key(const uint8_t enrolment[ENROLMENT_ID_BYTES]);
static struct queue_flight *flight_find(
    struct queue *queue, const uint8_t enrolment[ENROLMENT_ID_BYTES]);
static unsigned flights_at(const struct queue *queue, enum queue_lane lane, uint64_t target);

static unsigned rounds_max(enum queue_lane lane)
{
    static const unsigned max[] = {
        [QUEUE_PROMPT] = PROMPT_ROUNDS_MAX,
        [QUEUE_PATIENT] = PATIENT_ROUNDS_MAX,
        [QUEUE_REHEARSAL] = REHEARSAL_ROUNDS_MAX,
    };
    return max[lane];
}

enum err queue_await(struct queue *queue, struct store *store, enum queue_lane lane,
    const struct clock *clock, struct bell *bell, struct queue_turn *ret_turn)
{
    bool found = false;
    enum err err = OK;
    pthread_mutex_lock(&queue->lookouts[lane]);
    while (err == OK && !found) {
        uint64_t count = bell_count(bell);
        err = queue_take(queue, store, lane, clock_now(clock), count, ret_turn, &found);
        if (err == OK && !found) {
            pthread_mutex_lock(&queue->mutex);
            int64_t wait_ms = closed_ms(queue, lane);
            pthread_mutex_unlock(&queue->mutex);
            bell_wait(bell, count, wait_ms > 0 ? wait_ms : IDLE_WAIT_MS);
        }
    }
    pthread_mutex_unlock(&queue->lookouts[lane]);
    return err;
}

enum err queue_take(struct queue *queue, struct store *store, enum queue_lane lane, int64_t now,
    uint64_t bell, struct queue_turn *ret_turn, bool *ret_found)
{
    pthread_mutex_lock(&queue->mutex);
    enum err err = refill(queue, store, now, bell);
    *ret_found =
        err == OK && closed_ms(queue, lane) == 0 &&
        (pick(queue, &queue->all, lane, ret_turn) || pick(queue, &queue->fresh, lane, ret_turn));
    if (*ret_found && lane == QUEUE_PATIENT) {
        queue->patient_ms = clock_monotonic_ms();
    }
    pthread_mutex_unlock(&queue->mutex);
    return err;
}

/* For how long no round of this lane may begin. */
static int64_t closed_ms(const struct queue *queue, enum queue_lane lane)
{
    if (lane != QUEUE_PATIENT || queue->patient_ms == 0) {
        return 0;
    }
    int64_t left = queue->patient_ms + PATIENT_SPACING_MS - clock_monotonic_ms();
    return left > 0 ? left : 0;
}

/* All is read once a second; in between, when something has happened, what may be new. */
static enum err refill(struct queue *queue, struct store *store, int64_t now, uint64_t bell)
{
    int64_t now_ms = clock_monotonic_ms();
    if (queue->filled_ms == 0 || now_ms - queue->filled_ms >= REFILL_MS) {
        TRY(list_read(queue, &queue->all, store, 0, now));
        queue->fresh.count = 0;
        queue->filled = now;
        queue->filled_ms = now_ms;
        queue->bell = bell;
    } else if (bell != queue->bell) {
        TRY(list_read(queue, &queue->fresh, store, queue->filled, now));
        queue->bell = bell;
    }
    return OK;
}

static enum err list_read(const struct queue *queue, struct queue_list *list, struct store *store,
    int64_t since, int64_t now)
{
    struct arena arena = arena_make(ROWS_ARENA_BYTES);
    struct pacing_due *rows = NULL;
    size_t count = 0;
    enum err err = queue->due(store, since, now, QUEUE_ROWS_MAX, &arena, &rows, &count);
    if (err != OK) {
        arena_release(&arena);
        return err;
    }
    arena_release(&list->arena);
    *list = (struct queue_list){ arena, rows, count };
    return OK;
}

static bool pick(
    struct queue *queue, struct queue_list *list, enum queue_lane lane, struct queue_turn *ret_turn)
{
    for (size_t i = 0; i < list->count; i++) {
        struct pacing_due *row = &list->rows[i];
        size_t place = 0;
        if (row->subscriber == 0 ||
            (row->slow || is_slow(queue, row->subscriber)) != (lane == QUEUE_PATIENT) ||
            !may_fly(queue, lane, row, &place)) {
            continue;
        }
        struct queue_flight *flight = &queue->flights[place];
        ret_turn->patience_ms = patience_of(queue, lane, row);
        ret_turn->yields = lane == QUEUE_PATIENT;
        memcpy(ret_turn->enrolment, row->enrolment, sizeof ret_turn->enrolment);
        *flight = (struct queue_flight){ .used = true,
            .unknown = !is_known(queue, row->subscriber),
            .lane = lane,
            .begun_ms = clock_monotonic_ms(),
            .subscriber = row->subscriber };
        memcpy(flight->enrolment, row->enrolment, sizeof flight->enrolment);
        row->subscriber = 0;
        return true;
    }
    return false;
}

static bool may_fly(
    const struct queue *queue, enum queue_lane lane, const struct pacing_due *row, size_t *ret_free)
{
    unsigned of_subscriber = 0, of_unknown = 0;
    bool room = false, unknown = lane == QUEUE_PROMPT && !is_known(queue, row->subscriber);
    for (size_t i = 0; i < QUEUE_FLIGHTS_MAX; i++) {
        const struct queue_flight *flight = &queue->flights[i];
        if (!flight->used) {
            *ret_free = i;
            room = true;
            continue;
        }
        if (memcmp(flight->enrolment, row->enrolment, sizeof row->enrolment) == 0) {
            return false;
        }
        of_subscriber += flight->lane == lane && flight->subscriber == row->subscriber ? 1 : 0;
        of_unknown += flight->lane == lane && flight->unknown ? 1 : 0;
    }
    if (unknown && (of_subscriber > 0 || of_unknown >= UNKNOWN_ROUNDS_MAX)) {
        return false;
    }
    size_t aim = (size_t)(id_key(row->enrolment) % QUEUE_AIMS_MAX);
    bool known = queue->aims[aim].enrolment == id_key(row->enrolment);
    bool full = known && flights_at(queue, lane, queue->aims[aim].target) >= rounds_max(lane);
    return room && !full && of_subscriber < rounds_max(lane);
}

static bool is_known(const struct queue *queue, uint64_t subscriber)
{
    return queue->known[known_find(queue, subscriber)].subscriber == subscriber;
}

/* Where he is, or would be. */
static size_t known_find(const struct queue *queue, uint64_t subscriber)
{
    size_t first = (size_t)(subscriber % QUEUE_KNOWN_MAX), oldest = first;
    for (size_t place = 0; place < QUEUE_KNOWN_PLACES; place++) {
        size_t i = (first + place) % QUEUE_KNOWN_MAX;
        if (queue->known[i].subscriber == subscriber) {
            return i;
        }
        oldest = queue->known[i].noted_ms < queue->known[oldest].noted_ms ? i : oldest;
    }
    return oldest;
}

static bool is_slow(const struct queue *queue, uint64_t subscriber)
{
    size_t i = known_find(queue, subscriber);
    int64_t slow_ms = queue->known[i].slow_ms;
    return is_known(queue, subscriber) && slow_ms != 0 &&
           clock_monotonic_ms() - slow_ms < SLOW_REMEMBERED_MS;
}

/* Up to a quarter less, for each enrolment its own part: what began together must not end together.
 */
static unsigned patience_of(
    const struct queue *queue, enum queue_lane lane, const struct pacing_due *row)
{
    unsigned waited_for = 0;
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < QUEUE_FLIGHTS_MAX; i++) {
        const struct queue_flight *flight = &queue->flights[i];
        bool old = flight->used && now_ms - flight->begun_ms >= WAITED_FOR_MS;
        waited_for += old && flight->lane == lane ? 1 : 0;
    }
    unsigned patience = waited_for < CROWDED_ROUNDS ? PROMPT_PATIENCE_MS : CROWDED_PATIENCE_MS;
    uint8_t part = (uint8_t)id_key(row->enrolment); /* those that begin together begin by number */
    return lane != QUEUE_PROMPT ? 0 : patience - patience / 4 * part / UINT8_MAX;
}

static uint64_t id_key(const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    return pace_key(enrolment, ENROLMENT_ID_BYTES);
}

bool queue_aim(struct queue *queue, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const uint64_t *targets, size_t count)
{
    bool free = true;
    pthread_mutex_lock(&queue->mutex);
    struct queue_flight *flight = flight_find(queue, enrolment);
    for (size_t i = 0; i < count; i++) {
        if (free && flights_at(queue, flight->lane, targets[i]) >= rounds_max(flight->lane)) {
            size_t aim = (size_t)(id_key(enrolment) % QUEUE_AIMS_MAX);
            queue->aims[aim].enrolment = id_key(enrolment);
            queue->aims[aim].target = targets[i];
            free = false;
        }
    }
    for (size_t i = 0; free && i < count && i < QUEUE_TARGETS_MAX; i++) {
        flight->targets[i] = targets[i];
    }
    pthread_mutex_unlock(&queue->mutex);
    return free;
}

void queue_done(
    struct queue *queue, const uint8_t enrolment[ENROLMENT_ID_BYTES], bool made, bool slow)
{
    pthread_mutex_lock(&queue->mutex);
    struct queue_flight *flight = flight_find(queue, enrolment);
    size_t i = known_find(queue, flight->subscriber);
    if (made) {
        queue->known[i].subscriber = flight->subscriber;
        queue->known[i].noted_ms = clock_monotonic_ms();
        queue->known[i].slow_ms = slow ? clock_monotonic_ms() : 0;
    }
    flight->used = false;
    pthread_mutex_unlock(&queue->mutex);
}

/* Of a round that queue_take has begun. */
static struct queue_flight *flight_find(
    struct queue *queue, const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    size_t i = 0;
    while (!queue->flights[i].used ||
           memcmp(queue->flights[i].enrolment, enrolment, ENROLMENT_ID_BYTES) != 0) {
        i++;
        assert(i < QUEUE_FLIGHTS_MAX);
    }
    return &queue->flights[i];
}

static unsigned flights_at(const struct queue *queue, enum queue_lane lane, uint64_t target)
{
    unsigned count = 0;
    for (size_t i = 0; i < QUEUE_FLIGHTS_MAX; i++) {
        const struct queue_flight *flight = &queue->flights[i];
        for (size_t t = 0; t < QUEUE_TARGETS_MAX; t++) {
            count += flight->used && flight->lane == lane && flight->targets[t] == target ? 1 : 0;
        }
    }
    return count;
}
