"""Capture files: pcap and pcapng readers that take bytes in any pieces, writers, and the one place that opens them."""
