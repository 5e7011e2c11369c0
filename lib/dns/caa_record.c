/* The form of CAA records: RFC 8659 §4.1 and §4.2, RFC 8657 §3 and §4. */
#include "lib/dns/caa.h"

#include <strings.h>

static bool alphanumeric(uint8_t byte);
static bool white(uint8_t byte);
static void skip_white(struct span *rest);
static struct span take_run(struct span *rest, bool (*belongs)(uint8_t byte));
static bool issuer_byte(uint8_t byte);
static bool issuer_valid(struct span issuer);
static bool value_byte(uint8_t byte);
static void parameter_keep(const struct caa_parameter *parameter, struct caa_issue *issue);

enum err caa_record_parse(struct span rdata, struct caa_record *ret_record)
{
    if (rdata.len < 2 || rdata.data[1] == 0 || rdata.data[1] > rdata.len - 2) {
        return ERR_INPUT;
    }
    struct span tag = span_make(rdata.data + 2, rdata.data[1]);
    for (size_t i = 0; i < tag.len; i++) {
        if (!alphanumeric(tag.data[i])) {
            return ERR_INPUT;
        }
    }
    *ret_record = (struct caa_record){
        .critical = (rdata.data[0] & 0x80) != 0,
        .tag = tag,
        .value = span_make(tag.data + tag.len, rdata.len - 2 - tag.len),
    };
    return OK;
}

enum err caa_issue_parse(struct span value, struct caa_issue *ret_issue)
{
    struct span rest;
    struct caa_issue issue = { 0 };
    TRY(caa_value_begin(value, &issue.issuer, &rest));
    while (rest.len > 0) {
        struct caa_parameter parameter;
        TRY(caa_parameter_next(&rest, &parameter));
        parameter_keep(&parameter, &issue);
    }
    *ret_issue = issue;
    return OK;
}

enum err caa_value_begin(struct span value, struct span *ret_issuer, struct span *ret_rest)
{
    struct span rest = value;
    skip_white(&rest);
    struct span issuer = take_run(&rest, issuer_byte);
    if (!issuer_valid(issuer)) {
        return ERR_INPUT;
    }
    skip_white(&rest);
    if (rest.len > 0) {
        if (rest.data[0] != ';') {
            return ERR_INPUT;
        }
        rest = span_make(rest.data + 1, rest.len - 1);
        skip_white(&rest);
    }
    *ret_issuer = issuer;
    *ret_rest = rest;
    return OK;
}

/* parameter = tag *WSP "=" *WSP value, then the end or ";". */
enum err caa_parameter_next(struct span *rest, struct caa_parameter *ret_parameter)
{
    struct span tag = take_run(rest, alphanumeric);
    skip_white(rest);
    if (tag.len == 0 || rest->len == 0 || rest->data[0] != '=') {
        return ERR_INPUT;
    }
    *rest = span_make(rest->data + 1, rest->len - 1);
    skip_white(rest);
    struct span value = take_run(rest, value_byte);
    skip_white(rest);
    if (rest->len > 0) {
        if (rest->data[0] != ';') {
            return ERR_INPUT;
        }
        *rest = span_make(rest->data + 1, rest->len - 1);
        skip_white(rest);
    }
    *ret_parameter = (struct caa_parameter){ tag, value };
    return OK;
}

static void parameter_keep(const struct caa_parameter *parameter, struct caa_issue *issue)
{
    struct span tag = parameter->tag;
    if (tag.len == 10 && strncasecmp((const char *)tag.data, "accounturi", 10) == 0) {
        issue->repeated = issue->repeated || issue->has_account_uri;
        issue->has_account_uri = true;
        issue->account_uri = parameter->value;
    }
    if (tag.len == 17 && strncasecmp((const char *)tag.data, "validationmethods", 17) == 0) {
        issue->repeated = issue->repeated || issue->has_methods;
        issue->has_methods = true;
        issue->methods = parameter->value;
    }
}

static struct span take_run(struct span *rest, bool (*belongs)(uint8_t byte))
{
    size_t length = 0;
    while (length < rest->len && belongs(rest->data[length])) {
        length++;
    }
    struct span run = span_make(rest->data, length);
    *rest = span_make(rest->data + length, rest->len - length);
    return run;
}

static void skip_white(struct span *rest)
{
    take_run(rest, white);
}

/* label *("." label), labels of letters, digits and inner hyphens; or nothing at all. */
static bool issuer_valid(struct span issuer)
{
    for (size_t i = 0; i < issuer.len; i++) {
        bool first = i == 0 || issuer.data[i - 1] == '.';
        bool last = i + 1 == issuer.len || issuer.data[i + 1] == '.';
        if ((first || last) && !alphanumeric(issuer.data[i])) {
            return false;
        }
    }
    return true;
}

static bool issuer_byte(uint8_t byte)
{
    return alphanumeric(byte) || byte == '-' || byte == '.';
}

static bool value_byte(uint8_t byte)
{
    return byte >= 0x21 && byte <= 0x7e && byte != ';';
}

static bool white(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool alphanumeric(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}
