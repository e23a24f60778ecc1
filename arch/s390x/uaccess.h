/*
 * arch/s390x/uaccess.h - instructions that may fault on a user address, and where to go
 * on if nobody can help.
 */
#pragma once

#include "kernel/base/types.h"

/* In inline assembly: the instruction at label `from` continues at `to`. */
#define ON_FAULT(from, to)                                                               \
	"	.pushsection ex_table,\"a\"\n"                                                 \
	"	.quad	" #from "," #to "\n"                                             \
	"	.popsection\n"

/* 0: an instruction at this address must not fault. */
unsigned long uaccess_fixup(unsigned long address);
