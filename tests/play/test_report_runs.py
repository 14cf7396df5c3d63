"""The logs of runs: joined over stops, and refused where they are none."""

import pytest

from lzp.play.report_charts import learning_charts, smooth, thin
from lzp.play.report_runs import Curve, RunError, has_log, read_log, read_run


def write_run(folder, config="", **logs):
    folder.mkdir(parents=True, exist_ok=True)
    for version, text in logs.items():
        path = folder / "csv" / f"version_{version.removeprefix('v')}" / "metrics.csv"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (folder / "config.yaml").write_text(config)
    return folder


def test_steps_taken_twice_are_those_of_the_later_log(tmp_path):
    folder = write_run(
        tmp_path,
        v0="step,val/loss\n9,5.0\n19,4.0\n29,3.0\n39,2.9\n",
        v1="lr-AdamW,step,val/loss\n0.1,27,\n,29,3.5\n,39,3.25\n",
        v2="step,val/loss\n",  # killed before its first line was written
        v10="step,val/loss\n49,1.0\n",  # after version 2, not before it
    )
    (folder / "csv" / "version_3").mkdir()
    curves = read_run(folder).curves
    assert curves["val/loss"] == Curve((10, 20, 30, 40, 50), (5.0, 4.0, 3.5, 3.25, 1.0))
    assert curves["lr-AdamW"] == Curve((28,), (0.1,))


def test_a_line_that_was_cut_off_and_what_is_no_number_are_left_out(tmp_path):
    folder = write_run(tmp_path, v0="step,a,b\n1,nan,2.5\n2,3.5,inf\n3,0.12")
    assert read_log(folder / "csv/version_0/metrics.csv") == [(1, {"b": 2.5}), (2, {"a": 3.5})]


@pytest.mark.parametrize(
    ("log", "config", "message"),
    [
        ("time,loss\n1,2\n", "", "metrics.csv: not a training log: no column step"),
        ("step,loss\n1,2\n3,four\n", "", "line 3: could not convert string to float: 'four'"),
        ("step,loss\nx,2\n", "", "line 2: invalid literal for int()"),
        ("step,loss\n1,2\n", "a: [", "config.yaml: cannot be read"),
        ("step,loss\n1,2\n", "a: !!python/object/apply:os.abort []", "config.yaml: cannot be read"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path, log, config, message):
    with pytest.raises(RunError) as error:
        read_run(write_run(tmp_path, config, v0=log))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_without_a_log_is_no_run(tmp_path):
    assert not has_log(tmp_path)
    with pytest.raises(RunError, match="no log of a run"):
        read_run(tmp_path)
    with pytest.raises(RunError, match="no such folder"):
        read_run(tmp_path / "no")


@pytest.mark.parametrize(
    ("trainer", "samples"),
    [
        ("{}", 64),
        ("{devices: 2, accumulate_grad_batches: 4}", 512),
        ("{devices: [0, 3], num_nodes: 3}", 384),
        ("{devices: '2'}", 128),
        ("{devices: auto}", None),
        ("{devices: -1}", None),
    ],
)
def test_samples_of_a_step_follow_from_the_configuration(tmp_path, trainer, samples):
    config = f"data: {{batch_size: 64}}\ntrainer: {trainer}\n"
    run = read_run(write_run(tmp_path, config, v0="step,loss\n0,1\n"))
    assert run.samples_per_step == samples


def test_the_filter_and_the_store_are_those_of_the_run(tmp_path):
    config = "data: {store: s.lzps, games: {_target_: x, val_fraction: 0.25, even_only: true}}"
    run = read_run(write_run(tmp_path / "a", config, v0="step,loss\n0,1\n"))
    assert [str(path) for path in run.stores] == ["s.lzps"]
    assert run.game_filter().val_fraction == 0.25
    assert run.game_filter().even_only
    for wrong in ("{val_fraction: 2}", "{val_fraction: much}"):
        run = read_run(
            write_run(tmp_path / wrong, f"data: {{games: {wrong}}}", v0="step,loss\n0,1\n")
        )
        with pytest.raises(RunError, match=r"config\.yaml: data\.games"):
            run.game_filter()
    for config in ("", "data: 3", "data: {store: null, games: all}"):
        run = read_run(write_run(tmp_path / f"x{config}", config, v0="step,loss\n0,1\n"))
        assert run.stores == []
        assert run.game_filter().val_fraction == 0.01


def test_runs_lie_over_each_other_by_samples_or_else_by_steps(tmp_path):
    log = "step,train/policy_loss,val/policy_loss,lr-SGD/pg1\n9,3,4,0.1\n19,2,3,0.05\n"
    known = [
        read_run(write_run(tmp_path / str(size), f"data: {{batch_size: {size}}}", v0=log))
        for size in (32, 64)
    ]
    unknown = read_run(write_run(tmp_path / "unknown", "", v0=log))
    loss, rate = learning_charts(known, [(10, "best")])
    assert (loss.title, rate.title) == ("policy loss (nats)", "learning rate")
    drawn = {(s.name, s.style): (list(s.x), list(s.y), s.color) for s in loss.series if s.name}
    assert drawn == {
        ("32", "points"): ([320, 640], [4, 3], 0),
        ("64", "points"): ([640, 1280], [4, 3], 1),
    }
    assert loss.marks == [(320, "best")]
    loss, _ = learning_charts([*known, unknown], [])
    assert loss.x_label == "steps"
    assert [list(series.x) for series in loss.series] == [[10, 20]] * 6
    loss, _ = learning_charts([unknown], [])
    assert [series.name for series in loss.series] == ["training", "validation"]


def test_smoothing_keeps_a_straight_line_and_thinning_the_last_point():
    steps = tuple(range(1, 1001))
    straight = smooth(Curve(steps, tuple(float(step) for step in steps)))
    assert len(straight.steps) <= 300
    assert straight.numbers == pytest.approx(straight.steps)
    assert thin(Curve(steps, steps)).steps[-1] == 1000
    assert thin(Curve((), ())) == Curve((), ())
    scattered = tuple(float(step % 2) for step in steps)
    assert smooth(Curve(steps, scattered)).numbers[100] == pytest.approx(0.5, abs=0.05)
