/* Lints of extensions as such, and of those that are about keys: presence, criticality, form (RFC
 * 5280 §4.2, BR 7.1.2). */
#include "lib/lint/view.h"

/* What is to be known about each extension: whether a value of its own form is expected, and
 * whether the profiles of BR 7.1.2 name it for server certificates or for CAs. */
static const struct {
    struct span oid;
    unsigned listed; /* for these kinds */
} extensions[EXT_COUNT] = {
    [EXT_AUTHORITY_KEY] = { BYTES("\x55\x1d\x23"), FOR_CERTIFICATE | FOR_CRL },
    [EXT_SUBJECT_KEY] = { BYTES("\x55\x1d\x0e"), FOR_CERTIFICATE },
    [EXT_KEY_USAGE] = { BYTES("\x55\x1d\x0f"), FOR_CERTIFICATE },
    [EXT_ALT_NAME] = { BYTES("\x55\x1d\x11"), FOR_CERTIFICATE },
    [EXT_ISSUER_ALT_NAME] = { BYTES("\x55\x1d\x12"), 0 },
    [EXT_BASIC_CONSTRAINTS] = { BYTES("\x55\x1d\x13"), FOR_CERTIFICATE },
    [EXT_NAME_CONSTRAINTS] = { BYTES("\x55\x1d\x1e"), FOR_CERTIFICATE },
    [EXT_CRL_POINTS] = { BYTES("\x55\x1d\x1f"), FOR_CERTIFICATE },
    [EXT_POLICIES] = { BYTES("\x55\x1d\x20"), FOR_CERTIFICATE },
    [EXT_POLICY_MAPPINGS] = { BYTES("\x55\x1d\x21"), 0 },
    [EXT_POLICY_CONSTRAINTS] = { BYTES("\x55\x1d\x24"), 0 },
    [EXT_INHIBIT_ANY] = { BYTES("\x55\x1d\x36"), 0 },
    [EXT_EXT_USAGE] = { BYTES("\x55\x1d\x25"), FOR_CERTIFICATE },
    [EXT_FRESHEST] = { BYTES("\x55\x1d\x2e"), 0 },
    [EXT_AUTHORITY_INFO] = { BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01"), FOR_CERTIFICATE },
    [EXT_SUBJECT_INFO] = { BYTES("\x2b\x06\x01\x05\x05\x07\x01\x0b"), 0 },
    [EXT_SCT_LIST] = { BYTES("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"), FOR_CERTIFICATE },
    [EXT_POISON] = { BYTES("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"),
        FOR_CERTIFICATE | FOR_PRECERTIFICATE },
    [EXT_NO_CHECK] = { BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01\x05"), FOR_RESPONDER },
    [EXT_ORGANISATION_ID] = { BYTES("\x67\x81\x0c\x03\x01"), FOR_SERVER },
    [EXT_CRL_NUMBER] = { BYTES("\x55\x1d\x14"), FOR_CRL },
    [EXT_DELTA] = { BYTES("\x55\x1d\x1b"), FOR_CRL },
    [EXT_ISSUING_POINT] = { BYTES("\x55\x1d\x1c"), FOR_CRL },
    [EXT_NONCE] = { BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01\x02"), FOR_OCSP },
};

/* Index into the table, or EXT_COUNT. */
static unsigned extension_of(struct span oid)
{
    unsigned at = 0;
    while (at < EXT_COUNT && !span_equal(extensions[at].oid, oid)) {
        at++;
    }
    return at;
}

/* An extension's value is the encoding of one element (RFC 5280 §4.2). */
static void value_look(struct view *view, const struct view_extension *extension)
{
    struct der value = der_reader(extension->value);
    struct der_element element;
    if (der_read_any(&value, &element) != OK || !der_empty(&value)) {
        view_fault(view, FAULT_EXTENSION_VALUE, extension->oid);
    }
    form_walk(view, extension->value);
}

static void extensions_observe(struct view *view)
{
    for (size_t i = 0; i < view->extension_count; i++) {
        const struct view_extension *extension = &view->extensions[i];
        unsigned known = extension_of(extension->oid);
        if (extension->explicit_default) {
            view_fault(view, FAULT_EXTENSION_DEFAULT, extension->oid);
        }
        for (size_t k = 0; k < i; k++) {
            if (span_equal(view->extensions[k].oid, extension->oid)) {
                view_fault(view, FAULT_EXTENSION_TWICE, extension->oid);
            }
        }
        if (known == EXT_COUNT || (extensions[known].listed & view->applies) == 0) {
            view_fault(view, FAULT_EXTENSION_UNKNOWN, extension->oid);
        }
        if (known == EXT_COUNT && extension->critical) {
            view_fault(view, FAULT_EXTENSION_CRITICAL, extension->oid);
        }
        if (known < EXT_COUNT && view->known[known] == NULL) {
            view->known[known] = extension;
        }
        if (known != EXT_NONCE) {
            value_look(view, extension); /* before RFC 8954 a nonce was no DER */
        }
    }
}

static bool there(const struct view *view, enum extension extension)
{
    return view->known[extension] != NULL;
}

static bool uncritical(const struct view *view, enum extension extension)
{
    return !there(view, extension) || !view->known[extension]->critical;
}

static bool critical(const struct view *view, enum extension extension)
{
    return !there(view, extension) || view->known[extension]->critical;
}

static bool aki_there(const struct view *view)
{
    return there(view, EXT_AUTHORITY_KEY);
}

static bool aki_uncritical(const struct view *view)
{
    return uncritical(view, EXT_AUTHORITY_KEY);
}

/* Its keyIdentifier, and whether more stands behind it. */
static bool aki_split(const struct view *view, struct span *ret_key, bool *ret_more)
{
    struct der inner;
    struct der value = der_reader(view->known[EXT_AUTHORITY_KEY]->value);
    if (der_enter(&value, DER_SEQUENCE, &inner) != OK ||
        der_read(&inner, DER_CONTEXT_PRIMITIVE(0), ret_key) != OK || ret_key->len == 0) {
        return false;
    }
    *ret_more = !der_empty(&inner) || !der_empty(&value);
    return true;
}

static bool aki_key(const struct view *view)
{
    struct span key;
    bool more;
    return !there(view, EXT_AUTHORITY_KEY) || aki_split(view, &key, &more);
}

static bool aki_only(const struct view *view)
{
    struct span key;
    bool more = false;
    return !there(view, EXT_AUTHORITY_KEY) || !aki_split(view, &key, &more) || !more;
}

static bool ski_there(const struct view *view)
{
    return there(view, EXT_SUBJECT_KEY);
}

static bool ski_absent(const struct view *view)
{
    return !there(view, EXT_SUBJECT_KEY);
}

static bool ski_uncritical(const struct view *view)
{
    return uncritical(view, EXT_SUBJECT_KEY);
}

static bool ski_read(const struct view *view, struct span *ret_key)
{
    struct der value = der_reader(view->known[EXT_SUBJECT_KEY]->value);
    return der_read(&value, DER_OCTET_STRING, ret_key) == OK && ret_key->len > 0 &&
           der_empty(&value);
}

static bool ski_form(const struct view *view)
{
    struct span key;
    return !there(view, EXT_SUBJECT_KEY) || ski_read(view, &key);
}

static bool root_aki_is_ski(const struct view *view)
{
    struct span authority, subject;
    bool more;
    return !there(view, EXT_AUTHORITY_KEY) || !there(view, EXT_SUBJECT_KEY) ||
           !aki_split(view, &authority, &more) || !ski_read(view, &subject) ||
           span_equal(authority, subject);
}

/* A CA that isn't a root has its issuer's key identifier, not its own. */
static bool aki_is_another(const struct view *view)
{
    struct span authority, subject;
    bool more;
    return !there(view, EXT_AUTHORITY_KEY) || !there(view, EXT_SUBJECT_KEY) ||
           !aki_split(view, &authority, &more) || !ski_read(view, &subject) ||
           !span_equal(authority, subject);
}

static bool names_uncritical(const struct view *view)
{
    return uncritical(view, EXT_ISSUER_ALT_NAME);
}

static bool issuer_names_absent(const struct view *view)
{
    return !there(view, EXT_ISSUER_ALT_NAME);
}

static bool freshest_uncritical(const struct view *view)
{
    return uncritical(view, EXT_FRESHEST);
}

static bool subject_info_uncritical(const struct view *view)
{
    return uncritical(view, EXT_SUBJECT_INFO);
}

static bool constraints_critical(const struct view *view)
{
    return critical(view, EXT_BASIC_CONSTRAINTS);
}

static bool usage_critical(const struct view *view)
{
    return critical(view, EXT_KEY_USAGE);
}

static bool ext_usage_uncritical(const struct view *view)
{
    return uncritical(view, EXT_EXT_USAGE);
}

static bool policies_uncritical(const struct view *view)
{
    return uncritical(view, EXT_POLICIES);
}

static bool points_uncritical(const struct view *view)
{
    return uncritical(view, EXT_CRL_POINTS);
}

static bool authority_info_uncritical(const struct view *view)
{
    return uncritical(view, EXT_AUTHORITY_INFO);
}

enum { FOR_EXTENDED = FOR_CERTIFICATE | FOR_CRL | FOR_OCSP };

static const struct lint rows[] = {
    { "extension.twice", "RFC 5280 4.2", "each extension once", FOR_EXTENDED, SINCE_RFC5280,
        .fault = FAULT_EXTENSION_TWICE },
    { "extension.default", "X.690 11.5", "criticality FALSE left out", FOR_EXTENDED, SINCE_DER,
        .fault = FAULT_EXTENSION_DEFAULT },
    { "extension.value", "RFC 5280 4.2", "a value of one DER element", FOR_EXTENDED, SINCE_RFC5280,
        .fault = FAULT_EXTENSION_VALUE },
    { "extension.listed", "BR 7.1.2.11.5", "no extension beside those of the profile",
        FOR_SERVER | FOR_RESPONDER, SINCE_BR_2, LINT_SHOULD, .fault = FAULT_EXTENSION_UNKNOWN },
    { "extension.critical", "RFC 5280 4.2", "no critical extension that nobody knows", FOR_EXTENDED,
        SINCE_RFC5280, .fault = FAULT_EXTENSION_CRITICAL },
    { "aki.present", "BR 7.1.2.11.1", "an authority key identifier", FOR_BELOW_ROOT | FOR_CRL,
        SINCE_RFC5280, .holds = aki_there },
    { "aki.critical", "RFC 5280 4.2.1.1", "an authority key identifier that isn't critical",
        FOR_CERTIFICATE | FOR_CRL, SINCE_RFC5280, .holds = aki_uncritical },
    { "aki.key", "RFC 5280 4.2.1.1", "a keyIdentifier in it", FOR_CERTIFICATE | FOR_CRL,
        SINCE_RFC5280, .holds = aki_key },
    { "aki.only", "BR 7.1.2.11.1", "no issuer and serial in it", FOR_CERTIFICATE | FOR_CRL,
        SINCE_2020_08_20, .holds = aki_only },
    { "aki.root", "RFC 5280 4.2.1.1", "a root's own key identifier", FOR_ROOT, SINCE_RFC5280,
        .holds = root_aki_is_ski },
    { "aki.another", "RFC 5280 4.2.1.1", "the issuer's key identifier, not its own",
        FOR_SUBORDINATE, SINCE_RFC5280, .holds = aki_is_another },
    { "ski.present", "RFC 5280 4.2.1.2", "a subject key identifier", FOR_CA, SINCE_RFC5280,
        .holds = ski_there },
    { "ski.responder_present", "BR 7.1.2.8.2", "a subject key identifier", FOR_RESPONDER,
        SINCE_BR_2, LINT_SHOULD, .holds = ski_there },
    { "ski.absent", "BR 7.1.2.7.6", "no subject key identifier", FOR_SERVER, SINCE_BR_2,
        LINT_SHOULD, .holds = ski_absent },
    { "ski.critical", "RFC 5280 4.2.1.2", "a subject key identifier that isn't critical",
        FOR_CERTIFICATE, SINCE_RFC5280, .holds = ski_uncritical },
    { "ski.form", "RFC 5280 4.2.1.2", "an OCTET STRING that isn't empty", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = ski_form },
    { "bc.critical", "RFC 5280 4.2.1.9", "critical basic constraints", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = constraints_critical },
    { "ku.critical", "BR 7.1.2.10.7", "a critical key usage", FOR_CERTIFICATE, SINCE_BR_1,
        .holds = usage_critical },
    { "eku.critical", "BR 7.1.2.7.6", "extended key usages that aren't critical", FOR_CERTIFICATE,
        SINCE_BR_2, .holds = ext_usage_uncritical },
    { "policies.critical", "BR 7.1.2.7.6", "policies that aren't critical", FOR_CERTIFICATE,
        SINCE_BR_2, .holds = policies_uncritical },
    { "cdp.critical", "BR 7.1.2.11.2", "a list's place that isn't critical", FOR_CERTIFICATE,
        SINCE_BR_1, .holds = points_uncritical },
    { "aia.critical", "RFC 5280 4.2.2.1", "an authority's information that isn't critical",
        FOR_CERTIFICATE, SINCE_RFC5280, .holds = authority_info_uncritical },
    { "ian.critical", "RFC 5280 4.2.1.7", "the issuer's other names not critical",
        FOR_CERTIFICATE | FOR_CRL, SINCE_RFC5280, LINT_SHOULD, .holds = names_uncritical },
    { "ian.absent", "BR 7.1.2.11.5", "no other names of the issuer", FOR_CA, SINCE_BR_2,
        LINT_SHOULD, .holds = issuer_names_absent },
    { "freshest.critical", "RFC 5280 4.2.1.15", "the freshest list's place not critical",
        FOR_CERTIFICATE | FOR_CRL, SINCE_RFC5280, .holds = freshest_uncritical },
    { "sia.critical", "RFC 5280 4.2.2.2", "a subject's information that isn't critical",
        FOR_CERTIFICATE, SINCE_RFC5280, .holds = subject_info_uncritical },
};

const struct lint_table lint_extensions = { extensions_observe, FOR_ALL, rows,
    sizeof rows / sizeof rows[0] };
