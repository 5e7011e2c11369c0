/* MO: a header of seven words, two tables of (length, offset), then the texts. */
#include "lib/text/mo.h"

enum { HEADER_BYTES = 28, ENTRY_BYTES = 8, COUNT_MAX = 65536 };
static const uint32_t magic = 0x950412de;

static uint32_t word(const struct mo *mo, uint32_t offset);
static enum err header_read(struct mo *mo);
static struct span entry(const struct mo *mo, uint32_t table, uint32_t index);

enum err mo_open(struct span content, struct mo *ret_mo)
{
    struct mo mo = { .data = content.data, .len = content.len };
    TRY(header_read(&mo));
    *ret_mo = mo;
    return OK;
}

/* A NUL inside would be a plural form, which we do not use. */
enum err mo_check(const struct mo *mo)
{
    const char *before = NULL;
    for (uint32_t i = 0; i < mo->count; i++) {
        struct span id = entry(mo, mo->ids, i), text = entry(mo, mo->texts, i);
        if (id.data == NULL || text.data == NULL || !utf8_valid(id) || !utf8_valid(text) ||
            (before != NULL && strcmp(before, (const char *)id.data) >= 0)) {
            return ERR_INPUT;
        }
        before = (const char *)id.data;
    }
    return OK;
}

const char *mo_text(const struct mo *mo, const char *id)
{
    uint32_t low = 0;
    uint32_t high = mo->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *here = mo_id(mo, middle);
        int order = here == NULL ? -1 : strcmp(id, here);
        if (order == 0) {
            struct span text = entry(mo, mo->texts, middle);
            return text.len == 0 ? NULL : (const char *)text.data;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const char *mo_id(const struct mo *mo, uint32_t index)
{
    return (const char *)entry(mo, mo->ids, index).data;
}

static enum err header_read(struct mo *mo)
{
    if (mo->len < HEADER_BYTES || mo->len > MO_MAX_BYTES) {
        return ERR_INPUT;
    }
    mo->swapped = word(mo, 0) != magic;
    if (word(mo, 0) != magic || word(mo, 4) >> 16 != 0) {
        return ERR_INPUT;
    }
    mo->count = word(mo, 8);
    mo->ids = word(mo, 12);
    mo->texts = word(mo, 16);
    if (mo->count > COUNT_MAX || mo->ids > mo->len || mo->texts > mo->len) {
        return ERR_INPUT;
    }
    size_t table = (size_t)mo->count * ENTRY_BYTES;
    return table > mo->len - mo->ids || table > mo->len - mo->texts ? ERR_INPUT : OK;
}

/* Followed by a NUL; without data where it lies outside the file or isn't. */
static struct span entry(const struct mo *mo, uint32_t table, uint32_t index)
{
    uint32_t len = word(mo, table + index * ENTRY_BYTES);
    uint32_t offset = word(mo, table + index * ENTRY_BYTES + 4);
    bool whole = offset < mo->len && len < mo->len - offset && mo->data[offset + len] == '\0';
    return whole ? span_make(mo->data + offset, len) : (struct span){ 0 };
}

/* MO files are in the byte order of whoever wrote them. */
static uint32_t word(const struct mo *mo, uint32_t offset)
{
    const uint8_t *at = mo->data + offset;
    uint32_t value =
        (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return mo->swapped ? __builtin_bswap32(value) : value;
}
