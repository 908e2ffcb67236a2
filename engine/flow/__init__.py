"""Pure: conversations, the RFC 9293 state of both ends, and the analysis of each segment."""
