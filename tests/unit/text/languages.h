#pragma once
/* A set of three small languages on disk, for the tests of lib/text. */
#include "lib/base/file.h"
#include "lib/text/language.h"
#include "tests/unit/text/catalogue.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static inline struct language_set *languages_make(void)
{
    static const struct message english[] = {
        { "bad", "Field {field} holds {seen}, not {expected}." },
        { "bad.next", "Correct {field}." },
        { "hello", "Hello {name} & {unknown}" },
        { "only.english", "only" },
        { "shared", "English" },
    };
    static const struct message hong_kong[] = { { "shared", "繁體" } };
    static const struct message mainland[] = { { "shared", "简体" } };
    static const struct {
        const char *file;
        const struct message *messages;
        uint32_t count;
    } files[] = { { "en.mo", english, 5 }, { "zh_HK.mo", hong_kong, 1 },
        { "zh_CN.mo", mainland, 1 } };

    char directory[] = "/tmp/ecert-language-XXXXXX";
    assert_non_null(mkdtemp(directory));
    char path[64];
    for (size_t i = 0; i < 3; i++) {
        AUTO(buf) mo = buf_make(4096);
        catalogue_make(files[i].messages, files[i].count, &mo);
        snprintf(path, sizeof path, "%s/%s", directory, files[i].file);
        assert_int_equal(file_create(path, buf_span(&mo), 0600), OK);
    }
    struct language_set *set = NULL;
    struct reason reason = { 0 };
    assert_int_equal(language_set_open(directory, &set, &reason), OK);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i].file);
        unlink(path);
    }
    rmdir(directory);
    return set;
}
