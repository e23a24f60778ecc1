/*
 * tests/tools/edat.c - a QEMU plugin that gives every CPU of an s390x machine "enhanced
 * DAT": leaves of 1 MiB and of 2 GiB, facilities 8 and 78.
 *
 *     -plugin edat.so
 *
 * QEMU's memory management unit knows these leaves; only its emulated CPU models do not
 * offer them. A CPU's features are properties that can be set until it is realized, and a
 * plugin hears of each CPU in the middle of that: after QEMU has compared the model with
 * what it thinks it can do.
 *
 * That is nobody's interface but QEMU's own, and another version may not have it: so a
 * plugin that cannot do its work ends QEMU, which then says why. It must not go on with
 * CPUs that lack what a test is about.
 *
 * The distribution has no header for plugins: what is used is declared here.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- QEMU's interface for plugins, version 1 --- */

struct qemu_info {
	const char *target_name;
	int version_min, version_current;
	bool system_emulation;
	int smp_cpus, max_cpus;
};

void qemu_plugin_register_vcpu_init_cb(
	uint64_t id, void (*fn)(uint64_t id, unsigned int cpu));

int qemu_plugin_version = 1;
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

/* --- QEMU's own: it exports what its modules need --- */

struct object;
struct error;

struct object *qemu_get_cpu(int index);
bool object_property_set_bool(
	struct object *object, const char *name, bool value, struct error **error);
bool object_property_get_bool(
	struct object *object, const char *name, struct error **error);
const char *error_get_pretty(const struct error *error);

/* --- the plugin --- */

static void give(struct object *cpu, const char *feature)
{
	struct error *error = NULL;

	if (object_property_set_bool(cpu, feature, true, &error) &&
		object_property_get_bool(cpu, feature, &error))
		return;
	fprintf(stderr, "edat: no %s: %s\n", feature,
		error ? error_get_pretty(error) : "it stays off");
	exit(1);
}

/* Without the leaves of 2 GiB: Linux takes the facility for more than there is, and does
 * not boot. */
static bool pmd_only;

static void on_cpu(uint64_t id, unsigned int index)
{
	struct object *cpu = qemu_get_cpu(index);

	if (!cpu) {
		fprintf(stderr, "edat: there is no CPU %u yet\n", index);
		exit(1);
	}
	give(cpu, "edat");
	if (!pmd_only)
		give(cpu, "edat2");
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	pmd_only = argc == 1 && !strcmp(argv[0], "pmd=on");
	if (strcmp(info->target_name, "s390x") || argc != pmd_only) {
		fprintf(stderr, "edat: for s390x, without arguments but pmd\n");
		return -1;
	}
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	return 0;
}
