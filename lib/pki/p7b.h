#pragma once
/* P7B: certificates-only SignedData (RFC 5652 §5, as PKCS#7 1.5 writes it), the form in which
 * Windows takes a certificate with its chain. */
#include "lib/base/buf.h"

enum { P7B_CERTIFICATES_MAX = 16 };

/* Appends DER; `certificates` are DER, in the order given. */
enum err p7b_write(const struct span *certificates, size_t count, struct buf *buf) MUST_USE;
/* The certificates' spans within `der`. CRLs inside are passed over. ERR_LIMIT for more than the
 * maximum. */
enum err p7b_parse(struct span der, struct span ret_certificates[P7B_CERTIFICATES_MAX],
    size_t *ret_count) MUST_USE;
