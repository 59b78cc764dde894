"""The guide: every page is shown by its command, and every link leads somewhere."""

import re
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class
from click.testing import CliRunner

from monitor.cli import cli
from monitor.cli.guide import topics

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "monitor" / "guide"
PAGES = [ROOT / "README.md", *sorted(GUIDE.glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# A path in the architecture page: a folder or a module, relative to `monitor/` or to the project.
PATH = re.compile(r"`([\w/.]+/[\w/.]*|\w+\.py)`")
# `plms-monitor guide TOPIC` in a text is a link too.
GUIDE_COMMAND = re.compile(r"plms-monitor guide ([a-z]+)")


def invoke(*arguments):
    return CliRunner().invoke(cli, ["guide", *arguments])


def anchors(text):
    """Return the anchors of a page's headings, as Markdown viewers build them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_without_a_topic_all_are_listed_with_one_line_each():
    shown = invoke()
    assert shown.exit_code == 0
    lines = shown.output.splitlines()[: len(topics())]
    assert [line.split()[0] for line in lines] == topics()
    assert all(len(line) <= 80 for line in lines)
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("topic", topics())
def test_a_page_is_printed_as_it_is_where_no_terminal_is(topic):
    shown = invoke(topic)
    text = (GUIDE / f"{topic}.md").read_text(encoding="utf-8")
    assert (shown.exit_code, shown.output.strip()) == (0, text.strip())


@pytest.mark.parametrize("topic", topics())
def test_a_page_begins_with_its_title_and_one_line_on_its_subject(topic):
    title, empty, summary, after = (GUIDE / f"{topic}.md").read_text(encoding="utf-8").splitlines()[:4]
    assert title.startswith("# ")
    assert (empty, after) == ("", "")
    assert summary.endswith(".")


def test_an_unknown_topic_is_refused_and_the_topics_are_named():
    refused = invoke("surgery")
    assert refused.exit_code == 2
    assert "surgery" in refused.stderr
    assert all(f"'{topic}'" in refused.stderr for topic in topics())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_topics(shell):
    completion = get_completion_class(shell)(cli, {}, "plms-monitor", "_PLMS_MONITOR_COMPLETE")
    assert {item.value for item in completion.get_completions(["guide"], "")} == set(topics())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    broken = []
    for link in LINK.findall(text):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []
    assert set(GUIDE_COMMAND.findall(text)) <= set(topics())


def test_the_readme_names_every_topic():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [topic for topic in topics() if f"monitor/guide/{topic}.md" not in readme] == []


def architecture():
    return (GUIDE / "architecture.md").read_text(encoding="utf-8")


def test_every_path_named_in_the_architecture_exists():
    paths = set(PATH.findall(architecture()))
    assert len(paths) > 50
    assert [
        path for path in sorted(paths) if not any((base / path).exists() for base in (ROOT, GUIDE.parent))
    ] == []


def test_the_architecture_names_every_package():
    packages = {path.parent.name for path in GUIDE.parent.glob("*/__init__.py")}
    drawing = architecture().partition("## Overview")[2].partition("Inside the dashboard")[0]
    assert packages <= set(re.findall(r"[a-z]+", drawing))
    assert packages <= {path.rstrip("/") for path in PATH.findall(architecture())}
