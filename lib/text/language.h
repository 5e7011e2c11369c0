#pragma once
/* The languages a person may be addressed in. Texts are found by message id ("login.title",
 * "dcv.txt_missing"); what a language lacks is taken from English, and what English lacks shows as
 * the id itself, so that nothing ever comes out empty. Texts may hold placeholders such as {field}.
 */
#include "lib/base/buf.h"

struct language;
struct language_set;

/* A value for the placeholder {name} in a text. A table of them ends with a NULL name; a NULL value
 * prints as nothing. */
struct placeholder {
    const char *name;
    const char *value;
};

/* Opens every language of `directory` (en.mo, zh_HK.mo, zh_CN.mo). On failure `ret_reason` says
 * which file (language.missing, language.invalid). */
enum err language_set_open(
    const char *directory, struct language_set **ret_set, struct reason *ret_reason) MUST_USE;
/* The same of $ECERT_LOCALE, or beside the program, in the build tree and as installed. */
enum err language_set_open_installed(
    struct language_set **ret_set, struct reason *ret_reason) MUST_USE;
/* A command line's language, found in the same places: the one that `locale` leads to
 * ("zh_TW.UTF-8" or a tag; English where it says nothing that we speak). Only its catalogue is
 * read, and English behind it; the set's other languages speak English. Borrowed from the set. */
enum err language_open_installed(const char *locale, struct language_set **ret_set,
    const struct language **ret_language, struct reason *ret_reason) MUST_USE;
void language_set_free(struct language_set *set);
AUTO_PTR_DEFINE(language_set, language_set_free)

/* By tag ("zh-HK"; case and '_' do not matter); NULL if we don't have it. */
const struct language *language_by_tag(const struct language_set *set, const char *tag);
/* RFC 9110 §12.5.4 with our own sense: zh-TW, zh-MO and zh-Hant lead to zh-HK, other zh to zh-CN.
 * Never NULL; Traditional Chinese, Hong Kong's first, if nothing asked for is spoken here. */
const struct language *language_negotiate(const struct language_set *set, struct span accept);
/* All of them in the order in which a page offers them; NULL past the last. */
const struct language *language_at(const struct language_set *set, size_t index);

/* "zh-HK", for the lang attribute. */
const char *language_tag(const struct language *language);
/* Its own name: 繁體中文, 简体中文, English. */
const char *language_name(const struct language *language);
/* Never NULL. */
const char *language_text(const struct language *language, const char *id);
/* True if the language itself has the message, without falling back. */
bool language_has(const struct language *language, const char *id);
/* Appends the text with its placeholders filled in; unknown placeholders stay as they are. */
void language_format(const struct language *language, const char *id,
    const struct placeholder *placeholders, struct buf *buf);
/* A name of enum err in the person's language; other words, the system's or another program's, and
 * names that no language has, as they are. */
const char *language_failure(const struct language *language, const char *words);
/* The same for a reason: its code with {field}, {seen} and {expected}, and {failure}, which is what
 * was seen by language_failure. `suffix` is "" for what happened, ".next" for what to do; nothing
 * is appended if there is no such ".next". */
void language_format_reason(const struct language *language, const struct reason *reason,
    const char *suffix, struct buf *buf);
