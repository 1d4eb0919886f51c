"""ESCO's occupations as the package has them: what each is called, without what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cli.model.occupations import meanings, names
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import StaticVectors

ROWS = """id,description
http://b,land-based machinery technician tractor mechanic Land-based machinery technicians repair tractors.
http://a,"QC inspector quality controller Inspector of quality
 QC inspectors inspect."
http://c,Steiner school teacher Waldorf educator Steiner school teachers teach.
"""


def test_names_end_where_the_description_begins(tmp_path: Path) -> None:
    table = tmp_path / "occupations.csv"
    table.write_text(ROWS)

    found = names(table)

    assert found[1:] == [
        "land-based machinery technician tractor mechanic",
        "Steiner school teacher Waldorf educator",
    ]


def test_what_begins_with_an_abbreviation_is_read_whole(tmp_path: Path) -> None:
    table = tmp_path / "occupations.csv"
    table.write_text(ROWS)

    first = names(table)[0]

    assert first.startswith("QC inspector quality controller")
    assert first.endswith("QC inspectors inspect.")


def test_an_occupation_is_in_the_middle_of_what_it_is_called() -> None:
    encoder = StaticVectors(FOLDER)
    called = ["lifeguard pool attendant swimming pool lifeguard", "lifeguard"]

    whole, alone = meanings(encoder, called)

    np.testing.assert_allclose(np.linalg.norm([whole, alone], axis=1), 1, atol=1e-5)
    assert alone @ encoder.encode(["lifeguard"])[0] > 0.999
    assert 0.5 < whole @ alone < 0.999
