/* OpenSSL's word on the SCTs of a certificate: "valid LOG" or "STATUS LOG" a line.
 *
 *   sct_judge CERTIFICATE.der ISSUER.der LOGS.conf */
#include <openssl/ct.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static X509 *certificate_load(const char *path)
{
    FILE *file = fopen(path, "rb");
    X509 *certificate = file == NULL ? NULL : d2i_X509_fp(file, NULL);
    if (certificate == NULL) {
        fprintf(stderr, "sct_judge: %s is no certificate\n", path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    return certificate;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        return EXIT_FAILURE;
    }
    X509 *certificate = certificate_load(argv[1]), *issuer = certificate_load(argv[2]);
    CTLOG_STORE *logs = CTLOG_STORE_new();
    CT_POLICY_EVAL_CTX *context = CT_POLICY_EVAL_CTX_new();
    if (CTLOG_STORE_load_file(logs, argv[3]) != 1) {
        fprintf(stderr, "sct_judge: %s has no logs\n", argv[3]);
        return EXIT_FAILURE;
    }
    CT_POLICY_EVAL_CTX_set1_cert(context, certificate);
    CT_POLICY_EVAL_CTX_set1_issuer(context, issuer);
    CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(context, logs);
    CT_POLICY_EVAL_CTX_set_time(context, (uint64_t)time(NULL) * 1000 + 1000);
    STACK_OF(SCT) *scts = X509_get_ext_d2i(certificate, NID_ct_precert_scts, NULL, NULL);
    for (int i = 0; i < sk_SCT_num(scts); i++) {
        SCT *sct = sk_SCT_value(scts, i);
        unsigned char *id = NULL;
        const CTLOG *log = NULL;
        size_t len = SCT_get0_log_id(sct, &id);
        log = CTLOG_STORE_get0_log_by_id(logs, id, len);
        printf("%s %s\n",
            SCT_validate(sct, context) == 1 ? "valid" : SCT_validation_status_string(sct),
            log == NULL ? "-" : CTLOG_get0_name(log));
    }
    SCT_LIST_free(scts);
    CT_POLICY_EVAL_CTX_free(context);
    CTLOG_STORE_free(logs);
    X509_free(issuer);
    X509_free(certificate);
    return EXIT_SUCCESS;
}
