"""Notices as tables that spreadsheets read and write."""
