/*
 * tests/tools/counter.c - a QEMU plugin that counts, for each CPU by itself.
 *
 * A guest's clock counts the instructions of all CPUs together; this tells whose they
 * were. Counting goes from each execution of the instruction at `begin` to the next one
 * of that at `end` (addresses of two empty functions), and each interval is one line of
 * the file `out`:
 *
 *     interval INSTRUCTIONS,... LOCKS,... WRITES
 *
 * INSTRUCTIONS: executed in the kernel's code [low, high), by CPU. LOCKS: executions of
 * the instruction at one of the `count` addresses (the entries of lock functions), by
 * CPU. WRITES, only with `share=on`: stores of kernel code into words that several CPUs
 * have accessed often in the interval.
 *
 *     -plugin counter.so,out=F,low=X,high=X,begin=X,end=X,count=X,count=X,share=on
 *
 * The distribution has no header for plugins: what is used of QEMU's interface, version
 * 1, is declared here.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- QEMU's interface --- */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

struct qemu_info {
	const char *target_name;
	int version_min, version_current;
	bool system_emulation;
	int smp_cpus, max_cpus;
};

enum {
	NO_REGISTERS = 0,
	READS_AND_WRITES = 3
};

void qemu_plugin_register_vcpu_tb_trans_cb(
	uint64_t id, void (*fn)(uint64_t id, struct qemu_plugin_tb *block));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(
	const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
	void (*fn)(unsigned int cpu, void *arg), int flags, void *arg);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
	void (*fn)(unsigned int cpu, uint32_t info, uint64_t address, void *arg),
	int flags, int accesses, void *arg);
bool qemu_plugin_mem_is_store(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

int qemu_plugin_version = 1;
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

/* --- counting --- */

#define CPUS      8
#define COUNT_MAX 8
#define WORDS     (1u << 22) /* of the table of words; a power of two */
#define OFTEN     32         /* accesses of a CPU that are more than chance */

struct counts {
	uint64_t instructions, locks;
} __attribute__((aligned(64)));

static struct counts counts[CPUS], begun[CPUS];

static uint64_t low, high, begin, end, count[COUNT_MAX];
static unsigned int count_addresses, cpus;
static bool share, counting;
static FILE *out;

static void on_instruction(unsigned int cpu, void *arg)
{
	counts[cpu].instructions++;
}

static void on_lock(unsigned int cpu, void *arg)
{
	counts[cpu].locks++;
}

/* --- words and who accessed them --- */

static struct word {
	uint64_t address; /* physical, / 8; 0: free */
	uint32_t writes;
	uint8_t accesses[CPUS]; /* up to OFTEN */
} words[WORDS];

static atomic_flag words_lock = ATOMIC_FLAG_INIT;

static struct word *word_at(uint64_t address)
{
	uint32_t slot = address * 0x9e3779b97f4a7c15 >> 32;

	for (unsigned int i = 0; i < WORDS; i++) {
		struct word *word = &words[(slot + i) % WORDS];

		if (!word->address || word->address == address) {
			word->address = address;
			return word;
		}
	}
	fprintf(out, "error: more than %u words\n", WORDS);
	exit(1);
}

static void on_access(unsigned int cpu, uint32_t info, uint64_t address, void *arg)
{
	struct qemu_plugin_hwaddr *place =
		counting ? qemu_plugin_get_hwaddr(info, address) : NULL;
	struct word *word;

	if (!place)
		return;
	while (atomic_flag_test_and_set(&words_lock))
		continue;
	word = word_at(qemu_plugin_hwaddr_phys_addr(place) / 8 + 1);
	word->accesses[cpu] += word->accesses[cpu] < OFTEN;
	word->writes += qemu_plugin_mem_is_store(info);
	atomic_flag_clear(&words_lock);
}

static bool is_shared(const struct word *word)
{
	unsigned int users = 0;

	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		users += word->accesses[cpu] == OFTEN;
	return users > 1;
}

static uint64_t shared_writes(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < WORDS; i++)
		if (is_shared(&words[i]))
			sum += words[i].writes;
	return sum;
}

/* --- intervals --- */

static void on_begin(unsigned int cpu, void *arg)
{
	memcpy(begun, counts, sizeof(begun));
	if (share)
		memset(words, 0, sizeof(words));
	counting = share;
}

static void on_end(unsigned int cpu, void *arg)
{
	counting = false;
	fprintf(out, "interval");
	for (unsigned int i = 0; i < cpus; i++)
		fprintf(out, "%c%lu", i ? ',' : ' ',
			counts[i].instructions - begun[i].instructions);
	for (unsigned int i = 0; i < cpus; i++)
		fprintf(out, "%c%lu", i ? ',' : ' ', counts[i].locks - begun[i].locks);
	fprintf(out, " %lu\n", share ? shared_writes() : 0);
	fflush(out);
}

/* --- what to watch --- */

static void watch(struct qemu_plugin_insn *insn, void (*fn)(unsigned int, void *))
{
	qemu_plugin_register_vcpu_insn_exec_cb(insn, fn, NO_REGISTERS, NULL);
}

static void watch_kernel(struct qemu_plugin_insn *insn, uint64_t address)
{
	watch(insn, on_instruction);
	if (share)
		qemu_plugin_register_vcpu_mem_cb(
			insn, on_access, NO_REGISTERS, READS_AND_WRITES, NULL);
	for (unsigned int i = 0; i < count_addresses; i++)
		if (address == count[i])
			watch(insn, on_lock);
}

static void on_translation(uint64_t id, struct qemu_plugin_tb *block)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);

		if (address == begin)
			watch(insn, on_begin);
		if (address == end)
			watch(insn, on_end);
		if (address >= low && address < high)
			watch_kernel(insn, address);
	}
}

static bool take_argument(const char *name, const char *value)
{
	uint64_t address = strtoull(value, NULL, 16);

	if (!strcmp(name, "out"))
		return (out = fopen(value, "w"));
	if (!strcmp(name, "share"))
		return (share = true);
	if (!strcmp(name, "count") && count_addresses < COUNT_MAX)
		return (count[count_addresses++] = address);
	if (!strcmp(name, "low"))
		return (low = address);
	if (!strcmp(name, "high"))
		return (high = address);
	if (!strcmp(name, "begin"))
		return (begin = address);
	return !strcmp(name, "end") && (end = address);
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			return -1;
		*value++ = '\0';
		if (!take_argument(argv[i], value)) {
			fprintf(stderr, "counter: %s=%s?\n", argv[i], value);
			return -1;
		}
	}
	cpus = info->smp_cpus;
	if (!out || !begin || !end || cpus > CPUS) {
		fprintf(stderr, "counter: out, begin and end are needed\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
