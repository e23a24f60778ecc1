/*
 * arch/x86_64/uaccess.h - private to arch/x86_64: the fix-up table.
 */
#pragma once

/* Where to go on after a failed user access at `rip`; 0: `rip` is no user access. */
unsigned long uaccess_fixup(unsigned long rip);
