from tiny_bundle import make_model

from MRIAnomalyLib.bundles.card import write_card


def test_a_card_says_use_limits_data_licence_and_the_smallest_p():
    results = [{"cases": "test | normals", "AP": 0.123456, "n": 11}, {"cases": "lesions", "AP": 0.5}]
    card = write_card(make_model(), use="To look.", limits=["Adults only."], results=results, pictures={"curves.png": "Losses"})
    for said in ["# brain-t1-anogan", "To look.", "- Adults only.", "CC BY-SA 3.0", "Made up, 2 subjects, licence CC0"]:
        assert said in card
    assert "train 2, calibration 1" in card
    assert "| Smallest reachable p | 0.5 |" in card
    assert "| test \\| normals | 0.123 | 11 |" in card
    assert "| lesions | 0.5 |  |" in card
    assert "![Losses](card/curves.png)" in card
    assert "Not a medical device" in card


def test_a_card_without_results_says_so():
    card = write_card(make_model(), use="", limits=[], results=[], pictures={})
    assert "Nothing was measured yet." in card


def test_a_card_names_the_bundle_that_training_started_from():
    learned = {"data": "Made up", "licence": "CC0", "subjects": 2, "from": {"name": "brain-t1-anogan", "weights_sha256": "ab12"}}
    card = write_card(make_model(training=learned), use="", limits=[], results=[], pictures={})
    assert "| Training started from | `brain-t1-anogan`, weights with SHA-256 ab12 |" in card


def test_a_card_tells_how_long_the_model_learned_and_how_it_was_measured():
    learned = {"data": "Made up", "licence": "CC0", "subjects": 2, "steps": 12000, "minutes": 75, "hardware": "one core"}
    tables = {"Other scanners": [{"site": "there", "flagged": 1}]}
    how = {"use": "", "limits": [], "results": [{"AP": 0.5}], "pictures": {}}
    card = write_card(make_model(training=learned), **how, measured="Measured by counting.", tables=tables)
    assert "| Training | 12,000 steps, 75 minutes on one core |" in card
    assert "## Results\n\nMeasured by counting.\n\n| AP |" in card
    assert "### Other scanners\n\n| site | flagged |" in card


def test_a_card_of_a_model_without_p_values_says_that_there_are_none():
    few = {"data": "Made up", "subjects": 4, "smallest_p": 1.0}
    card = write_card(make_model(calibration=few), use="", limits=[], results=[], pictures={})
    assert "| Smallest reachable p | none: too few people to compare with |" in card
