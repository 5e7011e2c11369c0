#pragma once
/* Notices on their way between ecertadm and the registrar. */
#include "lib/ca/notice.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

struct control_notices {
    struct notice rows[NOTICES_MAX];
    size_t count;
};

void control_notice_write(struct der_writer *writer, const void *object);
enum err control_notice_read(struct der *body, struct notice *ret_notice) MUST_USE;
void control_notices_write(struct der_writer *writer, const void *object);
enum err control_notices_read(struct der *body, struct control_notices *ret_notices) MUST_USE;
