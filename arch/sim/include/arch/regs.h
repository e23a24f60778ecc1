/*
 * arch/sim/include/arch/regs.h - no traps are simulated, so there are no registers.
 */
#pragma once

struct regs {
	unsigned long none;
};
