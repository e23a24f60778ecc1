"""show_html.py - an execution as one page with a drawing, for show.py --html.

show.html is the page, with @name@ where this file puts something. In the drawing lanes are
columns and rows are moments; every row is a button that shows its details beside it.
"""
import html
import json
import os
import re
import textwrap

from show import (columns, commands, describe, folded, is_code, phrase, reduce, shorten,
                  summary, title, values)

LEFT, TOP, GAP = 34, 40, 54       # pixels: numbers, headings, between columns
COLUMN, NARROW = 390, 290         # a CPU's column, narrower if they are many; RCU's
EVENT, FOLD, SPACE = 42, 24, 7    # heights, and what is between rows
MONO, SANS = 7.25, 6.4            # about the width of a character
CLASSES = {
    "load": "read", "cas-failed": "read", "user-load": "read", "store": "write",
    "rmw": "write", "drain": "write", "user-store": "write", "frame-free": "free",
    "object-free": "free", "ipi-send": "cross", "ipi-begin": "cross", "ipi-end": "cross",
    "ipi-wait": "cross", "flush": "cross", "flush-all": "cross", "lock": "sync",
    "unlock": "sync", "rcu-lock": "sync", "rcu-unlock": "sync", "call-rcu": "sync",
    "rcu-run": "sync", "irq-off": "sync", "irq-on": "sync", "fence": "sync",
}
LINKS = {"conflict": "the two accesses of the violation", "ipi": "cross-call and answer",
         "rcu": "grace period", "lock": "lock handed over"}
escape = html.escape


def tag(name, text="", **attributes):
    pairs = "".join(' %s="%s"' % (key.rstrip("_").replace("_", "-"), escape(str(value)))
                    for key, value in attributes.items())
    return "<%s%s>%s</%s>" % (name, pairs, text, name)


def text_at(x, y, text, width=None, **attributes):
    return tag("text", escape(text if width is None else shorten(text, int(width))),
               x=x, y=y, **attributes)


class Box:
    """Where a row is drawn."""

    def __init__(self, row, x, y, width):
        self.row, self.event = row, row.events[0]
        shift = 0 if self.event.lane.isdigit() or self.event.cpu is None else 22
        self.x, self.y, self.width = x + 14 + shift, y, width - 14 - shift
        self.lines = textwrap.wrap("… " + folded(row.events), int((self.width - 20) / SANS),
                                   max_lines=2, placeholder=" …") if row.is_fold else ()
        self.height = FOLD + 15 * (len(self.lines) - 1) if row.is_fold else EVENT
        self.middle = y + self.height / 2


def fold_text(box):
    return [text_at(box.x + 12, box.y + 16 + 15 * i, line) for i, line in enumerate(box.lines)]


def event_text(box):
    """Two lines: where and which word, then the code or what happens."""
    event, right = box.event, values(box.event)
    place = event.frame.place if event.frame else ""
    x, room = box.x + 14, box.width - 24 - len(right) * MONO
    offset = len(place) * 7.4 + 8 if place else 0
    parts = [text_at(x, box.y + 17, place, class_="place")]
    if is_code(event) or right:
        parts.append(text_at(x + offset, box.y + 17, event.what, (room - offset - 6) / SANS,
                             class_="soft"))
    if right:
        parts.append(text_at(box.x + box.width - 10, box.y + 17, right.replace("->", "→"),
                             class_="value"))
    style = "code" if is_code(event) else "does"
    parts.append(text_at(x, box.y + 33, describe(event), (box.width - 24) / MONO,
                         class_=style))
    return parts


def draw_box(execution, box):
    event, events = box.event, box.row.events
    kinds = ["event", "fold" if box.row.is_fold else CLASSES.get(event.kind, "other")]
    kinds += ["handler"] * (event.lane[0] == "i")
    kinds += ["bad"] * (not box.row.is_fold and event in (execution.at, execution.partner))
    kinds += ["at"] * (execution.at in events)
    label = folded(events) if box.row.is_fold else " ".join(
        (event.frame.place if event.frame else "", describe(event), event.what, values(event)))
    parts = [tag("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=5,
                 class_="body")]
    if not box.row.is_fold:
        parts.append(tag("rect", x=box.x, y=box.y, width=5, height=box.height, rx=2,
                         class_="bar"))
    parts += fold_text(box) if box.row.is_fold else event_text(box)
    return tag("g", "".join(parts), class_=" ".join(kinds), tabindex=0, role="button",
               aria_controls="details", aria_label="%s: %s" % (title(event.lane), label.strip()),
               data_steps=" ".join(str(e.n) for e in events))


def draw_link(kind, one, other):
    """A curve from the side of one box to that of the other, through the space between."""
    rightward = one.x < other.x
    x0 = one.x + (one.width if rightward else 0)
    x1 = other.x + (0 if rightward else other.width)
    if abs(one.x - other.x) < GAP:  # the same column: around its right side
        x0, x1, bend = one.x + one.width, other.x + other.width, GAP * .7
        curve = (x0, one.middle, x0 + bend, one.middle, x1 + bend, other.middle)
    else:
        bend = max(40, abs(x1 - x0) * .45) * (1 if rightward else -1)
        curve = (x0, one.middle, x0 + bend, one.middle, x1 - bend, other.middle)
    end = x1 + (-6 if x1 > curve[0] else 6) if abs(one.x - other.x) >= GAP else x1 + 6
    path = "M%.0f %.0f C%.0f %.0f %.0f %.0f %.0f %.0f" % (curve + (end, other.middle))
    return tag("path", tag("title", LINKS[kind]), d=path, class_="link " + kind,
               marker_end="url(#tip-%s)" % kind)


def draw_rails(boxes, rails, bottom):
    """A line down each column, thick where its CPU has interrupts off."""
    parts = []
    for cpu, (x, _) in rails.items():
        parts.append(tag("line", x1=x, y1=TOP - 6, x2=x, y2=bottom, class_="rail"))
        mine = [box for box in boxes if cpu is not None and box.event.lane == str(cpu)]
        since = None
        for box in mine + [None]:
            off = box is not None and box.row.events[-1].irqs is False
            if off and since is None:
                since = box.middle
            elif not off and since is not None:
                until = box.middle if box else bottom
                parts.append(tag("line", tag("title", "interrupts off"), x1=x, y1=since,
                                 x2=x, y2=until, class_="masked"))
                since = None
    return parts


def drawing(execution, events, rows):
    x, y, rails, boxes = LEFT, TOP, {}, []
    for cpu in columns(execution):
        width = NARROW if cpu is None else max(
            260, min(COLUMN, 900 // max(1, len(columns(execution)) - 1)))
        rails[cpu] = (x, width)
        x += width + GAP
    for row in rows:
        boxes.append(Box(row, rails[row.events[0].cpu][0], y, rails[row.events[0].cpu][1]))
        y += boxes[-1].height + SPACE
    parts = [tag("defs", "".join(
        tag("marker", tag("path", d="M0 0 L8 4 L0 8 z", class_="tip-" + kind),
            id="tip-" + kind, viewBox="0 0 8 8", refX=2, refY=4, markerWidth=9,
            markerHeight=9, markerUnits="userSpaceOnUse", orient="auto") for kind in LINKS))]
    parts += [text_at(rail, 22, "RCU" if cpu is None else "CPU %d" % cpu, class_="head")
              for cpu, (rail, _) in rails.items()] + draw_rails(boxes, rails, y)
    parts += [text_at(LEFT - 10, box.middle + 4, str(box.event.n), class_="number",
                      aria_hidden="true") for box in boxes if not box.row.is_fold]
    at = {box.event: box for box in boxes if not box.row.is_fold}
    found = [link for link in execution.links(events) if link[1] in at and link[2] in at]
    parts += [draw_box(execution, box) for box in boxes]
    parts += [draw_link(kind, at[one], at[other]) for kind, one, other in found]
    width = x - GAP + (GAP if len(rails) == 1 else 16)
    svg = tag("svg", "\n".join(parts), xmlns="http://www.w3.org/2000/svg", role="group",
              aria_label="Steps of %s, a column per CPU" % execution.race, width=width,
              height=y + 4, viewBox="0 0 %d %d" % (width, y + 4),
              style="min-width:%dpx" % (width * .75))
    return svg, {link[0] for link in found}


def details(execution, event):
    """What the panel shows of a step."""
    cpus = [{"name": str(cpu), "tlb": event.tlb_now.get(str(cpu), []),
             "irqs": "on" if event.irqs_now.get(str(cpu), True) else "off"}
            for cpu in columns(execution) if cpu is not None]
    for cpu in cpus:
        if event.lane == "i" + cpu["name"]:
            cpu["irqs"] = "off (in its handler)"
    code = is_code(event)
    access = event.kind + (", plain" if event.plain else "") if code else ""
    return {"n": event.n, "who": title(event.lane), "does": "" if code else phrase(event),
            "code": event.frame.code if event.frame else "",
            "place": event.frame.place if event.frame else "", "short": describe(event),
            "word": event.what, "values": values(event), "access": access,
            "address": "" if event.address is None or not event.address else
            "%#x, %d bytes" % (event.address, event.size),
            "cpus": cpus, "calls": ["%s() %s:%d" % (f.function, f.path, f.line)
                                    for f in event.frames]}


def table(execution):
    for event in execution.events:
        cells = (str(event.n), title(event.lane), event.frame.place if event.frame else "",
                 describe(event), event.what, values(event))
        bad = event in (execution.at, execution.partner)
        yield "<tr%s>%s</tr>" % (' class="bad"' if bad else "", "".join(
            tag("td", escape(cell)) for cell in cells))


def legend(kinds, execution):
    marks = [(kind, text) for kind, text in LINKS.items() if kind in kinds]
    spans = [tag("span", '<i class="%s"></i>%s' % (kind, escape(text))) for kind, text in marks]
    if any(event.irqs is False and event.lane.isdigit() for event in execution.events):
        spans.append('<span><i style="border-top:6px solid var(--off);vertical-align:2px"></i>'
                     'interrupts off</span>')
    if any(event.lane[0] == "i" for event in execution.events):
        spans.append("<span>dashed, set in: interrupt handler</span>")
    return "".join(spans) + "<span>at the left: the step's number as it ran</span>"


def page(execution):
    events, rows = reduce(execution)
    svg, kinds = drawing(execution, events, rows)
    facts = [pair for pair in summary(execution, events) if pair[0] not in ("race", "violated")]
    parts = {
        "title": escape("%s: %s" % (execution.race, execution.violation or "an execution")),
        "race": escape(execution.race), "svg": svg, "legend": legend(kinds, execution),
        "violation": tag("p", escape(execution.violation), class_="violation", role="note")
        if execution.violation else "",
        "facts": "".join("<div><dt>%s</dt><dd>%s</dd></div>" % tuple(map(escape, pair))
                         for pair in facts),
        "commands": escape("\n".join("# %s\n%s" % pair for pair in commands(execution))),
        "count": str(len(execution.events)), "table": "\n".join(table(execution)),
        "steps": json.dumps([details(execution, event) for event in execution.events])
        .replace("<", "\\u003c"),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "show.html")
    with open(path, encoding="utf-8") as stream:
        return re.sub(r"@(\w+)@", lambda match: parts[match.group(1)], stream.read())
