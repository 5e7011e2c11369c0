/* PBES2 (RFC 8018 §6.2) as PFX files of today have it, PBKDF2 with HMAC-SHA-256 and AES-256-CBC,
 * for OpenSSL's functions of PKCS#12, the derivation by nettle: OpenSSL 3.0 copies the hash's
 * contexts in every iteration and takes twice as long, which is nearly all that a person waits for
 * with a PFX. Everything else stays OpenSSL's. */
#include "lib/crypto/internal.h"
#include "lib/crypto/pfx.h"

#include <openssl/x509.h>

#include <nettle/pbkdf2.h>

#include <pthread.h>

static void pbes2_register(void);
static int pbes2_keyivgen(EVP_CIPHER_CTX *ctx, const char *pass, int pass_len, ASN1_TYPE *type,
    const EVP_CIPHER *cipher, const EVP_MD *md, int encrypt);
static enum err key_set(EVP_CIPHER_CTX *ctx, struct span passphrase, const PBE2PARAM *param,
    const PBKDF2PARAM *kdf, int encrypt);
static bool is_ours(const PBE2PARAM *param, const PBKDF2PARAM *kdf);

/* The registration is the process's; where it can't be made, OpenSSL's own stays. */
void pbes2_hasten(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, pbes2_register);
}

static void pbes2_register(void)
{
    (void)!EVP_PBE_alg_add_type(EVP_PBE_TYPE_OUTER, NID_pbes2, /* cipher_nid= */ -1,
        /* md_nid= */ -1, pbes2_keyivgen);
}

/* As PKCS5_v2_PBE_keyivgen, which it stands before. */
static int pbes2_keyivgen(EVP_CIPHER_CTX *ctx, const char *pass, int pass_len, ASN1_TYPE *type,
    const EVP_CIPHER *cipher, const EVP_MD *md, int encrypt)
{
    size_t len = pass == NULL ? 0 : pass_len < 0 ? strlen(pass) : (size_t)pass_len;
    struct span passphrase = span_make((const uint8_t *)pass, len);
    PBE2PARAM *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), type);
    PBKDF2PARAM *kdf = param == NULL ? NULL
                                     : ASN1_TYPE_unpack_sequence(
                                           ASN1_ITEM_rptr(PBKDF2PARAM), param->keyfunc->parameter);
    bool ours = pass != NULL && kdf != NULL && is_ours(param, kdf);
    bool done = ours && key_set(ctx, passphrase, param, kdf, encrypt) == OK;
    PBKDF2PARAM_free(kdf);
    PBE2PARAM_free(param);
    return ours ? done : PKCS5_v2_PBE_keyivgen(ctx, pass, pass_len, type, cipher, md, encrypt);
}

static bool is_ours(const PBE2PARAM *param, const PBKDF2PARAM *kdf)
{
    int64_t iterations = ASN1_INTEGER_get(kdf->iter);
    return OBJ_obj2nid(param->keyfunc->algorithm) == NID_id_pbkdf2 &&
           OBJ_obj2nid(param->encryption->algorithm) == NID_aes_256_cbc && kdf->prf != NULL &&
           OBJ_obj2nid(kdf->prf->algorithm) == NID_hmacWithSHA256 &&
           kdf->salt->type == V_ASN1_OCTET_STRING && iterations >= 1 &&
           iterations <= PFX_ITERATIONS_MAX && kdf->keylength == NULL;
}

static enum err key_set(EVP_CIPHER_CTX *ctx, struct span passphrase, const PBE2PARAM *param,
    const PBKDF2PARAM *kdf, int encrypt)
{
    enum { KEY_BYTES = 32 };
    AUTO(secret) key = { 0 };
    const ASN1_OCTET_STRING *salt = kdf->salt->value.octet_string;
    TRY(secret_new(KEY_BYTES, &key));
    pbkdf2_hmac_sha256(passphrase.len, passphrase.data, (unsigned)ASN1_INTEGER_get(kdf->iter),
        (size_t)ASN1_STRING_length(salt), ASN1_STRING_get0_data(salt), key.len, key.data);
    bool set = EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), /* engine= */ NULL, /* key= */ NULL,
                   /* iv= */ NULL, encrypt) == 1 &&
               EVP_CIPHER_asn1_to_param(ctx, param->encryption->parameter) > 0 &&
               EVP_CipherInit_ex(ctx, /* cipher= */ NULL, /* engine= */ NULL, key.data,
                   /* iv= */ NULL, encrypt) == 1;
    return set ? OK : crypto_failed(ERR_CRYPTO);
}
