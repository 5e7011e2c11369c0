#pragma once
/* Functions nobody here may call: each has no bound, hidden state, a shell behind it or a weak
 * generator. Force-included into every translation unit by the build; a call is a compile error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name) banned_function_##name

#undef strncpy
#undef strncat
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#define strcpy(...)    BANNED(strcpy)
#define strcat(...)    BANNED(strcat)
#define strncpy(...)   BANNED(strncpy)
#define strncat(...)   BANNED(strncat)
#define sprintf(...)   BANNED(sprintf)
#define vsprintf(...)  BANNED(vsprintf)
#define strtok(...)    BANNED(strtok)
#define atoi(...)      BANNED(atoi)
#define atol(...)      BANNED(atol)
#define gets(...)      BANNED(gets)
#define system(...)    BANNED(system)
#define popen(...)     BANNED(popen)
#define gmtime(...)    BANNED(gmtime)
#define localtime(...) BANNED(localtime)
#define ctime(...)     BANNED(ctime)
#define asctime(...)   BANNED(asctime)
#define rand(...)      BANNED(rand)
#define srand(...)     BANNED(srand)
#define tmpnam(...)    BANNED(tmpnam)
#define mktemp(...)    BANNED(mktemp)
