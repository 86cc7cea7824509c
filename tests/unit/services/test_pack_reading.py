"""The quick reader says what PyYAML says, of every built-in pack and of scalars that look like something else."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest
import yaml

from kiosk.domain.place import Place
from kiosk.services import loader, reading
from kiosk.services.loader import BUILTIN

PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_pack_is_read_as_pyyaml_reads_it(name: str) -> None:
    data = (files("kiosk.services") / "builtin" / f"{name}.yaml").read_bytes()
    assert reading.read(data) == yaml.safe_load(data)


PLACES = {
    "a usual one": PLACE,
    "one whose words mean something in YAML": replace(PLACE, district='平城: "区" #1', registrar="a'b}", street="[x]"),
    "one without a district": replace(PLACE, district=""),
}


@pytest.mark.parametrize("name", BUILTIN)
@pytest.mark.parametrize("place", PLACES)
def test_a_place_written_into_the_file_is_a_place_filled_in(name: str, place: str) -> None:
    assert loader.builtin(name, PLACES[place]) == loader.placed(loader.builtin(name), PLACES[place])


SCALARS = (
    "true", "false", "yes", "no", "on", "off", "null", "~", "", "0", "7", "007", "0x1f", "1_000", "1.5", "1e3", ".inf",
    "12:30", "2026-11-26", "'7'", '"true"', "=", "<<", "-", "a: b", "[1, two, {three: '3'}]", "{}", "[]",
    "|\n  a\n  b\n", ">-\n  a\n  b\n",
    "中文", "'中''文'", '"\\u3400\\x41"', "!!str 5", "&a 5", "a # b", "age < 60 && x", "{ zh: \"一\", en: \"one\" }",
)  # fmt: skip


@pytest.mark.parametrize("scalar", SCALARS)
def test_a_scalar_means_what_it_means_to_pyyaml(scalar: str) -> None:
    data = f"first: 1\nkey: {scalar}\nlast: [2]\n".encode()
    try:
        said = yaml.safe_load(data)
    except yaml.YAMLError:
        with pytest.raises(yaml.YAMLError):
            reading.read(data)
        return
    read = reading.read(data)
    assert read == said
    assert type(read["key"]) is type(said["key"])


@pytest.mark.parametrize("text", ["1: a\n", "true: a\n", "<<: {a: b}\nc: d\n", "[a]: b\n", "a: &x [1]\nb: *x\n"])
def test_what_no_checked_pack_has_is_left_to_pyyaml(text: str) -> None:
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError:
        with pytest.raises(yaml.YAMLError):
            reading.read(text.encode())
        return
    assert reading.read(text.encode()) == said
