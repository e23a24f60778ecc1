/*
 * arch/s390x/control.h - control registers and facility bits. PoP, chapter 4.
 *
 *   CR0   which external interrupts may come, optional features
 *   CR1   primary space: the user's tables    CR7   secondary: the same, for uaccess.c
 *   CR13  home space: the kernel's
 */
#pragma once

#include "kernel/base/types.h"

#define CR0_SECONDARY 0x04000000UL /* secondary-space mode is allowed */
#define CR0_IEP       0x00100000UL /* the no-execute bit of leaves counts */
#define CR0_AFP       0x00040000UL /* all sixteen floating-point registers */
#define CR0_EMERGENCY 0x00004000UL /* interrupts: another CPU's signal, */
#define CR0_CLOCK     0x00000800UL /* the clock comparator, */
#define CR0_SERVICE   0x00000200UL /* the service processor */

#define FACILITY_IEP 130

#define control_load(number, value)                                                      \
	do {                                                                             \
		unsigned long _value = (value);                                          \
		asm volatile("lctlg %%c" #number ",%%c" #number ",%0"                    \
			     :                                                           \
			     : "Q"(_value)                                               \
			     : "memory");                                                \
	} while (0)

#define control_store(number)                                                            \
	({                                                                               \
		unsigned long _value;                                                    \
		asm volatile("stctg %%c" #number ",%%c" #number ",%0" : "=Q"(_value));   \
		_value;                                                                  \
	})

bool facility_installed(unsigned int number);
