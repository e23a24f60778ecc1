/*
 * kernel/task/native.h - the kernel's own system calls.
 *
 * Called like the machine's Linux calls (same registers), with numbers from NATIVE_BASE
 * up. The result is a value >= 0 or a negated error number (kernel/base/errno.h). This
 * file is also included by user programs, so it holds nothing but numbers.
 *
 *   call           arguments                        result
 *   map            address, length, prot, flags     address (0: anywhere)
 *   unmap          address, length                  0
 *   protect        address, length, prot            0
 *   thread_create  entry, stack                     thread id; starts at entry
 *   thread_exit    status                           -  (last thread: ends the task)
 *   task_exit      status                           -
 *   task_id        -                                pid
 *   read           handle, address, size            bytes; 0: end
 *   write          handle, address, size            bytes
 *   yield          -                                0
 *   clock          -                                nanoseconds since boot
 *   sleep          clock value                      0
 *   park           what, event                      lab builds: see below
 *
 * A program starts with its stack pointer at argc, argv, envp, auxv, and the console open
 * as handles 0, 1 and 2.
 */
#pragma once

#define NATIVE_BASE          0x10000
#define NATIVE_MAP           (NATIVE_BASE + 0)
#define NATIVE_UNMAP         (NATIVE_BASE + 1)
#define NATIVE_PROTECT       (NATIVE_BASE + 2)
#define NATIVE_THREAD_CREATE (NATIVE_BASE + 3)
#define NATIVE_THREAD_EXIT   (NATIVE_BASE + 4)
#define NATIVE_TASK_EXIT     (NATIVE_BASE + 5)
#define NATIVE_TASK_ID       (NATIVE_BASE + 6)
#define NATIVE_READ          (NATIVE_BASE + 7)
#define NATIVE_WRITE         (NATIVE_BASE + 8)
#define NATIVE_YIELD         (NATIVE_BASE + 9)
#define NATIVE_CLOCK         (NATIVE_BASE + 10)
#define NATIVE_SLEEP         (NATIVE_BASE + 11)
#define NATIVE_PARK          (NATIVE_BASE + 12)

/* prot of map and protect; flags of map */
#define NATIVE_PROT_READ  1
#define NATIVE_PROT_WRITE 2
#define NATIVE_PROT_EXEC  4
#define NATIVE_MAP_FIXED  1 /* at the address, replacing what is there */

/* what of park (kernel/base/park.h): the caller stops when it passes the event; how many
 * have stopped; all go on. Events are numbered as they stand in kernel/base/events.h. */
#define NATIVE_PARK_ME    0
#define NATIVE_PARK_COUNT 1
#define NATIVE_PARK_GO    2
