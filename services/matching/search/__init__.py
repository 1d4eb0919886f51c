"""Finding notices by words, filters and place, with counts."""
