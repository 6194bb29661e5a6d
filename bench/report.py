"""The results of bench/demo as words, as Markdown and as one HTML file that stands alone."""
import argparse
import base64
import html as escape
import io

COLUMNS = ["program", "NumPy", "first call", "steady", "faster", "kernels", "library",
           "compile ms", "moved", "forwards", "agreement"]
TIMES = [0, 1, 2, 3, 4, 10]  # columns of the first table where the screen is narrow
WORK = [0, 5, 6, 7, 8, 9]  # and of the second


def workload_options(doc):
    """The options that all programs over workloads take; they add their own."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", help="workloads or groups (W1, ...), comma-separated")
    options.add_argument("--markdown", action="store_true", help="print a Markdown table")
    return options


def seconds(value):
    """A duration with three digits and a unit."""
    for unit, scale in [("s", 1.0), ("ms", 1e3), ("µs", 1e6)]:
        if value * scale >= 1 or unit == "µs":
            return f"{value * scale:.3g} {unit}"


def size(nbytes):
    for unit, scale in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]:
        if nbytes >= scale:
            return f"{nbytes / scale:.3g} {unit}"
    return f"{nbytes} B"


def cells(row):
    """The texts of one row, in the order of COLUMNS."""
    if row.problem:
        return [row.name, "", "", "", "failed", "", "", "", "", "", row.problem]
    if not row.steady:
        return [row.name, seconds(row.numpy), *[""] * 9]
    return [row.name, seconds(row.numpy), seconds(row.first), seconds(row.steady),
            f"{row.factor:.1f}x", f"{row.kernels:,}", f"{row.library_calls:,}",
            f"{row.compile_ms:.1f}", size(row.bytes_moved), f"{row.forwards:,}", row.agreement]


def markdown(rows, machine):
    """The table of the README."""
    lines = ["| program | input | NumPy | grumpy, first call | grumpy | faster | kernels "
             "| agreement |",
             "|---|---|---:|---:|---:|---:|---:|---|"]
    for row in rows:
        text = cells(row)
        lines.append("| " + " | ".join([row.name, row.size, *text[1:6], text[10]]) + " |")
    return "\n".join(lines) + f"\n\nMeasured by `bash bench/demo` on {machine}.\n"


def bars(rows):
    """A plot of how many times faster each program became; PNG bytes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    measured = [row for row in rows if row.steady][::-1]
    figure, axes = plt.subplots(figsize=(7.5, 0.32 * len(measured) + 0.9), layout="constrained")
    colours = ["tab:green" if row.factor >= 1 else "tab:red" for row in measured]
    bar = axes.barh([row.name for row in measured], [row.factor for row in measured],
                    color=colours)
    axes.bar_label(bar, labels=[f"{row.factor:.1f}x" for row in measured], padding=3)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="times as fast as NumPy")
    axes.margins(x=0.15)
    low, high = axes.get_xlim()
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= t <= high]
    axes.set_xticks(ticks, [f"{t:g}x" for t in ticks])
    axes.set_xticks([], minor=True)
    out = io.BytesIO()
    figure.savefig(out, dpi=110)
    plt.close(figure)
    return out.getvalue()


def image(png, caption):
    data = base64.b64encode(png).decode()
    text = escape.escape(caption)
    return (f'<figure><img src="data:image/png;base64,{data}" alt="{text}">'
            f"<figcaption>{text}</figcaption></figure>")


STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 0.25rem 0.7rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
td.wrong { color: #b00; font-weight: bold; }
.scroll { overflow-x: auto; }
.gallery { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; max-width: 34rem; } figure img { max-width: 100%; }
figcaption { font-size: 0.85rem; color: #555; }
pre { background: #f5f5f5; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
"""


def html(rows, machine, graph):
    """The whole report; pictures are inside the file."""
    out = [f"<!doctype html><html lang='en'><meta charset='utf-8'><title>grumpy demo</title>"
           f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style>",
           "<h1>The same programs on NumPy and on grumpy</h1>",
           f"<p>{escape.escape(machine)}</p>"]
    if any(row.steady for row in rows):
        out.append(image(bars(rows), "NumPy's least time over grumpy's, taking turns"))
    out.append("<h2>Table</h2><div class='scroll'><table><tr>"
               + "".join(f"<th>{name}</th>" for name in COLUMNS) + "</tr>")
    for row in rows:
        kind = "" if row.agrees else " class='wrong'"
        title = escape.escape(row.size)
        out.append(f"<tr title='{title}'>"
                   + "".join(f"<td{kind}>{escape.escape(text)}</td>" for text in cells(row))
                   + "</tr>")
    out.append("</table></div><p>Times are the least of several calls in turn, results forced to "
               "NumPy arrays; “first call” began with an empty kernel cache. Kernels, library "
               "calls (matrix products, gathers), bytes moved and forwards are those of one steady "
               "call; “compile ms” is all compiling of the program, in the background too. "
               "“Agreement” is the largest difference as a part of the largest value.</p>"
               "<h2>Medians</h2><div class='scroll'><table><tr><th>program</th><th>input</th>"
               "<th>NumPy</th><th>grumpy</th></tr>")
    for row in rows:
        texts = [row.name, row.size, seconds(row.numpy_median),
                 seconds(row.steady_median) if row.steady else ""]
        out.append("<tr>" + "".join(f"<td>{escape.escape(t)}</td>" for t in texts) + "</tr>")
    out.append("</table></div>")
    for row in rows:
        if row.exhibits:
            out.append(f"<h2>{escape.escape(row.name)}</h2><div class='gallery'>")
            for exhibit in row.exhibits:
                if exhibit.png:
                    out.append(image(exhibit.png, exhibit.caption))
                else:
                    out.append(f"<div><p>{escape.escape(exhibit.caption)}:</p>"
                               f"<pre>{escape.escape(exhibit.text)}</pre></div>")
            out.append("</div>")
    if graph:
        caption, drawing = graph
        at = drawing.find("<svg")  # without the XML prologue, which HTML does not know
        inside = drawing[at:] if at >= 0 else f"<pre>{escape.escape(drawing)}</pre>"
        out.append(f"<h2>A recorded graph</h2><p>{escape.escape(caption)}.</p>"
                   f"<div class='scroll'>{inside}</div>")
    forwarded = [(row.name, text) for row in rows for text in row.forwarded]
    if forwarded:
        out.append("<h2>Handed to NumPy</h2><p>Calls of one steady run that grumpy forwards."
                   "</p><ul>")
        out += [f"<li>{escape.escape(f'{name}: {text}')}</li>" for name, text in forwarded]
        out.append("</ul>")
    return "\n".join(out) + "</html>\n"
