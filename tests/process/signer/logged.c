/* The world of the tests of Certificate Transparency in the signer. */
#include "tests/process/signer/logged.h"

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

int logged_make(void **state)
{
    if (world_make(state) != 0) {
        return -1;
    }
    factory_publish(&world.factory);
    return 0;
}
