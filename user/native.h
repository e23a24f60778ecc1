/*
 * user/native.h - the kernel's own calls for a program without a libc.
 *
 * The calls and their arguments are told in kernel/task/native.h; here is how one machine
 * instruction makes them: the same registers as for the machine's Linux calls. A program
 * says NATIVE_PROGRAM(main) once: the kernel starts it with nothing but a stack, at whose
 * top argc stands, so a few instructions must come before the first C function.
 */
#pragma once

#include "kernel/task/native.h"

#if defined(__x86_64__)

static inline long native_call(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

#define NATIVE_PROGRAM(main)                                                             \
	__asm__(".globl _start\n_start: xor %ebp, %ebp\n call " #main)

#elif defined(__s390x__)

static inline long native_call(long number, long a, long b, long c, long d)
{
	register long r1 __asm__("1") = number;
	register long r2 __asm__("2") = a;
	register long r3 __asm__("3") = b;
	register long r4 __asm__("4") = c;
	register long r5 __asm__("5") = d;

	__asm__ volatile("svc 0"
			 : "+d"(r2)
			 : "d"(r1), "d"(r3), "d"(r4), "d"(r5)
			 : "cc", "memory");
	return r2;
}

#define NATIVE_PROGRAM(main)                                                             \
	__asm__(".globl _start\n_start: aghi %r15, -160\n brasl %r14, " #main)

#endif
