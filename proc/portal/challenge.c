/* What is to be done for one name, by method: the record to add or the file to place. */
#include "proc/portal/enrolment.h"
#include "proc/portal/before.h"
#include "proc/portal/handlers.h"

#include "lib/ca/observation.h"

#include <stdio.h>

enum { TTL_SECONDS = 3600 };

static const struct value *same_record(const struct value *list, const struct challenge *challenge);
static enum err proved_before_put(
    struct visit *visit, struct value *object, const struct challenge_row *row);
static enum err dns_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value);
static enum err persistent_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value);
static enum err website_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value);

static enum err email_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value);

static const struct {
    enum dcv_method method;
    enum err (*put)(struct visit *visit, struct value *object, const struct challenge_row *row,
        const char *value);
} methods[] = {
    { DCV_DNS, dns_put },
    { DCV_WEBSITE, website_put },
    { DCV_PERSISTENT, persistent_put },
    { DCV_EMAIL, email_put },
};

enum err challenge_put(struct visit *visit, struct value *list, const struct challenge_row *row)
{
    const struct value *same = same_record(list, &row->challenge);
    char value[EXPECTED_TEXT_MAX], nonce[2 * NONCE_BYTES + 1];
    const struct challenge *challenge = &row->challenge;
    struct value_tree *tree = &visit->tree;
    TRY(challenge_expected(challenge, visit->portal->config.portal.caa_identity, value));
    struct value *object = value_add_object(tree, list);
    value_put_text(tree, object, "name", challenge->name);
    name_put(visit, object, challenge->name);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (methods[i].method == challenge->method) {
            TRY(methods[i].put(visit, object, row, value));
        }
    }
    /* With this, who made the key can derive the value and see that it is bound to it. */
    hex_format(SPAN_OF(challenge->nonce), nonce);
    value_put_text(tree, object, "nonce", nonce);
    value_put_text(tree, object, "state", challenge_state_id(row->state));
    value_put_text(tree, object, "domain", challenge_domain(challenge));
    if (same != NULL && !visit_is_api(visit)) {
        value_put_text(tree, object, "first", value_text(value_get(same, "unicode")));
    }
    TRY(proved_before_put(visit, object, row));
    put_time(visit, object, "created", challenge->created);
    if (dcv_rules(challenge->method)->coded) {
        put_time(visit, object, "expires", challenge->created + VALIDATION_VALUE_SECONDS);
    }
    return OK;
}

/* Where a proof from before was taken, or is about to be, nothing is to be placed; a look that
 * failed says that it is. */
static enum err proved_before_put(
    struct visit *visit, struct value *object, const struct challenge_row *row)
{
    struct evidence_row proved = { 0 };
    const struct challenge *challenge = &row->challenge;
    const uint8_t *key = challenge->has_spki ? challenge->spki_hash : NULL;
    enum err err = row->state == CHALLENGE_FAILED ? ERR_NOT_FOUND
                   : row->state == CHALLENGE_PASSED
                       ? before_taken(visit, challenge, &proved)
                       : before_find(visit, challenge->name, key, &proved);
    if (err == OK) {
        before_tell(visit, object, &proved);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

/* The challenge before it whose record is this one's too. */
static const struct value *same_record(const struct value *list, const struct challenge *challenge)
{
    const struct value *one = value_first(list);
    while (one != NULL &&
           (strcmp(value_text(value_get(one, "domain")), challenge_domain(challenge)) != 0 ||
               !dcv_rules(challenge->method)->prune || challenge->method == DCV_EMAIL)) {
        one = value_next(one);
    }
    return one;
}

static enum err dns_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value)
{
    char host[HOST_NAME_MAX_LENGTH + 32];
    struct value_tree *tree = &visit->tree;
    TRY(challenge_dns_host(&row->challenge, host, sizeof host));
    value_put_text(tree, object, "host", host);
    value_put_text(tree, object, "type", "TXT");
    value_put_text(tree, object, "value", value);
    value_put_integer(tree, object, "ttl", TTL_SECONDS);
    value_put_text(tree, object, "zone_line",
        arena_format(visit->request->arena, "%s. %d IN TXT \"%s\"", host, TTL_SECONDS, value));
    return OK;
}

/* BR 3.2.2.4.22: what is expected is the subscriber's account, for as long as the record stands. */
static enum err persistent_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value)
{
    const char *identity = visit->portal->config.portal.caa_identity;
    const char *record = arena_format(visit->request->arena, "%s; accounturi=%s", identity, value);
    if (record == NULL) {
        return ERR_MEMORY;
    }
    /* The same for every name: a page says it once. */
    struct value *told = visit_is_api(visit) ? object : visit->page;
    if (value_get(told, "account") == NULL) {
        value_put_text(&visit->tree, told, "account", value);
    }
    return dns_put(visit, object, row, record);
}

static enum err website_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value)
{
    struct value_tree *tree = &visit->tree;
    struct arena *arena = visit->request->arena;
    const char *name = row->challenge.name;
    value_put_text(tree, object, "type", "file");
    value_put_text(
        tree, object, "url", arena_format(arena, "http://%s%s", name, CHALLENGE_WEBSITE_PATH));
    value_put_text(tree, object, "path", CHALLENGE_WEBSITE_PATH);
    value_put_text(tree, object, "value", value);
    value_put_text(tree, object, "file_href", arena_format(arena, "/dcv/fileauth/%s", name));
    return OK;
}

/* The expected value has no part in this method: the code is the validator's. */
static enum err email_put(
    struct visit *visit, struct value *object, const struct challenge_row *row, const char *value)
{
    (void)value;
    value_put_bool(&visit->tree, object, "by_mail", true);
    value_put_bool(&visit->tree, object, "mail_done", row->state == CHALLENGE_PASSED);
    return mailing_put(visit, object, row);
}

/* GET /dcv/fileauth/{name}: the file as it is to be placed. */
enum err fileauth_get(struct visit *visit)
{
    struct span name = { 0 };
    struct challenge_row *rows = NULL;
    size_t count = 0;
    char value[EXPECTED_TEXT_MAX], content[EXPECTED_TEXT_MAX + 1];
    (void)http_request_param(visit->request, "name", &name);
    TRY(store_challenge_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        const struct challenge *challenge = &rows[i].challenge;
        if (challenge->method == DCV_WEBSITE && span_equal_text(name, challenge->name)) {
            TRY(challenge_expected(challenge, /* identity= */ "", value));
            snprintf(content, sizeof content, "%s\n", value);
            return reply_download(
                visit->response, "text/plain", "fileauth.txt", span_from_text(content));
        }
    }
    return ERR_NOT_FOUND;
}
