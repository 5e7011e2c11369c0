/* Every path, the good and the bad. */
#include "lib/pki/paths.h"
#include "tests/unit/pki/hierarchy.h"

/* Everything a verification needs; each test breaks one thing. */
struct world {
    struct authority root, ca;
    struct key *key;
    struct buf leaf, crl, arl;
    struct span intermediates[2], roots[1], crls[4];
    struct chain_request request;
};

static struct buf leaf_of(const struct authority *ca, const struct key *key)
{
    uint8_t room[1024];
    AUTO(buf) subject = hierarchy_name("www.shop.example.com");
    const struct certificate_fields fields =
        hierarchy_server_fields(ca, key, buf_span(&subject), room, sizeof room);
    return hierarchy_sign(&fields, ca->key);
}

static void world_make(struct world *world)
{
    *world = (struct world){ .root = hierarchy_authority("Root", NULL, -1) };
    world->ca = hierarchy_authority("CA", &world->root, 0);
    assert_int_equal(key_generate(KEY_TYPE_P256, &world->key), OK);
    world->leaf = leaf_of(&world->ca, world->key);
    world->crl = hierarchy_crl(&world->ca, NULL, HIERARCHY_NOW - 60);
    world->arl = hierarchy_crl(&world->root, NULL, HIERARCHY_NOW - 60);
    world->intermediates[0] = buf_span(&world->ca.certificate);
    world->roots[0] = buf_span(&world->root.certificate);
    world->crls[0] = buf_span(&world->crl);
    world->crls[1] = buf_span(&world->arl);
    world->request = (struct chain_request){
        .leaf = buf_span(&world->leaf),
        .intermediates = world->intermediates,
        .intermediate_count = 1,
        .roots = world->roots,
        .root_count = 1,
        .crls = world->crls,
        .crl_count = 2,
        .require_crl = true,
        .now = HIERARCHY_NOW,
        .host = SPAN_LITERAL("www.shop.example.com"),
    };
}

static void world_release(struct world *world)
{
    authority_release(&world->root);
    authority_release(&world->ca);
    key_free(world->key);
    buf_release(&world->leaf);
    buf_release(&world->crl);
    buf_release(&world->arl);
}
AUTO_DEFINE(world, world_release)

static const struct path *only_path(struct world *world, struct paths *paths)
{
    assert_int_equal(paths_find(&world->request, NULL, paths), OK);
    assert_int_equal(paths->count, 1);
    return &paths->paths[0];
}

static void a_certificate_that_lies_in_two_places_makes_one_path(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct paths paths;
    world_make(&world);
    world.intermediates[1] = world.intermediates[0];
    world.request.intermediate_count = 2;
    const struct path *path = only_path(&world, &paths);
    assert_true(path->rooted);
    assert_int_equal(path->verdict, OK);
    assert_int_equal(path->chain.length, 3);
}

static void a_path_without_its_root_is_kept_and_not_rooted(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct paths paths;
    world_make(&world);
    world.request.root_count = 0;
    const struct path *path = only_path(&world, &paths);
    assert_false(path->rooted);
    assert_int_equal(path->chain.length, 2);
    assert_string_equal(path->reason.code, "chain.untrusted");
}

static void an_issuer_of_the_right_name_and_the_wrong_key_makes_no_path(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct paths paths;
    world_make(&world);
    struct authority other = hierarchy_authority("CA", &world.root, 0);
    world.intermediates[0] = buf_span(&other.certificate);
    const struct path *path = only_path(&world, &paths);
    assert_false(path->rooted);
    assert_int_equal(path->chain.length, 1);
    authority_release(&other);
}

static void a_revoked_intermediate_makes_a_bad_path_with_its_reason(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct paths paths;
    struct certificate ca;
    world_make(&world);
    assert_int_equal(certificate_parse(world.intermediates[0], &ca), OK);
    const struct crl_entry entry = { ca.serial, HIERARCHY_NOW, CRL_CA_COMPROMISE };
    AUTO(buf) arl = hierarchy_crl(&world.root, &entry, HIERARCHY_NOW - 60);
    world.crls[1] = buf_span(&arl);
    const struct path *path = only_path(&world, &paths);
    assert_true(path->rooted);
    assert_int_equal(path->verdict, ERR_DENIED);
    assert_string_equal(path->reason.code, "chain.revoked");
}

static void what_is_no_certificate_has_no_path(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct paths paths;
    struct reason reason = { 0 };
    world_make(&world);
    world.request.leaf = SPAN_LITERAL("hello");
    assert_int_equal(paths_find(&world.request, &reason, &paths), ERR_INPUT);
    assert_string_equal(reason.code, "chain.malformed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_that_lies_in_two_places_makes_one_path),
        cmocka_unit_test(a_path_without_its_root_is_kept_and_not_rooted),
        cmocka_unit_test(an_issuer_of_the_right_name_and_the_wrong_key_makes_no_path),
        cmocka_unit_test(a_revoked_intermediate_makes_a_bad_path_with_its_reason),
        cmocka_unit_test(what_is_no_certificate_has_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
