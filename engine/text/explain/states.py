"""The states of RFC 9293 and what stands in their place for sockets without one."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_STATES: Final = (
    (
        "LISTEN", "RFC 9293 section 3.3.2; listen(2)", ("LISTENING",),
        "A server waits here for connection requests from any peer. Recv-Q is the number of finished connections "
        "that accept() has not yet taken, Send-Q the most that may wait (the smaller of listen()'s backlog and "
        "net.core.somaxconn); neither counts bytes. A listener never sends data: each accept() gives a second socket.",
    ),
    (
        "SYN-SENT", "RFC 9293 section 3.5; tcp(7)", ("SYN_SENT",),
        "This side has sent its SYN and waits for the SYN, ACK of the peer. Linux repeats the SYN after 1 s, then "
        "ever more rarely (net.ipv4.tcp_syn_retries), and after about two minutes gives up with ETIMEDOUT. A socket "
        "that stays here talks to a host that is down, filtered, or whose accept queue is full.",
    ),
    (
        "SYN-RECEIVED", "RFC 9293 section 3.5", ("SYN-RECV", "SYN_RECV", "SYN_RCVD", "NEW_SYN_RECV"),
        "A SYN has come in, the SYN, ACK went out, and the last ACK of the handshake is missing. It lasts one round "
        "trip; many that stay are a SYN flood or answers that get lost. Until the ACK arrives the kernel keeps only "
        "a small request beside the listener, which no process holds.",
    ),
    (
        "ESTABLISHED", "RFC 9293 section 3.3.2", ("ESTAB",),
        "The handshake is done and data may flow both ways. Recv-Q are bytes that the kernel holds until this "
        "program reads them, Send-Q bytes that the peer has not yet acknowledged. The state says nothing of the "
        "peer's health: it stays ESTABLISHED after a cable is pulled, until something is sent or keep-alive asks.",
    ),
    (
        "FIN-WAIT-1", "RFC 9293 section 3.6", ("FIN_WAIT1", "FIN-WAIT1", "FINWAIT1"),
        "This side has closed and its FIN is on the way or waits behind data still unsent; the peer has not "
        "acknowledged it. If Send-Q stays above 0 here, the peer takes no more data. Linux gives up on a socket that "
        "no process holds after net.ipv4.tcp_orphan_retries.",
    ),
    (
        "FIN-WAIT-2", "RFC 9293 section 3.6; tcp(7)", ("FIN_WAIT2", "FIN-WAIT2", "FINWAIT2"),
        "The peer has acknowledged our FIN but has not closed its own side: it stands in CLOSE-WAIT and may still "
        "send. If this program has only shut its sending down (half-close), it can stay so for ever; if it has "
        "closed, Linux drops the rest after net.ipv4.tcp_fin_timeout, 60 s. What holds it is the other program.",
    ),
    (
        "CLOSE-WAIT", "RFC 9293 section 3.6", ("CLOSE_WAIT", "CLOSEWAIT"),
        "The peer has closed and its FIN has been acknowledged; now this program must read the rest, see the end of "
        "the data (b'' from recv()) and close(). The kernel never ends this state by itself. Sockets that pile up "
        "here are a leak in the program named on the row.",
    ),
    (
        "CLOSING", "RFC 9293 section 3.6", (),
        "Both sides have closed at the same moment: the FINs crossed on the wire, and the ACK of ours is still "
        "missing. It lasts a round trip and then becomes TIME-WAIT.",
    ),
    (
        "LAST-ACK", "RFC 9293 section 3.6", ("LAST_ACK", "LASTACK"),
        "The peer closed first, this side has now closed too and waits for the ACK of its FIN. It lasts one round "
        "trip unless the peer is gone; then the FIN is repeated until the kernel gives up.",
    ),
    (
        "TIME-WAIT", "RFC 9293 sections 3.3.2 and 3.6.1", ("TIME_WAIT", "TIMEWAIT"),
        "The side that closed first keeps the pair of addresses for a while, so that late segments cannot be taken "
        "for a new connection and a lost last ACK can be repeated: 60 s on Linux (2 MSL in the RFC). No process "
        "holds it and it costs little memory. It only hurts where bind() finds the port taken (set SO_REUSEADDR) or "
        "where all local ports to one peer are used up.",
    ),
    (
        "CLOSED", "RFC 9293 section 3.3.2", ("CLOSE",),
        "There is no connection: the state before connect() and after everything is over. A socket is rarely seen "
        "so; a TCP socket that is bound but neither listens nor is connected stands here.",
    ),
    (
        "UNCONN", "ss(8)", ("UNCONNECTED", "NONE"),
        "The socket has no peer. For UDP that is normal: it receives from anyone who sends to its port. ss prints "
        "the word for every socket that is neither connected nor listens.",
    ),
    (
        "UNKNOWN", "include/net/tcp_states.h", (),
        "The kernel reported a state number that this version of sockmon has no name for. The row is shown all the "
        "same, so that nothing is hidden; a newer version may know it.",
    ),
)  # fmt: skip

STATES: Final = tuple(Explanation(Kind.STATE, name, text, source, aliases) for name, source, aliases, text in _STATES)
