/* The object identifiers this program knows: one row each. */
#include "lib/der/oid.h"

#include <stdio.h>

#define OID(name, len, octets) const struct span oid_##name = { (const uint8_t *)(octets), len };

/* clang-format off */
OID(common_name, 3, "\x55\x04\x03") /* 2.5.4.3 */
OID(serial_number, 3, "\x55\x04\x05") /* 2.5.4.5 */
OID(country, 3, "\x55\x04\x06") /* 2.5.4.6 */
OID(locality, 3, "\x55\x04\x07") /* 2.5.4.7 */
OID(state_or_province, 3, "\x55\x04\x08") /* 2.5.4.8 */
OID(street, 3, "\x55\x04\x09") /* 2.5.4.9 */
OID(organisation, 3, "\x55\x04\x0a") /* 2.5.4.10 */
OID(organisational_unit, 3, "\x55\x04\x0b") /* 2.5.4.11 */
OID(business_category, 3, "\x55\x04\x0f") /* 2.5.4.15 */
OID(postal_code, 3, "\x55\x04\x11") /* 2.5.4.17 */
OID(jurisdiction_country, 11, "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03") /* 1.3.6.1.4.1.311.60.2.1.3 */
OID(email_address, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01") /* 1.2.840.113549.1.9.1 */
OID(rsa_encryption, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") /* 1.2.840.113549.1.1.1 */
OID(sha1, 5, "\x2b\x0e\x03\x02\x1a") /* 1.3.14.3.2.26 */
OID(sha256_with_rsa, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b") /* 1.2.840.113549.1.1.11 */
OID(sha384_with_rsa, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c") /* 1.2.840.113549.1.1.12 */
OID(sha512_with_rsa, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d") /* 1.2.840.113549.1.1.13 */
OID(ec_public_key, 7, "\x2a\x86\x48\xce\x3d\x02\x01") /* 1.2.840.10045.2.1 */
OID(p256, 8, "\x2a\x86\x48\xce\x3d\x03\x01\x07") /* 1.2.840.10045.3.1.7 */
OID(p384, 5, "\x2b\x81\x04\x00\x22") /* 1.3.132.0.34 */
OID(p521, 5, "\x2b\x81\x04\x00\x23") /* 1.3.132.0.35 */
OID(ecdsa_sha256, 8, "\x2a\x86\x48\xce\x3d\x04\x03\x02") /* 1.2.840.10045.4.3.2 */
OID(ecdsa_sha384, 8, "\x2a\x86\x48\xce\x3d\x04\x03\x03") /* 1.2.840.10045.4.3.3 */
OID(ecdsa_sha512, 8, "\x2a\x86\x48\xce\x3d\x04\x03\x04") /* 1.2.840.10045.4.3.4 */
OID(ed25519, 3, "\x2b\x65\x70") /* 1.3.101.112 */
OID(subject_key_identifier, 3, "\x55\x1d\x0e") /* 2.5.29.14 */
OID(key_usage, 3, "\x55\x1d\x0f") /* 2.5.29.15 */
OID(subject_alt_name, 3, "\x55\x1d\x11") /* 2.5.29.17 */
OID(basic_constraints, 3, "\x55\x1d\x13") /* 2.5.29.19 */
OID(crl_number, 3, "\x55\x1d\x14") /* 2.5.29.20 */
OID(reason_code, 3, "\x55\x1d\x15") /* 2.5.29.21 */
OID(delta_crl_indicator, 3, "\x55\x1d\x1b") /* 2.5.29.27 */
OID(issuing_distribution_point, 3, "\x55\x1d\x1c") /* 2.5.29.28 */
OID(name_constraints, 3, "\x55\x1d\x1e") /* 2.5.29.30 */
OID(crl_distribution_points, 3, "\x55\x1d\x1f") /* 2.5.29.31 */
OID(certificate_policies, 3, "\x55\x1d\x20") /* 2.5.29.32 */
OID(any_policy, 4, "\x55\x1d\x20\x00") /* 2.5.29.32.0 */
OID(authority_key_identifier, 3, "\x55\x1d\x23") /* 2.5.29.35 */
OID(ext_key_usage, 3, "\x55\x1d\x25") /* 2.5.29.37 */
OID(authority_info_access, 8, "\x2b\x06\x01\x05\x05\x07\x01\x01") /* 1.3.6.1.5.5.7.1.1 */
OID(ca_issuers, 8, "\x2b\x06\x01\x05\x05\x07\x30\x02") /* 1.3.6.1.5.5.7.48.2 */
OID(ocsp, 8, "\x2b\x06\x01\x05\x05\x07\x30\x01") /* 1.3.6.1.5.5.7.48.1 */
OID(qualifier_cps, 8, "\x2b\x06\x01\x05\x05\x07\x02\x01") /* 1.3.6.1.5.5.7.2.1 */
OID(server_auth, 8, "\x2b\x06\x01\x05\x05\x07\x03\x01") /* 1.3.6.1.5.5.7.3.1 */
OID(client_auth, 8, "\x2b\x06\x01\x05\x05\x07\x03\x02") /* 1.3.6.1.5.5.7.3.2 */
OID(ocsp_signing, 8, "\x2b\x06\x01\x05\x05\x07\x03\x09") /* 1.3.6.1.5.5.7.3.9 */
OID(ocsp_basic, 9, "\x2b\x06\x01\x05\x05\x07\x30\x01\x01") /* 1.3.6.1.5.5.7.48.1.1 */
OID(tls_feature, 8, "\x2b\x06\x01\x05\x05\x07\x01\x18") /* 1.3.6.1.5.5.7.1.24 */
OID(ocsp_nocheck, 9, "\x2b\x06\x01\x05\x05\x07\x30\x01\x05")
OID(any_ext_key_usage, 4, "\x55\x1d\x25\x00") /* 2.5.29.37.0 */
OID(extension_request, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e") /* 1.2.840.113549.1.9.14 */
OID(challenge_password, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07") /* 1.2.840.113549.1.9.7 */
OID(policy_dv, 6, "\x67\x81\x0c\x01\x02\x01") /* 2.23.140.1.2.1 */
OID(policy_ov, 6, "\x67\x81\x0c\x01\x02\x02") /* 2.23.140.1.2.2 */
OID(policy_ev, 5, "\x67\x81\x0c\x01\x01") /* 2.23.140.1.1 */
OID(sct_list, 10, "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02") /* 1.3.6.1.4.1.11129.2.4.2 */
OID(ct_poison, 10, "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03") /* 1.3.6.1.4.1.11129.2.4.3 */
OID(signed_data, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02") /* 1.2.840.113549.1.7.2 */
OID(pkcs7_data, 9, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01") /* 1.2.840.113549.1.7.1 */
/* clang-format on */

enum err oid_format(struct span oid, char ret_text[OID_TEXT_MAX])
{
    size_t at = 0;
    uint64_t arc = 0;
    bool first = true;
    if (oid.len == 0 || (oid.data[oid.len - 1] & 0x80) != 0) {
        return ERR_INPUT;
    }
    for (size_t i = 0; i < oid.len; i++) {
        if (arc > UINT64_MAX >> 7 || (arc == 0 && oid.data[i] == 0x80)) {
            return ERR_INPUT;
        }
        arc = arc << 7 | (oid.data[i] & 0x7f);
        if ((oid.data[i] & 0x80) != 0) {
            continue;
        }
        uint64_t root = first ? (arc < 80 ? arc / 40 : 2) : 0;
        int length =
            first ? snprintf(ret_text, OID_TEXT_MAX, "%llu.%llu", (unsigned long long)root,
                        (unsigned long long)(arc - root * 40))
                  : snprintf(ret_text + at, OID_TEXT_MAX - at, ".%llu", (unsigned long long)arc);
        at += (size_t)length;
        if (at >= OID_TEXT_MAX) {
            return ERR_INPUT;
        }
        first = false;
        arc = 0;
    }
    return OK;
}
