"""The baseline of finding: texts in tantivy with English stems, each by its number, scored by BM25."""

from __future__ import annotations

from collections.abc import Sequence

from tantivy import Document, Index, SchemaBuilder

from services.matching.text.terms import stems


def index_of(texts: Sequence[str]) -> Index:
    """An index of field `text`, with the text's number as `id`."""
    builder = SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="stems")
    builder.add_integer_field("id", stored=True, fast=True)
    index = Index(builder.build())
    index.register_tokenizer("stems", stems())
    writer = index.writer(heap_size=20_000_000, num_threads=1)
    for number, text in enumerate(texts):
        writer.add_document(Document(text=text, id=number))
    writer.commit()
    index.reload()
    return index
