#include "lib/pki/ocsp.h"
#include "tests/unit/pki/hierarchy.h"

enum { MINUTE = 60 };

/* An answer to be made: what is zero or NULL is as it should be. */
struct wanted {
    uint8_t refused; /* an error status and nothing else */
    enum ocsp_status status;
    int64_t this_update, next_update; /* next_update -1: none */
    const struct authority *signer;   /* NULL: the issuer */
    const struct authority *named;    /* as responder; NULL: the signer */
    bool by_name;
    struct span responder; /* a certificate that comes along */
    struct span serial;
    bool version, critical, trailing, other_hash;
};

struct world {
    struct authority root, ca;
    struct key *key;
    struct buf leaf_der;
    struct certificate leaf, issuer;
};

static void world_release(struct world *world)
{
    authority_release(&world->root);
    authority_release(&world->ca);
    key_free(world->key);
    buf_release(&world->leaf_der);
}
AUTO_DEFINE(world, world_release)

static void world_make(struct world *world)
{
    uint8_t room[1024];
    AUTO(buf) subject = hierarchy_name("www.shop.example.com");
    world->root = hierarchy_authority("Root", NULL, -1);
    world->ca = hierarchy_authority("CA", &world->root, 0);
    assert_int_equal(key_generate(KEY_TYPE_P256, &world->key), OK);
    const struct certificate_fields fields =
        hierarchy_server_fields(&world->ca, world->key, buf_span(&subject), room, sizeof room);
    world->leaf_der = hierarchy_sign(&fields, world->ca.key);
    assert_int_equal(certificate_parse(buf_span(&world->leaf_der), &world->leaf), OK);
    assert_int_equal(certificate_parse(buf_span(&world->ca.certificate), &world->issuer), OK);
}

static void hash_of_key(const struct key *key, uint8_t ret_hash[SHA1_BYTES])
{
    struct der outer = der_reader(key_spki(key)), fields;
    struct span algorithm, bits;
    assert_int_equal(der_enter(&outer, DER_SEQUENCE, &fields), OK);
    assert_int_equal(der_read_whole(&fields, DER_SEQUENCE, &algorithm), OK);
    assert_int_equal(der_read_bit_string(&fields, &bits), OK);
    assert_int_equal(digest_bytes(DIGEST_SHA1_THUMBPRINT, bits, ret_hash), OK);
}

static void write_id(
    struct der_writer *writer, const struct world *world, const struct wanted *wanted)
{
    uint8_t name[SHA1_BYTES], key[SHA1_BYTES];
    assert_int_equal(digest_bytes(DIGEST_SHA1_THUMBPRINT, buf_span(&world->ca.name), name), OK);
    hash_of_key(world->ca.key, key);
    der_open(writer, DER_SEQUENCE);
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, wanted->other_hash ? oid_sha256_with_rsa : oid_sha1);
    der_close(writer);
    der_write_octets(writer, SPAN_OF(name));
    der_write_octets(writer, SPAN_OF(key));
    der_write_magnitude(writer, wanted->serial.len > 0 ? wanted->serial : world->leaf.serial);
    der_close(writer);
}

static void write_single(
    struct der_writer *writer, const struct world *world, const struct wanted *wanted)
{
    int64_t this_update = wanted->this_update != 0 ? wanted->this_update : HIERARCHY_NOW - MINUTE;
    int64_t next_update =
        wanted->next_update != 0 ? wanted->next_update : HIERARCHY_NOW + DAY_SECONDS;
    der_open(writer, DER_SEQUENCE);
    write_id(writer, world, wanted);
    if (wanted->status == OCSP_REVOKED) {
        der_open(writer, DER_CONTEXT(1));
        der_write_generalized_time(writer, HIERARCHY_NOW - DAY_SECONDS);
        der_close(writer);
    } else {
        der_write(
            writer, DER_CONTEXT_PRIMITIVE(wanted->status == OCSP_GOOD ? 0 : 2), (struct span){ 0 });
    }
    der_write_generalized_time(writer, this_update);
    if (next_update > 0) {
        der_open(writer, DER_CONTEXT(0));
        der_write_generalized_time(writer, next_update);
        der_close(writer);
    }
    der_close(writer);
}

static void write_data(
    struct der_writer *writer, const struct world *world, const struct wanted *wanted)
{
    const struct authority *signer = wanted->signer != NULL ? wanted->signer : &world->ca;
    const struct authority *named = wanted->named != NULL ? wanted->named : signer;
    uint8_t hash[SHA1_BYTES];
    hash_of_key(named->key, hash);
    der_open(writer, DER_SEQUENCE);
    if (wanted->version) {
        der_open(writer, DER_CONTEXT(0));
        der_write_int64(writer, 0);
        der_close(writer);
    }
    der_open(writer, DER_CONTEXT(wanted->by_name ? 1 : 2));
    if (wanted->by_name) {
        der_write_raw(writer, buf_span(&named->name));
    } else {
        der_write_octets(writer, SPAN_OF(hash));
    }
    der_close(writer);
    der_write_generalized_time(writer, HIERARCHY_NOW - MINUTE);
    der_open(writer, DER_SEQUENCE);
    write_single(writer, world, wanted);
    der_close(writer);
    if (wanted->critical) {
        der_open(writer, DER_CONTEXT(1));
        der_open(writer, DER_SEQUENCE);
        der_open(writer, DER_SEQUENCE);
        der_write_oid(writer, oid_any_policy);
        der_write_boolean(writer, true);
        der_write_octets(writer, SPAN_LITERAL("x"));
        der_close(writer);
        der_close(writer);
        der_close(writer);
    }
    der_close(writer);
}

static void write_basic(
    struct der_writer *writer, const struct wanted *wanted, struct span tbs, struct span signature)
{
    der_open(writer, DER_SEQUENCE);
    der_write_raw(writer, tbs);
    der_write_raw(writer, signature_algorithm_der(SIGNATURE_ECDSA_SHA256));
    der_write_bit_string(writer, signature);
    if (wanted->responder.len > 0) {
        der_open(writer, DER_CONTEXT(0));
        der_open(writer, DER_SEQUENCE);
        der_write_raw(writer, wanted->responder);
        der_close(writer);
        der_close(writer);
    }
    der_close(writer);
}

static struct buf answer_make(const struct world *world, const struct wanted *wanted)
{
    uint8_t data[2048], basic[8192], whole[8192], signature[SIGNATURE_MAX_BYTES];
    size_t data_len = 0, basic_len = 0, whole_len = 0, signature_len = 0;
    const struct authority *signer = wanted->signer != NULL ? wanted->signer : &world->ca;
    struct der_writer writer = der_writer_make(data, sizeof data);
    write_data(&writer, world, wanted);
    assert_int_equal(der_writer_finish(&writer, &data_len), OK);
    assert_int_equal(signature_make(signer->key, SIGNATURE_ECDSA_SHA256, span_make(data, data_len),
                         signature, &signature_len),
        OK);
    writer = der_writer_make(basic, sizeof basic);
    write_basic(&writer, wanted, span_make(data, data_len), span_make(signature, signature_len));
    assert_int_equal(der_writer_finish(&writer, &basic_len), OK);
    writer = der_writer_make(whole, sizeof whole);
    der_open(&writer, DER_SEQUENCE);
    der_write(&writer, DER_ENUMERATED, span_make(&wanted->refused, 1));
    if (wanted->refused == 0) {
        der_open(&writer, DER_CONTEXT(0));
        der_open(&writer, DER_SEQUENCE);
        der_write_oid(&writer, oid_ocsp_basic);
        der_write_octets(&writer, span_make(basic, basic_len));
        der_close(&writer);
        der_close(&writer);
    }
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &whole_len), OK);
    struct buf der = buf_make(sizeof whole + 1);
    buf_append(&der, span_make(whole, whole_len));
    if (wanted->trailing) {
        buf_append_byte(&der, 0);
    }
    return der;
}

/* The code of what is wrong with it; "" where nothing is. */
static const char *judge(const struct world *world, const struct wanted *wanted, enum err expected)
{
    static struct reason reason;
    AUTO(buf) der = answer_make(world, wanted);
    struct ocsp_answer answer;
    reason = (struct reason){ 0 };
    enum err err =
        ocsp_answer_parse(buf_span(&der), &world->leaf, &world->issuer, &reason, &answer);
    err = err == OK ? ocsp_answer_verify(&answer, &world->issuer, HIERARCHY_NOW, &reason) : err;
    assert_int_equal(err, expected);
    return reason.code;
}

static struct buf responder_make(
    const struct world *world, const struct authority *responder, bool usage, int64_t not_after)
{
    uint8_t room[1024];
    size_t len = 0;
    struct der_writer writer = der_writer_make(room, sizeof room);
    extension_write_authority_key(&writer, SPAN_OF(world->ca.key_id));
    extension_write_key_usage(&writer, KEY_USAGE_DIGITAL_SIGNATURE);
    extension_write_ext_key_usage(&writer, usage ? &oid_ocsp_signing : &oid_server_auth, 1);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    const struct certificate_fields fields = {
        .serial = SPAN_LITERAL("\x41\x42"),
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = buf_span(&world->ca.name),
        .not_before = HIERARCHY_BEGIN,
        .not_after = not_after,
        .subject = buf_span(&responder->name),
        .spki = key_spki(responder->key),
        .extensions = span_make(room, len),
    };
    return hierarchy_sign(&fields, world->ca.key);
}

static void an_answer_by_the_issuer_is_taken_under_either_name(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    for (int by_name = 0; by_name < 2; by_name++) {
        const struct wanted wanted = { .by_name = by_name == 1 };
        AUTO(buf) der = answer_make(&world, &wanted);
        struct ocsp_answer answer;
        assert_int_equal(
            ocsp_answer_parse(buf_span(&der), &world.leaf, &world.issuer, NULL, &answer), OK);
        assert_int_equal(ocsp_answer_verify(&answer, &world.issuer, HIERARCHY_NOW, NULL), OK);
        assert_int_equal(answer.status, OCSP_GOOD);
        assert_int_equal(answer.this_update, HIERARCHY_NOW - MINUTE);
        assert_int_equal(answer.next_update, HIERARCHY_NOW + DAY_SECONDS);
        assert_int_equal(answer.revoked_at, 0);
    }
}

static void revoked_and_unknown_are_told_apart(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    for (enum ocsp_status status = OCSP_REVOKED; status <= OCSP_UNKNOWN; status++) {
        const struct wanted wanted = { .status = status };
        AUTO(buf) der = answer_make(&world, &wanted);
        struct ocsp_answer answer;
        assert_int_equal(
            ocsp_answer_parse(buf_span(&der), &world.leaf, &world.issuer, NULL, &answer), OK);
        assert_int_equal(answer.status, status);
        assert_int_equal(
            answer.revoked_at, status == OCSP_REVOKED ? HIERARCHY_NOW - DAY_SECONDS : 0);
    }
}

static void an_appointed_responder_is_taken_and_nobody_else(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    AUTO(authority) responder = hierarchy_authority("Responder", NULL, -1);
    AUTO(buf) good =
        responder_make(&world, &responder, /* usage= */ true, HIERARCHY_NOW + DAY_SECONDS);
    AUTO(buf) no_usage =
        responder_make(&world, &responder, /* usage= */ false, HIERARCHY_NOW + DAY_SECONDS);
    AUTO(buf) over = responder_make(&world, &responder, /* usage= */ true, HIERARCHY_NOW - 1);
    struct wanted wanted = { .signer = &responder, .responder = buf_span(&good) };
    assert_string_equal(judge(&world, &wanted, OK), "");
    wanted.by_name = true;
    assert_string_equal(judge(&world, &wanted, OK), "");
    const struct span wrong[] = { buf_span(&no_usage), buf_span(&over),
        buf_span(&responder.certificate), buf_span(&world.leaf_der), { 0 } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wanted.responder = wrong[i];
        assert_string_equal(judge(&world, &wanted, ERR_SIGNATURE), "ocsp.signature");
    }
}

static void a_foreign_signature_under_the_issuers_name_is_refused(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    AUTO(authority) evil = hierarchy_authority("CA", NULL, -1);
    const struct wanted forged[] = {
        { .signer = &evil },
        { .signer = &evil, .named = &world.ca },
        { .signer = &evil, .named = &world.ca, .by_name = true },
        { .signer = &evil, .by_name = true, .responder = buf_span(&evil.certificate) },
        { .signer = &world.root },
    };
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        assert_string_equal(judge(&world, &forged[i], ERR_SIGNATURE), "ocsp.signature");
    }
}

static void what_is_not_of_this_time_is_refused(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    const struct {
        struct wanted wanted;
        const char *code;
    } table[] = {
        { { .this_update = HIERARCHY_NOW + 301 }, "ocsp.future" },
        { { .next_update = HIERARCHY_NOW }, "ocsp.stale" },
        { { .next_update = -1 }, "ocsp.endless" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_string_equal(judge(&world, &table[i].wanted, ERR_DENIED), table[i].code);
    }
    const struct wanted edge = { .this_update = HIERARCHY_NOW + 300,
        .next_update = HIERARCHY_NOW + 1 };
    assert_string_equal(judge(&world, &edge, OK), "");
}

static void an_answer_about_others_is_none(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    const struct wanted others[] = { { .serial = SPAN_LITERAL("\x11") }, { .other_hash = true } };
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(judge(&world, &others[i], ERR_NOT_FOUND), "ocsp.other");
    }
}

static void error_statuses_and_what_is_malformed_are_told(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    const struct wanted later = { .refused = 3 };
    assert_string_equal(judge(&world, &later, ERR_AGAIN), "ocsp.refused");
    const struct wanted malformed[] = { { .version = true }, { .critical = true },
        { .trailing = true } };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        assert_string_equal(judge(&world, &malformed[i], ERR_INPUT), "ocsp.malformed");
    }
}

static void no_byte_of_an_answer_may_change(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    const struct wanted wanted = { .by_name = true };
    AUTO(buf) der = answer_make(&world, &wanted);
    for (size_t i = 0; i < der.len; i++) {
        struct ocsp_answer answer;
        der.data[i] ^= 0x04;
        enum err err = ocsp_answer_parse(buf_span(&der), &world.leaf, &world.issuer, NULL, &answer);
        err = err == OK ? ocsp_answer_verify(&answer, &world.issuer, HIERARCHY_NOW, NULL) : err;
        assert_int_not_equal(err, OK);
        der.data[i] ^= 0x04;
    }
    for (size_t len = 0; len < der.len; len++) {
        struct ocsp_answer answer;
        assert_int_not_equal(
            ocsp_answer_parse(span_make(der.data, len), &world.leaf, &world.issuer, NULL, &answer),
            OK);
    }
}

static void a_request_names_the_certificate_and_nothing_more(void **state)
{
    (void)state;
    AUTO(world) world = { 0 };
    world_make(&world);
    AUTO(buf) der = buf_make(1024);
    uint8_t id[512];
    size_t id_len = 0;
    assert_int_equal(ocsp_request_write(&world.leaf, &world.issuer, &der), OK);
    struct der_writer writer = der_writer_make(id, sizeof id);
    write_id(&writer, &world, &(struct wanted){ 0 });
    assert_int_equal(der_writer_finish(&writer, &id_len), OK);
    /* Ours writes the algorithm's NULL, which the table here leaves out. */
    assert_int_equal(der.len, id_len + 2 + 4 * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_by_the_issuer_is_taken_under_either_name),
        cmocka_unit_test(revoked_and_unknown_are_told_apart),
        cmocka_unit_test(an_appointed_responder_is_taken_and_nobody_else),
        cmocka_unit_test(a_foreign_signature_under_the_issuers_name_is_refused),
        cmocka_unit_test(what_is_not_of_this_time_is_refused),
        cmocka_unit_test(an_answer_about_others_is_none),
        cmocka_unit_test(error_statuses_and_what_is_malformed_are_told),
        cmocka_unit_test(no_byte_of_an_answer_may_change),
        cmocka_unit_test(a_request_names_the_certificate_and_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
