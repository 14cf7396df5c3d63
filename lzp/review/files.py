"""Which records are reviewed, and what the reviews are called."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SGF, HTML, JSON = ".sgf", ".html", ".json"
FORMS = (SGF, HTML, JSON)
#: What stands between the record's name and the ending.
_MARK = ".review"
#: First words of a review's comment at the root, by which it is known.
SIGNATURE = "Reviewed by lzp"


@dataclass(frozen=True, slots=True)
class Job:
    """One record and the files that come of it.

    Attributes:
        source: the record.
        outputs: path by form, one of `FORMS`.
    """

    source: Path
    outputs: dict[str, Path]


def plan_jobs(
    sources: Sequence[Path], outputs: Sequence[Path], folder: Path | None, *, has_json: bool
) -> list[Job]:
    """Return what is to be done.

    Args:
        sources: records, and folders of them.
        outputs: names for the files of a single record, by their endings; empty for the
            record's own with `.review` in it.
        folder: where files go; None beside their records.
        has_json: whether figures are wanted as well.

    Raises:
        ValueError: there is nothing to review, or the names make no sense; one line.
    """
    records = list(_records(sources))
    if outputs and (len(records) != 1 or folder is not None):
        raise ValueError("-o names the files of one record; for more, or with it, use --folder")
    if outputs:
        jobs = [Job(records[0], _named(outputs))]
    else:
        forms = FORMS if has_json else FORMS[:2]
        jobs = [Job(record, _derived(record, folder, forms)) for record in records]
    _check(jobs)
    return jobs


def is_review(text: bytes) -> bool:
    """Whether a record is a review already."""
    return SIGNATURE.encode() in text[:100_000]


def _records(sources: Sequence[Path]) -> Iterator[Path]:
    """Yield the records that are meant; a folder's are its .sgf files that are no reviews."""
    for source in sources:
        if not source.is_dir():
            yield source
            continue
        found = sorted(path for path in source.iterdir() if path.suffix.lower() == SGF)
        found = [path for path in found if not path.stem.endswith(_MARK)]
        if not found:
            raise ValueError(f"{source}: no .sgf file in it")
        yield from found


def _named(outputs: Sequence[Path]) -> dict[str, Path]:
    """Return named outputs by form."""
    named: dict[str, Path] = {}
    for path in outputs:
        form = path.suffix.lower()
        if form not in FORMS:
            raise ValueError(f"{path}: a review is {', '.join(FORMS[:-1])} or {FORMS[-1]}")
        if form in named:
            raise ValueError(f"{named[form]} and {path}: one {form} file is enough")
        named[form] = path
    return named


def _derived(record: Path, folder: Path | None, forms: Sequence[str]) -> dict[str, Path]:
    """Return outputs that are called like their record."""
    place = record.parent if folder is None else folder
    return {form: place / f"{record.stem}{_MARK}{form}" for form in forms}


def _check(jobs: Sequence[Job]) -> None:
    """Refuse before the work what could not be written after it."""
    taken: dict[Path, Path] = {}
    sources = {job.source.absolute() for job in jobs}
    for job in jobs:
        for path in job.outputs.values():
            if path.absolute() in sources:
                raise ValueError(f"{path}: would be written over a record; choose another name")
            if path.is_dir():
                raise ValueError(f"{path}: is a folder")
            if not path.absolute().parent.is_dir():
                raise ValueError(f"{path}: no such folder: {path.parent}")
            if path.absolute() in taken:
                both = f"{taken[path.absolute()]} and {job.source}"
                raise ValueError(f"{both} would both become {path}")
            taken[path.absolute()] = job.source
