#pragma once
/* What the rows of routes.c lead to. */
#include "cli/ecert/console/visit.h"

/* session.c */
enum err enter_get(struct visit *visit);
enum err end_post(struct visit *visit);
enum err static_get(struct visit *visit);

/* certificates.c */
enum err certificates_get(struct visit *visit);
enum err certificate_get(struct visit *visit);
enum err certificate_details_get(struct visit *visit);
enum err certificate_path_get(struct visit *visit);
enum err request_file_get(struct visit *visit);

/* wizard.c */
enum err wizard_get(struct visit *visit);
enum err wizard_post(struct visit *visit);

/* complete.c, export.c, import.c, assign.c, assigned.c */
enum err complete_get(struct visit *visit);
enum err complete_post(struct visit *visit);
enum err remove_get(struct visit *visit);
enum err remove_post(struct visit *visit);
enum err export_get(struct visit *visit);
enum err export_post(struct visit *visit);
enum err import_get(struct visit *visit);
enum err import_post(struct visit *visit);
enum err assign_get(struct visit *visit);
enum err assign_post(struct visit *visit);
enum err assigned_get(struct visit *visit);

/* stores.c, store_import.c */
enum err store_get(struct visit *visit);
enum err authority_get(struct visit *visit);
enum err authority_details_get(struct visit *visit);
enum err authority_path_get(struct visit *visit);
enum err authority_remove_get(struct visit *visit);
enum err authority_remove_post(struct visit *visit);
enum err store_import_get(struct visit *visit);
enum err store_import_post(struct visit *visit);

/* undo.c */
enum err undo_get(struct visit *visit);
enum err undo_post(struct visit *visit);
/* A link to undo_get on the page, where there is a change that can be taken back. */
enum err undo_offer(struct visit *visit, const struct certstore *store);

/* lists.c */
enum err lists_get(struct visit *visit);
enum err list_import_get(struct visit *visit);
enum err list_import_post(struct visit *visit);
enum err list_remove_get(struct visit *visit);
enum err list_remove_post(struct visit *visit);

/* fetched.c */
enum err lists_refresh_post(struct visit *visit);
enum err lists_fetched_get(struct visit *visit);
