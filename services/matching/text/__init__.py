"""Texts as numbers: which vector means what, which words weigh how much. Pure, but for the files of the model."""
