#pragma once
/* The file that proves control of a website, below the folder that the web server serves for the
 * name: written so that a visitor sees all of it or nothing, never through a symbolic link, and
 * taken away only while it still holds what we wrote. */
#include "lib/base/err.h"

/* Writes `value` and a newline to FOLDER/.well-known/pki-validation/fileauth.txt, readable by all;
 * makes the two folders where they are missing. ERR_CONFLICT with "tool.webroot_taken" if another
 * file is there; ERR_NOT_FOUND or ERR_IO with "tool.webroot" (seen: why). */
enum err webroot_place(const char *folder, const char *value, struct reason *ret_reason) MUST_USE;
/* Removes the file, and the two folders where nothing else is in them. OK if it is gone already;
 * ERR_CONFLICT if it holds something else by now. */
enum err webroot_remove(const char *folder, const char *value) MUST_USE;
