"""linux_source.py - Linux's own tests, from the distribution's package of Linux's sources.

What is needed of them is unpacked into build/ once, and again when the package changes.
Nothing is changed in them; they are compiled by compile_static() of tap.py.
"""
import os
import sys

from tap import compile_static, run

TAR = "/usr/src/linux-source-6.1.tar.xz"
TREE = "build/linux-source-6.1"
VM = "tools/testing/selftests/vm/"
TESTS = ("madv_populate", "map_fixed_noreplace", "map_populate", "mremap_dontunmap",
         "mremap_test", "gup_test", "soft-dirty", "transhuge-stress", "khugepaged",
         "split_huge_page_test")
WITH_HELPER = ("madv_populate", "soft-dirty", "khugepaged", "split_huge_page_test")
BESIDE = [VM + "util.h", VM + "vm_util.c", VM + "vm_util.h",
          "tools/testing/selftests/kselftest.h", "mm/gup_test.h", "mm/gup_test.c"]
FILES = [VM + name + ".c" for name in TESTS] + BESIDE


def unpack():
    """All FILES, below TREE; they stay until the package changes."""
    wanted = [os.path.join(TREE, name) for name in FILES]
    if all(os.path.exists(name) and os.path.getmtime(name) > os.path.getmtime(TAR)
           for name in wanted):
        return
    os.makedirs(TREE, exist_ok=True)
    result = run("tar", "-xmf", TAR, "--strip-components=1", "-C", TREE,
                 *("linux-source-6.1/" + name for name in FILES))
    if result.status:
        sys.exit("cannot unpack %s: %s" % (TAR, result))


def build(arch, name):
    """One of TESTS, static; returns the program."""
    unpack()
    helper = [os.path.join(TREE, VM + "vm_util.c")] if name in WITH_HELPER else []
    return compile_static(arch, os.path.join(TREE, VM, name + ".c"),
                          "build/tests/%s/%s" % (arch, name), "-w", "-I" + TREE, *helper)
