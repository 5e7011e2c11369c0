#pragma once
/* The extensions our profiles use (RFC 5280 §4.2), each written as one whole Extension element.
 * Failures stick in the writer, as everywhere in lib/der. Criticality is as BR 7.1.2 has it. */
#include "lib/der/oid.h"
#include "lib/der/writer.h"

/* keyIdentifier only. */
void extension_write_authority_key(struct der_writer *writer, struct span key_identifier);
void extension_write_subject_key(struct der_writer *writer, struct span key_identifier);
/* Critical; `bits` of enum key_usage. */
void extension_write_key_usage(struct der_writer *writer, uint32_t bits);
/* `usages` are OIDs. */
void extension_write_ext_key_usage(
    struct der_writer *writer, const struct span *usages, size_t count);
/* Critical; `path_length` -1 leaves it out; for !is_ca the value is the empty SEQUENCE. */
void extension_write_basic_constraints(struct der_writer *writer, bool is_ca, int path_length);
/* dNSNames in A-label form, in the order given. Critical if the subject is empty. */
void extension_write_alt_names(
    struct der_writer *writer, const struct span *dns_names, size_t count, bool critical);
/* One DistributionPoint with one fullName URI. */
void extension_write_crl_point(struct der_writer *writer, struct span uri);
/* Either may be empty, not both; OCSP first. */
void extension_write_authority_info(
    struct der_writer *writer, struct span ocsp_uri, struct span ca_issuers_uri);
/* Policy OIDs without qualifiers, the reserved one first. */
void extension_write_policies(struct der_writer *writer, const struct span *policies, size_t count);
/* Any other extension: `value` is the extnValue's content, DER. */
void extension_write(struct der_writer *writer, struct span oid, bool critical, struct span value);
