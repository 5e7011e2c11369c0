#pragma once
/* The files of web/static, kept in memory: who serves them opens none after its start. */
#include "lib/http/request.h"

struct asset {
    const char *name;
    const char *content_type;
    struct buf content;
};

/* Style sheet, script and icon: what every page refers to. */
enum { ASSET_COUNT = 3 };
struct assets {
    struct asset items[ASSET_COUNT];
};

/* Reads them from `directory`. On failure `ret_reason` is "asset.read" with the file's path. */
enum err assets_load(
    const char *directory, struct assets *ret_assets, struct reason *ret_reason) MUST_USE;
void assets_release(struct assets *assets);
/* Answers for "/static/{file}"; ERR_NOT_FOUND for any other file. */
enum err assets_reply(const struct assets *assets, const struct http_request *request,
    struct http_response *response) MUST_USE;
