/* The tests' own hierarchy, made with the library's own writers. */
#include "tests/unit/certstore/authority.h"

#include "lib/der/pem.h"
#include "lib/pki/extension.h"
#include "lib/pki/name.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

struct extensions {
    bool is_ca;
    struct span name;
    uint8_t subject_key[KEY_IDENTIFIER_BYTES], authority_key[KEY_IDENTIFIER_BYTES];
};

static void write_extensions(struct der_writer *writer, const void *object)
{
    const struct extensions *extensions = object;
    extension_write_authority_key(writer, SPAN_OF(extensions->authority_key));
    extension_write_subject_key(writer, SPAN_OF(extensions->subject_key));
    extension_write_key_usage(writer,
        extensions->is_ca ? KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN : KEY_USAGE_DIGITAL_SIGNATURE);
    extension_write_basic_constraints(writer, extensions->is_ca, -1);
    if (!extensions->is_ca) {
        extension_write_ext_key_usage(writer, &oid_server_auth, 1);
        extension_write_alt_names(writer, &extensions->name, 1, /* critical= */ false);
    }
}

static void name_make(const char *text, struct buf *ret_name)
{
    struct name_entry entry = { oid_common_name, span_from_text(text) };
    *ret_name = buf_make(1024);
    assert_int_equal(name_write(&entry, 1, NULL, ret_name), OK);
}

static void certificate_make(const struct key *issuer_key, const char *issuer_name,
    const struct key *key, const char *name, bool is_ca, int64_t not_before, int64_t not_after,
    struct buf *ret_der)
{
    AUTO(buf) issuer = { 0 }, subject = { 0 };
    AUTO(buf) encoded = buf_make(4096), tbs = buf_make(8192);
    struct extensions extensions = { .is_ca = is_ca, .name = span_from_text(name) };
    uint8_t serial[16];
    memcpy(serial, key_spki_sha256(key).data, sizeof serial);
    serial[0] = 0x4e;
    name_make(issuer_name, &issuer);
    name_make(name, &subject);
    assert_int_equal(key_identifier(key_spki(key), extensions.subject_key), OK);
    assert_int_equal(key_identifier(key_spki(issuer_key), extensions.authority_key), OK);
    assert_int_equal(der_encode(write_extensions, &extensions, &encoded), OK);
    struct certificate_fields fields = {
        .serial = SPAN_OF(serial),
        .algorithm = signature_algorithm_of_key(issuer_key),
        .issuer = buf_span(&issuer),
        .not_before = not_before,
        .not_after = not_after,
        .subject = buf_span(&subject),
        .spki = key_spki(key),
        .extensions = buf_span(&encoded),
    };
    *ret_der = buf_make(CERTIFICATE_MAX_BYTES);
    assert_int_equal(certificate_write_tbs(&fields, &tbs), OK);
    assert_int_equal(certificate_sign(buf_span(&tbs), fields.algorithm, issuer_key, ret_der), OK);
}

void authority_make(struct authority *authority)
{
    int64_t from = TEST_NOW - 365 * DAY_SECONDS, until = TEST_NOW + 3650 * DAY_SECONDS;
    *authority = (struct authority){ 0 };
    assert_int_equal(key_generate(KEY_TYPE_P256, &authority->root_key), OK);
    assert_int_equal(key_generate(KEY_TYPE_P256, &authority->issuer_key), OK);
    certificate_make(authority->root_key, "Test Root", authority->root_key, "Test Root", true, from,
        until, &authority->root);
    certificate_make(authority->root_key, "Test Root", authority->issuer_key, "Test Issuer", true,
        from, until, &authority->issuer);
    authority->issuer_pem = buf_make(CERTIFICATE_MAX_BYTES);
    assert_int_equal(
        pem_write("CERTIFICATE", buf_span(&authority->issuer), &authority->issuer_pem), OK);
}

void authority_release(struct authority *authority)
{
    key_free(authority->root_key);
    key_free(authority->issuer_key);
    buf_release(&authority->root);
    buf_release(&authority->issuer);
    buf_release(&authority->issuer_pem);
}

void authority_issue(const struct authority *authority, const struct key *key, const char *name,
    int64_t not_before, int64_t not_after, struct buf *ret_der)
{
    certificate_make(authority->issuer_key, "Test Issuer", key, name, /* is_ca= */ false,
        not_before, not_after, ret_der);
}

struct one_entry {
    const struct certificate *revoked;
    bool given;
};

static enum err next_entry(void *ctx, struct crl_entry *ret_entry)
{
    struct one_entry *one = ctx;
    if (one->revoked == NULL || one->given) {
        return ERR_NOT_FOUND;
    }
    *ret_entry = (struct crl_entry){ one->revoked->serial, TEST_NOW, CRL_SUPERSEDED };
    one->given = true;
    return OK;
}

void authority_crl(const struct authority *authority, bool of_root,
    const struct certificate *revoked, int64_t this_update, struct buf *ret_der)
{
    const struct key *key = of_root ? authority->root_key : authority->issuer_key;
    AUTO(buf) name = { 0 };
    uint8_t identifier[KEY_IDENTIFIER_BYTES], number[8];
    store_be64(number, (uint64_t)this_update);
    name_make(of_root ? "Test Root" : "Test Issuer", &name);
    assert_int_equal(key_identifier(key_spki(key), identifier), OK);
    struct crl_fields fields = {
        .algorithm = signature_algorithm_of_key(key),
        .issuer = buf_span(&name),
        .this_update = this_update,
        .next_update = this_update + 7 * DAY_SECONDS,
        .number = SPAN_OF(number),
        .authority_key_id = SPAN_OF(identifier),
    };
    struct one_entry one = { .revoked = revoked };
    struct crl_source source = { next_entry, &one, 1 };
    *ret_der = buf_make(FILE_MAX_BYTES);
    assert_int_equal(crl_write(&fields, &source, key, ret_der), OK);
}

void scratch_make(char *ret_path, size_t size)
{
    snprintf(ret_path, size, "/tmp/test_certstore.XXXXXX");
    assert_non_null(mkdtemp(ret_path));
}

void scratch_remove(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}
