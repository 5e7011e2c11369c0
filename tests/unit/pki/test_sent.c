/* The order in which a server sends its chain, and what doesn't belong to it. */
#include "lib/pki/sent.h"
#include "tests/unit/pki/hierarchy.h"

struct world {
    struct authority root, ca, stranger;
    struct key *key;
    struct buf leaf;
    struct span own, issuer, top, other; /* the certificates */
};

static void world_make(struct world *world)
{
    uint8_t room[1024];
    AUTO(buf) subject = hierarchy_name("www.shop.example.com");
    *world = (struct world){ .root = hierarchy_authority("Root", NULL, -1) };
    world->ca = hierarchy_authority("CA", &world->root, 0);
    world->stranger = hierarchy_authority("Stranger", &world->root, 0);
    assert_int_equal(key_generate(KEY_TYPE_P256, &world->key), OK);
    const struct certificate_fields fields =
        hierarchy_server_fields(&world->ca, world->key, buf_span(&subject), room, sizeof room);
    world->leaf = hierarchy_sign(&fields, world->ca.key);
    world->own = buf_span(&world->leaf);
    world->issuer = buf_span(&world->ca.certificate);
    world->top = buf_span(&world->root.certificate);
    world->other = buf_span(&world->stranger.certificate);
}

static void world_release(struct world *world)
{
    authority_release(&world->root);
    authority_release(&world->ca);
    authority_release(&world->stranger);
    key_free(world->key);
    buf_release(&world->leaf);
}
AUTO_DEFINE(world, world_release)

static void expect(const struct span *sent, const enum sent_place *places, size_t count, bool open)
{
    struct sent result;
    assert_int_equal(sent_judge(sent, count, &result), OK);
    assert_int_equal(result.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(sent_place_name(result.places[i]), sent_place_name(places[i]));
    }
    assert_int_equal(result.open_issuer.len > 0, open);
}
#define EXPECT(open, places, ...)                                                                  \
    expect((const struct span[]){ __VA_ARGS__ }, places,                                           \
        sizeof((struct span[]){ __VA_ARGS__ }) / sizeof(struct span), open)
#define PLACES(...) ((const enum sent_place[]){ __VA_ARGS__ })

static void a_chain_in_its_order(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    EXPECT(true, PLACES(SENT_OWN), world.own);
    EXPECT(true, PLACES(SENT_OWN, SENT_IN_ORDER), world.own, world.issuer);
    EXPECT(false, PLACES(SENT_OWN, SENT_IN_ORDER, SENT_ROOT), world.own, world.issuer, world.top);
}

static void what_is_out_of_order_is_found_all_the_same(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    EXPECT(false, PLACES(SENT_OWN, SENT_ROOT, SENT_IN_ORDER), world.own, world.top, world.issuer);
    EXPECT(true, PLACES(SENT_OWN, SENT_UNRELATED, SENT_IN_ORDER), world.own, world.other,
        world.issuer);
}

static void what_does_not_belong_is_named(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    EXPECT(true, PLACES(SENT_OWN, SENT_UNRELATED), world.own, world.other);
    EXPECT(true, PLACES(SENT_OWN, SENT_UNRELATED), world.own, world.top);
    EXPECT(true, PLACES(SENT_OWN, SENT_TWICE, SENT_IN_ORDER, SENT_TWICE), world.own, world.own,
        world.issuer, world.issuer);
    EXPECT(true, PLACES(SENT_OWN, SENT_UNRELATED, SENT_IN_ORDER), world.own,
        SPAN_LITERAL("no certificate"), world.issuer);
}

static void a_certificate_of_its_own_has_no_open_issuer(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    EXPECT(false, PLACES(SENT_OWN), world.top);
}

static void what_does_not_begin_with_a_certificate_is_refused(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct sent result;
    world_make(&world);
    const struct span wrong[] = { SPAN_LITERAL("no certificate"), world.own };
    assert_int_equal(sent_judge(wrong, 2, &result), ERR_INPUT);
    assert_int_equal(sent_judge(&(struct span){ 0 }, 1, &result), ERR_INPUT);
}

static void as_many_as_there_may_be(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct span all[SENT_MAX];
    struct sent result;
    world_make(&world);
    for (size_t i = 0; i < SENT_MAX; i++) {
        all[i] = i == 0 ? world.own : world.issuer;
    }
    assert_int_equal(sent_judge(all, SENT_MAX, &result), OK);
    assert_int_equal(result.places[1], SENT_IN_ORDER);
    assert_int_equal(result.places[SENT_MAX - 1], SENT_TWICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_in_its_order),
        cmocka_unit_test(what_is_out_of_order_is_found_all_the_same),
        cmocka_unit_test(what_does_not_belong_is_named),
        cmocka_unit_test(a_certificate_of_its_own_has_no_open_issuer),
        cmocka_unit_test(what_does_not_begin_with_a_certificate_is_refused),
        cmocka_unit_test(as_many_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
