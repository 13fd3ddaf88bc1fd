"""The demonstration: an invented company's people and launches, made by the services everybody uses."""

from apps.portal.demo.making import make_demo

__all__ = ["make_demo"]
