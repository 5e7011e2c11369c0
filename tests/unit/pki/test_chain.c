#include "lib/pki/chain.h"
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

static void assert_refused(const struct world *world, const char *code)
{
    struct reason reason = { 0 };
    struct chain chain = { .length = 99 };
    assert_int_equal(chain_verify(&world->request, &reason, &chain), ERR_DENIED);
    assert_string_equal(reason.code, code);
    assert_int_equal(chain.length, 99);
}

static void a_good_chain_is_found_from_leaf_to_root(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    struct reason reason = { 0 };
    struct chain chain;
    world_make(&world);
    assert_int_equal(chain_verify(&world.request, &reason, &chain), OK);
    assert_int_equal(chain.length, 3);
    assert_true(span_equal(chain.path[1], world.intermediates[0]));
    assert_true(span_equal(chain.path[2], world.roots[0]));
}

static void each_missing_or_wrong_piece_has_its_reason(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    const struct chain_request good = world.request;
    world.request.host = SPAN_LITERAL("www.other.example.com");
    assert_refused(&world, "chain.host");
    world.request = good;
    world.request.root_count = 0;
    assert_refused(&world, "chain.untrusted");
    world.request = good;
    world.request.intermediate_count = 0;
    assert_refused(&world, "chain.untrusted");
    world.request = good;
    world.request.now += 200 * DAY_SECONDS;
    assert_refused(&world, "chain.expired");
    world.request = good;
    world.request.now = HIERARCHY_BEGIN - 1;
    assert_refused(&world, "chain.not_yet_valid");
    world.request = good;
    world.request.crl_count = 0;
    assert_refused(&world, "chain.crl_missing");
    world.request = good;
    world.request.crl_count = 1; /* the ARL is missing */
    assert_refused(&world, "chain.crl_missing");
    world.request = good;
    world.request.now += 5 * DAY_SECONDS;
    assert_refused(&world, "chain.crl_stale");
    world.request.require_crl = false;
    struct chain chain;
    assert_int_equal(chain_verify(&world.request, NULL, &chain), OK);
    world.request.leaf = SPAN_LITERAL("\x30\x00");
    assert_int_equal(chain_verify(&world.request, NULL, &chain), ERR_INPUT);
}

static void a_revoked_leaf_or_intermediate_is_refused_even_by_a_stale_list(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    struct certificate leaf, ca;
    assert_int_equal(certificate_parse(world.request.leaf, &leaf), OK);
    assert_int_equal(certificate_parse(world.intermediates[0], &ca), OK);
    const struct crl_entry leaf_entry = { leaf.serial, HIERARCHY_NOW, CRL_KEY_COMPROMISE };
    const struct crl_entry ca_entry = { ca.serial, HIERARCHY_NOW, CRL_CA_COMPROMISE };
    AUTO(buf) stale = hierarchy_crl(&world.ca, &leaf_entry, HIERARCHY_NOW - 100 * DAY_SECONDS);
    AUTO(buf) arl = hierarchy_crl(&world.root, &ca_entry, HIERARCHY_NOW - 60);
    world.crls[2] = buf_span(&stale);
    world.request.crl_count = 3;
    assert_refused(&world, "chain.revoked");
    world.crls[2] = buf_span(&arl);
    assert_refused(&world, "chain.revoked");
    world.request.require_crl = false;
    assert_refused(&world, "chain.revoked");
}

static void a_list_signed_by_somebody_else_is_none(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    AUTO(world) other = { 0 };
    world_make(&world);
    world_make(&other);
    world.crls[0] = buf_span(&other.crl);
    assert_refused(&world, "chain.crl_signature");
}

static void an_intermediate_of_the_same_name_with_another_key_is_passed_over(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    AUTO(world) other = { 0 };
    struct chain chain;
    world_make(&world);
    world_make(&other);
    world.intermediates[0] = buf_span(&other.ca.certificate);
    assert_refused(&world, "chain.untrusted");
    world.intermediates[1] = buf_span(&world.ca.certificate);
    world.request.intermediate_count = 2;
    assert_int_equal(chain_verify(&world.request, NULL, &chain), OK);
    assert_true(span_equal(chain.path[1], world.intermediates[1]));
}

static void a_server_certificate_issues_nothing(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    /* A leaf under the leaf: its issuer is named, its key signs, but it is no CA. */
    AUTO(buf) subject = hierarchy_name("www.shop.example.com");
    struct authority rogue = { .key = world.key, .name = subject };
    assert_int_equal(key_identifier(key_spki(world.key), rogue.key_id), OK);
    AUTO(buf) below = leaf_of(&rogue, world.key);
    world.intermediates[1] = world.request.leaf;
    world.request.intermediate_count = 2;
    world.request.leaf = buf_span(&below);
    assert_refused(&world, "chain.not_ca");
}

static void the_usage_of_a_ca_without_its_flag_issues_nothing(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    uint8_t room[256];
    size_t len = 0;
    struct der_writer writer = der_writer_make(room, sizeof room);
    extension_write_basic_constraints(&writer, /* is_ca= */ false, -1);
    extension_write_key_usage(&writer, KEY_USAGE_CERT_SIGN);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    struct certificate ca;
    assert_int_equal(certificate_parse(world.intermediates[0], &ca), OK);
    const struct certificate_fields fields = { ca.serial, SIGNATURE_ECDSA_SHA256, ca.issuer,
        ca.not_before, ca.not_after, ca.subject, ca.spki, span_make(room, len) };
    AUTO(buf) flagless = hierarchy_sign(&fields, world.root.key);
    world.intermediates[0] = buf_span(&flagless);
    assert_refused(&world, "chain.not_ca");
}

static void a_ca_under_a_ca_that_may_not_have_one_is_refused(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    AUTO(authority) sub = hierarchy_authority("Sub CA", &world.ca, -1);
    AUTO(buf) leaf = leaf_of(&sub, world.key);
    world.intermediates[1] = buf_span(&sub.certificate);
    world.request.intermediate_count = 2;
    world.request.leaf = buf_span(&leaf);
    world.request.require_crl = false;
    assert_refused(&world, "chain.path_length");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_chain_is_found_from_leaf_to_root),
        cmocka_unit_test(each_missing_or_wrong_piece_has_its_reason),
        cmocka_unit_test(a_revoked_leaf_or_intermediate_is_refused_even_by_a_stale_list),
        cmocka_unit_test(a_list_signed_by_somebody_else_is_none),
        cmocka_unit_test(an_intermediate_of_the_same_name_with_another_key_is_passed_over),
        cmocka_unit_test(a_server_certificate_issues_nothing),
        cmocka_unit_test(the_usage_of_a_ca_without_its_flag_issues_nothing),
        cmocka_unit_test(a_ca_under_a_ca_that_may_not_have_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
