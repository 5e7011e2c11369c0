#pragma once
/* One structured line per event on standard error, for processes only: libraries return errors.
 * event=object.verb key=value … ; values with anything but [A-Za-z0-9._:/@+-] are quoted and
 * escaped, so that nobody's input can forge a line (doc/threats.md P5, ASVS 16.4.1). Never give it
 * a secret. */
#include "lib/base/err.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* `process` is a static name such as "signer"; lines above `level` are dropped. */
void log_open(const char *process, enum log_level level);
/* `event` as "application.approved"; then pairs of `const char *` key and value, ended by NULL.
 * A NULL value prints as "-". */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* event + err's name + the reason's code, field and seen, where set. */
void log_failure(
    enum log_level level, const char *event, enum err err, const struct reason *reason);
