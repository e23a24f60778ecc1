/*
 * user/native.h - the kernel's own calls for a program without a libc.
 *
 * The calls and their arguments are told in kernel/task/native.h; here is how one machine
 * instruction makes them: the same registers as for the machine's Linux calls. A program
 * says NATIVE_PROGRAM(main) once: the kernel starts it with nothing but a stack, at whose
 * top argc stands, so a few instructions must come before the first C function. A thread
 * starts likewise, at native_thread_start: its stack has a function and its argument on
 * top (NATIVE_THREADS says once that there will be some).
 *
 * native_ipc() is one of call, receive and reply: the words go and come in registers.
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

static inline long native_ipc(long number, unsigned long endpoint, unsigned long word[4],
	struct native_long *more)
{
	register unsigned long r10 __asm__("r10") = word[2];
	register unsigned long r8 __asm__("r8") = word[3];
	register struct native_long *r9 __asm__("r9") = more;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+S"(word[0]), "+d"(word[1]), "+r"(r10), "+r"(r8)
			 : "a"(number), "D"(endpoint), "r"(r9)
			 : "rcx", "r11", "memory");
	word[2] = r10;
	word[3] = r8;
	return result;
}

#define NATIVE_PROGRAM(main)                                                             \
	__asm__(".globl _start\n_start: xor %ebp, %ebp\n call " #main)
#define NATIVE_THREADS                                                                   \
	__asm__(".globl native_thread_start\nnative_thread_start: xor %ebp, %ebp\n"      \
		" pop %rax\n pop %rdi\n call *%rax\n ud2")

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

static inline long native_ipc(long number, unsigned long endpoint, unsigned long word[4],
	struct native_long *more)
{
	register long r1 __asm__("1") = number;
	register long r2 __asm__("2") = (long)endpoint;
	register unsigned long r3 __asm__("3") = word[0];
	register unsigned long r4 __asm__("4") = word[1];
	register unsigned long r5 __asm__("5") = word[2];
	register unsigned long r6 __asm__("6") = word[3];
	register struct native_long *r7 __asm__("7") = more;

	__asm__ volatile("svc 0"
			 : "+d"(r2), "+d"(r3), "+d"(r4), "+d"(r5), "+d"(r6)
			 : "d"(r1), "d"(r7)
			 : "cc", "memory");
	word[0] = r3;
	word[1] = r4;
	word[2] = r5;
	word[3] = r6;
	return r2;
}

#define NATIVE_PROGRAM(main)                                                             \
	__asm__(".globl _start\n_start: aghi %r15, -160\n brasl %r14, " #main)
#define NATIVE_THREADS                                                                   \
	__asm__(".globl native_thread_start\nnative_thread_start: lmg %r1, %r2, "        \
		"0(%r15)\n"                                                              \
		" aghi %r15, -160\n basr %r14, %r1\n j .")

#endif

void native_thread_start(void);

/* fn(arg), which must not return, on a stack that ends at `top`: the thread's id. */
static inline long native_thread(void (*fn)(long), long arg, void *top)
{
	long *stack = (long *)top - 2;

	stack[0] = (long)fn;
	stack[1] = arg;
	return native_call(
		NATIVE_THREAD_CREATE, (long)native_thread_start, (long)stack, 0, 0);
}
