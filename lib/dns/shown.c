/* One function a type: from RDATA to a short text. */
#include "lib/dns/shown.h"

#include "lib/dns/address.h"
#include "lib/dns/caa.h"
#include "lib/dns/packet.h"
#include "lib/dns/txt.h"

#include <stdio.h>

enum { RECORD_TEXT_MAX = 300, SOA_NUMBERS_BYTES = 20 };

static bool show_address(struct span rdata, char *text);
static bool show_name(struct span rdata, char *text);
static bool show_soa(struct span rdata, char *text);
static bool show_txt(struct span rdata, char *text);
static bool show_caa(struct span rdata, char *text);
static bool show_nothing(struct span rdata, char *text);

static const struct {
    enum dns_type type;
    const char *name;
    bool (*show)(struct span rdata, char *text); /* at most RECORD_TEXT_MAX */
} types[] = {
    { DNS_A, "A", show_address },
    { DNS_NS, "NS", show_name },
    { DNS_CNAME, "CNAME", show_name },
    { DNS_SOA, "SOA", show_soa },
    { DNS_TXT, "TXT", show_txt },
    { DNS_AAAA, "AAAA", show_address },
    { DNS_DS, "DS", show_nothing },
    { DNS_CAA, "CAA", show_caa },
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

const char *dns_type_name(enum dns_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (types[i].type == type) {
            return types[i].name;
        }
    }
    return "?";
}

void dns_answer_show(
    const struct dns_answer *answer, enum dns_type type, char *ret_text, size_t size)
{
    bool (*show)(struct span rdata, char *text) = show_nothing;
    size_t used = 0;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        show = types[i].type == type ? types[i].show : show;
    }
    ret_text[0] = '\0';
    for (size_t i = 0; i < answer->record_count && used + 1 < size; i++) {
        char text[RECORD_TEXT_MAX];
        if (!show(answer->records[i], text)) {
            continue;
        }
        int more = snprintf(ret_text + used, size - used, "%s%s", used == 0 ? "" : " | ", text);
        used += more > 0 ? (size_t)more : 0;
    }
}

static bool show_address(struct span rdata, char *text)
{
    struct ip_address address;
    if (ip_address_from_record(rdata, &address) != OK) {
        return false;
    }
    snprintf(text, RECORD_TEXT_MAX, "%s", address.text);
    return true;
}

static bool show_name(struct span rdata, char *text)
{
    return dns_packet_show_name(rdata, 0, text, RECORD_TEXT_MAX);
}

/* RFC 1035 §3.3.13: behind both names stand five numbers, the serial first. */
static bool show_soa(struct span rdata, char *text)
{
    char server[HOST_NAME_MAX_LENGTH + 1];
    if (rdata.len < SOA_NUMBERS_BYTES || !dns_packet_show_name(rdata, 0, server, sizeof server)) {
        return false;
    }
    const uint8_t *at = rdata.data + rdata.len - SOA_NUMBERS_BYTES;
    unsigned serial = (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3];
    snprintf(text, RECORD_TEXT_MAX, "%s, serial %u", server, serial);
    return true;
}

static bool show_txt(struct span rdata, char *text)
{
    AUTO(buf) joined = buf_make(DNS_ANSWER_MAX_BYTES);
    if (txt_join(rdata, &joined) != OK) {
        return false;
    }
    txt_excerpt(buf_span(&joined), text, RECORD_TEXT_MAX);
    return true;
}

static bool show_caa(struct span rdata, char *text)
{
    struct caa_record record;
    char tag[32], value[RECORD_TEXT_MAX - 48];
    if (caa_record_parse(rdata, &record) != OK) {
        return false;
    }
    txt_excerpt(record.tag, tag, sizeof tag);
    txt_excerpt(record.value, value, sizeof value);
    snprintf(text, RECORD_TEXT_MAX, "%u %s \"%s\"", record.critical ? 128U : 0U, tag, value);
    return true;
}

/* A digest tells a person nothing. */
static bool show_nothing(struct span rdata, char *text)
{
    (void)rdata;
    (void)text;
    return false;
}
