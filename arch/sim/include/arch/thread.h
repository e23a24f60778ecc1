/*
 * arch/sim/include/arch/thread.h - no switches are simulated, so nothing is saved.
 */
#pragma once

struct arch_thread {
	unsigned long none;
};
