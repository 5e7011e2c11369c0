/* Addresses and messages. */
#include "lib/http/mail.h"

#include "lib/base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* "=_" never occurs in quoted-printable text, so no content can end a part. */
static const char boundary[] = "=_ecert_part";

enum { QUOTED_LINE_MAX = 75, WORD_BYTES_MAX = 42 };

static bool local_valid(struct span local);
static bool domain_valid(struct span domain);
static bool line_valid(const char *text);
static bool message_id_valid(const char *id);
static void header_text(struct buf *buf, const char *name, const char *text, const char *tail);
static void encoded_words(struct buf *buf, struct span text);
static void date_append(struct buf *buf, int64_t date);
static void part_append(struct buf *buf, const char *type, const char *text);
static void quoted_printable(struct buf *buf, struct span text);
static size_t quoted_character(struct span text, size_t at, char ret_text[4]);

enum err mail_address_parse(struct span text, struct mail_address *ret_address)
{
    const uint8_t *at = text.len == 0 ? NULL : memrchr(text.data, '@', text.len);
    if (at == NULL || text.len >= MAIL_ADDRESS_SIZE) {
        return ERR_INPUT;
    }
    size_t local = (size_t)(at - text.data);
    if (!local_valid(span_make(text.data, local)) ||
        !domain_valid(span_make(at + 1, text.len - local - 1))) {
        return ERR_INPUT;
    }
    return span_to_text(text, ret_address->text, sizeof ret_address->text) ? OK : ERR_INPUT;
}

enum err mail_address_from_url(struct span url, struct mail_address *ret_address)
{
    static const char scheme[] = "mailto:";
    struct mail_address read;
    size_t len = sizeof scheme - 1;
    if (url.len <= len || strncasecmp((const char *)url.data, scheme, len) != 0) {
        return ERR_INPUT;
    }
    const uint8_t *query = memchr(url.data, '?', url.len);
    size_t end = query == NULL ? url.len : (size_t)(query - url.data);
    TRY(end <= len ? ERR_INPUT : OK);
    TRY(mail_address_parse(span_make(url.data + len, end - len), &read));
    TRY(strchr(strrchr(read.text, '@'), '.') == NULL ? ERR_INPUT : OK);
    *ret_address = read;
    return OK;
}

static bool local_valid(struct span local)
{
    for (size_t i = 0; i < local.len; i++) {
        uint8_t byte = local.data[i];
        bool dot_misplaced =
            byte == '.' && (i == 0 || i + 1 == local.len || local.data[i - 1] == '.');
        bool known = byte < 0x80 && byte != '\0' &&
                     (isalnum(byte) || strchr(".!#$&'*+-/=?^_`{|}~", byte) != NULL);
        if (!known || dot_misplaced) {
            return false;
        }
    }
    return local.len > 0 && local.len <= 64;
}

static bool domain_valid(struct span domain)
{
    size_t label = 0;
    for (size_t i = 0; i < domain.len; i++) {
        uint8_t byte = domain.data[i];
        if (byte == '.') {
            if (label == 0 || domain.data[i - 1] == '-') {
                return false;
            }
            label = 0;
            continue;
        }
        bool known = byte < 0x80 && (isalnum(byte) || (byte == '-' && label > 0));
        if (!known || ++label > 63) {
            return false;
        }
    }
    return label > 0 && domain.data[domain.len - 1] != '-';
}

enum err mail_format(const struct mail *mail, struct buf *buf)
{
    const char *domain = strrchr(mail->from->text, '@') + 1;
    const char *name = mail->from_name == NULL ? "" : mail->from_name;
    if (!line_valid(mail->subject) || !line_valid(name) || !message_id_valid(mail->message_id) ||
        !utf8_valid(span_from_text(mail->text)) || !utf8_valid(span_from_text(mail->html))) {
        return ERR_INPUT;
    }
    char tail[MAIL_ADDRESS_SIZE + 4];
    snprintf(tail, sizeof tail, "%s<%s>", name[0] == '\0' ? "" : " ", mail->from->text);
    header_text(buf, "From", name, tail);
    buf_append_format(buf, "To: <%s>\r\n", mail->to->text);
    header_text(buf, "Subject", mail->subject, "");
    date_append(buf, mail->date);
    buf_append_format(buf, "Message-ID: <%s@%s>\r\n", mail->message_id, domain);
    buf_append_text(buf, "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n");
    if (mail->html == NULL) {
        part_append(buf, "text/plain", mail->text);
        return buf_check(buf);
    }
    buf_append_format(
        buf, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
    buf_append_format(buf, "--%s\r\n", boundary);
    part_append(buf, "text/plain", mail->text);
    buf_append_format(buf, "\r\n--%s\r\n", boundary);
    part_append(buf, "text/html", mail->html);
    buf_append_format(buf, "\r\n--%s--\r\n", boundary);
    return buf_check(buf);
}

static bool line_valid(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((uint8_t)*at < 0x20 || (uint8_t)*at == 0x7f) {
            return false;
        }
    }
    return utf8_valid(span_from_text(text));
}

static bool message_id_valid(const char *id)
{
    size_t len = strlen(id);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '.') {
            return false;
        }
    }
    return len > 0 && len <= 128;
}

/* Plain where it is short ASCII without specials, else encoded words. */
static void header_text(struct buf *buf, const char *name, const char *text, const char *tail)
{
    bool plain = strlen(text) <= 60 && strstr(text, "=?") == NULL;
    for (const char *at = text; *at != '\0'; at++) {
        bool special = tail[0] != '\0' && strchr("()<>@,;:\\\".[]", *at) != NULL;
        plain = plain && (uint8_t)*at < 0x80 && !special;
    }
    buf_append_format(buf, "%s: ", name);
    if (plain) {
        buf_append_text(buf, text);
    } else {
        encoded_words(buf, span_from_text(text));
        buf_append_text(buf, tail[0] == '\0' ? "" : "\r\n");
    }
    buf_append_format(buf, "%s\r\n", tail);
}

/* RFC 2047 §2 and §5: words of at most 75 characters, none ending inside a character. */
static void encoded_words(struct buf *buf, struct span text)
{
    char base64[64];
    for (size_t at = 0; at < text.len;) {
        size_t len = text.len - at < WORD_BYTES_MAX ? text.len - at : WORD_BYTES_MAX;
        while (at + len < text.len && (text.data[at + len] & 0xc0) == 0x80) {
            len--;
        }
        base64_format(span_make(text.data + at, len), base64, sizeof base64);
        buf_append_format(buf, "%s=?UTF-8?B?%s?=", at == 0 ? "" : "\r\n ", base64);
        at += len;
    }
}

/* RFC 5322 §3.3; 1970-01-01 was a Thursday. */
static void date_append(struct buf *buf, int64_t date)
{
    static const char days[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
        "Sep", "Oct", "Nov", "Dec" };
    struct civil civil = civil_from_time(date);
    int64_t day = (date - (date % 86400 + 86400) % 86400) / 86400;
    buf_append_format(buf, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[(day % 7 + 7) % 7],
        civil.day, months[civil.month - 1], civil.year, civil.hour, civil.minute, civil.second);
}

static void part_append(struct buf *buf, const char *type, const char *text)
{
    buf_append_format(buf,
        "Content-Type: %s; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        type);
    quoted_printable(buf, span_from_text(text));
}

/* RFC 2045 §6.7. The end of the text gets no line end of its own unless it has one. */
static void quoted_printable(struct buf *buf, struct span text)
{
    size_t column = 0;
    for (size_t at = 0; at < text.len; at++) {
        char character[4];
        if (text.data[at] == '\r') {
            continue;
        }
        if (text.data[at] == '\n') {
            buf_append_text(buf, "\r\n");
            column = 0;
            continue;
        }
        size_t len = quoted_character(text, at, character);
        if (column + len > QUOTED_LINE_MAX) {
            buf_append_text(buf, "=\r\n");
            column = 0;
        }
        buf_append_text(buf, character);
        column += len;
    }
}

/* White space before a line end, and a '.' alone, would not survive the way. */
static size_t quoted_character(struct span text, size_t at, char ret_text[4])
{
    uint8_t byte = text.data[at];
    bool last = at + 1 == text.len || text.data[at + 1] == '\n' || text.data[at + 1] == '\r';
    bool space = (byte == ' ' || byte == '\t') && !last;
    bool plain = byte > 0x20 && byte < 0x7f && byte != '=';
    bool dot = byte == '.' && (at == 0 || text.data[at - 1] == '\n');
    if (space || (plain && !dot)) {
        snprintf(ret_text, 4, "%c", byte);
        return 1;
    }
    snprintf(ret_text, 4, "=%02X", byte);
    return 3;
}
