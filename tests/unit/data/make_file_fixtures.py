"""Writes fixtures/files.json: files of examples in formats and encodings that a test can't write itself.

pip install pyarrow==26.0.1 openpyxl==3.1.5; python make_file_fixtures.py
"""

import base64
import datetime
import decimal
import io
import json
import pathlib

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = {
    "gb18030": "你是谁？我是海盗，从很远的地方来。镕㐀",
    "big5": "你為什麼哭？因為我沒有家，也沒有朋友。",
    "shift_jis": "あなたは誰ですか。私はカタカナと漢字を読みます。",
    "euc-jp": "あなたは誰ですか。私はカタカナと漢字を読みます。",
    "euc-kr": "당신은 누구입니까? 나는 바다에서 온 사람이다.",
    "windows-1252": "Où est l’été ? Ça coûte 5 €, à Köln wie in Malmö.",
}

# Read in place of Windows-1252 if their letters tell so. KOI8-R is not known, and looks like Windows-1251.
ONE_BYTE = {
    "windows-1250": [
        "Czym jest fotosynteza? Rośliny wykorzystują światło słoneczne, wodę i dwutlenek węgla, żeby żyć.",
        "Vysvětlete prosím, co je fotosyntéza. Rostliny používají sluneční světlo a vodu.",
        "Mi a fotoszintézis? A növények napfényt használnak fel, vizet és levegőt, hogy élhessenek.",
    ],
    "windows-1251": ["Объясните простыми словами, что такое фотосинтез. Растения используют солнечный свет."],
    "windows-1252": ["Größe und Übung", "¿Qué es la fotosíntesis? El niño preguntó."],
    "windows-1254": ["Fotosentez nedir, lütfen açıklayın. Bitkiler güneş ışığını ve suyu kullanır."],
    "koi8-r": ["Объясните простыми словами, что такое фотосинтез. Растения используют солнечный свет."],
    "iso8859-2": ["Czym jest fotosynteza? Rośliny wykorzystują światło słoneczne, wodę i dwutlenek węgla, żeby żyć."],
}


def base64_of(data):
    return base64.b64encode(data).decode()


def encodings():
    files = {}
    for label, text in TEXTS.items():
        lines = [json.dumps({"text": f"{text} {i}"}, ensure_ascii=False) for i in range(3)]
        files[label] = {"text": text, "bytes": base64_of("\n".join(lines).encode(label))}
    return files


def one_byte():
    return [
        [label, text, base64_of(json.dumps({"text": text}, ensure_ascii=False).encode(label))]
        for label, texts in ONE_BYTE.items()
        for text in texts
    ]


def table():
    return pa.table(
        {
            "instruction": pa.array(["你好", "b", None]),
            "messages": pa.array(
                [
                    [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
                    [],
                    None,
                ],
                type=pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
            ),
            "count": pa.array([1, 2**53 + 1, None], type=pa.int64()),
            "share": pa.array([1.0, 0.5, None], type=pa.float64()),
            "good": pa.array([True, False, None]),
            "day": pa.array([datetime.date(2024, 2, 29), None, None]),
            "moment": pa.array([datetime.datetime(2024, 2, 29, 12, 30), None, None], type=pa.timestamp("us")),
            "price": pa.array([decimal.Decimal("1.50"), None, None], type=pa.decimal128(5, 2)),
            "kind": pa.array(["x", "x", "y"]).dictionary_encode(),
            "at": pa.array([datetime.time(1, 2, 3, 4), None, None], type=pa.time64("us")),
            "half": pa.array([1.0, None, None], type=pa.float16()),
        }
    )


def parquet():
    files = {}
    for codec in ["none", "snappy", "gzip", "zstd", "brotli"]:
        out = io.BytesIO()
        pq.write_table(table(), out, compression=codec, row_group_size=2)
        files[codec] = base64_of(out.getvalue())
    out = io.BytesIO()
    pq.write_table(pa.table({"text": pa.array([b"plain", b"\xff\xfe"], type=pa.binary())}), out)
    files["bytes"] = base64_of(out.getvalue())
    out = io.BytesIO()
    numbers = [decimal.Decimal("12345678901234567.89"), decimal.Decimal("-90071992547409.91")]
    pq.write_table(pa.table({"n": pa.array(numbers, type=pa.decimal128(25, 2))}), out)
    files["decimals"] = base64_of(out.getvalue())
    return files


def xlsx():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "问答"
    sheet.append(["instruction", "output", "n", "day", "yes", "at"])
    sheet.append(["你好", "line\nbreak", 3, datetime.datetime(2024, 2, 29), True, datetime.time(13, 5)])
    sheet.append([None, None, None, None, None])
    sheet.append(["b", 1.5, None, None, False, datetime.datetime(2024, 2, 29, 13, 5, 6)])
    other = book.create_sheet("more")
    other.append(["instruction", "output"])
    other.append(["c", "d"])
    book.create_sheet("empty")
    out = io.BytesIO()
    book.save(out)
    return base64_of(out.getvalue())


files = {"encodings": encodings(), "oneByte": one_byte(), "parquet": parquet(), "xlsx": xlsx()}
path = pathlib.Path(__file__).parent / "fixtures" / "files.json"
path.write_text(json.dumps(files, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
