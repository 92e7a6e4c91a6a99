HEAD: str
NAMES: dict[int, tuple[tuple[str, int, int], ...]]
