/*
 * mm/table/policy.c - the boot options that choose among policy.h's policies.
 *
 * A value that is not known is refused with a message that tells which are, and the
 * default stays.
 */
#include "mm/table/policy.h"
#include "kernel/base/options.h"
#include "arch/contract/tlb.h"

struct table_policies policies __section("policy_words") = {
	.flush = ARCH_TLB_BROADCASTS ? FLUSH_BROADCAST : FLUSH_IPI,
	.tables = TABLES_RCU,
	.reader = READER_IRQ,
};

static const char *const flush_names[] = {"ipi", "broadcast"};
static const char *const tables_names[] = {"rcu", "rcu-ipi-fallback", "ipi", "immediate"};

static bool parse_flush(const char *value)
{
	return option_choice(
		value, flush_names, ARRAY_SIZE(flush_names), &policies.flush);
}

static const char *flush_value(void)
{
	return flush_names[policies.flush];
}
POLICY(flush, "flush", "ipi or broadcast: how other CPUs are made to forget", parse_flush,
	flush_value);

static bool parse_tables(const char *value)
{
	return option_choice(
		value, tables_names, ARRAY_SIZE(tables_names), &policies.tables);
}

static const char *tables_value(void)
{
	return tables_names[policies.tables];
}
POLICY(tables, "tables", "rcu, rcu-ipi-fallback, ipi or immediate: when tables are freed",
	parse_tables, tables_value);

#ifdef ORIGAMI_LAB
static const char *const reader_names[] = {"irq", "rcu", "both", "none"};

static bool parse_reader(const char *value)
{
	return option_choice(
		value, reader_names, ARRAY_SIZE(reader_names), &policies.reader);
}

static const char *reader_value(void)
{
	return reader_names[policies.reader];
}
POLICY(reader, "reader", "irq, rcu, both or none: what a lockless walk holds",
	parse_reader, reader_value);
#endif
