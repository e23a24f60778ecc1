/*
 * arch/x86_64/thread.h - private to arch/x86_64.
 */
#pragma once

/* The running thread goes to user mode for the first time. Interrupts off. */
void thread_becomes_user(void);
