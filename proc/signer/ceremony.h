#pragma once
/* Ceremonies: the one place where keys of authorities are made, and the only use of a root's. They
 * run by hand, one at a time, with no service beside them. */

/* The words of `ecertadm ceremony` that need a root's key or a ceremony's journal: `argv[0]` is
 * "ceremony". With `--reason-fd N` the outcome goes there as an answer (lib/wire/message.h) of
 * CEREMONY_ANSWER, for ecertadm to explain; else it is a line of log. Returns the exit status: 0
 * done, 1 failed, 64 usage. */
int ceremony_main(int argc, char **argv);

enum { CEREMONY_ANSWER = 1 };
