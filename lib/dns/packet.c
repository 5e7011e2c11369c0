/* A bounded walk through a DNS message (RFC 1035 §4.1) to its aliases and its denial of existence.
 */
#include "lib/dns/packet.h"

#include <stdio.h>

enum { TYPE_NS = 2, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_DS = 43, TYPE_NSEC = 47, TYPE_NSEC3 = 50 };
enum { HEADER_BYTES = 12, RECORD_FIXED_BYTES = 10, SHOWN_NAME_MAX = 256 };

struct record {
    unsigned type;
    struct span data;
};

static bool take(struct span *rest, size_t count, struct span *ret_taken);
static bool skip_name(struct span *rest);
static bool read_record(struct span *rest, struct record *ret_record);
static bool pass_questions(struct span *rest, struct span header);
static bool pass_answers(struct span *rest, struct span header, size_t *ret_aliases);
static bool denial_bitmap(const struct record *record, struct span *ret_bitmap);
static bool bitmap_holds(struct span bitmap, unsigned type);
static unsigned load_be16(const uint8_t *bytes);

bool dns_packet_proves_unsigned_delegation(struct span packet)
{
    struct span rest = packet, header;
    size_t aliases = 0;
    if (!take(&rest, HEADER_BYTES, &header) || !pass_questions(&rest, header) ||
        !pass_answers(&rest, header, &aliases)) {
        return false;
    }
    unsigned denials = 0;
    bool proves = false;
    for (unsigned i = load_be16(header.data + 8); i > 0; i--) {
        struct record record;
        struct span bitmap;
        if (!read_record(&rest, &record)) {
            return false;
        }
        if (record.type != TYPE_NSEC && record.type != TYPE_NSEC3) {
            continue;
        }
        denials++;
        proves = denial_bitmap(&record, &bitmap) && bitmap_holds(bitmap, TYPE_NS) &&
                 !bitmap_holds(bitmap, TYPE_SOA) && !bitmap_holds(bitmap, TYPE_DS);
    }
    return denials == 1 && proves;
}

size_t dns_packet_count_aliases(struct span packet)
{
    struct span rest = packet, header;
    size_t aliases = 0;
    bool well_formed = take(&rest, HEADER_BYTES, &header) && pass_questions(&rest, header) &&
                       pass_answers(&rest, header, &aliases);
    return well_formed ? aliases : SIZE_MAX;
}

void dns_packet_show_aliases(struct span packet, char *ret_text, size_t size)
{
    struct span rest = packet, header;
    size_t used = 0;
    ret_text[0] = '\0';
    if (!take(&rest, HEADER_BYTES, &header) || !pass_questions(&rest, header)) {
        return;
    }
    for (unsigned i = load_be16(header.data + 6); i > 0; i--) {
        struct record record;
        char name[SHOWN_NAME_MAX];
        if (!read_record(&rest, &record)) {
            return;
        }
        if (record.type == TYPE_CNAME &&
            dns_packet_show_name(
                packet, (size_t)(record.data.data - packet.data), name, sizeof name)) {
            int more = snprintf(ret_text + used, size - used, "%s%s", used == 0 ? "" : " > ", name);
            used += more > 0 ? (size_t)more : 0;
            used = used < size ? used : size - 1;
        }
    }
}

/* Every pointer leads before the place that it stands at, so that the walk ends. */
bool dns_packet_show_name(struct span packet, size_t at, char *ret_text, size_t size)
{
    size_t used = 0, before = at;
    while (at < packet.len && packet.data[at] != 0) {
        uint8_t length = packet.data[at];
        if (length >= 0xc0) {
            size_t to = at + 1 < packet.len ? load_be16(packet.data + at) & 0x3fff : before;
            if (to >= before) {
                return false;
            }
            before = to;
            at = to;
            continue;
        }
        if (length > 63 || packet.len - at - 1 < length || used + length + 2 > size) {
            return false;
        }
        if (used > 0) {
            ret_text[used++] = '.';
        }
        for (size_t i = 0; i < length; i++) {
            uint8_t byte = packet.data[at + 1 + i];
            ret_text[used + i] = byte > 0x20 && byte <= 0x7e ? (char)byte : '?';
        }
        used += length;
        at += 1U + length;
    }
    if (at >= packet.len || used + 2 > size) {
        return false;
    }
    memcpy(ret_text + used, used == 0 ? "." : "", used == 0 ? 2 : 1);
    return true;
}

static bool pass_questions(struct span *rest, struct span header)
{
    struct span fixed;
    for (unsigned i = load_be16(header.data + 4); i > 0; i--) {
        if (!skip_name(rest) || !take(rest, 4, &fixed)) {
            return false;
        }
    }
    return true;
}

static bool pass_answers(struct span *rest, struct span header, size_t *ret_aliases)
{
    for (unsigned i = load_be16(header.data + 6); i > 0; i--) {
        struct record record;
        if (!read_record(rest, &record)) {
            return false;
        }
        *ret_aliases += record.type == TYPE_CNAME;
    }
    return true;
}

static bool read_record(struct span *rest, struct record *ret_record)
{
    struct span fixed;
    if (!skip_name(rest) || !take(rest, RECORD_FIXED_BYTES, &fixed)) {
        return false;
    }
    ret_record->type = load_be16(fixed.data);
    return take(rest, load_be16(fixed.data + 8), &ret_record->data);
}

/* Labels up to the root or to a pointer, which ends a name (RFC 1035 §4.1.4). */
static bool skip_name(struct span *rest)
{
    struct span taken;
    while (take(rest, 1, &taken)) {
        uint8_t length = taken.data[0];
        if (length == 0) {
            return true;
        }
        if (length >= 0xc0) {
            return take(rest, 1, &taken);
        }
        if (length > 63 || !take(rest, length, &taken)) {
            return false;
        }
    }
    return false;
}

/* What stands behind the next name (NSEC, not compressed: RFC 4034 §4.1.1) or behind salt and hash.
 */
static bool denial_bitmap(const struct record *record, struct span *ret_bitmap)
{
    struct span rest = record->data, taken;
    bool found = record->type == TYPE_NSEC
                     ? skip_name(&rest)
                     : take(&rest, 5, &taken) && take(&rest, taken.data[4], &taken) &&
                           take(&rest, 1, &taken) && take(&rest, taken.data[0], &taken);
    *ret_bitmap = rest;
    return found;
}

/* RFC 4034 §4.1.2: windows of up to 32 octets. */
static bool bitmap_holds(struct span bitmap, unsigned type)
{
    struct span head, bits;
    while (take(&bitmap, 2, &head) && take(&bitmap, head.data[1], &bits)) {
        size_t octet = (type & 0xff) / 8;
        if (head.data[0] == type >> 8) {
            return octet < bits.len && (bits.data[octet] & (0x80 >> type % 8)) != 0;
        }
    }
    return false;
}

static bool take(struct span *rest, size_t count, struct span *ret_taken)
{
    if (count > rest->len) {
        return false;
    }
    *ret_taken = span_make(rest->data, count);
    *rest = span_make(rest->data + count, rest->len - count);
    return true;
}

static unsigned load_be16(const uint8_t *bytes)
{
    return (unsigned)(bytes[0] << 8 | bytes[1]);
}
