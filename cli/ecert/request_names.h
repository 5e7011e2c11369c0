#pragma once
/* The names of a request: as typed, or as the templates of services propose them below a domain. */
#include "cli/ecert/tool.h"
#include "lib/ca/application.h"
#include "lib/dns/hostname.h"

struct request_names {
    struct dns_name list[APPLICATION_NAMES_MAX]; /* the first one is the common name */
    size_t count;
};

/* What --name, --domain and --service say, in this order. ERR_INPUT or ERR_LIMIT with the reasons
 * of dns_name_parse, "tool.too_many_names", "tool.service_unknown", "tool.service_domain" (one of
 * --domain and --service without the other). */
enum err request_names_from_arguments(const struct arguments *arguments,
    struct request_names *ret_names, struct reason *ret_reason) MUST_USE;
/* Asks a person as Exchange's wizard does: how many names, for which services, which of them is
 * the common name. A wrong name is explained and asked for again. ERR_NOT_FOUND if the input
 * ends. */
enum err request_names_ask(struct tool *tool, struct request_names *ret_names) MUST_USE;
/* Separated by commas; both forms of a Chinese name. */
void request_names_text(
    const struct tool *tool, const struct request_names *names, struct buf *text);
/* Warns of names whose letters are of scripts that nobody mixes. True if there was one. */
bool request_names_warn(const struct tool *tool, const struct request_names *names);
