/* Prototypes of all system calls, from the one list in calls.def. */
#pragma once

#include <asm/unistd.h>

#define CALL(name, function) long function(struct regs *regs);
#include "kernel/linux/calls.def"
#undef CALL
