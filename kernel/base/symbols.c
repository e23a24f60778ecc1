/*
 * kernel/base/symbols.c - address to function name, by binary search in the table that
 * the build made (symbols.awk). Constant data, no lock: usable while panicking.
 */
#include "kernel/base/symbols.h"

const char *symbol_find(unsigned long address, unsigned long *offset)
{
	unsigned int low = 0, high = symbol_count;

	while (low < high) { /* the first symbol above address */
		unsigned int middle = (low + high) / 2;

		if (symbol_table[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || low == symbol_count) /* the last one has no known end */
		return NULL;
	*offset = address - symbol_table[low - 1].address;
	return symbol_table[low - 1].name;
}
