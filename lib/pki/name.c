/* Distinguished names: one table gives order, string type and size of every attribute we write. */
#include "lib/pki/name.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <ctype.h>

enum {
    TAG_NUMERIC_STRING = 0x12,
    TAG_T61_STRING = 0x14,
    TAG_VISIBLE_STRING = 0x1a,
    TAG_BMP_STRING = 0x1e,
    CONSTRUCTED = 0x20
};

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct span oid_domain_component = BYTES("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19");
static const struct span oid_organization_identifier = BYTES("\x55\x04\x61");
static const struct span oid_jurisdiction_locality =
    BYTES("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01");
static const struct span oid_jurisdiction_state =
    BYTES("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02");

struct attribute_row {
    const struct span *oid;
    const char *label;
    uint8_t tag;
    uint8_t min, max; /* characters */
    bool repeats;
};

/* BR 7.1.4.2 with the EV attributes (EVG 7.1.4.2) in front, where the ordered table leaves them
 * free; a PrintableString where the table demands one, UTF8String elsewhere. The unit is there for
 * requests and for the classic profile: no public certificate may hold one (BR 7.1.2.7). */
static const struct attribute_row attributes[] = {
    { &oid_business_category, "businessCategory", DER_UTF8_STRING, 1, 128, false },
    { &oid_jurisdiction_country, "jurisdictionC", DER_PRINTABLE_STRING, 2, 2, false },
    { &oid_jurisdiction_state, "jurisdictionST", DER_UTF8_STRING, 1, 128, false },
    { &oid_jurisdiction_locality, "jurisdictionL", DER_UTF8_STRING, 1, 128, false },
    { &oid_serial_number, "serialNumber", DER_PRINTABLE_STRING, 1, 64, false },
    { &oid_domain_component, "DC", DER_IA5_STRING, 1, 63, true },
    { &oid_country, "C", DER_PRINTABLE_STRING, 2, 2, false },
    { &oid_state_or_province, "ST", DER_UTF8_STRING, 1, 128, false },
    { &oid_locality, "L", DER_UTF8_STRING, 1, 128, false },
    { &oid_postal_code, "postalCode", DER_UTF8_STRING, 1, 40, false },
    { &oid_street, "street", DER_UTF8_STRING, 1, 128, true },
    { &oid_organisation, "O", DER_UTF8_STRING, 1, 64, false },
    { &oid_organization_identifier, "organizationIdentifier", DER_UTF8_STRING, 1, 128, false },
    { &oid_organisational_unit, "OU", DER_UTF8_STRING, 1, 64, true },
    { &oid_common_name, "CN", DER_UTF8_STRING, 1, 64, false },
    { &oid_email_address, "emailAddress", DER_IA5_STRING, 1, 255, false },
};

enum { ATTRIBUTE_ROWS = sizeof attributes / sizeof attributes[0] };

/* What name_write hands to the encoder. */
struct plan {
    const struct name_entry *entries;
    const struct attribute_row *rows[NAME_ATTRIBUTES_MAX]; /* the entries' */
    size_t count;
};

static enum err plan_make(const struct name_entry *entries, size_t count, struct plan *ret_plan,
    struct reason *ret_reason);
static enum err value_check(
    const struct attribute_row *row, struct span value, struct reason *ret_reason);
static void plan_write(struct der_writer *writer, const void *object);
static enum err rdn_parse(struct der *names, unsigned rdn, struct name *name);
static enum err value_text(const struct name_attribute *attribute, struct buf *buf);
static void value_escape(struct span text, struct buf *buf);

static const struct attribute_row *row_of(struct span oid)
{
    for (size_t i = 0; i < ATTRIBUTE_ROWS; i++) {
        if (span_equal(*attributes[i].oid, oid)) {
            return &attributes[i];
        }
    }
    return NULL;
}

const char *name_attribute_label(struct span oid)
{
    const struct attribute_row *row = row_of(oid);
    return row == NULL ? NULL : row->label;
}

enum err name_write(
    const struct name_entry *entries, size_t count, struct reason *ret_reason, struct buf *buf)
{
    struct plan plan;
    TRY(plan_make(entries, count, &plan, ret_reason));
    return der_encode(plan_write, &plan, buf);
}

static enum err plan_make(const struct name_entry *entries, size_t count, struct plan *ret_plan,
    struct reason *ret_reason)
{
    struct plan plan = { .entries = entries, .count = count };
    if (count > NAME_ATTRIBUTES_MAX) {
        return reason_set(ret_reason, ERR_INPUT, "name.attribute", "", "", "");
    }
    for (size_t i = 0; i < count; i++) {
        const struct attribute_row *row = row_of(entries[i].oid);
        if (row == NULL) {
            return reason_set(ret_reason, ERR_INPUT, "name.attribute", "", "", "");
        }
        for (size_t k = 0; k < i && entries[i].value.len > 0; k++) {
            if (!row->repeats && entries[k].value.len > 0 && plan.rows[k] == row) {
                return reason_set(ret_reason, ERR_INPUT, "name.attribute", row->label, "", "");
            }
        }
        TRY(value_check(row, entries[i].value, ret_reason));
        plan.rows[i] = row;
    }
    *ret_plan = plan;
    return OK;
}

/* BR 7.1.4.2: sizes in characters, and nothing that only says "nothing". */
static enum err value_check(
    const struct attribute_row *row, struct span value, struct reason *ret_reason)
{
    char seen[REASON_TEXT_MAX] = "";
    bool meaning = false;
    if (value.len == 0) {
        return OK;
    }
    for (size_t i = 0; i < value.len; i++) {
        meaning = meaning || value.data[i] >= 0x80 || isalnum(value.data[i]);
    }
    bool fits =
        utf8_valid(value) && utf8_length(value) >= row->min && utf8_length(value) <= row->max;
    bool typed =
        row->tag == DER_UTF8_STRING || (row->tag == DER_PRINTABLE_STRING && der_printable(value));
    for (size_t i = 0; row->tag == DER_IA5_STRING && !typed; i++) {
        if (i == value.len) {
            typed = true;
        } else if (value.data[i] >= 0x80) {
            break;
        }
    }
    for (size_t i = 0; i < value.len; i++) {
        meaning = meaning && value.data[i] >= 0x20 && value.data[i] != 0x7f;
    }
    bool edges = value.data[0] != ' ' && value.data[value.len - 1] != ' ';
    bool placeholder = value.len == 3 && strncasecmp((const char *)value.data, "N/A", 3) == 0;
    if (!fits || !typed || !meaning || !edges || placeholder) {
        (void)span_to_text(value, seen, sizeof seen);
        return reason_set(ret_reason, ERR_INPUT, "name.value", row->label, seen, "");
    }
    return OK;
}

/* One AttributeTypeAndValue per RelativeDistinguishedName, in the table's order. */
static void plan_write(struct der_writer *writer, const void *object)
{
    const struct plan *plan = object;
    der_open(writer, DER_SEQUENCE);
    for (size_t row = 0; row < ATTRIBUTE_ROWS; row++) {
        for (size_t i = 0; i < plan->count; i++) {
            if (plan->entries[i].value.len == 0 || plan->rows[i] != &attributes[row]) {
                continue;
            }
            der_open(writer, DER_SET);
            der_open(writer, DER_SEQUENCE);
            der_write_oid(writer, *attributes[row].oid);
            der_write(writer, attributes[row].tag, plan->entries[i].value);
            der_close(writer);
            der_close(writer);
        }
    }
    der_close(writer);
}

enum err name_parse(struct span der, struct name *ret_name)
{
    struct der outer = der_reader(der), names;
    struct name name = { .count = 0 };
    TRY(der_enter(&outer, DER_SEQUENCE, &names));
    TRY(der_finish(&outer));
    for (unsigned rdn = 0; !der_empty(&names); rdn++) {
        TRY(rdn_parse(&names, rdn, &name));
    }
    *ret_name = name;
    return OK;
}

static enum err rdn_parse(struct der *names, unsigned rdn, struct name *name)
{
    struct der set, pair;
    TRY(der_enter(names, DER_SET, &set));
    do {
        struct der_element value;
        struct name_attribute attribute = { .rdn = rdn };
        TRY(der_enter(&set, DER_SEQUENCE, &pair));
        TRY(der_read(&pair, DER_OID, &attribute.oid));
        TRY(der_read_any(&pair, &value));
        TRY(der_finish(&pair));
        if ((value.tag & CONSTRUCTED) != 0) {
            return ERR_INPUT; /* a string in pieces */
        }
        if (name->count == NAME_ATTRIBUTES_MAX) {
            return ERR_LIMIT;
        }
        attribute.tag = value.tag;
        attribute.value = value.content;
        name->attributes[name->count++] = attribute;
    } while (!der_empty(&set));
    return OK;
}

enum err name_text(const struct name *name, struct span oid, char *ret_text, size_t size)
{
    for (size_t i = 0; i < name->count; i++) {
        if (span_equal(name->attributes[i].oid, oid)) {
            AUTO(buf) text = buf_make(4 * name->attributes[i].value.len + 4);
            TRY(value_text(&name->attributes[i], &text));
            if (text.len >= size) {
                return ERR_LIMIT;
            }
            return span_to_text(buf_span(&text), ret_text, size) ? OK : ERR_INPUT;
        }
    }
    return ERR_NOT_FOUND;
}

static void character_append(unsigned character, struct buf *buf)
{
    if (character < 0x80) {
        buf_append_byte(buf, (uint8_t)character);
    } else if (character < 0x800) {
        buf_append_byte(buf, (uint8_t)(0xc0 | character >> 6));
        buf_append_byte(buf, (uint8_t)(0x80 | (character & 0x3f)));
    } else {
        buf_append_byte(buf, (uint8_t)(0xe0 | character >> 12));
        buf_append_byte(buf, (uint8_t)(0x80 | (character >> 6 & 0x3f)));
        buf_append_byte(buf, (uint8_t)(0x80 | (character & 0x3f)));
    }
}

/* Appends UTF-8. Windows writes BMPString and T61String still. */
static enum err value_text(const struct name_attribute *attribute, struct buf *buf)
{
    struct span value = attribute->value;
    size_t start = buf->len;
    switch (attribute->tag) {
    case DER_UTF8_STRING:
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
    case TAG_NUMERIC_STRING:
    case TAG_VISIBLE_STRING:
        buf_append(buf, value);
        break;
    case TAG_T61_STRING:
        for (size_t i = 0; i < value.len; i++) {
            character_append(value.data[i], buf);
        }
        break;
    case TAG_BMP_STRING:
        for (size_t i = 0; i + 1 < value.len; i += 2) {
            character_append((unsigned)value.data[i] << 8 | value.data[i + 1], buf);
        }
        break;
    default:
        return ERR_INPUT;
    }
    TRY(buf_check(buf));
    struct span text = span_make(buf->data + start, buf->len - start);
    return text.len == 0 || utf8_valid(text) ? OK : ERR_INPUT;
}

enum err name_format(struct span der, struct buf *buf)
{
    struct name name;
    TRY(name_parse(der, &name));
    for (size_t i = name.count; i-- > 0;) {
        const struct name_attribute *attribute = &name.attributes[i];
        const char *label = name_attribute_label(attribute->oid);
        char dotted[OID_TEXT_MAX];
        AUTO(buf) text = buf_make(4 * attribute->value.len + 4);
        if (label == NULL) {
            TRY(oid_format(attribute->oid, dotted));
            label = dotted;
        }
        if (i + 1 < name.count) {
            buf_append_text(buf, name.attributes[i + 1].rdn == attribute->rdn ? " + " : ", ");
        }
        buf_append_format(buf, "%s=", label);
        if (value_text(attribute, &text) == OK) {
            value_escape(buf_span(&text), buf);
        } else {
            buf_append_text(buf, "?");
        }
    }
    return buf_check(buf);
}

/* RFC 4514 §2.4; control characters in hexadecimal too. */
static void value_escape(struct span text, struct buf *buf)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool edge = (i == 0 && (byte == ' ' || byte == '#')) || (i + 1 == text.len && byte == ' ');
        if (byte < 0x20 || byte == 0x7f) {
            buf_append_format(buf, "\\%02X", byte);
            continue;
        }
        if (edge || memchr("\"+,;<>\\", byte, 7) != NULL) {
            buf_append_byte(buf, '\\');
        }
        buf_append_byte(buf, byte);
    }
}
