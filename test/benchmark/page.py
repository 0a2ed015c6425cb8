# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page of the benchmarks: one file of HTML with its plots in it."""
import html

STYLE = """
body { font: 14px system-ui, sans-serif; margin: 2em auto; max-width: 70em;
       color: #222; padding: 0 1em }
table { border-collapse: collapse; width: 100% }
th, td { text-align: right; padding: .3em .6em; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
td.plot { text-align: left; white-space: nowrap }
.edgecc { fill: #1668b8 } .other { fill: #b9c4d0 }
polyline { fill: none; stroke: #1668b8; stroke-width: 1.5 }
text { font-size: 11px; fill: #444 }
p.note { color: #555 }
"""
BAR, WIDTH = 13, 240


def bars(latencies):
    """Medians of all contestants as horizontal bars, to one scale."""
    longest = max(v["p50"] for v in latencies.values())
    parts = []
    for i, (name, value) in enumerate(latencies.items()):
        length = max(1, value["p50"] / longest * (WIDTH - 110))
        kind = "edgecc" if name == "edgecc" else "other"
        parts.append(
            f'<rect class="{kind}" x="60" y="{i * BAR + 1}" width="{length:.1f}"'
            f' height="{BAR - 3}"/><text x="0" y="{i * BAR + 10}">'
            f'{html.escape(name)}</text><text x="{64 + length:.1f}" '
            f'y="{i * BAR + 10}">{value["p50"]:.4g}</text>')
    return (f'<svg width="{WIDTH}" height="{len(latencies) * BAR}">'
            f'{"".join(parts)}</svg>')


def line(values, width=160, height=32):
    """The median over the runs of the history; zero is at the bottom."""
    if len(values) < 2:
        return ""
    top = max(values) or 1
    points = " ".join(
        f"{i * (width - 4) / (len(values) - 1) + 2:.1f},"
        f"{height - 2 - v / top * (height - 4):.1f}"
        for i, v in enumerate(values))
    return (f'<svg width="{width}" height="{height}"><title>'
            f'{" ".join(f"{v:.4g}" for v in values)}</title>'
            f'<polyline points="{points}"/></svg>')


def render(history):
    """The page for runs as latency.py makes them, the latest one last."""
    last = history[-1]
    rows = []
    for row in last["rows"]:
        own = row["latency_us"]["edgecc"]
        # Only runs on the same machine with the same flags are comparable.
        past = [r["latency_us"]["edgecc"]["p50"]
                for run in history for r in run["rows"]
                if (run["machine"], run["flags"], r["network"]) ==
                (last["machine"], last["flags"], row["network"])]
        cells = [html.escape(row["network"]), f"{row['macs'] / 1e6:.3f}",
                 *(f"{own[p]:.4g}" for p in ("p50", "p95", "p99")),
                 f"{row['macs'] / own['p50'] / 1e3:.2f}",
                 f"{row['arena_bytes']:,}", f"{row['code_bytes']:,}",
                 f"{row['constant_bytes']:,}"]
        rows.append("<tr>" + "".join(f"<td>{c}</td>" for c in cells) +
                    f'<td class="plot">{bars(row["latency_us"])}</td>'
                    f'<td class="plot">{line(past)}</td></tr>')
    heads = ["network", "MMAC", "p50 µs", "p95 µs", "p99 µs", "GMAC/s",
             "arena B", "code B", "constants B", "medians, µs", "history"]
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>edgecc: benchmarks</title>
<style>{STYLE}</style>
<h1>edgecc: benchmarks</h1>
<p class="note">{html.escape(last["date"])}, commit {html.escape(last["commit"])},
{html.escape(last["machine"])}, flags {html.escape(" ".join(last["flags"]))}.
One thread, one inference at a time.</p>
<table><tr>{"".join(f"<th>{h}</th>" for h in heads)}</tr>
{chr(10).join(rows)}
</table></html>
"""
