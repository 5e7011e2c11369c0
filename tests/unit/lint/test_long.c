/* Anybody's bytes may be long: what is looked for among many is found in a time that grows as they
 * do. A search of each against all took eight seconds for what is here. */
#include "lib/lint/lint.h"
#include "tests/unit/pki/hierarchy.h"

enum { ENTRIES = 40000, NAMES = 60000, NAME_BYTES = 14, ROOM = 2 * 1024 * 1024, SECONDS = 2 };

static void assert_soon(struct span der, enum lint_kind kind, const char *id)
{
    struct lint_result result;
    bool found = id == NULL;
    clock_t begun = clock();
    assert_int_equal(lint_check(der, kind, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_true(clock() - begun < SECONDS * CLOCKS_PER_SEC);
    for (size_t i = 0; i < result.count && i < LINT_FINDINGS_MAX; i++) {
        bool twice = strstr(result.findings[i].lint->id, ".twice") != NULL;
        found = found || (twice && strcmp(result.findings[i].lint->id, id) == 0);
        assert_true(!twice || id != NULL);
    }
    assert_true(found);
}

static void one_serial_many_times_is_soon_found(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) crl = buf_make(ROOM);
    struct crl_entry *entries = calloc(ENTRIES, sizeof *entries);
    assert_non_null(entries);
    for (size_t i = 0; i < ENTRIES; i++) {
        entries[i] = (struct crl_entry){ SPAN_LITERAL("\x05"), HIERARCHY_NOW, CRL_SUPERSEDED };
    }
    struct hierarchy_entries list = { entries, ENTRIES, 0 };
    const struct crl_source source = { hierarchy_entry_next, &list, ENTRIES };
    const struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca.name), HIERARCHY_NOW,
        HIERARCHY_NOW + DAY_SECONDS, SPAN_LITERAL("\x01"), SPAN_OF(ca.key_id) };
    assert_int_equal(crl_write(&fields, &source, ca.key, &crl), OK);
    free(entries);
    assert_soon(buf_span(&crl), LINT_CRL, "entry.twice");
}

/* The same name stands at both ends, or none is there twice. */
static void expect_names(const struct span *names, const char *id)
{
    size_t len = 0;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) tbs = buf_make(ROOM);
    AUTO(buf) extensions = buf_make(ROOM);
    uint8_t room[4096];
    uint8_t *bytes = buf_reserve(&extensions, ROOM / 2);
    assert_non_null(bytes);
    struct der_writer writer = der_writer_make(bytes, ROOM / 2);
    extension_write_alt_names(&writer, names, NAMES, /* critical= */ false);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    struct certificate_fields server =
        hierarchy_server_fields(&ca, ca.key, buf_span(&ca.name), room, sizeof room);
    server.extensions = span_make(bytes, len);
    assert_int_equal(certificate_write_tbs(&server, &tbs), OK);
    assert_soon(buf_span(&tbs), LINT_SERVER_OV, id);
}

static void many_names_are_soon_looked_through(void **state)
{
    (void)state;
    AUTO(buf) text = buf_make(ROOM);
    struct span *names = calloc(NAMES, sizeof *names);
    assert_non_null(names);
    for (unsigned i = 0; i < NAMES; i++) {
        buf_append_format(&text, "%06x.example", i * 2654435761U >> 8);
    }
    assert_int_equal(buf_check(&text), OK);
    for (size_t i = 0; i < NAMES; i++) {
        names[i] = span_make(text.data + i * NAME_BYTES, NAME_BYTES);
    }
    expect_names(names, /* id= */ NULL);
    names[NAMES - 1] = names[0];
    expect_names(names, "san.twice");
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_serial_many_times_is_soon_found),
        cmocka_unit_test(many_names_are_soon_looked_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
