class Security:
    def __init__(
        self,
        *,
        ca_file: str | None = None,
        ca_path: str | None = None,
        native_ca: bool = False,
        protocols: str = "https",
    ) -> None: ...
    @property
    def ca_file(self) -> str | None: ...
    @property
    def ca_path(self) -> str | None: ...
    @property
    def native_ca(self) -> bool: ...
    @property
    def protocols(self) -> str: ...

class Origin:
    def __init__(
        self, base_url: str, security: Security, *, connect_ms: int = 2000
    ) -> None: ...
    @property
    def base_url(self) -> str: ...
    @property
    def connect_ms(self) -> int: ...

class Route:
    def __init__(
        self,
        origin: Origin,
        path: str,
        *,
        once: bool,
        is_post: bool = True,
        request_ms: int = 5000,
        answer_limit: int = 1048576,
    ) -> None: ...
    @property
    def origin(self) -> Origin: ...
    @property
    def path(self) -> str: ...
    @property
    def once(self) -> bool: ...
    @property
    def is_post(self) -> bool: ...
    @property
    def request_ms(self) -> int: ...
    @property
    def answer_limit(self) -> int: ...
