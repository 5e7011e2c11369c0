/* Telling a person by a program of the person's own: sendmail, or anything that reads a mail. Its
 * words are fixed; what is the matter goes to its standard input, where what a server or the portal
 * said is text and nothing else (doc/threats.md K4). */
#include "cli/ecert/child.h"
#include "cli/ecert/watch.h"

#include "lib/text/json.h"

#include <stdio.h>

enum {
    NOTIFY_SECONDS = 60,
    AGAIN_DAYS = 7,
    MESSAGE_MAX = 256 * 1024,
    SUBJECT_MAX = 256,
    NOTICE_MAX = 1024,
};
static const char NOTICE[] = "notice";

/* What was told last. */
struct notice {
    char digest[CERTSTORE_ID_MAX]; /* of what a person had to do; "": of nothing */
    int64_t told;
};

static void notice_read(const struct watch *watch, struct notice *ret_notice);
static enum err notice_write(struct watch *watch, const struct notice *notice);
static enum err digest_of(const struct watch *watch, char ret_digest[CERTSTORE_ID_MAX]);
static enum err message_write(const struct watch *watch, bool well, struct buf *message);
static void text_put(const struct watch *watch, const struct reason *reason, const char *suffix,
    const char *indent, struct buf *message);

enum err watch_notify(struct watch *watch, const char *const *program, struct reason *ret_reason)
{
    struct notice notice = { .told = 0 };
    char digest[CERTSTORE_ID_MAX] = "";
    AUTO(buf) message = buf_make(MESSAGE_MAX);
    struct child_end end;
    bool well = watch_gravest(watch) != WATCH_PERSON;
    notice_read(watch, &notice);
    if (!well) {
        TRY(digest_of(watch, digest));
    }
    bool same = strcmp(digest, notice.digest) == 0;
    if (same && (well || watch->now < notice.told + AGAIN_DAYS * DAY_SECONDS)) {
        return OK;
    }
    TRY(message_write(watch, well, &message));
    const struct child_request request = {
        .words = program, .input = buf_span(&message), .seconds = NOTIFY_SECONDS
    };
    enum err err = child_run(&request, &end);
    if (err != OK || end.code != 0) {
        return reason_set(ret_reason, ERR_IO, "watch.notify", program[0],
            err != OK ? err_name(err) : end.words, NULL);
    }
    memcpy(notice.digest, digest, sizeof notice.digest);
    notice.told = watch->now;
    return notice_write(watch, &notice);
}

/* One that can't be read is as good as none: then it is told once too often. */
static void notice_read(const struct watch *watch, struct notice *ret_notice)
{
    AUTO(buf) text = { 0 };
    const struct value *object;
    const char *digest;
    struct notice notice = { .told = 0 };
    if (certstore_renewal_read(watch->store, NOTICE, &text) == OK &&
        json_parse(buf_span(&text), NOTICE_MAX, &watch->tool->tree, &object, NULL) == OK &&
        json_get_text(object, "digest", sizeof notice.digest - 1, &digest, NULL) == OK &&
        json_get_integer(object, "told", &notice.told, NULL) == OK) {
        snprintf(notice.digest, sizeof notice.digest, "%s", digest);
        *ret_notice = notice;
    }
}

static enum err notice_write(struct watch *watch, const struct notice *notice)
{
    struct value_tree *tree = &watch->tool->tree;
    AUTO(buf) text = buf_make(NOTICE_MAX);
    struct value *object = value_object(tree);
    value_put_text(tree, object, "digest", notice->digest);
    value_put_integer(tree, object, "told", notice->told);
    TRY(value_tree_check(tree));
    json_format(&text, object);
    TRY(buf_check(&text));
    return certstore_renewal_write(watch->store, NOTICE, buf_span(&text));
}

/* Of what and whom, not of times and numbers of attempts, which change by themselves. */
static enum err digest_of(const struct watch *watch, char ret_digest[CERTSTORE_ID_MAX])
{
    AUTO(buf) words = buf_make(MESSAGE_MAX);
    uint8_t hash[SHA256_BYTES];
    for (size_t i = 0; i < watch->finding_count; i++) {
        const struct watch_finding *one = &watch->findings[i];
        if (one->severity == WATCH_PERSON) {
            buf_append_format(&words, "%s %s\n", one->reason.code, one->reason.field);
        }
    }
    TRY(buf_check(&words));
    TRY(sha256(buf_span(&words), hash));
    hex_format(SPAN_OF(hash), ret_digest);
    return OK;
}

/* RFC 5322 without addresses, which the program knows; the subject as one RFC 2047 word. */
static enum err message_write(const struct watch *watch, bool well, struct buf *message)
{
    const struct language *language = watch->tool->language;
    AUTO(buf) subject = buf_make(SUBJECT_MAX);
    char word[SUBJECT_MAX * 2];
    buf_append_text(&subject,
        language_text(language, well ? "tool.watch_mail_well" : "tool.watch_mail_person"));
    TRY(buf_check(&subject));
    base64_format(buf_span(&subject), word, sizeof word);
    buf_append_format(message,
        "Subject: =?UTF-8?B?%s?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n",
        word);
    buf_append_format(message, "%s\n", buf_text(&subject));
    for (size_t i = 0; i < watch->finding_count; i++) {
        const struct watch_finding *one = &watch->findings[i];
        if (one->severity == WATCH_PERSON) {
            text_put(watch, &one->reason, "", "\n! ", message);
            text_put(watch, &one->reason, ".next", "  ", message);
        }
    }
    return buf_check(message);
}

/* A reason's texts have lost their control characters already (reason_set). */
static void text_put(const struct watch *watch, const struct reason *reason, const char *suffix,
    const char *indent, struct buf *message)
{
    AUTO(buf) text = buf_make(4096);
    language_format_reason(watch->tool->language, reason, suffix, &text);
    if (text.len > 0) {
        buf_append_format(message, "%s%s\n", indent, buf_text(&text));
    }
}
