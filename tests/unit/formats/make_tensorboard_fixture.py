"""An event file that TensorBoard's own writer makes. Run: pip install tensorboard==2.21.0; python make_tensorboard_fixture.py"""

from io import BytesIO
from pathlib import Path

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def scalars(values):
    return summary_pb2.Summary(
        value=[summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
    )


def text(tag, words):
    return summary_pb2.Summary(
        value=[
            summary_pb2.Summary.Value(
                tag=tag,
                tensor=tensor_pb2.TensorProto(
                    dtype=types_pb2.DT_STRING,
                    tensor_shape=tensor_shape_pb2.TensorShapeProto(
                        dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)]
                    ),
                    string_val=[words.encode()],
                ),
                metadata=summary_pb2.SummaryMetadata(
                    plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
                ),
            )
        ]
    )


file = BytesIO()
writer = RecordWriter(file)
for event in [
    event_pb2.Event(wall_time=1767225600.25, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=1767225600.25, summary=text("args/text_summary", "    r: 8\n    名: 学\n")),
    event_pb2.Event(wall_time=1767225601.5, step=1, summary=scalars({"train/loss": 2.75, "train/epoch": 0.1})),
    event_pb2.Event(wall_time=1767225700.0, step=300, summary=scalars({"eval/loss": 1e-7})),
]:
    writer.write(event.SerializeToString())
(Path(__file__).parent / "fixtures" / "tensorboard.tfevents").write_bytes(file.getvalue())
