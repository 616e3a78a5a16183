"""The files of stored vectors: no text is embedded twice, writers keep each other's files, and damage is mended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot.search.vector_cache import VectorCache
from tests.letters import LetterEncoder

TEXTS = ["tea is served", "coffee was banned", "a fund pays"]


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_a_set_of_texts_is_embedded_once(tmp_path: Path) -> None:
    """Vectors of a set of texts are stored, so another process embeds none of them, in any order of the texts."""
    first, second = LetterEncoder(), LetterEncoder()
    vectors = VectorCache(tmp_path, first).vectors(TEXTS)
    assert first.texts == TEXTS
    assert np.array_equal(VectorCache(tmp_path, second).vectors(TEXTS), vectors)
    assert np.array_equal(VectorCache(tmp_path, second).vectors(TEXTS[::-1]), vectors[::-1])
    assert second.texts == []
    assert np.allclose(vectors, first.encode(TEXTS), atol=1e-3)


def test_only_what_is_new_is_embedded(tmp_path: Path) -> None:
    """Only texts without a stored vector are embedded."""
    VectorCache(tmp_path, LetterEncoder()).vectors(TEXTS)
    encoder = LetterEncoder()
    VectorCache(tmp_path, encoder).vectors([*TEXTS[:2], "a fund pays half", *TEXTS[:1]])
    assert encoder.texts == ["a fund pays half"]


def test_a_recall_embeds_nothing(tmp_path: Path) -> None:
    """A recall returns vectors only for exactly the stored set, and never embeds.

    It returns none for a part of the set, for more texts, or without a folder.
    """
    encoder = LetterEncoder()
    cache = VectorCache(tmp_path, encoder)
    assert cache.recall(TEXTS) is None
    assert encoder.texts == []
    vectors = cache.vectors(TEXTS)
    recalled = cache.recall(TEXTS)
    assert recalled is not None
    assert np.array_equal(recalled, vectors)
    assert cache.recall(TEXTS[:2]) is None
    assert cache.recall([*TEXTS, "more"]) is None
    assert VectorCache(None, encoder).recall(TEXTS) is None


def test_another_model_has_files_of_its_own(tmp_path: Path) -> None:
    """Vectors of each model are stored in a file of their own and used for that model only."""
    VectorCache(tmp_path, LetterEncoder("one")).vectors(TEXTS)
    other = LetterEncoder("other")
    VectorCache(tmp_path, other).vectors(TEXTS)
    assert other.texts == TEXTS
    assert VectorCache(tmp_path, LetterEncoder("one")).recall(TEXTS) is not None
    assert len(files(tmp_path)) == 2


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def damage_text(path: Path) -> None:
    path.write_text("not an array")


def damage_shape(path: Path) -> None:
    np.save(path, np.zeros((3, 4)))


def damage_archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, key=np.zeros(3), vector=np.zeros(3))


def damage_pickle(path: Path) -> None:
    np.save(path, np.array([{"key": "vector"}], dtype=object), allow_pickle=True)


DAMAGES = (damage_empty, damage_cut, damage_text, damage_shape, damage_archive, damage_pickle)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_written_anew(tmp_path: Path, damage: object) -> None:
    """A damaged file is never used: the texts are embedded again, and a whole file takes its place."""
    vectors = VectorCache(tmp_path, LetterEncoder()).vectors(TEXTS)
    (path,) = files(tmp_path)
    assert callable(damage)
    damage(path)
    encoder = LetterEncoder()
    assert VectorCache(tmp_path, encoder).recall(TEXTS) is None
    assert np.array_equal(VectorCache(tmp_path, encoder).vectors(TEXTS), vectors)
    assert encoder.texts == TEXTS
    assert VectorCache(tmp_path, encoder).recall(TEXTS) is not None
    assert files(tmp_path) == [path]


def test_writers_with_different_packs_keep_each_other_s_vectors(tmp_path: Path) -> None:
    """Of several processes that store vectors at once, each keeps its own set, and no half-written file is left."""
    sets = [[f"card {number} of pack {pack}" for number in range(20)] for pack in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda texts: VectorCache(tmp_path, LetterEncoder()).vectors(texts), [*sets, *sets]))
    encoder = LetterEncoder()
    assert all(VectorCache(tmp_path, encoder).recall(texts) is not None for texts in sets)
    assert len(files(tmp_path)) == len(sets)
    assert {path.suffix for path in files(tmp_path)} == {".npy"}


def test_the_folder_stays_within_its_bound(tmp_path: Path) -> None:
    """Above its size limit the folder loses the sets used longest ago and the remains of an interrupted writer.

    The newest set stays, even if it is larger, and so do files of others.
    """
    encoder = LetterEncoder()
    VectorCache(tmp_path, encoder).vectors(TEXTS)
    (tmp_path / "meaning-abc.part").write_bytes(b"p" * 100)
    (tmp_path / "notes.txt").write_text("not ours")
    size = max(path.stat().st_size for path in files(tmp_path))
    VectorCache(tmp_path, encoder, bytes_max=2 * size + 100).vectors(TEXTS[1:])
    assert VectorCache(tmp_path, encoder).recall(TEXTS) is not None
    VectorCache(tmp_path, encoder, bytes_max=1).vectors(TEXTS[:2])
    assert VectorCache(tmp_path, encoder).recall(TEXTS) is None
    assert VectorCache(tmp_path, encoder).recall(TEXTS[:2]) is not None
    assert [path.name for path in files(tmp_path) if path.suffix != ".npy"] == ["notes.txt"]


def test_a_folder_that_can_t_be_written_costs_nobody_an_answer(tmp_path: Path) -> None:
    """If the folder can't be written, here because a file stands in its place, the vectors are still returned."""
    (tmp_path / "file").write_text("")
    encoder = LetterEncoder()
    assert len(VectorCache(tmp_path / "file", encoder).vectors(TEXTS)) == len(TEXTS)
    assert len(VectorCache(tmp_path / "file" / "below", encoder).vectors([])) == 0
