#pragma once
/* Reads the files of tests/vectors for tests; a file that is missing fails the test. Names without
 * a folder are those of tests/vectors/keys. */
#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static inline struct buf vector_read(const char *name)
{
    char path[512];
    struct buf content = buf_make(0);
    const char *folder = strchr(name, '/') == NULL ? VECTORS_DIR "/keys" : VECTORS_DIR;
    assert_int_equal(path_join(path, sizeof path, folder, name), OK);
    assert_int_equal(file_read(path, /* max= */ 1 << 20, &content), OK);
    return content;
}

static inline struct secret secret_of(const char *text)
{
    struct secret secret = { 0 };
    assert_int_equal(secret_copy(span_from_text(text), &secret), OK);
    return secret;
}
