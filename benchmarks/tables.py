"""What the reports of scripts/bench.sh have in common: tables, and their place in a page."""


def number(value):
    if value is None:
        return "–"
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def write_figures(page, what, figures):
    """Puts the figures between the two marks that the page has for them."""
    begin, end = f"<!-- figures: by scripts/bench.sh {what} -->", f"<!-- end of figures: {what} -->"
    head, rest = page.read_text().split(begin, 1)
    page.write_text(head + begin + "\n\n" + figures + "\n\n" + end + rest.split(end, 1)[1])
