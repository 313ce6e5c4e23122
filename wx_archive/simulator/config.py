"""What a simulated WeChat has to know about the account it serves."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Encryption(StrEnum):
    """How messages are sealed, as chosen in the account's console."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """The account, its credentials, and where the simulator keeps its state.

    ``first_timeout_s`` is how long every delivery may take before it counts as unanswered.
    """

    account_url: str
    account_name: str
    original_id: str
    app_id: str
    app_secret: str
    token: str
    aes_key: str
    encryption: Encryption
    data_dir: Path
    first_timeout_s: float = 5.0
