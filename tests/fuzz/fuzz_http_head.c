/* A request's head: "METHOD URI VERSION", then lines "name:value". */
#include "lib/base/limits.h"
#include "lib/http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), *rest = text, *first = strsep(&rest, "\n");
    struct http_pair pairs[HTTP_HEADERS_MAX + 2];
    size_t count = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && count < HTTP_HEADERS_MAX + 2;
         count++) {
        const char *name = strsep(&line, ":");
        pairs[count] =
            (struct http_pair){ span_from_text(name), span_from_text(line == NULL ? "" : line) };
    }
    const char *method = strsep(&first, " "), *uri = strsep(&first, " ");
    struct http_head head = { method, uri == NULL ? "" : uri, first == NULL ? "" : first, pairs,
        count };
    struct http_head_facts facts = { 0 };
    int status = 0;
    enum err err = http_head_check(&head, /* hosts= */ NULL, &status, &facts);
    bool right = err == OK ? facts.path.len > 0 && facts.path.data[0] == '/' : status >= 400;
    free(text);
    return right ? 0 : (__builtin_trap(), 0);
}
