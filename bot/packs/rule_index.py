"""The meaning of each rule of the checker, for `parley check --rules`: an editor meets a rule's name in brackets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

RULES: Mapping[str, Mapping[str, str]] = {
    "Errors in a file as a whole": {
        "missing-file": "`pack.yaml` isn't there, or isn't a file.",
        "unreadable-file": "Parley can't open the file: check its permissions.",
        "file-too-large": "More than 4 MiB: make the part a folder of smaller files.",
        "empty-file": "Nothing is in it: write entries, or delete it.",
        "not-text": "The file holds a zero byte, so it isn't text; or the value of a key isn't text.",
        "not-utf8": "The file is saved in another encoding than UTF-8, such as UTF-16, which some editors call Unicode.",
        "conflict-marker": "Git couldn't join two versions of some lines: keep one, and delete the lines that git added.",
        "tab": "A tab indents a line: type spaces.",
        "indentation": "A line begins too far left or right, so it belongs with the wrong lines. The message compares it with a line above.",
        "odd-character": "A character only looks like one of YAML's own, such as a full-width colon; the message names it. Curly quotation marks around a whole value are a warning.",
        "control-character": "A character that you can't see or type stands there.",
        "yaml": "Parley can't read the text from here on, often for a quotation mark or a colon; the message says what to do.",
        "second-document": "`---` begins a second document. A file holds one.",
        "too-deep": "Lists or brackets are nested more than 32 deep.",
        "too-many-values": "More values than any pack needs: split the file.",
        "part-twice": "Both `facts.yaml` and a folder `facts/` are there.",
        "more-problems": "A file has more problems than the checker shows: fix the first ones.",
        "no-pack": "The folder is missing, or no pack is in it.",
    },
    "Errors in YAML that a pack doesn't allow": {
        "alias": "`*` stands for another value: write the value out.",
        "anchor": "`&` gives a value a name: write it out where it is needed.",
        "merge-key": "`<<` copies keys: write them out.",
        "tag": "`!` changes what a value is.",
        "complex-key": "A key is a list or a table: put text with brackets in quotes.",
        "duplicate-key": "A key is given twice; the message names the first line.",
        "empty-key": "A colon stands without a key before it.",
        "quotes-needed": "Without quotes this may be taken for yes or no, a number or a date.",
    },
    "Errors in an entry": {
        "missing-key": "A key that is needed isn't there.",
        "unknown-key": "There's no such key here; the message offers the nearest.",
        "empty-value": "A key that needs a value has none.",
        "invalid-value": "The key doesn't take this value, or not in this form.",
        "fill-in": "The text begins with `FILL IN`: a tool left it for an editor to write.",
        "too-long": "The text has more characters than fit.",
        "not-a-list": "Something else stands where a list is needed.",
        "not-a-table": "Keys are needed here: an entry begins with `- id:`, a file with the name of its list.",
        "duplicate-id": "Two entries of the pack have one id.",
        "duplicate-pack": "Two packs have one id.",
        "dangling-id": "An entry names an id that doesn't exist, or that belongs to another kind of entry.",
        "verdict-on-judgement": "A value judgement has a verdict of truth: write `not-checkable`.",
        "circle": "Arguments are about each other and about nothing else.",
    },
    "Errors in quotes": {
        "not-in-essay": "The words aren't in that paragraph; the message says what stands there, or where they stand.",
        "no-such-paragraph": "The essay has fewer paragraphs.",
        "paragraph-count": "The essay has another number of paragraphs than `pack.yaml` says.",
        "long-quote": "A quote of the essay has over 40 words, or one of a source over 25.",
        "too-much-quoted": "The quotes together show half of the essay or more.",
        "unreadable-essay": "Parley can't read the file given with `--essay` as UTF-8 text.",
    },
    "Warnings": {
        "one-sided": "A position has no argument for it, or none against it.",
        "fact-without-source": "A fact has no source, and its verdict isn't `not-checkable`.",
        "not-borne-out": "A number or a quotation in a fact's reason stands in none of its sources. That means: not in `bears`, and not in the source's title, summary, quote, note and date.",
        "recheck-due": "The day has come from which a fact should be read again.",
        "checked-before-source": "A source of the fact is newer than its last check.",
        "outdated-key": "`as_of` was replaced by `checked`.",
        "source-without-date": "A source has no date, not even a year.",
        "mirror-link": "The address is a third party's copy, so members don't see it.",
        "dead-link": "The address, or that of the archived copy, was dead when last asked: see `parley check --links`.",
        "moved-link": "The address leads elsewhere for good.",
        "unused-source": "No entry names the source.",
        "loaded-word": "A word in an option's description praises or blames. It is a hint: the list is short and knows no context.",
        "long-text": "A platform would shorten the text.",
        "text-left-out": "A # after a space began a comment in the middle of a text without quotes.",
        "hidden-character": "A character that you can't see stands in the text, such as one that turns the direction of writing.",
        "overdue-review": "`reviewed` is longer ago than `review_every` days.",
        "unknown-file": "A file in the pack's folder is never read; its name may be misspelt.",
    },
}
"""Group → rule → its meaning and the remedy."""


def rule_lines() -> Iterator[str]:
    """Yield every rule with its meaning, group by group, as lines for a terminal."""
    for group, rules in RULES.items():
        yield f"{group}:"
        width = max(map(len, rules))
        for name, meaning in rules.items():
            yield f"  {name:<{width}}  {meaning}"
        yield ""
