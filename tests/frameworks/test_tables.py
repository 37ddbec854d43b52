import decimal
import os
from pathlib import Path

import numpy as np
import pytest
import support
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

support.require("pandas")
support.require("pyarrow")
support.require("polars")
support.require("datasets")

import datasets
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet as pq

from reprobundle.components.data.digesting import digest_block, digest_sample
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import tables
from reprobundle.components.data.sources.paths import open_path
from reprobundle.components.data.sources.tables.batches import blocks_of_batches
from reprobundle.errors import RefusedInputError, UsageError

DTYPES = {"count": "int32", "size": "float32", "name": "str", "when": "datetime64[us]", "good": "bool"}
ROWS = 1000


def digests(value, **how):
    opened = open_path(value, How(**how)) if isinstance(value, Path) else tables.samples_of(value, How(**how))
    found = b"".join(map(digest_block, opened.blocks()))
    return [found[start : start + 16] for start in range(0, len(found), 16)]


def of_rows(rows):
    return [digest_sample(row) for row in rows]


@pytest.fixture(scope="module")
def frame():
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "count": draw.integers(-100, 100, ROWS).astype(np.int32),
            "size": np.where(draw.random(ROWS) < 0.1, np.nan, draw.normal(size=ROWS)).astype(np.float32),
            "name": [f"näme {number} \N{PENGUIN}" for number in range(ROWS)],
            "when": pd.date_range("2020-01-01", periods=ROWS, freq="s", unit="us"),
            "good": draw.random(ROWS) < 0.5,
        }
    )


@pytest.fixture(scope="module")
def plain(frame):
    """The same without NaN, which some libraries turn into missing values when they take a frame."""
    return frame.fillna({"size": 0.5})


def structured(frame):
    texts = frame["name"].str.len().max()
    kinds = [("count", "i4"), ("size", "f4"), ("name", f"U{texts}"), ("when", "M8[us]"), ("good", "?")]
    return np.array([*frame.itertuples(index=False, name=None)], dtype=kinds)


def chunked(frame):
    whole = pa.Table.from_pandas(frame)
    return pa.concat_tables([whole.slice(0, 1), whole.slice(1, 6), whole.slice(7, 0), whole.slice(7)])


def sliced(frame):
    whole = pa.Table.from_pandas(pd.concat([frame[:3], frame, frame[:5]], ignore_index=True))
    return whole.slice(3, len(frame))


def parquet(frame, folder, **how):
    frame.to_parquet(folder / "rows.parquet", **how)
    return folder / "rows.parquet"


def feather(frame, folder):
    pyarrow.feather.write_feather(pa.Table.from_pandas(frame), str(folder / "rows.feather"), compression="lz4")
    return folder / "rows.feather"


def stream(frame, folder):
    table = pa.Table.from_pandas(frame)
    with pa.OSFile(str(folder / "rows.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=17)
    return folder / "rows.arrow"


def text(frame, folder):
    frame.to_csv(folder / "rows.csv.gz", index=False)
    return folder / "rows.csv.gz"


def saved(frame, folder):
    datasets.Dataset.from_pandas(frame).save_to_disk(folder / "saved")
    return datasets.load_from_disk(folder / "saved")


def shuffled_back(frame, folder):
    order = np.random.default_rng(1).permutation(len(frame))
    return datasets.Dataset.from_pandas(frame.iloc[order].reset_index(drop=True)).select(np.argsort(order))


HOLDERS = {
    "arrow": lambda frame, folder: pa.Table.from_pandas(frame),
    "arrow in other chunks": lambda frame, folder: chunked(frame),
    "arrow with offsets": lambda frame, folder: sliced(frame),
    "arrow batch": lambda frame, folder: pa.RecordBatch.from_pandas(frame),
    "arrow reader": lambda frame, folder: pa.Table.from_pandas(frame).to_reader(max_chunksize=13),
    "arrow data set": lambda frame, folder: pyarrow.dataset.dataset(parquet(frame, folder)),
    "parquet": parquet,
    "parquet in other row groups": lambda frame, folder: parquet(frame, folder, row_group_size=7, compression="zstd"),
    "feather": feather,
    "arrow stream": stream,
    "structured": lambda frame, folder: structured(frame),
    "another order in memory": lambda frame, folder: frame.copy().iloc[::-1].iloc[::-1],
}
OF_MISSING = {
    "hugging face": lambda frame, folder: datasets.Dataset.from_pandas(frame),
    "hugging face with a format": lambda frame, folder: datasets.Dataset.from_pandas(frame).with_format(
        "numpy", columns=["count"]
    ),
    "hugging face from disk": saved,
    "hugging face by indices": shuffled_back,
    "hugging face from parquet": lambda frame, folder: datasets.Dataset.from_parquet(
        str(parquet(frame, folder)), cache_dir=str(folder / "cache")
    ),
    "hugging face as a stream": lambda frame, folder: datasets.Dataset.from_pandas(frame).to_iterable_dataset(),
    "polars": lambda frame, folder: pl.from_pandas(frame),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_every_holder_of_a_table_gives_one_digest(holder, frame, tmp_path):
    """A row's digest says nothing of the library, the chunks or the file that holds it."""
    assert digests(HOLDERS[holder](frame, tmp_path)) == digests(frame)


@pytest.mark.parametrize("holder", OF_MISSING)
def test_libraries_without_nan_in_their_frames_agree_where_there_is_none(holder, plain, tmp_path):
    """Hugging Face and polars make a missing value of pandas' NaN; without NaN they give the same digests."""
    assert digests(OF_MISSING[holder](plain, tmp_path)) == digests(plain)


def test_csv_with_declared_dtypes_gives_the_same_digest(frame, tmp_path):
    """A CSV file has no dtypes; with the frame's declared, its rows are the frame's."""
    assert digests(text(frame, tmp_path), dtypes=DTYPES) == digests(frame)


def test_the_digest_of_a_row_is_that_of_its_mapping(frame):
    """A row is the mapping of the columns' names to its cells."""
    rows = [
        {"count": row["count"], "size": row["size"], "name": str(row["name"]), "when": row["when"], "good": row["good"]}
        for row in structured(frame)
    ]

    assert digests(frame) == of_rows(rows)


NEAR_MISSES = {
    "a column renamed": lambda frame: frame.rename(columns={"count": "Count"}),
    "columns in another order": lambda frame: frame[[*frame.columns][::-1]],
    "int64 for int32": lambda frame: frame.astype({"count": "int64"}),
    "another unit of time": lambda frame: frame.astype({"when": "datetime64[ns]"}),
    "a zone": lambda frame: frame.assign(when=frame["when"].dt.tz_localize("UTC")),
}


@pytest.mark.parametrize("miss", NEAR_MISSES)
def test_another_form_of_a_column_changes_every_row(miss, plain):
    """Names, order, dtypes and units are part of each row."""
    assert not set(digests(NEAR_MISSES[miss](plain))) & set(digests(plain))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([0.0]), pa.array([-0.0])),
        (pa.array([None], pa.float64()), pa.array([float("nan")])),
        (pa.array([None], pa.string()), pa.array([""])),
        (pa.array(["a"]), pa.array([b"a"])),
        (pa.array([[1, 2]]), pa.array([["1", "2"]])),
        (pa.array([[]], pa.list_(pa.int64())), pa.array([None], pa.list_(pa.int64()))),
        (pa.array([decimal.Decimal("1.5")]), pa.array([decimal.Decimal("1.50")])),
    ],
)
def test_cells_that_only_look_alike_differ(one, other):
    """The sign of zero, a missing value, an empty one, NaN, and the kind of a text are told apart."""
    assert digests(pa.table({"a": one})) != digests(pa.table({"a": other}))


def test_swapped_rows_have_the_same_digests_in_another_order(frame):
    """A row's place is no part of it."""
    swapped = pd.concat([frame[1:2], frame[:1], frame[2:]])

    assert digests(swapped) != digests(frame)
    assert sorted(digests(swapped)) == sorted(digests(frame))


numbers = {
    pa.int8(): np.int8,
    pa.int16(): np.int16,
    pa.int32(): np.int32,
    pa.int64(): np.int64,
    pa.uint8(): np.uint8,
    pa.uint16(): np.uint16,
    pa.uint32(): np.uint32,
    pa.uint64(): np.uint64,
}
texts = st.text(max_size=6)


def integers(kind):
    limits = np.iinfo(kind)
    return st.integers(int(limits.min), int(limits.max))


def scalars():
    """Arrow's type, its cells, and how a cell stands in a sample."""
    floats = {pa.float16(): (16, np.float16), pa.float32(): (32, np.float32), pa.float64(): (64, np.float64)}
    cases = [(kind, integers(made), made) for kind, made in numbers.items()]
    cases += [(kind, st.floats(width=width), made) for kind, (width, made) in floats.items()]
    cases += [
        (pa.bool_(), st.booleans(), bool),
        (pa.string(), texts, str),
        (pa.large_string(), texts, str),
        (pa.string_view(), texts, str),
        (pa.binary(), st.binary(max_size=6), bytes),
        (pa.binary_view(), st.binary(max_size=6), bytes),
        (pa.binary(3), st.binary(min_size=3, max_size=3), bytes),
        (pa.dictionary(pa.int8(), pa.string()), texts, str),
        (pa.date32(), st.dates(), lambda cell: cell),
        (pa.date64(), st.dates(), lambda cell: cell),
        (pa.time64("us"), st.times(), lambda cell: cell),
        (pa.decimal128(9, 3), st.decimals(-1000, 1000, places=3), lambda cell: cell),
        (pa.null(), st.none(), lambda cell: cell),
    ]
    for unit in ("s", "ms", "us", "ns"):
        counts = st.integers(-(2**40), 2**40)
        cases.append((pa.timestamp(unit), counts, lambda cell, unit=unit: np.datetime64(cell, unit)))
        cases.append((pa.duration(unit), counts, lambda cell, unit=unit: np.timedelta64(cell, unit)))
        cases.append(
            (
                pa.timestamp(unit, "Europe/Paris"),
                counts,
                lambda cell, unit=unit: pd.Timestamp(cell, unit=unit, tz="UTC").as_unit(unit),
            )
        )
    return [
        (kind, st.none() | cells, lambda cell, as_=as_: None if cell is None else as_(cell))
        for kind, cells, as_ in cases
    ]


SCALARS = scalars()


def lists(case):
    kind, cells, as_cell = case

    def as_sample(cell):
        if cell is None:
            return None
        made = [as_cell(item) for item in cell]
        is_tensor = kind in numbers or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        if is_tensor and None not in cell:
            return np.array(cell, kind.to_pandas_dtype())
        return tuple(made)

    return pa.list_(kind), st.none() | st.lists(cells, max_size=3), as_sample


def structs(one, other):
    def as_sample(cell):
        return None if cell is None else {"x": one[2](cell["x"]), "y": other[2](cell["y"])}

    return (
        pa.struct([("x", one[0]), ("y", other[0])]),
        st.none() | st.fixed_dictionaries({"x": one[1], "y": other[1]}),
        as_sample,
    )


cases = st.deferred(
    lambda: (
        st.sampled_from(SCALARS)
        | st.sampled_from([case for case in SCALARS if not pa.types.is_dictionary(case[0])]).map(lists)
        | st.builds(structs, cases, cases)
        | st.builds(lists, st.builds(structs, st.sampled_from(SCALARS[:3]), st.sampled_from(SCALARS[:12])))
    )
)


@pytest.mark.slow
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_arrow_columns_of_every_type_give_the_digests_of_their_rows(drawn):
    """The vectorised reading of Arrow's buffers gives what the definition gives row by row, sliced and in chunks."""
    chosen = drawn.draw(st.lists(cases, min_size=1, max_size=3))
    count = drawn.draw(st.integers(0, 12))
    columns = [drawn.draw(st.lists(cells, min_size=count, max_size=count)) for _, cells, _ in chosen]
    names = [f"c{index}" for index in range(len(chosen))]
    rows = [
        {name: case[2](cell) for name, case, cell in zip(names, chosen, row, strict=True)}
        for row in zip(*columns, strict=True)
    ]
    table = pa.table(dict(zip(names, [pa.array(c, k[0]) for c, k in zip(columns, chosen, strict=True)], strict=True)))
    start = drawn.draw(st.integers(0, count))

    assert digests(table) == of_rows(rows)
    assert digests(table.slice(start)) == of_rows(rows[start:])
    assert digests(pa.concat_tables([table.slice(start), table.slice(0, start)])) == of_rows(
        rows[start:] + rows[:start]
    )


@pytest.mark.slow
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_frame_and_its_parquet_file_agree(tmp_path_factory, drawn):
    """What pandas writes into a Parquet file is read as the frame it came from, NaN and missing values included."""
    count = drawn.draw(st.integers(1, 8))

    def cells(of):
        return drawn.draw(st.lists(of, min_size=count, max_size=count))

    frame = pd.DataFrame(
        {
            "i": np.array(cells(integers(np.int16)), np.int16),
            "f": np.array(cells(st.floats(width=32)), np.float32),
            "F": pd.array(cells(st.none() | st.floats(-9, 9)), dtype="Float64"),
            "I": pd.array(cells(st.none() | st.integers(0, 9)), dtype="UInt8"),
            "B": pd.array(cells(st.none() | st.booleans()), dtype="boolean"),
            "b": np.array(cells(st.booleans()), bool),
            "s": pd.Series(cells(st.none() | texts), dtype=object),
            "S": pd.Series(cells(st.none() | texts), dtype="string"),
            "p": pd.Series(cells(st.none() | texts), dtype="string[python]"),
            "c": pd.Categorical(cells(st.sampled_from(["x", "y", None]))),
            "n": pd.Categorical(cells(st.sampled_from([1.5, 2.0, None]))),
            "y": pd.Series(cells(st.none() | st.binary(max_size=3)), dtype=object),
            "t": pd.Series(
                cells(st.none() | st.datetimes()),
                dtype="datetime64[us]",
            ),
            "d": pd.Series(cells(st.none() | st.dates()), dtype=object),
            "l": pd.Series(cells(st.none() | st.lists(st.floats(), max_size=3)), dtype=object),
            "L": pd.Series(cells(st.none() | st.lists(texts, max_size=3)), dtype=object),
            "A": pd.Series(cells(st.none() | st.integers(0, 9)), dtype=pd.ArrowDtype(pa.int16())),
        }
    )
    place = tmp_path_factory.mktemp("property") / "rows.parquet"
    frame.to_parquet(place)

    assert digests(frame) == digests(place)
    assert digests(frame) == digests(pa.Table.from_pandas(frame))


def test_encodings_of_arrow_are_no_part_of_the_digest():
    """Run ends, dictionaries, views, lists of one length and larger offsets hold the same cells."""
    words = pa.array(["a", "a", None, "ü"])
    lists_of_two = pa.array([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.int16()))
    encodings = [
        (words, pa.array(["a", "a", None, "ü"]).dictionary_encode()),
        (words, pa.compute.run_end_encode(words)),
        (words, words.cast(pa.string_view())),
        (lists_of_two, lists_of_two.cast(pa.list_(pa.int16(), 2))),
        (lists_of_two, lists_of_two.cast(pa.large_list(pa.int16()))),
        (lists_of_two, pa.array(lists_of_two.to_pylist(), pa.list_view(pa.int16()))),
    ]

    assert all(digests(pa.table({"a": one})) == digests(pa.table({"a": other})) for one, other in encodings)


def test_one_very_long_list_among_short_ones():
    """Rows of lists of texts are laid side by side only as long as that takes no more memory than they hold."""
    cells = [["a"] * (index % 3) for index in range(300)]
    cells[150] = [str(index) for index in range(20_000)]
    table = pa.table({"a": cells})

    assert digests(table) == of_rows([{"a": cell} for cell in cells])


def test_tensors_of_arrow_and_hugging_face_are_numpys(tmp_path):
    """A column of tensors of several dimensions gives the digests of the arrays themselves."""
    content = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    rows = of_rows([{"a": array} for array in content])
    features = datasets.Features({"a": datasets.Array2D((2, 2), "float32")})
    held = datasets.Dataset.from_dict({"a": content.tolist()}, features=features)
    growing = datasets.Features({"a": datasets.Array2D((None, 2), "float32")})
    ragged = datasets.Dataset.from_dict({"a": [content[0].tolist(), content[1, :1].tolist()]}, features=growing)
    held.to_parquet(tmp_path / "rows.parquet")

    assert digests(pa.table({"a": pa.FixedShapeTensorArray.from_numpy_ndarray(content)})) == rows
    assert digests(held) == rows
    assert digests(tmp_path / "rows.parquet") == rows
    assert digests(ragged) == of_rows([{"a": content[0]}, {"a": content[1, :1]}])


def test_pictures_are_their_bytes(tmp_path):
    """A picture of Hugging Face counts as its bytes, whether they are embedded or only a path is known."""
    (tmp_path / "one.png").write_bytes(b"picture")
    features = datasets.Features({"image": datasets.Image(decode=False)})
    embedded = datasets.Dataset.from_dict({"image": [{"bytes": b"picture", "path": "x.png"}]}, features=features)
    by_path = datasets.Dataset.from_dict({"image": [str(tmp_path / "one.png")]}, features=features)

    assert digests(embedded) == digests(by_path) == of_rows([{"image": b"picture"}])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("id_rsa", "a path that names no picture, sound, film or scan cannot be kept as a part of a sample"),
        ("pipe.png", "a path that leads to no regular file cannot be kept as a part of a sample"),
        ("none.png", "a path that cannot be read (No such file or directory) cannot be kept as a part of a sample"),
    ],
)
def test_a_data_set_names_no_file_of_the_reader(tmp_path, name, message):
    """Whoever made a data set wrote its paths: a key is not read for a picture, and no pipe is waited for."""
    (tmp_path / "id_rsa").write_bytes(b"key")
    os.mkfifo(tmp_path / "pipe.png")
    features = datasets.Features({"image": datasets.Image(decode=False)})
    with pytest.raises(UsageError) as raised:
        digests(datasets.Dataset.from_dict({"image": [str(tmp_path / name)]}, features=features))

    assert str(raised.value) == f"column 'image': {message}"


def test_a_picture_is_read_where_the_library_keeps_it(tmp_path, monkeypatch):
    """What the library downloaded has a name of its own there."""
    (tmp_path / "0a1b2c").write_bytes(b"picture")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    features = datasets.Features({"image": datasets.Image(decode=False)})
    kept = datasets.Dataset.from_dict({"image": [str(tmp_path / "0a1b2c")]}, features=features)

    assert digests(kept) == of_rows([{"image": b"picture"}])


def test_a_path_in_a_file_is_not_followed(tmp_path):
    """A Parquet file of pictures that names paths only is refused: they are another machine's."""
    features = datasets.Features({"image": datasets.Image()})
    table = pa.table({"image": pa.array([{"bytes": None, "path": "/etc/hostname"}], features.arrow_schema[0].type)})
    pq.write_table(table.replace_schema_metadata(features.arrow_schema.metadata), tmp_path / "rows.parquet")
    with pytest.raises(UsageError) as raised:
        digests(tmp_path / "rows.parquet")

    assert str(raised.value) == "column 'image': a path instead of the content cannot be kept as a part of a sample"


def test_a_named_index_is_the_last_column(plain, tmp_path):
    """pandas writes an index with a name behind the columns; one without a name, or a range, is no part of the rows."""
    keyed = plain.set_index(plain["count"].rename("key"))
    unnamed = plain.set_index(np.random.default_rng(2).permutation(ROWS))

    assert digests(keyed) == digests(plain.assign(key=plain["count"])) == digests(parquet(keyed, tmp_path))
    assert digests(unnamed) == digests(plain) == digests(parquet(unnamed, tmp_path))
    assert digests(datasets.Dataset.from_pandas(unnamed)) == digests(plain)


def test_a_series_is_an_array():
    """A single column without a name around it has the digests of the bare values."""
    values = np.arange(5, dtype=np.int16)
    expected = of_rows(values)

    assert digests(pd.Series(values)) == expected
    assert digests(pl.Series(values)) == expected
    assert digests(pa.chunked_array([values[:2], values[2:]])) == expected


def test_lists_with_nan_from_pandas_stay_tensors():
    """pandas' NaN in a list becomes null on the way to Arrow; it is read as NaN again."""
    frame = pd.DataFrame({"a": [[1.0, float("nan")], np.array([2.0])]})

    assert digests(frame) == of_rows([{"a": np.array([1.0, np.nan])}, {"a": np.array([2.0])}])
    assert digests(pa.Table.from_pandas(frame)) == digests(frame)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns are both called 'a'"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "two columns are both called '1'"),
        (pa.Table.from_arrays([pa.array([1])] * 2, ["a", "a"]), "two columns are both called 'a'"),
        (
            pa.table({"a": pa.array([{"b": 1}]), "a/b": pa.array([1])}),
            "two columns are both called 'a/b'",
        ),
        (
            pd.DataFrame({"a": np.array([1j])}),
            "column 'a': dtype complex128 cannot be kept as a part of a sample",
        ),
        (
            pd.DataFrame({"a": pd.period_range("2020", periods=1, freq="M")}),
            "column 'a': dtype period[M] cannot be kept as a part of a sample",
        ),
        (
            pd.DataFrame({"a": [2**70]}),
            "column 'a': an integer beyond 64 bits cannot be kept as a part of a sample",
        ),
        (
            pa.table({"a": pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8()))}),
            "column 'a': Arrow's type map<int8, int8> cannot be kept as a part of a sample",
        ),
        (pl.LazyFrame({"a": [1]}), "a LazyFrame of polars is a query, no table"),
        (
            datasets.DatasetDict({"train": datasets.Dataset.from_dict({"a": [1]})}),
            "a DatasetDict holds several splits: 'train'",
        ),
    ],
)
def test_what_loses_something_is_refused_by_name(value, message):
    """A column that no other library would hold alike is named with its type."""
    with pytest.raises(UsageError) as raised:
        digests(value)

    assert str(raised.value) == message


def test_objects_of_several_types_are_refused():
    """A column of Python's objects that are not of one type is no column."""
    with pytest.raises(UsageError) as raised:
        digests(pd.DataFrame({"a": [1, "x"]}))

    assert str(raised.value) == "column 'a': its objects are not of one type: int, str"


def test_an_object_of_a_strange_type_is_told_by_its_type():
    """What pyarrow says of an object holds its address, so the message names its type alone."""
    with pytest.raises(UsageError) as raised:
        digests(pd.DataFrame({"a": [object(), object()]}))

    assert str(raised.value) == "column 'a': objects of type object cannot be kept"


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "rows.feather"])
def test_a_broken_file_is_refused_without_its_folder(name, tmp_path):
    """A file that is not what its name says is told by its name alone."""
    (tmp_path / name).write_bytes(b"no table at all, whatever it is called")
    with pytest.raises(RefusedInputError) as raised:
        digests(tmp_path / name)

    assert str(raised.value).startswith(f"'{name}' cannot be read as a table: ")
    assert str(tmp_path) not in str(raised.value)


def test_a_cut_parquet_file_is_refused(frame, tmp_path):
    """What is broken within a file is told like a broken file."""
    place = parquet(frame, tmp_path, compression="snappy")
    content = bytearray(place.read_bytes())
    content[200:2000] = bytes(1800)
    place.write_bytes(content)
    with pytest.raises(RefusedInputError) as raised:
        digests(place)

    assert str(raised.value).startswith("'rows.parquet' cannot be read as a table: ")


def test_objects_of_polars_are_refused():
    """polars hands out the addresses of Python's objects, which are others in each run."""
    with pytest.raises(UsageError, match=r"^column 'o': dtype Object cannot be kept as a part of a sample"):
        tables.samples_of(pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}), How())


@pytest.mark.parametrize("give", [lambda i: None if i < 1000 else i, lambda i: i if i < 1001 else i + 0.5])
def test_a_stream_without_features_is_read_example_by_example(give):
    """What a portion of the rows would be taken for by Arrow does not count: each row is what the generator gave."""
    streamed = datasets.IterableDataset.from_generator(lambda: ({"x": give(i)} for i in range(1500)))

    assert digests(streamed) == [digest_sample({"x": give(i)}) for i in range(1500)]


def test_batches_of_other_schemas_are_not_joined():
    """Small batches are joined where they are of one schema only."""
    batches = [pa.record_batch({"x": pa.array([None, None])}), pa.record_batch({"x": pa.array([1, 2])})]
    found = b"".join(map(digest_block, blocks_of_batches(batches)))

    assert found == b"".join(digest_sample({"x": value}) for value in (None, None, 1, 2))
