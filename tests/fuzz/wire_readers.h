#pragma once
/* Every read function of lib/wire under one form, for the fuzz target and the tests of messages. */
#include "lib/base/arena.h"
#include "lib/der/reader.h"

struct wire_reader {
    const char *name;
    enum err (*read)(struct der *body, struct arena *arena);
};

extern const struct wire_reader wire_readers[];
extern const size_t wire_reader_count;
