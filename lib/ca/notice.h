#pragma once
/* A notice of the CA on the log-in page, in the portal's three languages: lines of text; those that
 * begin with "- " are the items of a list. */
#include "lib/base/bytes.h"
#include "lib/base/err.h"

enum notice_language { NOTICE_EN, NOTICE_ZH_HK, NOTICE_ZH_CN, NOTICE_LANGUAGE_COUNT };
enum { NOTICE_TEXT_MAX = 2000, NOTICES_MAX = 16 };

struct notice {
    int64_t id;          /* given by the store; 0 before */
    int64_t from, until; /* shown from then on, up to but without `until`; 0: until it is removed */
    char texts[NOTICE_LANGUAGE_COUNT][NOTICE_TEXT_MAX];
};

/* "en", "zh-HK", "zh-CN". */
const char *notice_language_tag(enum notice_language language);
/* All languages said, readable text, a time that is not empty: "notice.text" or "notice.time". */
enum err notice_check(const struct notice *notice, struct reason *ret_reason) MUST_USE;
