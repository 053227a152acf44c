"""Bytes to calls and back. It knows protocols and knows no service."""
