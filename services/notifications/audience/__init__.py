"""Who is who: managers, operators and organisations as identity announced them."""
