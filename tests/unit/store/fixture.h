#pragma once
/* A store in a folder of its own, with one approved application and its enrolment on demand. */
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "lib/base/file.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64];
    char path[96];
    struct store *store;
    uint8_t application[APPLICATION_ID_BYTES];
    uint8_t enrolment[ENROLMENT_ID_BYTES];
};

static const struct act act = { .actor = "operator", .time = 1795000000 };

static inline int fixture_open(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct reason reason = { 0 };
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/ecert-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/ecert.db", fixture->directory);
    assert_int_equal(store_open(fixture->path, &fixture->store, &reason), OK);
    memset(fixture->application, 0xa1, sizeof fixture->application);
    memset(fixture->enrolment, 0xe1, sizeof fixture->enrolment);
    *state = fixture;
    return 0;
}

static inline int fixture_close(void **state)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", ".turn" };
    struct fixture *fixture = *state;
    store_free(fixture->store);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[i]);
        unlink(path);
    }
    int result = rmdir(fixture->directory);
    free(fixture);
    return result;
}

static inline enum err application_make(struct store *store, void *ctx)
{
    struct fixture *fixture = ctx;
    struct application_row row = { .der = SPAN_LITERAL("application"),
        .created = act.time,
        .subscriber = "Shop Example Limited" };
    memcpy(row.id, fixture->application, sizeof row.id);
    memset(row.hash, fixture->application[0], sizeof row.hash);
    return store_application_insert(store, &act, &row);
}

static inline enum err approval_add(
    struct store *store, const struct fixture *fixture, enum approval_role role, uint8_t officer)
{
    struct approval_row row = { .role = role, .time = act.time, .der = SPAN_LITERAL("approval") };
    memset(row.key_id, officer, sizeof row.key_id);
    return store_application_add_approval(store, &act, fixture->application, &row);
}

static inline enum err enrolment_make(struct store *store, void *ctx)
{
    struct fixture *fixture = ctx;
    struct enrolment_row row = { .reference = "123456789", .subscription_end = act.time + 1000 };
    TRY(application_make(store, fixture));
    TRY(approval_add(store, fixture, APPROVAL_VETTED, 1));
    TRY(approval_add(store, fixture, APPROVAL_APPROVED, 2));
    memcpy(row.id, fixture->enrolment, sizeof row.id);
    memcpy(row.application, fixture->application, sizeof row.application);
    TRY(store_enrolment_insert(store, &act, &row));
    return store_enrolment_set_pin(store, &act, fixture->enrolment, "$argon2id$of-a-test");
}

static inline int fixture_enrol(void **state)
{
    fixture_open(state);
    struct fixture *fixture = *state;
    assert_int_equal(store_transact(fixture->store, enrolment_make, fixture), OK);
    return 0;
}
