/*
 * arch/contract/ipi.h - poke another CPU: its IPI handler calls ipi_receive(), soon, once
 * it has interrupts on. Several pokes may merge into one. Never waits for the target to
 * run; a busy signalling device is retried inside.
 */
#pragma once

void arch_ipi_send(unsigned int cpu);
