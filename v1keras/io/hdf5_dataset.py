"""Datasets of HDF5 files, read from where `v1keras.io.hdf5_layout` says they are."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from v1keras.io import hdf5_filters
from v1keras.io.foreign import errors_naming
from v1keras.io.hdf5_process import layouts
from v1keras.io.hdf5_texts import IN_HEAP, fixed_texts, heap_texts

if TYPE_CHECKING:
    from v1keras.io.hdf5_file import File


class Dataset:
    """An array in a file, read by `dataset[...]` or by rows, `dataset[start:stop]`.

    Texts come as an array of Python's strings.

    Attributes:
        name: String, path of the dataset in the file.
        address: Integer, which no other object in the file has.
        attrs: Dict of attributes, as those of a `Group`.
        shape: Tuple of integers.
        dtype: NumPy dtype of numbers; that of objects for texts and references.
        kind: String, "numbers", "texts" or "references".
        chunks: Tuple of integers, shape of a chunk, or None.
    """

    def __init__(
        self, file: File, name: str, address: int, described: dict[str, Any]
    ) -> None:
        self._file = file
        self.address = address
        self._described = described
        self._fixed = described["kind"] == "text"
        self._index: np.ndarray | None = None
        self._last: tuple[int, np.ndarray] | None = None
        self.name = name
        self.attrs: dict[str, Any] = described["attributes"]
        self.shape: tuple[int, ...] = tuple(described["shape"])
        self.kind = "texts" if self._fixed else described["kind"]
        stored = {"texts": IN_HEAP, "references": np.dtype("<u8")}
        self._stored = stored.get(described["kind"]) or np.dtype(described["dtype"])
        self.dtype = self._stored if self.kind == "numbers" else np.dtype(object)
        self.chunks = tuple(described["chunk"]) if "chunk" in described else None
        with self._errors():
            self._check_size()

    @property
    def ndim(self) -> int:
        """Integer, number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Integer, number of values."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Integer, number of bytes of all values."""
        return self.size * self._stored.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        if rows is Ellipsis or rows == ():
            first, last = 0, self.shape[0] if self.shape else 1
        elif isinstance(rows, slice) and self.shape:
            first, last, step = rows.indices(self.shape[0])
            if step != 1:
                raise IndexError("expected rows one after the other")
        else:
            raise IndexError(f"{rows!r}; expected [...] or rows [start:stop]")
        with self._errors():
            values = self._rows(first, max(first, last))
            if self.kind == "references":
                return self._targets(values)
            if self._fixed:
                return fixed_texts(values, self._described["padding"])
            if self.kind == "texts":
                file = self._file
                return heap_texts(values, file.base, file.size, file.read)
            return values

    def _errors(self):
        return errors_naming(f"{self._file.shown}: {self.name}")

    def _check_size(self):
        """Refuse a dataset that declares more than the file can hold."""
        file, nbytes, layout = self._file, self.nbytes, self._described["layout"]
        if layout == "chunked":
            hdf5_filters.check_filters(self._described["filters"])
            held = file.size * hdf5_filters.MOST_INFLATED
            chunk = math.prod(self.chunks) * self._stored.itemsize
            fits = len(self.chunks) == len(self.shape) and 0 < chunk <= held
        elif layout == "contiguous":
            held = self._described["size"]
            fits = held == nbytes
        else:
            held = len(base64.b64decode(self._described["content"]))
            fits = held == nbytes
        if nbytes and (not fits or nbytes > held):
            raise ValueError(
                f"declares {self.shape} values, {nbytes:,} bytes; the file has at most"
                f" {held:,} for them: it lacks values or is damaged"
            )

    def _rows(self, first, last):
        """Return rows as they are stored; of a dataset without axes its value."""
        shape = (last - first, *self.shape[1:]) if self.shape else ()
        if not math.prod(shape):
            return np.zeros(shape, self._stored)
        if self.chunks:
            values = self._rows_of_chunks(first, last, shape)
        else:
            size = math.prod(shape) * self._stored.itemsize
            start = first * (size // max(1, last - first))
            values = np.frombuffer(self._content(start, size), self._stored)
            values = values.reshape(shape).copy()
        if values.dtype == bool and (values.view(np.uint8) > 1).any():
            raise ValueError("a truth value that is neither 0 nor 1")
        return values

    def _content(self, start, size):
        if self._described["layout"] == "compact":
            content = base64.b64decode(self._described["content"])
            return content[start : start + size]
        self._file.claim(self.address, self.nbytes)
        return self._file.read(self._described["offset"] + start, size)

    def check_chunks(self) -> None:
        """Check that all chunks are where they can be; raise a ValueError if not."""
        if self.chunks and self.size:
            with self._errors():
                self._index = self._chunk_index()

    def _rows_of_chunks(self, first, last, shape):
        if self._index is None:
            self._index = self._chunk_index()
        values = np.empty(shape, self._stored)
        starts = self._index[:, 0]
        begin = np.searchsorted(starts, first - self.chunks[0], side="right")
        end = np.searchsorted(starts, last, side="left")
        for i in range(begin, end):
            chunk = self._chunk(i)
            place, source = [], []
            limits = [(first, last), *((0, length) for length in self.shape[1:])]
            corner = self._index[i, : len(self.shape)].tolist()
            for (low, high), start, side in zip(
                limits, corner, self.chunks, strict=True
            ):
                from_, to = max(low, start), min(high, start + side)
                place.append(slice(from_ - low, to - low))
                source.append(slice(from_ - start, to - start))
            values[tuple(place)] = chunk[tuple(source)]
        return values

    def _chunk(self, i):
        """Return the values of a chunk; the last one is kept."""
        if self._last is None or self._last[0] != i:
            mask, offset, size = self._index[i, len(self.shape) :].tolist()
            content = hdf5_filters.decoded(
                self._file.read(offset, size),
                self._described["filters"],
                mask,
                math.prod(self.chunks) * self._stored.itemsize,
                self._stored.itemsize,
            )
            chunk = np.frombuffer(content, self._stored).reshape(self.chunks)
            self._last = (i, chunk)
        return self._last[1]

    def _chunk_index(self):
        """Return where chunks are, by their first row, once all are known to be there.

        Returns:
            Int64 array `(chunks, axes + 3)`, as `hdf5_layout.chunks` describes it.
        """
        answer = layouts.ask(chunks=self.address, file=self._file.number)
        axes, sides = len(self.shape), np.array(self.chunks)
        index = np.frombuffer(base64.b64decode(answer["chunks"]), "<i8")
        index = index.reshape(-1, axes + 3)
        expected = -(-np.array(self.shape) // sides)
        corners = index[:, :axes]
        within = (corners >= 0) & (corners < self.shape) & (corners % sides == 0)
        if (index < 0).any() or not within.all():
            raise ValueError("a chunk outside of the dataset")
        if len(np.unique(corners, axis=0)) != len(index):
            raise ValueError("a chunk that is there twice")
        if len(index) != math.prod(expected.tolist()):
            raise ValueError(
                f"{len(index)} chunks, expected {math.prod(expected.tolist())}: it"
                " lacks values"
            )
        offsets, sizes = index[:, axes + 1], index[:, axes + 2]
        order = np.argsort(offsets)
        if (np.diff(offsets[order]) < sizes[order][:-1]).any():
            raise ValueError("its chunks overlap")
        needed = math.prod(self.chunks) * self._stored.itemsize
        if needed > int(sizes.min()) * hdf5_filters.MOST_INFLATED:
            raise ValueError(f"a chunk of {sizes.min()} bytes, which can't be whole")
        self._file.claim(self.address, sum(sizes.tolist()))
        return index[np.argsort(corners[:, 0], kind="stable")]

    def _targets(self, addresses):
        """Return the datasets that references lead to, in an array of objects."""
        targets = np.empty(addresses.shape, object)
        for place, address in np.ndenumerate(addresses):
            path = f"{self.name}{list(place)}"
            targets[place] = self._file.object_at(int(address), path)
        return targets
