"""Finding organisations by words, meaning, kind and place."""
