#pragma once
/* One compiled message catalogue (GNU MO, gettext manual "The Format of GNU MO Files"). gettext()
 * is per process, our languages are per request, hence our own reader. All offsets are checked
 * once, when the catalogue is opened; a look-up then can't fail but only miss. */
#include "lib/base/buf.h"

struct mo {
    uint8_t *data;
    size_t len;
    uint32_t count;
    uint32_t ids;   /* offset of the table of message ids, sorted */
    uint32_t texts; /* offset of the table of texts */
    bool swapped;   /* written on a machine of the other byte order */
};

enum { MO_MAX_BYTES = 1024 * 1024 };

/* Takes the buffer's bytes. ERR_INPUT unless every entry lies inside the file, ends with NUL, is
 * UTF-8, and the ids are strictly sorted; the buffer is untouched then. */
enum err mo_open(struct buf *content, struct mo *ret_mo) MUST_USE;
void mo_release(struct mo *mo);
AUTO_DEFINE(mo, mo_release)
/* NULL if there is no such message or its text is empty. Borrowed. */
const char *mo_text(const struct mo *mo, const char *id);
/* The id of message `index` < count; the first is "" (the header). */
const char *mo_id(const struct mo *mo, uint32_t index);
