/* The portal's fourth and fifth pages: the request goes in, the certificate's content is shown, and
 * nothing is published before somebody has accepted it. */
#include "cli/ecert/ask.h"
#include "cli/ecert/enrol.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/screen.h"
#include "lib/der/pem.h"
#include "lib/dns/hostname.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"

#include <stdio.h>

static enum err submission_refused(struct walk *walk, struct reason *ret_reason);
static enum err request_pem(struct walk *walk, struct buf *pem, struct reason *ret_reason);
static enum err request_anew(struct walk *walk, struct buf *csr, struct reason *ret_reason);
static bool issuing_is_over(const struct value *enrolment);
static void content_show(struct walk *walk, const struct value *content);
static bool content_is_ours(const struct walk *walk, const struct value *content);
static enum err decline(struct walk *walk, struct reason *ret_reason);

enum err walk_submit(struct walk *walk, struct reason *ret_reason)
{
    const struct value *answer;
    AUTO(buf) pem = buf_make(2 * CSR_MAX_BYTES);
    if (walk->submitted) {
        return submission_refused(walk, ret_reason);
    }
    if (walk_is_bound_elsewhere(walk)) {
        return walk_prove(walk, ret_reason);
    }
    if (walk->placed_count > 0) { /* an earlier run ended before it could tidy up */
        walk_remove_records(walk);
    }
    TRY(request_pem(walk, &pem, ret_reason));
    struct value *body = value_object(&walk->tool->tree);
    value_put_span(&walk->tool->tree, body, "csr", buf_span(&pem));
    TRY(api_call(&walk->api, walk->tool, HTTP_POST, "/enrolment/csr", body, &answer, ret_reason));
    walk->submitted = true;
    screen_step(walk->tool, "tool.submitted", NULL);
    return OK;
}

/* Back from issuing without a certificate: the same request would only be refused again. */
static enum err submission_refused(struct walk *walk, struct reason *ret_reason)
{
    const struct value *problem = value_get(walk->enrolment, "problem");
    const char *code = api_text(problem, "code");
    snprintf(walk->api.title, sizeof walk->api.title, "%s", api_text(problem, "detail"));
    snprintf(walk->api.next, sizeof walk->api.next, "%s", api_text(problem, "next"));
    return reason_set(ret_reason, ERR_DENIED, code[0] != '\0' ? code : "csr.signer_refused",
        api_text(problem, "field"), api_text(problem, "seen"), api_text(problem, "expected"));
}

static enum err request_pem(struct walk *walk, struct buf *pem, struct reason *ret_reason)
{
    if (walk->item.csr.len > 0) {
        return pem_write("CERTIFICATE REQUEST", buf_span(&walk->item.csr), pem);
    }
    AUTO(buf) csr = buf_make(CSR_MAX_BYTES);
    TRY(request_anew(walk, &csr, ret_reason));
    return pem_write("CERTIFICATE REQUEST", buf_span(&csr), pem);
}

/* A key from a backup has no request any more. Its content doesn't matter: the certificate's comes
 * from the application. */
static enum err request_anew(struct walk *walk, struct buf *csr, struct reason *ret_reason)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) subject = buf_make(1024);
    struct dns_name name;
    TRY(dns_name_parse(span_from_text(walk->server_name), DNS_NAME_HOST_OR_WILDCARD, &name,
        /* ret_reason= */ NULL));
    struct span text = span_from_text(name.text);
    struct name_entry entry = { oid_common_name, text };
    size_t count = text.len <= SUBJECT_COMMON_NAME_MAX;
    TRY(name_write(&entry, count, /* ret_reason= */ NULL, &subject));
    TRY(key_open(walk->tool, walk->store, &walk->item, ret_reason, &key));
    struct csr_fields fields = {
        .subject = buf_span(&subject), .dns_names = &text, .dns_name_count = 1
    };
    return csr_write(&fields, key, csr);
}

enum err walk_wait(struct walk *walk, struct reason *ret_reason)
{
    return walk_poll(walk, "tool.wait_issue", issuing_is_over, ret_reason);
}

static bool issuing_is_over(const struct value *enrolment)
{
    return strcmp(api_text(enrolment, "state"), "issuing") != 0;
}

enum err walk_accept(struct walk *walk, struct reason *ret_reason)
{
    struct tool *tool = walk->tool;
    const struct value *content, *answer;
    bool accepted = walk->accept;
    TRY(api_call(&walk->api, tool, HTTP_GET, "/enrolment/certificate", /* body= */ NULL, &content,
        ret_reason));
    content_show(walk, content);
    if (!content_is_ours(walk, content)) {
        char key[2 * SHA256_BYTES + 1];
        hex_format(SPAN_OF(walk->item.spki_sha256), key);
        return reason_set(ret_reason, ERR_DENIED, "tool.foreign_key", walk->server_name,
            api_text(content, "key_sha256"), key);
    }
    if (!accepted && ask_yes(tool, "tool.ask_accept", &accepted) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "tool.needs_accept", NULL, NULL, NULL);
    }
    if (!accepted) {
        return decline(walk, ret_reason);
    }
    TRY(api_call(
        &walk->api, tool, HTTP_POST, "/enrolment/accept", /* body= */ NULL, &answer, ret_reason));
    screen_step(tool, "tool.accepted", NULL);
    return OK;
}

/* The certificate's own key says whether it is the old one or already ours, so that a walk that
 * broke off behind the acceptance installs what it got and asks for no third. */
enum err walk_renew(struct walk *walk, struct reason *ret_reason)
{
    struct tool *tool = walk->tool;
    const struct value *content, *answer;
    if (!walk->renew) {
        return walk_install(walk, ret_reason);
    }
    TRY(api_call(&walk->api, tool, HTTP_GET, "/enrolment/certificate", /* body= */ NULL, &content,
        ret_reason));
    if (content_is_ours(walk, content)) {
        return walk_install(walk, ret_reason);
    }
    TRY(walk_compare_names(walk, ret_reason));
    if (walk->ended) {
        return OK;
    }
    TRY(api_call(
        &walk->api, tool, HTTP_POST, "/enrolment/next", /* body= */ NULL, &answer, ret_reason));
    screen_step(tool, "tool.next_begun", NULL);
    return OK;
}

static void content_show(struct walk *walk, const struct value *content)
{
    char days[24], begins[SCREEN_MOMENT_MAX], ends[SCREEN_MOMENT_MAX];
    AUTO(buf) names = buf_make(WALK_NAMES_MAX_BYTES);
    walk_names_write(walk, value_get(content, "names"), &names);
    screen_moment_text(walk->tool, api_text(content, "not_before"), begins);
    screen_moment_text(walk->tool, api_text(content, "not_after"), ends);
    snprintf(days, sizeof days, "%lld", (long long)value_integer(value_get(content, "days")));
    const struct screen_fact facts[] = {
        { "tool.names", buf_text(&names) },
        { "tool.organisation", api_text(content, "organisation") },
        { "tool.certificate_type", api_text(content, "type") },
        { "tool.issuer", api_text(content, "issuer") },
        { "tool.serial", api_text(content, "serial") },
        { "tool.valid_from", begins },
        { "tool.valid_until", ends },
        { "tool.days", days },
        { "tool.key_fingerprint", api_text(content, "key_sha256") },
        { .id = NULL },
    };
    screen_heading(walk->tool, "tool.content_title", NULL);
    screen_facts(walk->tool, facts);
}

/* The portal may write the fingerprint with or without colons. */
static bool content_is_ours(const struct walk *walk, const struct value *content)
{
    uint8_t hash[SHA256_BYTES];
    size_t len;
    struct span text = span_from_text(api_text(content, "key_sha256"));
    return hex_parse(text, hash, sizeof hash, &len) == OK && len == sizeof hash &&
           memcmp(hash, walk->item.spki_sha256, sizeof hash) == 0;
}

static enum err decline(struct walk *walk, struct reason *ret_reason)
{
    static const char *const whats[] = { "details", "key" };
    const char *choices[] = { language_text(walk->tool->language, "tool.decline_details"),
        language_text(walk->tool->language, "tool.decline_key") };
    char why[ANSWER_MAX];
    size_t what;
    const struct value *answer;
    TRY(ask_choice(walk->tool, "tool.ask_decline_what", choices, 2, 0, &what));
    TRY(ask_line(walk->tool, "tool.ask_reject_reason", /* proposed= */ NULL, why));
    struct value *body = value_object(&walk->tool->tree);
    value_put_text(&walk->tool->tree, body, "what", whats[what]);
    value_put_text(&walk->tool->tree, body, "reason", why);
    TRY(api_call(
        &walk->api, walk->tool, HTTP_POST, "/enrolment/decline", body, &answer, ret_reason));
    screen_step(walk->tool, "tool.declined", NULL);
    screen_message(walk->tool, what == 1 ? "tool.declined_key" : "tool.returned", NULL);
    walk->ended = true;
    walk->exit = EXIT_NOTHING;
    return OK;
}
