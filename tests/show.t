#!/usr/bin/env python3
"""An explored execution as text, as a page (in a real browser) and as a trace."""
import collections
import html.parser
import json
import os
import re
import shutil
import sys
import xml.etree.ElementTree

sys.path.insert(0, "tests/tools")
from tap import done, run, skip, test
from execution import Execution
from show import WIDTH, lanes_text, load, perfetto, reduce, switches

FIXTURE = "tests/tools/fixtures/gup_munmap.json"
OUT = "build/show"
KEYS = {"down": "\ue015", "up": "\ue013", "home": "\ue011"}


def is_prefix(execution, events):
    """By the clocks alone: is everything that happens before an event here, and earlier?"""
    done = collections.Counter()
    for event in events:
        clock = dict(zip(execution.lanes, event.clock))
        clock[event.lane] -= 1
        if any(done[lane] < count for lane, count in clock.items()):
            return False
        done[event.lane] += 1
    return True


def lanes(text):
    """The rows below the columns' names."""
    head = next(i for i, line in enumerate(text.split("\n")) if line.startswith("CPU 0"))
    rows = text.split("\n")[head:]
    return rows[0], rows[1:rows.index("")]


def test_reduction(execution):
    events, rows = reduce(execution)
    test(is_prefix(execution, events), "the order shown is allowed by happens-before")
    test(execution.order_is_legal(events), "... and by conflicts, interrupts and RCU")
    dropped = [e for e in execution.events if e not in events]
    test(dropped and not any(execution.happens_before(e, execution.at) for e in dropped),
         "only what the violation does not depend on is left out", dropped)
    test(events[-1] is execution.at, "the violation comes last")
    test(execution.partner.kind == "frame-free" and execution.partner.lane == "r",
         "it conflicts with the free", vars(execution.partner))
    test(switches(events) == 5 < switches(execution.events), "fewest switches",
         switches(events))
    shown = [event for row in rows for event in row.events]
    test(shown == events, "every step is in one row")
    alone = [row.events[0] for row in rows if not row.is_fold]
    stale = [e for e in alone if e.what == "pmd table of mm, entry 1"]
    test([(e.lane, e.kind) for e in stale] == [("0", "load"), ("1", "rmw")],
         "the entry that was read and then changed is shown twice",
         [(e.n, e.lane, e.kind) for e in stale])
    kinds = {event.kind for event in alone}
    test({"ipi-send", "ipi-begin", "ipi-end", "ipi-wait", "call-rcu", "rcu-run"} <= kinds,
         "so are the cross-call and the grace period", kinds)
    for limit in (12, 40):
        test(len(reduce(execution, limit)[1]) <= limit, "at most %d rows if asked" % limit)


def test_text(execution):
    text = run(sys.executable, "tests/tools/show.py", FIXTURE).output
    head, rows = lanes(text)
    test(text == lanes_text(execution), "show.py prints what lanes_text() says", text)
    test(len(rows) <= 25, "at most 25 rows", text)
    test(all(len(row) <= WIDTH for row in rows), "no row is wider than %d" % WIDTH, text)
    test(head.split("  ")[0] == "CPU 0" and re.search(r"CPU 1 +RCU$", head),
         "a column for each CPU and for RCU", head)
    column = head.index("CPU 1")
    test(all("gather.c" not in row[:column] for row in rows), "CPU 1's lines are in its column",
         text)
    test(any(re.match(r"\| \^tlb.c:\d+ interrupted, runs flush_here\(\)", row)
             for row in rows), "the handler is in its CPU's column, marked", text)
    marked = [row for row in rows if "!! " in row]
    test(len(marked) == 2 and "FREES" in marked[0] and "0x6b6b" in marked[1],
         "both accesses of the violation are marked", text)
    test(re.search(r"… \d+ steps in mm_unmap\(\): .*takes mm->lock", text),
         "folded steps say what they are about", text)
    test('RACE=gup_munmap CELL="flush=ipi' in text and "GDB=1" in text and
         'ARCH=s390x SCHED="0@gup_root 1 r 0"' in text, "the commands that replay it", text)


def test_other_records():
    """Little is required of a record; TSO has lanes of its own."""
    events = [{"lane": "0", "kind": "load", "address": "0x10", "size": 8},
              {"lane": "1", "kind": "store", "address": "0x10", "size": 8, "new": "0x1"},
              {"lane": "0", "kind": "load", "address": "0x10", "size": 8, "new": "0x1"}]
    text = lanes_text(Execution({"race": "tiny", "violation": None, "events": events}))
    test(len(lanes(text)[1]) == 3 and "violated  nothing" in text,
         "no clocks, no violation: everything is shown", text)
    events = [{"lane": "%d" % me, "kind": "store", "address": hex(16 + 8 * me), "size": 8}
              for me in (0, 1)]
    events += [{"lane": "%d" % me, "kind": "load", "address": hex(24 - 8 * me), "size": 8,
                "old": "0x0", "new": "0x0", "what": "y"} for me in (0, 1)]
    events += [{"lane": "s%d" % me, "kind": "drain", "address": hex(16 + 8 * me), "size": 8,
                "old": "0x0", "new": "0x1", "what": "x"} for me in (0, 1)]
    events += [{"lane": "1", "kind": "point", "note": "both read 0"}]
    execution = Execution({"violation": "both read 0", "memory": "tso", "at": 6,
                           "events": events})
    order = [(e.lane, e.kind) for e in execution.relinearise(execution.events)]
    test(order.index(("0", "load")) < order.index(("s1", "drain")) and
         order.index(("1", "load")) < order.index(("s0", "drain")),
         "TSO: loads keep their place before the other CPU's drain", order)
    test([lane for lane, kind in order if kind in ("load", "store")] in
         (list("0011"), list("1100")),
         "... but not after its store, which nobody sees", order)
    test(lanes(lanes_text(execution))[0].split() == ["CPU", "0", "CPU", "1"],
         "a store buffer is in its CPU's column", lanes_text(execution))


def test_addresses():
    """addr2line: from return addresses to the line in mm/ that tells most."""
    for name, text in (
            ("mm/table/pgtable.h", 'static inline void read(void)\n'
             '{\n\t__asm__ volatile(".globl probe; nop; probe: nop");\n}\n'),
            ("mm/table/walk.h", "static inline void walk(void)\n{\n\tread(); /* it */\n}\n"),
            ("mm/a.c", '#include "mm/table/pgtable.h"\n#include "mm/table/walk.h"\n'
             "void _start(void)\n{\n\twalk();\n}\n")):
        os.makedirs(os.path.dirname(OUT + "/" + name), exist_ok=True)
        with open(OUT + "/" + name, "w") as stream:
            stream.write(text)
    built = run("gcc", "-g", "-O1", "-nostdlib", "-static", "-I.", "-o", "a.elf", "mm/a.c",
                cwd=OUT)
    symbols = run("nm", OUT + "/a.elf").output
    probe = re.search(r"^([0-9a-f]+) . probe$", symbols, re.M)
    if not test(probe, "a program with inline functions", built.output + symbols):
        return
    execution = Execution({"program": OUT + "/a.elf", "events": [
        {"lane": "0", "kind": "load", "pcs": ["0x" + probe.group(1)]}]})
    event = execution.events[0]
    test([frame.function for frame in event.frames] == ["read", "walk", "_start"],
         "return addresses become a call chain", [vars(f) for f in event.frames])
    test((event.frame.path, event.frame.line, event.frame.code) ==
         ("mm/table/walk.h", 3, "read();"), "whose telling line is no accessor's",
         vars(event.frame))


def test_trace(execution):
    path = OUT + "/gup_munmap.trace.json"
    result = run(sys.executable, "tests/tools/show.py", "--perfetto", path, FIXTURE)
    with open(path) as stream:
        trace = json.load(stream)["traceEvents"]
    test(result.status == 0 and trace == perfetto(execution)["traceEvents"],
         "--perfetto writes a trace", result)
    names = {e["args"]["name"] for e in trace if e["name"] == "thread_name"}
    test(names == {"CPU 0", "CPU 1", "interrupt on CPU 0", "RCU"}, "lanes are threads", names)
    slices = [e for e in trace if e["ph"] == "X"]
    test(len(slices) == len(execution.events), "a slice for each step")
    flows = [e for e in trace if e["ph"] in "sf"]
    inside = [any(s["tid"] == f["tid"] and s["ts"] < f["ts"] < s["ts"] + s["dur"]
                  for s in slices) for f in flows]
    test(flows and all(inside), "flows begin and end inside slices", flows)
    ends = collections.defaultdict(list)
    for flow in flows:
        ends[flow["id"]].append((flow["ph"], flow["ts"]))
    test(all([phase for phase, _ in two] == ["s", "f"] and two[0][1] < two[1][1]
             for two in ends.values()), "each has a beginning, and later an end", ends)
    test({"ipi", "rcu", "lock", "conflict"} > {f["name"] for f in flows} >=
         {"ipi", "rcu", "conflict"}, "cross-call, grace period and conflict")


class Parser(html.parser.HTMLParser):
    """Are tags closed in order? And what does the page refer to?"""
    VOID = {"meta", "link", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.links, self.ids, self.tags = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open += [tag] * (tag not in self.VOID)
        for name, value in attributes:
            self.links += [value] * (name in ("src", "href", "xlink:href", "data", "action"))
            self.ids += [value] * (name == "id")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


def test_page(execution):
    path = OUT + "/gup_munmap.html"
    result = run(sys.executable, "tests/tools/show.py", "--html", path, FIXTURE)
    test(result.status == 0, "--html writes a page", result)
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    page = Parser(text)
    test(not page.wrong and not page.open, "all tags are closed", page.wrong + page.open)
    test(len(set(page.ids)) == len(page.ids), "no id is there twice", page.ids)
    test(all(link.startswith(("#", "data:")) for link in page.links) and
         not re.search(r"@import|url\((?!#)|(?<!xmlns=\")https?://", text),
         "it refers to nothing outside itself", page.links)
    test({"title", "h1", "main", "aside", "svg", "details", "table"} <= set(page.tags),
         "it has a title, headings and rooms")
    svg = xml.etree.ElementTree.fromstring(re.search(r"<svg.*?</svg>", text, re.S).group())
    kinds = collections.Counter(node.get("class") for node in svg.iter() if "path" in node.tag)
    test([kinds["link " + kind] for kind in ("ipi", "rcu", "conflict")] == [2, 1, 1],
         "arrows: call and answer, grace period, the conflict", kinds)
    boxes = [node for node in svg.iter() if "event" in (node.get("class") or "").split()]
    test(boxes and all(b.get("tabindex") == "0" and b.get("aria-label") for b in boxes),
         "every step can be reached by keyboard and has a label")
    return path, len(boxes)


def test_browser(path, boxes):
    from browser import Browser
    with Browser() as browser:
        browser.open(path)
        panel = browser.text("#details")
        test("Step 65, CPU 0" in panel and "0x6b6b6b6b6b6b6b6b" in panel,
             "browser: first come the details of the violation", panel)
        browser.hover(".event.write")
        panel = browser.text("#details")
        test("pte table of mm, entry 1" in panel and "0x1000c067 -> 0" in panel,
             "browser: pointing at a step shows its word", panel)
        test(re.search(r"^0 on\s+7f0000201000 -> c000 rw$", panel, re.M) and
             "unmap_leaf() mm/table/gather.c" in panel,
             "browser: ... interrupts and TLBs, and who called", panel)
        browser.hover(".event.handler.fold")
        panel = browser.text("#details")
        test("3 steps of interrupt on CPU 0" in panel and "off (in its handler)" in panel,
             "browser: a fold shows its steps", panel)
        browser.script("document.querySelector('.event').focus()")
        for _ in range(3):
            browser.press(KEYS["down"])
        panel = browser.text("#details")
        test("Step 27, CPU 0" in panel, "browser: arrow keys go from step to step", panel)
        browser.press(KEYS["home"])
        test("2 steps of CPU 0" in browser.text("#details"), "browser: Home leads to the first")
        browser.open(path + "#step58")
        panel = browser.text("#details")
        test("Step 58, CPU 1" in panel, "browser: #step58 in the address chooses it", panel)
        outside = browser.script("""Array.from(document.querySelectorAll('.event text'))
            .filter(t => t.getBBox().x + t.getBBox().width > t.parentNode.getBBox().x +
                t.parentNode.querySelector('.body').width.baseVal.value + 1).length""")
        test(outside == 0, "browser: no text runs out of its box", outside)
        test(browser.script("document.querySelectorAll('.event').length") == boxes and
             browser.script("performance.getEntriesByType('resource').length") == 0,
             "browser: nothing else was loaded")
        browser.screenshot(OUT + "/gup_munmap.png")
        light = browser.script("getComputedStyle(document.body).backgroundColor")
        test(not browser.errors(), "browser: no errors", browser.errors())
    with Browser(420, 900, "--force-dark-mode") as browser:
        browser.open(path)
        dark = browser.script("getComputedStyle(document.body).backgroundColor")
        test(dark != light, "browser: dark where darkness is wanted", (light, dark))
        test(browser.script("document.documentElement.scrollWidth <= innerWidth"),
             "browser: a narrow window scrolls the drawing, not the page")


def main():
    os.makedirs(OUT, exist_ok=True)
    execution = load(FIXTURE)
    test_reduction(execution)
    test_text(execution)
    test_other_records()
    test_addresses()
    test_trace(execution)
    path, boxes = test_page(execution)
    if shutil.which("chromium") and shutil.which("chromedriver"):
        test_browser(path, boxes)
    else:
        skip("the page in a browser", "no chromium with its driver: make test installs them")
    done()


main()
