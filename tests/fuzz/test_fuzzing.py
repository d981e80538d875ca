"""A share of the fuzzing that ``python -m tests.fuzz.fuzzing`` does at length."""

import pytest

from htm_engine.errors import FormatError
from tests.fuzz import calls, fuzzing

#: Cases of those readers that take a tenth of a second a case.
FEW = {"photo-model-inside": 50, "network-tables": 70, "network-blocks": 70}


@pytest.mark.parametrize("name", fuzzing.READERS)
def test_damaged_and_foreign_bytes_end_in_a_sentence(name):
    reader = fuzzing.READERS[name]()
    assert {fuzzing.outcome(reader, data) for data in reader.corpus} == {"read"}
    for number in range(FEW.get(name, 150)):
        said = fuzzing.outcome(reader, fuzzing.case(reader, 20, number))
        assert said in ("read", "refused"), f"seed 20, case {number}: {said}"


def test_what_escapes_a_reader_is_told():
    def read(data):
        if data == b"a":
            raise FormatError("no full stop")
        return {}[data]

    reader = fuzzing.Reader([b"a"], read)
    assert fuzzing.outcome(reader, b"a") == "no sentence: no full stop"
    assert fuzzing.outcome(reader, b"b").startswith("KeyError")


def test_any_call_with_any_array_gives_its_result_or_a_sentence():
    told = calls.run(25, 20)
    assert told["fit"] and told["fit: told"] and told["compress_series"]
