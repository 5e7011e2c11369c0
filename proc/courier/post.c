/* Wording and sending. */
#include "proc/courier/post.h"

#include "lib/base/limits.h"
#include "lib/text/json.h"
#include "proc/courier/shown.h"

#include <stdio.h>

enum { PLACEHOLDERS_MAX = 12, BATCH_MAX = 20, TEXT_MAX_BYTES = 32 * 1024 };

/* What is said while the walk goes on is over with it; a day's warning is the next one's the day
 * after. What tells of a key, or that something was refused or revoked, is never over: somebody may
 * wish that it were not read. */
enum {
    ALWAYS = 0,
    WALKING = 1U << ENROLMENT_OPEN | 1U << ENROLMENT_CONFIRMED | 1U << ENROLMENT_VALIDATED |
              1U << ENROLMENT_ISSUING | 1U << ENROLMENT_ISSUED,
};

/* The subject is English whatever the language: subscribers' mail rules look for these words. */
static const struct mail_kind {
    const char *kind, *subject, *text;
    unsigned states;      /* bits of the enrolment's in which it is worth sending; ALWAYS */
    int64_t good_seconds; /* from its queueing on; 0: as long as it takes */
} kinds[] = {
    { "csr-invitation", "Submission of Certificate Signing Request (CSR)", "mail.csr-invitation",
        WALKING, 0 },
    { "dcv-passed", "e-Cert (Server): control of your domain names is confirmed", "mail.dcv-passed",
        1U << ENROLMENT_VALIDATED, 0 },
    { "certificate-issued", "e-Cert (Server): certificate awaiting your acceptance",
        "mail.certificate-issued", ALWAYS, 0 },
    { "certificate-reminder", "e-Cert (Server): certificate still awaiting your acceptance",
        "mail.certificate-reminder", 1U << ENROLMENT_ISSUED, 0 },
    { "certificate-unanswered", "e-Cert (Server): certificate revoked, since nobody accepted it",
        "mail.certificate-unanswered", ALWAYS, 0 },
    { "key-registered", "e-Cert (Server): key registered for log-in without PIN",
        "mail.key-registered", ALWAYS, 0 },
    { "list-ageing", "e-Cert service: a revocation list is past half of its life",
        "mail.list-ageing", ALWAYS, DAY_SECONDS },
    { "caa-refused", "e-Cert (Server): certificate refused by your CAA records", "mail.caa-refused",
        ALWAYS, 0 },
    { "suffixes-ageing", "e-Cert service: the list of public suffixes is old",
        "mail.suffixes-ageing", ALWAYS, DAY_SECONDS },
    { "key-blocked", "e-Cert (Server): certificate revoked, since its key may be known to others",
        "mail.key-blocked", ALWAYS, 0 },
};

/* From "the server was just restarting" to "somebody has to look at it"; the last one repeats. */
static const int64_t delays_seconds[] = { 2, 10, 60, 300, 900, 3600, 4 * 3600 };

/* Both: a service that stood still for a week has tried nothing yet. */
#define GIVE_UP_SECONDS (5 * DAY_SECONDS)
enum { GIVE_UP_ATTEMPTS = 8 };

struct parameters {
    struct placeholder list[PLACEHOLDERS_MAX + 1];
    size_t count;
};

struct bodies {
    struct buf text, html;
};

static void bodies_release(struct bodies *bodies);
AUTO_DEFINE(bodies, bodies_release)
static enum err parameters_read(const char *json, struct arena *arena, struct parameters *ret_list);
static const char *value_clean(struct arena *arena, const char *text);
static void bodies_write(const struct post *post, const struct outbox_row *row,
    const struct mail_kind *kind, const struct parameters *parameters, struct bodies *bodies);
static void part_write(const struct language *language, const char *id,
    const struct parameters *parameters, bool band, struct bodies *bodies);
static void html_paragraphs(
    struct span text, const struct parameters *parameters, bool band, struct buf *html);
static void html_line(struct span line, const struct parameters *parameters, struct buf *html);
static void html_escape(struct buf *html, struct span text);
static const struct mail_kind *kind_find(const char *name);
static bool has_lapsed(const struct outbox_row *row, int64_t now);
static enum err row_send(const struct post *post, const struct outbox_row *row);
static void row_try(
    const struct post *post, const struct outbox_row *row, struct post_outcome *ret_outcome);
static void failure_judge(const struct outbox_row *row, int64_t now, struct post_outcome *outcome);
static enum err outcome_store(struct store *store, void *ctx);

enum err post_compose(const struct post *post, const struct outbox_row *row,
    struct mail_address *ret_to, struct buf *message)
{
    const struct mail_kind *kind = kind_find(row->kind);
    struct parameters parameters = { 0 };
    char id[2 * ENROLMENT_ID_BYTES + 1], message_id[sizeof id + 24];
    AUTO(arena) arena = arena_make(256 * 1024);
    AUTO(bodies) bodies = { buf_make(TEXT_MAX_BYTES), buf_make(TEXT_MAX_BYTES) };
    if (kind == NULL) {
        return ERR_INPUT;
    }
    TRY(mail_address_parse(span_from_text(row->recipient), ret_to));
    TRY(parameters_read(row->parameters, &arena, &parameters));
    bodies_write(post, row, kind, &parameters, &bodies);
    TRY(buf_check(&bodies.text));
    TRY(buf_check(&bodies.html));
    hex_format(SPAN_OF(row->enrolment), id);
    snprintf(message_id, sizeof message_id, "%lld.%s", (long long)row->id, id);
    const struct mail mail = {
        .from = &post->from,
        .to = ret_to,
        .from_name = language_text(language_by_tag(post->languages, "en"), "letter.sender"),
        .subject = kind->subject,
        .text = buf_text(&bodies.text),
        .html = buf_text(&bodies.html),
        .date = clock_now(post->clock),
        .message_id = message_id,
    };
    return mail_format(&mail, message);
}

enum err post_send_due(const struct post *post)
{
    AUTO(arena) arena = arena_make(1024 * 1024);
    struct outbox_row *rows = NULL;
    size_t count = 0;
    TRY(store_outbox_due(post->store, clock_now(post->clock), BATCH_MAX, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(row_send(post, &rows[i]));
    }
    return OK;
}

static const struct mail_kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(name, kinds[i].kind) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static bool has_lapsed(const struct outbox_row *row, int64_t now)
{
    const struct mail_kind *kind = kind_find(row->kind);
    if (kind == NULL) {
        return false;
    }
    bool old = kind->good_seconds > 0 && now - row->queued >= kind->good_seconds;
    bool over = kind->states != ALWAYS &&
                (row->withdrawn || (kind->states & 1U << row->enrolment_state) == 0);
    return old || over;
}

struct ended {
    const struct outbox_row *row;
    const struct post_outcome *outcome;
    struct act act;
};

static enum err row_send(const struct post *post, const struct outbox_row *row)
{
    struct post_outcome outcome = { .fate = POST_LAPSED };
    if (!has_lapsed(row, clock_now(post->clock))) {
        row_try(post, row, &outcome);
    }
    post->report(row, &outcome);
    struct ended ended = { row, &outcome, { "courier", clock_now(post->clock) } };
    enum err err = store_transact(post->store, outcome_store, &ended);
    /* An officer has forgotten it meanwhile. */
    return err == ERR_NOT_FOUND ? OK : err;
}

static void row_try(
    const struct post *post, const struct outbox_row *row, struct post_outcome *ret_outcome)
{
    struct post_outcome outcome = { .fate = POST_SENT };
    struct mail_address to;
    AUTO(buf) message = buf_make(MAIL_MAX_BYTES);
    outcome.err = post_compose(post, row, &to, &message);
    if (outcome.err != OK) {
        (void)!reason_set(
            &outcome.reason, outcome.err, "mail.unsendable", row->kind, row->kind, NULL);
    } else {
        outcome.err = smtp_send(&post->smtp, &post->from, &to, buf_span(&message), &outcome.reason);
    }
    if (outcome.err != OK) {
        failure_judge(row, clock_now(post->clock), &outcome);
    }
    *ret_outcome = outcome;
}

/* A memory that was full says nothing of the mail. The last attempt is made when time is up. */
static void failure_judge(const struct outbox_row *row, int64_t now, struct post_outcome *outcome)
{
    size_t last = sizeof delays_seconds / sizeof delays_seconds[0] - 1;
    int64_t end = row->queued + GIVE_UP_SECONDS;
    int64_t next = now + delays_seconds[row->attempts < last ? row->attempts : last];
    bool unsendable =
        strcmp(outcome->reason.code, "mail.unsendable") == 0 && outcome->err == ERR_INPUT;
    bool refused = strcmp(outcome->reason.code, "smtp.refused") == 0;
    bool over = now >= end && row->attempts + 1 >= GIVE_UP_ATTEMPTS;
    outcome->fate = unsendable || refused || over ? POST_GIVEN_UP : POST_LATER;
    outcome->next_try = now < end && next > end ? end : next;
}

static enum err outcome_store(struct store *store, void *ctx)
{
    const struct ended *ended = ctx;
    const struct post_outcome *outcome = ended->outcome;
    int64_t id = ended->row->id;
    switch (outcome->fate) {
    case POST_SENT:
        return store_outbox_done(store, &ended->act, id);
    case POST_LATER:
        return store_outbox_retry(store, id, outcome->next_try, &outcome->reason);
    case POST_GIVEN_UP:
        return store_outbox_end(store, &ended->act, id, OUTBOX_GIVEN_UP, &outcome->reason);
    case POST_LAPSED:
        return store_outbox_end(store, &ended->act, id, OUTBOX_LAPSED, &outcome->reason);
    }
    return ERR_UNSUPPORTED;
}

static void bodies_release(struct bodies *bodies)
{
    buf_release(&bodies->text);
    buf_release(&bodies->html);
}

static enum err parameters_read(const char *json, struct arena *arena, struct parameters *ret_list)
{
    struct value_tree tree = value_tree_make(arena);
    const struct value *object = NULL;
    struct parameters parameters = { 0 };
    TRY(json_parse(span_from_text(json), OUTBOX_PARAMETERS_MAX, &tree, &object, NULL));
    if (value_kind(object) != VALUE_OBJECT) {
        return ERR_INPUT;
    }
    for (const struct value *member = value_first(object); member != NULL;
         member = value_next(member)) {
        const char *clean = value_clean(arena, value_text(member));
        if (clean != NULL && strcmp(value_name(member), "server_name") == 0) {
            clean = server_name_shown(arena, clean);
        }
        if (clean == NULL || parameters.count == PLACEHOLDERS_MAX) {
            return ERR_INPUT;
        }
        parameters.list[parameters.count++] = (struct placeholder){ value_name(member), clean };
    }
    *ret_list = parameters;
    return OK;
}

/* What somebody typed stays within its line: control characters become spaces. */
static const char *value_clean(struct arena *arena, const char *text)
{
    char *copy = arena_text(arena, span_from_text(text));
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        *at = (uint8_t)*at < 0x20 || (uint8_t)*at == 0x7f ? ' ' : *at;
    }
    return copy;
}

static void bodies_write(const struct post *post, const struct outbox_row *row,
    const struct mail_kind *kind, const struct parameters *parameters, struct bodies *bodies)
{
    const struct language *english = language_by_tag(post->languages, "en");
    const struct language *language = language_by_tag(post->languages, row->language);
    const struct language *order[] = { language == NULL ? english : language, english };
    size_t count = order[0] == english ? 1 : 2;
    buf_append_format(&bodies->html,
        "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>"
        "<meta charset=\"utf-8\"><title>%s</title></head>\n"
        "<body style=\"font-family:sans-serif;line-height:1.6;max-width:44rem;color:#14213d\">\n",
        language_tag(order[0]), kind->subject);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_append_text(&bodies->text, "\n----------------------------------------\n\n");
            buf_append_text(&bodies->html, "<hr>\n");
        }
        buf_append_format(&bodies->html, "<div lang=\"%s\">\n", language_tag(order[i]));
        if (post->trial) {
            part_write(order[i], "mail.trial", parameters, /* band= */ true, bodies);
        }
        part_write(order[i], kind->text, parameters, /* band= */ false, bodies);
        buf_append_text(&bodies->html, "</div>\n");
    }
    buf_append_text(&bodies->html, "</body>\n</html>\n");
}

static void part_write(const struct language *language, const char *id,
    const struct parameters *parameters, bool band, struct bodies *bodies)
{
    AUTO(buf) words = buf_make(TEXT_MAX_BYTES);
    language_format(language, id, parameters->list, &words);
    buf_append(&bodies->text, buf_span(&words));
    buf_append_text(&bodies->text, band ? "\n\n" : "\n");
    html_paragraphs(buf_span(&words), parameters, band, &bodies->html);
}

/* An empty line parts paragraphs, a line end is a line end. */
static void html_paragraphs(
    struct span text, const struct parameters *parameters, bool band, struct buf *html)
{
    const char *open =
        band ? "<p style=\"background:#fff6e0;color:#8a5a00;padding:0.5rem\">" : "<p>";
    bool inside = false;
    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t length = end == NULL ? text.len - at : (size_t)(end - (text.data + at));
        if (length == 0) {
            buf_append_text(html, inside ? "</p>\n" : "");
            inside = false;
        } else {
            buf_append_text(html, inside ? "<br>\n" : open);
            html_line(span_make(text.data + at, length), parameters, html);
            inside = true;
        }
        at += length + 1;
    }
    buf_append_text(html, inside ? "</p>\n" : "");
}

/* A link only where the line is the portal's address; no other text becomes one. */
static void html_line(struct span line, const struct parameters *parameters, struct buf *html)
{
    const char *url = "", *fingerprint = "";
    for (size_t i = 0; i < parameters->count; i++) {
        const struct placeholder *placeholder = &parameters->list[i];
        url = strcmp(placeholder->name, "portal_url") == 0 ? placeholder->value : url;
        fingerprint =
            strcmp(placeholder->name, "fingerprint") == 0 ? placeholder->value : fingerprint;
    }
    if (span_equal_text(line, url) && strncmp(url, "http", 4) == 0) {
        buf_append_text(html, "<a href=\"");
        html_escape(html, line);
        buf_append_text(html, "\">");
        html_escape(html, line);
        buf_append_text(html, "</a>");
    } else if (span_equal_text(line, fingerprint)) {
        buf_append_text(html, "<code>");
        html_escape(html, line);
        buf_append_text(html, "</code>");
    } else {
        html_escape(html, line);
    }
}

static void html_escape(struct buf *html, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '&':
            buf_append_text(html, "&amp;");
            break;
        case '<':
            buf_append_text(html, "&lt;");
            break;
        case '>':
            buf_append_text(html, "&gt;");
            break;
        case '"':
            buf_append_text(html, "&quot;");
            break;
        default:
            buf_append_byte(html, text.data[i]);
        }
    }
}
