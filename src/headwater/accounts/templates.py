"""Subjects of a scoped signing key, which have places for what a user and its account are."""

import itertools
import re

from headwater.accounts.claims import Permissions, Rule
from headwater.base.errors import FormatError
from headwater.subjects.validate import is_valid

_PLACE = re.compile(r"\{\{(.*?)\}\}")
_TAG = re.compile(r"(account-)?tag\((.+)\)", re.IGNORECASE)
# So many subjects one entry may stand for.
_SUBJECTS_MAX = 4096


class Names:
    """What stands in the places."""

    def __init__(
        self, user: tuple[str, str, list[str]], account: tuple[str, str, list[str]]
    ) -> None:
        """``user`` and ``account`` are a name, a key and tags each."""
        self._values = {
            "name()": [user[0]],
            "subject()": [user[1]],
            "account-name()": [account[0]],
            "account-subject()": [account[1]],
        }
        self._tags = user[2], account[2]

    def of(self, place: str) -> list[str]:
        """Return what may stand in a place: several values, or none, of a tag.

        Raises:
            FormatError: there is no such place.
        """
        place = place.strip().lower()
        if place in self._values:
            return self._values[place]
        tag = _TAG.fullmatch(place)
        if tag is None:
            raise FormatError(f"template operation {place!r} is not defined")
        prefix = f"{tag[2]}:"
        tags = self._tags[1 if tag[1] else 0]
        return [text[len(prefix) :] for text in tags if text.startswith(prefix)]


def filled(template: Permissions, names: Names) -> Permissions:
    """Return permissions with everything in its place.

    What is allowed and makes no subject is left out; if nothing is left, nothing is allowed.

    Raises:
        FormatError: what is denied makes no subject, or a place is not known.
    """
    return Permissions(_rule(template.pub, names), _rule(template.sub, names), template.resp)


def _rule(rule: Rule, names: Names) -> Rule:
    allow = [subject for entry in rule.allow for subject in _subjects(entry, names, strict=False)]
    deny = [subject for entry in rule.deny for subject in _subjects(entry, names, strict=True)]
    if rule.allow and not allow:
        deny.append(">")
    return Rule(allow, deny)


def _subjects(entry: str, names: Names, *, strict: bool) -> list[str]:
    places = _PLACE.findall(entry)
    if not places:
        return [entry]
    values = [names.of(place) for place in places]
    count = 1
    for found in values:
        count *= len(found)
    if count > _SUBJECTS_MAX:
        raise FormatError(f"{entry!r} stands for more than {_SUBJECTS_MAX} subjects")
    pieces = _PLACE.split(entry)[::2]
    subjects = []
    for chosen in itertools.product(*values):
        text = "".join(map("".join, itertools.zip_longest(pieces, chosen, fillvalue="")))
        if all(is_valid(word.encode()) for word in text.split(" ")):
            subjects.append(text)
        elif strict:
            raise FormatError(f"{entry!r} makes no subject")
    if strict and not subjects:
        raise FormatError(f"{entry!r} makes no subject")
    return subjects
