/* The world of the tests of Certificate Transparency in the signer. */
#include "tests/process/signer/logged.h"

#include <stdlib.h>
#include <unistd.h>

struct logged_world world = { .folder = "transparency-test-XXXXXX" };

static int64_t clock_of_test(void *ctx)
{
    (void)ctx;
    return world.time;
}

static int64_t elapsed_of_test(void *ctx)
{
    (void)ctx;
    return world.elapsed;
}

struct issuing *core(void)
{
    struct issuing *issuing = NULL;
    struct reason reason = { 0 };
    const struct issuing_setup setup = { .roster = &world.factory.roster,
        .roster_hash = world.factory.roster_hash,
        .issuers = world.issuers,
        .issuer_count = 2,
        .journal_path = world.journal_path,
        .clock = { clock_of_test, NULL },
        .elapsed = { world.watched ? elapsed_of_test : NULL, NULL },
        .random = random_system() };
    enum err err = issuing_open(&setup, &issuing, NULL, &reason);
    if (err != OK) {
        fail_msg("%s: %s", err_name(err), reason.code);
    }
    return issuing;
}

void walk_release(struct walk *walk)
{
    sample_release(&walk->sample);
    buf_release(&walk->precertificate);
    buf_release(&walk->list);
}

void walk_begin(struct issuing *issuing, struct walk *walk, unsigned number)
{
    struct reason reason = { 0 };
    bool precertificate = false;
    walk->precertificate = buf_make(CERTIFICATE_MAX_BYTES);
    walk->list = buf_make(SCT_LIST_MAX_BYTES);
    walk->request = &walk->sample.warrant.request;
    assert_int_equal(sample_init(&walk->sample, &world.factory, world.time, number), OK);
    assert_int_equal(issuing_reserve(issuing, walk->request, &walk->serial, &reason), OK);
    assert_int_equal(issuing_issue(issuing, walk->request, buf_span(&walk->sample.der),
                         &walk->precertificate, &precertificate, &reason),
        OK);
    assert_true(precertificate);
    assert_int_equal(factory_promises(&world.factory, SCTS, buf_span(&walk->precertificate),
                         world.time, &walk->list),
        OK);
}

enum err complete(struct issuing *issuing, const struct walk *walk, struct span list,
    struct buf *certificate, struct reason *ret_reason)
{
    *ret_reason = (struct reason){ 0 };
    buf_clear(certificate);
    return issuing_complete(issuing, walk->request, list, certificate, ret_reason);
}

void promises_write(const struct promises *promises, const struct walk *walk,
    const struct walk *other, struct buf *list)
{
    struct buf made[SCTS];
    struct sct scts[SCTS];
    for (size_t i = 0; i < promises->count; i++) {
        made[i] = buf_make(SCT_MAX_BYTES);
        const struct buf *of =
            promises->of_another && i == 0 ? &other->precertificate : &walk->precertificate;
        assert_int_equal(factory_promise(&world.factory, promises->logs[i], buf_span(of),
                             world.time + (i == 0 ? promises->later : 0), &made[i]),
            OK);
        made[i].data[made[i].len - 1] ^= promises->forged && i == 0;
        assert_int_equal(sct_parse(buf_span(&made[i]), &scts[i]), OK);
    }
    assert_int_equal(sct_list_write(scts, promises->count, list), OK);
    list->len -= promises->cut;
    for (size_t i = 0; i < promises->count; i++) {
        buf_release(&made[i]);
    }
}

int world_begin(void **state)
{
    (void)state;
    world.time = NOW;
    world.watched = false;
    unlink(world.journal_path);
    return 0;
}

int world_make(void **state)
{
    (void)state;
    if (mkdtemp(world.folder) == NULL ||
        path_join(world.journal_path, sizeof world.journal_path, world.folder, "journal") != OK ||
        factory_init(&world.factory, KEY_TYPE_RSA_2048) != OK) {
        return -1;
    }
    factory_publish(&world.factory);
    world.issuers[0] = world.factory.issuer;
    world.issuers[1] = world.factory.ev_issuer;
    return 0;
}

int world_drop(void **state)
{
    (void)state;
    unlink(world.journal_path);
    rmdir(world.folder);
    factory_release(&world.factory);
    return 0;
}
