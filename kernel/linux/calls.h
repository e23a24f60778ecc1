/* Prototypes of all system calls, from the one list in calls.def. */
#pragma once

#include <asm/unistd.h>

#define CALL(name) long sys_##name(struct regs *regs);
#define ALSO(other, name)
#include "kernel/linux/calls.def"
#undef CALL
#undef ALSO
