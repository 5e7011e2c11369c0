/* A table of three files. */
#include "lib/web/asset.h"

#include "lib/base/file.h"

#include <limits.h>

enum { ASSET_MAX_BYTES = 256 * 1024, ASSET_CACHE_SECONDS = 300 };

static const struct {
    const char *name, *content_type;
} files[ASSET_COUNT] = {
    { "ecert.css", "text/css; charset=utf-8" },
    { "ecert.js", "text/javascript; charset=utf-8" },
    { "icon.svg", "image/svg+xml" },
};

enum err assets_load(const char *directory, struct assets *ret_assets, struct reason *ret_reason)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < ASSET_COUNT; i++) {
        struct asset *asset = &ret_assets->items[i];
        asset->name = files[i].name;
        asset->content_type = files[i].content_type;
        TRY(path_join(path, sizeof path, directory, asset->name));
        enum err err = file_read(path, ASSET_MAX_BYTES, &asset->content);
        if (err != OK) {
            return reason_set(ret_reason, err, "asset.read", path, "", "");
        }
    }
    return OK;
}

void assets_release(struct assets *assets)
{
    for (size_t i = 0; i < ASSET_COUNT; i++) {
        buf_release(&assets->items[i].content);
    }
}

enum err assets_reply(
    const struct assets *assets, const struct http_request *request, struct http_response *response)
{
    struct span file = { 0 };
    (void)http_request_param(request, "file", &file);
    for (size_t i = 0; i < ASSET_COUNT; i++) {
        const struct asset *asset = &assets->items[i];
        if (span_equal_text(file, asset->name)) {
            return reply_public(
                response, asset->content_type, ASSET_CACHE_SECONDS, buf_span(&asset->content));
        }
    }
    return ERR_NOT_FOUND;
}
