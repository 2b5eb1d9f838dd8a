"""What stands in a page: its commands, and what is wrong with its blocks."""
import glob, json, os, re, subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Command:
    """One complete command: where it stands, and the output shown for it (None where none is)."""

    def __init__(self, page, heading, line, text, expected=None):
        self.page, self.heading, self.line, self.text, self.expected = page, heading, line, text, expected


def complete(text):
    """Whether bash has all of the command."""
    # A here-document that lacks its end is a warning only.
    checked = subprocess.run(["bash", "-n"], input=text.encode(), stderr=subprocess.PIPE)
    return checked.returncode == 0 and not checked.stderr


def shell_commands(lines):
    """(line, text) of each command of a shell block."""
    text, start = "", 0
    for number, line in lines:
        if not text:
            if not line.strip() or line.startswith("#"):
                continue
            start = number
        text += line + "\n"
        # What goes on is indented, or ends in something that bash waits behind.
        if complete(text):
            yield start, text
            text = ""
    if text:
        raise SystemExit(f"line {start}: not a complete command: {text}")


def console_commands(lines):
    """(line, text, expected) of each command of a console block; `> ` begins the other lines of a command."""
    found = []
    for number, line in lines:
        if line.startswith("$ "):
            found.append([number, line[2:] + "\n", []])
        elif line.startswith("> ") and found and not found[-1][2]:
            found[-1][1] += line[2:] + "\n"
        elif found:
            found[-1][2].append(line)
        else:
            raise SystemExit(f"line {number}: a console block begins with a command")
    for number, text, expected in found:
        while expected and not expected[-1].strip():
            expected.pop()
        yield number, text, expected


def table_commands(lines):
    """(column, line, text) of the code in the columns `before` and `now` of tables."""
    columns = None
    for number, line in lines:
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if not cells:
            columns = None
        elif columns is None:
            columns = cells
        elif not set("".join(cells)) <= set("-: "):
            for name, cell in zip(columns, cells):
                if name in ("before", "now"):
                    for code in re.findall(r"`([^`]+)`", cell):
                        yield name, number, code.replace("\\|", "|") + "\n"


def parse(page):
    """The commands of a page, in order, and what is wrong with its blocks."""
    commands, wrong = [], []
    heading, fence, block, prose = "", None, [], []
    with open(os.path.join(TOP, page), encoding="utf-8") as f:
        text = f.read().splitlines()
    for number, line in enumerate(text, 1):
        if fence is None and line.startswith("```"):
            fence, block = line[3:].strip(), []
        elif fence is not None and line.startswith("```"):
            if fence == "sh":
                commands += [Command(page, heading, n, t) for n, t in shell_commands(block)]
            elif fence == "console":
                commands += [Command(page, heading, n, t, e) for n, t, e in console_commands(block)]
            elif fence in CHECKS:
                wrong += [f"{page}:{number}: {why}" for why in CHECKS[fence]([t for _, t in block])]
            elif fence != "text":
                wrong.append(f"{page}:{number}: a block of unknown language '{fence}'")
            fence = None
        elif fence is not None:
            block.append((number, line))
        else:
            if line.startswith("#"):
                heading = line.lstrip("#").strip()
            prose.append((number, line, heading))
    if fence is not None:
        wrong.append(f"{page}: a block is not closed")
    for column, number, code in table_commands([(n, l) for n, l, _ in prose]):
        heading = next(h for n, _, h in prose if n == number)
        commands.append(Command(page if column == "now" else page + " (before)", heading, number, code))
    commands.sort(key=lambda c: (c.page, c.line))
    return commands, wrong


def swift(lines):
    """A block of Swift must stand in an example, which the tests build and run."""
    for path in glob.glob(os.path.join(TOP, "Examples", "**", "*.swift"), recursive=True):
        with open(path, encoding="utf-8") as f:
            if "\n".join(l.strip() for l in lines) in "\n".join(l.strip() for l in f.read().splitlines()):
                return []
    return ["this Swift is in no file of Examples"]


def json_lines(lines):
    """A block of JSON is one value, or one a line."""
    try:
        json.loads("\n".join(lines))
    except ValueError:
        for line in lines:
            try:
                json.loads(line)
            except ValueError as e:
                return [f"not JSON: {e}: {line}"]
    return []


CHECKS = {"swift": swift, "json": json_lines}
