/* Whose check is next (proc/registrar/queue.c), with a list of this test's in the place of the
 * store (doc/threats.md D19, D30). What takes time in service is moved here by hand. */
#include "proc/registrar/queue.h"

#include "lib/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1795000000, DUE_MAX = 200 };

/* What is due, and since when. */
static struct {
    struct pacing_due rows[DUE_MAX];
    int64_t since[DUE_MAX];
    size_t count;
    enum err err;
} due;

static struct queue *queue;
static uint64_t bell;

enum err store_pacing_due(struct store *store, int64_t since, int64_t now, size_t limit,
    struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count)
{
    (void)store;
    assert_int_equal(now, NOW);
    struct pacing_due *rows = arena_alloc(arena, DUE_MAX, sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; i < due.count && count < limit; i++) {
        if (due.since[i] >= since) {
            rows[count++] = due.rows[i];
        }
    }
    *ret_rows = rows;
    *ret_count = count;
    return due.err;
}

static int begin(void **state)
{
    (void)state;
    memset(&due, 0, sizeof due);
    queue = calloc(1, sizeof *queue);
    assert_non_null(queue);
    *queue = (struct queue)QUEUE_INIT(store_pacing_due);
    bell = 1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_release(&queue->all.arena);
    arena_release(&queue->fresh.arena);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
    return 0;
}

/* Enrolment `id` of a subscriber is due; behind those that were added before. */
static void add(unsigned id, uint64_t subscriber, bool slow)
{
    struct pacing_due *row = &due.rows[due.count];
    row->enrolment[0] = (uint8_t)id;
    row->enrolment[1] = (uint8_t)(id >> 8);
    row->subscriber = subscriber;
    row->slow = slow;
    due.since[due.count++] = NOW - 60;
}

static unsigned id_of(const struct queue_turn *turn)
{
    return turn->enrolment[0] + ((unsigned)turn->enrolment[1] << 8);
}

static bool take(enum queue_lane lane, struct queue_turn *ret_turn)
{
    bool found = false;
    queue->patient_ms = 0; /* whoever went before, went long ago */
    assert_int_equal(queue_take(queue, /* store= */ NULL, lane, NOW, bell, ret_turn, &found), OK);
    queue->filled_ms = clock_monotonic_ms() + 3600000; /* read anew when a test says so */
    return found;
}

/* The enrolment whose turn it is; -1 for nobody's. */
static int next(enum queue_lane lane)
{
    struct queue_turn turn = { 0 };
    return take(lane, &turn) ? (int)id_of(&turn) : -1;
}

static unsigned take_all(enum queue_lane lane)
{
    unsigned count = 0;
    while (next(lane) >= 0) {
        count++;
    }
    return count;
}

static void done(unsigned id, bool made, bool slow)
{
    const uint8_t enrolment[ENROLMENT_ID_BYTES] = { (uint8_t)id, (uint8_t)(id >> 8) };
    queue_done(queue, enrolment, made, slow);
}

static bool aim(unsigned id, uint64_t target)
{
    const uint8_t enrolment[ENROLMENT_ID_BYTES] = { (uint8_t)id, (uint8_t)(id >> 8) };
    return queue_aim(queue, enrolment, &target, 1);
}

/* A round that is under way has begun so much later. */
static void began(const uint8_t *enrolment, int64_t later_ms)
{
    for (size_t i = 0; i < QUEUE_FLIGHTS_MAX; i++) {
        struct queue_flight *flight = &queue->flights[i];
        bool is_it = memcmp(flight->enrolment, enrolment, ENROLMENT_ID_BYTES) == 0;
        flight->begun_ms += flight->used && is_it ? later_ms : 0;
    }
}

/* The subscriber has had one round, which was quick or slow. */
static void teach(uint64_t subscriber, bool slow)
{
    add(60000, subscriber, false);
    queue->filled_ms = 0;
    assert_int_equal(next(QUEUE_PROMPT), 60000);
    done(60000, true, slow);
    due.count--;
    queue->filled_ms = 0; /* and what is due is read anew */
}

static void the_longest_waiting_is_first_and_each_is_given_out_once(void **state)
{
    (void)state;
    add(1, 11, false);
    add(2, 12, false);
    add(3, 13, false);
    for (int id = 1; id <= 3; id++) {
        assert_int_equal(next(QUEUE_PROMPT), id);
    }
    assert_int_equal(next(QUEUE_PROMPT), -1);
    queue->filled_ms = 0; /* still due in the store while they are under way */
    assert_int_equal(next(QUEUE_PROMPT), -1);
    done(2, true, false);
    queue->filled_ms = 0;
    assert_int_equal(next(QUEUE_PROMPT), 2);
}

static void where_nothing_is_due_it_is_nobodys_turn(void **state)
{
    (void)state;
    assert_int_equal(next(QUEUE_PROMPT), -1);
    assert_int_equal(next(QUEUE_PATIENT), -1);
}

static void a_store_that_fails_gives_no_turn(void **state)
{
    (void)state;
    struct queue_turn turn;
    bool found = true;
    add(1, 11, false);
    due.err = ERR_IO;
    assert_int_equal(queue_take(queue, NULL, QUEUE_PROMPT, NOW, bell, &turn, &found), ERR_IO);
    assert_false(found);
    due.err = OK;
    assert_int_equal(next(QUEUE_PROMPT), 1);
}

static void what_has_become_due_is_seen_when_the_bell_has_rung(void **state)
{
    (void)state;
    assert_int_equal(next(QUEUE_PROMPT), -1);
    add(1, 11, false);
    due.since[0] = NOW;
    assert_int_equal(next(QUEUE_PROMPT), -1);
    bell++;
    assert_int_equal(next(QUEUE_PROMPT), 1);
}

static void d19_of_an_unknown_subscriber_one_round_is_made_at_a_time(void **state)
{
    (void)state;
    for (unsigned id = 1; id <= 5; id++) {
        add(id, 11, false);
    }
    add(6, 12, false);
    assert_int_equal(next(QUEUE_PROMPT), 1);
    assert_int_equal(next(QUEUE_PROMPT), 6); /* another's goes before his second */
    assert_int_equal(next(QUEUE_PROMPT), -1);
    done(1, /* made= */ false, /* slow= */ false); /* which teaches nothing */
    assert_int_equal(next(QUEUE_PROMPT), 2);
    assert_int_equal(next(QUEUE_PROMPT), -1);
}

static void d19_a_quick_subscriber_has_four_rounds_at_a_time_and_no_more(void **state)
{
    (void)state;
    teach(11, /* slow= */ false);
    for (unsigned id = 1; id <= 9; id++) {
        add(id, 11, false);
    }
    add(10, 12, false);
    for (int id = 1; id <= PROMPT_ROUNDS_MAX; id++) {
        assert_int_equal(next(QUEUE_PROMPT), id);
    }
    assert_int_equal(next(QUEUE_PROMPT), 10);
    assert_int_equal(next(QUEUE_PROMPT), -1);
    done(2, true, false);
    assert_int_equal(next(QUEUE_PROMPT), 5);
}

static void d19_after_a_slow_round_all_of_a_subscribers_wait_in_the_patient_lane(void **state)
{
    (void)state;
    teach(11, /* slow= */ true);
    for (unsigned id = 1; id <= 5; id++) {
        add(id, 11, false);
    }
    add(6, 12, false);
    assert_int_equal(next(QUEUE_PROMPT), 6);
    assert_int_equal(next(QUEUE_PROMPT), -1);
    for (int id = 1; id <= PATIENT_ROUNDS_MAX; id++) {
        assert_int_equal(next(QUEUE_PATIENT), id);
    }
    assert_int_equal(next(QUEUE_PATIENT), -1);
    done(1, true, /* slow= */ false); /* his last was quick: the others are prompt again */
    assert_int_equal(next(QUEUE_PATIENT), -1);
    assert_int_equal(next(QUEUE_PROMPT), 3);
}

static void d19_slowness_is_forgotten_after_ten_minutes(void **state)
{
    (void)state;
    teach(11, /* slow= */ true);
    add(1, 11, false);
    queue->known[11].slow_ms -= SLOW_REMEMBERED_MS - 60000;
    assert_int_equal(next(QUEUE_PROMPT), -1);
    queue->known[11].slow_ms -= 60000;
    assert_int_equal(next(QUEUE_PROMPT), 1);
}

static void d19_an_enrolment_that_was_slow_is_patient_whoever_has_it(void **state)
{
    (void)state;
    add(1, 11, /* slow= */ true);
    add(2, 12, /* slow= */ true);
    assert_int_equal(next(QUEUE_PROMPT), -1);
    assert_int_equal(next(QUEUE_PATIENT), 1);
    assert_int_equal(next(QUEUE_PATIENT), 2);
}

static void d19_strangers_together_leave_workers_for_the_quick(void **state)
{
    (void)state;
    teach(11, /* slow= */ false);
    for (unsigned id = 1; id <= 40; id++) {
        add(id, 100 + id, false);
    }
    add(41, 11, false);
    for (int id = 1; id <= UNKNOWN_ROUNDS_MAX; id++) {
        assert_int_equal(next(QUEUE_PROMPT), id);
    }
    assert_int_equal(next(QUEUE_PROMPT), 41);
    assert_int_equal(next(QUEUE_PROMPT), -1);
    done(1, true, /* slow= */ true);
    assert_int_equal(next(QUEUE_PROMPT), UNKNOWN_ROUNDS_MAX + 1);
    assert_int_equal(next(QUEUE_PROMPT), -1);
}

static void d19_who_was_quick_is_remembered_beside_others_of_the_same_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < QUEUE_KNOWN_PLACES; i++) {
        teach(11 + i * (uint64_t)QUEUE_KNOWN_MAX, /* slow= */ false);
        queue->known[11 + i].noted_ms = i + 1;
    }
    add(1, 11, false);
    add(2, 11, false);
    assert_int_equal(next(QUEUE_PROMPT), 1);
    assert_int_equal(next(QUEUE_PROMPT), 2);
    /* One more, and the one that was noted first is a stranger again. */
    queue->known[11].noted_ms = 1;
    teach(11 + QUEUE_KNOWN_PLACES * (uint64_t)QUEUE_KNOWN_MAX, /* slow= */ false);
    add(3, 11, false);
    assert_int_equal(next(QUEUE_PROMPT), -1);
    add(4, 11 + QUEUE_KNOWN_MAX, false);
    add(5, 11 + QUEUE_KNOWN_MAX, false);
    queue->filled_ms = 0;
    assert_int_equal(next(QUEUE_PROMPT), 4);
    assert_int_equal(next(QUEUE_PROMPT), 5);
}

static void d19_a_crowd_gets_a_shorter_time_and_ends_at_different_ones(void **state)
{
    (void)state;
    struct queue_turn turn = { 0 };
    unsigned least = PROMPT_PATIENCE_MS, longest = 0;
    for (unsigned i = 0; i < UNKNOWN_ROUNDS_MAX; i++) {
        add(i, 100 + i, false); /* as they come: what fell due together, by number */
    }
    for (size_t i = 0; i < UNKNOWN_ROUNDS_MAX; i++) {
        assert_true(take(QUEUE_PROMPT, &turn));
        began(turn.enrolment, i < CROWDED_ROUNDS ? -WAITED_FOR_MS : 3600000);
        unsigned most = i < CROWDED_ROUNDS ? PROMPT_PATIENCE_MS : CROWDED_PATIENCE_MS;
        assert_in_range(turn.patience_ms, most * 3 / 4, most);
        least = i < CROWDED_ROUNDS && turn.patience_ms < least ? turn.patience_ms : least;
        longest = turn.patience_ms > longest ? turn.patience_ms : longest;
    }
    assert_true(longest - least > PROMPT_PATIENCE_MS / 8);
    done(0, true, /* slow= */ true);
    add(300, 100, false);
    queue->filled_ms = 0;
    assert_true(take(QUEUE_PATIENT, &turn));
    assert_int_equal(turn.patience_ms, 0); /* all the time that a check has */
}

static void d19_what_was_slow_yields_and_nobody_else(void **state)
{
    (void)state;
    struct queue_turn turn = { 0 };
    teach(12, /* slow= */ false);
    teach(13, /* slow= */ true);
    add(1, 11, /* slow= */ true);
    add(2, 12, /* slow= */ false);
    add(3, 13, /* slow= */ false);
    add(4, 14, /* slow= */ false);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(take(QUEUE_PATIENT, &turn));
        assert_int_equal(id_of(&turn), i == 0 ? 1 : 3);
        assert_true(turn.yields);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_true(take(QUEUE_PROMPT, &turn));
        assert_int_equal(id_of(&turn), i == 0 ? 2 : 4);
        assert_false(turn.yields);
    }
}

static void d19_patient_rounds_do_not_begin_at_one_moment(void **state)
{
    (void)state;
    struct queue_turn turn;
    bool found = false;
    add(1, 11, /* slow= */ true);
    add(2, 12, /* slow= */ true);
    add(3, 13, /* slow= */ false);
    assert_int_equal(next(QUEUE_PATIENT), 1);
    queue->patient_ms = clock_monotonic_ms() + 3600000; /* just now, however slow this machine */
    assert_int_equal(queue_take(queue, NULL, QUEUE_PATIENT, NOW, bell, &turn, &found), OK);
    assert_false(found);
    assert_int_equal(queue_take(queue, NULL, QUEUE_PROMPT, NOW, bell, &turn, &found), OK);
    assert_true(found);
    queue->patient_ms = clock_monotonic_ms() - PATIENT_SPACING_MS;
    assert_int_equal(queue_take(queue, NULL, QUEUE_PATIENT, NOW, bell, &turn, &found), OK);
    assert_true(found);
}

enum { WATCHERS = 4, RINGS = 50 };

/* Workers who wait for a turn, and who of them looked. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t looked;
    struct bell bell;
    pthread_t last;
    unsigned looks, others, turns;
} watch = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .looked = PTHREAD_COND_INITIALIZER,
    .bell = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 },
};

/* The clock is read once a look. */
static int64_t look_note(void *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&watch.mutex);
    watch.others += watch.looks > 0 && !pthread_equal(watch.last, pthread_self()) ? 1 : 0;
    watch.last = pthread_self();
    watch.looks++;
    pthread_cond_broadcast(&watch.looked);
    pthread_mutex_unlock(&watch.mutex);
    return NOW;
}

static void *await_turn(void *ctx)
{
    const struct clock clock = { look_note, NULL };
    struct queue_turn *turn = ctx;
    enum err err = queue_await(queue, NULL, QUEUE_PROMPT, &clock, &watch.bell, turn);
    pthread_mutex_lock(&watch.mutex);
    watch.turns += err == OK ? 1 : 0;
    pthread_mutex_unlock(&watch.mutex);
    return NULL;
}

static void wait_for_looks(unsigned looks)
{
    pthread_mutex_lock(&watch.mutex);
    while (watch.looks < looks) {
        pthread_cond_wait(&watch.looked, &watch.mutex);
    }
    pthread_mutex_unlock(&watch.mutex);
}

static void of_all_who_wait_one_watches_and_the_others_follow_it(void **state)
{
    (void)state;
    pthread_t threads[WATCHERS];
    struct queue_turn turns[WATCHERS] = { 0 };
    bool seen[WATCHERS] = { false };
    for (size_t i = 0; i < WATCHERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, await_turn, &turns[i]), 0);
    }
    wait_for_looks(1);
    for (unsigned ring = 0; ring < RINGS; ring++) {
        pthread_mutex_lock(&watch.mutex);
        unsigned looks = watch.looks;
        pthread_mutex_unlock(&watch.mutex);
        bell_ring(&watch.bell);
        wait_for_looks(looks + 1);
    }
    pthread_mutex_lock(&watch.mutex);
    unsigned others = watch.others;
    pthread_mutex_unlock(&watch.mutex);
    /* One ring, and each has a turn. */
    pthread_mutex_lock(&queue->mutex);
    for (unsigned id = 0; id < WATCHERS; id++) {
        add(id, 100 + id, false);
        due.since[id] = NOW;
    }
    pthread_mutex_unlock(&queue->mutex);
    bell_ring(&watch.bell);
    for (size_t i = 0; i < WATCHERS; i++) {
        pthread_join(threads[i], NULL);
        seen[id_of(&turns[i])] = true;
    }
    assert_int_equal(others, 0);
    assert_int_equal(watch.turns, WATCHERS);
    for (size_t i = 0; i < WATCHERS; i++) {
        assert_true(seen[i]);
    }
}

static void who_waits_hears_that_the_store_fails(void **state)
{
    (void)state;
    const struct clock clock = { look_note, NULL };
    struct queue_turn turn;
    due.err = ERR_IO;
    assert_int_equal(queue_await(queue, NULL, QUEUE_PROMPT, &clock, &watch.bell, &turn), ERR_IO);
    due.err = OK;
    add(1, 11, false);
    assert_int_equal(queue_await(queue, NULL, QUEUE_PROMPT, &clock, &watch.bell, &turn), OK);
    assert_int_equal(id_of(&turn), 1);
}

static void d30_a_domain_has_four_rounds_whoever_asks(void **state)
{
    (void)state;
    for (unsigned id = 1; id <= 6; id++) {
        add(id, 100 + id, false);
        assert_int_equal(next(QUEUE_PROMPT), (int)id);
        queue->filled_ms = 0;
    }
    for (unsigned id = 1; id <= PROMPT_ROUNDS_MAX; id++) {
        assert_true(aim(id, 7));
    }
    assert_false(aim(5, 7));
    assert_true(aim(6, 8)); /* another domain's */
    done(5, /* made= */ false, false);
    /* It isn't tried again while the domain has its fill, and the others are under way. */
    assert_int_equal(next(QUEUE_PROMPT), -1);
    done(3, true, false);
    due.count = 0;
    add(5, 105, false);
    queue->filled_ms = 0;
    assert_int_equal(next(QUEUE_PROMPT), 5);
    assert_true(aim(5, 7));
}

static void d30_a_domain_has_two_patient_rounds(void **state)
{
    (void)state;
    for (unsigned id = 1; id <= 3; id++) {
        add(id, 100 + id, /* slow= */ true);
        assert_int_equal(next(QUEUE_PATIENT), (int)id);
        queue->filled_ms = 0;
    }
    assert_true(aim(1, 7));
    assert_true(aim(2, 7));
    assert_false(aim(3, 7));
    /* The two lanes' shares are apart. */
    add(4, 104, false);
    queue->filled_ms = 0;
    assert_int_equal(next(QUEUE_PROMPT), 4);
    assert_true(aim(4, 7));
}

static void d30_a_round_at_several_domains_has_its_place_at_each(void **state)
{
    (void)state;
    const uint64_t both[] = { 7, 8 };
    const uint8_t first[ENROLMENT_ID_BYTES] = { 1 };
    for (unsigned id = 1; id <= 5; id++) {
        add(id, 100 + id, false);
        assert_int_equal(next(QUEUE_PROMPT), (int)id);
        queue->filled_ms = 0;
    }
    assert_true(queue_aim(queue, first, both, 2));
    for (unsigned id = 2; id <= PROMPT_ROUNDS_MAX; id++) {
        assert_true(aim(id, 8));
    }
    const uint8_t last[ENROLMENT_ID_BYTES] = { 5 };
    assert_false(queue_aim(queue, last, both, 2));
    assert_true(aim(5, 7)); /* and it took no place at the one that had room */
}

static void no_more_rounds_are_under_way_than_there_is_room_for(void **state)
{
    (void)state;
    for (unsigned id = 1; id <= QUEUE_FLIGHTS_MAX + 10; id++) {
        add(id, 100 + id, /* slow= */ true);
    }
    assert_int_equal(take_all(QUEUE_PATIENT), QUEUE_FLIGHTS_MAX);
    done(1, true, true);
    assert_true(next(QUEUE_PATIENT) > 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(the_longest_waiting_is_first_and_each_is_given_out_once),
        CASE(where_nothing_is_due_it_is_nobodys_turn),
        CASE(a_store_that_fails_gives_no_turn),
        CASE(what_has_become_due_is_seen_when_the_bell_has_rung),
        CASE(d19_of_an_unknown_subscriber_one_round_is_made_at_a_time),
        CASE(d19_a_quick_subscriber_has_four_rounds_at_a_time_and_no_more),
        CASE(d19_after_a_slow_round_all_of_a_subscribers_wait_in_the_patient_lane),
        CASE(d19_slowness_is_forgotten_after_ten_minutes),
        CASE(d19_an_enrolment_that_was_slow_is_patient_whoever_has_it),
        CASE(d19_strangers_together_leave_workers_for_the_quick),
        CASE(d19_who_was_quick_is_remembered_beside_others_of_the_same_place),
        CASE(d19_a_crowd_gets_a_shorter_time_and_ends_at_different_ones),
        CASE(d19_what_was_slow_yields_and_nobody_else),
        CASE(d19_patient_rounds_do_not_begin_at_one_moment),
        CASE(of_all_who_wait_one_watches_and_the_others_follow_it),
        CASE(who_waits_hears_that_the_store_fails),
        CASE(d30_a_domain_has_four_rounds_whoever_asks),
        CASE(d30_a_domain_has_two_patient_rounds),
        CASE(d30_a_round_at_several_domains_has_its_place_at_each),
        CASE(no_more_rounds_are_under_way_than_there_is_room_for),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
