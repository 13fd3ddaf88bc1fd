"""Changing accounts, contacts, product users and segments."""
