"""RFC 6298's arithmetic."""

from __future__ import annotations

from engine.flow.rtt import MIN_RTO_NS, retransmission_timeout_ns, smoothed


def test_the_first_sample_stands_for_itself_and_half_of_it_for_its_variance() -> None:
    assert smoothed(0, 0, 100_000_000) == (100_000_000, 50_000_000)


def test_later_samples_weigh_an_eighth_and_their_deviation_a_quarter() -> None:
    assert smoothed(100_000_000, 50_000_000, 180_000_000) == (110_000_000, 57_500_000)


def test_the_timeout_has_the_kernels_lower_bound() -> None:
    assert retransmission_timeout_ns(0, 0) == 1_000_000_000
    assert retransmission_timeout_ns(50_000, 1_000) == MIN_RTO_NS
    assert retransmission_timeout_ns(300_000_000, 100_000_000) == 700_000_000
