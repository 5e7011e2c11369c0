#include "lib/config/config.h"

#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/ecert-config-XXXXXX";
static char path[64];

static const char service[] = "service { run_directory = \"/r\" trial = true users = false }\n";
static const char portal[] =
    "portal { address = \"127.0.0.1\" port = 8080 url = \"http://127.0.0.1:8080\" "
    "enquiry_email = \"a@example.com\" }\n";

static enum err load(
    const char *text, unsigned needed, struct config *ret_config, struct reason *ret_reason)
{
    assert_int_equal(file_replace(path, span_from_text(text), 0600), OK);
    return config_load(path, needed, ret_config, ret_reason);
}

static void assert_refused(const char *text, const char *code, const char *field)
{
    struct config config = { 0 };
    struct reason why = { 0 };
    assert_int_equal(load(text, 0, &config, &why), ERR_INPUT);
    assert_string_equal(why.code, code);
    assert_string_equal(why.field, field);
    assert_null(config.parsed);
}

static void a_whole_file_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "service { run_directory = \"/r\" store = \"/s/e.db\" trial = true users = true\n"
        "  data_directory = \"/d\" log_level = \"debug\" sandbox = \"explain\" weak_keys = "
        "{\"/w/1\", \"/w/2\"} }\n"
        "portal { address = \"127.0.0.2\" port = 81 url = \"http://127.0.0.2:81\" "
        "  enquiry_email = \"a@example.com\" }\n"
        "signer { directory = \"/k\" passphrase_file = \"/k/p\" }\n"
        "validator { id = \"primary\" key = \"/v/k\" address = \"127.0.0.10\" "
        "  stubs = {\"example.com=127.0.0.53@5353\", \"example.org=::1@53\"} "
        "  allow_localhost_queries = true caa_identity = \"ca.example\" suffix_list = \"/v/psl\" "
        "}\n"
        "perspective \"hk-1\" { url = \"https://127.0.1.1:8443/check\" }\n"
        "perspective \"hk-2\" { url = \"https://[::1]:8443/check\" }\n"
        "registrar { roster = \"/k/roster.der\" ceremony_spki = \"/k/c\" publications = \"/c\" }\n"
        "courier { spool = \"/l\" smtp = \"127.0.0.25:2525\" mail_from = \"n@example.com\" }\n";
    AUTO(config) config = { 0 };
    assert_int_equal(load(text, CONFIG_ALL, &config, NULL), OK);
    assert_string_equal(config.service.store, "/s/e.db");
    assert_int_equal(config.service.weak_key_count, 2);
    assert_string_equal(config.service.weak_keys[1], "/w/2");
    assert_int_equal(config.service.log_level, LOG_DEBUG);
    assert_string_equal(config.portal.listen.address, "127.0.0.2");
    assert_int_equal(config.portal.listen.port, 81);
    assert_int_equal(config.validator.stub_count, 2);
    assert_string_equal(config.validator.stubs[1].zone, "example.org");
    assert_string_equal(config.validator.stubs[1].server.address, "::1");
    assert_int_equal(config.validator.stubs[0].server.port, 5353);
    assert_false(config.validator.remote);
    assert_string_equal(config.validator.suffix_list, "/v/psl");
    assert_int_equal(config.perspective_count, 2);
    assert_string_equal(config.perspectives[0].id, "hk-1");
    assert_int_equal(config.registrar.crl_hours, 24);
    assert_int_equal(config.courier.smtp.port, 2525);
    char user[CONFIG_USER_MAX];
    config_user(&config, ROLE_SIGNER, user);
    assert_string_equal(user, "ecert-signer");
}

#define SIGNER(text) "signer { directory = \"/k\" passphrase_file = \"/k/p\" " text " }\n"

static void a_security_module_is_named_with_its_pin_file(void **state)
{
    (void)state;
    AUTO(config) config = { 0 };
    AUTO(config) without = { 0 };
    assert_int_equal(load(SIGNER("pkcs11_module = \"/m.so\" pkcs11_pin_file = \"/k/pin\" "
                                 "pkcs11_environment = {\"A_B=/c d\", \"X=\"} "
                                 "pkcs11_folders = {\"/t\"} pkcs11_seconds = 3"),
                         CONFIG_SIGNER, &config, NULL),
        OK);
    const struct config_module *module = &config.signer.module;
    assert_string_equal(module->path, "/m.so");
    assert_string_equal(module->pin_file, "/k/pin");
    assert_int_equal(module->seconds, 3);
    assert_int_equal(module->environment_count, 2);
    assert_string_equal(module->environment[0], "A_B=/c d");
    assert_int_equal(module->folder_count, 1);
    assert_int_equal(load(SIGNER(""), CONFIG_SIGNER, &without, NULL), OK);
    assert_string_equal(without.signer.module.path, "");
}

static void half_a_security_module_is_refused(void **state)
{
    (void)state;
#define MODULE "pkcs11_module = \"/m\" pkcs11_pin_file = \"/p\" "
    assert_refused(SIGNER("pkcs11_module = \"/m\""), "config.value", "signer.pkcs11_pin_file");
    assert_refused(SIGNER("pkcs11_pin_file = \"/p\""), "config.value", "signer.pkcs11_pin_file");
    assert_refused(SIGNER("pkcs11_module = \"m.so\" pkcs11_pin_file = \"/p\""), "config.value",
        "signer.pkcs11_module");
    assert_refused(SIGNER("pkcs11_module = \"/m\" pkcs11_pin_file = \"p\""), "config.value",
        "signer.pkcs11_pin_file");
    assert_refused(SIGNER(MODULE "pkcs11_seconds = 0"), "config.value", "signer.pkcs11_seconds");
    assert_refused(SIGNER(MODULE "pkcs11_seconds = 21"), "config.value", "signer.pkcs11_seconds");
    assert_refused(SIGNER(MODULE "pkcs11_environment = {\"=x\"}"), "config.value",
        "signer.pkcs11_environment");
    assert_refused(SIGNER(MODULE "pkcs11_environment = {\"novalue\"}"), "config.value",
        "signer.pkcs11_environment");
    assert_refused(
        SIGNER(MODULE "pkcs11_folders = {\"t\"}"), "config.value", "signer.pkcs11_folders");
    assert_refused(SIGNER(MODULE "pkcs11_folders = {\"/1\", \"/2\", \"/3\", \"/4\", \"/5\", "
                                 "\"/6\", \"/7\", \"/8\", \"/9\"}"),
        "config.value", "signer.pkcs11_folders");
    assert_refused(SIGNER(MODULE "pkcs11_pin = \"1234\""), "config.syntax", "line 1");
}

static void a_remote_perspective_needs_all_of_its_transport(void **state)
{
    (void)state;
    static const char head[] =
        "validator { id = \"hk-1\" key = \"/k\" caa_identity = \"ca.example\" "
        "listen = \"127.0.1.1:8443\" transport_ca = \"/ca\" ";
    char text[512];
    AUTO(config) config = { 0 };
    snprintf(text, sizeof text, "%s transport_certificate = \"/c\" transport_key = \"/t\" }", head);
    assert_int_equal(load(text, CONFIG_VALIDATOR, &config, NULL), OK);
    assert_true(config.validator.remote);
    assert_int_equal(config.validator.listen.port, 8443);
    snprintf(text, sizeof text, "%s }", head);
    assert_refused(text, "config.value", "validator.transport_ca");
}

static void unknown_keys_and_broken_syntax_are_refused_with_their_line(void **state)
{
    (void)state;
    assert_refused(
        "service {\n run_directory = \"/r\"\n colour = 1\n}\n", "config.syntax", "line 3");
    assert_refused("nonsense { }\n", "config.syntax", "line 1");
    assert_refused("service { run_directory = \n", "config.syntax", "line 2");
    assert_refused("service { trial = perhaps }\n", "config.syntax", "line 1");
    assert_refused("portal { port = 80x }\n", "config.syntax", "line 1");
}

static void values_out_of_shape_are_refused_by_name(void **state)
{
    (void)state;
    assert_refused("service { }", "config.value", "service.run_directory");
    assert_refused("service { run_directory = \"r\" }", "config.value", "service.run_directory");
    assert_refused("service { run_directory = \"/r\" log_level = \"loud\" }", "config.value",
        "service.log_level");
    assert_refused(
        "service { run_directory = \"/r\" sandbox = \"off\" }", "config.value", "service.sandbox");
    assert_refused("portal { url = \"http://a.example/\" enquiry_email = \"a@b\" }", "config.value",
        "portal.url");
    assert_refused("portal { url = \"http://a.example\" enquiry_email = \"a b\" }", "config.value",
        "portal.enquiry_email");
    assert_refused("portal { url = \"http://a.example\" enquiry_email = \"a@b\" port = 70000 }",
        "config.value", "portal.port");
    assert_refused("courier { spool = \"/l\" smtp = \"localhost:25\" mail_from = \"a@b\" }",
        "config.value", "courier.smtp");
    assert_refused("courier { spool = \"/l\" smtp = \"::1:25\" mail_from = \"a@b\" }",
        "config.value", "courier.smtp");
    assert_refused("validator { id = \"p\" key = \"/k\" caa_identity = \"c\" stubs = {\"x\"} }",
        "config.value", "validator.stubs");
    assert_refused(
        "perspective \"hk-1\" { url = \"ftp://x.example\" }", "config.value", "hk-1.url");
    assert_refused("registrar { roster = \"/r\" ceremony_spki = \"/c\" publications = \"/p\" "
                   "crl_hours = 169 }",
        "config.value", "registrar.crl_hours");
}

static void d3_perspectives_share_neither_id_nor_host(void **state)
{
    (void)state;
#define TWO(first, second)                                                                         \
    "perspective \"one\" { url = \"" first "\" }\nperspective \"two\" { url = \"" second "\" }\n"
    static const char *const refused[] = {
        TWO("https://192.0.2.1:8443/check", "https://192.0.2.1:8443/check"),
        TWO("https://192.0.2.1:8443/check", "https://192.0.2.1:8444/check"),
        TWO("https://hk-1.example/check", "https://HK-1.example:444/check"),
        TWO("https://[2001:db8::1]:8443/check", "https://[2001:DB8:0::1]:8443/check"),
        TWO("https://192.0.2.1/check",
            "https://192.0.2.10/check") "validator { id = \"p\" key = \"/k\" caa_identity = \"c\" "
                                        "address = \"192.0.2.10\" }",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_refused(refused[i], "config.value", "two.url");
    }
    AUTO(config) config = { 0 };
    assert_int_equal(
        load(TWO("https://192.0.2.1/check", "https://192.0.2.10/check"), 0, &config, NULL), OK);
    struct config twice = { 0 };
    assert_int_equal(load("perspective \"one\" { url = \"https://192.0.2.1/check\" }\n"
                          "perspective \"one\" { url = \"https://192.0.2.2/check\" }\n",
                         0, &twice, NULL),
        ERR_INPUT);
}

static void plain_http_is_for_loopback_only(void **state)
{
    (void)state;
    assert_refused("portal { address = \"192.0.2.1\" url = \"http://a.example\" "
                   "enquiry_email = \"a@b\" }",
        "config.value", "portal.address");
    assert_refused("portal { url = \"http://a.example\" enquiry_email = \"a@b\" "
                   "tls_certificate = \"/c\" }",
        "config.value", "portal.tls_key");
}

static void a_missing_file_or_section_is_named(void **state)
{
    (void)state;
    struct config config = { 0 };
    struct reason why = { 0 };
    assert_int_equal(config_load("/nowhere/ecert.conf", 0, &config, &why), ERR_NOT_FOUND);
    assert_string_equal(why.code, "config.file");
    char text[512];
    snprintf(text, sizeof text, "%s%s", service, portal);
    assert_int_equal(load(text, CONFIG_SERVICE | CONFIG_SIGNER, &config, &why), ERR_INPUT);
    assert_string_equal(why.code, "config.section_missing");
    assert_string_equal(why.field, "signer");
}

static void without_users_of_its_own_a_process_keeps_its_user(void **state)
{
    (void)state;
    AUTO(config) config = { 0 };
    char user[CONFIG_USER_MAX];
    assert_int_equal(load(service, CONFIG_SERVICE, &config, NULL), OK);
    config_user(&config, ROLE_PORTAL, user);
    assert_string_equal(user, "");
    unsigned id = 1;
    assert_int_equal(config_user_id(&config, ROLE_PORTAL, &id), OK);
    assert_int_equal(id, geteuid());
}

static void users_may_be_numbers_without_accounts(void **state)
{
    (void)state;
    AUTO(config) config = { 0 };
    char user[CONFIG_USER_MAX];
    assert_int_equal(
        load("service { run_directory = \"/r\" first_user_id = 61800 }", 0, &config, NULL), OK);
    config_user(&config, ROLE_SIGNER, user);
    assert_string_equal(user, "61801:61800");
    config_user(&config, ROLE_PORTAL, user);
    assert_string_equal(user, "61805:61800");
}

static int directory_make(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(path_join(path, sizeof path, directory, "ecert.conf"), OK);
    return 0;
}

static int directory_remove(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_read),
        cmocka_unit_test(a_security_module_is_named_with_its_pin_file),
        cmocka_unit_test(half_a_security_module_is_refused),
        cmocka_unit_test(a_remote_perspective_needs_all_of_its_transport),
        cmocka_unit_test(unknown_keys_and_broken_syntax_are_refused_with_their_line),
        cmocka_unit_test(values_out_of_shape_are_refused_by_name),
        cmocka_unit_test(d3_perspectives_share_neither_id_nor_host),
        cmocka_unit_test(plain_http_is_for_loopback_only),
        cmocka_unit_test(a_missing_file_or_section_is_named),
        cmocka_unit_test(users_may_be_numbers_without_accounts),
        cmocka_unit_test(without_users_of_its_own_a_process_keeps_its_user),
    };
    return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
