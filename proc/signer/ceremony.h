#pragma once
/* The ceremony: the one place where keys of authorities, officers and perspectives are made, and
 * the only use of the root's. It runs by hand, once, with no service beside it. */

/* `ceremony --trial DIR --profile FILE` and `ceremony arl DIR [--revoke FILE --reason REASON]`:
 * `argv[0]` is "ceremony". Returns the exit status: 0 done, 1 failed, 64 usage. */
int ceremony_main(int argc, char **argv);
