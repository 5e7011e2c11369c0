#pragma once
/* The PIN letter: one A4 sheet, printed on both sides and folded twice into an envelope. Outside,
 * in the middle panel, address and reference number; inside, in the panel that is folded in first
 * and so lies under two layers of paper, the PIN. */
#include "lib/base/buf.h"
#include "lib/text/language.h"

struct letter_content {
    const struct language *language, *english; /* equal where the subscriber reads English */
    bool trial;
    const char *reference;
    struct span pin; /* PIN_DIGITS digits */
    const char *name, *organisation;
    const char *const *address;
    size_t address_count;
    const char *server_name;
    const char *portal_url;
    int64_t date;
};

/* Appends the PDF. Copies of the PIN remain in the drawing library's freed memory: who calls has no
 * other secret, and dumps no core. `ret_unknown` gets the number of characters that no font here
 * could show. ERR_MEMORY, ERR_LIMIT. */
enum err letter_draw(
    const struct letter_content *content, struct buf *pdf, unsigned *ret_unknown) MUST_USE;
