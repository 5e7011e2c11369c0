/* What Windows' viewer shows on its three tabs, read from the DER by lib/pki. */
#include "cli/ecert/console/viewer.h"

#include "cli/ecert/chain.h"
#include "cli/ecert/screen.h"
#include "lib/der/reader.h"
#include "lib/pki/name.h"

#include <stdio.h>

enum { VALUE_MAX = 4096, HEX_MAX_BYTES = 512 };

static const struct {
    const char *label, *suffix;
} tabs[VIEWER_TABS] = {
    [VIEWER_GENERAL] = { "console.tab_general", "" },
    [VIEWER_DETAILS] = { "console.tab_details", "/details" },
    [VIEWER_PATH] = { "console.tab_path", "/path" },
};

/* Names of what Windows' viewer names; of the rest the OID stands. */
static const struct {
    const struct span *oid;
    const char *label;
} extensions[] = {
    { &oid_subject_alt_name, "console.subject_alt_name" },
    { &oid_key_usage, "console.key_usage" },
    { &oid_ext_key_usage, "console.ext_key_usage" },
    { &oid_basic_constraints, "console.basic_constraints" },
    { &oid_subject_key_identifier, "console.subject_key_id" },
    { &oid_authority_key_identifier, "console.authority_key_id" },
    { &oid_crl_distribution_points, "console.crl_points" },
    { &oid_authority_info_access, "console.authority_info" },
    { &oid_certificate_policies, "console.policies" },
    { &oid_sct_list, "console.sct_list" },
};

/* One certificate's fields on their way into the list. */
struct details {
    struct visit *visit;
    const struct certificate *certificate;
    struct value *facts;
};

static struct value *fact_add(struct details *details, const char *label);
static void fact_line(struct details *details, const char *label, const char *text);
static void fact_hex(struct details *details, const char *label, struct span bytes);
static void fact_name(struct details *details, const char *label, struct span der);
static void algorithm_add(struct details *details);
static void key_add(struct details *details);
static void extension_add(struct details *details, const struct certificate_extension *extension);
static bool extension_lines(
    struct details *details, const struct certificate_extension *extension, struct value *lines);
static struct span extension_bytes(
    const struct certificate *certificate, const struct certificate_extension *extension);
static void usage_lines(struct details *details, struct value *lines);
static void thumbprints_add(struct details *details);
static void path_put_one(
    struct visit *visit, const struct path *path, bool taken, struct value *object);

void viewer_put_tabs(struct visit *visit, const char *path, enum viewer_tab shown)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "tabs");
    for (size_t i = 0; i < VIEWER_TABS; i++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "label", tabs[i].label);
        value_put_text(tree, item, "href",
            arena_format(
                visit->request->arena, "%s%s%s", visit->console->desk, path, tabs[i].suffix));
        value_put_bool(tree, item, "current", i == shown);
    }
}

void viewer_put_names(
    struct visit *visit, struct value *object, const struct span *names, size_t count)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, object, "names");
    for (size_t i = 0; i < count; i++) {
        struct dns_name name;
        char shown[HOST_NAME_UNICODE_MAX];
        struct value *item = value_add_object(tree, list);
        if (dns_name_parse(names[i], DNS_NAME_HOST_OR_WILDCARD, &name, /* ret_reason= */ NULL) !=
            OK) {
            value_put_text(
                tree, item, "unicode", utf8_plain(names[i]) ? visit_text(visit, names[i]) : "?");
            continue;
        }
        dns_name_to_unicode(&name, shown);
        bool mixed = dns_name_mixes_scripts(&name);
        bool differs = strcmp(shown, name.text) != 0;
        value_put_text(tree, item, "unicode", mixed ? name.text : shown);
        value_put_text(tree, item, "ascii", differs && !mixed ? name.text : NULL);
        value_put_bool(tree, item, "mixed", mixed);
    }
}

enum err viewer_put_details(struct visit *visit, struct span der)
{
    struct certificate certificate;
    struct value_tree *tree = &visit->tool.tree;
    struct details details = { visit, &certificate, value_put_list(tree, visit->page, "facts") };
    char text[SCREEN_MOMENT_MAX];
    TRY(certificate_parse(der, &certificate));
    fact_line(&details, "console.version", "V3");
    fact_hex(&details, "tool.serial", certificate.serial);
    algorithm_add(&details);
    fact_name(&details, "tool.issuer", certificate.issuer);
    screen_moment(&visit->tool, certificate.not_before, text);
    fact_line(&details, "tool.valid_from", text);
    screen_moment(&visit->tool, certificate.not_after, text);
    fact_line(&details, "tool.valid_until", text);
    fact_name(&details, "tool.subject", certificate.subject);
    key_add(&details);
    for (size_t i = 0; i < certificate.extension_count; i++) {
        extension_add(&details, &certificate.extensions[i]);
    }
    thumbprints_add(&details);
    return value_tree_check(tree);
}

static struct value *fact_add(struct details *details, const char *label)
{
    struct value_tree *tree = &details->visit->tool.tree;
    struct value *fact = value_add_object(tree, details->facts);
    value_put_text(tree, fact, "label", label);
    return fact;
}

static void fact_line(struct details *details, const char *label, const char *text)
{
    struct value_tree *tree = &details->visit->tool.tree;
    value_add_text(tree, value_put_list(tree, fact_add(details, label), "lines"), text);
}

static void fact_hex(struct details *details, const char *label, struct span bytes)
{
    char hex[2 * HEX_MAX_BYTES + 1];
    struct value *fact = fact_add(details, label);
    bytes.len = bytes.len < HEX_MAX_BYTES ? bytes.len : HEX_MAX_BYTES;
    hex_format(bytes, hex);
    page_put_groups(details->visit, fact, "groups", hex);
}

/* One attribute a line, as Windows does. */
static void fact_name(struct details *details, const char *label, struct span der)
{
    struct value_tree *tree = &details->visit->tool.tree;
    struct value *lines = value_put_list(tree, fact_add(details, label), "lines");
    struct name name;
    for (size_t i = name_parse(der, &name) == OK ? name.count : 0; i > 0; i--) {
        const struct name_attribute *attribute = &name.attributes[i - 1];
        const struct name one = { .attributes = { *attribute }, .count = 1 };
        char value[VALUE_MAX], oid[OID_TEXT_MAX] = "?";
        const char *short_name = name_attribute_label(attribute->oid);
        if (name_text(&one, attribute->oid, value, sizeof value) != OK) {
            snprintf(value, sizeof value, "?");
        }
        utf8_make_plain(value);
        if (short_name == NULL && oid_format(attribute->oid, oid) != OK) {
            snprintf(oid, sizeof oid, "?");
        }
        value_add_text(tree, lines,
            arena_format(details->visit->request->arena, "%s = %s",
                short_name == NULL ? oid : short_name, value));
    }
}

static void algorithm_add(struct details *details)
{
    struct der outer = der_reader(details->certificate->algorithm), inner;
    struct span oid = { 0 };
    char text[OID_TEXT_MAX] = "?";
    static const struct {
        const struct span *oid;
        const char *name;
    } names[] = {
        { &oid_sha256_with_rsa, "sha256RSA" },
        { &oid_sha384_with_rsa, "sha384RSA" },
        { &oid_sha512_with_rsa, "sha512RSA" },
        { &oid_ecdsa_sha256, "sha256ECDSA" },
        { &oid_ecdsa_sha384, "sha384ECDSA" },
        { &oid_ecdsa_sha512, "sha512ECDSA" },
        { &oid_ed25519, "Ed25519" },
    };
    if (der_enter(&outer, DER_SEQUENCE, &inner) == OK && der_read(&inner, DER_OID, &oid) == OK &&
        oid_format(oid, text) != OK) {
        snprintf(text, sizeof text, "?");
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_equal(oid, *names[i].oid)) {
            snprintf(text, sizeof text, "%s", names[i].name);
        }
    }
    fact_line(details, "console.signature_algorithm", text);
}

static void key_add(struct details *details)
{
    AUTO_PTR(key) key = NULL;
    char text[64] = "?", hex[2 * SHA256_BYTES + 1];
    uint8_t hash[SHA256_BYTES] = { 0 };
    if (key_from_spki(details->certificate->spki, &key) == OK) {
        snprintf(text, sizeof text, "%s (%u)", key_kind_name(key_kind(key)), key_bits(key));
    }
    fact_line(details, "tool.key", text);
    if (sha256(details->certificate->spki, hash) == OK) {
        hex_format(SPAN_OF(hash), hex);
        page_put_groups(details->visit, fact_add(details, "tool.key_fingerprint"), "groups", hex);
    }
}

static void extension_add(struct details *details, const struct certificate_extension *extension)
{
    struct value_tree *tree = &details->visit->tool.tree;
    char oid[OID_TEXT_MAX] = "?", hex[2 * HEX_MAX_BYTES + 1];
    const char *label = NULL;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        label = span_equal(extension->oid, *extensions[i].oid) ? extensions[i].label : label;
    }
    if (oid_format(extension->oid, oid) != OK) {
        snprintf(oid, sizeof oid, "?");
    }
    struct value *fact = value_add_object(tree, details->facts);
    value_put_text(tree, fact, "label", label);
    value_put_text(tree, fact, "oid", label == NULL ? oid : NULL);
    value_put_bool(tree, fact, "critical", extension->critical);
    struct value *lines = value_put_list(tree, fact, "lines");
    if (!extension_lines(details, extension, lines)) {
        struct span bytes = extension_bytes(details->certificate, extension);
        bytes.len = bytes.len < HEX_MAX_BYTES ? bytes.len : HEX_MAX_BYTES;
        hex_format(bytes, hex);
        page_put_groups(details->visit, fact, "groups", hex);
    }
}

/* Of key identifiers the identifier alone; of what isn't known here all of it. */
static struct span extension_bytes(
    const struct certificate *certificate, const struct certificate_extension *extension)
{
    bool subject = span_equal(extension->oid, oid_subject_key_identifier);
    bool authority = span_equal(extension->oid, oid_authority_key_identifier);
    struct span bytes = subject     ? certificate->subject_key_id
                        : authority ? certificate->authority_key_id
                                    : (struct span){ 0 };
    return bytes.len > 0 ? bytes : extension->value;
}

/* Nothing that turns the line around, or ends it. */
static const char *plain_text(const struct details *details, struct span text)
{
    return text.len == 0 || utf8_plain(text) ? visit_text(details->visit, text) : "?";
}

/* False for what lib/pki keeps as bytes. */
static bool extension_lines(
    struct details *details, const struct certificate_extension *extension, struct value *lines)
{
    struct value_tree *tree = &details->visit->tool.tree;
    const struct certificate *certificate = details->certificate;
    char oid[OID_TEXT_MAX];
    if (span_equal(extension->oid, oid_subject_alt_name)) {
        for (size_t i = 0; i < certificate->dns_name_count; i++) {
            value_add_text(tree, lines, plain_text(details, certificate->dns_names[i]));
        }
        return certificate->dns_name_count > 0;
    }
    if (span_equal(extension->oid, oid_key_usage)) {
        usage_lines(details, lines);
        return true;
    }
    if (span_equal(extension->oid, oid_ext_key_usage) && certificate->server_auth) {
        value_add_text(
            tree, lines, language_text(details->visit->tool.language, "console.server_auth"));
        return true;
    }
    if (span_equal(extension->oid, oid_basic_constraints)) {
        const char *id = certificate->is_ca ? "console.is_ca" : "console.is_end";
        value_add_text(tree, lines, language_text(details->visit->tool.language, id));
        return true;
    }
    if (span_equal(extension->oid, oid_crl_distribution_points) && certificate->crl_uri.len > 0) {
        value_add_text(tree, lines, plain_text(details, certificate->crl_uri));
        return true;
    }
    if (span_equal(extension->oid, oid_authority_info_access)) {
        value_add_text(tree, lines, plain_text(details, certificate->ca_issuers_uri));
        value_add_text(tree, lines, plain_text(details, certificate->ocsp_uri));
        return certificate->ca_issuers_uri.len + certificate->ocsp_uri.len > 0;
    }
    if (span_equal(extension->oid, oid_certificate_policies)) {
        for (size_t i = 0; i < certificate->policy_count; i++) {
            value_add_text(
                tree, lines, oid_format(certificate->policies[i], oid) == OK ? oid : NULL);
        }
        return certificate->policy_count > 0;
    }
    return false;
}

static void usage_lines(struct details *details, struct value *lines)
{
    static const struct {
        uint32_t bit;
        const char *id;
    } usages[] = {
        { KEY_USAGE_DIGITAL_SIGNATURE, "console.usage_signature" },
        { KEY_USAGE_NON_REPUDIATION, "console.usage_non_repudiation" },
        { KEY_USAGE_KEY_ENCIPHERMENT, "console.usage_encipherment" },
        { KEY_USAGE_DATA_ENCIPHERMENT, "console.usage_data" },
        { KEY_USAGE_KEY_AGREEMENT, "console.usage_agreement" },
        { KEY_USAGE_CERT_SIGN, "console.usage_certificates" },
        { KEY_USAGE_CRL_SIGN, "console.usage_lists" },
    };
    for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
        if ((details->certificate->key_usage & usages[i].bit) != 0) {
            value_add_text(&details->visit->tool.tree, lines,
                language_text(details->visit->tool.language, usages[i].id));
        }
    }
}

static void thumbprints_add(struct details *details)
{
    static const struct {
        enum digest digest;
        const char *label;
    } kinds[] = {
        { DIGEST_SHA1_THUMBPRINT, "tool.thumbprint_sha1" },
        { DIGEST_SHA256, "tool.thumbprint_sha256" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint8_t hash[DIGEST_MAX_BYTES];
        if (digest_bytes(kinds[i].digest, details->certificate->der, hash) == OK) {
            fact_hex(details, kinds[i].label, span_make(hash, digest_size(kinds[i].digest)));
        }
    }
}

enum err viewer_put_paths(
    struct visit *visit, const struct certstore *store, struct span der, struct span chain)
{
    AUTO(certstore_paths) found = { 0 };
    struct value_tree *tree = &visit->tool.tree;
    size_t good = 0, bad = 0;
    TRY(certstore_paths(
        store, der, chain, clock_now(&visit->tool.clock), &visit->request->reason, &found));
    struct value *list = value_put_list(tree, visit->page, "paths");
    for (size_t i = 0; i < found.paths->count; i++) {
        const struct path *path = &found.paths->paths[i];
        bool fine = path->rooted && path->verdict == OK;
        path_put_one(visit, path, /* taken= */ fine && good == 0, value_add_object(tree, list));
        good += fine;
        bad += path->rooted && !fine;
    }
    value_put_bool(tree, visit->page, "fine", good > 0 && bad == 0 && !found.paths->cut);
    value_put_bool(tree, visit->page, "some_bad", good > 0 && bad > 0);
    value_put_bool(tree, visit->page, "none_good", good == 0);
    value_put_bool(tree, visit->page, "cut", found.paths->cut);
    return value_tree_check(tree);
}

/* From the root down, as Windows draws it. */
static void path_put_one(
    struct visit *visit, const struct path *path, bool taken, struct value *object)
{
    struct value_tree *tree = &visit->tool.tree;
    AUTO(buf) why = buf_make(VALUE_MAX);
    bool good = path->rooted && path->verdict == OK;
    value_put_text(tree, object, "verdict",
        taken          ? "console.path_taken"
        : good         ? "console.path_good"
        : path->rooted ? "console.path_bad"
                       : "console.path_unfinished");
    value_put_bool(tree, object, "good", good);
    value_put_bool(tree, object, "bad", path->rooted && !good);
    if (path->rooted && !good) {
        language_format_reason(visit->tool.language, &path->reason, "", &why);
        value_put_text(tree, object, "why", buf_text(&why));
    }
    struct value *steps = value_put_list(tree, object, "steps");
    for (size_t i = path->chain.length; i > 0; i--) {
        struct certificate parsed;
        uint8_t hash[SHA256_BYTES];
        char name[CHAIN_NAME_MAX] = "", id[2 * SHA256_BYTES + 1] = "";
        if (certificate_parse(path->chain.path[i - 1], &parsed) == OK) {
            chain_name(parsed.subject, name);
        }
        if (sha256(path->chain.path[i - 1], hash) == OK) {
            hex_format(SPAN_OF(hash), id);
        }
        struct value *step = value_add_object(tree, steps);
        value_put_text(tree, step, "name", name);
        value_put_text(tree, step, "thumbprint",
            arena_format(visit->request->arena, "%.*s", CHAIN_SHORT_THUMBPRINT, id));
        value_put_bool(tree, step, "own", i == 1);
    }
}
