#pragma once
/* Makes MO files in memory for the tests of lib/text. */
#include "lib/base/buf.h"

struct message {
    const char *id, *text;
};

/* The messages must be sorted by id. */
static inline void catalogue_make(const struct message *messages, uint32_t count, struct buf *mo)
{
    uint32_t header[7] = { 0x950412de, 0, count, 28, 28 + count * 8, 0, 0 };
    uint32_t offset = 28 + count * 16;
    buf_append(mo, span_make(header, sizeof header));
    for (unsigned table = 0; table < 2; table++) {
        for (uint32_t i = 0; i < count; i++) {
            const char *text = table == 0 ? messages[i].id : messages[i].text;
            uint32_t entry[2] = { (uint32_t)strlen(text), offset };
            buf_append(mo, span_make(entry, sizeof entry));
            offset += entry[0] + 1;
        }
    }
    for (unsigned table = 0; table < 2; table++) {
        for (uint32_t i = 0; i < count; i++) {
            const char *text = table == 0 ? messages[i].id : messages[i].text;
            buf_append(mo, span_make(text, strlen(text) + 1));
        }
    }
}
