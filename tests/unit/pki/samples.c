/* Writes one of everything this library can write into a folder, for judges.py to show to others'
 * readers. Usage: samples FOLDER. */
#include "lib/crypto/pfx.h"
#include "lib/der/pem.h"
#include "lib/pki/csr.h"
#include "lib/pki/p7b.h"
#include "tests/unit/pki/hierarchy.h"

#include <stdio.h>

static void put(const char *folder, const char *name, struct span content)
{
    char path[512];
    assert_int_equal(path_join(path, sizeof path, folder, name), OK);
    assert_int_equal(file_replace(path, content, 0600), OK);
}

static void put_pem(const char *folder, const char *name, const char *label, struct span der)
{
    AUTO(buf) text = buf_make(1 << 20);
    assert_int_equal(pem_write(label, der, &text), OK);
    put(folder, name, buf_span(&text));
}

static void keys_put(const char *folder, const struct key *key, const struct secret *passphrase)
{
    AUTO(secret) plain = { 0 };
    AUTO(buf) scrypt = buf_make(KEY_PRIVATE_MAX_BYTES);
    AUTO(buf) pbkdf2 = buf_make(KEY_PRIVATE_MAX_BYTES);
    assert_int_equal(key_to_pem(key, &plain), OK);
    assert_int_equal(key_to_encrypted_pem(key, passphrase, KEY_STRETCH_SCRYPT, &scrypt), OK);
    assert_int_equal(key_to_encrypted_pem(key, passphrase, KEY_STRETCH_PBKDF2, &pbkdf2), OK);
    put(folder, "key.pem", secret_span(&plain));
    put(folder, "key-scrypt.pem", buf_span(&scrypt));
    put(folder, "key-pbkdf2.pem", buf_span(&pbkdf2));
}

static void request_put(const char *folder, const struct key *key, struct span subject)
{
    AUTO(buf) der = buf_make(HIERARCHY_MAX_BYTES);
    const struct span names[] = { SPAN_LITERAL("www.shop.example.com") };
    const struct csr_fields fields = { subject, names, 1 };
    assert_int_equal(csr_write(&fields, key, &der), OK);
    put_pem(folder, "request.pem", "CERTIFICATE REQUEST", buf_span(&der));
}

static void pfx_put(const char *folder, const struct pfx_content *content,
    const struct secret *passphrase, const char *target)
{
    AUTO(buf) der = buf_make(1 << 20);
    char name[64];
    snprintf(name, sizeof name, "%s.pfx", target);
    assert_int_equal(
        pfx_write(content, passphrase, pfx_target_find(target), /* ret_reason= */ NULL, &der), OK);
    put(folder, name, buf_span(&der));
}

static void crls_put(const char *folder, const struct authority *root, const struct authority *ca,
    struct span leaf_serial)
{
    /* The judges live in the present: their CRLs begin when the hierarchy does and last four days.
     */
    const struct crl_entry revoked = { leaf_serial, HIERARCHY_NOW, CRL_KEY_COMPROMISE };
    AUTO(buf) arl = hierarchy_crl(root, NULL, HIERARCHY_NOW);
    AUTO(buf) clean = hierarchy_crl(ca, NULL, HIERARCHY_NOW);
    AUTO(buf) dirty = hierarchy_crl(ca, &revoked, HIERARCHY_NOW);
    put_pem(folder, "arl.pem", "X509 CRL", buf_span(&arl));
    put_pem(folder, "clean.pem", "X509 CRL", buf_span(&clean));
    put_pem(folder, "revoked.pem", "X509 CRL", buf_span(&dirty));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: samples FOLDER\n", stderr);
        return 64;
    }
    uint8_t room[1024];
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, 0);
    AUTO(buf) subject = hierarchy_name("www.shop.example.com");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO_PTR(key) key = NULL;
    assert_int_equal(key_generate(KEY_TYPE_RSA_2048, &key), OK);
    const struct certificate_fields fields =
        hierarchy_server_fields(&ca, key, buf_span(&subject), room, sizeof room);
    AUTO(buf) leaf = hierarchy_sign(&fields, ca.key);
    const struct span chain[] = { buf_span(&leaf), buf_span(&ca.certificate),
        buf_span(&root.certificate) };
    const struct pfx_content content = { key, chain[0], chain + 1, 2, "www.shop.example.com" };
    AUTO(buf) p7b = buf_make(1 << 16);
    assert_int_equal(p7b_write(chain, 3, &p7b), OK);
    put(argv[1], "chain.p7b", buf_span(&p7b));
    put_pem(argv[1], "leaf.pem", "CERTIFICATE", chain[0]);
    put_pem(argv[1], "ca.pem", "CERTIFICATE", chain[1]);
    put_pem(argv[1], "root.pem", "CERTIFICATE", chain[2]);
    keys_put(argv[1], key, &passphrase);
    request_put(argv[1], key, buf_span(&subject));
    static const char *const targets[] = { "modern", "exchange2010", "windows2012", "windows2016",
        "windows2019", "java" };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        pfx_put(argv[1], &content, &passphrase, targets[i]);
    }
    crls_put(argv[1], &root, &ca, fields.serial);
    return 0;
}
