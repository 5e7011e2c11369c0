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

static const char *const languages_files[] = { "en.mo", "zh_HK.mo", "zh_CN.mo" };

/* Into a new directory, whose name replaces the XXXXXX. */
static inline void languages_write(char *directory)
{
    static const struct message english[] = {
        { "bad", "Field {field} holds {seen}, not {expected}." },
        { "bad.next", "Correct {field}." },
        { "failure.temporary_failure", "later" },
        { "hello", "Hello {name} & {unknown}" },
        { "only.english", "only" },
        { "shared", "English" },
    };
    static const struct message hong_kong[] = { { "shared", "繁體" } };
    static const struct message mainland[] = { { "shared", "简体" } };
    static const struct {
        const struct message *messages;
        uint32_t count;
    } catalogues[] = { { english, 6 }, { hong_kong, 1 }, { mainland, 1 } };

    assert_non_null(mkdtemp(directory));
    char path[64];
    for (size_t i = 0; i < 3; i++) {
        AUTO(buf) mo = buf_make(4096);
        catalogue_make(catalogues[i].messages, catalogues[i].count, &mo);
        snprintf(path, sizeof path, "%s/%s", directory, languages_files[i]);
        assert_int_equal(file_create(path, buf_span(&mo), 0600), OK);
    }
}

static inline void languages_erase(const char *directory)
{
    char path[64];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, languages_files[i]);
        unlink(path);
    }
    rmdir(directory);
}

static inline struct language_set *languages_make(void)
{
    char directory[] = "/tmp/ecert-language-XXXXXX";
    struct language_set *set = NULL;
    struct reason reason = { 0 };
    languages_write(directory);
    assert_int_equal(language_set_open(directory, &set, &reason), OK);
    languages_erase(directory);
    return set;
}
