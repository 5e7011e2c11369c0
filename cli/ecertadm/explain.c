/* What went wrong, in four parts: what happened, what was seen, what was expected, what to do next.
 * The code itself is printed too: it is what documentation and logs call it. */
#include "cli/ecertadm/command.h"
#include "lib/text/json.h"

#include <stdio.h>
#include <string.h>

struct explanation {
    const char *code; /* or its beginning, up to the dot */
    const char *what;
    const char *next;
    enum exit_code exit;
};

/* The first that fits; a row ending with '.' or '_' is for every code that begins so. */
static const struct explanation explanations[] = {
    { "service.no_answer", "the registrar does not answer",
        "start ecertd, or name its socket with --control", EXIT_FAILED },
    { "application.unknown", "there is no such application",
        "`ecertadm application list` shows all of them", EXIT_FAILED },
    { "application.exists", "this application has been entered before",
        "`ecertadm application list` shows it", EXIT_NOTHING },
    { "application.withdrawn_already", "the application is withdrawn already",
        "there is nothing left to do", EXIT_NOTHING },
    { "application.issuer", "this service has no issuing CA for the edition",
        "hold a new trial ceremony in an empty folder: it makes that CA too", EXIT_FAILED },
    { "application.not_classic", "a classic hierarchy does not issue this edition",
        "choose one of the expected", EXIT_FAILED },
    { "application.unit", "a classic certificate has no room for this",
        "shorten it to what the register itself writes", EXIT_FAILED },
    { "application.id", "this is no application's id", "copy the id from `application list`",
        EXIT_FAILED },
    { "application.file", "the file cannot be used", "name a readable JSON file", EXIT_FAILED },
    { "application.edition", "there is no such edition",
        "write one of the expected; packaging/examples has a file for each", EXIT_FAILED },
    { "application.names_count", "the edition does not hold this number of server names",
        "choose a multi-domain edition, or divide the names among several applications",
        EXIT_FAILED },
    { "application.wildcard", "the edition wildcard has one name with *, the others have none",
        "choose the edition wildcard for *.NAME, and another for names without *", EXIT_FAILED },
    { "application.name_twice", "a server name is there twice", "leave the second one out",
        EXIT_FAILED },
    { "application.name", "no certificate can hold this server name",
        "write a whole domain name of letters, digits and hyphens, or a Chinese one", EXIT_FAILED },
    { "application.business_category", "this is no business category for an EV certificate",
        "write one of the expected, letter by letter; leave \"ev\" out in other editions",
        EXIT_FAILED },
    { "application.jurisdiction_country", "an EV certificate names the country of registration",
        "write its two capital letters; leave \"ev\" out in other editions", EXIT_FAILED },
    { "application.registration_number", "an EV certificate names the registration number",
        "write it as it stands in the register; leave \"ev\" out in other editions", EXIT_FAILED },
    { "application.government",
        "the government is one subscriber: it has one name, and a department as branch",
        "write the expected; \"government\" is true for it and false for everybody else",
        EXIT_FAILED },
    { "application.", "the application breaks a rule",
        "correct the field in the file and enter it again", EXIT_FAILED },
    { "name.value", "no certificate can hold this part of a name",
        "write it within the rules of its kind: its length, its letters", EXIT_FAILED },
    { "name.", "this cannot be a server name", "correct the name in the file and enter it again",
        EXIT_FAILED },
    { "json.", "the file is not a valid application",
        "correct the file; doc/architecture.md §8 shows the form", EXIT_FAILED },
    { "key.none", "this file holds no key that could be read",
        "give a certificate, a CSR, a public key, a private key without passphrase, or the key's "
        "SHA-256 in 64 hexadecimal digits",
        EXIT_FAILED },
    { "key.unreadable", "there is no such file, and it is no hash of a key",
        "give a file, or the SHA-256 of the SubjectPublicKeyInfo in 64 hexadecimal digits",
        EXIT_FAILED },
    { "notice.text", "the notice has no readable text in one of its languages",
        "give --en, --zh-HK and --zh-CN, each of fewer than 2000 bytes", EXIT_FAILED },
    { "notice.time", "the notice's time cannot be understood",
        "write days as 2025-05-01, the last not before the first", EXIT_FAILED },
    { "notice.many", "there is no room for more notices", "remove an old one first", EXIT_FAILED },
    { "notice.unknown", "there is no such notice", "`ecertadm notice list` shows all of them",
        EXIT_FAILED },
    { "validation.government", "this subscriber is not the government",
        "leave it to the subscriber, who proves the names at the portal", EXIT_FAILED },
    { "validation.method", "the edition does not allow this method, or not any more",
        "choose one of the expected", EXIT_FAILED },
    { "validation.address", "no code may be mailed to this address",
        "choose a mailbox of the expected form", EXIT_FAILED },
    { "validation.state", "the application is closed",
        "enter a new application, and validate that one", EXIT_FAILED },
    { "validation.over", "no validation is due: the enrolment has gone on",
        "`ecertadm application show` says where it stands", EXIT_NOTHING },
    { "validation.values", "there are no values that could be checked",
        "leave --check out: new values are made, and what to place is shown", EXIT_FAILED },
    { "validation.no_mail", "no code belongs to the method that was chosen",
        "begin with --method email, or place what is shown", EXIT_FAILED },
    { "validation.not_mailed", "no code has been mailed yet", "name a mailbox with --address first",
        EXIT_FAILED },
    { "validation.failed", "the names are not proved",
        "do what is said of each name, then check again; nothing that was placed is lost",
        EXIT_FAILED },
    { "validation.unanswered", "the check has not ended in time",
        "run the command without --check to see what came of it; `ecertadm status` shows the "
        "service",
        EXIT_FAILED },
    { "approval.state", "the application is not at this step",
        "`ecertadm application show` says where it stands: vet first, then approve", EXIT_FAILED },
    { "approval.same_key", "both keys are one officer's; nothing has been signed",
        "name the keys of two officers, the first vets and the second approves", EXIT_FAILED },
    { "approval.same_officer", "this officer has signed for the application already",
        "another officer must give the other signature", EXIT_FAILED },
    { "approval.officer_unknown", "the key belongs to no officer of this service",
        "use a key that the last ceremony entered into the roster", EXIT_FAILED },
    { "approval.officer_role", "this person is in the roster, but not as an officer",
        "have an officer sign", EXIT_FAILED },
    { "approval.hash", "what was signed is not this application",
        "look at the application again, then sign again", EXIT_FAILED },
    { "approval.time", "the clock here and the service's differ by more than five minutes",
        "set the clock, then sign again", EXIT_FAILED },
    { "approval.", "the signature cannot be accepted", "sign again", EXIT_FAILED },
    { "key.file", "the key file cannot be read",
        "name a PEM file that belongs to you and that nobody else can read (mode 0600)",
        EXIT_FAILED },
    { "key.not_officer", "an officer's key is an Ed25519 key", "make one with `officer new`",
        EXIT_FAILED },
    { "key.", "the key cannot be used", "name an officer's private key, in PEM", EXIT_FAILED },
    { "mail.unknown", "no mail of this number is late or given up",
        "`ecertadm mail list` shows those that are", EXIT_FAILED },
    { "mail.none", "no mail was given up", "there is nothing left to do", EXIT_NOTHING },
    { "letter.unknown", "no enrolment has this reference number",
        "`ecertadm letter list` shows the letters", EXIT_FAILED },
    { "letter.not_made_yet", "the courier has not made the letter yet",
        "try again in a moment; `ecertadm status` shows whether the service is whole",
        EXIT_FAILED },
    { "courier.print", "the letter is not in the spool",
        "a printed letter is gone; `ecertadm letter list` shows what is there", EXIT_FAILED },
    { "letter.", "the letter cannot be printed",
        "`ecertadm letter list` shows the letters; a printed one is gone from the spool",
        EXIT_FAILED },
    { "output.file", "the file cannot be written",
        "name a file that does not exist yet, in a folder that does", EXIT_FAILED },
    { "certificate.unknown", "no certificate has this serial number",
        "`ecertadm certificate list` shows all of them", EXIT_FAILED },
    { "certificate.serial", "this is no serial number", "copy it from `ecertadm certificate list`",
        EXIT_FAILED },
    { "certificate.revoked_before", "the certificate was revoked before, and stays so",
        "the reason may only become keyCompromise; `ecertadm certificate list` says whether the "
        "list that names it is published",
        EXIT_NOTHING },
    { "certificate.not_revocable", "there is no certificate yet that could be revoked",
        "`ecertadm application withdraw` ends its enrolment, `ecertadm stop` all issuance",
        EXIT_FAILED },
    { "revocation.reason", "this is no reason for revocation", "name one of the expected",
        EXIT_FAILED },
    { "crl.entry_lost", "the signer has forgotten a revocation: the published list stays",
        "stop the service and give the signer its own journal back", EXIT_FAILED },
    { "issuer.unknown", "there is no such issuer", "leave it out, for all issuers", EXIT_FAILED },
    { "publication.older", "a newer one is published already",
        "publish a list with a greater number", EXIT_FAILED },
    { "publication.", "the file cannot be published", "name a .crt or .crl file in DER",
        EXIT_FAILED },
    { "audit.broken", "the audit chain is broken: somebody changed the records",
        "keep the database as it is, stop the service, and find out who could write it",
        EXIT_FAILED },
    { "lint.errors", "rules are broken", "what each finding expects is what a new one must have",
        EXIT_FAILED },
    { "lint.kind", "there is no such kind", "name one of the expected, or leave --kind out",
        EXIT_FAILED },
    { "lint.day", "this is no day", "write it as expected, or leave --at out", EXIT_FAILED },
    { "lint.file", "the file cannot be held to the rules", "name a file of the expected form",
        EXIT_FAILED },
    { "halt.reason", "a stop says why", "give a reason; any words do", EXIT_USAGE },
    { "issuance.not_stopped", "issuance is not stopped", "`ecertadm status` says how it is",
        EXIT_NOTHING },
    { "issuance.stopped_before", "it was stopped before, and stays so: nothing is issued",
        "revocations and lists go on; `ecertadm resume` with two people's keys ends the stop",
        EXIT_NOTHING },
    { "issuance.stopped", "issuance is stopped", "`ecertadm resume` lets it go on", EXIT_FAILED },
    { "resumption.other", "it was stopped anew meanwhile", "look at why, then resume again",
        EXIT_FAILED },
    { "resumption.time", "the clock here and the service's differ by more than five minutes",
        "set the clock, then resume again", EXIT_FAILED },
    { "resumption.same_person", "both keys are one person's", "have another person sign as well",
        EXIT_FAILED },
    { "resumption.unknown", "a key belongs to nobody in the roster",
        "use keys that the last ceremony entered into the roster", EXIT_FAILED },
    { "resumption.role", "this person is in the roster, but as neither officer nor administrator",
        "have somebody else sign", EXIT_FAILED },
    { "resumption.", "the signatures cannot be accepted", "resume again", EXIT_FAILED },
    { "profile.unknown", "there is no such profile", "`ecertadm profile` names all of them",
        EXIT_FAILED },
    { "policy.rule", "there is no such rule", "`ecertadm policy` names all of them", EXIT_FAILED },
    { "policy.day", "this is no day", "write it as 2027-03-15", EXIT_USAGE },
    { "audit.file", "the file or folder cannot be read", "name a readable one", EXIT_FAILED },
    { "store.behind", "the signer has issued certificates that the store does not know",
        "put a later copy of the store back; or `ecertadm reconcile --missing revoke` revokes them",
        EXIT_FAILED },
    { "journal.behind", "the signer's journal has lost what it had acknowledged",
        "stop the signer and put its journal back as it was last", EXIT_FAILED },
    { "store.newer", "the store is of another version than this program",
        "use the ecertadm of the service that wrote it", EXIT_FAILED },
    { "store.", "the store cannot be read", "name the service's ecert.db, or a copy of it",
        EXIT_FAILED },
    { "roster.classic", "a classic roster can't have this beside it",
        "leave it out, or choose another policy set", EXIT_FAILED },
    { "roster.", "this is no roster that the ceremony's key has signed",
        "name the roster.der and the ceremony.spki of one ceremony", EXIT_FAILED },
    { "proof.roster_missing", "the journal names a roster that is not among those given",
        "give every roster.der that was ever in force, each with --roster", EXIT_FAILED },
    { "proof.behind", "the journal has lost records that the store knows it had",
        "stop issuing; put the journal back as it was, and keep this one as evidence",
        EXIT_FAILED },
    { "proof.store_behind", "the journal has what the store does not know",
        "if the service runs, try again in a moment; if the store was put back, `ecertadm "
        "reconcile`",
        EXIT_FAILED },
    { "proof.unwarranted", "a certificate with our signature is not in the journal",
        "stop issuing: the key was used without its signer", EXIT_FAILED },
    { "proof.",
        "the journal does not prove right: the field says at which record, or for which serial",
        "stop issuing, keep journal and store as they are, and find out who could write them",
        EXIT_FAILED },
    { "warrant.",
        "a certificate was signed on a warrant that does not hold; the field says at which record",
        "stop issuing, keep the journal as it is, and find out why", EXIT_FAILED },
    { "script.file", "the script cannot be read", "name a script's file", EXIT_FAILED },
    { "script.text", "the script would not mean the same everywhere",
        "write it in UTF-8, without ${…}: values stand in the script itself", EXIT_FAILED },
    { "script.kind", "a step does nothing that is known",
        "write one of the expected behind do =", EXIT_FAILED },
    { "script.takes_no", "a step has a key that means nothing for what it does",
        "take it out; doc/architecture.md §7 says what each kind takes", EXIT_FAILED },
    { "script.needs", "a step lacks a key",
        "write it; doc/architecture.md §7 says what each kind takes", EXIT_FAILED },
    { "script.list_missing", "a CA certificate is revoked, and no list will say so",
        "let a step behind it make the list", EXIT_FAILED },
    { "script.hash", "a file is named without its SHA-256, or with half of one",
        "write the 64 digits that `sha256sum` shows, on paper that came another way than the file",
        EXIT_FAILED },
    { "script.journal", "the script does not say which journal it is for",
        "`ecertadm ceremony plan` shows the journal's head", EXIT_FAILED },
    { "script.", "the script cannot be held as it is", "correct it and rehearse it again",
        EXIT_FAILED },
    { "ceremony.approvals_few", "not enough administrators have approved this script",
        "have others look at its plan and `ecertadm ceremony approve` it", EXIT_FAILED },
    { "ceremony.approval_twice", "one administrator has approved twice",
        "have another administrator approve", EXIT_FAILED },
    { "ceremony.approval_script", "an approval is for another script",
        "approve this one anew, or run the one that was approved: it must not change by a byte",
        EXIT_FAILED },
    { "ceremony.approval_journal", "an approval is for another state of the journal",
        "approve anew", EXIT_FAILED },
    { "ceremony.approval_unknown", "an approval is by somebody who is no administrator here",
        "have an administrator of this folder approve; the plan names all of them", EXIT_FAILED },
    { "ceremony.approval_needed", "this folder's administrators keep their keys themselves",
        "write a script, have it approved, and `ecertadm ceremony run` it", EXIT_FAILED },
    { "ceremony.approval_time", "an approval is from the future",
        "set the clocks here and there, then approve anew", EXIT_FAILED },
    { "ceremony.approval_", "an approval cannot be accepted",
        "approve anew with `ecertadm ceremony approve`", EXIT_FAILED },
    { "ceremony.other_journal", "this folder's journal is not where the script says",
        "take the medium that the script is for; or write the head that was seen into the script, "
        "and rehearse and approve it again",
        EXIT_FAILED },
    { "ceremony.older", "this trial was made before ceremonies had administrators",
        "make a new trial in an empty folder", EXIT_FAILED },
    { "ceremony.administrators_missing", "nobody could approve: no administrators are known yet",
        "let the first script name them, in a step of its own", EXIT_FAILED },
    { "ceremony.administrators", "somebody would be an administrator twice",
        "name each person and each key once", EXIT_FAILED },
    { "ceremony.officers", "a roster needs two officers: two sign each application",
        "name another person in the role of officer", EXIT_FAILED },
    { "ceremony.roster", "the roster would be refused by the service", "name each of them once",
        EXIT_FAILED },
    { "ceremony.done_already", "this ceremony has been held",
        "`ecertadm ceremony transcript` shows what was done", EXIT_NOTHING },
    { "ceremony.held", "a ceremony was held here before; nothing of it is touched",
        "name an empty folder", EXIT_FAILED },
    { "ceremony.not_held", "no ceremony was held in this folder",
        "name the folder that holds root/journal", EXIT_FAILED },
    { "ceremony.stage", "what an interrupted ceremony left cannot be removed",
        "look what is in this folder, and remove it yourself", EXIT_FAILED },
    { "ceremony.places", "the ceremony has ended, but its files could not be moved to their places",
        "make room or give access, then run the same command again", EXIT_FAILED },
    { "ceremony.passphrase", "the passphrase of the roots' keys cannot be read",
        "name its file with --passphrase-file", EXIT_FAILED },
    { "ceremony.signer_passphrase", "the passphrase of the issuing keys cannot be read",
        "bring the signer's folder with its passphrase here", EXIT_FAILED },
    { "ceremony.input_hash", "a file is not the one that the script names",
        "find out which is right before anything else: file and hash came by two ways",
        EXIT_FAILED },
    { "ceremony.input", "a file that the script names cannot be used",
        "put it beside the script, in the expected form", EXIT_FAILED },
    { "ceremony.unknown_name", "the journal knows no CA certificate of this name",
        "names are those of the files below ca/, without suffix", EXIT_FAILED },
    { "ceremony.no_root", "this is no root of this folder", "name one of its roots", EXIT_FAILED },
    { "ceremony.no_issuer", "this is no issuing CA of this folder", "name one of its issuing CAs",
        EXIT_FAILED },
    { "ceremony.name_taken", "another CA certificate or list of this folder has this name",
        "choose a new one: names stand in certificates that are out", EXIT_FAILED },
    { "ceremony.other_key", "the key in this folder is not the certificate's",
        "take the medium with the right key", EXIT_FAILED },
    { "ceremony.reissue", "this certificate cannot be re-issued by this root",
        "name an issuing CA's certificate and the root that signed it", EXIT_FAILED },
    { "ceremony.cross_itself", "a root would cross-sign its own key",
        "name another root, or another CA's request", EXIT_FAILED },
    { "ceremony.request_", "the request is not this CA's",
        "have the CA make a request with its own key and under its own name", EXIT_FAILED },
    { "ceremony.import_", "this is not a cross certificate that our root can use",
        "send it back to the CA that signed it, with what was expected", EXIT_FAILED },
    { "ceremony.foreign_certificate", "no root of this folder signed this CA certificate",
        "revoke it where it was signed", EXIT_FAILED },
    { "ceremony.journal", "the journal's records do not fit one another",
        "take another copy of the medium, and keep this one as evidence", EXIT_FAILED },
    { "ceremony.unknown_number", "the journal has no such ceremony",
        "count from 1; without a number it is the last", EXIT_FAILED },
    { "ceremony.not_ended", "this ceremony was interrupted and has not ended",
        "run it again with the same script and approvals", EXIT_FAILED },
    { "ceremony.transcript_file", "this is no transcript", "name the file of one", EXIT_FAILED },
    { "ceremony.transcript_differs", "the transcript is not what the journal says",
        "write it anew with `ecertadm ceremony transcript`, and find out who changed this one",
        EXIT_FAILED },
    { "ceremony.signature", "a signature does not belong to this transcript",
        "have the witness sign this transcript", EXIT_FAILED },
    { "ceremony.died", "the ceremony ended without a word",
        "run the same command again: what was unfinished never counted", EXIT_FAILED },
    { "lint", "what would be signed breaks a rule; nothing was signed",
        "the field names the rule: correct the script", EXIT_FAILED },
    { "csr.key", "the request's key is too weak, or of an unknown kind",
        "have its owner make a better key", EXIT_FAILED },
    { "csr.", "the request cannot be accepted", "have its owner make a new one", EXIT_FAILED },
    { "authority.key_weak", "a CA's key is weak", "make another, by another source of randomness",
        EXIT_FAILED },
    { "token.key_exists", "the token has a key of this name already",
        "choose another name, or remove the old key in the token yourself", EXIT_FAILED },
    { "token.no_module", "a key is in a token, and no security module is named",
        "write pkcs11_module and pkcs11_pin_file into the script", EXIT_FAILED },
    { "token.", "the security module cannot be used", "look at the token, then try again",
        EXIT_FAILED },
    { "journal.broken", "the journal is damaged: its chain does not hold; nothing was changed",
        "take another copy of the medium, and keep this one as evidence", EXIT_FAILED },
    { "journal.held", "another ceremony is going on in this folder", "let it end first",
        EXIT_FAILED },
    { "journal.open", "the journal cannot be read", "name the folder that holds root/journal",
        EXIT_FAILED },
    { "config.", "the configuration is not right", "correct the file and check it again",
        EXIT_FAILED },
    { "program.missing", "the signer's program is not where this one is",
        "install ecertd-signer beside ecertadm", EXIT_FAILED },
    { "usage", "this is not how the command is called", NULL, EXIT_USAGE },
};

/* Where no code says more. */
static const char *const next_by_error[ERR_COUNT] = {
    [ERR_NO_SPACE] = "make room on the disk of the store and of the signer, then try again",
    [ERR_AGAIN] = "try again in a moment",
    [ERR_TIMEOUT] = "try again in a moment",
};

static const struct explanation *explanation_find(const char *code);
static void lines_print(const struct call *call, const char *what, const char *next);
static void json_print(const struct call *call, const char *what, const char *next);

enum exit_code call_explain(const struct call *call, enum err err)
{
    const struct explanation *found = explanation_find(call->reason.code);
    const char *what = found == NULL ? err_name(err) : found->what;
    const char *next = found == NULL ? next_by_error[err] : found->next;
    if (next == NULL && found == NULL) {
        next = "look for this moment in the service's log";
    }
    fflush(stdout);
    if (call->json) {
        json_print(call, what, next);
    } else {
        lines_print(call, what, next);
    }
    return found == NULL ? EXIT_FAILED : found->exit;
}

static const struct explanation *explanation_find(const char *code)
{
    for (size_t i = 0; i < sizeof explanations / sizeof *explanations; i++) {
        const char *known = explanations[i].code;
        size_t length = strlen(known);
        bool family = known[length - 1] == '.' || known[length - 1] == '_';
        if (family ? strncmp(code, known, length) == 0 : strcmp(code, known) == 0) {
            return &explanations[i];
        }
    }
    return NULL;
}

static void lines_print(const struct call *call, const char *what, const char *next)
{
    struct reason plain = call->reason;
    const struct reason *reason = &plain;
    utf8_make_plain(plain.code);
    utf8_make_plain(plain.field);
    utf8_make_plain(plain.seen);
    utf8_make_plain(plain.expected);
    fprintf(stderr, "ecertadm: %s", what);
    if (reason->code[0] != '\0' && strcmp(reason->code, "usage") != 0) {
        fprintf(stderr, " (%s)", reason->code);
    }
    fprintf(stderr, "\n");
    if (reason->field[0] != '\0') {
        fprintf(stderr, "  field:    %s\n", reason->field);
    }
    if (reason->seen[0] != '\0') {
        fprintf(stderr, "  seen:     %s\n", reason->seen);
    }
    if (reason->expected[0] != '\0') {
        fprintf(stderr, "  expected: %s\n", reason->expected);
    }
    if (next != NULL) {
        fprintf(stderr, "  next:     %s\n", next);
    } else {
        const struct command *command = call->command;
        fprintf(stderr, "  next:     ecertadm %s%s%s %s\n", command->noun,
            command->verb == NULL ? "" : " ", command->verb == NULL ? "" : command->verb,
            command->arguments);
    }
}

static void json_print(const struct call *call, const char *what, const char *next)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    AUTO(buf) text = buf_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *problem = value_object(&tree);
    value_put_text(&tree, problem, "error", what);
    value_put_text(&tree, problem, "code", call->reason.code);
    value_put_text(&tree, problem, "field", call->reason.field);
    value_put_text(&tree, problem, "seen", call->reason.seen);
    value_put_text(&tree, problem, "expected", call->reason.expected);
    value_put_text(&tree, problem, "next", next);
    json_format(&text, problem);
    fprintf(stderr, "%s\n", buf_check(&text) == OK ? buf_text(&text) : what);
}
