/* Holding the request against the application before anything is done for it: a name that the
 * application doesn't have is refused by the portal too, but only with the request, after the
 * domain was proved for a key that then serves nothing. The comparison is the portal's
 * (proc/portal/request.c); what it lets through the portal judges again. */
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"
#include "lib/dns/hostname.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"

/* 50 names, each with " --name '…'" around it. */
enum { NAMES_MAX_BYTES = 15 * 1024, COMMON_NAME_MAX_BYTES = 512 };

/* Names as they are told: "a, b". */
struct lists {
    struct buf requested; /* all of the request */
    struct buf foreign;   /* those that the application doesn't have */
    struct buf expected;  /* all of the application */
    struct buf lacking;   /* those that the request doesn't have */
    struct buf command;
};

static void lists_release(struct lists *lists);
AUTO_DEFINE(lists, lists_release)

static void request_read(const struct walk *walk, const struct csr *csr, struct lists *lists);
static void request_name_add(
    const struct walk *walk, struct span typed, bool must_be_name, struct lists *lists);
static bool common_name(const struct csr *csr, char *ret_text, size_t size);
static void application_read(const struct walk *walk, const struct csr *csr, struct lists *lists);
static bool application_has(const struct walk *walk, const char *name);
static bool request_has(const struct csr *csr, const char *name);
static bool is_name(struct span typed, const char *name);
static const char *name_of(const struct value *entry);
static void list_add(struct buf *list, const char *text);
static void refuse(struct walk *walk, struct lists *lists);

enum err walk_compare_names(struct walk *walk, struct reason *ret_reason)
{
    struct csr csr;
    if (walk->names_compared || walk->item.csr.len == 0) { /* a restored key has no request */
        return OK;
    }
    AUTO(lists) lists = {
        .requested = buf_make(NAMES_MAX_BYTES),
        .foreign = buf_make(NAMES_MAX_BYTES),
        .expected = buf_make(NAMES_MAX_BYTES),
        .lacking = buf_make(NAMES_MAX_BYTES),
        .command = buf_make(NAMES_MAX_BYTES),
    };
    if (value_count(value_get(walk->enrolment, "names")) == 0) {
        return reason_set(ret_reason, ERR_PEER, "api.malformed", walk->portal, "names", NULL);
    }
    TRY(csr_parse(buf_span(&walk->item.csr), ret_reason, &csr));
    request_read(walk, &csr, &lists);
    application_read(walk, &csr, &lists);
    walk->names_compared = true;
    if (lists.foreign.len > 0) {
        refuse(walk, &lists);
    } else if (lists.lacking.len > 0) {
        const struct placeholder values[] = { { "names", buf_text(&lists.lacking) },
            { NULL, NULL } };
        screen_message(walk->tool, "tool.names_lacking", values);
        value_put_span(
            &walk->tool->tree, walk->tool->result, "names_lacking", buf_span(&lists.lacking));
    }
    return OK;
}

static void lists_release(struct lists *lists)
{
    buf_release(&lists->requested);
    buf_release(&lists->foreign);
    buf_release(&lists->expected);
    buf_release(&lists->lacking);
    buf_release(&lists->command);
}

static void request_read(const struct walk *walk, const struct csr *csr, struct lists *lists)
{
    char text[COMMON_NAME_MAX_BYTES];
    for (size_t i = 0; i < csr->dns_name_count; i++) {
        request_name_add(walk, csr->dns_names[i], /* must_be_name= */ true, lists);
    }
    bool repeated = common_name(csr, text, sizeof text);
    for (size_t i = 0; repeated && i < csr->dns_name_count; i++) {
        repeated = !is_name(csr->dns_names[i], text);
    }
    if (repeated) {
        request_name_add(walk, span_from_text(text), /* must_be_name= */ false, lists);
    }
}

static void request_name_add(
    const struct walk *walk, struct span typed, bool must_be_name, struct lists *lists)
{
    struct dns_name name;
    char text[REASON_TEXT_MAX] = "?";
    enum err err = dns_name_parse(typed, DNS_NAME_HOST_OR_WILDCARD, &name, /* ret_reason= */ NULL);
    if (err != OK && !must_be_name) {
        return;
    }
    if (err != OK) {
        (void)span_to_text(typed, text, sizeof text);
    }
    const char *shown = err == OK ? name.text : text;
    list_add(&lists->requested, shown);
    if (err != OK || !application_has(walk, name.text)) {
        list_add(&lists->foreign, shown);
    }
}

static bool common_name(const struct csr *csr, char *ret_text, size_t size)
{
    struct name subject = { 0 };
    return name_parse(csr->subject, &subject) == OK &&
           name_text(&subject, oid_common_name, ret_text, size) == OK;
}

static void application_read(const struct walk *walk, const struct csr *csr, struct lists *lists)
{
    buf_append_text(&lists->command, "ecert request new");
    const struct value *entry = value_first(value_get(walk->enrolment, "names"));
    for (; entry != NULL; entry = value_next(entry)) {
        const char *name = name_of(entry);
        const char *quote = name[0] == '*' ? "'" : "";
        list_add(&lists->expected, name);
        buf_append_format(&lists->command, " --name %s%s%s", quote, name, quote);
        if (!request_has(csr, name)) {
            list_add(&lists->lacking, name);
        }
    }
}

static bool application_has(const struct walk *walk, const char *name)
{
    const struct value *entry = value_first(value_get(walk->enrolment, "names"));
    while (entry != NULL && strcmp(name_of(entry), name) != 0) {
        entry = value_next(entry);
    }
    return entry != NULL;
}

static bool request_has(const struct csr *csr, const char *name)
{
    char text[COMMON_NAME_MAX_BYTES];
    for (size_t i = 0; i < csr->dns_name_count; i++) {
        if (is_name(csr->dns_names[i], name)) {
            return true;
        }
    }
    return common_name(csr, text, sizeof text) && is_name(span_from_text(text), name);
}

static bool is_name(struct span typed, const char *name)
{
    struct dns_name left, right;
    return dns_name_parse(typed, DNS_NAME_HOST_OR_WILDCARD, &left, /* ret_reason= */ NULL) == OK &&
           dns_name_parse(span_from_text(name), DNS_NAME_HOST_OR_WILDCARD, &right,
               /* ret_reason= */ NULL) == OK &&
           dns_name_equal(&left, &right);
}

/* {ascii, unicode, …}, or plain text. */
static const char *name_of(const struct value *entry)
{
    const char *text = value_text(entry);
    return text != NULL ? text : api_text(entry, "ascii");
}

static void list_add(struct buf *list, const char *text)
{
    buf_append_format(list, "%s%s", list->len == 0 ? "" : ", ", text);
}

/* Told here and not by a reason, whose texts are too short for fifty names. */
static void refuse(struct walk *walk, struct lists *lists)
{
    const struct language *language = walk->tool->language;
    struct reason reason = { 0 };
    AUTO(buf) title = buf_make(NAMES_MAX_BYTES + 1024);
    const struct placeholder values[] = { { "id", walk->item.id },
        { "names", buf_text(&lists->foreign) }, { NULL, NULL } };
    (void)reason_set(&reason, ERR_INPUT, "tool.names_foreign", NULL, NULL, NULL);
    language_format(language, reason.code, values, &title);
    const struct screen_words words = {
        .title = buf_text(&title),
        .seen = buf_text(&lists->requested),
        .expected = buf_text(&lists->expected),
        .next = language_text(language, "tool.names_foreign.next"),
        .command = buf_text(&lists->command),
    };
    walk->exit = screen_worded_failure(walk->tool, &reason, &words);
    walk->ended = true;
    walk->finished = walk->placed_count == 0; /* no enrolment waits for this key */
    if (!walk->dry_run) {
        (void)!walk_keep(walk);
    }
}
