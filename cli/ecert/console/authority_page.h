#pragma once
/* A page about one CA certificate, found by the thumbprint in its path, and about the store that it
 * is in. */
#include "cli/ecert/chain.h"
#include "cli/ecert/console/visit.h"

struct authority_page {
    struct certstore *store;
    struct authorities authorities;
    const struct authority *authority;
    const char *path; /* "/authority/…" */
};
void authority_page_release(struct authority_page *page);
AUTO_DEFINE(authority_page, authority_page_release)

/* "/store/intermediate", …. */
const char *authority_folder_path(enum certstore_folder folder);
/* The page of a store: title, place, "folder" (its word) and "lead". */
void authority_page_begin(struct visit *visit, enum certstore_folder folder);
/* Begins the page and puts "item". ERR_NOT_FOUND with the store's reason. */
enum err authority_page_open(struct visit *visit, struct authority_page *ret_page) MUST_USE;
/* {name, role_text, state_text, good, issuer, begins_text, ends_text, revoked_text, thumbprint,
 * sha1_groups, sha256_groups, href, server_auth}. */
void authority_page_put(
    struct visit *visit, const struct authority *authority, struct value *object);
