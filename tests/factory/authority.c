/* What a ceremony does in holding.c, for a hierarchy that lives as long as a test. */
#include "tests/factory/authority.h"
#include "lib/pki/certificate.h"
#include "proc/signer/linted.h"

static enum err look_and_sign(struct span tbs, const struct key *key, enum lint_kind kind,
    int64_t now, struct buf *certificate, struct reason *ret_reason)
{
    TRY(linted(tbs, kind, now, ret_reason));
    return certificate_sign(tbs, signature_algorithm_of_key(key), key, certificate);
}

enum err authority_root(const struct ceremony_profile *profile,
    const struct ceremony_authority *root, const struct key *key, int64_t now,
    struct buf *certificate, struct reason *ret_reason)
{
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(authority_root_tbs(profile, root, key, now, &tbs, ret_reason));
    return look_and_sign(buf_span(&tbs), key, LINT_ROOT, now, certificate, ret_reason);
}

enum err authority_subordinate(
    const struct authority_request *request, struct buf *certificate, struct reason *ret_reason)
{
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(authority_subordinate_tbs(request, &tbs, ret_reason));
    return look_and_sign(buf_span(&tbs), request->root_key, request->kind, request->not_before,
        certificate, ret_reason);
}
