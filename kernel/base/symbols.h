/*
 * kernel/base/symbols.h - names for code addresses, from a table that the Makefile makes
 * with nm from a first link and links in the second time. Constant; no lock.
 */
#pragma once

#include "kernel/base/types.h"

struct symbol {
	u64 address;
	const char *name;
};

/* The function that holds `address` and the offset into it; NULL outside kernel text. */
const char *symbol_find(unsigned long address, unsigned long *offset);

/* Generated: ascending addresses (kernel/base/symbols.awk). */
extern const struct symbol symbol_table[];
extern const unsigned int symbol_count;
