/*
 * mm/rivals/steps.c - the boot option step=: which walk gup_fast() takes. Lab builds; a
 * release build has one walk, chosen when it is built (make STEP=name).
 */
#include "mm/rivals/rivals.h"
#include "kernel/base/options.h"
#include "kernel/base/string.h"

static const struct gup_step rivals[] = {
	{"addrend-folded", addrend_folded_walk, false},
	{"addrend-value", addrend_value_walk, false},
	{"rederef", rederef_walk, false},
	{"depth", depth_walk, false},
	{"oneword-root", oneword_root_walk, true},
};

const struct gup_step *gup_step_find(const char *name)
{
	if (!strcmp(name, gup_step_lockless.name))
		return &gup_step_lockless;
	for (size_t i = 0; i < ARRAY_SIZE(rivals); i++)
		if (!strcmp(name, rivals[i].name))
			return &rivals[i];
	return NULL;
}

static bool parse_step(const char *name)
{
	const struct gup_step *step = gup_step_find(name);

	if (step)
		gup_step_chosen = step;
	return step;
}

static const char *step_value(void)
{
	return gup_step_chosen->name;
}
POLICY(step, "step",
	"lockless, addrend-folded, addrend-value, rederef, depth or oneword-root",
	parse_step, step_value);
