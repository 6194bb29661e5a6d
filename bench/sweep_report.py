"""The cells of bench/sweep.py as Markdown: a table of groups and sizes, then the cells below the targets."""
import math

import operations

LONGEST = 400  # rows of the list of cells below the targets


def is_wrong(cell):
    """Has grumpy answered, and something else than NumPy?"""
    return bool(cell.note) and cell.note != "forwarded"


def size(n):
    return f"10^{len(str(n)) - 1}" if n > 1000 else f"{n}"


def name(cell):
    return f"`{cell.line}` {cell.dtype}{'' if cell.layout == 'contiguous' else ', ' + cell.layout}"


def duration(seconds):
    """Three digits and a unit."""
    for unit, scale in [("ms", 1e3), ("us", 1e6), ("ns", 1e9)]:
        if abs(seconds) * scale >= 1 or unit == "ns":
            return f"{seconds * scale:.3g} {unit}"


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def summary(cells):
    """Group by size: geometric mean of NumPy's least time over grumpy's, worst cell, how many below."""
    timed = [cell for cell in cells if not cell.note]
    sizes = sorted({cell.n for cell in timed})
    rows = []
    for group in operations.GROUPS:
        texts = []
        for n in sizes:
            here = [cell for cell in timed if cell.group == group and cell.n == n]
            if not here:
                texts.append("")
                continue
            below = sum(not cell.meets_target() for cell in here)
            texts.append(f"{mean([cell.ratio for cell in here]):.2f}, "
                         f"{min(cell.ratio for cell in here):.2f}, {below} of {len(here)}")
        if any(texts):
            rows.append([group, *texts])
    return table(["group", *map(size, sizes)], rows)


def recording(cells):
    """Group by size: recording with the result dropped, as a part of NumPy's whole call."""
    timed = [cell for cell in cells if not cell.note and cell.recorded]
    sizes = sorted({cell.n for cell in timed})
    rows = []
    for group in operations.GROUPS:
        of = {n: [cell.numpy / cell.recorded for cell in timed if (cell.group, cell.n) == (group, n)]
              for n in sizes}
        if any(of.values()):
            rows.append([group, *(f"{mean(of[n]):.2f}" if of[n] else "" for n in sizes)])
    return table(["group", *map(size, sizes)], rows)


def worst_lines(cells, most=40):
    """The lines with the lowest mean ratio from a thousand elements on, and where each is worst."""
    lines = {}
    for cell in cells:
        if not cell.note and cell.n >= 1000:
            lines.setdefault((cell.group, cell.line), []).append(cell)
    order = sorted(lines.values(), key=lambda of: mean([cell.ratio for cell in of]))
    rows = []
    for of in order[:most]:
        worst = min(of, key=lambda cell: cell.ratio)
        rows.append([of[0].group, f"`{of[0].line}`", f"{mean([cell.ratio for cell in of]):.2f}",
                     f"{worst.ratio:.2f} ({worst.dtype} {worst.layout} {size(worst.n)})",
                     f"{sum(not cell.meets_target() for cell in of)} of {len(of)}"])
    return table(["group", "line", "mean", "worst", "below"], rows)


def below(cells):
    """The cells below the targets, largest sizes first, worst first."""
    found = [cell for cell in cells if not cell.note and not cell.meets_target()]
    found.sort(key=lambda cell: (-cell.n, cell.ratio))
    rows = [[cell.group, name(cell), size(cell.n), duration(cell.numpy), duration(cell.grumpy),
             f"{cell.ratio:.2f}", duration(cell.loss), duration(cell.recorded)]
            for cell in found[:LONGEST]]
    text = table(["group", "cell", "n", "NumPy", "grumpy", "ratio", "loss", "recorded"], rows)
    if len(found) > LONGEST:
        text += f"\nand {len(found) - LONGEST} more.\n"
    return text


def notes(cells):
    """What was not timed: first wrong answers, then calls that are forwarded, each line once."""
    wrong = [[name(cell), size(cell.n), cell.note.replace("|", "\\|")[:120]]
             for cell in cells if is_wrong(cell)]
    forwarded = {}
    for cell in cells:
        if cell.note == "forwarded":
            forwarded.setdefault(cell.line, {})[cell.dtype] = None
    text = ""
    if wrong:
        text += "\n## Wrong\n\n" + table(["cell", "n", "what"], wrong[:LONGEST])
    if forwarded:
        text += "\n## Forwarded\n\n" + table(
            ["line", "dtypes"], [[f"`{line}`", " ".join(dtypes)] for line, dtypes in
                                 sorted(forwarded.items())])
    return text


def markdown(cells):
    """The whole report."""
    timed = sum(not cell.note for cell in cells)
    return f"""# Sweep of operations

{timed} cells. NumPy's least time over grumpy's, taking turns: geometric mean, worst cell, and how many
are below the targets (0.95; np.* calls on fewer than 1,000 elements may lose 0.25 us instead).

{summary(cells)}
Recording alone, the result dropped: NumPy's whole call over it.

{recording(cells)}
## Slowest lines from 1,000 elements on

{worst_lines(cells)}
## Below the targets

{below(cells)}{notes(cells)}"""
