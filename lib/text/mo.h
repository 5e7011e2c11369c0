#pragma once
/* One compiled message catalogue (GNU MO, gettext manual "The Format of GNU MO Files"). gettext()
 * is per process, our languages are per request, hence our own reader. A look-up checks the offsets
 * it goes by: it can't fail but only miss. */
#include "lib/base/buf.h"

struct mo {
    const uint8_t *data; /* borrowed */
    size_t len;
    uint32_t count;
    uint32_t ids;   /* offset of the table of message ids, sorted */
    uint32_t texts; /* offset of the table of texts */
    bool swapped;   /* written on a machine of the other byte order */
};

enum { MO_MAX_BYTES = 1024 * 1024 };

/* Over bytes that stay as long as it does. ERR_INPUT unless it is a catalogue whose tables lie
 * inside the file. */
enum err mo_open(struct span content, struct mo *ret_mo) MUST_USE;
/* For one that lives long: ERR_INPUT unless every entry lies inside the file, ends with NUL, is
 * UTF-8, and the ids are strictly sorted. */
enum err mo_check(const struct mo *mo) MUST_USE;
/* NULL if there is no such message or its text is empty. Borrowed. */
const char *mo_text(const struct mo *mo, const char *id);
/* The id of message `index` < count; the first is "" (the header). NULL where it lies outside. */
const char *mo_id(const struct mo *mo, uint32_t index);
