"""execution.py - one explored execution: read, and cut down to what matters.

    execution = load("build/explore/gup_munmap.json")
    events = execution.relinearise(execution.past())
    rows = execution.fold(events, 25)

The past: what happens before the violation and before the access that it conflicts with;
it is a prefix of some execution by itself. Relinearised: in the order, of all that its
happens-before allows, in which the lanes change least often. Folded: steps of one lane in
a row that say nothing about the violation are one Row.
"""
import json
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FRAME_SIZE = 4096
FREES = {"frame-free", "object-free"}
WRITES = FREES | {"store", "rmw", "drain", "lock", "unlock", "frame-alloc", "user-store"}
ACCESSES = {"load", "store", "rmw", "cas-failed", "drain", "user-load", "user-store"}
SECTIONS = {"rcu-lock", "rcu-unlock", "irq-off", "irq-on"}
TLB = {"flush", "flush-all", "ipi-begin", "ipi-end", "tlb-fill", "user-load", "user-store"}
# What these do is told better by the line that calls them.
ACCESSORS = re.compile(r"kernel/(base|sched)/|mm/table/pgtable\.h|mm/space/page\.h")
# How much a kind of event tells by itself; see Execution.weight().
WEIGHTS = {
    "ipi-send": 80, "ipi-begin": 80, "ipi-end": 80, "ipi-wait": 80, "call-rcu": 80,
    "rcu-run": 80, "flush": 75, "flush-all": 75, "user-load": 75, "user-store": 75,
    "tlb-fill": 75, "choose": 70, "frame-free": 70, "object-free": 70, "drain": 45,
    "irq-off": 65, "irq-on": 65, "rcu-lock": 65, "rcu-unlock": 65, "point": 30,
}
BEAM = 500  # orders looked at side by side


class Frame:
    """A line of a call chain; `path` is as the tree has it, `full` where it can be read."""

    def __init__(self, function, full, line, code=None):
        full = os.path.normpath(os.path.join(ROOT, full))
        short = re.search(r"(?:^|/)((?:mm|kernel|arch|tests)/(?!.*/(?:mm|kernel)/).*)", full)
        self.function, self.line = function, int(line)
        self.full, self.path = full, short.group(1) if short else full
        self.code = statement(full, self.line) if code is None else code

    @property
    def place(self):
        return "%s:%d" % (os.path.basename(self.path), self.line)


class Event:
    """As the explorer has written it, with its call chain, innermost first."""

    def __init__(self, number, record):
        self.n, self.lane, self.kind = number, str(record["lane"]), record["kind"]
        self.address = word(record.get("address"))
        self.size = record.get("size") or (FRAME_SIZE if "frame" in self.kind else 1)
        self.old, self.new = word(record.get("old")), word(record.get("new"))
        self.what, self.note = record.get("what") or "", record.get("note") or ""
        self.plain, self.irqs = record.get("plain"), record.get("irqs")
        self.tlb = record.get("tlb")
        self.pcs = [word(pc) for pc in record.get("pcs", ())]
        self.frames = [Frame(*frame) for frame in record.get("frames", ())]
        self.clock, self.index = record.get("clock"), record.get("index", 0)

    @property
    def cpu(self):
        """The number of the CPU whose column this is in; None: RCU's."""
        digits = self.lane.lstrip("is")
        return int(digits) if digits.isdigit() else None

    @property
    def frame(self):
        """The line that tells most: the innermost in mm/ or kernel/ that is no accessor."""
        ours = [f for f in self.frames if f.path.startswith(("mm/", "kernel/"))]
        telling = [f for f in ours if not ACCESSORS.match(f.path)]
        theirs = [f for f in self.frames if f.path.startswith("tests/")]
        return (telling + theirs + ours + self.frames + [None])[0]

    def overlaps(self, other):
        return (self.address is not None and other.address is not None
                and self.address < other.address + other.size
                and other.address < self.address + self.size)


class Row:
    """One event, or several of one lane that are folded."""

    def __init__(self, events, is_fold):
        self.events, self.is_fold, self.lane = events, is_fold, events[0].lane


def word(text):
    return int(text, 16) if isinstance(text, str) and text else None


def statement(path, line):
    """The statement that a line of a source file is in, on one line."""
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read().split("\n")
    except OSError:
        return ""
    first = last = line - 1
    if not 0 <= first < len(text):
        return ""
    ends = re.compile(r"([;{}:]|\*/)\s*$|^\s*(#.*|//.*)?$")
    while first > max(0, line - 4) and not ends.search(text[first - 1]):
        first -= 1
    while last < min(len(text) - 1, line + 1) and not ends.search(text[last]):
        last += 1
    joined = " ".join(part.strip() for part in text[first:last + 1])
    return re.sub(r"\s*/\*.*?\*/\s*", " ", joined).strip().replace("( ", "(")


def resolve(program, pcs):
    """{address: call chain} by one addr2line; inlined functions are frames as well."""
    if not (program and pcs and os.path.exists(program)):
        return {}
    text = "\n".join("%#x" % pc for pc in sorted(pcs))
    answer = subprocess.run(["addr2line", "-a", "-i", "-f", "-e", program], input=text,
                            stdout=subprocess.PIPE, universal_newlines=True).stdout
    chains, lines = {}, iter(answer.splitlines())
    for line in lines:
        if line.startswith("0x"):
            chain = chains[int(line, 16)] = []
            continue
        path, _, number = next(lines).partition(" ")[0].rpartition(":")
        if number.isdigit() and not path.startswith("?"):
            chain.append(Frame(line, path, number))
    return chains


class Execution:
    def __init__(self, record):
        get = record.get
        self.race, self.cell = get("race") or "a race", get("cell") or ""
        self.mutant = get("mutant") or ""
        self.geometry, self.memory = get("geometry") or "A", get("memory") or "sc"
        self.schedule, self.script = get("schedule") or "", get("script") or ""
        self.violation, self.program = get("violation"), get("program")
        self.events = [Event(i, event) for i, event in enumerate(record["events"])]
        seen = [event.lane for event in self.events]
        self.lanes = [str(lane) for lane in get("lanes") or sorted(set(seen))]
        self.lanes += sorted(set(seen) - set(self.lanes))
        self._resolve()
        self._index()
        self.remember(self.events)
        numbers = [event.get("n", i) for i, event in enumerate(record["events"])]
        at = numbers.index(get("at")) if get("at") in numbers else -1
        self.at = self.events[at] if self.violation else None
        self.partner = self._partner() if self.at else None
        self.before = [self._predecessors(event) for event in self.events]

    def _resolve(self):
        """Return addresses lie behind the call, so one less is in it."""
        program = self.program and os.path.join(ROOT, self.program)
        chains = resolve(program, {pc - 1 for event in self.events for pc in event.pcs})
        for event in self.events:
            if not event.frames:
                event.frames = [f for pc in event.pcs for f in chains.get(pc - 1, ())]

    def _index(self):
        """Events by their number in their lane, and by the pages that they touch."""
        self.by_index, self.by_page, counts = {}, {}, {}
        for event in self.events:
            counts[event.lane] = event.index = event.index or counts.get(event.lane, 0) + 1
            self.by_index[event.lane, event.index] = event
            for page in self._pages(event):
                self.by_page.setdefault(page, []).append(event)

    @staticmethod
    def _pages(event):
        if event.address is None:
            return ()
        return range(event.address // FRAME_SIZE,
                     (event.address + event.size - 1) // FRAME_SIZE + 1)

    def touching(self, event):
        """What other lanes do to the same bytes."""
        return [other for page in self._pages(event) for other in self.by_page[page]
                if other.lane != event.lane and other.overlaps(event)]

    def conflicting(self, event):
        return [other for other in self.touching(event)
                if self.writes(other) or self.writes(event)]

    @staticmethod
    def remember(events):
        """With each event: what TLBs and interrupts are after it, in this order."""
        tlb, irqs = {}, {}
        for event in events:
            tlb = dict(tlb, **event.tlb) if event.tlb else tlb
            if event.irqs is not None:
                irqs = dict(irqs, **{event.lane: event.irqs})
            event.tlb_now, event.irqs_now = tlb, irqs

    def _partner(self):
        """The access that the violating one conflicts with, a free above all. (A free that
        user space still sees has another address than the access.)"""
        earlier = [event for event in self.events[:self.at.n] if event.lane != self.at.lane]
        conflicting = set(self.conflicting(self.at))
        frees = [event for event in earlier if event.kind in FREES]
        found = ([event for event in frees if event in conflicting]
                 or [event for event in earlier if event in conflicting
                     and event.kind not in ("lock", "unlock")]
                 or ("free" in self.violation and frees))
        return found[-1] if found else None

    def happens_before(self, one, other):
        """By the explorer's clocks."""
        clock = other.clock
        return bool(clock) and clock[self.lanes.index(one.lane)] >= one.index

    def writes(self, event):
        """Under TSO a store reaches memory by its drain only."""
        return event.kind in WRITES and not (event.kind == "store" and self.memory == "tso")

    def _predecessors(self, event):
        """Events that must come before: the nearest ones, which imply the others."""
        found = set()
        for lane, count in zip(self.lanes, event.clock or ()):
            if lane != event.lane and (lane, count) in self.by_index:
                found.add(self.by_index[lane, count].n)
        # A handler begins where its CPU stands.
        for lane in (event.lane, event.lane.lstrip("i"))[:1 + (event.kind == "ipi-begin")]:
            found.update([e.n for e in reversed(self.events[:event.n]) if e.lane == lane][:1])
        found |= {other.n for other in self.conflicting(event) if other.n < event.n}
        if event.kind == "drain":
            found |= {other.n for other in self.touching(event) if other.n < event.n and
                      other.kind == "store" and other.lane == event.lane.lstrip("s")}
        if event.kind == "rcu-run":
            found |= {other.n for other in self.events[:event.n]
                      if other.kind in ("rcu-unlock", "irq-on")}
        if event is self.at and self.partner:
            found.add(self.partner.n)
        return found

    def past(self):
        """The causal past of the violation; without one, everything."""
        if not self.at:
            return list(self.events)
        kept, work = set(), [self.at.n]
        while work:
            n = work.pop()
            if n not in kept:
                kept.add(n)
                work.extend(self.before[n])
        return [event for event in self.events if event.n in kept]

    @staticmethod
    def _same_order(one, other):
        """Besides happens-before, what no schedule may turn around: sections and grace
        periods, flushes and TLBs know of each other."""
        kinds = {one.kind, other.kind}
        return ("rcu-run" in kinds and kinds & SECTIONS
                or kinds & {"flush", "flush-all"} and kinds <= TLB)

    def order_is_legal(self, events):
        """Is every predecessor of every event here, and earlier?"""
        seen = set()
        for event in events:
            if not self.before[event.n] <= seen:
                return False
            seen.add(event.n)
        return True

    def _tracks(self, events):
        """What keeps its order (a CPU and its handler are one), and for each event how far
        every track must have come before it."""
        tracks, place, needs, special = {}, {}, {}, []
        for event in events:
            name = event.lane if "s" in event.lane else event.cpu
            track = tracks.setdefault(name, [])
            place[event.n] = list(tracks).index(name), len(track)
            track.append(event)
            before = self.before[event.n] | {
                other.n for other in special if self._same_order(other, event)}
            needs[event.n] = [place[n] for n in before if n in place]
            if event.kind in TLB | SECTIONS | {"rcu-run"}:
                special.append(event)
        return list(tracks.values()), needs

    def relinearise(self, events):
        """Breadth first over which track goes on next; it then goes on as far as it can,
        which never makes another one wait longer."""
        tracks, needs = self._tracks(events)
        states = {(0,) * len(tracks): None}  # how far each track is: (state before, run)
        while sum(next(iter(states))) < len(events):
            longer = {}
            for at, history in states.items():
                for i, track in enumerate(tracks):
                    to = list(at)
                    while to[i] < len(track) and all(
                            to[t] > p for t, p in needs[track[to[i]].n]):
                        to[i] += 1
                    if to[i] > at[i]:
                        longer.setdefault(tuple(to), (history, track[at[i]:to[i]]))
            states = dict(sorted(longer.items(), key=lambda item: -sum(item[0]))[:BEAM])
        order, history = [], next(iter(states.values()))
        while history:
            history, run = history
            order[:0] = run
        return order

    def outdated(self, event, place):
        """Has the violating lane read it, and another one written it before the violation?"""
        return (self.at and event.lane == self.at.lane and event.kind in ("load", "cas-failed")
                and any(other.kind not in FREES and place.get(other, -1) > place[event]
                        for other in self.conflicting(event)))

    def outdates(self, event, place):
        return (event.kind not in FREES and event.kind in WRITES and
                any(self.outdated(other, place) and place[other] < place[event]
                    for other in self.conflicting(event) if other in place))

    def weight(self, event, place, lines):
        """How much an event tells of the violation; 0: nothing, fold it."""
        if event in (self.at, self.partner):
            return 1000
        if self.outdated(event, place) or self.outdates(event, place):
            return 90
        weight = WEIGHTS.get(event.kind, 0)
        shared = [other for other in self.conflicting(event) if other in place]
        if event.kind in ("lock", "unlock"):
            weight = 50 * bool(shared)
        elif event.kind in ACCESSES and shared:
            weight = 60 + 5 * self.writes(event) - 10 * bool(event.plain)
            if all(other.kind in FREES for other in shared):
                weight = 20
        elif event.kind == "fence" and self.memory == "tso":
            weight = 35
        again = lines.setdefault((event.lane, event.frame and event.frame.place,
                                  event.kind), [])
        again.append(event)
        return max(1, weight - 5 * (len(again) - 1)) if weight else 0

    def fold(self, events, limit):
        """At most `limit` rows, if that can be: the events that tell most stand alone."""
        lines, place = {}, {event: i for i, event in enumerate(events)}
        weights = {event.n: self.weight(event, place, lines) for event in events}
        shown = {n for n, weight in weights.items() if weight == 1000}
        for event in sorted(events, key=lambda e: (-weights[e.n], -e.n)):
            if weights[event.n] and len(rows_of(events, shown | {event.n})) <= limit:
                shown.add(event.n)
        return rows_of(events, shown)

    def links(self, events):
        """(what, from, to): cross-calls, locks, callbacks, and the conflict."""
        found, place = [], {event.n: i for i, event in enumerate(events)}

        def latest(event, kind, fits):
            return [e for e in events[:place[event.n]] if e.kind == kind and fits(e)][-1:]
        for event in events:
            def same(other):
                return other.address == event.address and other.lane != event.lane
            if event.kind == "ipi-begin":
                sent = latest(event, "ipi-send", lambda e: e.cpu != event.cpu)
                found += [("ipi", e, event) for e in sent]
            elif event.kind == "ipi-wait":
                sent = latest(event, "ipi-send", lambda e: e.lane == event.lane)
                found += [("ipi", e, event) for e in events[:place[event.n]]
                          if e.kind == "ipi-end" and sent and place[e.n] > place[sent[0].n]]
            elif event.kind == "lock":
                found += [("lock", e, event) for e in latest(event, "unlock", same)]
            elif event.kind == "rcu-run":
                found += [("rcu", e, event) for e in latest(event, "call-rcu", same)]
        if self.partner and {self.partner.n, self.at.n} <= set(place):
            found.append(("conflict", self.partner, self.at))
        return found


def rows_of(events, shown):
    rows = []
    for event in events:
        if event.n not in shown and rows and rows[-1].is_fold and rows[-1].lane == event.lane:
            rows[-1].events.append(event)
        else:
            rows.append(Row([event], event.n not in shown))
    for row in rows:
        row.is_fold = len(row.events) > 1
    return rows


def load(path):
    with open(path, encoding="utf-8") as stream:
        return Execution(json.load(stream))
