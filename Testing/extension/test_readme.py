"""What a reviewer of the Extensions Index looks for on the homepage."""

import re

import pytest
from extension_files import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = {
    "how to install it": "install",
    "a tutorial": "tutorial",
    "the panel": "panel|user interface",
    "what to do when it fails": "troubleshooting",
    "its limits": "limit|cannot",
    "how to build on it": "develop",
    "what to cite": "cit(e|ation)",
    "the license": "licen[cs]e",
}


def section(pattern):
    """The text under the first heading that matches."""
    parts = re.split(r"^#+ (.+)$", TEXT, flags=re.MULTILINE)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    return next((body for heading, body in bodies.items() if re.search(pattern, heading, flags=re.IGNORECASE)), "")


@pytest.mark.parametrize("pattern", SECTIONS.values(), ids=SECTIONS)
def test_the_readme_has_a_section_on(pattern):
    assert section(pattern).strip()


def test_the_tutorial_goes_step_by_step_on_the_sample_data():
    tutorial = section(SECTIONS["a tutorial"])
    assert len(re.findall(r"^\d+\. ", tutorial, flags=re.MULTILINE)) >= 5
    assert "Sample Data" in tutorial
    assert re.search(r"!\[.+\]\(.+\)", tutorial)


def test_the_readme_begins_with_a_picture_and_what_it_is_for():
    head = TEXT.split("\n## ")[0]
    assert re.search(r"!\[.+\]\(.+\.png\)", head)
    assert "not a medical device" in head.lower()


@pytest.mark.parametrize("target", sorted({link for link in re.findall(r"\]\(([^)#]+)", TEXT) if "://" not in link}))
def test_what_the_readme_links_to_is_there(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("said", ["nothing is sent", "Extensions Manager", r"uninstall|remove the", "PyTorch"])
def test_the_readme_answers_what_reviewers_ask(said):
    assert re.search(said, TEXT, flags=re.IGNORECASE)
