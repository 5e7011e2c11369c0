#pragma once
/* What the rows of routes.c lead to. */
#include "cli/ecert/console/visit.h"

enum err enter_get(struct visit *visit);
enum err end_post(struct visit *visit);
enum err static_get(struct visit *visit);

enum err certificates_get(struct visit *visit);
enum err certificate_get(struct visit *visit);
enum err certificate_details_get(struct visit *visit);
enum err certificate_path_get(struct visit *visit);
