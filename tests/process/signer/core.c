/* The world of the tests of the signer's core. */
#include "tests/process/signer/core.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct world world = { .folder = "signer-test-XXXXXX", .issuer_count = WORLD_ISSUERS };

static int64_t clock_of_test(void *ctx)
{
    (void)ctx;
    if (world.at_clock != NULL) {
        world.at_clock();
    }
    return world.time;
}

static int64_t elapsed_of_test(void *ctx)
{
    (void)ctx;
    return world.elapsed;
}

enum err core_open(struct issuing **ret_issuing, int64_t *ret_cut, struct reason *ret_reason)
{
    const struct issuing_setup setup = {
        .roster = &world.factory.roster,
        .roster_hash = world.factory.roster_hash,
        .weak = world.weak,
        .issuers = world.issuers,
        .issuer_count = world.issuer_count,
        .journal_path = world.journal_path,
        .clock = { clock_of_test, NULL },
        .elapsed = { world.watched ? elapsed_of_test : NULL, NULL },
        .random = random_system(),
    };
    *ret_reason = (struct reason){ 0 };
    return issuing_open(&setup, ret_issuing, ret_cut, ret_reason);
}

struct issuing *core(void)
{
    struct issuing *issuing = NULL;
    struct reason reason;
    enum err err = core_open(&issuing, /* ret_cut= */ NULL, &reason);
    if (err != OK) {
        fail_msg("%s: %s", err_name(err), reason.code);
    }
    return issuing;
}

enum err prove(const char *path, const struct roster *roster, struct proof *ret_proof,
    struct reason *ret_reason)
{
    struct proof_roster by;
    struct proof_setup setup = { .rosters = &by, .roster_count = 1, .threads = 2 };
    assert_int_equal(proof_roster_take(roster, world.factory.roster_hash, &by), OK);
    setup.fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(setup.fd >= 0);
    *ret_reason = (struct reason){ 0 };
    enum err err = proof_run(&setup, ret_proof, ret_reason);
    close(setup.fd);
    proof_roster_release(&by);
    return err;
}

int world_begin(void **state)
{
    (void)state;
    world.time = NOW;
    world.watched = false;
    world.weak = NULL;
    world.at_clock = NULL;
    unlink(world.journal_path);
    return 0;
}

static int made_of(enum key_type type)
{
    if (mkdtemp(world.folder) == NULL ||
        path_join(world.journal_path, sizeof world.journal_path, world.folder, "journal") != OK ||
        factory_init(&world.factory, type) != OK) {
        return -1;
    }
    world.issuers[0] = world.factory.issuer;
    world.issuers[1] = world.factory.ev_issuer;
    return world_begin(NULL);
}

int world_make(void **state)
{
    (void)state;
    return made_of(KEY_TYPE_RSA_2048);
}

int world_make_p256(void **state)
{
    (void)state;
    return made_of(KEY_TYPE_P256);
}

int world_drop(void **state)
{
    (void)state;
    unlink(world.journal_path);
    rmdir(world.folder);
    factory_release(&world.factory);
    return 0;
}
