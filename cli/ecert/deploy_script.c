/* ecert deploy script ID --kind exchange|windows --out DIRECTORY: for a Windows server a PFX, the
 * CA's certificates and lists as files, and a PowerShell script with everything filled in. A person
 * takes the directory there and runs it; the password is asked for there and stands in no file. */
#include "cli/ecert/chain.h"
#include "cli/ecert/deploy.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/certstore/lists.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { SCRIPT_MAX = 64 * 1024 };

/* Where a file goes in Windows' stores, by certutil's names. */
struct parts {
    const struct deploy_material *material;
    const char *out;
    struct buf script;
    size_t file_count;
};
static void parts_release(struct parts *parts)
{
    buf_release(&parts->script);
}
AUTO_DEFINE(parts, parts_release)

static const struct script_kind {
    const char *name;
    bool services;
    const char *install; /* {thumbprint} and {services} are filled in */
} kinds[] = {
    { "exchange", true,
        "$file = [System.IO.File]::ReadAllBytes((Join-Path $here 'site.pfx'))\r\n"
        "Import-ExchangeCertificate -FileData $file -Password $password -PrivateKeyExportable "
        "$true "
        "| Out-Null\r\n"
        "Enable-ExchangeCertificate -Thumbprint '{thumbprint}' -Services '{services}' -Force\r\n"
        "Get-ExchangeCertificate -Thumbprint '{thumbprint}' | Format-List "
        "Status,Services,NotAfter,CertificateDomains\r\n" },
    { "windows", false,
        "Import-PfxCertificate -FilePath (Join-Path $here 'site.pfx') -CertStoreLocation "
        "Cert:\\LocalMachine\\My -Password $password -Exportable | Out-Null\r\n"
        "Run certutil -verifystore My '{thumbprint}'\r\n" },
};
static const char *const services_known[] = { "IIS", "SMTP", "IMAP", "POP", "UM", "UMCallRouter",
    "Federation" };

static const char HEAD[] =
    "$ErrorActionPreference = 'Stop'\r\n"
    "$here = Split-Path -Parent $MyInvocation.MyCommand.Path\r\n"
    "function Run {\r\n"
    "    $program, $words = $args\r\n"
    "    & $program $words | Out-Host\r\n"
    "    if ($LASTEXITCODE -ne 0) { throw \"$program $words : $LASTEXITCODE\" }\r\n"
    "}\r\n";

static enum err kind_take(struct tool *tool, const struct arguments *arguments,
    const struct script_kind **ret_kind, struct reason *ret_reason);
static enum err services_check(const char *services, struct reason *ret_reason);
static enum err directory_make(const char *path, struct reason *ret_reason);
static enum err part_add(struct parts *parts, const char *store, const char *suffix,
    struct span der, struct reason *ret_reason);
static enum err chain_add(
    struct parts *parts, const struct certstore *store, struct reason *ret_reason);
static enum err withdrawn_add(
    struct tool *tool, struct parts *parts, const struct certstore *store);
static void install_add(const struct tool *tool, struct parts *parts,
    const struct script_kind *kind, const char *services);
static enum err file_put(
    const char *out, const char *name, struct span content, struct reason *ret_reason);

enum exit_code command_deploy_script(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(deploy_material) material = { .root_count = 0 };
    AUTO(parts) parts = { .script = buf_make(SCRIPT_MAX) };
    struct reason reason = { 0 };
    const struct script_kind *kind = NULL;
    const char *services = arguments_value(arguments, "services");
    const char *wanted = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    char pfx[DEPLOY_PATH_MAX];
    enum err err = kind_take(tool, arguments, &kind, &reason);
    err = err == OK ? ask_option(tool, arguments, "out", "tool.ask_out", &parts.out, &reason) : err;
    services = services == NULL ? "IIS,SMTP,IMAP,POP" : services;
    err = err == OK ? services_check(services, &reason) : err;
    if (err != OK || tool_open_store(tool, &store) != OK) {
        return err == OK ? EXIT_FAILED : screen_failure(tool, err, &reason);
    }
    parts.material = &material;
    err = deploy_material_load(tool, store, wanted, &material, &reason);
    err = err == OK ? key_may_leave(&material.item, &reason) : err;
    err = err == OK ? directory_make(parts.out, &reason) : err;
    err = err == OK ? path_join(pfx, sizeof pfx, parts.out, "site.pfx") : err;
    err = err == OK
              ? pfx_file_write(tool, arguments, "windows2019", store, &material.item, pfx, &reason)
              : err;
    /* No name: what a certificate says of itself may hold line ends, and would be commands. The
     * mark before it says UTF-8 to Windows PowerShell. */
    buf_append_format(&parts.script, "\xef\xbb\xbf# %s\r\n%s", material.view.thumbprint_sha1, HEAD);
    err = err == OK ? chain_add(&parts, store, &reason) : err;
    err = err == OK ? withdrawn_add(tool, &parts, store) : err;
    install_add(tool, &parts, kind, services);
    err = err == OK ? buf_check(&parts.script) : err;
    err = err == OK ? file_put(parts.out, "setup.ps1", buf_span(&parts.script), &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    const struct placeholder values[] = { { "file", parts.out }, { NULL, NULL } };
    screen_step(tool, "tool.deploy_script", values);
    pfx_file_warn(tool, arguments);
    screen_message(tool, "tool.deploy_script_next", values);
    value_put_text(&tool->tree, tool->result, "directory", parts.out);
    value_put_text(&tool->tree, tool->result, "thumbprint", material.view.thumbprint_sha1);
    return EXIT_DONE;
}

static enum err kind_take(struct tool *tool, const struct arguments *arguments,
    const struct script_kind **ret_kind, struct reason *ret_reason)
{
    const char *name = arguments_value(arguments, "kind");
    const char *names[] = { kinds[0].name, kinds[1].name };
    size_t choice = 0;
    if (name == NULL && ask_choice(tool, "tool.ask_kind", names, 2, 0, &choice) == OK) {
        name = names[choice];
    }
    for (size_t i = 0; name != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *ret_kind = &kinds[i];
            return OK;
        }
    }
    return reason_set(ret_reason, ERR_INPUT, "usage.one_of", "--kind", name, "exchange, windows");
}

/* Words of Enable-ExchangeCertificate, separated by commas: nothing else may stand in the script.
 */
static enum err services_check(const char *services, struct reason *ret_reason)
{
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", services);
    bool valid = strlen(services) < sizeof copy;
    while (valid && rest != NULL) {
        const char *word = strsep(&rest, ",");
        bool known = false;
        for (size_t i = 0; i < sizeof services_known / sizeof services_known[0]; i++) {
            known |= strcmp(word, services_known[i]) == 0;
        }
        valid = known;
    }
    return valid ? OK
                 : reason_set(ret_reason, ERR_INPUT, "usage.one_of", "--services", services,
                       "IIS, SMTP, IMAP, POP, UM, UMCallRouter, Federation");
}

/* A new one: nothing of somebody else's is ever among what is carried to the server. */
static enum err directory_make(const char *path, struct reason *ret_reason)
{
    if (mkdir(path, 0700) == 0) {
        return OK;
    }
    bool exists = errno == EEXIST;
    return reason_set(ret_reason, exists ? ERR_CONFLICT : err_from_errno(errno),
        exists ? "tool.file_exists" : "tool.file_write", path, exists ? NULL : strerror(errno),
        NULL);
}

/* A root that Windows trusts already makes no difference; an unknown one does, so only the store's
 * own are taken along. */
static enum err chain_add(
    struct parts *parts, const struct certstore *store, struct reason *ret_reason)
{
    AUTO(certstore_blobs) lists = { 0 };
    const struct bundle *chain = &parts->material->chain;
    for (size_t i = 1; i < chain->count; i++) {
        struct certificate parsed;
        bool root = certificate_parse(chain->spans[i], &parsed) == OK &&
                    certificate_is_self_issued(&parsed);
        if (!root) {
            TRY(part_add(parts, "CA", "cer", chain->spans[i], ret_reason));
        }
    }
    for (size_t i = 0; i < parts->material->root_count; i++) {
        TRY(part_add(parts, "Root", "cer", parts->material->roots[i], ret_reason));
    }
    TRY(certstore_list_crls(store, &lists));
    for (size_t i = 0; i < lists.count; i++) {
        TRY(part_add(parts, "CA", "crl", buf_span(&lists.blobs[i]), ret_reason));
    }
    return OK;
}

static enum err part_add(struct parts *parts, const char *store, const char *suffix,
    struct span der, struct reason *ret_reason)
{
    char name[32];
    snprintf(name, sizeof name, "%s-%zu.%s", store, ++parts->file_count, suffix);
    buf_append_format(
        &parts->script, "Run certutil -f -addstore %s (Join-Path $here '%s')\r\n", store, name);
    return file_put(parts->out, name, der, ret_reason);
}

/* Old intermediates that the CA has withdrawn, as far as the store knows them: where Windows hasn't
 * got one there is nothing to delete, which is no failure. */
static enum err withdrawn_add(struct tool *tool, struct parts *parts, const struct certstore *store)
{
    AUTO(authorities) all = { 0 };
    TRY(certstore_authorities(
        store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0, clock_now(&tool->clock), &all));
    for (size_t i = 0; i < all.count; i++) {
        bool gone =
            all.items[i].standing == AUTHORITY_OLD || all.items[i].standing == AUTHORITY_REVOKED;
        if (gone && all.items[i].folder != CERTSTORE_ROOTS) {
            buf_append_format(
                &parts->script, "certutil -delstore CA %s | Out-Null\r\n", all.items[i].sha1);
        }
    }
    return OK;
}

/* The question is of the language files, which hold no quotation mark that would end it. */
static void install_add(const struct tool *tool, struct parts *parts,
    const struct script_kind *kind, const char *services)
{
    const struct {
        const char *hole, *value;
    } holes[] = {
        { "{thumbprint}", parts->material->view.thumbprint_sha1 },
        { "{services}", services },
    };
    buf_append_format(&parts->script, "$password = Read-Host -AsSecureString -Prompt '%s'\r\n",
        language_text(tool->language, "tool.script_password"));
    for (const char *at = kind->install; *at != '\0';) {
        const char *value = NULL;
        for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
            size_t len = strlen(holes[i].hole);
            if (value == NULL && strncmp(at, holes[i].hole, len) == 0) {
                value = holes[i].value;
                at += len;
            }
        }
        if (value != NULL) {
            buf_append_text(&parts->script, value);
        } else {
            buf_append_byte(&parts->script, (uint8_t)*at++);
        }
    }
}

static enum err file_put(
    const char *out, const char *name, struct span content, struct reason *ret_reason)
{
    char path[DEPLOY_PATH_MAX];
    enum err err = path_join(path, sizeof path, out, name);
    err = err == OK ? file_create(path, content, 0600) : err;
    return err == OK ? OK
                     : reason_set(ret_reason, err, "tool.file_write", out, err_name(err), NULL);
}
