#pragma once
/* The portal's JSON API (/api/v1) as `ecert` uses it: one session, one call at a time, problems in
 * the person's language. Whatever the portal says is text to show, never anything to run. */
#include "cli/ecert/tool.h"
#include "lib/http/client.h"
#include "lib/text/json.h"

enum { API_TITLE_MAX = 512, API_TOKEN_MAX = 128, API_URL_MAX = 512 };

struct api {
    struct http_client *client;
    char base[API_URL_MAX]; /* without '/' at the end */
    const char *language;
    char token[API_TOKEN_MAX]; /* good for 20 idle minutes; never stored */
    /* What the portal said of the last failure; empty if the failure is our own. */
    char title[API_TITLE_MAX];
    char next[API_TITLE_MAX];
};

/* `ca_file` (may be NULL) holds the only anchors for the portal's TLS certificate. Reasons:
 * "api.url", "api.ca_file". */
enum err api_open(struct api *api, const struct tool *tool, const char *portal_url,
    const char *ca_file, struct reason *ret_reason) MUST_USE;
/* Wipes the token. */
void api_close(struct api *api);
AUTO_DEFINE(api, api_close)

enum err api_log_in(struct api *api, struct tool *tool, const char *server_name,
    const char *reference, const struct secret *pin, struct reason *ret_reason) MUST_USE;
/* The same without the PIN, by a key that was registered for this enrolment; `reference` is digits
 * only. ERR_DENIED with "login.key_refused" if the portal doesn't know it. */
enum err api_log_in_by_key(struct api *api, struct tool *tool, const char *reference,
    const struct key *key, struct reason *ret_reason) MUST_USE;
void api_log_out(struct api *api, struct tool *tool);

/* `body` may be NULL. The answer (an object, empty for an answer without a body) lives in the
 * tool's arena. A problem comes back as its reason: ERR_DENIED for 401 and 403, ERR_NOT_FOUND,
 * ERR_CONFLICT for 409, ERR_LIMIT for 429, ERR_AGAIN for 5xx, else ERR_INPUT. */
enum err api_call(struct api *api, struct tool *tool, enum http_method method, const char *path,
    const struct value *body, const struct value **ret_answer, struct reason *ret_reason) MUST_USE;
/* A file of the open repository, by its path from the portal's root. */
enum err api_fetch(
    struct api *api, const char *path, struct buf *ret_file, struct reason *ret_reason) MUST_USE;

/* Prints the failure in the portal's words, or in ours where it is our own. */
enum exit_code api_failure(
    struct tool *tool, const struct api *api, enum err err, const struct reason *reason);

/* Members of answers; "" or NULL where they are missing or of another kind. */
const char *api_text(const struct value *object, const char *name);
