/* Lints of what a key may do: key usage, extended key usage, basic constraints (RFC 5280 §4.2.1.3,
 * §4.2.1.9, §4.2.1.12; BR 7.1.2.7.8, 7.1.2.7.10, 7.1.2.7.11, 7.1.2.10.4 to 7.1.2.10.7). */
#include "lib/lint/view.h"

enum {
    DIGITAL_SIGNATURE = 1 << 0,
    NON_REPUDIATION = 1 << 1,
    KEY_ENCIPHERMENT = 1 << 2,
    DATA_ENCIPHERMENT = 1 << 3,
    KEY_AGREEMENT = 1 << 4,
    CERT_SIGN = 1 << 5,
    CRL_SIGN = 1 << 6,
    ENCIPHER_ONLY = 1 << 7,
    DECIPHER_ONLY = 1 << 8,
    BITS_KNOWN = 9,
};

/* The bits as they stand; `form` is whether DER would write them so. */
static void key_usage_look(struct view *view)
{
    struct view_usages *usages = &view->usages;
    struct span content, value = view->known[EXT_KEY_USAGE]->value;
    struct der lax = der_reader(value), strict = lax;
    uint32_t bits;
    usages->key_usage_form = der_read_named_bits(&strict, &bits) == OK && der_empty(&strict);
    if (der_read(&lax, DER_BIT_STRING, &content) != OK || content.len < 1 || content.len > 5) {
        return;
    }
    for (size_t i = 1; i < content.len; i++) {
        for (unsigned b = 0; b < 8; b++) {
            usages->key_usage |= (uint32_t)(content.data[i] >> (7 - b) & 1) << (8 * (i - 1) + b);
        }
    }
    usages->key_usage_bits = 8 * (content.len - 1) - (content.data[0] < 8 ? content.data[0] : 0);
}

static void constraints_look(struct view *view)
{
    struct view_usages *usages = &view->usages;
    struct der value = der_reader(view->known[EXT_BASIC_CONSTRAINTS]->value), inner;
    if (der_enter(&value, DER_SEQUENCE, &inner) != OK) {
        return;
    }
    bool written = der_peek(&inner, DER_BOOLEAN);
    if (written && der_read_boolean(&inner, &usages->is_ca) != OK) {
        return;
    }
    usages->has_path_length = der_peek(&inner, DER_INTEGER);
    bool path = !usages->has_path_length || der_read_int64(&inner, &usages->path_length) == OK;
    usages->constraints_form =
        path && der_empty(&inner) && der_empty(&value) && written == usages->is_ca;
}

static void purpose_note(struct view *view, struct span oid)
{
    static const struct span code = BYTES("\x2b\x06\x01\x05\x05\x07\x03\x03");
    static const struct span mail = BYTES("\x2b\x06\x01\x05\x05\x07\x03\x04");
    static const struct span time = BYTES("\x2b\x06\x01\x05\x05\x07\x03\x08");
    static const struct span precert = BYTES("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x04");
    struct view_usages *usages = &view->usages;
    const struct {
        const struct span *oid;
        bool *flag;
    } purposes[] = { { &oid_server_auth, &usages->server_auth },
        { &oid_client_auth, &usages->client_auth }, { &code, &usages->code_signing },
        { &mail, &usages->email }, { &time, &usages->time_stamping },
        { &oid_ocsp_signing, &usages->ocsp_signing }, { &oid_any_ext_key_usage, &usages->any },
        { &precert, &usages->precert } };
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        if (span_equal(oid, *purposes[i].oid)) {
            if (*purposes[i].flag) {
                view_fault(view, FAULT_EKU_TWICE, oid);
            }
            *purposes[i].flag = true;
            return;
        }
    }
    view_fault(view, FAULT_EKU_OTHER, oid);
}

static void ext_usage_look(struct view *view)
{
    struct span value = view->known[EXT_EXT_USAGE]->value, oid;
    struct der outer = der_reader(value), inner;
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK || der_empty(&inner)) {
        view_fault(view, FAULT_EKU_FORM, value);
        return;
    }
    for (; der_read(&inner, DER_OID, &oid) == OK; view->usages.ext_usage_count++) {
        purpose_note(view, oid);
    }
    if (!der_empty(&inner) || !der_empty(&outer)) {
        view_fault(view, FAULT_EKU_FORM, value);
    }
}

static void usages_observe(struct view *view)
{
    if (view->known[EXT_KEY_USAGE] != NULL) {
        key_usage_look(view);
    }
    if (view->known[EXT_BASIC_CONSTRAINTS] != NULL) {
        constraints_look(view);
    }
    if (view->known[EXT_EXT_USAGE] != NULL) {
        ext_usage_look(view);
    }
}

static bool usage_there(const struct view *view)
{
    return view->known[EXT_KEY_USAGE] != NULL;
}

static bool bits_only(const struct view *view, uint32_t bits)
{
    return (view->usages.key_usage & ~bits) == 0;
}

static bool usage_form(const struct view *view)
{
    return !usage_there(view) || view->usages.key_usage_form;
}

static bool usage_some(const struct view *view)
{
    return !usage_there(view) || view->usages.key_usage != 0;
}

static bool usage_known(const struct view *view)
{
    return view->usages.key_usage_bits <= BITS_KNOWN;
}

static bool usage_cert_sign(const struct view *view)
{
    return !usage_there(view) || (view->usages.key_usage & CERT_SIGN) != 0;
}

static bool usage_crl_sign(const struct view *view)
{
    return !usage_there(view) || (view->usages.key_usage & CRL_SIGN) != 0;
}

static bool usage_of_ca(const struct view *view)
{
    return bits_only(view, DIGITAL_SIGNATURE | CERT_SIGN | CRL_SIGN);
}

static bool usage_not_of_ca(const struct view *view)
{
    return (view->usages.key_usage & (CERT_SIGN | CRL_SIGN)) == 0;
}

/* Without the CA flag a key signs no certificates. */
static bool cert_sign_needs_ca(const struct view *view)
{
    return (view->usages.key_usage & CERT_SIGN) == 0 || view->usages.is_ca;
}

static bool signs_ec(const struct view *view)
{
    return !view->key.ec || !usage_there(view) || (view->usages.key_usage & DIGITAL_SIGNATURE) != 0;
}

static bool signs_rsa(const struct view *view)
{
    return !view->key.rsa || !usage_there(view) ||
           (view->usages.key_usage & DIGITAL_SIGNATURE) != 0;
}

static bool no_encipherment_ec(const struct view *view)
{
    return !view->key.ec || (view->usages.key_usage & (KEY_ENCIPHERMENT | DATA_ENCIPHERMENT)) == 0;
}

static bool no_agreement_rsa(const struct view *view)
{
    return !view->key.rsa ||
           (view->usages.key_usage & (KEY_AGREEMENT | ENCIPHER_ONLY | DECIPHER_ONLY)) == 0;
}

static bool no_agreement_ec(const struct view *view)
{
    return !view->key.ec || (view->usages.key_usage & KEY_AGREEMENT) == 0;
}

static bool no_data_encipherment(const struct view *view)
{
    return (view->usages.key_usage & DATA_ENCIPHERMENT) == 0;
}

static bool no_non_repudiation(const struct view *view)
{
    return (view->usages.key_usage & NON_REPUDIATION) == 0;
}

static bool only_with_agreement(const struct view *view)
{
    return (view->usages.key_usage & (ENCIPHER_ONLY | DECIPHER_ONLY)) == 0 ||
           (view->usages.key_usage & KEY_AGREEMENT) != 0;
}

static bool no_cipher_only(const struct view *view)
{
    return (view->usages.key_usage & (ENCIPHER_ONLY | DECIPHER_ONLY)) == 0;
}

static bool usage_of_responder(const struct view *view)
{
    return !usage_there(view) || view->usages.key_usage == DIGITAL_SIGNATURE;
}

/* serverAuth is of no use to a key that neither signs nor exchanges keys. */
static bool usages_agree(const struct view *view)
{
    return !view->usages.server_auth || !usage_there(view) ||
           (view->usages.key_usage & (DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT)) != 0;
}

static bool constraints_there(const struct view *view)
{
    return view->known[EXT_BASIC_CONSTRAINTS] != NULL;
}

static bool constraints_form(const struct view *view)
{
    return !constraints_there(view) || view->usages.constraints_form;
}

static bool constraints_of_ca(const struct view *view)
{
    return !constraints_there(view) || view->usages.is_ca;
}

static bool constraints_not_of_ca(const struct view *view)
{
    return !view->usages.is_ca;
}

static bool path_needs_ca(const struct view *view)
{
    return !view->usages.has_path_length || view->usages.is_ca;
}

static bool path_needs_cert_sign(const struct view *view)
{
    return !view->usages.has_path_length || !usage_there(view) ||
           (view->usages.key_usage & CERT_SIGN) != 0;
}

static bool path_absent(const struct view *view)
{
    return !view->usages.has_path_length;
}

static bool ext_usage_there(const struct view *view)
{
    return view->known[EXT_EXT_USAGE] != NULL;
}

static bool ext_usage_absent(const struct view *view)
{
    return !ext_usage_there(view);
}

static bool server_auth(const struct view *view)
{
    return !ext_usage_there(view) || view->usages.server_auth;
}

static bool no_any(const struct view *view)
{
    return !view->usages.any;
}

static bool no_email(const struct view *view)
{
    return !view->usages.email;
}

static bool no_code(const struct view *view)
{
    return !view->usages.code_signing;
}

static bool no_time(const struct view *view)
{
    return !view->usages.time_stamping;
}

static bool no_ocsp(const struct view *view)
{
    return !view->usages.ocsp_signing;
}

static bool no_precert(const struct view *view)
{
    return !view->usages.precert;
}

static bool no_client(const struct view *view)
{
    return !view->usages.client_auth;
}

static bool only_ocsp(const struct view *view)
{
    return view->usages.ocsp_signing && view->usages.ext_usage_count == 1;
}

enum { FOR_PURPOSES = (FOR_SUBORDINATE | FOR_SERVER) & ~FOR_OLD };

static const struct lint rows[] = {
    { "ku.present", "BR 7.1.2.10.7", "a key usage", FOR_CA | FOR_RESPONDER, SINCE_BR_1,
        .holds = usage_there },
    { "ku.server_present", "BR 7.1.2.7.6", "a key usage", FOR_SERVER, SINCE_BR_2, LINT_SHOULD,
        .holds = usage_there },
    { "ku.form", "X.690 11.2.2", "a BIT STRING without zero bits at its end", FOR_CERTIFICATE,
        SINCE_DER, .holds = usage_form },
    { "ku.some", "RFC 5280 4.2.1.3", "at least one usage", FOR_CERTIFICATE, SINCE_RFC5280,
        .holds = usage_some },
    { "ku.known", "RFC 5280 4.2.1.3", "no more than nine bits", FOR_CERTIFICATE, SINCE_RFC5280,
        .holds = usage_known },
    { "ku.ca_cert_sign", "BR 7.1.2.10.7", "keyCertSign", FOR_CA, SINCE_BR_1,
        .holds = usage_cert_sign },
    { "ku.ca_crl_sign", "BR 7.1.2.10.7", "cRLSign", FOR_CA, SINCE_BR_1, .holds = usage_crl_sign },
    { "ku.ca_only", "BR 7.1.2.10.7", "nothing beside keyCertSign, cRLSign, digitalSignature",
        FOR_CA, SINCE_BR_2, .holds = usage_of_ca },
    { "ku.not_ca", "BR 7.1.2.7.11", "neither keyCertSign nor cRLSign", FOR_SERVER, SINCE_BR_1,
        .holds = usage_not_of_ca },
    { "ku.cert_sign_needs_ca", "RFC 5280 4.2.1.9", "keyCertSign only with the CA flag",
        FOR_CERTIFICATE, SINCE_RFC5280, .holds = cert_sign_needs_ca },
    { "ku.server_signs_ec", "BR 7.1.2.7.11", "digitalSignature", FOR_SERVER, SINCE_BR_2,
        .holds = signs_ec },
    { "ku.server_signs_rsa", "BR 7.1.2.7.11", "digitalSignature", FOR_SERVER, SINCE_BR_2,
        LINT_SHOULD, .holds = signs_rsa },
    { "ku.ec_encipherment", "RFC 8813 3", "no encipherment with an EC key", FOR_CERTIFICATE,
        SINCE_2020_08_20, .holds = no_encipherment_ec },
    { "ku.rsa_agreement", "RFC 3279 2.3.1", "no key agreement with an RSA key", FOR_CERTIFICATE,
        SINCE_RFC5280, .holds = no_agreement_rsa },
    { "ku.ec_agreement", "BR 7.1.2.7.11", "no keyAgreement", FOR_SERVER, SINCE_BR_2, LINT_SHOULD,
        .holds = no_agreement_ec },
    { "ku.data_encipherment", "BR 7.1.2.7.11", "no dataEncipherment", FOR_SERVER, SINCE_BR_2,
        LINT_SHOULD, .holds = no_data_encipherment },
    { "ku.non_repudiation", "BR 7.1.2.7.11", "no nonRepudiation", FOR_SERVER, SINCE_BR_2,
        .holds = no_non_repudiation },
    { "ku.only_with_agreement", "RFC 5280 4.2.1.3",
        "encipherOnly and decipherOnly only with keyAgreement", FOR_CERTIFICATE, SINCE_RFC5280,
        .holds = only_with_agreement },
    { "ku.cipher_only", "BR 7.1.2.7.11", "neither encipherOnly nor decipherOnly", FOR_SERVER,
        SINCE_BR_2, .holds = no_cipher_only },
    { "ku.responder", "BR 7.1.2.8.7", "digitalSignature and nothing else", FOR_RESPONDER,
        SINCE_BR_2, .holds = usage_of_responder },
    { "ku.agrees", "RFC 5280 4.2.1.12", "a usage that serverAuth can use", FOR_SERVER,
        SINCE_RFC5280, .holds = usages_agree },
    { "bc.present", "BR 7.1.2.10.4", "basic constraints", FOR_CA, SINCE_RFC5280,
        .holds = constraints_there },
    { "bc.form", "X.690 11.5", "a SEQUENCE without what is the default", FOR_CERTIFICATE, SINCE_DER,
        .holds = constraints_form },
    { "bc.ca", "BR 7.1.2.10.4", "the CA flag", FOR_CA, SINCE_RFC5280, .holds = constraints_of_ca },
    { "bc.not_ca", "BR 7.1.2.7.8", "no CA flag", FOR_SERVER | FOR_RESPONDER, SINCE_BR_1,
        .holds = constraints_not_of_ca },
    { "bc.path_needs_ca", "RFC 5280 4.2.1.9", "a path's length only with the CA flag",
        FOR_CERTIFICATE, SINCE_RFC5280, .holds = path_needs_ca },
    { "bc.path_needs_cert_sign", "RFC 5280 4.2.1.9", "a path's length only with keyCertSign",
        FOR_CERTIFICATE, SINCE_RFC5280, .holds = path_needs_cert_sign },
    { "bc.root_path", "BR 7.1.2.1.4", "no path's length", FOR_ROOT, SINCE_BR_1, LINT_SHOULD,
        .holds = path_absent },
    { "eku.root_absent", "BR 7.1.2.1.2", "no extended key usage", FOR_ROOT, SINCE_BR_1,
        .holds = ext_usage_absent },
    { "eku.old_absent", "BR 7.1.2.6.1", "an extended key usage, or revocation", FOR_OLD, SINCE_BR_2,
        LINT_SHOULD, .holds = ext_usage_there },
    { "eku.present", "BR 7.1.2.7.6", "an extended key usage", FOR_PURPOSES | FOR_RESPONDER,
        SINCE_BR_2, .holds = ext_usage_there },
    { "eku.form", "RFC 5280 4.2.1.12", "a SEQUENCE of at least one purpose", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_EKU_FORM },
    { "eku.twice", "RFC 5280 4.2.1.12", "each purpose once", FOR_CERTIFICATE, SINCE_RFC5280,
        .fault = FAULT_EKU_TWICE },
    { "eku.server_auth", "BR 7.1.2.7.10", "serverAuth", FOR_PURPOSES, SINCE_BR_2,
        .holds = server_auth },
    { "eku.any", "BR 7.1.2.7.10", "no anyExtendedKeyUsage", FOR_PURPOSES | FOR_RESPONDER,
        SINCE_BR_1, .holds = no_any },
    { "eku.email", "BR 7.1.2.7.10", "no emailProtection", FOR_PURPOSES, SINCE_BR_2,
        .holds = no_email },
    { "eku.code", "BR 7.1.2.7.10", "no codeSigning", FOR_PURPOSES, SINCE_BR_2, .holds = no_code },
    { "eku.time", "BR 7.1.2.7.10", "no timeStamping", FOR_PURPOSES, SINCE_BR_2, .holds = no_time },
    { "eku.ocsp", "BR 7.1.2.7.10", "no OCSPSigning", FOR_PURPOSES, SINCE_BR_2, .holds = no_ocsp },
    { "eku.precert", "BR 7.1.2.7.10", "no signing of precertificates", FOR_PURPOSES, SINCE_BR_2,
        .holds = no_precert },
    { "eku.other", "BR 7.1.2.7.10", "no purpose beside those of the profile", FOR_PURPOSES,
        SINCE_BR_2, LINT_SHOULD, .fault = FAULT_EKU_OTHER },
    { "eku.ca_server_only", "Chrome 1.8 1.3.2", "serverAuth alone", FOR_SUBORDINATE,
        SINCE_2026_06_15, .holds = no_client },
    { "eku.server_only", "Chrome 1.8 1.3.2", "serverAuth alone", FOR_SERVER, SINCE_2027_03_15,
        .holds = no_client },
    { "eku.responder", "BR 7.1.2.8.5", "OCSPSigning alone", FOR_RESPONDER, SINCE_BR_2,
        .holds = only_ocsp },
};

const struct lint_table lint_usages = { usages_observe, FOR_CERTIFICATE, rows,
    sizeof rows / sizeof rows[0] };
