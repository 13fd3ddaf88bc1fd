"""What forms of every app share: showing at their fields what a service refused."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.errors import DomainError


class DomainForm(forms.Form):
    """A form that can show what a service refused. Browsers do not check it: the answer does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)

    def full_clean(self) -> None:
        """What is wrong with a field that nobody sees is said above the form."""
        super().full_clean()
        for bound in self.hidden_fields():
            for text in list(self.errors.get(bound.name, ())):
                self.add_error(None, f"{bound.label}: {text}")

    def refuse(self, error: DomainError) -> None:
        """Show a service's refusal at the fields it names, else above the form."""
        known = {name: texts for name, texts in error.errors.items() if name in self.fields}
        for name, texts in known.items():
            self.add_error(name, texts)
        if not known:
            self.add_error(None, error.message)
