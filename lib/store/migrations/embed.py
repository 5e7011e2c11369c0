#!/usr/bin/env python3
"""Writes the migrations as one C table: embed.py OUTPUT FILE.sql …, in the order given."""
import sys


def literal(line):
    return '    "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write('/* Made from lib/store/migrations. */\n#include "lib/store/migration.h"\n\n')
    out.write("const char *const migrations[] = {\n")
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as sql:
            out.write("\n".join(literal(line) for line in sql.read().splitlines()) + ",\n")
    out.write("};\n")
    out.write(f"const int migration_count = {len(sys.argv) - 2};\n")
