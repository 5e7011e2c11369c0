#pragma once
/* What a perspective asked the DNS in the course of a check, question by question, and what came of
 * each: for a person who has to find out where his zone and our view of it differ. Part of a
 * report; proves nothing. */
#include "lib/base/limits.h"
#include "lib/ca/observation.h"

enum {
    /* The longest redirect tour asks 22, a climb for CAA rarely more than five. */
    QUESTIONS_MAX = 32,
    QUESTION_ASKED_MAX = HOST_NAME_MAX_LENGTH + 11,
    QUESTION_OUTCOME_MAX = 12,
    QUESTION_TEXT_MAX = 200,
};

/* Without padding: gcc 12 with -ftrivial-auto-var-init=zero clears the padding of an array's
 * members at the wrong place where the array stands behind another one, and so wipes what stands
 * there. */
struct question {
    enum dnssec_state dnssec;
    unsigned ttl; /* seconds, of the answer's records; 0 without any */
    unsigned records;
    unsigned milliseconds;              /* until the answer, or until it was waited for no more */
    char asked[QUESTION_ASKED_MAX];     /* "TXT _ecert-validation.www.example.com" */
    char outcome[QUESTION_OUTCOME_MAX]; /* "NOERROR", "NXDOMAIN", "SERVFAIL", "RCODE 5"; or
                                           "timeout", "too large", "failed": no answer */
    char via[QUESTION_TEXT_MAX];  /* the aliases that led to it: "www.example.net > cdn.example.org"
                                   */
    char seen[QUESTION_TEXT_MAX]; /* as much of the records as fits, " | " between them */
};
_Static_assert(sizeof(struct question) == 4 * sizeof(unsigned) + QUESTION_ASKED_MAX +
                                              QUESTION_OUTCOME_MAX + 2 * QUESTION_TEXT_MAX,
    "no padding");

/* In the order in which they were asked; those beyond the maximum are not kept. */
struct questions {
    struct question rows[QUESTIONS_MAX];
    size_t count;
};

void questions_write(struct der_writer *writer, const struct questions *questions);
/* ERR_LIMIT for more or longer ones than above, ERR_INPUT for what is not printable ASCII. */
enum err questions_read(struct der *reader, struct questions *ret_questions) MUST_USE;
