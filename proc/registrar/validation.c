/* A round: every perspective is asked about every due name of one enrolment, at the same time; what
 * they signed and what they reported is stored in one transaction together with the verdict. A
 * round that is killed leaves the challenges due, and the next one begins anew. */
#include "proc/registrar/validation.h"
#include "proc/registrar/earlier.h"
#include "proc/registrar/issuing.h"
#include "proc/registrar/mailing.h"
#include "proc/registrar/passed_mail.h"
#include "proc/registrar/refused_mail.h"
#include "lib/base/log.h"
#include "lib/store/application.h"
#include "lib/store/certificate.h"
#include "lib/store/challenge.h"
#include "lib/store/enrolment.h"
#include "lib/store/evidence.h"
#include "lib/store/pacing.h"

#include <stdatomic.h>
#include <stdio.h>

enum {
    RETRY_FIRST_SECONDS = 60,
    RETRY_DOUBLINGS_MAX = 6, /* then once in 64 minutes */
};

/* One perspective's word about one name. */
struct word {
    struct buf observation; /* empty: no answer */
    struct report report;
};

struct round {
    struct registrar *registrar;
    uint8_t attempt[ATTEMPT_BYTES];
    struct challenge_row *rows; /* the due ones, all of one enrolment */
    size_t row_count;
    struct word *words; /* by link, then by row */
    size_t link_count;
    const struct perspective_link *links;
    enum queue_lane lane;
    const struct queue_turn *turn;
    atomic_bool slow;     /* a perspective took long for a name */
    bool again_patiently; /* nothing is judged: it goes to the other lane */
    int64_t now;
    struct earlier
        earlier[APPLICATION_NAMES_MAX + 1];   /* where one is, all are asked for CAA alone */
    struct earlier_applications applications; /* whose evidence these are */
    struct application application;
    bool passed[APPLICATION_NAMES_MAX + 1];
    struct outbox_row *refusals[APPLICATION_NAMES_MAX + 1]; /* to whom CAA names; NULL: nobody */
    int64_t oldest[APPLICATION_NAMES_MAX + 1];
    struct act act;
    bool by_itself;         /* nobody asked for this round */
    bool mails;             /* the representative is told if all pass */
    struct outbox_row mail; /* then */
    struct arena *arena;
};

/* What one thread does: all names by one perspective, one behind the other. */
struct asking {
    struct round *round;
    struct perspective_link *link;
    struct word *words;
};

static enum err round_run(struct registrar *registrar, struct validation *validation,
    struct challenge_row *rows, size_t count, struct arena *arena, bool *ret_slow);
static bool round_passed(const struct round *round);
static void round_ask(struct round *round, struct validation *validation);
static int64_t slow_from(const struct round *round);
static bool timed_out(const struct report *report);
static bool goes_on(const struct round *round);
static void *asking_run(void *ctx);
static enum err word_ask(struct asking *asking, size_t row, struct reason *ret_reason);
static enum err word_check(
    const struct asking *asking, size_t row, struct span der, struct reason *ret_reason);
static enum err rules_make(struct round *round, struct evidence_rules *ret_rules);
static const struct challenge *challenge_of(const struct round *round, size_t row);
static enum err proved_find(struct round *round);
static enum err round_judge(struct round *round);
static enum err name_judge(struct round *round, size_t row, const struct evidence_rules *rules);
static enum err refusal_note(struct round *round, size_t row);
static enum err round_commit(struct store *store, void *ctx);
static enum err words_store(struct store *store, const struct round *round, size_t row);
static enum err report_encode(const struct report *report, struct buf *buf);
static enum err verdict_store(struct store *store, const struct round *round, size_t row);
static enum err enrolment_move(struct store *store, const struct round *round);
static enum err request_resume(
    struct store *store, const struct round *round, const struct enrolment_row *before);
static int64_t next_check(const struct challenge_row *row, int64_t now);
static void round_release(struct round *round);

enum err validation_step(
    struct registrar *registrar, struct validation *validation, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct challenge_row *rows = NULL;
    size_t count = 0;
    TRY(due_take(registrar, validation->lane, &arena, &rows, &count, &validation->turn));
    *ret_worked = true;
    bool slow = false;
    enum err err = count > 0 ? round_run(registrar, validation, rows, count, &arena, &slow) : OK;
    due_done(registrar, validation->turn.enrolment, count > 0, slow);
    return err;
}

static enum err round_run(struct registrar *registrar, struct validation *validation,
    struct challenge_row *rows, size_t count, struct arena *arena, bool *ret_slow)
{
    struct round round = {
        .registrar = registrar,
        .rows = rows,
        .row_count = count,
        .link_count = validation->link_count,
        .links = validation->links,
        .lane = validation->lane,
        .turn = &validation->turn,
        .by_itself = rows[0].state == CHALLENGE_FAILED,
        .arena = arena,
    };
    TRY(random_fill(&registrar->random, round.attempt, sizeof round.attempt));
    round.words = calloc(round.link_count * count, sizeof *round.words);
    if (round.words == NULL) {
        return ERR_MEMORY;
    }
    round.now = clock_now(&registrar->clock);
    enum err found = proved_find(&round);
    if (found != OK) {
        log_failure(LOG_ERROR, "evidence.unreadable", found, NULL);
    }
    round_ask(&round, validation);
    *ret_slow = round.slow;
    round.now = clock_now(&registrar->clock);
    round.act = registrar_act(registrar);
    enum err err = round_judge(&round);
    if (err != OK) {
        /* What cannot be judged has not passed; it must not hold up those behind it. */
        log_failure(LOG_ERROR, "name.not_judged", err, NULL);
        memset(round.passed, 0, sizeof round.passed);
    }
    round.again_patiently = round.lane == QUEUE_PROMPT && round.slow && !round_passed(&round);
    err = store_transact(registrar->store, round_commit, &round);
    round_release(&round);
    /* The subscriber began anew while we asked: what we found is about what is no longer asked. */
    return err == ERR_NOT_FOUND ? OK : err;
}

static bool round_passed(const struct round *round)
{
    bool all = true;
    for (size_t i = 0; i < round->row_count; i++) {
        all = all && round->passed[i];
    }
    return all;
}

static void round_ask(struct round *round, struct validation *validation)
{
    struct asking askings[PERSPECTIVES_MAX];
    for (size_t i = 0; i < round->link_count; i++) {
        askings[i] = (struct asking){
            .round = round,
            .link = &validation->links[i],
            .words = &round->words[i * round->row_count],
        };
    }
    perspective_each(round->link_count, asking_run, askings, sizeof *askings);
}

static void *asking_run(void *ctx)
{
    struct asking *asking = ctx;
    struct round *round = asking->round;
    for (size_t i = 0; i < round->row_count && goes_on(round); i++) {
        struct word *word = &asking->words[i];
        struct reason reason = { 0 };
        int64_t begun = clock_monotonic_ms();
        word->observation = buf_make(OBSERVATION_MAX_BYTES);
        enum err err = word_ask(asking, i, &reason);
        if (clock_monotonic_ms() - begun >= slow_from(round) || timed_out(&word->report)) {
            atomic_store(&round->slow, true);
        }
        if (err != OK) {
            buf_clear(&word->observation);
            word->report = (struct report){ 0 };
            bool busy = strcmp(reason.code, "dcv.target_busy") == 0;
            report_add(&word->report, busy ? reason.code : "dcv.unreachable", asking->link->id,
                NULL, busy ? reason.expected : NULL);
            log_failure(LOG_WARNING, "perspective.no_answer", err, &reason);
        }
    }
    return NULL;
}

/* What all but used its time up had to be waited for. */
static int64_t slow_from(const struct round *round)
{
    unsigned patience_ms = round->turn->patience_ms;
    return (patience_ms > 0 ? patience_ms : PROMPT_PATIENCE_MS) * INT64_C(3) / 4;
}

/* A step has a part of the whole time, and can use it up long before the others do. */
static bool timed_out(const struct report *report)
{
    static const char *const codes[] = { "dcv.timeout", "dcv.web_timeout", "caa.timeout" };
    bool found = false;
    for (size_t i = 0; i < report->count; i++) {
        for (size_t code = 0; code < sizeof codes / sizeof *codes; code++) {
            found |= strcmp(report->steps[i].code, codes[code]) == 0;
        }
    }
    return found;
}

/* The first slow name ends a round that others wait behind. */
static bool goes_on(const struct round *round)
{
    return round->lane == QUEUE_PATIENT || !atomic_load(&round->slow);
}

static enum err word_ask(struct asking *asking, size_t row, struct reason *ret_reason)
{
    struct round *round = asking->round;
    struct word *word = &asking->words[row];
    struct validator_check check = {
        .challenge = *challenge_of(round, row),
        .patience_ms = round->turn->patience_ms,
        .yields = round->turn->yields,
        .caa_only = round->earlier[row].reusable,
    };
    memcpy(check.attempt, round->attempt, sizeof check.attempt);
    /* What was typed is nobody's business but the primary's. */
    bool mailed = check.challenge.method == DCV_EMAIL && !check.caa_only;
    if (mailed && asking->link->url == NULL) {
        TRY(mailing_proof(
            round->registrar, round->rows[row].enrolment, check.challenge.name, &check.proof));
    }
    TRY(perspective_ask(asking->link, &check, &word->observation, &word->report, ret_reason));
    return word_check(asking, row, buf_span(&word->observation), ret_reason);
}

/* A perspective that signs something else, or with another key, has not answered: the quorum may
 * do without it, but a name must not fail for it. */
static enum err word_check(
    const struct asking *asking, size_t row, struct span der, struct reason *ret_reason)
{
    const struct round *round = asking->round;
    const struct registrar *registrar = round->registrar;
    const struct perspective *perspective =
        roster_perspective(&registrar->roster, asking->link->id);
    const uint8_t *nonce = challenge_of(round, row)->nonce;
    struct observation observation = { 0 };
    struct der reader = der_reader(der);
    bool right = perspective != NULL && observation_read(&reader, &observation) == OK &&
                 strcmp(observation.perspective, asking->link->id) == 0 &&
                 memcmp(observation.attempt, round->attempt, ATTEMPT_BYTES) == 0 &&
                 memcmp(observation.challenge.nonce, nonce, NONCE_BYTES) == 0;
    if (!right) {
        return reason_set(
            ret_reason, ERR_PEER, "perspective.wrong_answer", asking->link->id, NULL, NULL);
    }
    const struct observation_verifier *verifier = &registrar->verifier;
    enum err err =
        verifier->verify(verifier->ctx, (size_t)(perspective - registrar->roster.perspectives),
            observation.signed_part, observation.signature);
    return err == OK ? OK
                     : reason_set(ret_reason, err, "perspective.wrong_signature", asking->link->id,
                           NULL, NULL);
}

static enum err rules_make(struct round *round, struct evidence_rules *ret_rules)
{
    const uint8_t *enrolment = round->rows[0].enrolment;
    struct application *application = &round->application;
    TRY(earlier_rules(
        round->registrar, enrolment, round->now, round->arena, application, ret_rules));
    ret_rules->earlier = round->applications.list;
    ret_rules->earlier_count = round->applications.count;
    round->mails = !application->government; /* officers look for themselves */
    return passed_mail_write(round->registrar, application, enrolment, round->arena, &round->mail);
}

static enum err proved_find(struct round *round)
{
    struct evidence_rules rules;
    TRY(rules_make(round, &rules));
    const struct earlier_search search = { .registrar = round->registrar,
        .rows = round->rows,
        .count = round->row_count,
        .application = &round->application,
        .rules = &rules,
        .applications = &round->applications,
        .arena = round->arena };
    return earlier_find(&search, round->earlier);
}

static const struct challenge *challenge_of(const struct round *round, size_t row)
{
    return earlier_challenge(&round->earlier[row], &round->rows[row].challenge);
}

static enum err round_judge(struct round *round)
{
    struct evidence_rules rules;
    TRY(rules_make(round, &rules));
    for (size_t i = 0; i < round->row_count; i++) {
        TRY(name_judge(round, i, &rules));
    }
    return OK;
}

/* The signer's own question, asked early: nobody is told "passed" for what it would refuse. */
static enum err name_judge(struct round *round, size_t row, const struct evidence_rules *rules)
{
    struct observation *observations =
        arena_alloc(round->arena, EVIDENCE_OBSERVATIONS_MAX, sizeof *observations);
    const struct earlier *earlier = &round->earlier[row];
    struct name_evidence evidence = { .observations = observations };
    struct reason reason = { 0 };
    const char *name = round->rows[row].challenge.name;
    if (observations == NULL) {
        return ERR_MEMORY;
    }
    if (earlier->reusable) {
        evidence.count = earlier->evidence.count;
        memcpy(observations, earlier->evidence.observations, evidence.count * sizeof *observations);
    }
    for (size_t i = 0; i < round->link_count; i++) {
        const struct word *word = &round->words[i * round->row_count + row];
        struct der reader = der_reader(buf_span(&word->observation));
        if (word->observation.len > 0 &&
            observation_read(&reader, &observations[evidence.count]) == OK) {
            evidence.count++;
        }
    }
    enum err err = evidence_check(&evidence, name, rules, &round->oldest[row], &reason);
    round->passed[row] = err == OK;
    log_event(LOG_INFO, "name.checked", "name", name, "passed", err == OK ? "yes" : "no", "code",
        reason.code, "seen", reason.seen, "expected", reason.expected, NULL);
    TRY(err == ERR_DENIED ? OK : err);
    return round->passed[row] ? OK : refusal_note(round, row);
}

/* By the primary's own words: nobody else may have us send mails. */
static enum err refusal_note(struct round *round, size_t row)
{
    for (size_t i = 0; i < round->link_count; i++) {
        if (round->links[i].url == NULL) {
            return refused_mail_write(round->registrar, round->rows[row].challenge.name,
                round->rows[row].enrolment, &round->words[i * round->row_count + row].report,
                round->arena, &round->refusals[row]);
        }
    }
    return OK;
}

static enum err round_commit(struct store *store, void *ctx)
{
    const struct round *round = ctx;
    const uint8_t *enrolment = round->rows[0].enrolment;
    const struct pacing pacing = { .slow = round->slow };
    if (round->again_patiently) {
        return store_pacing_set(store, enrolment, &pacing);
    }
    TRY(store_pacing_set(store, enrolment, &pacing));
    for (size_t i = 0; i < round->row_count; i++) {
        TRY(words_store(store, round, i));
        TRY(verdict_store(store, round, i));
    }
    return enrolment_move(store, round);
}

static enum err words_store(struct store *store, const struct round *round, size_t row)
{
    for (size_t i = 0; i < round->link_count; i++) {
        const struct word *word = &round->words[i * round->row_count + row];
        AUTO(buf) report = buf_make(MESSAGE_MAX_BYTES);
        TRY(report_encode(&word->report, &report));
        struct observation_row observation = {
            .der = buf_span(&word->observation),
            .report = buf_span(&report),
            .time = round->now,
        };
        memcpy(observation.attempt, round->attempt, sizeof observation.attempt);
        memcpy(observation.enrolment, round->rows[row].enrolment, sizeof observation.enrolment);
        snprintf(observation.name, sizeof observation.name, "%s", round->rows[row].challenge.name);
        snprintf(observation.perspective, sizeof observation.perspective, "%s", round->links[i].id);
        TRY(store_observation_insert(store, &observation));
    }
    return OK;
}

static void report_object_write(struct der_writer *writer, const void *object)
{
    report_write(writer, object);
}

static enum err report_encode(const struct report *report, struct buf *buf)
{
    return der_encode(report_object_write, report, buf);
}

static enum err verdict_store(struct store *store, const struct round *round, size_t row)
{
    const struct challenge_row *challenge = &round->rows[row];
    if (!round->passed[row]) {
        if (round->refusals[row] != NULL) {
            TRY(refused_mail_add(store, &round->act, round->refusals[row]));
        }
        return store_challenge_set_result(
            store, challenge, CHALLENGE_FAILED, next_check(challenge, round->now));
    }
    struct evidence_row evidence = { .method = challenge->challenge.method,
        .time = round->oldest[row] };
    snprintf(evidence.name, sizeof evidence.name, "%s", challenge->challenge.name);
    memcpy(evidence.attempt, round->attempt, sizeof evidence.attempt);
    if (round->earlier[row].reusable) {
        evidence = round->earlier[row].row;
        evidence.has_caa = true;
        evidence.caa_time = round->now;
        memcpy(evidence.caa_attempt, round->attempt, sizeof evidence.caa_attempt);
    }
    TRY(store_challenge_set_result(store, challenge, CHALLENGE_PASSED, 0));
    return store_evidence_put(store, &round->act, challenge->enrolment, &evidence);
}

/* Every challenge passed: the enrolment goes on. */
static enum err enrolment_move(struct store *store, const struct round *round)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    const uint8_t *enrolment = round->rows[0].enrolment;
    struct challenge_row *rows = NULL;
    size_t count = 0;
    enum enrolment_state state = ENROLMENT_OPEN;
    TRY(store_challenge_list(store, enrolment, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (rows[i].state != CHALLENGE_PASSED) {
            return OK;
        }
    }
    struct enrolment_row before = { 0 };
    TRY(store_enrolment_get(store, enrolment, &before));
    enum err err =
        store_enrolment_advance(store, &round->act, enrolment, ENROLMENT_EVIDENCE, &state);
    if (err != OK) {
        return err == ERR_CONFLICT ? OK : err;
    }
    /* Where a request waits, the next mail is about its certificate. */
    bool told = round->mails && !warrant_lapsed(&before.problem);
    TRY(told ? passed_mail_add(store, &round->act, &round->mail, round->by_itself) : OK);
    return request_resume(store, round, &before);
}

/* A request whose evidence had lapsed on the way goes on by itself once there is new evidence. */
static enum err request_resume(
    struct store *store, const struct round *round, const struct enrolment_row *before)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct certificate_row row = { 0 };
    struct request_id request = { .ordinal = before->ordinal };
    enum enrolment_state state = ENROLMENT_OPEN;
    if (!warrant_lapsed(&before->problem)) {
        return OK;
    }
    memcpy(request.enrolment, before->id, sizeof request.enrolment);
    enum err err = store_certificate_by_request(store, &request, &arena, &row);
    if (err != OK || row.state > CERTIFICATE_RESERVED) {
        return err == ERR_NOT_FOUND ? OK : err;
    }
    /* Proved anew for another key: that one's request is what the subscriber means. */
    if (before->has_spki && memcmp(before->spki_hash, row.spki_hash, HASH_BYTES) != 0) {
        return OK;
    }
    return store_enrolment_advance(store, &round->act, before->id, ENROLMENT_SUBMIT_CSR, &state);
}

/* Ever more slowly, and no longer than the value may be used (BR 1.6.1); 0: only when asked. */
static int64_t next_check(const struct challenge_row *row, int64_t now)
{
    /* No use before another code is typed. */
    if (row->challenge.method == DCV_EMAIL) {
        return 0;
    }
    unsigned doublings = row->attempts < RETRY_DOUBLINGS_MAX ? row->attempts : RETRY_DOUBLINGS_MAX;
    int64_t next = now + ((int64_t)RETRY_FIRST_SECONDS << doublings);
    return next < row->challenge.created + VALIDATION_VALUE_SECONDS ? next : 0;
}

static void round_release(struct round *round)
{
    for (size_t i = 0; i < round->link_count * round->row_count; i++) {
        buf_release(&round->words[i].observation);
    }
    free(round->words);
}
