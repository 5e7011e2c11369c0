/* What a notice must be to be shown. */
#include "lib/ca/notice.h"

static const char *const tags[] = {
    [NOTICE_EN] = "en",
    [NOTICE_ZH_HK] = "zh-HK",
    [NOTICE_ZH_CN] = "zh-CN",
};

static bool readable(const char *text);

const char *notice_language_tag(enum notice_language language)
{
    return tags[language];
}

enum err notice_check(const struct notice *notice, struct reason *ret_reason)
{
    for (enum notice_language i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        if (!readable(notice->texts[i])) {
            return reason_set(
                ret_reason, ERR_INPUT, "notice.text", tags[i], "", "text in this language");
        }
    }
    if (notice->until != 0 && notice->until <= notice->from) {
        return reason_set(
            ret_reason, ERR_INPUT, "notice.time", "until", "", "a day not before the first");
    }
    return OK;
}

static bool readable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (((unsigned char)*c < ' ' && *c != '\n') || *c == 0x7f) {
            return false;
        }
    }
    return text[0] != '\0' && utf8_valid(span_from_text(text));
}
