#pragma once
/* Which scripts a text is written in, as far as host names need it (UTS 39 §5). */
#include "lib/base/bytes.h"

/* True if `text` (valid UTF-8) mixes scripts beyond what UTS 39 calls "highly restrictive": one
 * script, or Latin with Han and one of {Hiragana and Katakana, Bopomofo, Hangul}. */
bool script_mixed(struct span text);
