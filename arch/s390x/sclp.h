/*
 * arch/s390x/sclp.h - the service processor: what it tells about the machine, and its
 * interrupt. Its consoles are in arch/contract/console.h.
 */
#pragma once

#include "kernel/base/types.h"

u64 sclp_memory_size(void); /* bytes of RAM, from address 0 */
unsigned int sclp_cpu_count(void);
u16 sclp_cpu_address(unsigned int index);

/* From the service-signal interrupt, with its parameter. */
void sclp_interrupt(u32 parameter);

/* End the log's last line: the line-mode console prints a line end before each line. */
void sclp_log_finish(void);
