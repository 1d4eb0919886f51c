"""Interchange Managers: who acts for which organisation, from appointment to stepping down."""
