"""A number of things, in words."""


def counted(number: object, thing: str) -> str:
    """The number and the noun: "1 byte", "2 bytes".

    Args:
        number: how many.
        thing: one of them, such that an "s" makes several.
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
