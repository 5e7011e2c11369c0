#pragma once
/* The certificates of a file, whatever form they came in. */
#include "cli/ecert/tool.h"
#include "lib/pki/p7b.h"

enum { BUNDLE_FILE_MAX = 512 * 1024 };

/* The spans are DER and borrow from `der`. */
struct bundle {
    struct buf der;
    struct span spans[P7B_CERTIFICATES_MAX];
    size_t count;
};
void bundle_release(struct bundle *bundle);
AUTO_DEFINE(bundle, bundle_release)

/* A file of PEM, DER or P7B. Reasons: "tool.file_read", "certificate.malformed" (field: path). */
enum err bundle_read(const char *path, struct bundle *ret, struct reason *ret_reason) MUST_USE;
/* The same of bytes at hand; none at all for empty bytes. */
enum err bundle_cut(struct span bytes, struct bundle *ret) MUST_USE;
/* All but number `leaf`, as PEM. */
enum err bundle_chain(const struct bundle *bundle, size_t leaf, struct buf *chain) MUST_USE;
