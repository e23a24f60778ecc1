#!/usr/bin/env python3
"""show.py - shows one explored execution, a counterexample for instance.

    show.py FILE                    lanes of text: a column per CPU, at most 25 rows
    show.py --html OUT FILE         a page with arrows and details, complete in itself
    show.py --perfetto OUT FILE     a trace for Perfetto or chrome://tracing

FILE is what the explorer has written, build/explore/NAME.json. Text and page show what
the violation depends on, in the order with the fewest switches (execution.py says how);
the trace shows everything in the order in which it ran.

    from show import load, lanes_text
"""
import argparse
import json
import sys
import textwrap

from execution import ACCESSES, load

WIDTH, ROWS = 110, 25
TIMES = 10  # microseconds from one event to the next in a trace; each lasts 8

PHRASES = {
    "begin": "begins", "end": "is done", "irq-off": "interrupts off",
    "irq-on": "interrupts on", "ipi-send": "cross-call", "ipi-begin": "interrupted, runs",
    "ipi-end": "has run", "ipi-wait": "all have answered",
    "rcu-lock": "read section begins", "rcu-unlock": "read section ends",
    "call-rcu": "after a grace period:", "rcu-run": "grace period over:", "flush": "TLB forgets",
    "flush-all": "TLBs forget everything", "tlb-fill": "TLB learns",
    "user-load": "user reads", "user-store": "user writes", "frame-alloc": "allocates",
    "frame-free": "FREES", "object-free": "FREES", "point": "passes", "fence": "fence",
    "drain": "store reaches memory:", "choose": "the machine chooses:", "lock": "takes",
    "unlock": "releases",
}


def phrase(event):
    """What happens, in words; of a plain access its line says it."""
    words = PHRASES.get(event.kind, event.kind)
    name = event.what or event.note
    if event.kind in ("lock", "unlock", "point"):
        name = event.note or event.what
    elif event.kind in ("ipi-begin", "ipi-end", "call-rcu", "rcu-run"):
        name = event.note + "()" if event.note else event.what
    elif event.kind == "ipi-wait":
        name = ""
    return ("%s %s" % (words, name)).strip()


def is_code(event):
    return event.kind in ACCESSES and not event.kind.startswith("user") and (
        event.kind != "drain" and event.frame is not None)


def describe(event):
    """Its code, or what happens."""
    return (event.frame.code if is_code(event) else "") or phrase(event)


def values(event):
    """What was read, or what became of what."""
    def number(value):
        return "?" if value is None else "%#x" % value if value > 9 else str(value)
    if event.kind not in ACCESSES or event.old is event.new is None:
        return ""
    if event.kind in ("load", "user-load", "cas-failed"):
        return "= " + number(event.old if event.new is None else event.new)
    return "%s -> %s" % (number(event.old), number(event.new))


def outer_names(event):
    """Names of the functions that it is in, the outermost first."""
    ours = [f.function for f in event.frames if f.path.startswith(("mm/", "kernel/"))]
    return [name.partition(".")[0] for name in reversed(ours)]


def folded(events):
    """What a run of steps is about: locks, and the functions below the common one."""
    chains = [names for names in map(outer_names, events) if names]
    common = chains[0][0] if chains and all(c[0] == chains[0][0] for c in chains) else ""
    for depth in (4, 3, 2, 1):
        told = {}
        for event in events:
            below = [name for name in outer_names(event)[:depth + 1] if name != common]
            if event.kind in ("lock", "unlock", "point", "begin"):
                told[phrase(event)] = None
            elif below and event.kind in ACCESSES:
                told[below[-1] + "()"] = None
        if len(told) <= 4:
            break
    return "%d steps%s%s" % (len(events), " in %s()" % common if common else "",
                             ": " + ", ".join(told) if told else "")


def shorten(text, width):
    return text if len(text) <= width else text[:max(0, width - 1)].rstrip() + "…"


def title(lane):
    """A lane's name in full."""
    if lane == "r":
        return "RCU"
    prefix = {"i": "interrupt on ", "s": "store buffer of "}.get(lane[0], "")
    return prefix + "CPU " + lane.lstrip("is")


def columns(execution):
    """CPUs by number, then (None) RCU: those in which something happens."""
    cpus = {event.cpu for event in execution.events}
    return sorted(cpus - {None}) + [None] * (None in cpus)


def event_line(execution, event, width):
    """place, code or phrase, and values, within `width` characters."""
    mark = {execution.at: "!! ", execution.partner: "!! "}.get(event, "")
    mark += "^" if event.lane[0] == "i" else "s " if event.lane[0] == "s" else ""
    left = mark + (event.frame.place + " " if event.frame else "")
    told, extra = describe(event), event.what if is_code(event) else ""
    right = values(event) if is_code(event) or event.kind == "drain" else ""
    space = width - len(left) - len(right) - 2 * bool(right)
    if extra and len(extra) + 4 <= space - min(len(told), 30):
        right, space = "[%s] %s" % (extra, right), space - len(extra) - 4
    return (left + shorten(told, space) + ("  " + right if right else ""))[:width]


def lanes_rows(execution, rows):
    """A column per CPU; its text may go on over the columns to the right of it."""
    all_columns = columns(execution)
    step = min(30, (WIDTH - 46) // max(1, len(all_columns) - 1))
    starts = {cpu: i * step for i, cpu in enumerate(all_columns)}
    head = "".join(("RCU" if cpu is None else "CPU %d" % cpu).ljust(step)
                   for cpu in all_columns)
    yield head.rstrip()
    for row in rows:
        start, event = starts[row.events[0].cpu], row.events[0]
        width = WIDTH - start - 2
        if row.is_fold:
            mark = "^" if row.lane[0] == "i" else ""
            text = shorten(mark + "… " + folded(row.events), width)
        else:
            text = event_line(execution, event, width)
        line = [" "] * WIDTH
        for other in starts.values():
            line[other] = "|"
        line[start:start + 2 + len(text)] = "| " + text
        if start + 2 + len(text) in starts.values():
            line[start + 2 + len(text)] = " "
        yield "".join(line).rstrip()


def commands(execution):
    """How to see it again: (where, command)."""
    def make(schedule, more=""):
        cell = ' CELL="%s"' % execution.cell if execution.cell else ""
        mutant = " MUTANT=" + execution.mutant if execution.mutant else ""
        return 'make replay RACE=%s%s%s%s SCHED="%s"' % (
            execution.race, cell, mutant, more, schedule)
    here = " ARCH=sim" + ("" if execution.geometry == "A" else " GEOMETRY=" + execution.geometry) + (
        "" if execution.memory == "sc" else " MEMORY=" + execution.memory)
    found = []
    if execution.schedule:
        found = [("here", make(execution.schedule, here)),
                 ("under gdb", make(execution.schedule, here + " GDB=1"))]
    if execution.script:
        found += [("in a guest", make(execution.script, " ARCH=" + arch))
                  for arch in ("x86_64", "s390x")]
    return found


def switches(events):
    return sum(one.cpu != other.cpu for one, other in zip(events, events[1:]))


def summary(execution, events):
    """(title, text) of what stands above the lanes."""
    memory = {"sc": "sequentially consistent", "tso": "TSO (store buffers)"}
    yield "race", execution.race
    yield "cell", execution.cell or "the default"
    yield "machine", "sim, geometry %s, memory %s" % (
        execution.geometry, memory.get(execution.memory, execution.memory))
    yield "violated", execution.violation or "nothing"
    yield "shown", "%d of %d steps%s; %d switches between CPUs, %d as it ran" % (
        len(events), len(execution.events),
        ", all that the violation depends on" if execution.at else "",
        switches(events), switches(execution.events))


def reduce(execution, limit=ROWS):
    """The events that matter, in the order with the fewest switches; and their rows."""
    events = execution.relinearise(execution.past())
    execution.remember(events)
    return events, execution.fold(events, limit)


def lanes_text(execution, limit=ROWS):
    """The whole picture as text, WIDTH wide but for commands that are longer."""
    events, rows = reduce(execution, limit)
    lines = []
    for name, text in summary(execution, events):
        lines += textwrap.wrap("%-9s %s" % (name, text), WIDTH, subsequent_indent=" " * 10)
    lines += [""] + list(lanes_rows(execution, rows)) + [""]
    legend = ["!! the two accesses of the violation"] * bool(execution.partner)
    legend += ["^ interrupt handler"] * any(r.lane[0] == "i" for r in rows)
    legend += ["s store buffer"] * any(r.lane[0] == "s" for r in rows)
    lines += ["   ".join(legend)] * bool(legend)
    lines += ["%-11s %s" % pair for pair in commands(execution)]
    return "\n".join(lines) + "\n"


def perfetto(execution):
    """Chrome's trace format: a slice per event; flows begin and end inside slices."""
    tids = {lane: number for number, lane in enumerate(execution.lanes, 1)}
    trace = [{"ph": "M", "name": "process_name", "pid": 1, "args": {"name": execution.race}}]
    for lane, tid in tids.items():
        trace += [{"ph": "M", "name": "thread_name", "pid": 1, "tid": tid,
                   "args": {"name": title(lane)}},
                  {"ph": "M", "name": "thread_sort_index", "pid": 1, "tid": tid,
                   "args": {"sort_index": tid}}]
    for event in execution.events:
        details = {"kind": event.kind, "word": event.what, "values": values(event),
                   "at": ["%s %s" % (f.function, f.place) for f in event.frames],
                   "irqs": event.irqs}
        trace.append({"ph": "X", "name": describe(event), "cat": event.kind, "pid": 1,
                      "tid": tids[event.lane], "ts": event.n * TIMES, "dur": TIMES - 2,
                      "args": {name: value for name, value in details.items() if value}})
    for number, (kind, one, other) in enumerate(execution.links(execution.events)):
        for phase, event in (("s", one), ("f", other)):
            flow = {"ph": phase, "id": number, "name": kind, "cat": "flow", "pid": 1,
                    "tid": tids[event.lane], "ts": event.n * TIMES + TIMES // 2 - 1}
            trace.append(dict(flow, bp="e") if phase == "f" else flow)
    return {"traceEvents": trace, "displayTimeUnit": "ns"}


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def main():
    parser = argparse.ArgumentParser(prog="show.py", description=__doc__.split("\n")[0])
    parser.add_argument("--html", metavar="OUT", help="write a page")
    parser.add_argument("--perfetto", metavar="OUT", help="write a trace")
    parser.add_argument("--rows", type=int, default=ROWS, help="of text (%(default)s)")
    parser.add_argument("file")
    options = parser.parse_args()
    execution = load(options.file)
    if options.html:
        from show_html import page
        write(options.html, page(execution))
    if options.perfetto:
        write(options.perfetto, json.dumps(perfetto(execution)))
    if not options.html and not options.perfetto:
        sys.stdout.write(lanes_text(execution, options.rows))


if __name__ == "__main__":
    main()
