"""Google's list prices in USD, and the free amounts per month.

Regions us-central1 and US, on demand, as our research found them in 2026 on the pages
named below; none of them is asked again. A free allowance is a billing account's, and
somebody else's project may have used it. TMDB takes no money.
"""

from dataclasses import dataclass

READ_IN = "2026-11"
"""When they were noted."""

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4


@dataclass(frozen=True, slots=True)
class Price:
    """usd per unit, free units a month, and the page that says so."""

    name: str
    unit: str
    usd: float
    free: float
    source: str


QUERIES = Price(
    "BigQuery queries", "TiB", 6.25, 1.0, "https://cloud.google.com/bigquery/pricing"
)
STREAMING = Price(
    "BigQuery streaming",
    "200 MB",
    0.01,
    0.0,
    "https://cloud.google.com/bigquery/pricing",
)
STORAGE = Price(
    "BigQuery storage, a month",
    "GiB",
    0.02,
    10.0,
    "https://cloud.google.com/bigquery/pricing",
)
MESSAGES = Price(
    "Pub/Sub", "TiB", 40.0, 10 / 1024, "https://cloud.google.com/pubsub/pricing"
)
CPU = Price(
    "Cloud Run CPU",
    "vCPU-second",
    0.000024,
    180_000.0,
    "https://cloud.google.com/run/pricing",
)
MEMORY = Price(
    "Cloud Run memory",
    "GiB-second",
    0.0000025,
    360_000.0,
    "https://cloud.google.com/run/pricing",
)

LEAST_BYTES_PER_TABLE = 10 * MIB
"""BigQuery bills a query at least so much for each table it reads."""
LEAST_BYTES_PER_STREAMED_ROW = KIB
LEAST_BYTES_PER_MESSAGE = 1_000


@dataclass(frozen=True, slots=True)
class Charge:
    """Units of one price."""

    price: Price
    units: float

    @property
    def usd(self) -> float:
        """What it costs by the list."""
        return self.units * self.price.usd

    @property
    def usd_beyond_free(self) -> float:
        """What it costs in a month that has used nothing of its allowance yet."""
        return max(0.0, self.units - self.price.free) * self.price.usd


def of_queries(bytes_billed: float) -> Charge:
    """Price bytes that queries are billed for."""
    return Charge(QUERIES, bytes_billed / TIB)
