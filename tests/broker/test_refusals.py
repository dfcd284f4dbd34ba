"""What a client is told that it may not do."""

import pytest

from headwater.broker import refusals


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (refusals.of_publish(b"a"), 'Permissions Violation for Publish to "a"'),
        (refusals.of_reply(b"r.1"), 'Permissions Violation for Publish with Reply of "r.1"'),
        (refusals.of_subscription(b"a.*"), 'Permissions Violation for Subscription to "a.*"'),
        (
            refusals.of_subscription(b"a", b"g"),
            'Permissions Violation for Subscription to "a" using queue "g"',
        ),
        (
            refusals.of_tokens(b"a.b.c"),
            'Permissions Violation for Subscription to "a.b.c", too many tokens',
        ),
        (
            refusals.of_kept(b"a", b"7"),
            'Permissions Violation for Subscription to "a" (sid "7")',
        ),
        # What cannot be printed, or would end the text, is escaped.
        (refusals.of_publish(b"\xff'\"\n"), 'Permissions Violation for Publish to "\\xff\'\\"\\n"'),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert text == expected
